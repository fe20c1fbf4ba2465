"""The words that put other entries into a tensor at given places of an axis; torch's names and signatures."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Delta, Index, indices_for
from symnet.declare.functions.putting import index_put
from symnet.declare.functions.selection import labels, within
from symnet.declare.functions.shapes import axis_of, known_size, movedim, unsqueeze
from symnet.declare.tracing.constants import constant_values, flat
from symnet.declare.tracing.primitives import number, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term, Traced
from symnet.declare.tracing.words import mistake, word


def _places(x: Tensor, axis: int, index: Any, word: str) -> tuple[Tensor, list[int]]:
    t = labels(x, index, word)
    values = constant_values(t)
    if values is None:
        raise mistake("SN107", f"{word} by labels may name a place twice", "given integers")
    return within(x, axis, t), list(flat(values))


@word()
def index_fill(input: Tensor, dim: int, index: Any, value: Tensor | float) -> Tensor:
    """y[u,j] = value where u is one of the given integers, else x[u,j]"""
    if not input.ndim:
        return input * 0 + value
    at = axis_of(input, dim, input.ndim)
    _, numbers = _places(input, at, index, "index_fill")
    left = indices_for(input.shape)
    chosen = sp.Add(*(scalars.equal(left[at], sp.Integer(k)) for k in sorted(set(numbers))))
    fill = value.read(()) if isinstance(value, Traced) else number(value)
    spec = input.own_trace.new_spec(input.shape, "intermediate")
    x = input.read(left)
    input.own_trace.define(spec, Term(left, x + chosen * (fill - x)))
    return input.made(spec, "v")


@word()
def index_copy(input: Tensor, dim: int, index: Any, source: Tensor) -> Tensor:
    """y[t[k],j] = s[k,j], and x elsewhere; the integers must be given, and no place twice"""
    if not input.ndim:
        return input * 0 + (source[0] if source.ndim else source)
    at = axis_of(input, dim, input.ndim)
    t, numbers = _places(input, at, index, "index_copy")
    if len(set(numbers)) < len(numbers):
        raise mistake("SN107", "index_copy names a place twice, and which value stays is not said", "index_add")
    wanted = (*input.shape[:at], sp.Integer(len(numbers)), *input.shape[at + 1 :])
    if not input.own_trace.same_shape(source.shape, wanted):
        raise mistake("SN103", f"index_copy of {show(source.shape)} into {show(wanted)}: both need one shape")
    whole, left, own = indices_for(input.shape), indices_for(input.shape), Index("k", len(numbers))
    place = t.read((own,) if t.ndim else ())
    new = source.read((*left[:at], own, *left[at + 1 :])) - input.read((*left[:at], place, *left[at + 1 :]))
    spec = input.own_trace.new_spec(input.shape, "intermediate")
    hit = Delta(left[at], place)
    input.own_trace.define(spec, Term(whole, input.read(whole)), Term(left, hit * new, (own,)))
    return input.made(spec, "v")


@word()
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """The tensor with another slice at one place of an axis"""
    at = axis_of(input, dim, input.ndim)
    known = known_size(input, at, "select_scatter")
    return index_copy(input, at, [index + known if index < 0 else index], unsqueeze(src, at))


@word()
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """The tensor with other entries in a slice of an axis"""
    at = axis_of(input, dim, input.ndim)
    places = range(known_size(input, at, "slice_scatter"))[slice(start, end, step)]
    return index_copy(input, at, list(places), src) if places else input


@word()
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The tensor with another diagonal"""
    first, second = axis_of(input, dim1, input.ndim), axis_of(input, dim2, input.ndim)
    ends = known_size(input, first, "diagonal_scatter"), known_size(input, second, "diagonal_scatter")
    length = min(ends[0] + min(offset, 0), ends[1] - max(offset, 0))
    rows, columns = ([k + s for k in range(length)] for s in (max(-offset, 0), max(offset, 0)))
    front = movedim(input, (first, second), (0, 1))
    changed = index_put(front, (rows, columns), movedim(src, -1, 0))
    return movedim(changed, (0, 1), (first, second))
