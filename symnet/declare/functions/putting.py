"""The words that put entries where labels, given integers or a mask say; torch's names and signatures.

Where a place may be named twice torch does not say which entry stays: it is refused unless all of them are one number.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Delta, Index, indices_for
from symnet.declare.functions.masks import infinity, where
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.selection import from_the_end, given_mask, labels, shape_with_mask, within
from symnet.declare.functions.shapes import axis_of, expand, flatten, known_size
from symnet.declare.tracing.computed import Places, hit
from symnet.declare.tracing.constants import constant_values, flat
from symnet.declare.tracing.indexing import true_places
from symnet.declare.tracing.primitives import aligned, merged_shape, number, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term, Traced
from symnet.declare.tracing.words import mistake, word


@word()
def scatter_add(input: Tensor, dim: int, index: Any, src: Tensor) -> Tensor:
    """y[u,j] = x[u,j] + Σ_k [u = t[k,j]] s[k,j] along an axis"""
    if not input.ndim:
        return scatter_add(input[None], 0, labels(input, index, "scatter_add")[None], src[None])[0]
    at, t = _axis_and_places("scatter_add", input, dim, index, src)
    return _added(input, at, t, src)


@word()
def scatter(input: Tensor, dim: int, index: Any, src: Any, reduce: str | None = None) -> Tensor:
    """y[u,j] = s[k,j] where u = t[k,j] for a k, else x[u,j]; a place may come twice where s is one number"""
    if reduce not in (None, "add"):
        raise mistake("SN108", f"scatter with reduce={reduce!r}", "scatter_add")
    if not input.ndim:
        wide = src[None] if isinstance(src, Tensor) else src
        return scatter(input[None], 0, labels(input, index, "scatter")[None], wide, reduce)[0]
    at, t = _axis_and_places("scatter", input, dim, index, src)
    if reduce == "add":
        return _added(input, at, t, src)
    once = input.own_trace.size_value(t.shape[at]) == 1
    if not isinstance(src, Tensor) or (once and _beside(input, t, at)):
        return _chosen(input, _named(input, at, t), src)
    if not once:
        _require_apart(t, at)
    return _added(input, at, t, src, in_place_of=input)


def _axis_and_places(word: str, x: Tensor, dim: int, index: Any, src: Any) -> tuple[int, Tensor]:
    """The axis and the places along it, which have the axes of x and are inside of it and of what is put there."""
    at = axis_of(x, dim, x.ndim)
    t = within(x, at, labels(x, index, word))
    for what, shape in (("the tensor", x.shape), ("what is put there", getattr(src, "shape", t.shape))):
        free = at if shape is x.shape else None
        pairs = [pair for k, pair in enumerate(zip(t.shape, shape, strict=False)) if k != free]
        if len(shape) != t.ndim or not all(_fits(x, *pair) for pair in pairs):
            help = "the same axes, and in none of them more places than entries: t[:, None]"
            raise mistake("SN103", f"{word}: the places are {show(t.shape)}, {what} {show(shape)}", help)
    return at, t


def _fits(x: Tensor, places: sp.Expr, size: sp.Expr) -> bool:
    """Whether there are at least as many entries as places; two sizes of other names rest on their numbers."""
    if places == size:
        return True
    least, most = x.own_trace.fixed_size(places), x.own_trace.fixed_size(size)
    return least is not None and most is not None and least <= most


def _beside(x: Tensor, t: Tensor, at: int) -> bool:
    """Whether there are places for all entries of the other axes."""
    known = x.own_trace.size_value
    sizes = ((a, b) for k, (a, b) in enumerate(zip(x.shape, t.shape, strict=True)) if k != at)
    return all(a == b or None is not known(a) == known(b) for a, b in sizes)


def _added(x: Tensor, at: int, t: Tensor, src: Any, in_place_of: Tensor | None = None) -> Tensor:
    """``y[u,j] = x[u,j] + Σ_k [u = t[k,j]] (s[k,j] - z[u,j])``, z the entries in whose place they come, or 0."""
    spec = x.own_trace.new_spec(x.shape, "intermediate")
    whole, left, own = indices_for(x.shape), indices_for(x.shape), indices_for(t.shape, "k")
    x.own_trace.define(spec, Term(whole, x.read(whole)))
    old = sp.S.Zero
    if in_place_of is not None:
        there = left if isinstance(t, Places) else tuple(t.read(own) if k == at else o for k, o in enumerate(own))
        old = in_place_of.read(there)
    value = src.read(own) if isinstance(src, Traced) else number(src)
    x.own_trace.define(spec, Term(left, _hits(left, own, at, t) * (value - old), own))
    return x.made(spec, "v")


def _hits(left: Sequence[Index], own: Sequence[Index], at: int, t: Tensor) -> sp.Expr:
    """``[u = t[k,j]]``, and 1 where the other axes agree."""
    pairs = enumerate(zip(left, own, strict=True))
    return sp.Mul(*(hit(i, t, own) if k == at else Delta(i, o) for k, (i, o) in pairs))


def _chosen(x: Tensor, named: Tensor, src: Any) -> Tensor:
    """What is put where places are named, and x elsewhere; two numbers c and s are c + (s - c) h."""
    trace = x.own_trace
    bodies = [e.body for e in trace.equations if e.target == x.spec.name]
    base, value = bodies[0] if len(bodies) == 1 else None, None if infinity(src) else number(src)
    with trace.broadcasting_freely():
        if base is None or not base.is_number or value is None or not base.is_finite:
            return where(named, src, x)
        if base == 0 and value == 1:
            return named
        return mapped("scatter", lambda h: base + (value - base) * h, named)


def _named(x: Tensor, at: int, t: Tensor) -> Tensor:
    """``h[u,j] = 1`` where u = t[k,j] for a k, else 0: one_hot of labels."""
    trace = x.own_trace
    left, own = indices_for(x.shape), indices_for(t.shape, "k")
    spec = trace.new_spec(x.shape, "intermediate")
    if trace.size_value(t.shape[at]) == 1 and _beside(x, t, at):
        trace.define(spec, Term(left, hit(left[at], t, [sp.S.Zero if k == at else i for k, i in enumerate(left)])))
        return x.made(spec, "Y")
    trace.define(spec, Term(left, _hits(left, own, at, t), own))
    return mapped("scatter", lambda n: scalars.greater(n, sp.S.Zero), Tensor(trace, spec))


def _require_apart(t: Tensor, axis: int) -> None:
    """Raises SymnetError where a place may come twice, for torch does not say which entry stays."""
    if isinstance(t, Places) and t.apart == (axis,):
        return
    values = constant_values(t)
    help = "one place for each row, t[:, None]; or scatter_add, or scatter_reduce, which say what meets there becomes"
    if values is None:
        raise mistake("SN107", "scatter by labels may name a place twice, and torch does not say what stays", help)
    places = itertools.product(*(range(int(n)) for n in t.shape))
    named = Counter((*p[:axis], v, *p[axis + 1 :]) for p, v in zip(places, flat(values), strict=True))
    if max(named.values()) > 1:
        raise mistake("SN107", "scatter names a place twice, and which value stays is not said", help)


@word()
def index_put(input: Tensor, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    """y[u] = x[u] + Σ_k [u = t[k]] v[k], one list of integers for each axis; without accumulate v[k] takes the place"""
    indices = _without_masks(input, indices)
    if len(indices) > input.ndim:
        raise mistake("SN103", f"index_put of {show(input.shape)} with {len(indices)} lists of integers")
    lists = [from_the_end(input, k, labels(input, t, "index_put")) for k, t in enumerate(indices)]
    if any(isinstance(t, Places) for t in lists):
        raise mistake("SN107", "index_put at places that are computed", "scatter or index_add along one axis")
    shape: tuple[sp.Expr, ...] | None = ()
    for t in lists:
        shape = None if shape is None else merged_shape(input.own_trace, shape, t.shape)
    if shape is None:
        raise mistake("SN103", f"index_put with lists of the shapes {', '.join(show(t.shape) for t in lists)}")
    own = indices_for(shape, "k")
    reads = [t.read(aligned(own, t.spec)) for t in lists]
    rows = {k: n for n, k in enumerate(reads) if k in own}  # row k of the lists is for row k of the axis n
    if not accumulate and (len(rows) == len(own) or not isinstance(values, Tensor) or not values.ndim):
        return _put(input, reads, own, rows, values)
    if not accumulate:
        _require_named_once(lists)
    whole, left = indices_for(input.shape), indices_for(input.shape)
    rest = left[len(lists) :]
    given = values.read(aligned((*own, *rest), values.spec)) if isinstance(values, Traced) else number(values)
    old = sp.S.Zero if accumulate else input.read((*reads, *rest))
    hits = sp.Mul(*(Delta(i, k) for i, k in zip(left, reads, strict=False)))
    spec = input.own_trace.new_spec(input.shape, "intermediate")
    input.own_trace.define(spec, Term(whole, input.read(whole)), Term(left, hits * (given - old), own))
    return input.made(spec, "v")


def _put(x: Tensor, reads: Sequence[sp.Expr], own: Sequence[Index], rows: dict[sp.Expr, int], values: Any) -> Tensor:
    """What is put where places are named: each comes once, or all that is put is one number."""
    left, trace = indices_for(x.shape), x.own_trace
    table = {k: left[n] for k, n in rows.items()}
    pairs = [(i, k.xreplace(table)) for n, (i, k) in enumerate(zip(left, reads, strict=False)) if rows.get(k) != n]
    spec, rest = trace.new_spec(x.shape, "intermediate"), [k for k in own if k not in rows]
    trace.define(spec, Term(left, sp.Mul(*(Delta(i, k) for i, k in pairs)), tuple(rest)))
    named = x.made(spec, "Y")
    if rest:
        named = mapped("index_put", lambda n: scalars.greater(n, sp.S.Zero), named)
    if isinstance(values, Tensor) and values.ndim:
        entries = trace.new_spec(x.shape, "intermediate")
        places = tuple(table[k] for k in own)
        trace.define(entries, Term(left, values.read(aligned((*places, *left[len(reads) :]), values.spec))))
        values = x.made(entries, "v")
    return _chosen(x, named, values)


def _require_named_once(lists: Sequence[Tensor]) -> None:
    """Raises SymnetError where lists may name a place twice, for torch does not say which entry stays."""
    numbers = [constant_values(t) for t in lists]
    if None in numbers:
        raise mistake("SN107", "index_put by labels may name a place twice", "accumulate=True, or given integers")
    if max(Counter(zip(*map(flat, numbers), strict=True)).values()) > 1:
        raise mistake("SN107", "index_put names a place twice, and which value stays is not said", "accumulate=True")


def _without_masks(x: Tensor, indices: Sequence[Any]) -> list[Any]:
    """The lists of a subscript, the places where it is true for each mask that is given."""
    lists: list[Any] = []
    for index in indices:
        given = given_mask(index)
        if given is None:
            lists.append(index)
        else:
            numbers, shape = given
            lists += true_places(x.own_trace, numbers, shape, x.shape[len(lists) : len(lists) + len(shape)])
    return lists


@word()
def masked_scatter(input: Tensor, mask: Any, source: Tensor) -> Tensor:
    """y[i] = the next entry of s, row by row, where a given mask is true, else x[i]"""
    given = given_mask(mask)
    if given is None:
        help = "where(mask, s, x) of one shape takes the entry that stands there"
        raise mistake("SN107", "which entries a computed mask takes is not known before the data come", help)
    shape = shape_with_mask(input, mask)
    if True not in flat(given[0]):
        return input
    places = true_places(input.own_trace, *given, shape)
    count, entries = int(places[0].shape[0]), flatten(source)
    if count > (source.own_trace.size_value(entries.shape[0]) or 0):
        raise mistake("SN103", f"masked_scatter of {count} entries from {show(source.shape)}")
    return index_put(expand(input, *shape), places, entries[:count])


@word()
def put(input: Tensor, index: Any, source: Tensor, accumulate: bool = False) -> Tensor:
    """y[t[k]] = s[k], the entries counted row by row, and x elsewhere; with accumulate s[k] is added"""
    given = constant_values(labels(input, index, "put"))
    if given is None:
        raise mistake(
            "SN107", "put by labels is not covered", "given integers, or index_put with one list for each axis"
        )
    if not input.ndim:
        return put(input[None], index, source, accumulate)[0]
    lists: list[list[int]] = []
    numbers = list(flat(given))
    for k in reversed(range(input.ndim)):
        size = known_size(input, k, "put")
        lists.insert(0, [n % size if k else n for n in numbers])
        numbers = [n // size if k else n for n in numbers]
    return index_put(input, lists, flatten(source), accumulate)
