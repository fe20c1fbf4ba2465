"""A tensor made of pieces at different places is at each place the one piece that stands there.

    h[s] = δ(s,0) h0 + Σ_t δ(s,t+1) tanh(z[t])      so      tanh(z[t]) = h[t+1]

The places are told apart by intervals: 0 is none of 1..T.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from symnet.calculus.ranges import positive
from symnet.simplify.atoms import Address, Atom, Poly, Term, Var
from symnet.simplify.interning import placeholder
from symnet.simplify.sums import Sums

Piece = tuple[Term, tuple[Address, ...]]  # the value, and the addresses at which the tensor has it
Interval = tuple[sp.Expr, sp.Expr]


def pieces(sums: Sums, formals: tuple[Var, ...], poly: Poly) -> Iterator[Piece]:
    """The pieces of ``T[formals] = poly`` if it is made of pieces along one axis, else nothing."""
    for axis, formal in enumerate(formals):
        found = [_placed(sums, formal, (c, mono)) for mono, c in poly.items()]
        placed = [f for f in found if f is not None]
        if len(placed) < len(found) or not _apart([interval for _, _, interval in placed]):
            continue
        for term, address, _ in placed:
            yield term, (*formals[:axis], address, *formals[axis + 1 :])


def _placed(sums: Sums, formal: Var, term: Term) -> tuple[Term, Address, Interval] | None:
    """The value of one term without its delta, the address where it stands, and all places that it may stand at."""
    c, mono = term
    bound: tuple[Var, ...] = ()
    if len(mono) == 1 and mono[0][0].kind == "sum" and mono[0][1] == 1:
        bound, (sign, mono) = sums.opened(mono[0][0])
        c = c * sign
    deltas = [a for a, e in mono if a.kind == "delta" and e == 1 and formal in a.parts]
    rest = tuple((a, e) for a, e in mono if a not in deltas)
    if len(deltas) != 1 or any(formal in a.free for a, _ in rest):
        return None
    address = _other(deltas[0], formal)
    moving = (address,) if isinstance(address, Var) else address.parts
    if set(moving) != set(bound) or len(moving) > 1:
        return None
    start = address.template if not isinstance(address, Var) else placeholder(0)
    start = sp.expand(start - placeholder(0)) if moving else start
    if start.has(placeholder(0)):  # not t plus a number, so two t might share a place
        return None
    end = start + moving[0].size - 1 if moving else start
    return (c, rest), address, (start, end)


def _other(delta: Atom, formal: Var) -> Address:
    place, address = delta.parts
    chosen: Address = address if place is formal else place
    return chosen


def _apart(intervals: list[Interval]) -> bool:
    return all(
        positive(low - end) or positive(start - high)
        for k, (low, high) in enumerate(intervals)
        for start, end in intervals[:k]
    )
