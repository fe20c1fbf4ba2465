"""The words that put entries in order; torch's names and signatures.

The place of an entry is counted: how many are smaller, and of equal ones how many stand before it.  So what comes in
order is a sum of masked entries, and its derivative goes back to the place that the entry came from.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Index, indices_for
from symnet.declare.functions.joining import stack
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.reductions import Extremes, extremes, kept, sum
from symnet.declare.functions.shapes import axis_of, flatten, known_size, unsqueeze
from symnet.declare.functions.slices import select, sliced
from symnet.declare.tracing.computed import Indices, Places, placed
from symnet.declare.tracing.constants import constant_values, flat
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


def ranked(x: Tensor, axis: int, descending: bool = False) -> Tensor:
    """``rank[i] += [x[i] > x[j]] + [x[i] = x[j]] [i > j]`` along an axis."""
    left, other = indices_for(x.shape), Index("j", x.shape[axis])
    own, beside = x.read(left), x.read((*left[:axis], other, *left[axis + 1 :]))
    before = scalars.greater(beside, own) if descending else scalars.greater(own, beside)
    rank = x.own_trace.new_spec(x.shape, "intermediate")
    x.own_trace.define(
        rank, Term(left, before + scalars.equal(own, beside) * scalars.greater(left[axis], other), (other,))
    )
    return x.made(rank, "rank")


def in_order(x: Tensor, axis: int, descending: bool = False) -> Tensor:
    """``y[k] += [k = rank[i]] x[i]`` along an axis."""
    rank, spec = ranked(x, axis, descending), x.own_trace.new_spec(x.shape, "intermediate")
    x.own_trace.define(spec, _of_the_kth(rank, axis, lambda entry, address: x.read(address)))
    return x.made(spec, "ordered")


def order(x: Tensor, axis: int, descending: bool = False) -> Places:
    """``o[k] += [k = rank[i]] i`` along an axis: where the k-th entry stands."""
    rank, spec = ranked(x, axis, descending), x.own_trace.new_spec(x.shape, "intermediate")
    x.own_trace.define(spec, _of_the_kth(rank, axis, lambda entry, address: entry))
    return placed(x, spec, x.shape[axis], (axis,))


def _of_the_kth(rank: Tensor, axis: int, value: Callable[[Index, tuple[sp.Expr, ...]], sp.Expr]) -> Term:
    out, entry = indices_for(rank.shape), Index("i", rank.shape[axis])
    address = (*out[:axis], entry, *out[axis + 1 :])
    return Term(out, scalars.equal(out[axis], rank.read(address)) * value(entry, address), (entry,))


@word()
def sort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """y[k] = the k-th smallest (largest) entry along an axis; equal ones stay in the order in which they stand"""
    if not input.ndim:
        return extremes(input, True)
    at = axis_of(input, dim, input.ndim)
    return Extremes(in_order(input, at, descending), Indices(lambda: order(input, at, descending)))


@word(numpy="argsort")
def argsort(input: Tensor, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """o[k] = where the k-th smallest (largest) entry stands, to pick entries by: x[o]; derivative 0"""
    return order(input, axis_of(input, dim, input.ndim), descending)


@word()
def msort(input: Tensor) -> Tensor:
    """The entries of each column, smallest first"""
    return in_order(input, 0) if input.ndim else input


@word()
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The k largest (smallest) entries along an axis, in order"""
    if not input.ndim:
        return extremes(input, True)
    at = axis_of(input, dim, input.ndim)
    if not 0 < k <= known_size(input, at, "topk"):
        raise mistake("SN104", f"topk of {k} entries along axis {at} of {show(input.shape)}")
    first = slice(0, k)
    places = Indices(lambda: sliced(order(input, at, largest), at, first).tensor())
    return Extremes(sliced(in_order(input, at, largest), at, first), places)


@word()
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest entry along an axis, k from 1"""
    if not input.ndim:
        return extremes(input, True)
    at = axis_of(input, dim, input.ndim)
    if not 0 < k <= known_size(input, at, "kthvalue"):
        raise mistake("SN104", f"kthvalue {k} along axis {at} of {show(input.shape)}", "k is from 1 to the size")
    found = select(in_order(input, at), at, k - 1)
    return extremes(unsqueeze(found, at) if keepdim else found, True)


@word(torch="nanmedian")
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle entry, of an even number the smaller of both; over all axes equal entries share the derivative"""
    if dim is not None:
        size = known_size(input, axis_of(input, dim, input.ndim), "median") if input.ndim else 1
        return kthvalue(input, (size + 1) // 2, dim, keepdim)
    if not input.ndim:
        return input
    flat = flatten(input)
    middle = select(in_order(flat, 0), 0, (known_size(flat, 0, "median") - 1) // 2)
    equal = mapped("median", scalars.equal, flat, middle)
    return sum(equal * flat) / sum(equal)


@word(torch="nanquantile")
def quantile(
    input: Tensor, q: Any, dim: int | None = None, keepdim: bool = False, interpolation: str = "linear"
) -> Tensor:
    """y = x[k] + (p - k) (x[k+1] - x[k]) of the entries in order, p = q (K - 1) and k its whole part; q is a
    number, or several that are given, one row for each"""
    levels = constant_values(q) if isinstance(q, Tensor) else None
    if levels is not None:
        each = [quantile(input, float(level), dim, keepdim, interpolation) for level in flat(levels)]
        return stack(each, 0) if q.ndim else each[0]
    if not isinstance(q, int | float) or not 0 <= q <= 1:
        raise mistake("SN108", f"quantile of {q!r}", "one number from 0 to 1")
    if not input.ndim:
        return input
    x, at = (flatten(input), 0) if dim is None else (input, axis_of(input, dim, input.ndim))
    ordered, place = in_order(x, at), q * (known_size(x, at, "quantile") - 1)
    low, high = math.floor(place), math.ceil(place)
    share = {"linear": place - low, "lower": 0.0, "higher": 1.0, "midpoint": 0.5}.get(interpolation)
    if interpolation == "nearest":
        low = high = round(place)
    elif share is None:
        raise mistake("SN108", f"quantile has no interpolation={interpolation!r}", '"linear", "lower", "midpoint"')
    first, second = select(ordered, at, low), select(ordered, at, high)
    weight = sp.Rational(repr(float(share or 0.0)))
    found = first if low == high else mapped("quantile", lambda a, b: a + weight * (b - a), first, second)
    return kept(found, list(range(input.ndim)) if dim is None else [at], input.ndim) if keepdim else found
