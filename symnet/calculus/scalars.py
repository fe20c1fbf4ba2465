"""Scalar functions of the calculus beyond SymPy's own, each with its derivative written in its own output.

Conventions at kinks are PyTorch's: relu'(0) = 0, leaky_relu'(0) = slope, abs'(0) = 0, clip' = 1 at the bounds,
maximum(a, b) shares equally at a = b.  SymPy's Max, Heaviside, Abs and sign differ there and are never used.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import sympy as sp

if TYPE_CHECKING:
    from symnet.calculus.arithmetic import Arithmetic


@cache
def _digits(bits: int) -> Arithmetic:
    from symnet.calculus.arithmetic import multidigit  # it loads NumPy, which a derivation without constants needs not

    return multidigit(int(bits * 0.302) + 5)


class Scalar(sp.Function):
    """A real scalar function; subclasses give ``fdiff``."""

    is_real = True
    is_commutative = True
    jumps = False  # whether the last digit of an argument may decide the value

    def _eval_evalf(self, prec: int) -> sp.Float | None:
        """The value at numbers, so that constants such as softplus(1/4) are compared and spelled as numbers are."""
        if not all(a.is_number and a.is_finite for a in self.args):
            return None
        arithmetic = _digits(prec)
        try:
            value = arithmetic.call(type(self).__name__, *(arithmetic.number(a) for a in self.args))
        except ArithmeticError:  # NotExact
            return None
        return sp.Float(str(value), precision=prec)


def jumps(head: Any) -> bool:
    """Whether functions of this class jump, such as a comparison: their arguments keep the very numbers they had."""
    return bool(getattr(head, "jumps", False))


class Indicator(Scalar):
    """A function with values 0 and 1 whose derivative is 0 wherever it exists; Iverson's bracket on the screen."""

    is_integer = True
    is_nonnegative = True
    jumps = True

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.Zero


def _of_indicator(comparison: type[Indicator], a: sp.Expr, b: sp.Expr) -> sp.Expr | None:
    """A comparison of an indicator with a number, by its values at 0 and 1: ``[[a > b] = 0] = 1 - [a > b]``."""
    if isinstance(a, Indicator) and b.is_Number:
        low, high, inner = comparison(sp.S.Zero, b), comparison(sp.S.One, b), a
    elif isinstance(b, Indicator) and a.is_Number:
        low, high, inner = comparison(a, sp.S.Zero), comparison(a, sp.S.One), b
    else:
        return None
    return low + (high - low) * inner


def negated(mask: sp.Expr) -> sp.Expr:
    """``1 - mask``; a comparison of places is turned around: not ``[j >= i + 1]`` is ``[i >= j]``."""
    if isinstance(mask, greater | greater_equal) and all(a.is_integer for a in mask.args):
        a, b = mask.args
        if isinstance(mask, greater):
            return greater_equal(b, a)
        choices = (greater(b, a), greater_equal(b - 1, a), greater_equal(b, a + 1))
        return min(choices, key=lambda c: int(c.count_ops()))
    return 1 - mask


class greater(Indicator):
    """[a > b]"""

    nargs = 2

    @classmethod
    def eval(cls, a: sp.Expr, b: sp.Expr) -> sp.Expr | None:
        return _of_indicator(cls, a, b) if not (a.is_Number and b.is_Number) else sp.Integer(int(bool(a > b)))


class greater_equal(Indicator):
    """[a >= b]"""

    nargs = 2

    @classmethod
    def eval(cls, a: sp.Expr, b: sp.Expr) -> sp.Expr | None:
        return _of_indicator(cls, a, b) if not (a.is_Number and b.is_Number) else sp.Integer(int(bool(a >= b)))


class equal(Indicator):
    """[a = b]"""

    nargs = 2

    @classmethod
    def eval(cls, a: sp.Expr, b: sp.Expr) -> sp.Expr | None:
        if a == b:
            return sp.S.One
        return sp.S.Zero if a.is_Number and b.is_Number else _of_indicator(cls, a, b)


class within(Indicator):
    """[lower <= x <= upper]"""

    nargs = 3


class sigmoid(Scalar):
    """1 / (1 + exp(-x)), with sigmoid' = sigmoid (1 - sigmoid)."""

    nargs = 1
    is_positive = True

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return sp.Rational(1, 2) if x.is_zero else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return self * (1 - self)


