"""Expressions rebuilt without multiplying out, and split at their deltas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sympy as sp

from symnet.calculus.ir import Delta, atoms, sort_key


def rebuilt(expression: sp.Expr, args: Sequence[sp.Expr]) -> sp.Expr:
    """The expression with other arguments; factors stay apart where SymPy would turn 2(x + 2) into 2x + 4."""
    if tuple(args) == expression.args:
        return expression
    result = expression.func(*args)
    if isinstance(expression, sp.Mul) and isinstance(result, sp.Add):
        result = sp.Mul(*args, evaluate=False)
    return result


def substitute(expression: sp.Expr, table: Mapping[sp.Basic, sp.Expr]) -> sp.Expr:
    """``xreplace`` that keeps products factored."""
    if expression in table:
        return table[expression]
    if not expression.args or not isinstance(expression, sp.Expr):
        return expression
    return rebuilt(expression, [substitute(a, table) for a in expression.args])


def factors(expression: sp.Expr) -> list[sp.Expr]:
    """The factors of a product, nested ones included."""
    if not isinstance(expression, sp.Mul):
        return [expression]
    return [f for a in expression.args for f in factors(a)]


def product(parts: Iterable[sp.Expr]) -> sp.Expr:
    """The product of factors, not distributed."""
    chosen = list(parts)
    result = sp.Mul(*chosen)
    return sp.Mul(*chosen, evaluate=False) if isinstance(result, sp.Add) and len(chosen) > 1 else result


Split = list[tuple[sp.Expr, tuple[Delta, ...]]]


def split_at_deltas(body: sp.Expr) -> Split:
    """The body as a sum of coefficients times products of deltas, as far as it is linear in each delta."""
    parts: Split = [(body, ())]
    for delta in sorted(atoms(body, Delta), key=sort_key):
        following: Split = []
        for part, deltas in parts:
            linear = linear_in(part, delta)
            if linear is None:
                following.append((part, deltas))
                continue
            coefficient, rest = linear
            following += [(rest, deltas)] if rest != 0 else []
            following += [(coefficient, (*deltas, delta))] if coefficient != 0 else []
        parts = following
    return parts


def linear_in(body: sp.Expr, delta: Delta) -> tuple[sp.Expr, sp.Expr] | None:
    """``(a, b)`` with body = a·delta + b and neither containing delta; None when the body is not linear in it."""
    if body == delta:
        return sp.S.One, sp.S.Zero
    if not body.has(delta):
        return sp.S.Zero, body
    if isinstance(body, sp.Add):
        parts = [linear_in(a, delta) for a in body.args]
        if any(p is None for p in parts):
            return None
        known = [p for p in parts if p is not None]
        return sp.Add(*(a for a, _ in known)), sp.Add(*(b for _, b in known))
    if isinstance(body, sp.Mul):
        holders = [a for a in body.args if a.has(delta)]
        inner = linear_in(holders[0], delta) if len(holders) == 1 else None
        if inner is None:
            return None
        others = [a for a in body.args if not a.has(delta)]
        return _times(others, inner[0]), _times(others, inner[1])
    return None


def _times(others: list[sp.Expr], last: sp.Expr) -> sp.Expr:
    return sp.S.Zero if last == 0 else product([*others, last])
