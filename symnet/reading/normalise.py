"""Equations to pieces without delta: each piece is dense, or goes to the places that its addresses name.

    Σ_j δ(c, j) b[j]                       -> b[c]                              a delta of a summed index picks one term
    Σ_k δ(u, k//W) δ(v, k%W) b[k]          -> b[u*W + v]                        the digits of one number
    Σ_ij δ(u, i*W + j) b[i, j]             -> b[i, j], merged to one axis       a number made of digits
    Σ_ij δ(u, i*W + j) b[i, j] c[u]        -> b[u//W, u%W] c[u]                 the same where u stands elsewhere
    dZ[n, c] += δ(c, t[n]) b[n]            -> dZ[n, t[n]] += b[n]               a scatter
    P[n, c]/N - δ(c, t[n])/N               -> a dense piece and a scatter       a sum is split at its deltas

What no rule removes stays in the body, as a mask that compares two integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus.integers import affine, digits, radix, same
from symnet.calculus.ir import Access, Delta, Equation, Index, atoms
from symnet.calculus.products import Split, split_at_deltas, substitute
from symnet.calculus.quotients import Mod, floor, simplified
from symnet.calculus.ranges import takes


@dataclass(frozen=True)
class Piece:
    """One part of an equation.  ``places`` is None for a dense piece, else the address of each axis of the target.

    Where the left indices of a dense piece are digits of the target's axes, ``digits`` are those of each axis.
    """

    equation: Equation
    number: int
    places: tuple[sp.Expr, ...] | None = None
    digits: tuple[tuple[Index, ...], ...] | None = None

    @property
    def left(self) -> tuple[Index, ...]:
        """The axes of the target."""
        return self.equation.left


def normalise(equation: Equation, number: int) -> tuple[Piece, ...]:
    """The pieces whose sum is the equation; ``number`` is the equation's place in the program."""
    if equation.op != "+" or not atoms(equation.body, Delta):
        return (Piece(equation, number),)
    pieces = [_placed(replace(equation, body=body), deltas, number) for body, deltas in _split(equation.body)]
    dense = [p for p in pieces if p.places is None]
    return (*_joined(dense), *(p for p in pieces if p.places is not None))


def _joined(dense: list[Piece]) -> tuple[Piece, ...]:
    """Dense pieces over the same indices as one piece."""
    result: list[Piece] = []
    for piece in dense:
        for place, other in enumerate(result):
            one, two = other.equation, piece.equation
            if piece.digits == other.digits and one.indices == two.indices and one.guard == two.guard:
                result[place] = replace(other, equation=replace(one, body=one.body + two.body))
                break
        else:
            result.append(piece)
    return tuple(result)


def _split(body: sp.Expr) -> Split:
    """The body as coefficients times products of deltas; a delta of an axis with one place is 1."""
    always = {delta: sp.S.One for delta in atoms(body, Delta) if _always(delta)}
    return split_at_deltas(substitute(body, always) if always else body)


def _always(delta: Delta) -> bool:
    """Whether both sides are 0 because the axis has one place."""
    index, address = delta.args
    return isinstance(index, Index) and index.size == 1 and not atoms(address, Access)


def _placed(equation: Equation, deltas: tuple[Delta, ...], number: int) -> Piece:
    """The piece of one coefficient: deltas of summed indices are resolved, the others become places."""
    equation, deltas = _picked(equation, deltas, (_pick_term, _pick_digits))
    spread = _over_digits(equation, deltas, number)
    if spread is not None:
        return spread
    equation, deltas = _picked(equation, deltas, (_pick_number, _pick_term, _pick_digits))
    places: dict[sp.Expr, sp.Expr] = {}
    for delta in deltas:
        known = delta.xreplace(places)
        place = _place(known, equation) if isinstance(known, Delta) else None
        if place is None:
            equation = replace(equation, body=equation.body * known)
        else:
            places = {i: address.xreplace(dict([place])) for i, address in places.items()} | dict([place])
    if places and any(a.has(*places) for a in (equation.body, *equation.guard, *places.values())):
        # The value depends on the scattered axis itself: put the address there, where the two are equal.
        equation = replace(
            equation,
            body=substitute(equation.body, places),
            guard=frozenset(substitute(g, places) for g in equation.guard),
        )
    if not places:
        return Piece(equation, number)
    return Piece(equation, number, tuple(places.get(i, i) for i in equation.left))


def _place(delta: Delta, equation: Equation) -> tuple[sp.Expr, sp.Expr] | None:
    """The axis of the target that the delta fixes, and where; None if it may be nowhere on that axis."""
    return next(((i, value) for i, value in _told(delta, equation) if i in equation.left), None)


Step = tuple[Equation, tuple[Delta, ...]]


def _picked(equation: Equation, deltas: tuple[Delta, ...], picks: Sequence[Callable[..., Step | None]]) -> Step:
    """The equation after every delta is resolved that one of the picks resolves."""
    while deltas:
        step = next((s for pick in picks if (s := pick(equation, deltas)) is not None), None)
        if step is None:
            break
        equation, deltas = step
    return equation, deltas


