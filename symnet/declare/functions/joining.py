"""The words that put tensors beside each other: stacking, joining, padding, repeating; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from symnet.calculus.ir import Delta, Index, indices_for
from symnet.calculus.quotients import Mod
from symnet.declare.functions.masks import full
from symnet.declare.functions.pointwise import as_exact
from symnet.declare.functions.selection import index_select
from symnet.declare.functions.shapes import axis_of, expand, flatten, known_size, listed, reshape
from symnet.declare.functions.slices import flip, sliced
from symnet.declare.tracing.constants import constant_values, flat
from symnet.declare.tracing.indexing import subscript
from symnet.declare.tracing.primitives import number, readdressed, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


def _tensors(parts: Sequence[Any]) -> list[Tensor]:
    """The parts with their single numbers as constant tensors."""
    if not len(parts):
        raise mistake("SN107", "there is nothing in the list to join", "give at least one tensor")
    return [p if isinstance(p, Tensor) else full((), p) for p in parts]


@word(numpy="stack", method=False)
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors of one shape beside each other along a new axis: y[i,k] = tensors[k][i]"""
    tensors = _tensors(tensors)
    first = tensors[0]
    if not all(first.own_trace.same_shape(t.shape, first.shape) for t in tensors):
        raise mistake("SN103", f"stack needs tensors of one shape, not {', '.join(show(t.shape) for t in tensors)}")
    at = axis_of(first, dim, first.ndim + 1)
    spec = first.own_trace.new_spec((*first.shape[:at], sp.Integer(len(tensors)), *first.shape[at:]), "intermediate")
    for place, tensor in enumerate(tensors):
        left = indices_for(spec.shape)
        rest = left[:at] + left[at + 1 :]
        first.own_trace.define(spec, Term(left, Delta(left[at], sp.Integer(place)) * tensor.read(rest)))
    return first.made(spec, "v")


@word(torch=("concat", "concatenate"), numpy=("concatenate", "concat"), method=False)
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Tensors one after the other along an axis: y[n + k] = tensors[m][k], n the length of those before"""
    first = tensors[0]
    at = axis_of(first, dim, first.ndim)
    if first.ndim and first.spec.integer and all(t.spec.name == first.spec.name for t in tensors):
        return repeat(first, *(len(tensors) if k == at else 1 for k in range(first.ndim)))  # labels stay labels
    rests = {(t.ndim, t.shape[:at], t.shape[at + 1 :]) for t in tensors}
    if len(rests) > 1 or not first.ndim:
        shapes = ", ".join(show(t.shape) for t in tensors)
        raise mistake("SN103", f"cat along axis {at} of {shapes}", "all other sizes must be equal")
    total = sp.Add(*(t.shape[at] for t in tensors))
    spec = first.own_trace.new_spec((*first.shape[:at], total, *first.shape[at + 1 :]), "intermediate")
    offset: sp.Expr = sp.S.Zero
    for tensor in tensors:
        left, size = list(indices_for(spec.shape)), tensor.shape[at]
        own: sp.Expr = sp.S.Zero if size == 1 else Index("k", size)
        read = tensor.read((*left[:at], own, *left[at + 1 :]))
        first.own_trace.define(
            spec, Term(tuple(left), Delta(left[at], own + offset) * read, (own,) if size != 1 else ())
        )
        offset = offset + tensor.shape[at]
    return first.made(spec, "v")


@word(numpy="hstack", method=False)
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Vectors end to end, matrices side by side"""
    parts = [t if t.ndim else reshape(t, 1) for t in _tensors(tensors)]
    return cat(parts, 0 if parts[0].ndim < 2 else 1)


@word(numpy="column_stack", method=False)
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Vectors as columns, matrices side by side"""
    return cat([t if t.ndim > 1 else reshape(t, -1, 1) for t in _tensors(tensors)], 1)


@word(torch="row_stack", numpy="vstack", method=False)
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Vectors as rows, matrices below each other"""
    return cat([t if t.ndim > 1 else subscript(t, (None, slice(None))) for t in _tensors(tensors)], 0)


