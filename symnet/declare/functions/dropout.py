"""The words for dropout; torch's names and signatures, but that the default is ``sn.training``: off in evaluation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.declare.drawn import by_mode, chance, mask
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor, require_tensor
from symnet.declare.tracing.words import mistake, word

#: scale times alpha of SELU: what a dropped entry becomes, up to its sign (Klambauer et al., arXiv 1706.02515).
_SELU = 1.7580993408473766


@word(method=False, passes_on=True)
def dropout(input: Tensor, p: float = 0.5, training: Any = None) -> Tensor:
    """y[i] = M[i] x[i], M[i] = 0 with probability p, else 1/(1-p), drawn anew for every step; y = x in evaluation"""
    return _dropped("dropout", input, p, training, input.ndim)


@word(method=False, passes_on=True)
def dropout1d(input: Tensor, p: float = 0.5, training: Any = None) -> Tensor:
    """y[n,c,i] = M[n,c] x[n,c,i]: whole channels as in dropout; x[c,i] is one sample"""
    return _dropped("dropout1d", input, p, training, _channels("dropout1d", input, {2: 1, 3: 2}))


@word(method=False, passes_on=True)
def dropout2d(input: Tensor, p: float = 0.5, training: Any = None) -> Tensor:
    """y[n,c,i,j] = M[n,c] x[n,c,i,j]: whole channels as in dropout"""
    return _dropped("dropout2d", input, p, training, _channels("dropout2d", input, {3: 2, 4: 2}))


@word(method=False, passes_on=True)
def dropout3d(input: Tensor, p: float = 0.5, training: Any = None) -> Tensor:
    """y[n,c,i,j,k] = M[n,c] x[n,c,i,j,k]: whole channels as in dropout; x[c,i,j,k] is one sample"""
    return _dropped("dropout3d", input, p, training, _channels("dropout3d", input, {4: 1, 5: 2}))


@word(method=False, passes_on=True)
def alpha_dropout(input: Tensor, p: float = 0.5, training: Any = None) -> Tensor:
    """y[i] = a (M[i] x[i] + s (M[i] - 1 + p)), M[i] = 0 with probability p, else 1; a = 1/√((1-p)(1+s²p)), s = 1.758:
    mean and variance stay; y = x in evaluation"""
    return _alpha("alpha_dropout", input, p, training, input.ndim)


@word(method=False, passes_on=True)
def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: Any = None) -> Tensor:
    """alpha_dropout of whole channels: M[n,c]"""
    return _alpha("feature_alpha_dropout", input, p, training, min(input.ndim, 2))


def _channels(word: str, input: Tensor, axes: dict[int, int]) -> int:
    """How many axes the mask has, by the rank of the input."""
    if input.ndim not in axes:
        ranks = " or ".join(map(str, axes))
        raise mistake("SN103", f"{word} takes {ranks} axes, the input is {show(input.shape)}")
    return axes[input.ndim]


def _dropped(word: str, input: Tensor, p: Any, training: Any, axes: int) -> Tensor:
    return _noisy(word, input, p, training, axes, True, lambda q, m, x: m * x)


def _alpha(word: str, input: Tensor, p: Any, training: Any, axes: int) -> Tensor:
    s = as_exact(_SELU)

    def rule(q: sp.Expr, m: sp.Expr, x: sp.Expr) -> sp.Expr:
        return (m * x + s * (m - 1 + q)) / sp.sqrt((1 - q) * (1 + s**2 * q))

    return _noisy(word, input, p, training, axes, False, rule)


def _noisy(
    word: str, input: Tensor, p: Any, training: Any, axes: int, scaled: bool, rule: Callable[..., sp.Expr]
) -> Tensor:
    """``rule(p, M, x)`` in training, x in evaluation; M has the first axes of x."""
    x, q = require_tensor(input, word), chance(word, p)
    if training is False or q == 0:
        return x
    if q == 1:
        return by_mode(training, mapped(word, lambda a: sp.S.Zero, x), x, word)
    drawn = mask(word, q, x.shape[:axes], scaled)
    stretched = drawn[(..., *(None,) * (x.ndim - axes))] if axes < x.ndim else drawn
    return by_mode(training, mapped(word, lambda m, a: rule(q, m, a), stretched, x), x, word)
