"""The words that resize images and cut them into columns; torch's names and signatures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.calculus.ir import Delta, Index
from symnet.declare.functions.adaptive import adaptive_mean
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.selection import index_select
from symnet.declare.functions.shapes import known_size, permute, reshape
from symnet.declare.functions.windows import Axis, Sizes, each, slid, window_axes, zero_padded
from symnet.declare.tracing.constants import numbers_of
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word
from symnet.errors import SymnetError

_LINEAR = {"linear": 1, "bilinear": 2, "trilinear": 3}


@word(method=False)
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Another size: "nearest" takes one place, "linear" weighs two of each axis, "bicubic" four (Keys 1981,
    a = -3/4), "area" is the mean of each part"""
    rank = input.ndim - 2
    if rank not in (1, 2, 3) or antialias:
        raise mistake("SN108", f"interpolate of {show(input.shape)}", "[N,C] and one to three axes, no antialias")
    sizes = [known_size(input, k + 2, "interpolate") for k in range(rank)]
    wanted, factors = _sizes_wanted(input, sizes, size, scale_factor)
    if mode == "area":
        return adaptive_mean("interpolate", rank, input, wanted)
    if mode not in ("nearest", "nearest-exact") and _LINEAR.get(mode, 2 if mode == "bicubic" else 0) != rank:
        raise mistake("SN108", f"interpolate has no mode {mode!r} for {rank} axes", '"nearest", "bilinear", "area"')
    exact = recompute_scale_factor or scale_factor is None
    for k, (own, new) in enumerate(zip(sizes, wanted, strict=True)):
        step = own / new if exact else 1 / factors[k]
        if mode.startswith("nearest"):
            half = 0.5 if mode == "nearest-exact" else 0.0
            input = index_select(input, k + 2, [min(math.floor((i + half) * step), own - 1) for i in range(new)])
        elif mode == "bicubic":
            input = _cubic(input, k + 2, own, new, step, bool(align_corners))
        else:
            input = _between(input, k + 2, own, new, step, bool(align_corners))
    return input


def _sizes_wanted(x: Tensor, sizes: Sequence[int], size: Any, factor: Any) -> tuple[list[int], list[float]]:
    if (size is None) == (factor is None):
        raise mistake("SN108", "interpolate needs size= or scale_factor=, not both", "scale_factor=2")
    rank = len(sizes)
    if size is not None:
        wanted = each("interpolate", x, tuple(size) if isinstance(size, list | tuple) else size, rank, least=1)
        if wanted is None:
            raise SymnetError  # noted already
        return wanted, [1.0] * rank
    factors = [float(f) for f in (factor if isinstance(factor, list | tuple) else [factor] * rank)]
    wanted = [math.floor(s * f) for s, f in zip(sizes, factors, strict=True)]
    if len(factors) != rank or min(wanted) < 1:
        raise mistake("SN108", f"interpolate of {show(x.shape)} by {factor}: nothing is left", "a larger factor")
    return wanted, factors


def _between(x: Tensor, axis: int, own: int, new: int, step: float, align_corners: bool) -> Tensor:
    """``y[i] = (1 - w[i]) x[a[i]] + w[i] x[a[i] + 1]``, the place between them linear in i."""
    if align_corners:
        places = [i * (own - 1) / (new - 1) if new > 1 else 0.0 for i in range(new)]
    else:
        places = [max((i + 0.5) * step - 0.5, 0.0) for i in range(new)]
    low = [min(math.floor(p), own - 1) for p in places]
    high = [min(k + 1, own - 1) for k in low]
    below = index_select(x, axis, low)
    if all(p == k for p, k in zip(places, low, strict=True)):
        return below
    shape = [new if k == axis else 1 for k in range(x.ndim)]
    share = reshape(numbers_of(x.own_trace, [min(p - k, 1.0) for p, k in zip(places, low, strict=True)]), shape)
    return mapped("interpolate", lambda a, b, w: a + w * (b - a), below, index_select(x, axis, high), share)


def _cubic(x: Tensor, axis: int, own: int, new: int, step: float, align_corners: bool) -> Tensor:
    """``y[i] = Σ_k w(p[i] - a[i] - k) x[a[i] + k]``, k from -1 to 2; beyond the border stands what is at it."""
    if align_corners:
        places = [i * (own - 1) / (new - 1) if new > 1 else 0.0 for i in range(new)]
    else:
        places = [(i + 0.5) * step - 0.5 for i in range(new)]
    low = [math.floor(p) for p in places]
    shape = [new if k == axis else 1 for k in range(x.ndim)]
    operands: list[Tensor] = []
    for k in range(-1, 3):
        weights = [_keys(abs(p - a - k)) for p, a in zip(places, low, strict=True)]
        operands.append(index_select(x, axis, [min(max(a + k, 0), own - 1) for a in low]))
        operands.append(reshape(numbers_of(x.own_trace, weights), shape))
    return mapped("interpolate", lambda *o: sp.Add(*map(sp.Mul, o[::2], o[1::2])), *operands)


