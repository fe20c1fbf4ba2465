"""The meaning of the representation: evaluate every equation at every value of its indices.

Dense and slow, and obviously right.  The number system is a parameter: float64, exact rationals
(``fractions.Fraction``) or multi-digit floats (mpmath), so one evaluator is both a test oracle and an exact one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import reduce
from operator import add, mul
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.arithmetic import EXACT, FLOAT, Arithmetic, Array, NotExact, multidigit
from symnet.calculus.ir import GIVEN, Access, Delta, Equation, Index, Program, size_symbol
from symnet.calculus.loops import components, loops_of
from symnet.calculus.matrix_rules import argument_of, is_matrix_function
from symnet.calculus.matrix_values import matrix_value

Sizes = Mapping[sp.Symbol, int]


def evaluate(program: Program, inputs: Mapping[str, Array], arithmetic: Arithmetic = FLOAT) -> dict[str, Array]:
    """Every tensor of the program by name, inputs included.  Sizes are taken from the inputs' shapes.

    Integer tensors are int64 arrays in every number system.  Raises NotExact where the number system has no such value,
    KeyError for a missing input, ValueError where shapes disagree.
    """
    values: dict[str, Array] = {}
    for name, spec in program.tensors.items():
        if spec.role in GIVEN:
            values[name] = np.asarray(inputs[name]) if spec.integer else _as_numbers(inputs[name], arithmetic)
    sizes = sizes_of(program, {n: v.shape for n, v in values.items()})
    for name in (n for component in components(program) for n in component):
        values[name] = _empty(program, program.defining(name)[0], sizes, arithmetic)
    with np.errstate(all="ignore"):  # an infinity is a value here, not a warning
        for equation, fixed in steps_of(program, sizes):
            _accumulate(program, equation, values, sizes, arithmetic, fixed)
    return values


def steps_of(program: Program, sizes: Sizes) -> Iterator[tuple[Equation, Mapping[Index, int]]]:
    """Every contribution in an order in which it has what it reads, with the indices that a loop fixes."""
    loops = {name: loop for loop in loops_of(program) for name in loop.tensors}
    last = {id(loops[e.target]): k for k, e in enumerate(program.equations) if e.target in loops}
    for number, equation in enumerate(program.equations):
        loop = loops.get(equation.target)
        if loop is None:
            yield equation, {}
        elif last[id(loop)] == number:  # by now everything is complete that the component reads
            yield from ((e, {}) for e in loop.before)
            times = range(int(loop.size.xreplace(dict(sizes))))
            for time in reversed(times) if loop.backward else times:
                yield from ((step.equation, step.at(time)) for step in loop.steps)


def sizes_of(program: Program, shapes: Mapping[str, tuple[int, ...]]) -> dict[sp.Symbol, int]:
    """The value of every symbolic size, read off the shapes of the inputs, or as declared where no axis shows it."""
    sizes: dict[sp.Symbol, int] = {}
    for name, actual in shapes.items():
        declared = program.tensors[name].shape
        if len(declared) != len(actual):
            raise ValueError(f"{name} has rank {len(declared)}, given is {actual}")
        for size, value in zip(declared, actual, strict=True):
            known = sizes.setdefault(size, value) if isinstance(size, sp.Symbol) else size.xreplace(sizes)
            if sp.sympify(known).is_Integer and int(known) != value:
                raise ValueError(f"{name} has shape {actual}, expected {declared} with {size} = {known}")
    return {size_symbol(name): number for name, number in program.numbers.items()} | sizes


def _as_numbers(value: Any, arithmetic: Arithmetic) -> Array:
    if arithmetic.dtype is float:
        return np.asarray(value, float)
    plain = (int, float, Fraction)  # anything else is a number of the arithmetic's own already
    convert = np.frompyfunc(lambda x: arithmetic.number(sp.Rational(x)) if isinstance(x, plain) else x, 1, 1)
    array = np.asarray(value, dtype=object)
    converted: Array = np.empty(array.shape, dtype=object)
    converted[...] = convert(array)
    return converted


def _accumulate(
    program: Program,
    equation: Equation,
    values: dict[str, Array],
    sizes: Sizes,
    arithmetic: Arithmetic,
    fixed: Mapping[Index, int],
) -> None:
    if is_matrix_function(equation):
        values[equation.target] = matrix_value(equation.op, values[argument_of(equation).name], arithmetic)
        return
    extents = tuple(1 if i in fixed else int(i.size.xreplace(dict(sizes))) for i in equation.indices)
    grids = {
        index: (fixed.get(index, 0) + np.arange(extent)).reshape([-1 if k == axis else 1 for k in range(len(extents))])
        for axis, (index, extent) in enumerate(zip(equation.indices, extents, strict=True))
    }
    if equation.guard:  # the body is evaluated only where it counts: elsewhere it may have no value
        allowed = np.ones(extents, dtype=bool)
        for guard in equation.guard:
            allowed = allowed & (_integer(guard, grids, values, sizes) >= 0)
        places = zip(equation.indices, np.nonzero(allowed), strict=True)
        grids = {index: fixed.get(index, 0) + place for index, place in places}
        body = np.full(extents, _nothing(equation, arithmetic), dtype=arithmetic.dtype)
        body[allowed] = _value(equation.body, grids, values, sizes, arithmetic)
    else:
        value = np.asarray(_value(equation.body, grids, values, sizes, arithmetic), dtype=arithmetic.dtype)
        body = np.broadcast_to(value, extents)
    axes = tuple(range(len(equation.left), len(extents)))
    if equation.target not in values:
        values[equation.target] = _empty(program, equation, sizes, arithmetic)
    combine, gather = (np.maximum, np.maximum.reduce) if equation.op == "max" else (np.add, np.add.reduce)
    total = gather(body, axis=axes) if axes else body
    where = tuple(slice(fixed[i], fixed[i] + 1) if i in fixed else slice(None) for i in equation.left)
    values[equation.target][where] = combine(values[equation.target][where], total)


def _nothing(equation: Equation, arithmetic: Arithmetic) -> Any:
    """The sum or the maximum of nothing."""
    return -math.inf if equation.op == "max" else 0.0 if arithmetic.dtype is float else arithmetic.number(sp.S.Zero)


def _empty(program: Program, equation: Equation, sizes: Sizes, arithmetic: Arithmetic) -> Array:
    shape = tuple(int(s.xreplace(dict(sizes))) for s in program.tensors[equation.target].shape)
    return np.full(shape, _nothing(equation, arithmetic), dtype=arithmetic.dtype)


def _read(access: Access, grids: Mapping[Index, Array], values: Mapping[str, Array], sizes: Sizes) -> Array:
    """The tensor at every place; there is no implicit zero outside it, and no counting from the end."""
    tensor = values[access.name]
    where = tuple(_integer(a, grids, values, sizes) for a in access.addresses)
    for address, size in zip(where, tensor.shape, strict=True):
        if np.any((address < 0) | (address >= size)):
            raise IndexError(f"{access} is read outside its shape {list(tensor.shape)}")
    return tensor[where]


def _integer(expression: sp.Expr, grids: Mapping[Index, Array], values: Mapping[str, Array], sizes: Sizes) -> Array:
    """An address or guard at every place: int64."""
    if isinstance(expression, Index):
        return grids[expression]
    if isinstance(expression, Access):
        return _read(expression, grids, values, sizes)
    if isinstance(expression, sp.Symbol):
        return np.asarray(sizes[expression])
    if expression.is_Integer:
        return np.asarray(int(expression))
    if isinstance(expression, sp.floor):
        numerator, denominator = (_integer(e, grids, values, sizes) for e in expression.args[0].as_numer_denom())
        return numerator // denominator
    parts = [_integer(a, grids, values, sizes) for a in expression.args]
    if expression.is_Add or expression.is_Mul:
        return reduce(add if expression.is_Add else mul, parts)
    if isinstance(expression, sp.Mod):
        return parts[0] % parts[1]
    if expression.is_Pow:
        return parts[0] ** parts[1]
    raise TypeError(f"{expression} is no integer address")


def _value(
    expression: sp.Expr,
    grids: Mapping[Index, Array],
    values: Mapping[str, Array],
    sizes: Sizes,
    arithmetic: Arithmetic,
) -> Array:
    def of(part: sp.Expr) -> Array:
        return _value(part, grids, values, sizes, arithmetic)

    if isinstance(expression, Access):
        return _read(expression, grids, values, sizes)
    if isinstance(expression, (Index, sp.Symbol)):
        integers = _integer(expression, grids, values, sizes)
        if arithmetic.dtype is float:
            return integers
        return np.frompyfunc(lambda n: arithmetic.number(sp.Integer(int(n))), 1, 1)(integers)
    if expression.is_number and not expression.has(scalars.Scalar):
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


__all__ = ["EXACT", "FLOAT", "Arithmetic", "NotExact", "evaluate", "multidigit", "sizes_of", "steps_of"]
