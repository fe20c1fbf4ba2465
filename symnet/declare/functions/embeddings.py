"""The words that look rows up by labels; torch's names and signatures, and its modules for them."""

from __future__ import annotations

import itertools
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.detached import stop_gradient
from symnet.declare.functions import reductions
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.selection import labels, within
from symnet.declare.functions.shapes import known_size, reshape
from symnet.declare.inputs import Size, checked_size, initial_values
from symnet.declare.modules.layers import Module
from symnet.declare.tracing.constants import constant_values, flat, is_integer_number, numbers_of
from symnet.declare.tracing.indexing import subscript
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import current
from symnet.declare.tracing.words import mistake, word
from symnet.model import Distribution

_USUAL = {
    "max_norm": None,
    "norm_type": 2.0,
    "scale_grad_by_freq": False,
    "sparse": False,
    "include_last_offset": False,
}


@word(method=False)
def embedding(input: Any, weight: Tensor, padding_idx: int | None = None, **options: Any) -> Tensor:
    """y[n,d] = E[t[n],d]; no gradient flows to the row padding_idx: where t[n] is it, y[n,d] = sg(E[t[n],d])"""
    _usual("embedding", options)
    if padding_idx is None:
        return _rows(input, weight)
    row = _row(weight.shape, padding_idx)
    rows = _rows(input, weight)
    if is_integer_number(input):
        return mapped("embedding", stop_gradient, rows) if int(input) == row else rows
    padded = mapped("embedding", lambda n: scalars.equal(n, sp.Integer(row)), labels(weight, input, "embedding"))
    return mapped("embedding", lambda p, e: scalars.where(p, stop_gradient(e), e), padded[(..., None)], rows)


@word(method=False)
def embedding_bag(
    input: Any,
    weight: Tensor,
    offsets: Any = None,
    max_norm: Any = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """y[b,d] = Σ_k E[t[b,k],d], their mean or their maximum (the first of ties); what is padding_idx does not count"""
    if isinstance(weight, Tensor) and weight.spec.integer:  # torch's order of old
        input, weight = weight, input
    _usual("embedding_bag", {"max_norm": max_norm, "scale_grad_by_freq": scale_grad_by_freq, "sparse": sparse})
    t = labels(weight, input, "embedding_bag")
    if t.ndim != (2 if offsets is None else 1):
        raise mistake("SN103", f"embedding_bag of {show(t.shape)}", "labels [bags, entries], or a vector and offsets")
    if mode not in ("sum", "mean", "max") or (per_sample_weights is not None and mode != "sum"):
        raise mistake("SN108", f"embedding_bag: mode={mode!r}", "sum, mean or max; per_sample_weights go with sum")
    rows = _rows(t, weight)
    if offsets is not None:
        kept = None if padding_idx is None else _kept(t, _row(weight.shape, padding_idx))
        return _bags(rows, _bag_of_each(t, offsets, include_last_offset), mode, per_sample_weights, kept)
    if padding_idx is None:
        weighed = rows if per_sample_weights is None else rows * per_sample_weights[(..., None)]
        if mode == "max":
            return reductions.reduced(rows, 1, False, lambda a: a, "first", "y")
        return reductions.sum(weighed, 1) if mode == "sum" else reductions.mean(rows, 1)
    if mode == "max":
        raise mistake("SN110", "embedding_bag: the maximum with padding_idx is not covered", "mode='sum' or 'mean'")
    kept = _kept(t, _row(weight.shape, padding_idx))
    share = kept if per_sample_weights is None else kept * per_sample_weights
    total = reductions.sum(rows * share[(..., None)], 1)
    if mode == "sum":
        return total
    count = mapped("embedding_bag", lambda c: scalars.maximum(c, sp.S.One), reductions.sum(kept, 1))
    return total / count[(..., None)]


def _bag_of_each(t: Tensor, offsets: Any, closed: bool) -> list[list[int]]:
    """The places of the entries of each bag: a bag begins at its offset and ends before the next one."""
    given = constant_values(labels(t, offsets, "embedding_bag's offsets"))
    size = known_size(t, 0, "embedding_bag")
    if given is None:
        raise mistake("SN107", "embedding_bag: the offsets have to be given integers", "a row of labels for each bag")
    starts = list(given[:-1] if closed else given)
    ends = [*given[1:]] if closed else [*given[1:], size]
    if not starts or given[0] != 0 or any(a > b for a, b in itertools.pairwise((*given, size))):
        raise mistake("SN104", f"embedding_bag: the offsets {list(given)} of {size} entries", "from 0 on, in order")
    return [list(range(start, end)) for start, end in zip(starts, ends, strict=True)]


def _bags(rows: Tensor, bags: list[list[int]], mode: str, weights: Tensor | None, kept: Tensor | None) -> Tensor:
    """``y[b,d] = Σ_k [k in bag b] w[k] rows[k,d]``, or over how many there are; an empty bag gives zeros."""
    if mode == "max":
        raise mistake("SN110", "embedding_bag: the maximum with offsets is not covered", "a row of labels for each bag")
    inside = [float(k in bag) for bag in bags for k in range(int(rows.shape[0]))]
    members: Tensor = reshape(numbers_of(rows.own_trace, inside), [len(bags), rows.shape[0]])
    for share in (weights, kept):
        members = members if share is None else mapped("embedding_bag", lambda m, w: m * w, members, share)
    total = members @ rows
    if mode == "sum":
        return total
    count = mapped("embedding_bag", lambda c: scalars.maximum(c, sp.S.One), reductions.sum(members, 1))
    return total / count[(..., None)]


def _usual(word: str, options: Any) -> None:
    unusual = [name for name, value in options.items() if _USUAL.get(name, ()) != value]
    if unusual:
        raise mistake("SN108", f"{word} with {', '.join(unusual)} is not covered", "leave it out")


def _rows(input: Any, weight: Tensor) -> Tensor:
    if is_integer_number(input):
        return subscript(weight, int(input))
    index = within(weight, 0, labels(weight, input, "embedding"))
    start = _start_of_range(index)
    if start is not None:  # positions, torch.arange(T): rows as they stand need no index
        rows = slice(start, start + int(index.shape[-1]))
        return subscript(weight, (*(None,) * (index.ndim - 1), rows))
    return subscript(weight, index)


def _start_of_range(index: Tensor) -> int | None:
    """Where given integers start that follow each other along the last axis, the only one that is not of size 1."""
    given = constant_values(index)
    if given is None or not index.ndim or any(size != 1 for size in index.shape[:-1]):
        return None
    numbers = list(flat(given))
    return numbers[0] if numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] >= 0 else None


