"""Put unnamed tensors into the equations that read them, as far as one flat sum can hold them.

A person's ``loss = sn.mean((X @ w + b - y)**2)`` records one equation an operation; what they meant is fewer: the
product is a tensor of its own, because its sum stands under a square, and the rest is one equation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from symnet.calculus.detached import stop_gradient
from symnet.calculus.ir import Access, Delta, Equation, IntegerAccess, Program
from symnet.calculus.loops import components
from symnet.calculus.quotients import with_plain_addresses
from symnet.calculus.scalars import (
    Indicator,
    absolute,
    clip,
    maximum,
    minimum,
    negated,
    relu,
    where,
    without_sympy_kinks,
)
from symnet.simplify.cost import SELECTIONS

#: An unnamed body up to this many operations may be written out at each of its uses.
_LIGHT = 4
#: Functions of one operation, and those of indices.
_CHEAP = (*SELECTIONS, Delta, IntegerAccess, sp.floor, sp.Mod, stop_gradient)
#: What returns one of its arguments, or its absolute value.
_CHOOSING = (absolute, clip, maximum, minimum, relu, stop_gradient, where)


def inline_unnamed(program: Program, named: Iterable[str]) -> Program:
    """The same program with every unnamed tensor gone that can be written inside its readers.

    A pointwise tensor is put in where it is read once, or is light.  A sum is joined only to a sum: into a reader that
    adds it, times a number or a size.  Everything else keeps an equation of its own.
    """
    kept = set(named) | _states(program)
    uses = Counter(a.name for e in program.equations for a in _reads(e))
    done: dict[str, list[Equation]] = {}
    for target in program.targets():
        done[target] = []
        for equation in program.defining(target):
            written = _substituted(equation, done, kept, uses)
            if target not in kept and isinstance(written.body, Access):
                done[target].append(written)  # an unnamed view goes into its readers; what it views joins them there
            else:
                done[target] += _merged(written, done, kept, uses)
    equations = [
        replace(e, body=with_plain_addresses(e.body))
        for target in program.targets()
        for e in _without_nothing(done[target])
    ]
    wanted = [t for t in program.targets() if t in kept]
    return replace(program, equations=tuple(equations)).restricted_to(wanted)


def with_constants_written(program: Program, kept: Iterable[str]) -> Program:
    """Tensors whose entries are functions of their place alone, such as a causal mask, written out wherever read."""
    constants: dict[str, Equation] = {}
    equations: list[Equation] = []
    for equation in program.equations:
        body = equation.body.xreplace(
            {
                read: constants[read.name].body.xreplace(
                    dict(zip(constants[read.name].left, read.addresses, strict=True))
                )
                for read in equation.body.atoms(Access)
                if read.name in constants
            }
        )
        if body != equation.body:
            body = body.xreplace({b: negated(1 - b) for b in body.atoms(sp.Add) if _is_complement(b)})
        equations.append(replace(equation, body=body))
        definition = _pointwise(list(program.defining(equation.target)))
        if definition is not None and equation.left and not body.has(Access) and equation.target not in kept:
            constants[equation.target] = equations[-1]
    return replace(program, equations=tuple(equations))


def _is_complement(body: sp.Add) -> bool:
    one, rest = body.as_coeff_Add()
    return bool(one == 1) and isinstance(-rest, Indicator)


def _states(program: Program) -> set[str]:
    """The tensors of recurrences that are made of pieces in time: their definition is no expression."""
    looped = {name for component in components(program) for name in component}
    return {e.target for e in program.equations if e.target in looped and e.body.has(Delta)}


def _without_nothing(equations: list[Equation]) -> list[Equation]:
    """The equations without those that add 0, such as a state that begins at 0."""
    some = [e for e in equations if e.op == "max" or e.body != 0]
    return some or equations[:1]


def _reads(equation: Equation) -> tuple[Access, ...]:
    return equation.accesses


def _substituted(equation: Equation, done: dict[str, list[Equation]], kept: set[str], uses: Counter[str]) -> Equation:
    """Pointwise definitions written out, innermost reads first."""
    body = equation.body
    while True:
        table = {}
        for read in sorted(body.atoms(Access), key=lambda a: (len(a.atoms(Access)), a.sort_key())):
            definition = _pointwise(done.get(read.name, []))
            if read.name in kept or definition is None or not _worth(definition, uses[read.name]):
                continue
            if _formed_again(equation, read) and _is_dear(definition.body):
                continue  # a product of matrices would take the exponential once more for each entry of its own
            if equation.op == "max" and not _is_chosen(definition.body):
                continue  # a tie is found by comparing the numbers that the maximum was taken from
            if read.has(IntegerAccess) and definition.body.has(sp.floor, sp.Mod):
                continue  # the digits of a label are no addresses of which a range is known
            table = {read: definition.body.xreplace(dict(zip(definition.left, read.addresses, strict=True)))}
            break
        if not table:
            return replace(equation, body=body)
        body = without_sympy_kinks(body.xreplace(table))


def _is_chosen(body: sp.Expr) -> bool:
    """Whether each value is one that is read, up to its sign, or a number: nothing in it is rounded."""
    body = -body if body.could_extract_minus_sign() else body
    exact = isinstance(body, Access) or body.is_Rational or body.is_integer
    return exact or (isinstance(body, _CHOOSING) and all(map(_is_chosen, body.args)))


def _formed_again(equation: Equation, read: Access) -> bool:
    """Whether the entry that is read serves several entries of a sum, as in a product of matrices."""
    return bool(equation.reduced) and any(not read.has(i) for i in equation.left)


def _is_dear(body: sp.Expr) -> bool:
    """Whether a root or a function stands in it that takes many operations by the cost model, and no choice."""
    calls = body.atoms(sp.Function, sp.Pow)
    roots = (c for c in calls if isinstance(c, sp.Pow) and c.has(Access) and not c.exp.is_integer)
    return any(roots) or any(isinstance(c, sp.Function) and not isinstance(c, _CHEAP) for c in calls)


def _pointwise(equations: list[Equation]) -> Equation | None:
    if len(equations) == 1 and not equations[0].reduced and not equations[0].guard:
        return equations[0]
    return None


def _worth(definition: Equation, uses: int) -> bool:
    return uses == 1 or isinstance(definition.body, Access) or int(definition.body.count_ops()) <= _LIGHT


def _merged(equation: Equation, done: dict[str, list[Equation]], kept: set[str], uses: Counter[str]) -> list[Equation]:
    """The equation with each added unnamed sum as an equation of the same target."""
    if equation.op != "+" or equation.guard:
        return [equation]
    if isinstance(equation.body, stop_gradient):  # a copy of a sum is the sum of copies
        inner = _merged(replace(equation, body=equation.body.args[0]), done, kept, uses)
        return [replace(e, body=stop_gradient(e.body)) for e in inner]
    split: list[Equation] = []
    rest: list[sp.Expr] = []
    for term in sp.Add.make_args(equation.body):
        factor, read = _number_times_read(term)
        sums = done.get(read.name, []) if read is not None else []
        if (
            read is None
            or not sums
            or read.name in kept
            or uses[read.name] > 1
            or any(s.op != "+" or s.guard for s in sums)
        ):
            rest.append(term)
            continue
        for part in sums:
            fresh = part.fresh()
            body = factor * fresh.body.xreplace(dict(zip(fresh.left, read.addresses, strict=True)))
            split.append(replace(equation, body=body, reduced=equation.reduced + fresh.reduced).fresh())
    if not split:
        return [equation]
    remaining = sp.Add(*rest)
    return split if remaining == 0 else [*split, replace(equation, body=remaining).fresh()]


def _number_times_read(term: sp.Expr) -> tuple[sp.Expr, Access | None]:
    reads = [f for f in sp.Mul.make_args(term) if f.has(Access)]
    if len(reads) == 1 and isinstance(reads[0], Access):
        return term / reads[0], reads[0]
    return term, None
