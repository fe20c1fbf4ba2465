"""Pooling: the largest or the mean place of each window; torch's names and signatures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Index, indices_for
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.functions.reductions import Extremes
from symnet.declare.functions.windows import Axis, Sizes, each, slid, window_axes, zero_padded
from symnet.declare.tracing.computed import Indices, Places, placed
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor, require_tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word
from symnet.errors import SymnetError


@word(torch="max_pool1d_with_indices", method=False)
def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """y[n,c,i] = max_p x[n,c, stride i + dilation p - padding]; the first of equal places gets the derivative"""
    axes = pool_axes("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode)
    return _with_places(input, axes, return_indices)


@word(torch="max_pool2d_with_indices", method=False)
def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """As max_pool1d over two axes, the first place in row-major order"""
    axes = pool_axes("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode)
    return _with_places(input, axes, return_indices)


@word(torch="max_pool3d_with_indices", method=False)
def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """As max_pool1d over three axes"""
    axes = pool_axes("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode)
    return _with_places(input, axes, return_indices)


@word(method=False)
def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """y[n,c,i] = (1/P) Σ_p x[n,c, stride i + p - padding]; P counts zeros of the padding unless told otherwise"""
    axes = pool_axes("avg_pool1d", 1, input, kernel_size, stride, padding, 1, ceil_mode)
    return averaged(input, axes, count_include_pad, None)


@word(method=False)
def avg_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """As avg_pool1d over two axes"""
    axes = pool_axes("avg_pool2d", 2, input, kernel_size, stride, padding, 1, ceil_mode)
    return averaged(input, axes, count_include_pad, divisor_override)


@word(method=False)
def avg_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """As avg_pool1d over three axes"""
    axes = pool_axes("avg_pool3d", 3, input, kernel_size, stride, padding, 1, ceil_mode)
    return averaged(input, axes, count_include_pad, divisor_override)


@word(method=False)
def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """y[n,c,i] = (Σ_p x[n,c, stride i + p] ** q) ** (1/q), whose derivative at 0 is 0"""
    return _powers("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


@word(method=False)
def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """As lp_pool1d over two axes"""
    return _powers("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


@word(method=False)
def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Sizes, stride: Sizes | None = None, ceil_mode: bool = False
) -> Tensor:
    """As lp_pool1d over three axes"""
    return _powers("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)


def _powers(
    word: str, rank: int, x: Tensor, order: float, kernel: Sizes, stride: Sizes | None, ceil_mode: bool
) -> Tensor:
    """torch takes the mean over the places that a window has and multiplies it by all of its taps."""
    p = as_exact(order)
    axes = pool_axes(word, rank, x, kernel, stride, 0, 1, ceil_mode)
    mean = averaged(mapped(word, lambda a: a**p, x), axes, True, None)
    count = sp.Mul(*(a.taps for a in axes))

    def root(m: sp.Expr) -> sp.Expr:
        if p == 1:
            return scalars.sign(m) * scalars.absolute(m) * count  # the derivative at 0 is 0
        if p.is_Integer and p % 2 == 0:
            return (m * count) ** (1 / p)
        return scalars.where(scalars.equal(m, sp.S.Zero), sp.S.Zero, (m * count) ** (1 / p))

    return mapped(word, root, mean)


def pool_axes(
    word: str,
    rank: int,
    x: Tensor,
    kernel: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
) -> tuple[Axis, ...]:
    """How the windows slide over the last axes.  Raises SymnetError where they do not fit."""
    require_tensor(x, word)
    if x.ndim not in (rank + 1, rank + 2):
        raise mistake("SN103", f"{word} takes {rank + 1} or {rank + 2} axes, not {show(x.shape)}")
    taps = each(word, x, kernel, rank, least=1)
    steps = kernel if stride is None or (not isinstance(stride, int) and not len(stride)) else stride
    axes = None if taps is None else window_axes(word, x, rank, taps, steps, padding, dilation)
    if axes is None:
        raise SymnetError  # noted already
    if any(2 * max(a.before, a.after) > a.taps for a in axes):
        raise mistake("SN108", f"{word}: the padding is more than half of the kernel", "pad at most half of it")
    return tuple(map(_with_the_last, axes)) if ceil_mode else axes


def _with_the_last(axis: Axis) -> Axis:
    """The axis with a window more where one begins within it and its padding, however little of it there is."""
    windows = -(-(axis.size + axis.before + axis.after - axis.span) // axis.stride) + 1
    if (windows - 1) * axis.stride >= axis.size + axis.before:
        windows -= 1
    missing = (windows - 1) * axis.stride + axis.span - axis.size - axis.before
    return replace(axis, after=max(axis.after, missing))


def averaged(x: Tensor, axes: Sequence[Axis], count_include_pad: bool, divisor: int | None) -> Tensor:
    """``y[n,i] += x[n, stride i + p] / P``, P the places of the window that count, or the divisor."""
    if divisor == 0:
        raise mistake("SN105", "a mean with divisor_override=0", "leave it out")
    padded = zero_padded(x, axes)
    lead = tuple(Index("n", s) for s in x.shape[: x.ndim - len(axes)])
    places, taps, addresses = slid(axes)
    counts = [sp.Integer(divisor)] if divisor is not None else []
    if divisor is None:
        counts = [_places(x, a, i, count_include_pad) for a, i in zip(axes, places, strict=True)]
    spec = x.own_trace.new_spec((i.size for i in (*lead, *places)), "intermediate")
    x.own_trace.define(spec, Term((*lead, *places), padded.read((*lead, *addresses)) / sp.Mul(*counts), taps))
    return x.made(spec, "m")


def _places(x: Tensor, axis: Axis, window: Index, count_include_pad: bool) -> sp.Expr:
    """How many places of a window count: a number, or where windows differ the read of a tensor of them."""
    first, last = (-axis.before, axis.size - 1)
    if count_include_pad:  # the padding that was asked for, which a window of ceil_mode may cross
        last += min(axis.before, axis.after)
    else:
        first = 0
    starts = [k * axis.stride - axis.before for k in range(axis.windows)]
    found = {min(s + axis.taps - 1, last) - max(s, first) + 1 for s in starts}
    if len(found) == 1:
        return sp.Integer(found.pop())
    i, p = Index("i", axis.windows), Index("p", axis.taps)
    place = axis.stride * i + p - axis.before
    spec = x.own_trace.new_spec((i.size,), "intermediate")
    x.own_trace.define(spec, Term((i,), sp.S.One, (p,), guard=(place - first, last - place)))
    return x.made(spec, "count").read((window,))


def largest(x: Tensor, axes: Sequence[Axis]) -> Tensor:
    """``y[n,i] max= x[n, stride i + p]`` over the places that there are, the first of ties."""
    lead = tuple(Index("n", s) for s in x.shape[: x.ndim - len(axes)])
    places, taps, padded = slid(axes)
    addresses = [u - a.before for u, a in zip(padded, axes, strict=True)]
    guard = [g for u, a in zip(addresses, axes, strict=True) for g in _inside(u, a)]
    spec = x.own_trace.new_spec((i.size for i in (*lead, *places)), "intermediate")
    body = x.read((*lead, *addresses))
    x.own_trace.define(spec, Term((*lead, *places), body, taps, "max", tuple(guard), "first"))
    return x.made(spec, "m")


def _with_places(x: Tensor, axes: Sequence[Axis], return_indices: bool) -> Any:
    """The largest entries of the windows, and where the first of them stands in the image, counted row by row."""
    values = largest(x, axes)
    return Extremes(values, Indices(lambda: _first_places(x, axes, values))) if return_indices else values


def _first_places(x: Tensor, axes: Sequence[Axis], values: Tensor) -> Places:
    lead = tuple(Index("n", s) for s in x.shape[: x.ndim - len(axes)])
    windows, taps, padded = slid(axes)
    addresses = [u - a.before for u, a in zip(padded, axes, strict=True)]
    guard = tuple(g for u, a in zip(addresses, axes, strict=True) for g in _inside(u, a))
    place, count = row_by_row(addresses, axes), sp.Integer(math.prod(a.size for a in axes))
    largest_here = scalars.equal(x.read((*lead, *addresses)), values.read((*lead, *windows)))
    last = x.own_trace.new_spec(values.shape, "intermediate")
    x.own_trace.define(last, Term((*lead, *windows), largest_here * (count - place), taps, "max", guard))
    spec, left = x.own_trace.new_spec(values.shape, "intermediate"), indices_for(values.shape)
    x.own_trace.define(spec, Term(left, count - Tensor(x.own_trace, last).read(left)))
    disjoint = all(a.stride >= a.span for a in axes)
    return placed(x, spec, count, tuple(range(len(lead), x.ndim)) if disjoint else ())


def row_by_row(addresses: Sequence[sp.Expr], axes: Sequence[Axis]) -> sp.Expr:
    """The place in all axes together."""
    place: sp.Expr = sp.S.Zero
    for address, axis in zip(addresses, axes, strict=True):
        place = place * axis.size + address
    return place


def _inside(address: sp.Expr, axis: Axis) -> list[sp.Expr]:
    """The bounds of the axis that a window may cross."""
    last = axis.stride * (axis.windows - 1) + axis.span - 1 - axis.before
    return [address] * (axis.before > 0) + [axis.size - 1 - address] * (last > axis.size - 1)
