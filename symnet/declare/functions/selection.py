"""The words that pick entries by labels or given integers, and that put entries in; torch's names and signatures."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus.ir import Index, indices_for
from symnet.declare.functions.shapes import axis_of, expand, flatten
from symnet.declare.tracing.computed import Places, computed_within, gathered, hit
from symnet.declare.tracing.constants import constant_values, flat, is_integer_number, labels_of
from symnet.declare.tracing.counting import arange
from symnet.declare.tracing.indexing import labels_beyond, mapped_numbers, subscript, true_places
from symnet.declare.tracing.primitives import aligned, merged_shape, number, readdressed, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


def labels(x: Tensor, index: Any, word: str) -> Tensor:
    """Labels, or given integers as a constant tensor; raises SymnetError for anything else."""
    if isinstance(index, list | tuple) and all(map(is_integer_number, index)):
        index = labels_of(x.own_trace, [int(k) for k in index], (len(index),))
    if is_integer_number(index):
        index = labels_of(x.own_trace, int(index), ())
    index = index.numbers() if isinstance(index, arange) else index
    if isinstance(index, Places):
        return index
    if not isinstance(index, Tensor) or not index.spec.integer:
        kind = "real numbers" if isinstance(index, Tensor) else type(index).__name__
        raise mistake("SN107", f"{word} takes labels or given integers, not {kind}", "sn.labels(N, classes=C)")
    return index


def within(x: Tensor, axis: int, index: Tensor) -> Tensor:
    """The labels after checking that they fit the axis."""
    if isinstance(index, Places):
        return computed_within(x, axis, index)
    known, bound = x.own_trace.size_value(x.shape[axis]), index.classes
    values = constant_values(index)
    if values is not None:
        bad = [v for v in flat(values) if v < 0 or (known is not None and v >= known)]
        if bad:
            raise mistake("SN104", f"index {bad[0]} is outside an axis of size {known}")
        if known is None and min(flat(values)) >= 0 and max(flat(values)) > 0:
            raise mistake("SN104", f"given integers on an axis of unknown size {x.shape[axis]}", "name the size")
    beyond = labels_beyond(x.own_trace, bound, x.shape[axis])
    if beyond is not None:
        raise mistake("SN202", beyond[0], f"declare them with classes={beyond[1]}")
    return index


def from_the_end(x: Tensor, axis: int, index: Tensor) -> Tensor:
    """The labels, given integers below 0 counted from the end of the axis."""
    known, values = x.own_trace.size_value(x.shape[axis]), constant_values(index)
    if values is None or known is None or not any(-known <= v < 0 for v in flat(values)):
        return within(x, axis, index)
    counted = mapped_numbers(values, lambda n: n % known if -known <= n < 0 else n)
    return within(x, axis, labels_of(x.own_trace, counted, tuple(int(s) for s in index.shape)))  # type: ignore[arg-type]


@word()
def gather(input: Tensor, dim: int, index: Any, sparse_grad: bool = False) -> Tensor:
    """y[i,j] = x[i,t[i,j]] along an axis; t has the axes of x"""
    if not input.ndim:
        input = input[None]
        return gather(input, dim, index) if getattr(index, "ndim", 0) else gather(input, 0, index[None])[0]
    at = axis_of(input, dim, input.ndim)
    t = within(input, at, labels(input, index, "gather"))
    if t.ndim != input.ndim:
        raise mistake("SN103", f"gather of {show(input.shape)} with labels {show(t.shape)}: both need the same axes")
    if isinstance(t, Places):
        return gathered(input, at, t)
    left = indices_for(t.shape)
    return readdressed(input, left, (*left[:at], t.read(left), *left[at + 1 :]) if left else ())


@word(numpy="take_along_axis")
def take_along_dim(input: Tensor, indices: Any, dim: int | None = None) -> Tensor:
    """y[i,j] = x[i,t[i,j]], other axes broadcast"""
    if dim is None:
        return take_along_dim(flatten(input), flatten(labels(input, indices, "take_along_dim")), 0)
    at = axis_of(input, dim, input.ndim)
    t = from_the_end(input, at, labels(input, indices, "take_along_dim"))
    if isinstance(t, Places):
        return gathered(input, at, t)
    shape = [i if k == at or s == 1 else s for k, (s, i) in enumerate(zip(input.shape, t.shape, strict=True))]
    left = indices_for(shape)
    read = [i if s != 1 else sp.S.Zero for i, s in zip(left, input.shape, strict=True)]
    return readdressed(input, left, (*read[:at], t.read(aligned(left, t.spec)), *read[at + 1 :]))


@word()
def index_select(input: Tensor, dim: int, index: Any) -> Tensor:
    """y[i,j] = x[i,t[j]]"""
    at = axis_of(input, dim, input.ndim)
    t = labels(input, index, "index_select")
    return subscript(input, (*(slice(None),) * at, within(input, at, t))) if input.ndim else input


@word(numpy="take")
def take(input: Tensor, index: Any) -> Tensor:
    """y[j] = the entry t[j] of x, counted row by row"""
    flat_input = flatten(input)
    return subscript(flat_input, from_the_end(flat_input, 0, labels(input, index, "take")))


@word(method=False)
def one_hot(tensor: Tensor, num_classes: Any = -1) -> Tensor:
    """y[n,c] = [c = t[n]]"""
    t = labels(tensor, tensor, "one_hot")
    bound = t.bound if isinstance(t, Places) else t.classes
    size = bound if num_classes == -1 else number(num_classes)
    if size is None:
        raise mistake("SN108", "one_hot needs num_classes", "one_hot(t, num_classes=C)")
    most, known = (None if s is None else t.own_trace.size_value(s) for s in (bound, size))
    if bound != size and (most is None or known is None or most > known):
        raise mistake("SN202", f"the labels run to {bound}, one_hot has {size} classes", "one_hot(t, C)")
    if bound is not None and bound != size and most == known:
        t.own_trace.fixed_size(bound)  # one_hot(t, 4) of C = 4 classes meets axes of either size
    left = (*indices_for(t.shape), Index("k", size))
    spec = t.own_trace.new_spec((i.size for i in left), "intermediate")
    t.own_trace.define(spec, Term(left, hit(left[-1], t, left[:-1])))
    return t.made(spec, "Y")


@word()
def index_add(input: Tensor, dim: int, index: Any, source: Tensor, alpha: float = 1) -> Tensor:
    """y[u,j] = x[u,j] + alpha Σ_k [u = t[k]] s[k,j] along an axis"""
    if not input.ndim:
        return index_add(input[None], 0, index, source[None], alpha)[0]
    at, trace = axis_of(input, dim, input.ndim), input.own_trace
    t = within(input, at, labels(input, index, "index_add"))
    spec = trace.new_spec(input.shape, "intermediate")
    whole, left, own = indices_for(input.shape), indices_for(input.shape), Index("k", t.shape[0])
    value = source.read((*left[:at], own, *left[at + 1 :])) * number(alpha)
    trace.define(spec, Term(whole, input.read(whole)), Term(left, hit(left[at], t, (own,)) * value, (own,)))
    return input.made(spec, "v")


def given_mask(mask: Any) -> tuple[Any, Any] | None:
    """The nested numbers and the shape of a given mask, None for anything else."""
    constants = mask.own_trace.constants if isinstance(mask, Tensor) else {}
    keys = (key for key, constant in constants.items() if constant.tensor is mask)
    return next(((numbers, shape) for kind, shape, numbers in keys if kind == "bool"), None)


def shape_with_mask(input: Tensor, mask: Tensor) -> tuple[sp.Expr, ...]:
    """The shape of a tensor and a mask that stretch to each other."""
    shape = merged_shape(input.own_trace, input.shape, mask.shape)
    if shape is None:
        raise mistake("SN103", f"a mask {show(mask.shape)} for {show(input.shape)}")
    return shape


@word()
def masked_select(input: Tensor, mask: Any) -> Tensor:
    """The entries where a given mask is true, row by row"""
    given = given_mask(mask)
    if given is None:
        help = "keep the shape and put 0 elsewhere: sn.where(mask, x, 0)"
        raise mistake("SN107", "how many entries a computed mask picks is not known before the data come", help)
    shape = shape_with_mask(input, mask)
    places = true_places(input.own_trace, *given, shape)
    return subscript(expand(input, *shape), tuple(places))
