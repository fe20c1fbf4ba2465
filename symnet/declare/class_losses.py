"""The words for losses of class labels; torch.nn.functional's names, arguments and default ``reduction="mean"``."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Delta, indices_for
from symnet.declare import reductions
from symnet.declare.constants import constant_values, flat, is_integer_number, labels_of, numbers_of
from symnet.declare.indexing import arange
from symnet.declare.losses import predicts, reduced_loss, same_shape
from symnet.declare.masks import zeros
from symnet.declare.pointwise import as_exact, mapped
from symnet.declare.primitives import readdressed, show
from symnet.declare.products import tensordot
from symnet.declare.shapes import movedim, reshape
from symnet.declare.tensor import Tensor
from symnet.declare.trace import Term, mistake
from symnet.declare.words import word
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
    scores, target = _classes_last(input, target)
    smoothing = as_exact(label_smoothing)
    if isinstance(target, Tensor) and not target.spec.integer:
        return _soft(input, scores, target, weight, smoothing, reduction)
    labels, kept = _labels(scores, target, ignore_index)
    plain = reductions.logsumexp(scores, -1) - _picked(scores, labels)
    if weight is None and kept is None and smoothing == 0:
        return reduced_loss(plain, reduction)
    own = _own_weights(labels, weight, kept)
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
    scores, target = _classes_last(input, target)
    labels, kept = _labels(scores, target, ignore_index)
    own = _own_weights(labels, weight, kept)
    values = -_picked(scores, labels)
    return _averaged(values if own is None else values * own, own, reduction)


@word(method=False)
def multilabel_margin_loss(input: Tensor, target: Any, reduction: str = "mean") -> Tensor:
    """Mean (or sum) over the samples of (1/C) Σ_jk max(0, 1 - x[t[j]] + x[k]), k no label; -1 ends the labels"""
    predicts(input)
    t, counted = _several_labels(input, target)
    *lead, j, k = indices_for((*t.shape, input.shape[-1]))
    place, counts = t.read((*lead, j)), sp.S.One if counted is None else counted.read((*lead, j))
    named = input.trace.new_spec(input.shape, "intermediate")
    input.trace.define(named, Term((*lead, k), counts * Delta(k, place), (j,)))
    others = mapped("multilabel_margin_loss", lambda n: scalars.equal(n, sp.S.Zero), input.made(named))
    *lead, j, k = indices_for((*t.shape, input.shape[-1]))
    place, counts = t.read((*lead, j)), sp.S.One if counted is None else counted.read((*lead, j))
    short = scalars.relu(1 - input.read((*lead, place)) + input.read((*lead, k)))
    spec = input.trace.new_spec(input.shape[:-1], "intermediate")
    body = counts * others.read((*lead, k)) * short / k.size
    input.trace.define(spec, Term(tuple(lead), body, (j, k)))
    return reduced_loss(input.made(spec), reduction)


def _several_labels(input: Tensor, target: Any) -> tuple[Tensor, Tensor | None]:
    """The labels of each sample, and the mask of those that count, None if all do."""
    if not isinstance(target, Tensor) or not target.spec.integer or target.shape != input.shape or not input.ndim:
        shape = show(target.shape) if isinstance(target, Tensor) else type(target).__name__
        help = "integers in the shape of the input, -1 after the last label of a sample"
        raise mistake("SN103", f"the target is {shape}, the input {show(input.shape)}", help)
    values, classes = constant_values(target), input.shape[-1]
    if values is None:
        if target.classes != classes:
            raise mistake("SN202", f"the labels run to {target.classes}, the input has {classes} classes")
        return target, None
    numbers, width = list(flat(values)), int(target.shape[-1])
    bad = [v for v in numbers if not -1 <= v < width]
    if bad:
        raise mistake("SN202", f"label {bad[0]} is out of range: the input has {classes} classes")
    rows = [numbers[n : n + width] for n in range(0, len(numbers), width)]
    counted = [float(-1 not in row[: k + 1]) for row in rows for k in range(width)]
    own = tuple(map(int, target.shape))
    mask: Tensor = reshape(numbers_of(input.trace, counted), list(own))
    labels: Any = labels_of(input.trace, _replaced(values, -1), own)
    return labels, mask


@word(method=False)
def multi_margin_loss(
    input: Tensor, target: Any, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Mean (or sum) over the samples of (1/C) Σ_k max(0, margin - x[t] + x[k])^p over k ≠ t"""
    predicts(input)
    scores, target = _classes_last(input if input.ndim else input[None], target)
    if isinstance(target, Tensor) and target.ndim and scores.ndim == 1:
        scores = scores[None]
    labels, _ = _labels(scores, target, None)
    own = _picked(scores, labels)
    others = 1 - _hits(scores, labels)
    short = scores - own[(..., None)] + as_exact(margin)
    apart = mapped("multi_margin_loss", lambda z: scalars.relu(z) ** sp.Integer(p), short) * others
    count = scores.shape[-1]
    if weight is not None:
        apart = apart * _picked_weights(labels, weight)[(..., None)]
    return reduced_loss(reductions.sum(mapped("mul", lambda a: a / count, apart), -1), reduction)