def _row(shape: tuple[sp.Expr, ...], padding_idx: int) -> int:
    size = current().size_value(shape[0])
    if not is_integer_number(padding_idx) or size is None or not -size <= padding_idx < size:
        raise mistake("SN104", f"padding_idx {padding_idx!r} is outside the rows of {show(shape)}")
    return padding_idx % size


def _kept(t: Tensor, row: int) -> Tensor:
    """1 where a label is not the padding, else 0."""
    return mapped("embedding", lambda n: 1 - scalars.equal(n, sp.Integer(row)), t)


class Embedding(Module):
    """embedding with weight [num_embeddings, embedding_dim], normal, the row padding_idx zero, as torch.nn.Embedding"""

    def __init__(
        self, num_embeddings: Size, embedding_dim: Size, padding_idx: int | None = None, max_norm: Any = None
    ) -> None:
        _usual("Embedding", {"max_norm": max_norm})
        shape = (checked_size(num_embeddings), checked_size(embedding_dim))
        values, self.padding_idx = Distribution("normal", (0.0, 1.0)), padding_idx
        if padding_idx is not None:
            values = Distribution("padded", (0.0, 1.0, float(_row(shape, padding_idx))))
        self.weight = initial_values(shape, "parameter", values, None)

    def forward(self, input: Tensor) -> Tensor:
        return embedding(input, self.weight, self.padding_idx)


class EmbeddingBag(Module):
    """embedding_bag of labels [bags, entries] with weight [num_embeddings, embedding_dim], normal"""

    def __init__(
        self, num_embeddings: Size, embedding_dim: Size, mode: str = "mean", padding_idx: int | None = None
    ) -> None:
        self.weight = initial_values(
            (num_embeddings, embedding_dim), "parameter", Distribution("normal", (0.0, 1.0)), None
        )
        self.mode, self.padding_idx = mode, padding_idx

    def forward(self, input: Tensor, per_sample_weights: Any = None) -> Tensor:
        options = {"mode": self.mode, "per_sample_weights": per_sample_weights, "padding_idx": self.padding_idx}
        return embedding_bag(input, self.weight, **options)
