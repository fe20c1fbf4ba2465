"""The words for losses; torch.nn.functional's names, arguments and default ``reduction="mean"``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import sympy as sp

from symnet.calculus import scalars, specials
from symnet.calculus.detached import stop_gradient
from symnet.declare.functions import reductions
from symnet.declare.functions.norms import pairwise_distance
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.functions.several import clamp_min
from symnet.declare.tracing.constants import refitted
from symnet.declare.tracing.predicted import Predicted
from symnet.declare.tracing.primitives import pointwise, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import mistake
from symnet.declare.tracing.words import word
from symnet.errors import Note, Problem, SymnetError


def reduced_loss(values: Tensor, reduction: str) -> Tensor:
    """The mean, the sum, or the values themselves."""
    if reduction == "none":
        return values
    if reduction not in ("mean", "sum"):
        raise mistake("SN108", f"unknown reduction {reduction!r}", '"mean", "sum" or "none"')
    return reductions.mean(values) if reduction == "mean" else reductions.sum(values)


def predicts(tensor: Tensor, target: Tensor | None = None, bounds: tuple[float, float] = (0.0, 0.0)) -> None:
    """Note the first argument of a loss, which is what the model predicts; of one between two classes also the target,
    and above which numbers the two say yes."""
    tensor.own_trace.predictions.append(Predicted(tensor, target if isinstance(target, Tensor) else None, bounds))


def same_shape(word: str, input: Tensor, target: Tensor) -> Tensor:
    """The target, a constant one with the named sizes of the input; raises SymnetError unless both have one shape,
    for a loss never stretches."""
    if isinstance(target, Tensor) and target.ndim == input.ndim:
        target = cast(Tensor, refitted(target, input.shape))
    if not input.own_trace.same_shape(input.shape, target.shape):
        declared = [t for t in (input, target) if t.spec.role != "intermediate" and t.spec.source is not None]
        places = tuple(
            Note(t.spec.source, f"{input.own_trace.text_of(t.spec)} gets its shape here")
            for t in declared
            if t.spec.source
        )
        source = input.own_trace.here()
        message = f"{word} of {show(input.shape)} with {show(target.shape)}: both need one shape"
        help = ("x[:, 0] drops an axis of size 1, x[:, None] adds one",)
        raise SymnetError(Problem("SN102", message, (*places, *((Note(source),) if source else ())), help=help))
    return target


def _weighed_mean(values: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """As torch does for squares and sizes: the mean is divided by the sum of the weights."""
    if weight is None or reduction != "mean":
        return reduced_loss(_weighed(values, weight), reduction)
    total: Tensor = reductions.sum(values * weight) / reductions.sum(weight)
    return total


def _weighed(values: Tensor, weight: Tensor | None) -> Tensor:
    return values if weight is None else values * weight


@word(method=False)
def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """Mean (or sum) of (input - target)²"""
    predicts(input)
    target = same_shape("mse_loss", input, target)
    return _weighed_mean((input - target) ** 2, weight, reduction)


@word(method=False)
def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """Mean (or sum) of |input - target|"""
    predicts(input)
    target = same_shape("l1_loss", input, target)
    return _weighed_mean(abs(input - target), weight, reduction)


@word(method=False)
def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Mean (or sum) of r²/2 where |r| <= delta, else delta (|r| - delta/2), r = input - target"""
    predicts(input)
    target = same_shape("huber_loss", input, target)
    bound = as_exact(delta)
    values: Tensor = pointwise(input.own_trace, lambda a, b: scalars.huber(a - b, bound), input, target)
    return reduced_loss(_weighed(values, weight), reduction)