@word()
def roll(input: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """y[i] = x[(i - shift) % K]"""
    if dims is None:
        return reshape(roll(flatten(input), shifts, 0), list(input.shape))
    for shift, dim in zip(listed((shifts,)), listed((dims,)), strict=True):
        at = axis_of(input, dim, input.ndim)
        known = known_size(input, at, "roll")
        cut = (known - int(shift)) % known
        if cut and input.spec.integer:
            left = tuple(Index("i", s) for s in input.shape)
            input = readdressed(input, left, [Mod(i + cut, known) if k == at else i for k, i in enumerate(left)])
        elif cut:
            input = cat([sliced(input, at, slice(cut, known)), sliced(input, at, slice(0, cut))], at)
    return input


@word(torch="fft.fftshift", numpy="fft.fftshift", of_torch=False, method=False)
def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """y[i] = x[(i - ⌊K/2⌋) % K] along all axes or those named: what is first comes to the middle"""
    return _shifted(input, dim, lambda size: size // 2)


@word(torch="fft.ifftshift", numpy="fft.ifftshift", of_torch=False, method=False)
def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """y[i] = x[(i + ⌊K/2⌋) % K], which takes fftshift back"""
    return _shifted(input, dim, lambda size: -(size // 2))


def _shifted(input: Tensor, dim: Any, shift: Callable[[int], int]) -> Tensor:
    axes = range(input.ndim) if dim is None else [axis_of(input, d, input.ndim) for d in listed((dim,))]
    for axis in axes:
        input = roll(input, shift(known_size(input, axis, "fftshift")), axis)
    return input


@word()
def tile(input: Tensor, *dims: Any) -> Tensor:
    """The tensor repeated so often along each axis"""
    counts = listed(dims)
    return repeat(input, *([1] * (input.ndim - len(counts)) + counts))


@word()
def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """The tensor repeated so often along each axis, new axes in front: y[i] = x[i % K]"""
    counts = listed(repeats)
    if len(counts) < input.ndim:
        raise mistake("SN103", f"repeat of {show(input.shape)} needs a count for each axis, not {tuple(counts)}")
    counts = [as_exact(c) for c in counts]
    if any(c == 0 for c in counts):
        raise mistake("SN103", f"{show(input.shape)} repeated {tuple(counts)} times has no entries", "repeat it once")
    shape = (*(sp.S.One for _ in range(len(counts) - input.ndim)), *input.shape)
    spread = reshape(input, [size for s in shape for size in (1, s)])
    repeated = expand(spread, *(size for s, c in zip(shape, counts, strict=True) for size in (c, s)))
    return reshape(repeated, [s * c for s, c in zip(shape, counts, strict=True)])


@word(numpy="repeat")
def repeat_interleave(input: Tensor, repeats: Any, dim: int | None = None, output_size: int | None = None) -> Tensor:
    """Each entry of an axis repeated in place: y[i] = x[i // r]"""
    if dim is None:
        return repeat_interleave(flatten(input), repeats, 0)
    at = axis_of(input, dim, input.ndim)
    counts = constant_values(repeats) if isinstance(repeats, Tensor) else None
    if counts is not None:
        numbers = [int(n) for n in flat(counts)]
        numbers = numbers * known_size(input, at, "repeat_interleave") if len(numbers) == 1 else numbers
        return index_select(input, at, [k for k, n in enumerate(numbers) for _ in range(n)])
    times = as_exact(repeats)
    after = input.shape[at + 1 :]
    wide = subscript(input, (*(slice(None),) * (at + 1), None))
    wide = expand(wide, *input.shape[: at + 1], times, *after)
    return reshape(wide, [*input.shape[:at], input.shape[at] * times, *after])


@word(method=False)
def pad(input: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """The tensor with a border, the last axes first: a constant, or "reflect", "replicate", "circular" """
    widths = [_width(input, p) for p in pad]
    for place in range(0, len(widths), 2):
        axis = input.ndim - 1 - place // 2
        if axis < 0:
            raise mistake("SN103", f"pad of {show(input.shape)} has a border for axes that do not exist")
        before, after = (max(w, 0) for w in widths[place : place + 2])
        cut, end = (max(-w, 0) for w in widths[place : place + 2])
        if mode == "circular":  # what is taken away first does not come round
            input, cut, end = _cut(input, axis, cut, end), 0, 0
        if mode == "constant":
            input = framed(input, axis, before, after, as_exact(value or 0.0))
        elif before or after:
            input = cat(_neighbours(input, axis, before, after, mode), axis)
        input = _cut(input, axis, cut, end)  # from what was added too
    return input


@word(method=False, offered=False)
def constant_pad_nd(input: Tensor, pad: Any, value: float = 0) -> Tensor:
    """The tensor with a border of one number"""
    return bordered(input, pad, "constant", value)


def _width(x: Tensor, width: Any) -> int:
    """A border as a number; that of a size is fixed from then on."""
    size = number(width)
    known = None if size is None or not size.is_integer else x.own_trace.fixed_size(size)
    if known is None:
        what = "a border is a whole number" if size is None or not size.is_integer else "the data bring this size"
        raise mistake("SN104", f"pad by {width}: {what}", "a border is a number, or a size that has one: sn.dims(T=8)")
    return known


def _cut(x: Tensor, axis: int, before: int, after: int) -> Tensor:
    """What a negative border leaves."""
    if not before and not after:
        return x
    return sliced(x, axis, slice(before, known_size(x, axis, "a negative border") - after))


def framed(x: Tensor, axis: int, before: sp.Expr | int, after: sp.Expr | int, value: sp.Expr = sp.S.Zero) -> Tensor:
    """The tensor with so many places more before and after those of one axis."""
    before, after = sp.sympify(before), sp.sympify(after)
    if before == after == 0:
        return x
    size = x.shape[axis]
    spec = x.own_trace.new_spec((*x.shape[:axis], size + before + after, *x.shape[axis + 1 :]), "intermediate")

    def term(own: Index, offset: sp.Expr, inside: bool) -> Term:
        left = list(indices_for(spec.shape))
        body = x.read((*left[:axis], own, *left[axis + 1 :])) if inside else value
        return Term(tuple(left), Delta(left[axis], own + offset) * body, (own,))

    terms = [term(Index("k", size), before, True)]
    if value != 0:
        terms += [term(Index("k", before), sp.S.Zero, False)] if before else []
        terms += [term(Index("k", after), size + before, False)] if after else []
    x.own_trace.define(spec, *terms)
    return x.made(spec, "v")


def _neighbours(x: Tensor, axis: int, before: int, after: int, mode: str) -> list[Tensor]:
    known = known_size(x, axis, f"a {mode} border")
    limit = {"reflect": known - 1, "circular": known, "replicate": None}
    if mode not in limit:
        raise mistake("SN108", f"pad has no mode {mode!r}", '"constant", "reflect", "replicate", "circular"')
    most = limit[mode]
    if most is not None and max(before, after) > most:
        raise mistake("SN103", f"a {mode} border of {max(before, after)} on an axis of {known}")
    if mode == "reflect":
        first, last = slice(1, before + 1), slice(known - 1 - after, known - 1)
        return [
            *([flip(sliced(x, axis, first), axis)] if before else []),
            x,
            *([flip(sliced(x, axis, last), axis)] if after else []),
        ]
    if mode == "circular":
        parts = ((known - before, known), None, (0, after))
        return [x if p is None else sliced(x, axis, slice(*p)) for p in parts if p is None or p[0] < p[1]]
    first_entry, last_entry = sliced(x, axis, slice(0, 1)), sliced(x, axis, slice(known - 1, known))
    return [*([first_entry] * before), x, *([last_entry] * after)]


bordered = pad