def _over_digits(equation: Equation, deltas: tuple[Delta, ...], number: int) -> Piece | None:
    """Σ_ij δ(u, i·W + j) b[i, j] -> b over i and j, which are the digits of u, if u stands nowhere else."""
    found: dict[Index, tuple[Index, ...]] = {}
    for delta in deltas:
        index, address = delta.args
        form = affine(address)
        numeral = form is not None and len(form.terms) > 1 and all(i in equation.reduced for i, _ in form.terms)
        parts = radix(address, index.size) if numeral and index in equation.left else None
        if parts is None or index in found or any(e.has(index) for e in (equation.body, *equation.guard)):
            return None
        found[index] = parts
    digits = tuple(found.get(i, (i,)) for i in equation.left)
    left = tuple(i for group in digits for i in group)
    if not found or len(set(left)) != len(left):
        return None
    reduced = tuple(i for i in equation.reduced if i not in left)
    return Piece(replace(equation, left=left, reduced=reduced), number, digits=digits)


def _substituted(equation: Equation, deltas: tuple[Delta, ...], table: dict[Index, sp.Expr]) -> Step:
    """The equation without the indices of the table, which now stand for their values."""

    def put(expression: sp.Expr) -> sp.Expr:
        changed = substitute(expression, table)
        resolved = {a: _simplified_access(a) for a in atoms(changed, Access)}
        return substitute(changed, {a: b for a, b in resolved.items() if a != b})

    left = tuple(table.get(i, i) for i in equation.left)
    body, guard = put(equation.body), frozenset(put(g) for g in equation.guard)
    reduced = tuple(i for i in equation.reduced if i not in table)
    remaining = tuple(Delta(d.args[0].xreplace(table), simplified(d.args[1].xreplace(table))) for d in deltas)
    remaining = tuple(d for d in remaining if d != 1)
    return replace(equation, left=left, body=body, guard=guard, reduced=reduced), remaining


def _simplified_access(access: Access) -> Access:
    result: Access = access.func(access.args[0], *(simplified(a) for a in access.addresses))
    return result


def _pick_term(equation: Equation, deltas: tuple[Delta, ...]) -> Step | None:
    """δ(u, j) with j summed: j is u.  δ(u, a) with u summed: u is a.  δ(u, K-1-i) with i summed: i is K-1-u.

    Only where the value is shown to lie within the range of the index: elsewhere the delta is 0 at some places.
    """
    for delta in deltas:
        for index, value in _told(delta, equation):
            if index in equation.reduced:
                return _substituted(equation, tuple(d for d in deltas if d != delta), {index: value})
    return None


def _told(delta: Delta, equation: Equation) -> Iterator[tuple[Index, sp.Expr]]:
    """What the delta says that an index is: the other side, or what is there when all but the index has gone there."""
    one, two = delta.args
    pairs = [(a, b) for a, b in ((one, two), (two, one)) if isinstance(a, Index)]
    form = None if atoms(delta, Access) else affine(one - two)
    if form is not None:
        pairs += [(i, sp.expand(i - c * form.expression)) for i, c in form.terms if c in (1, -1)]
    for index, value in pairs:
        if not value.has(index) and takes(index.size, value, equation.guard):
            yield index, value


def _pick_digits(equation: Equation, deltas: tuple[Delta, ...]) -> Step | None:
    """δ(u, k//W) δ(v, k%W) with k summed: k is u·W + v."""
    for k in equation.reduced:
        group = [d for d in deltas if d.args[1].has(k)]
        if len(group) < 2 or any(d.args[0] not in equation.left for d in group):
            continue
        ordered = sorted(group, key=lambda d: equation.left.index(d.args[0]))
        bases = [d.args[0].size for d in ordered]
        number = digits([d.args[1] for d in ordered], bases)
        if number == k and same(sp.Mul(*bases), k.size):
            value: sp.Expr = sp.S.Zero
            for d in ordered:
                value = value * d.args[0].size + d.args[0]
            return _substituted(equation, tuple(d for d in deltas if d not in group), {k: sp.expand(value)})
    return None


def _pick_number(equation: Equation, deltas: tuple[Delta, ...]) -> Step | None:
    """δ(u, i·W + j) with i and j summed: i is u//W and j is u%W."""
    for delta in deltas:
        index, address = delta.args
        form = affine(address)
        if form is None or len(form.terms) < 2 or any(i not in equation.reduced for i, _ in form.terms):
            continue
        parts = radix(address, index.size) if isinstance(index, Index) else None
        if parts is None:
            continue
        table: dict[Index, sp.Expr] = {}
        weight: sp.Expr = sp.S.One
        for position, part in enumerate(reversed(parts)):
            quotient = floor(index / weight) if weight != 1 else index
            table[part] = quotient if position == len(parts) - 1 else Mod(quotient, part.size)
            weight = weight * part.size
        return _substituted(equation, tuple(d for d in deltas if d != delta), table)
    return None