def _classes_last(input: Tensor, target: Any) -> tuple[Tensor, Any]:
    """The input with its class axis, which is axis 1 for torch, as the last one, and soft targets likewise."""
    soft = isinstance(target, Tensor) and not target.spec.integer
    last = isinstance(target, Tensor) and target.shape == input.shape[:-1]
    if input.ndim <= 2 or (last and not soft and target.shape != (input.shape[0], *input.shape[2:])):
        return input, target
    return movedim(input, 1, -1), movedim(target, 1, -1) if soft and target.shape == input.shape else target


def _soft(
    input: Tensor, scores: Tensor, target: Tensor, weight: Tensor | None, smoothing: sp.Expr, reduction: str
) -> Tensor:
    if target.shape == scores.shape[:-1]:
        trace = scores.trace
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
    same_shape("cross_entropy", scores, target)
    count = scores.shape[-1]
    if smoothing != 0:
        target = mapped("cross_entropy", lambda y: y * (1 - smoothing) + smoothing / count, target)
    if weight is not None:
        target = target * weight
    return reduced_loss(reductions.sum(-target * reductions.log_softmax(scores, -1), -1), reduction)


def _labels(scores: Tensor, target: Any, ignored: int | None) -> tuple[Any, Tensor | None]:
    """The labels, and the mask of those that count, None if all do."""
    if is_integer_number(target):
        return _single_label(scores, int(target), ignored)
    if isinstance(target, arange) or _is_a_range(scores, target):
        return _own_places(scores, target, ignored)
    if not isinstance(target, Tensor) or not target.spec.integer or target.shape != scores.shape[:-1]:
        shape = show(target.shape) if isinstance(target, Tensor) else type(target).__name__
        help = "labels have the input's shape without its class axis: sn.labels(N, classes=C)"
        raise mistake("SN103", f"the target is {shape}, the input {show(scores.shape)}", help)
    values = constant_values(target)
    known = scores.trace.size_value(scores.shape[-1])
    if values is not None:
        return _given_labels(scores, target, values, ignored, known)
    classes = target.classes
    if classes is not None and classes != scores.shape[-1]:
        message = f"the labels run to {classes}, the input has {scores.shape[-1]} classes"
        raise mistake("SN202", message, f"declare the labels with classes={scores.shape[-1]}")
    if ignored is None or ignored < 0:
        return target, None
    kept = mapped("cross_entropy", lambda t: 1 - scalars.equal(t, sp.Integer(ignored)), target)
    return target, kept


def _is_a_range(scores: Tensor, target: Any) -> bool:
    """Whether the labels are the integers 0, 1, ... beside a square of scores, ``torch.arange(4)``."""
    if not isinstance(target, Tensor) or target.ndim != 1 or scores.ndim != 2 or len(set(scores.shape)) != 1:
        return False
    values = constant_values(target)
    numbers = [] if values is None else list(flat(values))
    return bool(numbers) and numbers == list(range(scores.trace.fixed_size(scores.shape[0]) or 0))