def _keys(d: float) -> float:
    """The weight at a distance: Keys, Cubic convolution interpolation, IEEE ASSP 29, 1981, with a = -3/4."""
    if d <= 1:
        return (1.25 * d - 2.25) * d * d + 1
    return ((-0.75 * d + 3.75) * d - 6) * d + 3 if d < 2 else 0.0


@word(method=False)
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """y[n,c, i R + p, j R + q] = x[n, (c R + p) R + q, i, j]"""
    r, (*lead, channels, height, width) = upscale_factor, input.shape
    blocks = reshape(input, [*lead, channels / (r * r), r, r, height, width])
    n = len(lead)
    mixed = permute(blocks, [*range(n), n, n + 3, n + 1, n + 4, n + 2])
    return reshape(mixed, [*lead, channels / (r * r), height * r, width * r])


@word(method=False)
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """y[n, (c R + p) R + q, i, j] = x[n,c, i R + p, j R + q]"""
    r, (*lead, channels, height, width) = downscale_factor, input.shape
    blocks = reshape(input, [*lead, channels, height / r, r, width / r, r])
    n = len(lead)
    mixed = permute(blocks, [*range(n), n, n + 2, n + 4, n + 1, n + 3])
    return reshape(mixed, [*lead, channels * r * r, height / r, width / r])


@word(method=False)
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """y[n, c G + g] = x[n, g C + c], C channels in each of G groups"""
    batch, channels, *rest = input.shape
    grouped = reshape(input, [batch, groups, channels / groups, *rest])
    return reshape(permute(grouped, [0, 2, 1, *range(3, input.ndim + 1)]), list(input.shape))


@word(torch="unfold", of_torch=False, offered=False, method=False)
def columns(input: Tensor, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1) -> Tensor:
    """F.unfold: y[n, (c P + p) Q + q, i J + j] = x[n,c, i + p, j + q], the windows of an image as columns"""
    if input.ndim == 3:
        return columns(input[None], kernel_size, dilation, padding, stride)[0]
    axes = _image_axes("unfold", input, kernel_size, dilation, padding, stride)
    padded = zero_padded(input, axes)
    n, c = (Index("n", s) for s in input.shape[:2])
    places, taps, addresses = slid(axes)
    left = (n, c, *taps, *places)
    spec = input.own_trace.new_spec((i.size for i in left), "intermediate")
    input.own_trace.define(spec, Term(left, padded.read((n, c, *addresses))))
    rows, count = sp.Mul(c.size, *(p.size for p in taps)), sp.Mul(*(i.size for i in places))
    return reshape(input.made(spec, "v"), [n.size, rows, count])


@word(method=False)
def fold(
    input: Tensor, output_size: Sizes, kernel_size: Sizes, dilation: Sizes = 1, padding: Sizes = 0, stride: Sizes = 1
) -> Tensor:
    """y[n,c,u,v] = Σ of the entries of all columns that stand at u, v: what F.unfold's adjoint is"""
    if input.ndim == 2:
        return fold(input[None], output_size, kernel_size, dilation, padding, stride)[0]
    sizes = each("fold", input, output_size, 2, least=1)
    taps = each("fold", input, kernel_size, 2, least=1)
    many = [each("fold", input, s, 2) for s in (padding, dilation, stride)]
    if sizes is None or taps is None or any(m is None for m in many):
        raise SymnetError  # noted already
    pads, dilations, strides = ([int(v) for v in m or ()] for m in many)
    axes = [Axis(s, t, step, d, p, p) for s, t, step, d, p in zip(sizes, taps, strides, dilations, pads, strict=True)]
    rows, count = (input.own_trace.fixed_size(s) for s in input.shape[1:])
    windows, area = math.prod(a.windows for a in axes), math.prod(taps)
    if input.ndim != 3 or rows is None or rows % area or count != windows:
        raise mistake("SN103", f"fold of {show(input.shape)}: {windows} columns of C * {area} rows are needed")
    shape = [input.shape[0], rows // area, *taps, *(a.windows for a in axes)]
    x = reshape(input, shape)
    n, c = Index("n", x.shape[0]), Index("c", x.shape[1])
    places, steps, addresses = slid(axes)
    out = tuple(Index("u", a.size + a.before + a.after) for a in axes)
    hits = sp.Mul(*(Delta(u, a) for u, a in zip(out, addresses, strict=True)))
    spec = x.own_trace.new_spec((n.size, c.size, *(u.size for u in out)), "intermediate")
    body = x.read((n, c, *steps, *places)) * hits
    x.own_trace.define(spec, Term((n, c, *out), body, (*steps, *places)))
    whole = x.made(spec, "v")
    if not any(pads):
        return whole
    inside = (slice(p, p + s) for p, s in zip(pads, sizes, strict=True))
    found: Tensor = whole[(slice(None), slice(None), *inside)]
    return found


def _image_axes(
    word: str, x: Tensor, kernel: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes
) -> tuple[Axis, ...]:
    taps = each(word, x, kernel, 2, least=1) if x.ndim == 4 else None
    if x.ndim != 4:
        raise mistake("SN103", f"{word} takes an image [N,C,H,W], not {show(x.shape)}")
    axes = None if taps is None else window_axes(word, x, 2, taps, stride, padding, dilation)
    if axes is None:
        raise SymnetError  # noted already
    return axes
