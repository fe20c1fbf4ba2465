"""Reverse mode, from one rule.

For ``y[I] += f(..., x[a], ...)`` and each read ``x[a]``:

    dx[u] += Σ  δ(u, a) · dy[I] · ∂f/∂x[a]

for every value of every index, and the scalar derivative is SymPy's.  Where an address is a plain index the delta is
the identity and the left index is that index itself; so every left side is made of distinct plain indices.  For
``max=`` the derivative carries ``[f = y]`` and is divided by the number of ties.

Source: reverse accumulation, Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 3.2; here for
indexed equations, where the transpose of a read is an accumulation at the same address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import sympy as sp

from symnet.calculus.ir import (
    Access,
    Delta,
    Equation,
    Index,
    IntegerAccess,
    Origin,
    Program,
    TensorSpec,
    indices_for,
    sort_key,
)
from symnet.calculus.loops import components, sorted_by_need
from symnet.calculus.matrix_rules import Place, argument_of, enter_adjoint, is_matrix_function, statements_of
from symnet.calculus.powers import powers_named, powers_written
from symnet.calculus.scalars import equal, without_sympy_kinks
from symnet.naming import Namer


def derive(program: Program, wrt: Iterable[str]) -> Program:
    """The program followed by the adjoint ``dV`` of every tensor V between the loss and ``wrt``.

    Each adjoint has the shape of its tensor.  A tensor of ``wrt`` that the loss does not depend on gets a zero adjoint.
    """
    names = Namer.beside(program.tensors)
    seed = Seed(((program.loss, None),))
    return sweep(program, seed, tuple(wrt), lambda tensor: names.take(f"d{tensor}"))


def derive_second(program: Program, wrt: Iterable[str]) -> Program:
    """The derived program followed by ``∂(dp)/∂q`` for each ordered pair p, q of ``wrt``, p not after q.

    The second derivative carries the indices of p in front: ``d2p_q[i, j] = ∂²L/∂p[i]∂q[j]``.
    """
    chosen = tuple(wrt)
    first = dict(program.adjoints)
    result = program
    for position, p in enumerate(chosen):
        gradient, lead = program.adjoints[p], program.tensors[p].shape
        names = Namer.beside(result.tensors)

        def name(tensor: str, p: str = p, names: Namer = names) -> str:
            return names.take(f"d2{p}" if tensor == p else f"d2{p}_{tensor}")

        swept = sweep(replace(result, adjoints={}), Seed(((gradient, None),), lead), chosen[position:], name)
        pairs = {f"{p},{q}": swept.adjoints[q] for q in chosen[position:]}
        first.update(pairs)
        result = replace(swept, adjoints=dict(first))
    return result


@dataclass(frozen=True)
class Seed:
    """What is differentiated: tensors, each with the tensor that weighs its entries (None: 1 each), which is constant.

    With ``lead`` axes, those of the one output, every entry of it is differentiated by itself: each adjoint has these
    axes in front.
    """

    outputs: tuple[tuple[str, str | None], ...]
    lead: tuple[sp.Expr, ...] = ()


@dataclass
class Sweep:
    """What one sweep collects, from the outputs back to the inputs or from the inputs on."""

    tensors: dict[str, TensorSpec]
    equations: list[Equation]
    adjoints: dict[str, str] = field(default_factory=dict)


def sweep(program: Program, seed: Seed, wrt: tuple[str, ...], name: Callable[[str], str]) -> Program:
    """The program followed by the adjoints of the seed; ``name`` says what the adjoint of a tensor is called."""
    active = depending_on(program, wrt)
    done = Sweep(dict(program.tensors), list(program.equations))
    for output, weight in seed.outputs:
        if output in active:
            lead, own = indices_for(seed.lead), indices_for(program.tensors[output].shape)
            deltas = (Delta(i, j) for i, j in zip(lead, own, strict=bool(lead))) if lead else ()
            body = sp.Mul(*deltas) if weight is None else Access(weight, *own)
            target = adjoint_of(done, program, seed, output, name)
            done.equations.append(Equation(target, lead + own, body, origin=Origin(None)))
    counts: dict[str, Access] = {}
    for block in _blocks(program):
        waiting = block
        while ready := [k for k in waiting if program.equations[k].target in done.adjoints]:
            waiting = [k for k in waiting if k not in ready]
            for number in ready:
                _differentiate(program, number, active, counts, done, seed, name)
    for tensor in wrt:
        if tensor not in done.adjoints:
            target = adjoint_of(done, program, seed, tensor, name)
            left = indices_for(done.tensors[target].shape)
            done.equations.append(Equation(target, left, sp.S.Zero, origin=Origin(None)))
    swept = replace(program, tensors=done.tensors, equations=tuple(done.equations), adjoints=done.adjoints)
    return sorted_by_need(swept, len(program.equations))


def _blocks(program: Program) -> list[list[int]]:
    """The numbers of the equations from the last to the first; those of one recurrence together, at its last one."""
    group = {name: component for component in components(program) for name in component}
    blocks: dict[int | frozenset[str], list[int]] = {}
    for number in range(len(program.equations) - 1, -1, -1):
        blocks.setdefault(group.get(program.equations[number].target, number), []).append(number)
    return list(blocks.values())


def _differentiate(
    program: Program,
    number: int,
    active: frozenset[str],
    counts: dict[str, Access],
    done: Sweep,
    seed: Seed,
    name: Callable[[str], str],
) -> None:
    """The one rule for one equation."""
    forward = program.equations[number]
    if is_matrix_function(forward):
        if (argument := argument_of(forward).name) in active:
            lead, names = indices_for(seed.lead), Namer.beside(done.tensors)
            target = adjoint_of(done, program, seed, argument, name)
            place = Place(done.tensors, done.equations, names, lead, forward.source)
            enter_adjoint(place, forward, number, done.adjoints[forward.target], target)
        return
    for read in top_accesses(forward.body):
        if read.name in active:
            weight = tie_weight(forward, program, done, counts) if forward.op == "max" else sp.S.One
            derivative = scalar_derivative(forward.body, read)
            if derivative != 0:
                target = adjoint_of(done, program, seed, read.name, name)
                origin = Origin(number, read, derivative)
                done.equations.append(_transposed(forward, read, derivative * weight, done, target, seed, origin))


def adjoint_of(done: Sweep, program: Program, seed: Seed, tensor: str, name: Callable[[str], str]) -> str:
    """The name of the adjoint of a tensor, entered when it is first met."""
    if tensor not in done.adjoints:
        spec = program.tensors[tensor]
        adjoint = name(tensor)
        done.adjoints[tensor] = adjoint
        done.tensors[adjoint] = TensorSpec(
            adjoint, seed.lead + spec.shape, "adjoint", source=spec.source, given=spec.given
        )
    return done.adjoints[tensor]


def _transposed(
    forward: Equation, read: Access, factor: sp.Expr, done: Sweep, target: str, seed: Seed, origin: Origin
) -> Equation:
    lead = indices_for(seed.lead)
    own = {i: i.fresh() for i in forward.indices}
    left: list[Index] = []
    deltas: list[sp.Expr] = []
    shape = done.tensors[target].shape[len(lead) :]
    for address, size in zip((a.xreplace(own) for a in read.addresses), shape, strict=True):
        if isinstance(address, Index) and address not in left and address.size == size:
            left.append(address)
        else:
            place = Index(address.name if isinstance(address, Index) else "i", size)
            left.append(place)
            if size != 1:  # on an axis of size 1 there is one place, and every address is that place
                deltas.append(Delta(place, address))
    incoming = Access(done.adjoints[forward.target], *lead, *(own[i] for i in forward.left))
    body = sp.Mul(incoming, factor.xreplace(own), *deltas)
    reduced = tuple(i for i in own.values() if i not in left)
    guard = frozenset(g.xreplace(own) for g in forward.guard)
    return Equation(target, lead + tuple(left), body, reduced, guard=guard, origin=origin, source=forward.source)


def tie_weight(forward: Equation, program: Program, done: Sweep, counts: dict[str, Access]) -> sp.Expr:
    """``[f = y] / count`` with ``count[I] += [f = y]``; with ties to the first, ``[f = y]`` of the first place only.

    A maximum may stand in several equations of one target; ties are counted over all of them.
    """
    parts = program.defining(forward.target)
    if forward.target not in counts:
        wish = "ties" if forward.ties == "share" else "first"
        name = Namer.beside(done.tensors).take(f"{wish}_{forward.target}")
        counts[forward.target] = Access(name, *forward.left)
        done.tensors[name] = TensorSpec(name, program.tensors[forward.target].shape, "intermediate", given=False)
        for part in parts:
            count = replace(part, target=name, body=_hit(part), op="+", origin=None)
            first = replace(part, target=name, body=_hit(part) * _rank(part, parts), origin=None)
            done.equations.append((count if part.ties == "share" else first).fresh())
    total = Access(counts[forward.target].name, *forward.left)
    if forward.ties == "share":
        return _hit(forward) / total
    return _hit(forward) * equal(_rank(forward, parts), total)


def _hit(forward: Equation) -> sp.Expr:
    return equal(forward.body, Access(forward.target, *forward.left))


def _rank(forward: Equation, parts: tuple[Equation, ...]) -> sp.Expr:
    """How many places there are from this one on, by equation and then row-major: the first tie has the most."""
    place: sp.Expr = sp.S.Zero
    for i in forward.reduced:
        place = place * i.size + i
    later = parts[next(k for k, part in enumerate(parts) if part is forward) :]
    return sp.Add(*(sp.Mul(*(i.size for i in part.reduced)) for part in later)) - place


def depending_on(program: Program, wrt: tuple[str, ...]) -> frozenset[str]:
    """The tensors of ``wrt`` and everything that is computed from them by real numbers."""
    active = set(wrt)
    known = 0
    while len(active) > known:  # once more where a recurrence reads what is written later in the list
        known = len(active)
        for equation in program.equations:
            constant = is_matrix_function(equation) and not statements_of(equation.op)
            if not constant and any(a.name in active for a in top_accesses(equation.body)):
                active.add(equation.target)
    return frozenset(active)


def top_accesses(body: sp.Expr) -> tuple[Access, ...]:
    """Reads of real tensors, each once; a read inside an address is data and has no derivative."""
    found = {a for a in body.atoms(Access) if not isinstance(a, IntegerAccess)}
    return tuple(sorted(found, key=sort_key))


def scalar_derivative(body: sp.Expr, read: Access) -> sp.Expr:
    """∂body/∂read by SymPy, cached by the structure of the body with its reads and indices renamed in order."""
    renamed, places = _renamed(body)
    return _derivative(renamed, places[read]).xreplace({symbol: a for a, symbol in places.items()})


@lru_cache(maxsize=64)
def _renamed(body: sp.Expr) -> tuple[sp.Expr, Mapping[Access, sp.Symbol]]:
    """The body with a symbol for each outer read, and the symbols."""
    atoms = sorted(body.atoms(Access), key=sort_key)
    nested = {b for a in atoms for address in a.addresses for b in address.atoms(Access)}
    places = {a: _placeholder(k) for k, a in enumerate(a for a in atoms if a not in nested)}
    return body.xreplace(places), places


@lru_cache(maxsize=4096)
def _placeholder(number: int) -> sp.Symbol:
    return sp.Symbol(f"u{number}", real=True)


@lru_cache(maxsize=4096)
def _derivative(body: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    return powers_written(without_sympy_kinks(sp.diff(powers_named(without_sympy_kinks(body)), symbol)))
