"""Pooling into a given number of parts, which may overlap by a place; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.calculus.ir import Index
from symnet.declare.functions.pooling import averaged, largest
from symnet.declare.functions.reductions import extremes
from symnet.declare.functions.windows import Axis, Sizes
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor, require_tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


@word(method=False)
def adaptive_avg_pool1d(input: Tensor, output_size: Sizes) -> Tensor:
    """y[n,c,i] = the mean of x[n,c,u] over floor(i S / O) <= u < ceil((i + 1) S / O), S places to O"""
    return adaptive_mean("adaptive_avg_pool1d", 1, input, output_size)


@word(method=False)
def adaptive_avg_pool2d(input: Tensor, output_size: Sizes) -> Tensor:
    """As adaptive_avg_pool1d over two axes"""
    return adaptive_mean("adaptive_avg_pool2d", 2, input, output_size)


@word(method=False)
def adaptive_avg_pool3d(input: Tensor, output_size: Sizes) -> Tensor:
    """As adaptive_avg_pool1d over three axes"""
    return adaptive_mean("adaptive_avg_pool3d", 3, input, output_size)


@word(torch="adaptive_max_pool1d_with_indices", method=False)
def adaptive_max_pool1d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Any:
    """The largest x[n,c,u] over floor(i S / O) <= u < ceil((i + 1) S / O), S places to O; the first of equal ones"""
    return extremes(_adaptive_largest("adaptive_max_pool1d", 1, input, output_size), return_indices)


@word(torch="adaptive_max_pool2d_with_indices", method=False)
def adaptive_max_pool2d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Any:
    """As adaptive_max_pool1d over two axes"""
    return extremes(_adaptive_largest("adaptive_max_pool2d", 2, input, output_size), return_indices)


@word(torch="adaptive_max_pool3d_with_indices", method=False)
def adaptive_max_pool3d(input: Tensor, output_size: Sizes, return_indices: bool = False) -> Any:
    """As adaptive_max_pool1d over three axes"""
    return extremes(_adaptive_largest("adaptive_max_pool3d", 3, input, output_size), return_indices)


def adaptive_mean(word: str, rank: int, x: Tensor, output: Sizes) -> Tensor:
    """The mean over each part: windows where the parts are equal, else sums under the bounds of the part."""
    sizes, parts = _parts(word, rank, x, output)
    if not any(s % n for s, n in zip(sizes, parts, strict=True)):
        return averaged(x, _equal(sizes, parts), True, None)
    lead, places, whole, guard = _bounds(x, sizes, parts)
    counts = [_count(x, i, u) for i, u in zip(places, whole, strict=True)]
    spec = x.own_trace.new_spec((i.size for i in (*lead, *places)), "intermediate")
    body = x.read((*lead, *whole)) / sp.Mul(*counts)
    x.own_trace.define(spec, Term((*lead, *places), body, whole, guard=tuple(guard)))
    return x.made(spec, "m")


def _adaptive_largest(word: str, rank: int, x: Tensor, output: Sizes) -> Tensor:
    sizes, parts = _parts(word, rank, x, output)
    if not any(s % n for s, n in zip(sizes, parts, strict=True)):
        return largest(x, _equal(sizes, parts))
    lead, places, whole, guard = _bounds(x, sizes, parts)
    spec = x.own_trace.new_spec((i.size for i in (*lead, *places)), "intermediate")
    x.own_trace.define(spec, Term((*lead, *places), x.read((*lead, *whole)), whole, "max", tuple(guard), "first"))
    return x.made(spec, "m")


def _parts(word: str, rank: int, x: Tensor, output: Sizes) -> tuple[list[int], list[int]]:
    """The sizes of the last axes and the numbers of their parts.  Raises SymnetError for what is neither."""
    require_tensor(x, word)
    if x.ndim not in (rank + 1, rank + 2):
        raise mistake("SN103", f"{word} takes {rank + 1} or {rank + 2} axes, not {show(x.shape)}")
    wanted = [output] * rank if isinstance(output, int) else list(output)
    wanted = wanted * rank if len(wanted) == 1 else wanted
    sizes = [x.own_trace.fixed_size(s) for s in x.shape[-rank:]]
    parts = [s if w is None else w for s, w in zip(sizes, wanted, strict=False)]
    if len(wanted) != rank or any(s is None for s in sizes) or not all(isinstance(w, int) and w > 0 for w in parts):
        message = f"{word}: {show(x.shape[-rank:])} cannot be cut into {tuple(wanted)} parts"
        raise mistake("SN108", message, "numbers for the sizes and for the parts")
    return [int(s or 0) for s in sizes], [int(w or 0) for w in parts]


def _equal(sizes: Sequence[int], parts: Sequence[int]) -> tuple[Axis, ...]:
    return tuple(Axis(s, s // n, s // n, 1) for s, n in zip(sizes, parts, strict=True))


Bounds = tuple[tuple[Index, ...], tuple[Index, ...], tuple[Index, ...], list[sp.Expr]]


def _bounds(x: Tensor, sizes: Sequence[int], parts: Sequence[int]) -> Bounds:
    """The leading indices, those of the parts, those of all places, and which place lies in which part."""
    lead = tuple(Index("n", s) for s in x.shape[: x.ndim - len(sizes)])
    places = tuple(Index("i", n) for n in parts)
    whole = tuple(Index("u", s) for s in sizes)
    return lead, places, whole, [g for i, u in zip(places, whole, strict=True) for g in _within(i, u)]


def _within(part: Index, place: Index) -> tuple[sp.Expr, sp.Expr]:
    """``floor(i S / O) <= u`` is ``i S < (u + 1) O``, and ``u < ceil((i + 1) S / O)`` is ``u O < (i + 1) S``."""
    return (place + 1) * part.size - part * place.size - 1, (part + 1) * place.size - place * part.size - 1


def _count(x: Tensor, part: Index, place: Index) -> sp.Expr:
    """How many places a part has: a number, or where they differ the read of a tensor of them."""
    size, count = int(place.size), int(part.size)
    found = {-(-(k + 1) * size // count) - k * size // count for k in range(count)}
    if len(found) == 1:
        return sp.Integer(found.pop())
    i, u = Index("i", count), Index("u", size)
    spec = x.own_trace.new_spec((i.size,), "intermediate")
    x.own_trace.define(spec, Term((i,), sp.S.One, (u,), guard=_within(i, u)))
    return x.made(spec, "count").read((part,))
