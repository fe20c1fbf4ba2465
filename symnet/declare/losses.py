"""Losses with torch.nn.functional's names, arguments and default ``reduction="mean"``."""

from __future__ import annotations

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import indices_for
from symnet.declare import reductions
from symnet.declare.primitives import number, pointwise, readdressed, show
from symnet.declare.tensor import Tensor
from symnet.declare.words import word
from symnet.errors import Note


def _reduced(values: Tensor, reduction: str) -> Tensor:
    if reduction in ("mean", "sum"):
        return reductions.mean(values) if reduction == "mean" else reductions.sum(values)
    if reduction != "none":
        values.trace.fail("SN108", f"unknown reduction {reduction!r}", help=('"mean", "sum" or "none"',))
    return values


def _predicts(tensor: Tensor) -> None:
    tensor.trace.predictions.append(tensor)


def _same_shape(word: str, input: Tensor, target: Tensor) -> bool:
    if input.broken or target.broken:
        return False
    if input.shape != target.shape:
        declared = [t for t in (input, target) if t.spec.role != "intermediate" and t.spec.source is not None]
        input.trace.fail(
            "SN102",
            f"{word} of {show(input.shape)} with {show(target.shape)}: both need one shape",
            because=tuple(
                Note(t.spec.source, f"{input.trace.text_of(t.spec)} gets its shape here")
                for t in declared
                if t.spec.source
            ),
            help=("x[:, 0] drops an axis of size 1, x[:, None] adds one",),
        )
        return False
    return True


@word(method=False)
def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Mean (or sum) of (input - target)²"""
    _predicts(input)
    if not _same_shape("mse_loss", input, target):
        return input.as_broken()
    return _reduced((input - target) ** 2, reduction)


@word(method=False)
def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Mean (or sum) of |input - target|"""
    _predicts(input)
    if not _same_shape("l1_loss", input, target):
        return input.as_broken()
    return _reduced(abs(input - target), reduction)


@word(method=False)
def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """Mean (or sum) of r²/2 where |r| <= delta, else delta (|r| - delta/2), r = input - target"""
    _predicts(input)
    bound = number(delta)
    if not _same_shape("huber_loss", input, target) or bound is None:
        return input.as_broken()
    return _reduced(pointwise(input.trace, lambda a, b: scalars.huber(a - b, bound), input, target), reduction)


@word(method=False)
def binary_cross_entropy(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Mean (or sum) of -(y log p + (1 - y) log(1 - p)), p = input in 0..1, y = target"""
    _predicts(input)
    if not _same_shape("binary_cross_entropy", input, target):
        return input.as_broken()
    values: Tensor = pointwise(input.trace, lambda p, y: -(y * sp.log(p) + (1 - y) * sp.log(1 - p)), input, target)
    return _reduced(values, reduction)


@word(method=False)
def binary_cross_entropy_with_logits(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Mean (or sum) of softplus(z) - y z, which is the binary cross entropy of sigmoid(z)"""
    _predicts(input)
    if not _same_shape("binary_cross_entropy_with_logits", input, target):
        return input.as_broken()
    values: Tensor = pointwise(input.trace, lambda z, y: scalars.softplus(z) - y * z, input, target)
    return _reduced(values, reduction)


@word(method=False)
def cross_entropy(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """-log softmax(input) at the label, or weighted by a row of probabilities; mean is over the samples.

    ``e[n] = log Σ_k exp(z[n,k]) - z[n,t[n]]`` or ``e[n] = Σ_k y[n,k] (log Σ_m exp(z[n,m]) - z[n,k])``
    """
    _predicts(input)
    if input.broken or target.broken:
        return input.as_broken()
    if target.spec.integer:
        if not _labels_fit(input, target):
            return input.as_broken()
        return _reduced(reductions.logsumexp(input, -1) - _picked(input, target), reduction)
    if target.shape == input.shape[:-1]:
        trace = input.trace
        named = trace.text_of(target.spec)
        trace.fail(
            "SN103",
            f"{named} is real data {show(target.shape)}, cross_entropy needs labels or rows of probabilities",
            because=(Note(target.spec.source, f"{named} is declared here"),) if target.spec.source else (),
            help=(
                f"declare labels: {named} = sn.labels({', '.join(map(str, target.shape))}, classes={input.shape[-1]})",
            ),
        )
        return input.as_broken()
    if not _same_shape("cross_entropy", input, target):
        return input.as_broken()
    return _reduced(reductions.sum(-target * reductions.log_softmax(input, -1), -1), reduction)


@word(method=False)
def nll_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Mean (or sum) of -input[n, t[n]], input holding log-probabilities"""
    _predicts(input)
    if input.broken or target.broken or not _labels_fit(input, target):
        return input.as_broken()
    return _reduced(-_picked(input, target), reduction)


def _labels_fit(input: Tensor, target: Tensor) -> bool:
    trace = input.trace
    if not target.spec.integer or target.shape != input.shape[:-1]:
        trace.fail(
            "SN103",
            f"the target is {show(target.shape)}, the input {show(input.shape)}",
            help=("labels have the input's shape without its last axis: sn.labels(N, classes=C)",),
        )
        return False
    classes = trace.declared[target.spec.name].classes if target.spec.name in trace.declared else None
    if classes is not None and classes != input.shape[-1]:
        trace.fail(
            "SN202",
            f"the labels run to {classes}, the input has {input.shape[-1]} classes",
            help=(f"declare the labels with classes={input.shape[-1]}",),
        )
        return False
    return True


def _picked(input: Tensor, target: Tensor) -> Tensor:
    """``y[n] += z[n, t[n]]``"""
    left = indices_for(target.shape, "n")
    return readdressed(input, left, (*left, target.read(left)))
