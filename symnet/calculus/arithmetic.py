"""Number systems: float64, exact rationals and floats of many digits, each with the scalar functions that it has."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

Array = Any  # numpy.ndarray of float64, or of objects


class NotExact(ArithmeticError):
    """The number system cannot represent the value, e.g. exp of a fraction."""


@dataclass(frozen=True)
class Arithmetic:
    """A number system: how to make a number and the few transcendental functions that it has."""

    name: str
    dtype: Any
    number: Callable[[sp.Expr], Any]
    library: Mapping[str, Callable[..., Any]]
    context: Any = None  # of mpmath, for functions of whole matrices

    def call(self, name: str, *args: Array) -> Array:
        """One scalar function applied elementwise."""
        function = self.library.get(name) or _SCALARS.get(name)
        if function is None:
            raise NotExact(f"{name} has no value in {self.name} arithmetic")
        if name in self.library:
            return function(*args) if self.dtype is float else np.frompyfunc(function, len(args), 1)(*args)
        return np.asarray(np.frompyfunc(function, len(args), 1)(*args), dtype=self.dtype)


def _indicator(test: Callable[..., bool]) -> Callable[..., int]:
    return lambda *args: 1 if test(*args) else 0


_SCALARS: dict[str, Callable[..., Any]] = {
    "greater": _indicator(lambda a, b: a > b),
    "greater_equal": _indicator(lambda a, b: a >= b),
    "equal": _indicator(lambda a, b: a == b),
    "within": _indicator(lambda x, lower, upper: lower <= x <= upper),
    "relu": lambda x: x if x > 0 else 0 * x,
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "absolute": abs,
    "Abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "clip": lambda x, lower, upper: min(max(x, lower), upper),
    "huber": lambda r, d: r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2),
    "maximum": max,
    "minimum": min,
    "where": lambda condition, a, b: a if condition else b,
    "Delta": _indicator(lambda i, j: i == j),
    "elu": lambda x, a: x if x > 0 else a * math.expm1(x),
    "round_down": math.floor,
    "round_even": round,
    "is_number": _indicator(lambda x: x == x),
    "is_finite": _indicator(lambda x: x - x == 0),
    "stop_gradient": lambda x: x,
    "floor": math.floor,
    "Mod": lambda a, b: a % b,
}

_elementwise_erf = np.frompyfunc(math.erf, 1, 1)


def _erf(x: Array) -> Array:
    return np.asarray(_elementwise_erf(x), dtype=float)


def _of_the_normal(mp: Any) -> dict[str, Callable[..., Any]]:
    """Functions of the normal distribution and the modified Bessel functions, by mpmath."""
    return {
        "erfcx": lambda x: mp.exp(mp.mpf(x) ** 2) * mp.erfc(x),
        "log_ndtr": lambda x: mp.log(mp.ncdf(x)) if x < 0 else mp.log1p(-mp.ncdf(-x)),
        "ndtri": lambda x: _quantile(mp, mp.mpf(x)),
        "i0": lambda x: mp.besseli(0, x),
        "i1": lambda x: mp.besseli(1, x),
        "i0e": lambda x: mp.exp(-abs(mp.mpf(x))) * mp.besseli(0, x),
        "i1e": lambda x: mp.exp(-abs(mp.mpf(x))) * mp.besseli(1, x),
    }


def _quantile(mp: Any, x: Any) -> Any:
    """The number whose Φ is x, with the digits that 2x - 1 loses near 0 and 1."""
    if x in (0, 1):
        return mp.inf if x else -mp.inf
    with mp.workdps(mp.dps + max(0, int(-mp.log10(min(abs(x), abs(1 - x)))))):
        return mp.sqrt(2) * mp.erfinv(2 * x - 1)


def _special_floats() -> dict[str, Callable[..., Array]]:
    """The functions of the gamma and error families, one number after the other."""
    import mpmath

    def each(function: Callable[..., Any], arity: int = 1) -> Callable[..., Array]:
        def one(*x: Any) -> float:
            try:
                return float(function(*x))
            except (ValueError, TypeError, OverflowError, ZeroDivisionError):  # a pole, or outside of the domain
                return math.nan

        elementwise = np.frompyfunc(one, arity, 1)
        return lambda *x: np.asarray(elementwise(*x), dtype=float)

    wide = mpmath.mp.clone()
    wide.dps = 30
    return {
        **{name: each(function) for name, function in _of_the_normal(wide).items()},
        "erfc": each(math.erfc),
        "erfinv": each(mpmath.erfinv),
        "lgamma": each(math.lgamma),
        "digamma": each(mpmath.digamma),
        "polygamma": each(lambda n, x: mpmath.polygamma(int(n), x), 2),
        "xlogy": lambda x, y: np.where(np.asarray(x) == 0, 0.0, x * np.log(np.where(np.asarray(x) == 0, 1.0, y))),
        "entr": lambda x: np.where(np.asarray(x) == 0, 0.0, -x * np.log(np.where(np.asarray(x) == 0, 1.0, x))),
    }


def _float_number(value: sp.Expr) -> Any:
    return int(value) if value.is_Integer else float(value)


FLOAT = Arithmetic(
    "float64",
    float,
    _float_number,
    {
        "exp": np.exp,
        "log": np.log,
        "tanh": np.tanh,
        "sin": np.sin,
        "cos": np.cos,
        "tan": np.tan,
        "sinh": np.sinh,
        "cosh": np.cosh,
        "atan": np.arctan,
        "erf": _erf,
        "sigmoid": lambda x: np.exp(-np.logaddexp(0.0, -np.asarray(x, float))),
        "softplus": lambda x: np.logaddexp(0.0, x),
        "normal_cdf": lambda x: 0.5 * (1.0 + _erf(np.asarray(x, float) / math.sqrt(2.0))),
        "normal_pdf": lambda x: np.exp(-(np.asarray(x, float) ** 2) / 2.0) / math.sqrt(2.0 * math.pi),
        **{name: getattr(np, f"arc{name[1:]}") for name in ("asin", "acos", "asinh", "acosh", "atanh", "atan2")},
        **_special_floats(),
        "sinc": np.sinc,
        "stop_gradient": lambda x: x,
        "relu": lambda x: np.where(np.asarray(x) > 0, x, 0.0),
        "greater": lambda a, b: np.where(np.asarray(a) > b, 1.0, 0.0),
        "equal": lambda a, b: np.where(np.asarray(a) == b, 1.0, 0.0),
        "Delta": lambda a, b: np.where(np.asarray(a) == b, 1.0, 0.0),
        "power": lambda a, b: np.asarray(a, float) ** b,
        "round_down": lambda x: np.floor(np.asarray(x, float)),  # of what is not finite too
        "round_even": lambda x: np.round(np.asarray(x, float)),
    },
)


def _exact_number(value: sp.Expr) -> Any:
    if not value.is_Rational:
        raise NotExact(f"{value} is not a rational number")
    return Fraction(int(value.p), int(value.q))


def _exact_power(base: Any, exponent: Any) -> Any:
    if exponent.denominator != 1:
        raise NotExact(f"the power {exponent} of a fraction")
    return (Fraction(base) if isinstance(base, int) else base) ** int(exponent)


EXACT = Arithmetic("rational", object, _exact_number, {"power": _exact_power})


def _decimal(value: sp.Expr, digits: int) -> str:
    return str(float(value)) if value.is_infinite else str(sp.N(value, digits))


def _special_digits(mp: Any) -> dict[str, Callable[..., Any]]:
    return {
        **_of_the_normal(mp),
        **{name: getattr(mp, name) for name in ("asin", "acos", "asinh", "acosh", "atanh", "atan2")},
        **{name: getattr(mp, name) for name in ("erfc", "erfinv", "digamma")},
        "lgamma": lambda x: mp.log(abs(mp.gamma(x))),
        "polygamma": lambda n, x: mp.polygamma(int(n), x),
        "xlogy": lambda x, y: mp.mpf(0) if x == 0 else x * mp.log(y),
        "entr": lambda x: mp.mpf(0) if x == 0 else -x * mp.log(x),
        "sinc": lambda x: mp.mpf(1) if x == 0 else mp.sinpi(x) / (mp.pi * x),
        "elu": lambda x, a: x if x > 0 else a * mp.expm1(x),
    }


def multidigit(digits: int = 50) -> Arithmetic:
    """Floats of the given number of decimal digits, by mpmath."""
    import mpmath

    mp = mpmath.mp.clone()
    mp.dps = digits

    def number(value: sp.Expr) -> Any:
        return mp.mpf(int(value.p)) / int(value.q) if value.is_Rational else mp.mpf(_decimal(value, digits + 10))

    return Arithmetic(
        f"{digits}-digit",
        object,
        number,
        {
            "exp": mp.exp,
            "log": mp.log,
            "tanh": mp.tanh,
            "sin": mp.sin,
            "cos": mp.cos,
            "tan": mp.tan,
            "sinh": mp.sinh,
            "cosh": mp.cosh,
            "atan": mp.atan,
            "erf": mp.erf,
            **_special_digits(mp),
            "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
            "softplus": lambda x: mp.log1p(mp.exp(-abs(x))) + max(x, mp.mpf(0)),
            "normal_cdf": mp.ncdf,
            "normal_pdf": mp.npdf,
            "power": mp.power,
        },
        mp,
    )
