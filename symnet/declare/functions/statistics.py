"""Statistics of a batch, the running ones that stand for them in evaluation, and how the running ones are renewed.

    running ← (1 - momentum) running + momentum statistic

The variance that normalises divides by n, the one that is kept by n - 1 (Bessel), as torch does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symnet.declare.buffers import latest, update
from symnet.declare.drawn import by_mode
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.reductions import mean, reduced
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake


@dataclass(frozen=True)
class Running:
    """The running mean and variance, one for each channel, and how fast they follow: a number, or a tensor."""

    mean: Tensor
    variance: Tensor
    momentum: Any

    def renew(self, own_mean: Tensor, own_variance: Tensor, count: sp.Expr) -> None:
        """Declare what they become; numbers that are no buffers stay as they are, since nothing reads them again."""
        pairs = ((self.mean, own_mean, sp.S.One), (self.variance, own_variance, count / (count - 1)))
        for kept, own, factor in pairs:
            if kept.spec.role == "buffer":
                new = mapped(
                    "batch_norm", lambda r, s, m, f=factor: (1 - m) * r + m * f * s, latest(kept), own, self.momentum
                )
                update(kept, new)


def normalised(
    x: Tensor, axes: Sequence[int], training: Any, running: Running | None, word: str
) -> tuple[Tensor, Tensor]:
    """(x - m, v): centred by the mean and beside it the variance, of the batch in training, else the running ones.

    What is left of the shape of x after ``axes`` belongs to one statistic; running ones have one number for each
    place of axis 1, and follow the mean of the batch's over the rest.
    """
    count = sp.Mul(*(x.shape[a] for a in axes))
    _several(x, count, word)
    own = mean(x, list(axes))
    centre = by_mode(training, own, _channels(x, own, running.mean), word) if running is not None else own
    centred = x - _back(x, axes, centre)
    variance = reduced(centred, list(axes), False, lambda a: a**2 / count, hint="v")
    if running is None:
        return centred, _back(x, axes, variance)
    rest = [k for k in range(variance.ndim) if k != variance.ndim - 1]
    one = (lambda t: mean(t, rest)) if rest else (lambda t: t)
    running.renew(one(own), one(variance), count)
    spread = by_mode(training, variance, _channels(x, variance, running.variance), word)
    return centred, _back(x, axes, spread)


def by_running(x: Tensor, running: Running) -> tuple[Tensor, Tensor]:
    """(x - m, v) by the running statistics alone."""
    places = (None,) * (x.ndim - 2)
    along = [t[(slice(None), *places)] if places else t for t in (running.mean, running.variance)]
    return x - along[0], along[1]


def _channels(x: Tensor, like: Tensor, kept: Tensor) -> Tensor:
    """One number for each channel in the shape of a statistic."""
    if kept.shape == like.shape:
        return kept
    return mapped("batch_norm", lambda a, b: a + 0 * b, kept, like)


def _back(x: Tensor, axes: Sequence[int], statistic: Tensor) -> Tensor:
    """A statistic with axes of size 1 where it was taken over."""
    if list(axes) == list(range(len(axes))) and len(axes) + statistic.ndim == x.ndim:
        return statistic
    return statistic[tuple(None if k in axes else slice(None) for k in range(x.ndim))]


def _several(x: Tensor, count: sp.Expr, word: str) -> None:
    """Refuses one value for each statistic, as torch does, and has the scripts refuse a batch of one."""
    known = count.xreplace({s: sp.Integer(n) for s, n in x.own_trace.sizes.items() if n is not None})
    if known == 1:
        raise mistake("SN103", f"{word} of {show(x.shape)} has one value for each channel", "more rows or places")
    if known.is_Symbol:
        x.own_trace.least[known] = 2
