"""Powers x**y of which both are tensors, with derivatives that hold at x = 0.

SymPy writes ∂x**y/∂x = x**y y/x and ∂x**y/∂y = x**y log x, which at x = 0 are 0/0 and 0 times an infinite number.
"""

from __future__ import annotations

import sympy as sp

from symnet.calculus.scalars import Scalar
from symnet.calculus.specials import xlogy


class power(Scalar):
    """x**y while it is differentiated; never in an equation."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        x, y = self.args
        return y * power(x, y - 1) if argindex == 1 else xlogy(self, x)


def powers_named(body: sp.Expr) -> sp.Expr:
    """The body with ``power`` for each power of a base that may be 0 and is no number."""
    return body.replace(_may_be_zero_at_its_base, lambda p: power(p.base, p.exp))


def powers_written(body: sp.Expr) -> sp.Expr:
    """The body with SymPy's own powers again."""
    return body.replace(power, sp.Pow)


def _may_be_zero_at_its_base(body: sp.Expr) -> bool:
    return bool(body.is_Pow and not body.exp.is_number and not body.base.is_number and not body.base.is_positive)
