"""The meaning of the representation: evaluate every equation at every value of its indices.

Dense and slow, and obviously right.  The number system is a parameter: float64, exact rationals
(``fractions.Fraction``) or multi-digit floats (mpmath), so one evaluator is both a test oracle and an exact one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add, mul
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Access, Delta, Equation, Index, Program

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

    def call(self, name: str, *args: Array) -> Array:
        """One scalar function applied elementwise."""
        function = self.library.get(name) or _SCALARS.get(name)
        if function is None:
            raise NotExact(f"{name} has no value in {self.name} arithmetic")
        if name in self.library:
            return function(*args) if self.dtype is float else np.frompyfunc(function, len(args), 1)(*args)
        return np.frompyfunc(function, len(args), 1)(*args).astype(self.dtype)


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
    "sign": lambda x: (x > 0) - (x < 0),
    "clip": lambda x, lower, upper: min(max(x, lower), upper),
    "huber": lambda r, d: r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2),
    "maximum": max,
    "minimum": min,
    "where": lambda condition, a, b: a if condition else b,
    "Delta": _indicator(lambda i, j: i == j),
    "floor": math.floor,
    "Mod": lambda a, b: a % b,
}

_erf = np.frompyfunc(math.erf, 1, 1)


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
        "erf": lambda x: _erf(x).astype(float),
        "sigmoid": lambda x: np.exp(-np.logaddexp(0.0, -np.asarray(x, float))),
        "softplus": lambda x: np.logaddexp(0.0, x),
        "normal_cdf": lambda x: 0.5 * (1.0 + _erf(np.asarray(x, float) / math.sqrt(2.0)).astype(float)),
        "relu": lambda x: np.where(np.asarray(x) > 0, x, 0.0),
        "greater": lambda a, b: np.where(np.asarray(a) > b, 1.0, 0.0),
        "equal": lambda a, b: np.where(np.asarray(a) == b, 1.0, 0.0),
        "Delta": lambda a, b: np.where(np.asarray(a) == b, 1.0, 0.0),
        "power": lambda a, b: np.asarray(a, float) ** b,
    },
)


def _exact_number(value: sp.Expr) -> Any:
    if not value.is_Rational:
        raise NotExact(f"{value} is not a rational number")
    return Fraction(int(value.p), int(value.q))


def _exact_power(base: Any, exponent: Any) -> Fraction:
    if exponent.denominator != 1:
        raise NotExact(f"the power {exponent} of a fraction")
    return Fraction(base) ** int(exponent)


EXACT = Arithmetic("rational", object, _exact_number, {"power": _exact_power})


def multidigit(digits: int = 50) -> Arithmetic:
    """Floats of the given number of decimal digits, by mpmath."""
    import mpmath  # comes with SymPy; only oracles need it

    mp = mpmath.mp.clone()
    mp.dps = digits

    def number(value: sp.Expr) -> Any:
        return mp.mpf(int(value.p)) / int(value.q) if value.is_Rational else mp.mpf(str(sp.N(value, digits + 10)))

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
            "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
            "softplus": lambda x: mp.log1p(mp.exp(-abs(x))) + max(x, mp.mpf(0)),
            "normal_cdf": mp.ncdf,
            "power": mp.power,
        },
    )


def evaluate(program: Program, inputs: Mapping[str, Array], arithmetic: Arithmetic = FLOAT) -> dict[str, Array]:
    """Every tensor of the program by name, inputs included.  Sizes are taken from the inputs' shapes.

    Integer tensors are int64 arrays in every number system.  Raises NotExact where the number system has no such value,
    KeyError for a missing input, ValueError where shapes disagree.
    """
    values: dict[str, Array] = {}
    for name, spec in program.tensors.items():
        if spec.role in ("parameter", "data", "label"):
            values[name] = np.asarray(inputs[name]) if spec.integer else _as_numbers(inputs[name], arithmetic)
    sizes = sizes_of(program, {n: v.shape for n, v in values.items()})
    for equation in program.equations:
        _accumulate(program, equation, values, sizes, arithmetic)
    return values


def sizes_of(program: Program, shapes: Mapping[str, tuple[int, ...]]) -> dict[sp.Symbol, int]:
    """The value of every symbolic size, read off the shapes of the inputs."""
    sizes: dict[sp.Symbol, int] = {}
    for name, actual in shapes.items():
        declared = program.tensors[name].shape
        if len(declared) != len(actual):
            raise ValueError(f"{name} has rank {len(declared)}, given is {actual}")
        for size, value in zip(declared, actual, strict=True):
            known = sizes.setdefault(size, value) if isinstance(size, sp.Symbol) else size.xreplace(sizes)
            if known.is_Integer if isinstance(known, sp.Expr) else True:
                if int(known) != value:
                    raise ValueError(f"{name} has shape {actual}, expected {declared} with {size} = {known}")
    return sizes


def _as_numbers(value: Any, arithmetic: Arithmetic) -> Array:
    if arithmetic.dtype is float:
        return np.asarray(value, float)
    convert = np.frompyfunc(lambda x: x if not isinstance(x, (int, float)) else arithmetic.number(sp.Rational(x)), 1, 1)
    array = np.asarray(value, dtype=object)
    converted: Array = np.empty(array.shape, dtype=object)
    converted[...] = convert(array)
    return converted


def _accumulate(
    program: Program, equation: Equation, values: dict[str, Array], sizes: Mapping[sp.Symbol, int], arithmetic: Arithmetic
) -> None:
    extents = tuple(int(i.size.xreplace(dict(sizes))) for i in equation.indices)
    grids = {
        index: np.arange(extent).reshape([-1 if k == axis else 1 for k in range(len(extents))])
        for axis, (index, extent) in enumerate(zip(equation.indices, extents, strict=True))
    }
    allowed = np.ones(extents, dtype=bool)
    for guard in equation.guard:
        allowed = allowed & (_integer(guard, grids, values, sizes) >= 0)
    body = np.broadcast_to(_value(equation.body, grids, values, sizes, arithmetic, allowed), extents)
    empty = -math.inf if equation.op == "max" else (0.0 if arithmetic.dtype is float else arithmetic.number(sp.S.Zero))
    body = np.where(allowed, body, empty)
    axes = tuple(range(len(equation.left), len(extents)))
    if equation.target not in values:
        shape = tuple(int(s.xreplace(dict(sizes))) for s in program.tensors[equation.target].shape)
        values[equation.target] = np.full(shape, empty, dtype=arithmetic.dtype)
    if equation.op == "max":
        total = np.maximum.reduce(body, axis=axes) if axes else body
        values[equation.target] = np.asarray(np.maximum(values[equation.target], total), dtype=arithmetic.dtype)
    else:
        total = np.add.reduce(body, axis=axes) if axes else body
        values[equation.target] = np.asarray(values[equation.target] + total, dtype=arithmetic.dtype)


def _integer(expression: sp.Expr, grids: Mapping[Index, Array], values: Mapping[str, Array], sizes: Mapping[sp.Symbol, int]) -> Array:
    """An address or guard at every place: int64."""
    if isinstance(expression, Index):
        return grids[expression]
    if isinstance(expression, Access):
        where = tuple(_integer(a, grids, values, sizes) for a in expression.addresses)
        return values[expression.name][np.broadcast_arrays(*where)] if where else values[expression.name]
    if isinstance(expression, sp.Symbol):
        return np.asarray(sizes[expression])
    if expression.is_Integer:
        return np.asarray(int(expression))
    parts = [_integer(a, grids, values, sizes) for a in expression.args]
    if expression.is_Add or expression.is_Mul:
        return reduce(add if expression.is_Add else mul, parts)
    if isinstance(expression, sp.floor):
        numerator, denominator = expression.args[0].as_numer_denom()
        return _integer(numerator, grids, values, sizes) // _integer(denominator, grids, values, sizes)
    if isinstance(expression, sp.Mod):
        return parts[0] % parts[1]
    if expression.is_Pow:
        return parts[0] ** parts[1]
    raise TypeError(f"{expression} is no integer address")


def _value(
    expression: sp.Expr,
    grids: Mapping[Index, Array],
    values: Mapping[str, Array],
    sizes: Mapping[sp.Symbol, int],
    arithmetic: Arithmetic,
    allowed: Array,
) -> Array:
    def of(part: sp.Expr) -> Array:
        return _value(part, grids, values, sizes, arithmetic, allowed)

    if isinstance(expression, Access):
        if not expression.addresses:
            return values[expression.name]
        # Outside the guard an address may leave its range; any place inside will do, the value is dropped.
        limits = values[expression.name].shape
        where = [np.broadcast_to(_integer(a, grids, values, sizes), allowed.shape) for a in expression.addresses]
        inside = reduce(np.logical_and, [(w >= 0) & (w < size) for w, size in zip(where, limits, strict=True)])
        if not np.all(inside | ~allowed):
            raise IndexError(f"{expression} is read outside {limits}")
        return values[expression.name][tuple(np.where(inside, w, 0) for w in where)]
    if isinstance(expression, (Index, sp.Symbol)):
        integers = _integer(expression, grids, values, sizes)
        return integers if arithmetic.dtype is float else np.frompyfunc(lambda n: arithmetic.number(sp.Integer(int(n))), 1, 1)(integers)
    if expression.is_number:
        return np.asarray(arithmetic.number(expression), dtype=arithmetic.dtype)
    if expression.is_Add or expression.is_Mul:
        return reduce(add if expression.is_Add else mul, map(of, expression.args))
    if isinstance(expression, sp.exp):
        return arithmetic.call("exp", of(expression.args[0]))
    if expression.is_Pow:
        return arithmetic.call("power", of(expression.base), of(expression.exp))
    if isinstance(expression, Delta):
        return arithmetic.call("Delta", *(_integer(a, grids, values, sizes) for a in expression.args))
    return arithmetic.call(type(expression).__name__, *map(of, expression.args))


__all__ = ["EXACT", "FLOAT", "Arithmetic", "NotExact", "evaluate", "multidigit", "scalars", "sizes_of"]