class softplus(Scalar):
    """log(1 + exp(x)), with softplus' = sigmoid."""

    nargs = 1
    is_positive = True

    def fdiff(self, argindex: int = 1) -> Any:
        return sigmoid(self.args[0])


class relu(Scalar):
    """max(x, 0), with relu'(x) = [x > 0]."""

    nargs = 1
    is_nonnegative = True

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return (x if x > 0 else sp.S.Zero) if x.is_Rational else None

    def fdiff(self, argindex: int = 1) -> Any:
        return greater(self.args[0], sp.S.Zero)


class leaky_relu(Scalar):
    """x where x > 0, else slope x; the derivative at 0 is the slope."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        x, slope = self.args
        if argindex == 1:
            return where(greater(x, sp.S.Zero), sp.S.One, slope)
        return where(greater(x, sp.S.Zero), sp.S.Zero, x)


class absolute(Scalar):
    """|x|, with |x|' = sign(x) and sign(0) = 0."""

    nargs = 1
    is_nonnegative = True

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return (x if x > 0 else -x) if x.is_Rational else None

    def fdiff(self, argindex: int = 1) -> Any:
        return sign(self.args[0])


class sign(Scalar):
    """-1, 0 or 1; piecewise constant."""

    nargs = 1
    is_integer = True
    jumps = True

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return sp.Integer(int(bool(x > 0)) - int(bool(x < 0))) if x.is_Rational else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.Zero


class clip(Scalar):
    """min(max(x, lower), upper), with derivative [lower <= x <= upper]; where the bounds cross it is the upper one."""

    nargs = 3

    def fdiff(self, argindex: int = 1) -> Any:
        x, lower, upper = self.args
        if argindex == 1:
            return within(x, lower, upper)
        if argindex == 2:
            return greater(lower, x) * greater(upper, lower)
        return 1 - (1 - greater(x, upper)) * (1 - greater(lower, upper))


class huber(Scalar):
    """r²/2 where |r| <= delta, else delta (|r| - delta/2), with huber' = clip(r, -delta, delta)."""

    nargs = 2
    is_nonnegative = True

    def fdiff(self, argindex: int = 1) -> Any:
        r, delta = self.args
        if argindex == 1:
            return clip(r, -delta, delta)
        return greater(absolute(r), delta) * (absolute(r) - delta)


class maximum(Scalar):
    """The larger of a and b; at a = b each gets half of the derivative."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        a, b = self.args if argindex == 1 else reversed(self.args)
        return greater(a, b) + equal(a, b) / 2


class minimum(Scalar):
    """The smaller of a and b; at a = b each gets half of the derivative."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        a, b = self.args if argindex == 1 else reversed(self.args)
        return greater(b, a) + equal(a, b) / 2


class where(Scalar):
    """a where the indicator is 1, else b."""

    nargs = 3

    @classmethod
    def eval(cls, condition: sp.Expr, a: sp.Expr, b: sp.Expr) -> sp.Expr | None:
        if condition == 1:
            return a
        if condition == 0 or a == b:
            return b
        if a == 1 and b == 0:
            return condition
        return negated(condition) if a == 0 and b == 1 else None

    def fdiff(self, argindex: int = 1) -> Any:
        condition = self.args[0]
        return (sp.S.Zero, condition, 1 - condition)[argindex - 1]


class normal_cdf(Scalar):
    """Φ, the distribution function of the standard normal, with Φ' = φ."""

    nargs = 1
    is_positive = True

    def fdiff(self, argindex: int = 1) -> Any:
        return normal_pdf(self.args[0])


class normal_pdf(Scalar):
    """φ(x) = exp(-x²/2) / √(2π), the density of the standard normal, with φ'(x) = -x φ(x).

    The simplifier and the scripts see the exponential; its name is for people.
    """

    nargs = 1
    is_positive = True

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return -self.args[0] * self

    @property
    def opened(self) -> sp.Expr:
        """The same by exp."""
        return sp.exp(-(self.args[0] ** 2) / 2) / sp.sqrt(2 * sp.pi)


def without_sympy_kinks(body: sp.Expr) -> sp.Expr:
    """The body with SymPy's Abs, which ``sqrt(x**2)`` produces, as our own ``absolute``."""
    return body.replace(sp.Abs, absolute) if body.has(sp.Abs) else body
