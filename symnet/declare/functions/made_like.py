"""The words for constants in the shape of another tensor, and what is asked about a tensor; torch's names."""

from __future__ import annotations

import sys
from typing import Any

import sympy as sp

from symnet.declare.functions.masks import full, is_mask
from symnet.declare.functions.operators import mask_of
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.shapes import listed
from symnet.declare.tracing.assigning import is_whole_valued
from symnet.declare.tracing.computed import Places
from symnet.declare.tracing.constants import flat
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake, word


def _like(input: Tensor, size: Any, value: float, dtype: Any) -> Tensor:
    """A constant, of the input's kind unless one is given: parts of labels and masks take no real numbers."""
    made: Tensor = full(size, value, dtype=dtype)
    if dtype is None and (input.spec.integer or is_whole_valued(input)):
        input.own_trace.writes.whole.add(made.spec.name)
    return made


@word(numpy="zeros_like", method=False)
def zeros_like(input: Tensor, dtype: Any = None) -> Tensor:
    """y[i] = 0 in the shape of x"""
    return _like(input, input.shape, 0, dtype)


@word(numpy="ones_like", method=False)
def ones_like(input: Tensor, dtype: Any = None) -> Tensor:
    """y[i] = 1 in the shape of x"""
    return _like(input, input.shape, 1, dtype)


@word(numpy="full_like", method=False)
def full_like(input: Tensor, fill_value: float, dtype: Any = None) -> Tensor:
    """y[i] = fill_value in the shape of x"""
    return _like(input, input.shape, fill_value, dtype)


@word()
def fill(input: Tensor, value: Tensor | float) -> Tensor:
    """y[i] = value in the shape of x; no gradient flows to x"""
    return mapped("fill", lambda x, v: v, input, value)


@word(offered=False, torch="Tensor.new_zeros", of_torch=False)
def new_zeros(input: Tensor, *size: Any, dtype: Any = None) -> Tensor:
    """x.new_zeros(2, 3): y[i] = 0"""
    return _like(input, tuple(listed(size)), 0, dtype)


@word(offered=False, torch="Tensor.new_ones", of_torch=False)
def new_ones(input: Tensor, *size: Any, dtype: Any = None) -> Tensor:
    """x.new_ones(2, 3): y[i] = 1"""
    return _like(input, tuple(listed(size)), 1, dtype)


@word(offered=False, torch="Tensor.new_full", of_torch=False)
def new_full(input: Tensor, size: Any, fill_value: float, dtype: Any = None) -> Tensor:
    """x.new_full((2, 3), v): y[i] = v"""
    return _like(input, size, fill_value, dtype)


@word(offered=False, torch="Tensor.new_tensor", of_torch=False)
def new_tensor(input: Tensor, data: Any) -> Any:
    """x.new_tensor([1, 2]): given numbers, a constant"""
    library = sys.modules.get("torch")
    if library is None or any(isinstance(v, Tensor) for v in flat(data if isinstance(data, list | tuple) else (data,))):
        raise mistake("SN107", "new_tensor takes given numbers, and needs torch", "x.new_full((), 2), or sn.stack")
    kind = library.int64 if input.spec.integer else library.bool if is_whole_valued(input) else library.float64
    return library.tensor(data, dtype=kind)


@word(torch=("numel", "Tensor.nelement"), of_torch=False, offered=False)
def entry_count(input: Tensor) -> Any:
    """x.numel(): how many entries a tensor has, a number or a product of sizes"""
    count = sp.Mul(*input.shape)
    known = input.own_trace.size_value(count)
    return count if known is None else known


@word(torch="Tensor.bool", of_torch=False, offered=False)
def as_mask(input: Tensor) -> Tensor:
    """x.bool(): y[i] = [x[i] ≠ 0], a mask of 0 and 1"""
    mask: Tensor = mask_of(input)
    return mask


@word(torch=("Tensor.long", "Tensor.int"), of_torch=False, offered=False)
def as_labels(input: Tensor) -> Tensor:
    """x.long(): labels and masks as they are"""
    if input.spec.integer or isinstance(input, Places) or is_mask(input.own_trace, input.spec.name):
        return input
    raise mistake("SN107", "real numbers cannot become whole ones: there is no derivative", "declare sn.labels(...)")


@word()
def is_floating_point(input: Tensor) -> bool:
    """Whether the entries are real numbers, neither labels nor a mask"""
    return not input.spec.integer and not isinstance(input, Places) and not is_mask(input.own_trace, input.spec.name)
