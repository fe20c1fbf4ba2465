"""Labels of losses: which of them count, what stands at them, and what they weigh."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import indices_for
from symnet.declare.functions.masks import zeros
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.shapes import movedim, reshape
from symnet.declare.tracing.constants import constant_values, flat, is_integer_number, labels_of, numbers_of
from symnet.declare.tracing.counting import arange
from symnet.declare.tracing.primitives import readdressed, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term, mistake


def classes_last(input: Tensor, target: Any) -> tuple[Tensor, Any]:
    """The input with its class axis, which is axis 1 for torch, as the last one, and soft targets likewise."""
    soft = isinstance(target, Tensor) and not target.spec.integer
    last = isinstance(target, Tensor) and target.shape == input.shape[:-1]
    if input.ndim <= 2 or (last and not soft and target.shape != (input.shape[0], *input.shape[2:])):
        return input, target
    return movedim(input, 1, -1), movedim(target, 1, -1) if soft and target.shape == input.shape else target


def labels_that_count(scores: Tensor, target: Any, ignored: int | None) -> tuple[Any, Tensor | None]:
    """The labels, and the mask of those that count, None if all do."""
    if is_integer_number(target):
        return _single_label(scores, int(target), ignored)
    if isinstance(target, arange) or _is_a_range(scores, target):
        return _own_places(scores, target, ignored)
    same_shape = scores.own_trace.same_shape
    if not isinstance(target, Tensor) or not target.spec.integer or not same_shape(target.shape, scores.shape[:-1]):
        shape = show(target.shape) if isinstance(target, Tensor) else type(target).__name__
        help = "labels have the input's shape without its class axis: sn.labels(N, classes=C)"
        raise mistake("SN103", f"the target is {shape}, the input {show(scores.shape)}", help)
    values = constant_values(target)
    known = scores.own_trace.size_value(scores.shape[-1])
    if values is not None:
        return _given_labels(scores, target, values, ignored, known)
    classes = target.classes
    if classes is not None and not scores.own_trace.same_size(classes, scores.shape[-1]):
        message = f"the labels run to {classes}, the input has {scores.shape[-1]} classes"
        raise mistake("SN202", message, f"declare the labels with classes={scores.shape[-1]}")
    if ignored is None or ignored < 0:
        return target, None
    kept = mapped("cross_entropy", lambda t: 1 - scalars.equal(t, sp.Integer(ignored)), target)
    return target, kept


def _single_label(scores: Tensor, label: int, ignored: int | None) -> tuple[int, Tensor | None]:
    """The label of a row of scores; one that is ignored counts 0 times."""
    if label == ignored:
        return 0, zeros()
    known = scores.own_trace.size_value(scores.shape[-1])
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
    return labels_of(scores.own_trace, _replaced(values, ignored), shape), kept  # type: ignore[return-value]


def several_labels(input: Tensor, target: Any) -> tuple[Tensor, Tensor | None]:
    """The labels of each sample, and the mask of those that count, None if all do."""
    same_shape = input.own_trace.same_shape
    if (
        not isinstance(target, Tensor)
        or not target.spec.integer
        or not same_shape(target.shape, input.shape)
        or not input.ndim
    ):
        shape = show(target.shape) if isinstance(target, Tensor) else type(target).__name__
        help = "integers in the shape of the input, -1 after the last label of a sample"
        raise mistake("SN103", f"the target is {shape}, the input {show(input.shape)}", help)
    values, classes = constant_values(target), input.shape[-1]
    if values is None:
        if target.classes is None or not input.own_trace.same_size(target.classes, classes):
            raise mistake("SN202", f"the labels run to {target.classes}, the input has {classes} classes")
        return target, None
    numbers, width = list(flat(values)), int(target.shape[-1])
    bad = [v for v in numbers if not -1 <= v < width]
    if bad:
        raise mistake("SN202", f"label {bad[0]} is out of range: the input has {classes} classes")
    rows = [numbers[n : n + width] for n in range(0, len(numbers), width)]
    counted = [float(-1 not in row[: k + 1]) for row in rows for k in range(width)]
    own = tuple(map(int, target.shape))
    mask: Tensor = reshape(numbers_of(input.own_trace, counted), list(own))
    labels: Any = labels_of(input.own_trace, _replaced(values, -1), own)
    return labels, mask


def _replaced(nested: Any, ignored: int | None) -> Any:
    """The numbers with 0 for those that do not count: what stands there is multiplied by 0."""
    return (
        tuple(_replaced(n, ignored) for n in nested)
        if isinstance(nested, tuple)
        else 0
        if nested == ignored
        else nested
    )


def picked(scores: Tensor, labels: Any) -> Tensor:
    """``y[n] += z[n, t[n]]``"""
    if isinstance(labels, int):
        return scores[(..., labels)]
    left = indices_for(labels.shape, "n")
    return readdressed(scores, left, (*left, labels.read(left)))


def picked_weights(labels: Any, weight: Tensor) -> Tensor:
    """``y[n] += w[t[n]]``"""
    if isinstance(labels, int):
        return weight[labels]
    left = indices_for(labels.shape, "n")
    return readdressed(weight, left, (labels.read(left),))


def require_weights(scores: Tensor, weight: Tensor | None) -> None:
    """Raises SymnetError unless there is one weight for each class."""
    if weight is None:
        return
    classes = scores.shape[-1]
    if not scores.own_trace.same_shape(weight.shape, (classes,)):
        raise mistake(
            "SN103", f"weight is {show(weight.shape)}, the classes are {classes}", "one weight for each class"
        )


def own_weights(labels: Any, weight: Tensor | None, kept: Tensor | None) -> Tensor | None:
    """What each sample weighs: the weight of its class, 0 where it does not count; None if all weigh the same."""
    if weight is None:
        return kept
    own = picked_weights(labels, weight)
    return own if kept is None else own * kept


def hits(scores: Tensor, labels: Any) -> Tensor:
    """``y[n,k] = [k = t[n]]``"""
    left = indices_for(scores.shape)
    place = sp.Integer(labels) if isinstance(labels, int) else labels.read(left[:-1])
    spec = scores.own_trace.new_spec(scores.shape, "intermediate")
    scores.own_trace.define(spec, Term(left, scalars.equal(left[-1], place)))
    return scores.made(spec, "Y")


def _is_a_range(scores: Tensor, target: Any) -> bool:
    """Whether the labels are the integers 0, 1, ... beside a square of scores, ``torch.arange(4)``."""
    if not isinstance(target, Tensor) or target.ndim != 1 or scores.ndim != 2 or len(set(scores.shape)) != 1:
        return False
    values = constant_values(target)
    numbers = [] if values is None else list(flat(values))
    return bool(numbers) and numbers == list(range(scores.own_trace.fixed_size(scores.shape[0]) or 0))


def _own_places(scores: Tensor, target: Any, ignored: int | None) -> tuple[arange, Tensor | None]:
    """Row n is of class n: as many classes as rows."""
    rows = arange(scores.shape[0])
    if (
        scores.ndim != 2
        or scores.shape[0] != scores.shape[1]
        or not scores.own_trace.same_size(*rows.shape, *target.shape)
    ):
        message = f"the target is arange({target.shape[0]}), the input {show(scores.shape)}"
        raise mistake("SN103", message, "row n is of class n: the input has as many classes as rows, [N,N]")
    if ignored is None or ignored < 0:
        return rows, None
    left = indices_for(rows.shape, "n")
    kept = scores.own_trace.new_spec(rows.shape, "intermediate")
    scores.own_trace.define(kept, Term(left, 1 - scalars.equal(left[0], sp.Integer(ignored))))
    return rows, scores.made(kept, "m")
