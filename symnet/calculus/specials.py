"""More scalar functions: those of error, gamma and logarithm families, rounding, and elu, with PyTorch's corners.

Where SymPy has the function too (loggamma, erfc, ...), it is complex below 0, or slow, or its derivative loses the
function's own output.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus.scalars import Indicator, Scalar, equal, greater, greater_equal, where


class erfc(Scalar):
    """1 - erf(x), without cancellation where erf is near 1."""

    nargs = 1
    is_positive = True

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return -2 * sp.exp(-(self.args[0] ** 2)) / sp.sqrt(sp.pi)


class erfinv(Scalar):
    """The inverse of erf on -1..1, with erfinv' = √π/2 exp(erfinv²)."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.sqrt(sp.pi) * sp.exp(self**2) / 2


class erfcx(Scalar):
    """exp(x²) erfc(x), without overflow far above 0."""

    nargs = 1
    is_positive = True

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return 2 * self.args[0] * self - 2 / sp.sqrt(sp.pi)


class log_ndtr(Scalar):
    """log Φ(x), exact far below 0; log_ndtr' = φ/Φ = √(2/π) / erfcx(-x/√2), which neither over- nor underflows."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.sqrt(2 / sp.pi) / erfcx(-self.args[0] / sp.sqrt(2))


class ndtri(Scalar):
    """The inverse of Φ on 0..1, with ndtri' = √(2π) exp(ndtri²/2)."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.sqrt(2 * sp.pi) * sp.exp(self**2 / 2)


class lgamma(Scalar):
    """log |Γ(x)|, with lgamma' = digamma."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        return digamma(self.args[0])


class digamma(Scalar):
    """Γ'/Γ, whose derivatives are the polygamma functions."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        return polygamma(sp.S.One, self.args[0])


class polygamma(Scalar):
    """The n-th derivative of digamma, n a number."""

    nargs = 2

    @classmethod
    def eval(cls, order: sp.Expr, x: sp.Expr) -> sp.Expr | None:
        return digamma(x) if order == 0 else None

    def fdiff(self, argindex: int = 2) -> Any:
        order, x = self.args
        return polygamma(order + 1, x) if argindex == 2 else sp.S.Zero


class atan2(Scalar):
    """The angle of the point (x, y), y first."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        y, x = self.args
        return (x if argindex == 1 else -y) / (x**2 + y**2)


class xlogy(Scalar):
    """x log y, and 0 where x = 0, whatever y is."""

    nargs = 2

    @classmethod
    def eval(cls, x: sp.Expr, y: sp.Expr) -> sp.Expr | None:
        return sp.S.Zero if x == 0 else (sp.log(y) if x == 1 else None)

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        x, y = self.args
        return xlogy(1 - equal(x, sp.S.Zero) * greater_equal(sp.S.Zero, y), y) if argindex == 1 else x / y


class entr(Scalar):
    """-x log x, and 0 at 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return -sp.log(self.args[0]) - 1


class sinc(Scalar):
    """sin(πx)/(πx), and 1 at 0 with the derivative 0."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        (x,) = self.args
        return (sp.cos(sp.pi * x) - self) / (x + equal(x, sp.S.Zero))


class elu(Scalar):
    """x where x > 0, else α (exp(x) - 1); elu' is 1 or α exp(x): elu + α would lose every digit far below 0."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        x, alpha = self.args
        if argindex == 1:
            return where(greater(x, sp.S.Zero), sp.S.One, alpha * sp.exp(x))
        return where(greater(x, sp.S.Zero), sp.S.Zero, self / alpha)


class Rounding(Scalar):
    """A function with whole values, whose derivative is 0 wherever it exists."""

    nargs = 1
    is_integer = True
    jumps = True

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.Zero


class round_down(Rounding):
    """The largest whole number that is not above x."""

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return sp.floor(x) if x.is_Rational else None


class round_even(Rounding):
    """The nearest whole number; of two, the even one."""


class is_number(Indicator):
    """[x is not NaN], which every number of a formula is; data from a file need not be."""

    nargs = 1


class is_finite(Indicator):
    """[x is neither infinite nor NaN]."""

    nargs = 1
