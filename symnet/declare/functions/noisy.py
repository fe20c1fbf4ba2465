"""The words whose numbers are drawn anew for every step beside dropout; torch's names and signatures."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.detached import stop_gradient
from symnet.declare.drawn import by_mode, drawn_like
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.functions.reductions import axes_of, first_place, softmax
from symnet.declare.functions.selection import one_hot
from symnet.declare.functions.shapes import movedim
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake, word
from symnet.model import Distribution


@word(method=False)
def rrelu(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: Any = False) -> Tensor:
    """y[i] = x[i] where positive, else a[i] x[i], a uniform in lower..upper and drawn anew for every step; in
    evaluation a is the middle"""
    low, high = as_exact(lower), as_exact(upper)
    if not low <= high:
        raise mistake("SN108", f"rrelu: lower is {lower}, upper is {upper}", "lower <= upper")
    middle = (low + high) / 2
    evaluated = mapped("rrelu", lambda x: _leaky(x, middle), input)
    if training is False:
        return evaluated
    slopes = drawn_like(input, Distribution("uniform", (float(low), float(high))), "a")
    return by_mode(training, mapped("rrelu", _leaky, input, slopes), evaluated, "rrelu")


def _leaky(x: sp.Expr, slope: sp.Expr) -> sp.Expr:
    return scalars.where(scalars.greater(x, sp.S.Zero), x, slope * x)


@word(method=False)
def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """y = softmax((x + g) / τ), g = -log(-log u), u uniform in 0..1 and drawn anew for every step; hard: the one-hot
    row of the largest entry, with the derivative of y (Jang et al., arXiv:1611.01144)"""
    u = drawn_like(logits, Distribution("uniform", (0.0, 1.0)), "u")
    soft = softmax(mapped("gumbel_softmax", lambda x, d, t: (x - sp.log(-sp.log(d))) / t, logits, u, tau), dim)
    if not hard:
        return soft
    (axis,) = axes_of(soft, dim)
    chosen = movedim(one_hot(first_place(soft, axis), soft.shape[axis]), -1, axis)
    return mapped("gumbel_softmax", lambda c, y: c - stop_gradient(y) + y, chosen, soft)
