"""The loss of labels that have no places in time, summed over all alignments; torch's name and signature."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Delta, indices_for
from symnet.declare.functions import reductions
from symnet.declare.functions.joining import stack
from symnet.declare.functions.losses import predicts, reduced_loss
from symnet.declare.functions.masks import where, zeros
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.recurrent import scan
from symnet.declare.functions.scans import cumsum
from symnet.declare.functions.selection import labels
from symnet.declare.functions.shapes import known_size
from symnet.declare.tracing.constants import constant_values, flat, labels_of
from symnet.declare.tracing.primitives import readdressed, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


@word(method=False)
def ctc_loss(
    log_probs: Tensor,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """-log Σ exp a[T,s] over the last label and the blank behind it, a[t,s] = x[t,l[s]] + log(exp a[t-1,s] +
    exp a[t-1,s-1] + exp a[t-1,s-2]), l the labels with blanks between, s-2 only between unequal labels; the mean is
    over the samples, each divided by its number of labels

    Source: Graves, Fernández, Gomez, Schmidhuber, Connectionist Temporal Classification (2006), equations 6 to 8.
    """
    predicts(log_probs)
    alone = log_probs.ndim == 2
    x = log_probs[:, None] if alone else log_probs
    if x.ndim != 3 or not isinstance(blank, int) or not 0 <= blank < known_size(x, 2, "ctc_loss"):
        raise mistake("SN103", f"ctc_loss of {show(log_probs.shape)} with blank={blank}", "log_probs are [T,N,C]")
    times = known_size(x, 0, "ctc_loss")
    ends, counts = (_lengths(x, v, k) for v, k in ((input_lengths, "input"), (target_lengths, "target")))
    t = _rows(x, targets, counts, blank)
    _fitting(x, ends, times, "input", least=1)
    _fitting(x, counts, known_size(t, 1, "ctc_loss"), "target", least=0)
    first = _first_times(t)
    scores = _scores(x, t, blank)
    last = scores[0] if times == 1 else _advanced(scores, t, first, ends, times)
    values = _ended(last, first, ends, counts, zero_infinity)
    if reduction == "mean":
        values = mapped("ctc_loss", lambda v, n: v / scalars.maximum(n, sp.S.One), values, counts)
    return reduced_loss(values[0] if alone and reduction == "none" else values, reduction)


def _lengths(x: Tensor, given: Any, kind: str) -> Tensor:
    t = labels(x, [given] if isinstance(given, int) else given, f"ctc_loss's {kind}_lengths")
    t = t if t.ndim else t[None]
    if not x.own_trace.same_shape(t.shape, x.shape[1:2]):
        raise mistake("SN103", f"{kind}_lengths are {show(t.shape)}, there are {x.shape[1]} samples")
    return t


def _rows(x: Tensor, targets: Any, counts: Tensor, blank: int) -> Tensor:
    """The labels [N,S]; those that came one sample after the other as rows, filled up with what no alignment reads."""
    t, classes = labels(x, targets, "ctc_loss"), known_size(x, 2, "ctc_loss")
    given = constant_values(t)
    if given is not None and any(v == blank or not 0 <= v < classes for v in flat(given)):
        raise mistake("SN202", f"a label of ctc_loss is one of {classes} classes and not the blank, {blank}")
    if given is None and (t.classes is None or t.own_trace.size_value(t.classes) != classes):
        raise mistake("SN202", f"the labels run to {t.classes}, the input has {classes} classes")
    if t.ndim == 1 and x.shape[1] == 1:
        return t[None]
    if t.ndim == 1:
        sizes = constant_values(counts)
        if given is None or sizes is None or sum(sizes) != len(given):
            raise mistake("SN103", f"the targets are {show(t.shape)}, ctc_loss needs a row for each sample", "[N,S]")
        starts = itertools.accumulate(sizes, initial=0)
        rows = [list(given[start : start + n]) for start, n in zip(starts, sizes, strict=False)]
        width = max(sizes)
        filled = [row + (row[-1:] or [given[0]]) * (width - len(row)) for row in rows]
        t = labels_of(x.own_trace, filled, (len(rows), width))  # type: ignore[assignment]
    if t.ndim != 2 or not x.own_trace.same_size(t.shape[0], x.shape[1]):
        raise mistake("SN103", f"the targets are {show(t.shape)}, there are {x.shape[1]} samples", "[N,S]")
    return t


def _fitting(x: Tensor, lengths: Tensor, size: int, kind: str, least: int) -> None:
    """Refuses lengths beyond the axis that they are of."""
    given = constant_values(lengths)
    most = None if lengths.classes is None else x.own_trace.size_value(lengths.classes)
    bad = [v for v in flat(given) if not least <= v <= size] if given is not None else []
    if bad or most is None or most > size + 1:
        raise mistake("SN202", f"{kind}_lengths of ctc_loss run from {least} to {size}", f"classes={size + 1}")


def _with_blanks(blanks: Tensor, own: Tensor) -> Tensor:
    """``y[2k] = blanks[k], y[2k+1] = own[k]`` along the last axis, a blank more than labels."""
    spec = own.own_trace.new_spec((*own.shape[:-1], 2 * own.shape[-1] + 1), "intermediate")
    terms = []
    for shift, part in enumerate((blanks, own)):
        *lead, place, k = indices_for((*spec.shape, part.shape[-1]))
        terms.append(Term((*lead, place), part.read((*lead, k)) * Delta(place, 2 * k + shift), (k,)))
    own.own_trace.define(spec, *terms)
    return own.made(spec)


def _shifted(x: Tensor, places: int, size: sp.Expr | None = None) -> Tensor:
    """``y[...,s] = x[...,s - places]``, 0 before the first."""
    left = indices_for((*x.shape[:-1], x.shape[-1] if size is None else size))
    spec = x.own_trace.new_spec((i.size for i in left), "intermediate")
    x.own_trace.define(spec, Term(left, x.read((*left[:-1], left[-1] - places)), guard=(left[-1] - places,)))
    return x.made(spec)


def _scores(x: Tensor, t: Tensor, blank: int) -> Tensor:
    """``y[t,n,s] = x[t,n,l[n,s]]``, l the labels with blanks between."""
    left, apart = indices_for((*x.shape[:2], t.shape[1])), indices_for((*x.shape[:2], t.shape[1] + 1))
    own = readdressed(x, left, (*left[:2], t.read(left[1:])))
    return _with_blanks(readdressed(x, apart, (*apart[:2], sp.Integer(blank))), own)


def _unequal(t: Tensor) -> Tensor:
    """``[t[n,k] ≠ t[n,k-1]]``, and 0 for the first label."""
    n, k = indices_for(t.shape)
    spec = t.own_trace.new_spec(t.shape, "intermediate")
    t.own_trace.define(spec, Term((n, k), 1 - scalars.equal(t.read((n, k)), t.read((n, k - 1))), guard=(k - 1,)))
    return t.made(spec)


def _first_times(t: Tensor) -> Tensor:
    """The time at which an alignment may first be at a place: a label behind an equal one waits for a blank."""
    own = cumsum(2 - _unequal(t), 1) - 2  # the first label comes at time 0
    return _with_blanks(_shifted(own + 1, 1, t.shape[1] + 1), own)


def _advanced(scores: Tensor, t: Tensor, first: Tensor, ends: Tensor, times: int) -> Tensor:
    """``a[T]``: places that no alignment has reached hold numbers that nobody reads."""
    shape = (times - 1, *first.shape)
    before = _of_steps(scores, shape, lambda now, n, s: scalars.greater_equal(now, first.read((n, s))))
    arrives = _of_steps(scores, shape, lambda now, n, s: scalars.equal(now + 1, first.read((n, s))))
    goes_on = _of_steps(scores, shape, lambda now, n, s: scalars.greater(ends.read((n,)), now + 1))
    skips = _with_blanks(zeros(t.shape[0], t.shape[1] + 1), _unequal(t))
    reached = stack([1 - arrives, _shifted(before, 1), _shifted(before, 2) * skips], -1)

    def step(score: Tensor, comes: Tensor, counts: Tensor, old: Tensor) -> Tensor:
        ways = stack([old, _shifted(old, 1), _shifted(old, 2)], -1)
        new = score + _log_sum(comes, ways)
        return where(counts == 1, new, old)

    states: Tensor = scan(step, (scores[1:], reached, goes_on), scores[0])
    return states[-1]


def _log_sum(counted: Tensor, x: Tensor) -> Tensor:
    """``log Σ_k m[k] exp(x[k])`` over the last axis, m a mask: what logsumexp over entries of -inf is."""
    total = reductions.sum(mapped("ctc_loss", lambda m, a: m * sp.exp(a), counted, x), -1)
    return mapped("ctc_loss", sp.log, total)


def _of_steps(x: Tensor, shape: tuple[Any, ...], rule: Callable[..., sp.Expr]) -> Tensor:
    """A mask of steps, samples and places."""
    left = indices_for(shape)
    spec = x.own_trace.new_spec((i.size for i in left), "intermediate")
    x.own_trace.define(spec, Term(left, rule(*left)))
    return x.made(spec)


def _ended(last: Tensor, first: Tensor, ends: Tensor, counts: Tensor, zero_infinity: bool) -> Tensor:
    """The loss of each sample: its alignments end at the last label or at the blank behind it."""

    def rule(n: sp.Expr, s: sp.Expr) -> sp.Expr:
        behind = s - 2 * counts.read((n,))
        here = scalars.equal(behind, sp.S.Zero) + scalars.equal(behind, -sp.S.One)
        return here * scalars.greater(ends.read((n,)), first.read((n, s)))

    left = indices_for(last.shape)
    spec = last.own_trace.new_spec(last.shape, "intermediate")
    last.own_trace.define(spec, Term(left, rule(*left)))
    at_end = last.made(spec)
    if not zero_infinity:
        return -_log_sum(at_end, last)
    none = reductions.sum(at_end, -1) == 0
    return where(none, 0.0, -_log_sum(where(none[:, None], 1.0, at_end), last))
