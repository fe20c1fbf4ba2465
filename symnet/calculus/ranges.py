"""Proofs that an address lies within its axis, for symbolic sizes, under the guard of its equation.

The bound of an affine address over the box of its indices is taken term by term; floors and remainders by their own
bounds; a guard expression that is >= 0 may be subtracted first.  What is not shown is refused by ``verify``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import sympy as sp

from symnet.calculus.ir import Index, IntegerAccess, atoms, sort_key
from symnet.calculus.labels import bound


def takes(size: sp.Expr, address: sp.Expr, guard: Iterable[sp.Expr]) -> bool:
    """Whether an index below ``size`` can have the address for its value everywhere: what no index takes is no place.

    A label is known to lie within the axis that it was read at, which an index of a part of that axis is not.
    """
    below = bound(address.args[0]) if isinstance(address, IntegerAccess) else None
    if below is not None:
        return bool(below == size or positive(size - below + 1))
    return lies_within(address, size, guard)


def lies_within(address: sp.Expr, size: sp.Expr, guard: Iterable[sp.Expr]) -> bool:
    """Whether ``0 <= address < size`` is shown.  Integer data as an address are checked when they come."""
    if isinstance(address, IntegerAccess) or (isinstance(address, Index) and address.size == size):
        return True
    known = (sp.S.Zero, *sorted(guard, key=sort_key))
    return all(any(_above_minus_one(sp.expand(e - g)) for g in known) for e in (address, size - 1 - address))


def _above_minus_one(expression: sp.Expr) -> bool:
    """For an integer this is >= 0, and a bound may be off by less than one, as that of a floor is."""
    lowest = _bound(expression, -1)
    return lowest is not None and positive(lowest + 1)


def _bound(expression: sp.Expr, side: int) -> sp.Expr | None:
    """A lower (side -1) or upper (side 1) bound in the sizes alone, or None."""
    if not expression.has(Index, IntegerAccess):
        return expression
    if isinstance(expression, Index):
        return expression.size - 1 if side > 0 else sp.S.Zero
    if expression.is_Add:
        parts = [_bound(a, side) for a in expression.args]
        return None if None in parts else sp.Add(*parts)
    if expression.is_Mul:
        factor, rest = expression.as_independent(Index, IntegerAccess)
        if rest.is_Mul or not (factor.is_nonnegative or factor.is_nonpositive):
            return None
        inner = _bound(rest, side if factor.is_nonnegative else -side)
        return None if inner is None else sp.expand(factor * inner)
    if isinstance(expression, sp.floor):
        inner = _bound(sp.expand(expression.args[0]), side)
        return inner if inner is None or (side > 0 and not inner.is_Rational) else sp.floor(inner)
    if isinstance(expression, sp.Mod) and expression.args[1].is_positive:
        return expression.args[1] - 1 if side > 0 else sp.S.Zero
    return None


@lru_cache(maxsize=4096)
def positive(expression: sp.Expr) -> bool:
    """Whether an expression in positive integer sizes is shown to be > 0 for all of them."""
    expression = sp.expand(expression)
    for whole in sorted(atoms(expression, sp.floor), key=sort_key):
        inside = whole.args[0]
        denominator = inside.as_numer_denom()[1]
        slack = (denominator - 1) / denominator if expression.coeff(whole).is_positive else 0
        expression = sp.expand(expression.xreplace({whole: inside - slack}))
    if expression.is_positive:
        return True
    sizes = sorted(expression.free_symbols, key=sort_key)
    shifted = sp.expand(expression.xreplace({s: s + 1 for s in sizes}))  # sizes are at least 1
    constant, terms = shifted.as_coeff_add()
    return bool(constant > 0) and all(t.is_positive for t in terms)
