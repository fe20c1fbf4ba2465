"""The words for sums, means, variances, extremes, norms and softmax over axes; torch's names and signatures."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import sympy as sp

from symnet.calculus import scalars, specials
from symnet.calculus.ir import Index, indices_for
from symnet.declare.functions.operators import mask_of
from symnet.declare.functions.pointwise import log
from symnet.declare.functions.shapes import reshape
from symnet.declare.tracing.computed import Indices, Places, placed
from symnet.declare.tracing.indexing import subscript
from symnet.declare.tracing.primitives import number, pointwise, reduction, show
from symnet.declare.tracing.tensor import Dim, Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


def axes_of(x: Tensor, dim: Dim) -> list[int]:
    """The axes that ``dim`` names, not negative; a single number has one axis 0 for torch, which is none."""
    wanted = range(x.ndim) if dim is None or dim == () else [dim] if isinstance(dim, int) else list(dim)
    rank = x.ndim or 1
    for d in wanted:
        if not -rank <= d < rank:
            raise mistake("SN104", f"dim {d} does not exist in {show(x.shape)}", f"{-x.ndim} to {x.ndim - 1}")
    return sorted({d % x.ndim for d in wanted}) if x.ndim else []


def reduced(
    x: Tensor, dim: Dim, keepdim: bool, rule: Callable[[sp.Expr], sp.Expr], op: str = "+", hint: str = "s"
) -> Tensor:
    """``y[i] op= rule(x[i, k])`` over the axes of ``dim``; op is "+", "max" (ties share), or "first" (no ties)."""
    axes = axes_of(x, dim)
    total = reduction(x, rule, axes, op, hint)
    return kept(total, axes, x.ndim) if keepdim else total


def kept(x: Tensor, axes: list[int], rank: int) -> Tensor:
    """The tensor with axes of size 1 put back; they are a view, so the sum itself keeps its own index form."""
    return subscript(x, tuple(None if k in axes else slice(None) for k in range(rank)))


def entries(x: Tensor, dim: Dim) -> sp.Expr:
    """How many entries a reduction over ``dim`` joins."""
    return sp.Mul(*(x.shape[a] for a in axes_of(x, dim)))


@word(numpy="sum")
def sum(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = Σ_k x[i,k]"""
    return reduced(input, dim, keepdim, lambda a: a)


