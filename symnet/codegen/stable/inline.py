"""Definitions put where their names stand, only where a name would hide what keeps the numbers finite.

log p,  p = σ(z)                 the logarithm must see the sigmoid
dz = dp σ(z)(1 - σ(z)),  dp = -y/p + (1 - y)/(1 - p)        the poles must meet the zeros
    (1 - p)² log p,  p = σ(z)        the complement is σ(-z); v - 1 with v = exp(z) is expm1(z)
    s += E,  E = exp(Z)              the sum must see the exponentials, and so must E's other readers
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Program
from symnet.calculus.scalars import normal_cdf, sigmoid
from symnet.codegen.stable.pairs import without_pairs
from symnet.codegen.stable.stable_scalars import log1p
from symnet.reading.maps import factors, product, rebuilt

Definition = Callable[[Access], sp.Expr | None]

#: Parts of an expression up to which adjoints are written out for poles to cancel in them.
LONGEST = 1000


def inline_hidden(program: Program) -> Program:
    """The same program with saturating tensors written out in logarithms, and adjoints with poles in their readers."""
    summed = definitions(program, lambda body: any(isinstance(f, sp.exp) for f in factors(body)))
    forward = [e for e in program.equations if program.tensors[e.target].role != "adjoint"]
    alone = {e.target for e in forward if len(program.defining(e.target)) == 1}
    read = {a for e in forward if e.reduced for a in _read_factors(e.body)}
    totals = {a.name for a in read if a.name in alone and summed(a) is not None}
    open_program = program.with_bodies(_inlined(e.body, summed, totals) for e in program.equations)
    saturating = _with_multiples(open_program, definitions(open_program, lambda body: body.has(sp.exp, sigmoid)))
    current = open_program.with_bodies(_in_logs(e.body, saturating) for e in open_program.equations)
    below = _Poles(saturating, frozenset(map(_shape, _exponentials(forward))))
    return _complemented(_met(current, below))


def definitions(program: Program, chosen: Callable[[sp.Expr], bool]) -> Definition:
    """What an access stands for, if its tensor is elementwise and its body is one of the chosen."""
    found: dict[str, list[Equation]] = {}
    for name in program.targets():
        equations = program.defining(name)
        plain = all(e.op == "+" and not e.reduced and not e.guard for e in equations)
        if plain and any(chosen(e.body) for e in equations):
            found[name] = list(equations)

    def definition(access: Access) -> sp.Expr | None:
        equations = found.get(access.name)
        if equations is None:
            return None
        return sp.Add(*(e.body.xreplace(dict(zip(e.left, access.addresses, strict=True))) for e in equations))

    return definition


def _with_multiples(program: Program, definition: Definition) -> Definition:
    """The definition, and what a number times such a tensor stands for: log(-dz) of dz = -P is the logarithm of P."""
    multiples: dict[str, Equation] = {}

    def known(access: Access) -> sp.Expr | None:
        equation = multiples.get(access.name)
        if equation is None:
            return definition(access)
        return replaced(equation.body.xreplace(dict(zip(equation.left, access.addresses, strict=True))), known)

    for name in program.targets():
        (equation, *more) = program.defining(name)
        if more or equation.op != "+" or equation.reduced or equation.guard:
            continue
        variable = [f for f in factors(equation.body) if not f.is_number]
        if len(variable) == 1 and isinstance(variable[0], Access) and known(variable[0]) is not None:
            multiples[name] = equation
    return known


def replaced(body: sp.Expr, definition: Definition) -> sp.Expr:
    """The body with what its reads stand for in their places."""
    if isinstance(body, Access):
        found = definition(body)
        return body if found is None else found
    if not body.args or isinstance(body, Index):
        return body
    return rebuilt(body, [replaced(a, definition) for a in body.args])


def _read_factors(body: sp.Expr) -> list[Access]:
    return [f for f in factors(body) if isinstance(f, Access)]


def _inlined(body: sp.Expr, definition: Definition, names: set[str]) -> sp.Expr:
    return replaced(body, lambda access: definition(access) if access.name in names else None)


def _in_logs(body: sp.Expr, definition: Definition) -> sp.Expr:
    if isinstance(body, sp.log):
        return sp.log(replaced(body.args[0], definition))
    if isinstance(body, log1p):
        return sp.log(1 + replaced(body.args[0], definition))
    if not body.args or isinstance(body, (Access, Index)):
        return body
    return rebuilt(body, [_in_logs(a, definition) for a in body.args])


def _exponentials(equations: Iterable[Equation]) -> Iterator[sp.Expr]:
    return (e for equation in equations for e in equation.body.atoms(sp.exp))


def _shape(body: sp.Expr) -> sp.Expr:
    """The body with tensors for their entries: what stays the same at other addresses."""
    return body.xreplace({a: sp.Symbol(a.name, real=True) for a in body.atoms(Access)})


@dataclass(frozen=True)
class _Poles:
    """What is divided by: tensors that saturate to 0, and ``exponentials`` of the forward equations."""

    saturating: Definition
    exponentials: frozenset[sp.Expr]

    def has(self, body: sp.Expr) -> bool:
        """Whether the body divides by one of them anywhere."""
        below = [p.base for p in body.atoms(sp.Pow) if p.exp.is_number and p.exp.is_negative]
        if any(b.has(sigmoid) or any(self.saturating(a) is not None for a in b.atoms(Access)) for b in below):
            return True
        return any(1 / _shape(e) in self.exponentials for e in body.atoms(sp.exp))


def _met(program: Program, below: _Poles) -> Program:
    """The program with adjoints that have poles put into their readers, and those into theirs if poles are left."""
    for _ in program.equations:
        poles = definitions(program, below.has)
        current = program.with_equations(_without_poles(e, poles, below) for e in program.equations)
        if current.equations == program.equations:
            break
        program = current
    return program


def _without_poles(equation: Equation, poles: Definition, below: _Poles) -> Equation:
    if not any(poles(a) is not None for a in equation.body.atoms(Access)) and not below.has(equation.body):
        return equation
    body = replaced(replaced(equation.body, poles), below.saturating)
    body = multiplied_out(_in_logs(body, below.saturating), lambda part, rest: _divides(part))
    return equation if is_endless(body) else replace(equation, body=body)


def is_endless(body: sp.Expr) -> bool:
    """Whether a body is longer than any in which poles of a person's model cancel: unrolled divisions, multiplied out
    in one another, would double with every step."""
    return sum(1 for _ in islice(sp.preorder_traversal(body), LONGEST + 1)) > LONGEST


def multiplied_out(body: sp.Expr, chosen: Callable[[sp.Add, list[sp.Expr]], bool]) -> sp.Expr:
    """Products with chosen sums as sums of products; ``chosen`` sees a sum and the factors beside it."""
    parts = factors(body)
    for place, part in enumerate(parts):
        rest = parts[:place] + parts[place + 1 :]
        if isinstance(part, sp.Add) and chosen(part, rest):
            return sp.Add(*(multiplied_out(product([*rest, t]), chosen) for t in part.args))
    if isinstance(body, sp.Add):
        return sp.Add(*(multiplied_out(t, chosen) for t in body.args))
    return sp.Mul(*parts)


def _divides(term: sp.Expr) -> bool:
    """Whether a sum or product has, in one of its terms, a factor that grows without bound where it saturates."""
    if isinstance(term, sp.Add):
        return any(_divides(t) for t in term.args)
    if isinstance(term, sp.Mul):
        return any(_divides(f) for f in factors(term))
    if isinstance(term, sp.exp):
        return bool(term.args[0].could_extract_minus_sign())
    return isinstance(term, sp.Pow) and bool(term.exp.is_number and term.exp.is_negative) and term.has(sigmoid, sp.exp)


def _complemented(program: Program) -> Program:
    """The program with 1 - p read as σ(-z) where the forward equations read it too, and v - 1 always as expm1(z).

    A hidden layer's 1 - h², which only adjoints read, is made of the stored h instead: it loses no more than the
    rounding of h, and costs no exponential.
    """
    exact = definitions(program, lambda body: isinstance(body, (sp.exp, sigmoid, sp.tanh, normal_cdf)))
    forward = [e for e in program.equations if program.tensors[e.target].role != "adjoint"]
    read = {a for e in forward for a in e.body.atoms(Access) if exact(a) is not None}
    chosen = {a.name for a in read if any(_reads_complement(e.body, exact, a.name) for e in forward)}
    chosen |= {a.name for e in program.equations for a in e.body.atoms(Access) if isinstance(exact(a), sp.exp)}
    return program.with_bodies(_paired(e.body, exact, chosen) for e in program.equations)


def _reads_complement(body: sp.Expr, exact: Definition, name: str) -> bool:
    return bool(_paired(body, exact, {name}) != _paired(body, exact, set()))


def _paired(body: sp.Expr, exact: Definition, names: set[str]) -> sp.Expr:
    if not body.args or isinstance(body, (Access, Index)):
        return body
    body = rebuilt(body, [_paired(a, exact, names) for a in body.args])
    if not isinstance(body, sp.Add):
        return body

    def meaning(part: sp.Expr) -> sp.Expr:
        found = exact(part) if isinstance(part, Access) and part.name in names else None
        return part if found is None else found

    return without_pairs(body, meaning)
