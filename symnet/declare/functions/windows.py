"""How a window slides over axes: its places, its taps, and the zeros around the data.

One address says it all: tap p of window i of an axis is the place ``stride · i + dilation · p``.  Zeros around the data
are a tensor of their own, so the address of a sum never leaves its axis; a maximum takes a guard instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symnet.calculus.ir import Delta, Index
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term

Sizes = int | Sequence[int]


@dataclass(frozen=True)
class Axis:
    """How a window slides over one axis of ``size`` places: ``taps`` places, each ``dilation`` after the other."""

    size: int
    taps: int
    stride: int
    dilation: int
    before: int = 0
    after: int = 0

    @property
    def span(self) -> int:
        """Places from the first tap to the last."""
        return self.dilation * (self.taps - 1) + 1

    @property
    def windows(self) -> int:
        """⌊(size + before + after - span) / stride⌋ + 1"""
        return (self.size + self.before + self.after - self.span) // self.stride + 1


def zero_padded(x: Tensor, axes: Sequence[Axis]) -> Tensor:
    """``y[n,c,u] += Σ_i δ(u, i + before) x[n,c,i]`` over the last axes; the tensor itself where nothing is added."""
    if not any(a.before or a.after for a in axes):
        return x
    lead = tuple(Index("n", s) for s in x.shape[: x.ndim - len(axes)])
    own: list[Index] = []
    left: list[Index] = []
    hits: list[sp.Expr] = []
    for axis in axes:
        i = Index("i", axis.size)
        u = Index("u", axis.size + axis.before + axis.after) if axis.before or axis.after else i
        own.append(i)
        left.append(u)
        hits += [Delta(u, i + axis.before)] if u is not i else []
    reduced = tuple(i for i in own if i not in left)
    spec = x.own_trace.new_spec((i.size for i in (*lead, *left)), "intermediate")
    x.own_trace.define(spec, Term((*lead, *left), sp.Mul(x.read((*lead, *own)), *hits), reduced))
    return x.made(spec, "padded")


def slid(axes: Sequence[Axis]) -> tuple[tuple[Index, ...], tuple[Index, ...], tuple[sp.Expr, ...]]:
    """The index of the window and of the tap for each axis, and the place that they name in the padded axis."""
    places = tuple(Index("i", a.windows) for a in axes)
    taps = tuple(Index("p", a.taps) for a in axes)
    return places, taps, tuple(a.stride * i + a.dilation * p for a, i, p in zip(axes, places, taps, strict=True))


def window_axes(
    word: str,
    x: Tensor,
    rank: int,
    taps: Sequence[sp.Expr | int],
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
) -> tuple[Axis, ...] | None:
    """The sliding over the last axes, or None after noting a mistake."""
    strides, dilations = each(word, x, stride, rank, least=1), each(word, x, dilation, rank, least=1)
    pads = each(word, x, 0 if isinstance(padding, str) else padding, rank)
    counts = [x.own_trace.fixed_size(sp.sympify(t)) for t in taps]
    sizes = [x.own_trace.fixed_size(s) for s in x.shape[-rank:]]
    if strides is None or dilations is None or pads is None:
        return None
    if any(v is None for v in (*counts, *sizes)):
        no_number(word, x)
        return None
    found = []
    for size, count, s, d, pad in zip(sizes, counts, strides, dilations, pads, strict=True):
        before = after = pad
        if isinstance(padding, str):
            before, after = _named_padding(word, x, padding, s, d * (int(count or 1) - 1))
        found.append(Axis(int(size or 1), int(count or 1), s, d, before, after))
    if any(a.windows < 1 for a in found):
        message = f"{word}: the window is larger than the input {show(x.shape)}"
        x.own_trace.fail("SN103", message, help=("pad the input, or take a smaller kernel",))
        return None
    return tuple(found)


def _named_padding(word: str, x: Tensor, padding: str, stride: int, missing: int) -> tuple[int, int]:
    if padding == "same" and stride == 1:
        return missing // 2, missing - missing // 2
    if padding != "valid":
        x.own_trace.fail(
            "SN108", f"{word} has no padding={padding!r} at stride {stride}", help=('a number, or "valid"',)
        )
    return 0, 0


def each(word: str, x: Tensor, value: Sizes, rank: int, least: int = 0) -> list[int] | None:
    """One number for each axis, or None after noting a mistake."""
    values = [value] * rank if isinstance(value, int) else list(value)
    values = values * rank if len(values) == 1 else values
    if len(values) == rank and all(isinstance(v, int) and v >= least for v in values):
        return values
    x.own_trace.fail("SN108", f"{word} takes a number or {rank} numbers >= {least}, not {value!r}")
    return None


def no_number(word: str, x: Tensor) -> Tensor:
    """The broken tensor, after noting that the word needs sizes with numbers."""
    message = f"{word} needs numbers for the axes that its window slides over: {show(x.shape)}"
    x.own_trace.fail("SN104", message, help=("sn.dims(N='batch', H=28, W=28)",))
    return x.as_broken()
