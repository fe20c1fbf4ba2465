"""The words that pick entries by labels or given integers, and that put entries in; torch's names and signatures."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.calculus.ir import Delta, Index, indices_for
from symnet.declare.functions.shapes import axis_of, expand, flatten
from symnet.declare.tracing.computed import Places, computed_within, gathered, hit
from symnet.declare.tracing.constants import constant_values, flat, is_integer_number, labels_of
from symnet.declare.tracing.indexing import mapped_numbers, subscript, true_places
from symnet.declare.tracing.primitives import aligned, merged_shape, number, readdressed, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term, Traced
from symnet.declare.tracing.words import mistake, word


def labels(x: Tensor, index: Any, word: str) -> Tensor:
    """Labels, or given integers as a constant tensor; raises SymnetError for anything else."""
    if isinstance(index, list | tuple) and all(map(is_integer_number, index)):
        index = labels_of(x.own_trace, [int(k) for k in index], (len(index),))
    if is_integer_number(index):
        index = labels_of(x.own_trace, int(index), ())
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
    most = None if bound is None else x.own_trace.size_value(bound)
    if most is not None and known is not None and most > known:
        raise mistake("SN202", f"the labels run to {most}, the axis has {known}", f"declare them with classes={known}")
    return index


def _from_the_end(x: Tensor, axis: int, index: Tensor) -> Tensor:
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
    t = _from_the_end(input, at, labels(input, indices, "take_along_dim"))
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
    return subscript(flat_input, _from_the_end(flat_input, 0, labels(input, index, "take")))


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
def scatter_add(input: Tensor, dim: int, index: Any, src: Tensor) -> Tensor:
    """y[u,j] = x[u,j] + Σ_k [u = t[k,j]] s[k,j] along an axis"""
    return _scattered(input, dim, index, src, added=True)


@word()
def scatter(input: Tensor, dim: int, index: Any, src: Any, reduce: str | None = None) -> Tensor:
    """y[u,j] = s[k,j] where u = t[k,j] for a k, else x[u,j]; the integers must be given, and no place twice"""
    if reduce not in (None, "add"):
        raise mistake("SN108", f"scatter with reduce={reduce!r}", "scatter_add")
    return _scattered(input, dim, index, src, added=reduce == "add")


def _scattered(x: Tensor, dim: int, index: Any, src: Any, added: bool) -> Tensor:
    at, trace = axis_of(x, dim, x.ndim), x.own_trace
    if not x.ndim:
        only: Tensor = x + src if added else src + x * 0
        return only
    t = within(x, at, labels(x, index, "scatter"))
    if not added:
        _no_place_twice(t, at)
    spec = trace.new_spec(x.shape, "intermediate")
    whole = indices_for(x.shape)
    trace.define(spec, Term(whole, x.read(whole)))
    left, own = indices_for(x.shape), indices_for(t.shape, "k")
    hits = sp.Mul(*(hit(i, t, own) if k == at else Delta(i, o) for k, (i, o) in enumerate(zip(left, own, strict=True))))
    value = src.read(own) if isinstance(src, Traced) else number(src)
    if isinstance(t, Places):
        old = sp.S.Zero if added else x.read(left)
    else:
        old = sp.S.Zero if added else x.read(tuple(t.read(own) if k == at else o for k, o in enumerate(own)))
    trace.define(spec, Term(left, hits * (value - old), own))
    return x.made(spec, "v")


def _no_place_twice(t: Tensor, axis: int) -> None:
    if isinstance(t, Places) and t.apart == (axis,):
        return
    values = constant_values(t)
    if values is None:
        raise mistake("SN107", "scatter by labels may name a place twice", "scatter_add, or given integers")
    shape = [int(s) for s in t.shape]
    places = itertools.product(*(range(n) for n in shape))
    named = Counter((*p[:axis], v, *p[axis + 1 :]) for p, v in zip(places, flat(values), strict=True))
    if max(named.values()) > 1:
        raise mistake("SN107", "scatter names a place twice, and which value stays is not said", "scatter_add")


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


@word()
def index_put(input: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    """y[u] = x[u] + Σ_k [u = t[k]] v[k], one list of integers for each axis; without accumulate v[k] takes the place"""
    trace = input.own_trace
    indices = _without_masks(input, indices)
    if len(indices) > input.ndim:
        raise mistake("SN103", f"index_put of {show(input.shape)} with {len(indices)} lists of integers")
    lists = [within(input, k, labels(input, t, "index_put")) for k, t in enumerate(indices)]
    own = indices_for(lists[0].shape, "k")
    if any(t.shape != lists[0].shape for t in lists):
        raise mistake("SN103", "index_put needs lists of integers of one shape")
    if not accumulate:
        numbers = [constant_values(t) for t in lists]
        if None in numbers:
            raise mistake("SN107", "index_put by labels may name a place twice", "accumulate=True, or given integers")
        if max(Counter(zip(*map(flat, numbers), strict=True)).values()) > 1:
            raise mistake(
                "SN107", "index_put names a place twice, and which value stays is not said", "accumulate=True"
            )
    spec = trace.new_spec(input.shape, "intermediate")
    whole, left = indices_for(input.shape), indices_for(input.shape)
    rest = left[len(lists) :]
    if any(isinstance(t, Places) for t in lists):
        raise mistake("SN107", "index_put at places that are computed", "scatter or index_add along one axis")
    hits = sp.Mul(*(Delta(i, t.read(own)) for i, t in zip(left, lists, strict=False)))
    given = values.read(aligned((*own, *rest), values.spec)) if isinstance(values, Traced) else number(values)
    old = sp.S.Zero if accumulate else input.read((*(t.read(own) for t in lists), *rest))
    trace.define(spec, Term(whole, input.read(whole)), Term(left, hits * (given - old), own))
    return input.made(spec, "v")


def _given_mask(mask: Any) -> tuple[Any, Any] | None:
    """The nested numbers and the shape of a given mask, None for anything else."""
    constants = mask.own_trace.constants if isinstance(mask, Tensor) else {}
    keys = (key for key, constant in constants.items() if constant.tensor is mask)
    return next(((numbers, shape) for kind, shape, numbers in keys if kind == "bool"), None)


def _without_masks(x: Tensor, indices: Sequence[Any]) -> list[Any]:
    """The lists of a subscript, the places where it is true for each mask that is given."""
    lists: list[Any] = []
    for index in indices:
        given = _given_mask(index)
        if given is None:
            lists.append(index)
        else:
            numbers, shape = given
            lists += true_places(x.own_trace, numbers, shape, x.shape[len(lists) : len(lists) + len(shape)])
    return lists


@word()
def masked_select(input: Tensor, mask: Any) -> Tensor:
    """The entries where a given mask is true, row by row"""
    given = _given_mask(mask)
    if given is None:
        help = "keep the shape and put 0 elsewhere: sn.where(mask, x, 0)"
        raise mistake("SN107", "how many entries a computed mask picks is not known before the data come", help)
    shape = merged_shape(input.own_trace, input.shape, mask.shape)
    if shape is None:
        raise mistake("SN103", f"a mask {show(mask.shape)} for {show(input.shape)}")
    places = true_places(input.own_trace, *given, shape)
    return subscript(expand(input, *shape), tuple(places))


@word()
def masked_scatter(input: Tensor, mask: Any, source: Tensor) -> Tensor:
    """y[i] = the next entry of s, row by row, where a given mask is true, else x[i]"""
    given = _given_mask(mask)
    if given is None:
        help = "where(mask, s, x) of one shape takes the entry that stands there"
        raise mistake("SN107", "which entries a computed mask takes is not known before the data come", help)
    shape = merged_shape(input.own_trace, input.shape, mask.shape)
    if shape is None:
        raise mistake("SN103", f"a mask {show(mask.shape)} for {show(input.shape)}")
    if True not in flat(given[0]):
        return input
    places = true_places(input.own_trace, *given, shape)
    count, entries = int(places[0].shape[0]), flatten(source)
    if count > (source.own_trace.size_value(entries.shape[0]) or 0):
        raise mistake("SN103", f"masked_scatter of {count} entries from {show(source.shape)}")
    return index_put(expand(input, *shape), places, entries[:count])
