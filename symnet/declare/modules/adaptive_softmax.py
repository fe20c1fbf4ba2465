"""A softmax over many classes in clusters, with torch.nn's name, parameter layout and arguments."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from symnet.declare.functions import reductions
from symnet.declare.functions.class_losses import nll_loss
from symnet.declare.functions.joining import cat
from symnet.declare.functions.reductions import argmax, log_softmax
from symnet.declare.inputs import Size, checked_size
from symnet.declare.modules.layers import Linear, Module, Sequential
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import current
from symnet.declare.tracing.words import mistake


class OutputAndLoss(NamedTuple):
    """What the module gives: the log probability of each label, and the mean of their negatives."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """output[n] = log p(t[n]), loss its mean with a minus; p = softmax(head(x)) for the classes below the first cutoff
    and p(cluster) softmax(tail_i(x)) within cluster i, tail_i through in // div_value^(i+1) features (Grave et al.,
    arXiv:1609.04309).

    All clusters are computed for every row, where torch takes the rows of each apart: the numbers are the same.
    """

    def __init__(
        self,
        in_features: Size,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
    ) -> None:
        ends = [*cutoffs, n_classes]
        known = current().fixed_size(checked_size(in_features))
        if not cutoffs or ends[0] < 1 or any(b <= a for a, b in itertools.pairwise(ends)):
            raise mistake("SN108", f"cutoffs={list(cutoffs)} of {n_classes} classes", "cutoffs=[10, 100], rising")
        if known is None:
            raise mistake("SN104", f"in_features is {in_features}, which the data bring", "a number of features")
        self.head = Linear(in_features, ends[0] + len(cutoffs), head_bias)
        narrow = [int(known // div_value ** (k + 1)) for k in range(len(cutoffs))]
        self.tail = Sequential(
            *(
                Sequential(Linear(in_features, width, False), Linear(width, ends[k + 1] - ends[k], False))
                for k, width in enumerate(narrow)
            )
        )

    def forward(self, x: Tensor, target: Any) -> OutputAndLoss:
        """The log probabilities of the labels and the loss."""
        return output_and_loss(self.log_prob(x), target)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p of every class."""
        return log_probabilities(self.head(x), [tail(x) for tail in self.tail.modules])

    def predict(self, x: Tensor) -> Tensor:
        """The class of the largest probability, of ties the first."""
        return argmax(self.log_prob(x), -1)


def log_probabilities(head: Tensor, tails: Sequence[Tensor]) -> Tensor:
    """``log p[n,c]``: of the classes of the head, and of each cluster times what is in it."""
    logs = log_softmax(head, -1)
    short = logs.shape[-1] - len(tails)
    parts = [logs[..., :short]]
    parts += [log_softmax(t, -1) + logs[..., short + k, None] for k, t in enumerate(tails)]
    return cat(parts, -1)


def output_and_loss(logs: Tensor, target: Any) -> OutputAndLoss:
    """The log probabilities at the labels."""
    output = -nll_loss(logs, target, reduction="none")
    return OutputAndLoss(output, -reductions.mean(output))


def adopted(part: Any) -> Callable[..., OutputAndLoss]:
    """The forward of a copied module of torch, whose own takes rows apart by their labels."""

    def forward(x: Tensor, target: Any) -> OutputAndLoss:
        return output_and_loss(log_probabilities(part.head(x), [tail(x) for tail in part.tail]), target)

    return forward
