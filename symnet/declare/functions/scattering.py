"""The words that join entries at places which others name: sums, products, means, extremes; torch's names.

The places are whole numbers ``t``, and ``h[k,u] = [u = t[k]]`` says which entries meet where.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Delta, Index, indices_for
from symnet.declare.functions.joining import cat
from symnet.declare.functions.masks import ones, where
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.reductions import amax, sum
from symnet.declare.functions.scans import prod
from symnet.declare.functions.selection import labels, within
from symnet.declare.functions.shapes import axis_of, expand, known_size, movedim, reshape, unsqueeze
from symnet.declare.functions.slices import sliced
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word

_JOINED = ("sum", "prod", "mean", "amax", "amin")


@word()
def scatter_reduce(input: Tensor, dim: int, index: Any, src: Tensor, reduce: str, include_self: bool = True) -> Tensor:
    """y[u,j] = the sum, prod, mean, amax or amin of s[k,j] over the k with t[k,j] = u, and of x[u,j] if it is included;
    ties of an extreme share the derivative"""
    if not input.ndim:
        return scatter_reduce(
            input[None], 0, labels(input, index, "scatter_reduce")[None], src[None], reduce, include_self
        )[0]
    at = axis_of(input, dim, input.ndim)
    t = within(input, at, labels(input, index, "scatter_reduce"))
    if t.ndim != input.ndim or src.ndim != input.ndim:
        raise mistake(
            "SN103", f"scatter_reduce of {show(input.shape)} with labels {show(t.shape)} of {show(src.shape)}"
        )
    left, place = indices_for(t.shape), Index("u", input.shape[at])
    spec = t.own_trace.new_spec((*t.shape, place.size), "intermediate")
    t.own_trace.define(spec, Term((*left, place), Delta(place, t.read(left))))
    others = [k for k in range(input.ndim) if k != at]
    cut, part = src, input
    for k in range(input.ndim):
        if not input.own_trace.same_size(src.shape[k], t.shape[k]):
            cut = sliced(cut, k, slice(0, known_size(t, k, "scatter_reduce")))
    smaller = [k for k in others if not input.own_trace.same_size(input.shape[k], t.shape[k])]
    for k in smaller:
        part = sliced(part, k, slice(0, known_size(t, k, "scatter_reduce")))
    joined = _joined("scatter_reduce", part, at, t.made(spec, "h"), cut, reduce, include_self)
    return _put_back(input, joined, smaller)


def _put_back(x: Tensor, part: Tensor, axes: Sequence[int]) -> Tensor:
    """The tensor with its first places along some axes exchanged."""
    if not axes:
        return part
    first, *rest = axes
    size = known_size(part, first, "scatter_reduce")
    inner = _put_back(sliced(x, first, slice(0, size)), part, rest)
    return cat([inner, sliced(x, first, slice(size, None))], first)


@word()
def index_reduce(
    input: Tensor, dim: int, index: Any, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """y[u,j] = the prod, mean, amax or amin of s[k,j] over the k with t[k] = u, and of x[u,j] if it is included"""
    if not input.ndim:
        own = source if source.ndim else source[None]
        return index_reduce(
            input[None], 0, labels(input, index, "index_reduce"), own, reduce, include_self=include_self
        )[0]
    at = axis_of(input, dim, input.ndim)
    t = within(input, at, labels(input, index, "index_reduce"))
    t = t if t.ndim else t[None]
    own, place = Index("k", t.shape[0]), Index("u", input.shape[at])
    spec = t.own_trace.new_spec((own.size, place.size), "intermediate")
    t.own_trace.define(spec, Term((own, place), Delta(place, t.read((own,)))))
    shape = [t.shape[0] if k == at else 1 for k in range(input.ndim)]
    hits = reshape(t.made(spec, "h"), [*shape, place.size])
    return _joined("index_reduce", input, at, hits, source, reduce, include_self)


def _joined(word: str, x: Tensor, at: int, hits: Tensor, src: Tensor, reduce: str, own: bool) -> Tensor:
    """``y[u,j]`` of the entries that meet there, and of ``x[u,j]`` where it is included or nothing else is there."""
    if reduce not in _JOINED:
        raise mistake("SN108", f"{word} has no reduce={reduce!r}", ", ".join(map(repr, _JOINED)))
    with x.own_trace.broadcasting_freely():
        wide, count = unsqueeze(src, -1), movedim(sum(hits, at), -1, at)
        alone = mapped(word, lambda n: scalars.equal(n, sp.S.Zero), count)
        if reduce in ("amax", "amin"):
            found = _extreme(word, x, at, hits, wide, alone, own, 1 if reduce == "amax" else -1)
        elif reduce == "prod":
            product = movedim(prod(mapped(word, lambda h, s: scalars.where(h, s, sp.S.One), hits, wide), at), -1, at)
            found = product * (x if own else where(alone, x, 1.0))
        else:
            total = movedim(sum(hits * wide, at), -1, at) + (x if own else where(alone, x, 0.0))
            found = total if reduce == "sum" else total / (count + (1 if own else alone))
    return found


def _extreme(word: str, x: Tensor, at: int, hits: Tensor, wide: Tensor, alone: Tensor, own: bool, sign: int) -> Tensor:
    """The largest (smallest) of what meets at a place, the tensor's own entry beside it."""
    shape = [h if k in (at, x.ndim) else s for k, (s, h) in enumerate(zip((*x.shape, None), hits.shape, strict=True))]
    first = [*shape[:at], 1, *shape[at + 1 :]]
    own_row = expand(unsqueeze(movedim(x, at, -1), at), first)
    beside = ones(first) if own else expand(unsqueeze(movedim(alone, at, -1), at), first)
    values, there = cat([own_row, expand(wide, shape)], at), cat([beside, expand(hits, shape)], at)
    largest = amax(where(there > 0, values if sign > 0 else -values, float("-inf")), at)
    return movedim(largest if sign > 0 else -largest, -1, at)
