"""Convolution and its transpose; torch's names and signatures.  Both are sums of products over windows."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symnet.calculus.ir import Delta, Index
from symnet.declare.functions.shapes import reshape
from symnet.declare.functions.windows import Axis, Sizes, each, no_number, slid, window_axes, zero_padded
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor, require_tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import word


@word(method=False)
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """y[n,o,i] = Σ_{c,p} x[n,c, stride i + dilation p - padding] w[o,c,p] + b[o]"""
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@word(method=False)
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """As conv1d over two axes"""
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@word(method=False)
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """As conv1d over three axes"""
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


@word(method=False)
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """y[n,o, stride i + dilation p - padding] += Σ_c x[n,c,i] w[c,o,p], the transpose of conv1d, + b[o]"""
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@word(method=False)
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """As conv_transpose1d over two axes"""
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@word(method=False)
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """As conv_transpose1d over three axes"""
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _conv(
    word: str,
    rank: int,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    if not _ranks_fit(word, rank, x, weight):
        return x.as_broken()
    if x.ndim == rank + 1:
        return _conv(word, rank, x[None], weight, bias, stride, padding, dilation, groups)[0]
    axes = window_axes(word, x, rank, tuple(weight.shape[2:]), stride, padding, dilation)
    if axes is None or not _channels_fit(word, x, weight.shape[1] * groups, weight.shape[0], groups):
        return x.as_broken()
    xp = zero_padded(x, axes)
    n, c = Index("n", x.shape[0]), Index("c", weight.shape[1])
    o = Index("o", weight.shape[0] / groups)
    g = (Index("g", groups),) if groups > 1 else ()
    if g:  # the channels of each group on an axis of their own
        xp = reshape(xp, x.shape[0], groups, weight.shape[1], *xp.shape[2:])
        weight = reshape(weight, groups, o.size, *weight.shape[1:])
    places, taps, addresses = slid(axes)
    spec = x.own_trace.new_spec((n.size, *(i.size for i in g), o.size, *(i.size for i in places)), "intermediate")
    body = xp.read((n, *g, c, *addresses)) * weight.read((*g, o, c, *taps))
    x.own_trace.define(spec, Term((n, *g, o, *places), body, (c, *taps)))
    y = x.made(spec, "z")
    if g:
        y = reshape(y, x.shape[0], o.size * groups, *(i.size for i in places))
    return _with_bias(y, bias, rank)


def _transposed(
    word: str,
    rank: int,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Tensor:
    if not _ranks_fit(word, rank, x, weight):
        return x.as_broken()
    if x.ndim == rank + 1:
        return _transposed(word, rank, x[None], weight, bias, stride, padding, output_padding, groups, dilation)[0]
    many = [each(word, x, s, rank) for s in (stride, padding, output_padding, dilation)]
    counts = [[x.own_trace.fixed_size(s) for s in t.shape[2:]] for t in (x, weight)]
    if any(m is None for m in many) or not _channels_fit(word, x, weight.shape[0], weight.shape[1] * groups, groups):
        return x.as_broken()
    if any(s is None for s in (*counts[0], *counts[1])):
        return no_number(word, x)
    strides, crops, extras, dilations = ([int(v) for v in m or ()] for m in many)
    sizes, taps = ([int(s or 0) for s in found] for found in counts)
    slid = [Axis(0, t, s, d) for t, s, d in zip(taps, strides, dilations, strict=True)]
    full = [a.stride * (size - 1) + a.span + e for a, size, e in zip(slid, sizes, extras, strict=True)]
    y = _scattered(x, weight, slid, full, groups)
    if any(crops):
        y = y[(slice(None), slice(None), *(slice(k, f - k) for k, f in zip(crops, full, strict=True)))]
    return _with_bias(y, bias, rank)


def _scattered(x: Tensor, weight: Tensor, slid: Sequence[Axis], full: Sequence[int], groups: int) -> Tensor:
    """y[n,o,u] += Σ_{c,i,p} δ(u, stride i + dilation p) x[n,c,i] w[c,o,p]"""
    rank, lead = len(slid), x.shape[0]
    n, c, o = Index("n", lead), Index("c", x.shape[1] / groups), Index("o", weight.shape[1])
    g = (Index("g", groups),) if groups > 1 else ()
    if g:
        x = reshape(x, lead, groups, c.size, *x.shape[2:])
        weight = reshape(weight, groups, c.size, *weight.shape[1:])
    places = tuple(Index("i", size) for size in x.shape[-rank:])
    taps = tuple(Index("p", size) for size in weight.shape[-rank:])
    out = tuple(Index("u", size) for size in full)
    hits = [Delta(u, a.stride * i + a.dilation * p) for u, i, p, a in zip(out, places, taps, slid, strict=True)]
    body = x.read((n, *g, c, *places)) * weight.read((*g, c, o, *taps)) * sp.Mul(*hits)
    spec = x.own_trace.new_spec((i.size for i in (n, *g, o, *out)), "intermediate")
    x.own_trace.define(spec, Term((n, *g, o, *out), body, (c, *places, *taps)))
    y = x.made(spec, "z")
    return reshape(y, lead, o.size * groups, *full) if g else y


def _with_bias(y: Tensor, bias: Tensor | None, rank: int) -> Tensor:
    return y if bias is None or y.broken else y + bias[(slice(None), *(None,) * rank)][None]


def _ranks_fit(word: str, rank: int, x: Tensor, weight: Tensor) -> bool:
    require_tensor(x, word)
    if x.broken or require_tensor(weight, word).broken:
        return False
    if x.ndim in (rank + 1, rank + 2) and weight.ndim == rank + 2:
        return True
    wanted = f"an input of {rank + 1} or {rank + 2} axes and a weight of {rank + 2}"
    x.own_trace.fail("SN103", f"{word} takes {wanted}, not {show(x.shape)} and {show(weight.shape)}")
    return False


def _channels_fit(word: str, x: Tensor, into: sp.Expr, out: sp.Expr, groups: int) -> bool:
    fits = x.own_trace.same_size(x.shape[1], into)
    if fits and (groups == 1 or ((out / groups).is_Integer and (into / groups).is_Integer)):
        return True
    message = f"{word}: the input {show(x.shape)} has {x.shape[1]} channels, the weight takes {into}"
    if fits:
        message = f"{word}: {into} channels to {out} cannot be taken in {groups} groups"
    x.own_trace.fail("SN103", message, help=("axis 1 of the input holds the channels: [N,C,H,W]",))
    return False
