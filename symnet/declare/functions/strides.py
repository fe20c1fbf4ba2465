"""The word that reads a tensor by strides; torch's name and signature."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence

from symnet.declare.functions.shapes import flatten, reshape
from symnet.declare.tracing.constants import labels_of
from symnet.declare.tracing.indexing import subscript
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake, word


@word(torch="as_strided_copy")
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """y[i,j] = the entry o + s i + t j of x, counted row by row; x is a declared tensor"""
    trace, first = input.own_trace, storage_offset or 0
    if input.spec.role == "intermediate":
        message = "as_strided of what is computed rests on how it lies in memory"
        raise mistake("SN107", message, "subscripts, unfold, or a tensor that is declared")
    entries = flatten(input)
    count = trace.fixed_size(entries.shape[0])
    numbers = (*((n, 1) for n in size), *((s, 0) for s in stride), (first, 0))
    if count is None or len(size) != len(stride) or not all(isinstance(n, int) and n >= least for n, least in numbers):
        raise mistake(
            "SN104", f"as_strided of {show(input.shape)} by {(*size,)}, {(*stride,)}, {first}", "whole numbers"
        )
    places = [first + sum(map(operator.mul, place, stride)) for place in itertools.product(*map(range, size))]
    if places[-1] >= count:
        raise mistake("SN104", f"as_strided reads entry {places[-1]} of {show(input.shape)}, which has {count}")
    return reshape(subscript(entries, (labels_of(trace, places, (len(places),)),)), [*size])
