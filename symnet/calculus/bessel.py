"""The modified Bessel functions of the first kind, of orders 0 and 1; each derivative in terms of the others.

Abramowitz & Stegun 9.6.27 and 9.6.28; the scaled ones are exp(-|x|) times the plain ones.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus.scalars import Scalar, equal, sign


class i0(Scalar):
    """I₀(x), with i0' = i1."""

    nargs = 1
    is_positive = True

    def fdiff(self, argindex: int = 1) -> Any:
        return i1(self.args[0])


class i1(Scalar):
    """I₁(x), with i1' = i0 - i1 / x, which is 1/2 at 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        (x,) = self.args
        return i0(x) - _over(self, x)


class i0e(Scalar):
    """exp(-|x|) I₀(x), with i0e' = i1e - sign(x) i0e."""

    nargs = 1
    is_positive = True

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        (x,) = self.args
        return i1e(x) - sign(x) * self


class i1e(Scalar):
    """exp(-|x|) I₁(x), with i1e' = i0e - sign(x) i1e - i1e / x, which is 1/2 at 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        (x,) = self.args
        return i0e(x) - sign(x) * self - _over(self, x)


def _over(value: sp.Expr, x: sp.Expr) -> sp.Expr:
    """``value / x`` of a function that is x/2 near 0: 1/2 at 0."""
    zero = equal(x, sp.S.Zero)
    return value / (x + zero) + zero / 2
