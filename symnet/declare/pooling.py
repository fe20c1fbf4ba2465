"""Pooling: the largest or the mean place of each window; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import sympy as sp

from symnet.calculus.ir import Index
from symnet.declare.primitives import show
from symnet.declare.tensor import Tensor, require_tensor
from symnet.declare.trace import Term
from symnet.declare.windows import Axis, Sizes, slid, window_axes, zero_padded
from symnet.declare.words import word


@word(method=False)
def max_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """y[n,c,i] = max_p x[n,c, stride i + dilation p - padding]; the first of equal places gets the derivative"""
    options = {"ceil_mode": ceil_mode, "return_indices": return_indices}
    return _pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, "max", options)


@word(method=False)
def max_pool2d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """As max_pool1d over two axes, the first place in row-major order"""
    options = {"ceil_mode": ceil_mode, "return_indices": return_indices}
    return _pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, "max", options)


@word(method=False)
def max_pool3d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:
    """As max_pool1d over three axes"""
    options = {"ceil_mode": ceil_mode, "return_indices": return_indices}
    return _pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, "max", options)


@word(method=False)
def avg_pool1d(
    input: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """y[n,c,i] = (1/P) Σ_p x[n,c, stride i + p - padding], zeros of the padding counted"""
    options = {"ceil_mode": ceil_mode, "count_include_pad=False": not count_include_pad}
    return _pool("avg_pool1d", 1, input, kernel_size, stride, padding, 1, "mean", options)


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
    options = {
        "ceil_mode": ceil_mode,
        "count_include_pad=False": not count_include_pad,
        "divisor_override": divisor_override,
    }
    return _pool("avg_pool2d", 2, input, kernel_size, stride, padding, 1, "mean", options)


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
    options = {
        "ceil_mode": ceil_mode,
        "count_include_pad=False": not count_include_pad,
        "divisor_override": divisor_override,
    }
    return _pool("avg_pool3d", 3, input, kernel_size, stride, padding, 1, "mean", options)


@word(method=False)
def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
    """The mean over equal parts of the axis; its size is a multiple of ``output_size``"""
    return _adaptive("adaptive_avg_pool1d", 1, input, output_size, "mean")


@word(method=False)
def adaptive_avg_pool2d(input: Tensor, output_size: Sizes) -> Tensor:
    """As adaptive_avg_pool1d over two axes"""
    return _adaptive("adaptive_avg_pool2d", 2, input, output_size, "mean")


@word(method=False)
def adaptive_avg_pool3d(input: Tensor, output_size: Sizes) -> Tensor:
    """As adaptive_avg_pool1d over three axes"""
    return _adaptive("adaptive_avg_pool3d", 3, input, output_size, "mean")


@word(method=False)
def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Tensor:
    """The largest place of equal parts of the axis; its size is a multiple of ``output_size``"""
    return _adaptive("adaptive_max_pool1d", 1, input, output_size, "max", {"return_indices": return_indices})


@word(method=False)
def adaptive_max_pool2d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Tensor:
    """As adaptive_max_pool1d over two axes"""
    return _adaptive("adaptive_max_pool2d", 2, input, output_size, "max", {"return_indices": return_indices})


@word(method=False)
def adaptive_max_pool3d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Tensor:
    """As adaptive_max_pool1d over three axes"""
    return _adaptive("adaptive_max_pool3d", 3, input, output_size, "max", {"return_indices": return_indices})


def _pool(
    word: str,
    rank: int,
    x: Tensor,
    kernel: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    kind: str,
    options: Mapping[str, object] = MappingProxyType({}),
) -> Tensor:
    if require_tensor(x, word).broken or not _rank_fits(word, rank, x) or not _defaults(word, x, options):
        return x.as_broken()
    taps = [kernel] * rank if isinstance(kernel, int) else list(kernel)
    taps = taps * rank if len(taps) == 1 else taps
    axes = window_axes(word, x, rank, taps, kernel if stride is None else stride, padding, dilation)
    if axes is None:
        return x.as_broken()
    if any(2 * max(a.before, a.after) > a.taps for a in axes):
        x.trace.fail("SN108", f"{word}: the padding is more than half of the kernel", help=("pad at most half of it",))
        return x.as_broken()
    return _largest(x, axes) if kind == "max" else _mean(x, axes)


def _mean(x: Tensor, axes: Sequence[Axis]) -> Tensor:
    padded = zero_padded(x, axes)
    lead = tuple(Index("n", s) for s in x.shape[: x.ndim - len(axes)])
    places, taps, addresses = slid(axes)
    count = sp.Mul(*(a.taps for a in axes))
    spec = x.trace.new_spec((i.size for i in (*lead, *places)), "intermediate")
    x.trace.define(spec, Term((*lead, *places), padded.read((*lead, *addresses)) / count, taps))
    return x.made(spec, "m")


def _largest(x: Tensor, axes: Sequence[Axis]) -> Tensor:
    lead = tuple(Index("n", s) for s in x.shape[: x.ndim - len(axes)])
    places, taps, padded = slid(axes)
    addresses = [u - a.before for u, a in zip(padded, axes, strict=True)]
    guard = [g for u, a in zip(addresses, axes, strict=True) for g in _inside(u, a)]
    spec = x.trace.new_spec((i.size for i in (*lead, *places)), "intermediate")
    body = x.read((*lead, *addresses))
    x.trace.define(spec, Term((*lead, *places), body, taps, "max", tuple(guard), "first"))
    return x.made(spec, "m")


def _inside(address: sp.Expr, axis: Axis) -> list[sp.Expr]:
    """The bounds of the axis that a window may cross."""
    last = axis.stride * (axis.windows - 1) + axis.span - 1 - axis.before
    return [address] * (axis.before > 0) + [axis.size - 1 - address] * (last > axis.size - 1)


def _adaptive(
    word: str,
    rank: int,
    x: Tensor,
    output: Sizes,
    kind: str,
    options: Mapping[str, object] = MappingProxyType({}),
) -> Tensor:
    if require_tensor(x, word).broken or not _rank_fits(word, rank, x) or not _defaults(word, x, options):
        return x.as_broken()
    wanted = [output] * rank if isinstance(output, int) else list(output)
    sizes = [x.trace.fixed_size(s) for s in x.shape[-rank:]]
    parts = [s if w is None else w for s, w in zip(sizes, wanted, strict=True)]
    if any(s is None or not isinstance(w, int) or w < 1 or s % w for s, w in zip(sizes, parts, strict=True)):
        message = f"{word}: {show(x.shape[-rank:])} cannot be cut into {tuple(parts)} equal parts"
        x.trace.fail("SN108", message, help=("each size must be a multiple of the output size",))
        return x.as_broken()
    kernel = [int(s or 1) // int(w or 1) for s, w in zip(sizes, parts, strict=True)]
    return _pool(word, rank, x, kernel, None, 0, 1, kind)


def _defaults(word: str, x: Tensor, options: Mapping[str, object]) -> bool:
    """Whether every option is at its default; what is not is refused by name."""
    said = [name for name, value in options.items() if value not in (None, False)]
    if said:
        x.trace.fail("SN108", f"{word} has no {said[0]}", help=("leave it out",))
    return not said


def _rank_fits(word: str, rank: int, x: Tensor) -> bool:
    if x.ndim in (rank + 1, rank + 2):
        return True
    x.trace.fail("SN103", f"{word} takes {rank + 1} or {rank + 2} axes, not {show(x.shape)}")
    return False
