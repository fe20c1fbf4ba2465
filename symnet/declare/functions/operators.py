"""The words for operators: arithmetic, comparisons that give masks, logic of masks; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.calculus import scalars, specials
from symnet.declare.functions.masks import is_mask
from symnet.declare.functions.pointwise import mapped, whole_part
from symnet.declare.tracing.primitives import number
from symnet.declare.tracing.tensor import Tensor, as_operand
from symnet.declare.tracing.trace import current
from symnet.declare.tracing.words import mistake, word

Operand = Tensor | float


_ROUNDED: dict[str, Callable[[sp.Expr], sp.Expr]] = {"floor": specials.round_down, "trunc": whole_part}


def _times(factor: float, x: Operand) -> Any:
    return x if factor == 1 else factor * x


@word(numpy="add")
def add(input: Operand, other: Operand, alpha: float = 1) -> Tensor:
    """y[i] = a[i] + alpha b[i]"""
    return mapped("add", lambda a, b: a + b, input, _times(alpha, other))


@word(torch="subtract", numpy="subtract")
def sub(input: Operand, other: Operand, alpha: float = 1) -> Tensor:
    """y[i] = a[i] - alpha b[i]"""
    return mapped("sub", lambda a, b: a - b, input, _times(alpha, other))


@word(offered=False)
def rsub(input: Operand, other: Operand, alpha: float = 1) -> Tensor:
    """y[i] = b[i] - alpha a[i]"""
    return sub(other, input, alpha)


@word(torch="multiply", numpy="multiply")
def mul(input: Operand, other: Operand) -> Tensor:
    """y[i] = a[i] b[i]"""
    return mapped("mul", lambda a, b: a * b, input, other)


@word(torch=("divide", "true_divide"), numpy="divide")
def div(input: Operand, other: Operand, rounding_mode: str | None = None) -> Tensor:
    """y[i] = a[i] / b[i], with rounding_mode "floor" or "trunc" to a whole number; derivative 0 then"""
    if rounding_mode not in (None, *_ROUNDED):
        raise mistake("SN108", f"div has no rounding_mode={rounding_mode!r}", '"floor" or "trunc"')
    if number(other) == 0:
        raise mistake("SN105", "division by zero", "divide by a number other than 0")
    rounded = _ROUNDED[rounding_mode] if rounding_mode else lambda x: x
    return mapped("div", lambda a, b: rounded(a / b), input, other)


@word(numpy="floor_divide")
def floor_divide(input: Operand, other: Operand) -> Tensor:
    """y[i] = the whole number not above a[i] / b[i]; derivative 0"""
    return div(input, other, "floor")


@word(torch="negative", numpy="negative")
def neg(input: Tensor) -> Tensor:
    """y[i] = -x[i]"""
    return mapped("neg", lambda a: -a, input)


@word(numpy="positive", passes_on=True)
def positive(input: Tensor) -> Tensor:
    """y[i] = x[i]"""
    return input


@word(torch="greater", numpy="greater")
def gt(input: Operand, other: Operand) -> Tensor:
    """y[i] = [a[i] > b[i]], a mask of 0 and 1"""
    return mapped("gt", scalars.greater, input, other)


@word(torch="less", numpy="less")
def lt(input: Operand, other: Operand) -> Tensor:
    """y[i] = [a[i] < b[i]], a mask of 0 and 1"""
    return mapped("lt", lambda a, b: scalars.greater(b, a), input, other)


@word(torch="greater_equal", numpy="greater_equal")
def ge(input: Operand, other: Operand) -> Tensor:
    """y[i] = [a[i] >= b[i]], a mask of 0 and 1"""
    return mapped("ge", scalars.greater_equal, input, other)


@word(torch="less_equal", numpy="less_equal")
def le(input: Operand, other: Operand) -> Tensor:
    """y[i] = [a[i] <= b[i]], a mask of 0 and 1"""
    return mapped("le", lambda a, b: scalars.greater_equal(b, a), input, other)


@word(numpy="equal")
def eq(input: Operand, other: Operand) -> Tensor:
    """y[i] = [a[i] = b[i]], a mask of 0 and 1"""
    return mapped("eq", scalars.equal, input, other)


@word(torch="not_equal", numpy="not_equal")
def ne(input: Operand, other: Operand) -> Tensor:
    """y[i] = [a[i] ≠ b[i]], a mask of 0 and 1"""
    return mapped("ne", lambda a, b: 1 - scalars.equal(a, b), input, other)


def mask_of(value: Operand) -> Any:
    """The value if it is a mask of 0 and 1, else the mask of its entries that are not 0."""
    operand = as_operand(current(), value)
    if isinstance(operand, Tensor):
        return operand if is_mask(operand.own_trace, operand.spec.name) else ne(operand, 0)
    return None if operand is None else sp.Integer(int(operand != 0))


@word(torch="bitwise_and", numpy=("logical_and", "bitwise_and"))
def logical_and(input: Operand, other: Operand) -> Tensor:
    """y[i] = a[i] b[i] of masks; a number other than 0 counts as 1"""
    return mapped("logical_and", lambda a, b: a * b, mask_of(input), mask_of(other))


@word(torch="bitwise_or", numpy=("logical_or", "bitwise_or"))
def logical_or(input: Operand, other: Operand) -> Tensor:
    """y[i] = 1 - (1 - a[i]) (1 - b[i]) of masks; a number other than 0 counts as 1"""
    return mapped("logical_or", lambda a, b: 1 - (1 - a) * (1 - b), mask_of(input), mask_of(other))


@word(torch="bitwise_xor", numpy=("logical_xor", "bitwise_xor"))
def logical_xor(input: Operand, other: Operand) -> Tensor:
    """y[i] = [a[i] ≠ b[i]] of masks; a number other than 0 counts as 1"""
    return mapped("logical_xor", lambda a, b: 1 - scalars.equal(a, b), mask_of(input), mask_of(other))


@word(torch="bitwise_not", numpy=("logical_not", "invert"))
def logical_not(input: Tensor) -> Tensor:
    """y[i] = 1 - a[i] of a mask; a number other than 0 counts as 1"""
    return mapped("logical_not", lambda a: 1 - a, mask_of(input))
