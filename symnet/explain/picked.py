"""A delta of a summed index at a shifted place picks one term of its sum, where the place is one of the sum's.

    Σ_{j<m} δ(i, j + c) f(j)  =  f(i - c) [0 <= i - c < m]

A person reads the right side; the code keeps the left one, which it stores as a slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Delta, Equation, Index, atoms, sort_key
from symnet.calculus.products import linear_in, substitute


def picked(equations: Sequence[Equation]) -> tuple[Equation, ...]:
    """The equations with every such delta resolved; equal to them at all places."""
    return tuple(map(_picked, equations))


def _picked(equation: Equation) -> Equation:
    if equation.op != "+":
        return equation
    for delta in sorted(atoms(equation.body, Delta), key=sort_key):
        place = _place(delta, equation)
        factor = linear_in(equation.body, delta)
        if place is not None and factor is not None and factor[1] == 0:
            index, summed, shift = place
            return _picked(_at(replace(equation, body=factor[0]), index, summed, shift))
    return equation


def _place(delta: Delta, equation: Equation) -> tuple[Index, Index, sp.Expr] | None:
    """``(i, j, c)`` for δ(i, j + c) with i on the left side, j summed and c free of indices and data."""
    for index, address in (delta.args, delta.args[::-1]):
        moving = atoms(address, Index)
        if index in equation.left and len(moving) == 1 and moving <= set(equation.reduced):
            (summed,) = moving
            shift = sp.expand(address - summed)
            if not atoms(shift, Index, Access):
                return index, summed, shift
    return None


def _at(equation: Equation, index: Index, summed: Index, shift: sp.Expr) -> Equation:
    """The equation without its sum over ``summed``, which is ``index - shift`` where that is one of its places."""
    place = sp.expand(index - shift)
    table = {summed: place}
    guard = {substitute(g, table) for g in equation.guard}
    if not sp.expand(-shift).is_nonnegative:
        guard.add(place)
    if not sp.expand(summed.size - index.size + shift).is_nonnegative:
        guard.add(sp.expand(summed.size - 1 - place))
    return replace(
        equation,
        body=substitute(equation.body, table),
        guard=frozenset(guard),
        reduced=tuple(j for j in equation.reduced if j is not summed),
    )
