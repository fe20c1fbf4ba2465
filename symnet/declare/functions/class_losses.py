"""The words for losses of class labels; torch.nn.functional's names, arguments and default ``reduction="mean"``."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Delta, indices_for
from symnet.declare.functions import reductions
from symnet.declare.functions.class_labels import (
    classes_last,
    hits,
    labels_that_count,
    own_weights,
    picked,
    picked_weights,
    require_weights,
    several_labels,
)
from symnet.declare.functions.losses import predicts, reduced_loss, same_shape
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.functions.products import tensordot
from symnet.declare.functions.selection import one_hot
from symnet.declare.tracing.computed import Places
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term, mistake
from symnet.declare.tracing.words import word
from symnet.errors import Note, Problem, SymnetError


@word(method=False)
def cross_entropy(
    input: Tensor,
    target: Any,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log softmax(input) at the label, or weighted by a row of probabilities; mean is over the samples.

    ``e[n] = log Σ_k exp(z[n,k]) - z[n,t[n]]`` or ``e[n] = Σ_k y[n,k] (log Σ_m exp(z[n,m]) - z[n,k])``; the classes are
    axis 1.  ``weight`` has one number for each class, and the mean is then weighed by it.
    """
    predicts(input)
    scores, target = classes_last(input, target)
    smoothing = as_exact(label_smoothing)
    if not 0 <= smoothing <= 1:
        raise mistake("SN108", f"label_smoothing is {label_smoothing}", "a share of the probability: 0.1, from 0 to 1")
    require_weights(scores, weight)
    if isinstance(target, Places):
        if weight is not None or target.shape != scores.shape[:-1]:
            message = f"cross_entropy of {show(input.shape)} at computed places {show(target.shape)} with these weights"
            raise mistake("SN108", message, "one_hot rows of the places, weighed by hand")
        target = one_hot(target, scores.shape[-1])
    if isinstance(target, Tensor) and not target.spec.integer:
        return _soft(input, scores, target, weight, smoothing, reduction)
    labels, kept = labels_that_count(scores, target, ignore_index)
    plain = reductions.logsumexp(scores, -1) - picked(scores, labels)
    if weight is None and kept is None and smoothing == 0:
        return reduced_loss(plain, reduction)
    own = own_weights(labels, weight, kept)
    values = plain if own is None else plain * own
    if smoothing != 0:
        logs = -reductions.log_softmax(scores, -1)
        spread = reductions.sum(logs if weight is None else logs * weight, -1)
        spread = spread if kept is None else spread * kept
        values = values * (1 - smoothing) + spread * (smoothing / scores.shape[-1])
    return _averaged(values, own, reduction)


@word(method=False)
def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Any,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: object = None,
) -> Tensor:
    """cross_entropy of the scores Σ_i x[n,i] W[k,i] + b[k]; the options, how torch cuts the work, change nothing"""
    scores = tensordot(input, linear_weight, ([-1], [-1]))
    if linear_bias is not None:
        scores = mapped("add", lambda z, b: z + b, scores, linear_bias)
    ignored = -100 if ignore_index is None else ignore_index
    return cross_entropy(scores, target, weight, ignored, reduction, label_smoothing)


@word(method=False)
def nll_loss(
    input: Tensor, target: Any, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """Mean (or sum) of -input[n, t[n]], input holding log-probabilities; the classes are axis 1"""
    predicts(input)
    scores, target = classes_last(input, target)
    require_weights(scores, weight)
    labels, kept = labels_that_count(scores, target, ignore_index)
    own = own_weights(labels, weight, kept)
    values = -picked(scores, labels)
    return _averaged(values if own is None else values * own, own, reduction)


@word(method=False)
def multilabel_margin_loss(input: Tensor, target: Any, reduction: str = "mean") -> Tensor:
    """Mean (or sum) over the samples of (1/C) Σ_jk max(0, 1 - x[t[j]] + x[k]), k no label; -1 ends the labels"""
    predicts(input)
    t, counted = several_labels(input, target)
    *lead, j, k = indices_for((*t.shape, input.shape[-1]))
    place, counts = t.read((*lead, j)), sp.S.One if counted is None else counted.read((*lead, j))
    named = input.own_trace.new_spec(input.shape, "intermediate")
    input.own_trace.define(named, Term((*lead, k), counts * Delta(k, place), (j,)))
    others = mapped("multilabel_margin_loss", lambda n: scalars.equal(n, sp.S.Zero), input.made(named))
    *lead, j, k = indices_for((*t.shape, input.shape[-1]))
    place, counts = t.read((*lead, j)), sp.S.One if counted is None else counted.read((*lead, j))
    short = scalars.relu(1 - input.read((*lead, place)) + input.read((*lead, k)))
    spec = input.own_trace.new_spec(input.shape[:-1], "intermediate")
    body = counts * others.read((*lead, k)) * short / k.size
    input.own_trace.define(spec, Term(tuple(lead), body, (j, k)))
    return reduced_loss(input.made(spec), reduction)


@word(method=False)
def multi_margin_loss(
    input: Tensor, target: Any, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Mean (or sum) over the samples of (1/C) Σ_k max(0, margin - x[t] + x[k])^p over k ≠ t"""
    predicts(input)
    scores, target = classes_last(input if input.ndim else input[None], target)
    if isinstance(target, Tensor) and target.ndim and scores.ndim == 1:
        scores = scores[None]
    require_weights(scores, weight)
    labels, _ = labels_that_count(scores, target, None)
    own = picked(scores, labels)
    others = 1 - hits(scores, labels)
    short = scores - own[(..., None)] + as_exact(margin)
    apart = mapped("multi_margin_loss", lambda z: scalars.relu(z) ** sp.Integer(p), short) * others
    count = scores.shape[-1]
    if weight is not None:
        apart = apart * picked_weights(labels, weight)[(..., None)]
    return reduced_loss(reductions.sum(mapped("mul", lambda a: a / count, apart), -1), reduction)


def _soft(
    input: Tensor, scores: Tensor, target: Tensor, weight: Tensor | None, smoothing: sp.Expr, reduction: str
) -> Tensor:
    if target.shape == scores.shape[:-1]:
        trace = scores.own_trace
        named, source = trace.text_of(target.spec), trace.here()
        raise SymnetError(
            Problem(
                "SN103",
                f"{named} is real data {show(target.shape)}, cross_entropy needs labels or rows of probabilities",
                (
                    *((Note(target.spec.source, f"{named} is declared here"),) if target.spec.source else ()),
                    *((Note(source),) if source else ()),
                ),
                help=(
                    f"declare labels: {named} = sn.labels({', '.join(map(str, target.shape))}, "
                    f"classes={scores.shape[-1]})",
                ),
            )
        )
    target = same_shape("cross_entropy", scores, target)
    count = scores.shape[-1]
    if smoothing != 0:
        target = mapped("cross_entropy", lambda y: y * (1 - smoothing) + smoothing / count, target)
    if weight is not None:
        target = target * weight
    return reduced_loss(reductions.sum(-target * reductions.log_softmax(scores, -1), -1), reduction)


def _averaged(values: Tensor, own: Tensor | None, reduction: str) -> Tensor:
    if own is None or reduction != "mean":
        return reduced_loss(values, reduction)
    return reductions.sum(values) / reductions.sum(own)
