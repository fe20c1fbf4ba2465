"""Expressions of SymPy: parts of them exchanged, their atoms, and an order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sympy as sp


def exchange(expression: sp.Expr, table: Mapping[sp.Expr, sp.Expr]) -> sp.Expr:
    """The expression with parts exchanged, as SymPy's ``xreplace``, but ``2*(x + y)`` stays a product.

    SymPy multiplies a number into a sum whenever it builds one; the simplifier writes factored forms that must last.
    """
    if expression in table:
        return table[expression]
    if not expression.args:
        return expression
    parts = [exchange(a, table) for a in expression.args]
    if all(new is old for new, old in zip(parts, expression.args, strict=True)):
        return expression
    if expression.is_Mul and len(parts) == 2 and parts[0].is_Rational and parts[1].is_Add:
        return sp.Mul(*parts, evaluate=False)
    return expression.func(*parts)


@lru_cache(maxsize=1 << 18)
def atoms(expression: sp.Basic, *kinds: type) -> frozenset[Any]:
    """SymPy's ``expression.atoms(*kinds)``, kept for every part: the same ones are asked for again."""
    found = frozenset[Any]().union(*(atoms(a, *kinds) for a in expression.args))
    return found | {expression} if isinstance(expression, kinds) else found


def sort_key(expression: sp.Basic) -> Any:
    """A total order on expressions that depends on names and structure, never on hashing."""
    return expression.sort_key()