def _own_places(scores: Tensor, target: Any, ignored: int | None) -> tuple[arange, Tensor | None]:
    """Row n is of class n: as many classes as rows."""
    rows = arange(scores.shape[0])
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1] or not scores.trace.same_size(*rows.shape, *target.shape):
        message = f"the target is arange({target.shape[0]}), the input {show(scores.shape)}"
        raise mistake("SN103", message, "row n is of class n: the input has as many classes as rows, [N,N]")
    if ignored is None or ignored < 0:
        return rows, None
    left = indices_for(rows.shape, "n")
    kept = scores.trace.new_spec(rows.shape, "intermediate")
    scores.trace.define(kept, Term(left, 1 - scalars.equal(left[0], sp.Integer(ignored))))
    return rows, scores.made(kept, "m")


def _single_label(scores: Tensor, label: int, ignored: int | None) -> tuple[int, Tensor | None]:
    """The label of a row of scores; one that is ignored counts 0 times."""
    if label == ignored:
        return 0, zeros()
    known = scores.trace.size_value(scores.shape[-1])
    if scores.ndim != 1 or label < 0 or (known is not None and label >= known):
        raise mistake("SN202", f"label {label} is out of range: the input is {show(scores.shape)}")
    return label, None


def _given_labels(
    scores: Tensor, target: Tensor, values: Any, ignored: int | None, known: int | None
) -> tuple[Tensor, Tensor | None]:
    numbers = list(flat(values))
    bad = [v for v in numbers if v != ignored and (v < 0 or (known is not None and v >= known))]
    if bad:
        raise mistake("SN202", f"label {bad[0]} is out of range: the input has {scores.shape[-1]} classes")
    if ignored not in numbers:
        return target, None
    kept = mapped("cross_entropy", lambda t: 1 - scalars.equal(t, sp.Integer(ignored)), target)
    shape = tuple(int(s) for s in target.shape)
    return labels_of(scores.trace, _replaced(values, ignored), shape), kept  # type: ignore[return-value]


def _replaced(nested: Any, ignored: int | None) -> Any:
    """The numbers with 0 for those that do not count: what stands there is multiplied by 0."""
    return (
        tuple(_replaced(n, ignored) for n in nested)
        if isinstance(nested, tuple)
        else 0
        if nested == ignored
        else nested
    )


def _picked(scores: Tensor, labels: Any) -> Tensor:
    """``y[n] += z[n, t[n]]``"""
    if isinstance(labels, int):
        return scores[(..., labels)]
    left = indices_for(labels.shape, "n")
    return readdressed(scores, left, (*left, labels.read(left)))


def _picked_weights(labels: Any, weight: Tensor) -> Tensor:
    if isinstance(labels, int):
        return weight[labels]
    left = indices_for(labels.shape, "n")
    return readdressed(weight, left, (labels.read(left),))


def _own_weights(labels: Any, weight: Tensor | None, kept: Tensor | None) -> Tensor | None:
    if weight is None:
        return kept
    own = _picked_weights(labels, weight)
    return own if kept is None else own * kept


def _averaged(values: Tensor, own: Tensor | None, reduction: str) -> Tensor:
    if own is None or reduction != "mean":
        return reduced_loss(values, reduction)
    return reductions.sum(values) / reductions.sum(own)


def _hits(scores: Tensor, labels: Any) -> Tensor:
    """``y[n,k] = [k = t[n]]``"""
    left = indices_for(scores.shape)
    place = sp.Integer(labels) if isinstance(labels, int) else labels.read(left[:-1])
    spec = scores.trace.new_spec(scores.shape, "intermediate")
    scores.trace.define(spec, Term(left, scalars.equal(left[-1], place)))
    return scores.made(spec, "Y")