@word(method=False)
def smooth_l1_loss(input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Mean (or sum) of r²/(2 beta) where |r| <= beta, else |r| - beta/2, r = input - target"""
    bound = as_exact(beta)
    if bound == 0:
        return l1_loss(input, target, reduction)
    predicts(input)
    target = same_shape("smooth_l1_loss", input, target)
    values: Tensor = pointwise(input.own_trace, lambda a, b: scalars.huber(a - b, bound) / bound, input, target)
    return reduced_loss(values, reduction)


@word(method=False)
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Mean (or sum) of -(y log p + (1 - y) log(1 - p)), p = input strictly between 0 and 1, y = target

    PyTorch stops the logarithms at -100; at a p of 0 or 1 this formula is not finite.
    """
    predicts(input, target, (0.5, 0.5))
    target = same_shape("binary_cross_entropy", input, target)
    values: Tensor = pointwise(input.own_trace, lambda p, y: -(y * sp.log(p) + (1 - y) * sp.log(1 - p)), input, target)
    return reduced_loss(_weighed(values, weight), reduction)


@word(method=False)
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Mean (or sum) of log(1 + exp(z)) - y z, z = input; with w = pos_weight y counts w times"""
    predicts(input, target, (0.0, 0.5))
    target = same_shape("binary_cross_entropy_with_logits", input, target)
    if pos_weight is None:
        values: Tensor = pointwise(input.own_trace, lambda z, y: scalars.softplus(z) - y * z, input, target)
    else:
        values = mapped(
            "binary_cross_entropy_with_logits",
            lambda z, y, w: (1 - y) * z + (1 + (w - 1) * y) * scalars.softplus(-z),
            *(input, target, pos_weight),
        )
    return reduced_loss(_weighed(values, weight), reduction)


@word(method=False)
def kl_div(input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """Mean (or sum) of t (log t - x), x a log-probability and t a probability, or its logarithm if log_target"""
    predicts(input)
    if log_target:
        values = mapped("kl_div", lambda x, t: sp.exp(t) * (t - x), input, target)
    else:
        values = mapped("kl_div", lambda x, t: specials.xlogy(t, t) - t * x, input, target)
    if reduction == "batchmean":
        total: Tensor = reductions.sum(values) / input.shape[0]
        return total
    return reduced_loss(values, reduction)


@word(method=False)
def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Mean (or sum) of (log v + (input - target)²/v)/2, v = var + sg(max(eps - var, 0)); full adds log(2π)/2"""
    predicts(input)
    if isinstance(var, Tensor) and var.ndim == input.ndim - 1 and var.shape == input.shape[:-1]:
        var = var[(..., None)]
    if isinstance(var, Tensor):  # torch: the derivative takes no notice of the bound
        spread = mapped("gaussian_nll_loss", lambda v, e: v + stop_gradient(scalars.relu(e - v)), var, as_exact(eps))
    else:
        spread = sp.Max(as_exact(var), as_exact(eps))
    values = mapped("gaussian_nll_loss", lambda a, b, v: (sp.log(v) + (a - b) ** 2 / v) / 2, input, target, spread)
    return reduced_loss(values + sp.log(2 * sp.pi) / 2 if full else values, reduction)


@word(method=False)
def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """Mean (or sum) of exp(x) - t x, or of x - t log(x + eps); full adds Stirling's formula where t > 1"""
    predicts(input)
    low = as_exact(eps)
    if log_input:
        values = mapped("poisson_nll_loss", lambda x, t: sp.exp(x) - t * x, input, target)
    else:
        values = mapped("poisson_nll_loss", lambda x, t: x - t * sp.log(x + low), input, target)
    if full:

        def stirling(t: sp.Expr) -> sp.Expr:
            above = scalars.greater(t, sp.S.One)
            kept = scalars.where(above, t, sp.S.One)  # no logarithm of 0 is taken
            return above * (kept * sp.log(kept) - kept + sp.log(2 * sp.pi * kept) / 2)

        values = values + mapped("poisson_nll_loss", stirling, target)
    return reduced_loss(values, reduction)


@word(method=False)
def soft_margin_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """Mean (or sum) of log(1 + exp(-y x)), y = -1 or 1"""
    predicts(input, target, (0.0, 0.0))
    target = same_shape("soft_margin_loss", input, target)
    return reduced_loss(mapped("soft_margin_loss", lambda x, y: scalars.softplus(-x * y), input, target), reduction)


@word(method=False)
def multilabel_soft_margin_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Mean over the classes of log(1 + exp(z)) - y z, then mean (or sum) over the samples"""
    predicts(input, target, (0.0, 0.5))
    values: Tensor = pointwise(input.own_trace, lambda z, y: scalars.softplus(z) - y * z, input, target)
    return reduced_loss(reductions.mean(_weighed(values, weight), -1), reduction)


@word(method=False)
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """Mean (or sum) of max(0, margin - y (a - b)), y = -1 or 1"""
    apart = mapped("margin_ranking_loss", lambda a, b, y, m: m - y * (a - b), input1, input2, target, margin)
    return reduced_loss(clamp_min(apart, 0), reduction)


@word(method=False)
def hinge_embedding_loss(input: Tensor, target: Any, margin: float = 1.0, reduction: str = "mean") -> Tensor:
    """Mean (or sum) of x where y = 1, and of max(0, margin - x) where y = -1; of both together for any other y"""
    near = mapped("hinge_embedding_loss", lambda x, y: (1 - scalars.equal(y, -sp.S.One)) * x, input, target)
    beyond = clamp_min(mapped("hinge_embedding_loss", lambda x, m: m - x, input, margin), 0)
    far = mapped("hinge_embedding_loss", lambda x, y: (1 - scalars.equal(y, sp.S.One)) * x, beyond, target)
    return reduced_loss(near + far, reduction)


@word(method=False)
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """Mean (or sum) of max(0, d(a, p) - d(a, n) + margin), d the distance; with swap the nearer of d(a, n), d(p, n)"""
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    return _triplet(near, far, pairwise_distance(positive, negative, p, eps) if swap else None, margin, reduction)


@word(method=False)
def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """As triplet_margin_loss with a distance of one's own, a function of two tensors"""
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    return _triplet(near, far, distance(positive, negative) if swap else None, margin, reduction)


def _triplet(near: Tensor, far: Tensor, other: Tensor | None, margin: float, reduction: str) -> Tensor:
    if other is not None:
        far = pointwise(near.own_trace, scalars.minimum, far, other)
    return reduced_loss(clamp_min(near - far + as_exact(margin), 0), reduction)


@word(method=False)
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> Tensor:
    """Mean (or sum) of 1 - cos where y = 1, and of max(0, cos - margin) where y = -1, cos the cosine of a and b"""
    tiny = sp.Rational("1e-12")  # torch's own guard under the square root
    squares = [reductions.sum(x**2, -1) + tiny for x in (input1, input2)]
    inner = reductions.sum(input1 * input2, -1)
    cosine = mapped("cosine_embedding_loss", lambda c, a, b: c / sp.sqrt(a * b), inner, *squares)
    beyond = clamp_min(cosine - as_exact(margin), 0)
    equal = scalars.equal
    values = mapped(
        "cosine_embedding_loss",
        lambda c, m, y: equal(y, sp.S.One) * (1 - c) + equal(y, -sp.S.One) * m,
        *(cosine, beyond, target),
    )
    return reduced_loss(values, reduction)