@word(numpy="mean")
def mean(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = (1/K) Σ_k x[i,k]"""
    count = entries(input, dim)
    return reduced(input, dim, keepdim, lambda a: a / count, hint="m")


def _numbers_only(x: sp.Expr) -> sp.Expr:
    return scalars.where(specials.is_number(x), x, sp.S.Zero)


@word(numpy="nansum")
def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = Σ_k x[i,k] over the entries that are no NaN"""
    return reduced(input, dim, keepdim, _numbers_only)


@word(numpy="nanmean")
def nanmean(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = the mean of x[i,k] over the entries k that are no NaN"""
    count = reduced(input, dim, keepdim, specials.is_number, hint="count")
    return pointwise(input.own_trace, lambda s, n: s / n, nansum(input, dim, keepdim), count)


def corrected(x: Tensor, count: sp.Expr, correction: Any) -> sp.Expr:
    """The divisor of a variance of ``count`` entries; a size that the data bring has to be more than the correction."""
    least = math.floor(correction) + 1
    if x.own_trace.sizes.get(count, 1) is None and least > x.own_trace.least.get(count, 1):
        x.own_trace.least[count] = least
    return count - number(correction)


@word()
def var(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, correction: float | None = None
) -> Tensor:
    """y[i] = Σ_k (x[i,k] - m[i])² / (K - correction), m the mean; the correction is 1 unless it is given"""
    if isinstance(dim, bool):  # torch.var(x, unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    axes = axes_of(input, dim)
    centred = input - mean(input, axes, True)
    divisor = corrected(input, entries(input, dim), correction)
    if divisor == 0:
        raise mistake("SN105", "the variance of one entry with a correction of 1 is 0/0", "correction=0")
    return reduced(centred, axes, keepdim, lambda a: a**2 / divisor, hint="v")


@word()
def std(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, correction: float | None = None
) -> Tensor:
    """y[i] = sqrt(var[i])"""
    spread = var(input, dim, unbiased, keepdim, correction)
    return pointwise(input.own_trace, sp.sqrt, spread)


@word()
def var_mean(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """The variance and the mean"""
    return var(input, dim, unbiased, keepdim, correction), mean(input, None if isinstance(dim, bool) else dim, keepdim)


@word()
def std_mean(
    input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean"""
    return std(input, dim, unbiased, keepdim, correction), mean(input, None if isinstance(dim, bool) else dim, keepdim)


@word(numpy=("amax", "max"))
def amax(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = max_k x[i,k]; ties share the derivative"""
    return reduced(input, dim, keepdim, lambda a: a, op="max", hint="m")


@word(numpy=("amin", "min"))
def amin(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = min_k x[i,k] = -max_k (-x[i,k]); ties share the derivative"""
    return -reduced(input, dim, keepdim, lambda a: -a, op="max", hint="m")


def first_place(x: Tensor, axis: int, value: Tensor | None = None) -> Places:
    """``o[n] = K - max_k [x[n,k] = m[n]] (K - k)`` along an axis: where its largest entry stands, of ties the first."""
    most = reduction(x, lambda a: a, [axis], "first", "m") if value is None else value
    k, left = Index("k", x.shape[axis]), indices_for(most.shape)
    found = scalars.equal(x.read((*left[:axis], k, *left[axis:])), most.read(left)) * (k.size - k)
    last = x.own_trace.new_spec(most.shape, "intermediate")
    x.own_trace.define(last, Term(left, found, (k,), "max"))
    spec = x.own_trace.new_spec(most.shape, "intermediate")
    left = indices_for(most.shape)
    x.own_trace.define(spec, Term(left, k.size - Tensor(x.own_trace, last).read(left)))
    return placed(x, spec, k.size)


class _Places:
    """Stands for the places of maxima, which are whole numbers without a derivative."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise mistake(
            "SN301", "the place of a maximum or of an order has no derivative, so nothing would learn", "use .values"
        )


class Extremes(NamedTuple):
    """What max and min over one axis give: the values, and their places, which only a metric could use."""

    values: Tensor
    indices: Any


def extremes(values: Tensor, return_indices: bool) -> Any:
    """The values, or the values and what stands for their places."""
    return Extremes(values, _Places()) if return_indices else values


@word()
def max(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """y[i] = max_k x[i,k], with the derivative at the first of ties; over all axes ties share it"""
    if dim is None:
        return amax(input)
    if not isinstance(dim, int):
        return pointwise(input.own_trace, scalars.maximum, input, dim)  # torch.max(a, b)
    return _extreme(input, input, dim, keepdim, lambda m: m)


@word()
def min(input: Tensor, dim: Any = None, keepdim: bool = False) -> Any:
    """y[i] = min_k x[i,k], with the derivative at the first of ties; over all axes ties share it"""
    if dim is None:
        return amin(input)
    if not isinstance(dim, int):
        return pointwise(input.own_trace, scalars.minimum, input, dim)
    return _extreme(input, -input, dim, keepdim, lambda m: -m)


def _extreme(input: Tensor, x: Tensor, dim: int, keepdim: bool, signed: Callable[[Tensor], Tensor]) -> Extremes:
    if not input.ndim:
        return Extremes(input, _Places())
    (axis,) = axes_of(input, dim)
    values = reduction(x, lambda a: a, [axis], "first", "m")
    if not keepdim:
        return Extremes(signed(values), Indices(lambda: first_place(x, axis, values)))
    places = Indices(lambda: kept(first_place(x, axis, values), [axis], x.ndim).tensor())
    return Extremes(signed(kept(values, [axis], x.ndim)), places)


def _one_axis(input: Tensor, dim: Any) -> tuple[Tensor, int]:
    """The tensor and its axis; all axes as one where none is named."""
    if dim is None or not input.ndim:
        return reshape(input, [-1]), 0
    return input, axes_of(input, dim)[0]


class Both(NamedTuple):
    """The smallest and the largest."""

    min: Tensor
    max: Tensor


@word()
def aminmax(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Both:
    """min_k x[i,k] and max_k x[i,k]; ties share the derivative"""
    return Both(amin(input, dim, keepdim), amax(input, dim, keepdim))


@word(numpy="argmax")
def argmax(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """o[n] = where the largest entry of x[n,k] stands, of ties the first, to pick entries by; derivative 0"""
    x, axis = _one_axis(input, dim)
    place = first_place(x, axis)
    return kept(place, [axis] if dim is not None else list(range(input.ndim)), input.ndim) if keepdim else place


@word(numpy="argmin")
def argmin(input: Tensor, dim: Any = None, keepdim: bool = False) -> Tensor:
    """o[n] = where the smallest entry of x[n,k] stands, of ties the first, to pick entries by; derivative 0"""
    return argmax(-input, dim, keepdim)


@word(numpy="count_nonzero")
def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """y[i] = Σ_k [x[i,k] ≠ 0]; derivative 0"""
    return sum(mask_of(input), dim)


@word(torch="special.logsumexp")
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """y[i] = log Σ_k exp(x[i,k])"""
    return log(reduced(input, dim, keepdim, sp.exp))


def _last_if_clear(x: Tensor, dim: int | None, word: str) -> int:
    if dim is None and x.ndim > 1:
        raise mistake("SN108", f"{word} of {show(x.shape)} needs dim=", "dim=1 for one distribution in each row")
    return -1 if dim is None else dim


@word(torch="special.softmax")
def softmax(input: Tensor, dim: int | None = None) -> Tensor:
    """y[i,k] = exp(x[i,k]) / Σ_m exp(x[i,m])"""
    total = reduced(input, _last_if_clear(input, dim, "softmax"), True, sp.exp)
    return pointwise(input.own_trace, lambda a, s: sp.exp(a) / s, input, total, hint="P")


@word(method=False)
def softmin(input: Tensor, dim: int | None = None) -> Tensor:
    """y[i,k] = exp(-x[i,k]) / Σ_m exp(-x[i,m])"""
    total = reduced(input, _last_if_clear(input, dim, "softmin"), True, lambda a: sp.exp(-a))
    return pointwise(input.own_trace, lambda a, s: sp.exp(-a) / s, input, total, hint="P")


@word(torch="special.log_softmax")
def log_softmax(input: Tensor, dim: int | None = None) -> Tensor:
    """y[i,k] = x[i,k] - log Σ_m exp(x[i,m])"""
    total = reduced(input, _last_if_clear(input, dim, "log_softmax"), True, sp.exp)
    return pointwise(input.own_trace, lambda a, s: a - sp.log(s), input, total)
