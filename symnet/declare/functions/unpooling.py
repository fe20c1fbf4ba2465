"""The words that put pooled entries back where they stood; torch's names and signatures."""

from __future__ import annotations

import itertools
import math
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Index, indices_for
from symnet.declare.functions.masks import zeros
from symnet.declare.functions.pooling import row_by_row
from symnet.declare.functions.putting import index_put
from symnet.declare.functions.shapes import flatten
from symnet.declare.functions.windows import Axis, Sizes, each
from symnet.declare.tracing.computed import Places
from symnet.declare.tracing.constants import constant_values, flat, labels_of
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word
from symnet.errors import SymnetError


@word(method=False)
def max_unpool1d(
    input: Tensor,
    indices: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Any = None,
) -> Tensor:
    """y[n,c,u] = Σ_i [u = o[n,c,i]] x[n,c,i], o the indices of max_pool1d whose windows do not overlap

    Every place is compared with every index, so the work grows with the product of both sizes.
    """
    return _unpooled("max_unpool1d", 1, input, indices, (kernel_size, stride, padding), output_size)


@word(method=False)
def max_unpool2d(
    input: Tensor,
    indices: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Any = None,
) -> Tensor:
    """y[n,c,u,v] = Σ_i,j [u V + v = o[n,c,i,j]] x[n,c,i,j], as max_unpool1d over two axes"""
    return _unpooled("max_unpool2d", 2, input, indices, (kernel_size, stride, padding), output_size)


@word(method=False)
def max_unpool3d(
    input: Tensor,
    indices: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Any = None,
) -> Tensor:
    """As max_unpool1d over three axes"""
    return _unpooled("max_unpool3d", 3, input, indices, (kernel_size, stride, padding), output_size)


def _unpooled(word: str, rank: int, x: Tensor, o: Any, windows: tuple[Any, Any, Any], output_size: Any) -> Tensor:
    given = constant_values(o) if isinstance(o, Tensor) and o.spec.integer and o.shape == x.shape else None
    if given is not None and x.ndim > rank:
        return _put_back(x, given, rank, _sizes(word, rank, x, windows, output_size))
    if not isinstance(o, Places) or o.shape != x.shape or x.ndim not in (rank + 1, rank + 2):
        what = show(o.shape) if isinstance(o, Tensor) else type(o).__name__
        raise mistake("SN103", f"{word} of {show(x.shape)} at {what}", "y, o = F.max_pool2d(x, 2, return_indices=True)")
    if o.apart != tuple(range(x.ndim - rank, x.ndim)):
        message = f"{word}: windows that overlap may name a place twice, and which value stays is not said"
        raise mistake("SN107", message, "stride=kernel_size")
    wanted = _sizes(word, rank, x, windows, output_size)
    if (x.own_trace.size_value(o.bound) or 0) > math.prod(wanted):
        raise mistake("SN104", f"{word}: the indices run to {o.bound}, the output has {math.prod(wanted)} places")
    axes = [Axis(size, 1, 1, 1) for size in wanted]
    lead, own = indices_for(x.shape[: x.ndim - rank]), indices_for(x.shape[x.ndim - rank :])
    out = tuple(Index("u", size) for size in wanted)
    spec = x.own_trace.new_spec((i.size for i in (*lead, *out)), "intermediate")
    here = scalars.equal(row_by_row(out, axes), o.read((*lead, *own)))
    x.own_trace.define(spec, Term((*lead, *out), here * x.read((*lead, *own)), own))
    return x.made(spec, "v")


def _put_back(x: Tensor, given: Any, rank: int, wanted: list[int]) -> Tensor:
    """The entries at given places, zeros elsewhere; the places are lists of numbers, one for each axis."""
    whole = [*map(int, x.shape[: x.ndim - rank]), *wanted]
    rows = itertools.product(*map(range, map(int, x.shape)))
    lead, places = x.ndim - rank, math.prod(wanted)
    axes: list[list[int]] = [[] for _ in whole]
    for row, place in zip(rows, flat(given), strict=True):
        if not 0 <= place < places:
            raise mistake("SN104", f"index {place} is outside of {places} places")
        inner = [place // math.prod(wanted[k + 1 :]) % wanted[k] for k in range(rank)]
        for numbers, number in zip(axes, (*row[:lead], *inner), strict=True):
            numbers.append(number)
    entries = flatten(x)
    lists = [labels_of(x.own_trace, numbers, entries.shape) for numbers in axes]
    return index_put(zeros(*whole), lists, entries)


def _sizes(word: str, rank: int, x: Tensor, windows: tuple[Any, Any, Any], output_size: Any) -> list[int]:
    """(K - 1) stride - 2 padding + kernel places of each axis, or the sizes that are given."""
    if output_size is not None:
        sizes = [x.own_trace.fixed_size(sp.sympify(s)) for s in tuple(output_size)[-rank:]]
        given = each(word, x, tuple(sizes), rank, least=1)  # type: ignore[arg-type]  # it refuses None
    else:
        kernel, stride, padding = windows
        parts = [each(word, x, p, rank) for p in (kernel, kernel if stride in (None, [], ()) else stride, padding)]
        pooled = [x.own_trace.fixed_size(s) for s in x.shape[x.ndim - rank :]]
        if None in parts or None in pooled:
            given = None
        else:
            rows = zip(pooled, *(p or [] for p in parts), strict=True)
            given = [(int(n or 0) - 1) * int(s) - 2 * int(p) + int(k) for n, k, s, p in rows]
    if given is None:
        raise SymnetError  # noted already
    return [int(g) for g in given]
