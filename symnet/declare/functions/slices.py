"""The words that take parts of axes: slices, pieces, windows side by side; torch's names and signatures."""

from __future__ import annotations

from typing import Any

from symnet.calculus.ir import Index
from symnet.declare.functions.shapes import axis_of, known_size, listed
from symnet.declare.tracing.indexing import subscript
from symnet.declare.tracing.primitives import number, readdressed
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake, word
from symnet.errors import SymnetError


@word()
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis of known size"""
    at = axis_of(input, dim, input.ndim)
    return tuple(select(input, at, k) for k in range(known_size(input, at, "unbind")))


@word()
def select(input: Tensor, dim: int, index: Any) -> Tensor:
    """y[i,j] = x[i,k,j] for one place k of an axis"""
    return subscript(input, (*(slice(None),) * axis_of(input, dim, input.ndim), index))


@word()
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """y[i,j] = x[i,start+j]"""
    return sliced(input, axis_of(input, dim, input.ndim), slice(start, start + length))


def sliced(x: Tensor, axis: int, part: slice) -> Tensor:
    """A slice of one axis.  Raises SymnetError where nothing is left, which is noted already."""
    found = subscript(x, (*(slice(None),) * axis, part))
    if found.broken:
        raise SymnetError
    return found


def _number(x: Tensor, size: Any) -> int:
    """The number of a size, on which the equations rest from then on.  Raises SymnetError for anything else."""
    exact = None if isinstance(size, bool | float) else number(size)
    known = None if exact is None else x.own_trace.fixed_size(exact)
    if known is None or known < 1:
        raise mistake("SN104", f"a part of size {size!r}", "a positive number, or a size that has one")
    return known


@word(torch=("unsafe_split",))
def split(input: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """The parts of an axis: pieces of one size, or of given sizes"""
    at = axis_of(input, dim, input.ndim)
    known = known_size(input, at, "split")
    sizes = split_size_or_sections
    if isinstance(sizes, list | tuple):
        sizes = [_number(input, s) for s in sizes]
    else:
        step = _number(input, sizes)
        sizes = [min(step, known - k) for k in range(0, known, step)]
    if sum(sizes) != known:
        raise mistake("SN103", f"parts of sizes {list(sizes)} do not make an axis of {known}")
    starts = [sum(sizes[:k]) for k in range(len(sizes))]
    return tuple(sliced(input, at, slice(s, s + n)) for s, n in zip(starts, sizes, strict=True))


@word(torch=("unsafe_chunk",))
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many parts of an axis, all of one size but the last"""
    known = known_size(input, axis_of(input, dim, input.ndim), "chunk")
    return split(input, -(-known // int(chunks)), dim)


@word()
def flip(input: Tensor, *dims: Any) -> Tensor:
    """y[i] = x[K-1-i]"""
    axes = [axis_of(input, d, input.ndim) for d in listed(dims)]
    left = tuple(Index("i", s) for s in input.shape)
    return readdressed(input, left, [i.size - 1 - i if k in axes else i for k, i in enumerate(left)])


@word(torch="Tensor.unfold", of_torch=False)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """y[i,k] = x[i step + k]: windows of an axis, side by side as a new last axis"""
    if not input.ndim:
        input = subscript(input, None)
        return input if size == 1 else unfold(input, 0, size, step)
    at = axis_of(input, dimension, input.ndim)
    known = known_size(input, at, "unfold")
    if size > known:
        raise mistake("SN103", f"a window of {size} on an axis of {known}")
    left = [Index("i", s) for s in input.shape]
    left[at] = Index("i", (known - size) // step + 1)
    tap = Index("k", size)
    addresses = [i * step + tap if k == at else i for k, i in enumerate(left)]
    return readdressed(input, (*left, tap), addresses)
