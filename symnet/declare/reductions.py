"""The words for sums, means, maxima and softmax over axes; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symnet.declare.indexing import subscript
from symnet.declare.pointwise import log
from symnet.declare.primitives import pointwise, reduction, show
from symnet.declare.tensor import Dim, Tensor, require_tensor
from symnet.declare.words import word


def axes_of(x: Tensor, dim: Dim) -> list[int] | None:
    """The axes that ``dim`` names, not negative; None after noting a mistake."""
    wanted = range(x.ndim) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    for d in wanted:
        if not -x.ndim <= d < x.ndim:
            x.trace.fail("SN104", f"dim {d} does not exist in {show(x.shape)}", help=(f"{-x.ndim} to {x.ndim - 1}",))
            return None
    return sorted({d % x.ndim for d in wanted})


def _reduce(
    x: Tensor, dim: Dim, keepdim: bool, rule: Callable[[sp.Expr], sp.Expr], op: str = "+", hint: str = "s"
) -> Tensor:
    axes = axes_of(x, dim)
    if x.broken or axes is None:
        return x.as_broken()
    total = reduction(x, rule, axes, op, hint)
    if not keepdim:
        return total
    # An axis of size 1 is a view, so the sum itself keeps the shape that its index form has.
    return subscript(total, tuple(None if k in axes else slice(None) for k in range(x.ndim)))


@word(numpy="sum")
def sum(x: Tensor, dim: Dim = None, keepdim: bool = False, axis: Dim = None) -> Tensor:
    """y[i] = Σ_k x[i,k]"""
    return _reduce(require_tensor(x, "sum"), axis if dim is None else dim, keepdim, lambda a: a)


@word(numpy="mean")
def mean(x: Tensor, dim: Dim = None, keepdim: bool = False, axis: Dim = None) -> Tensor:
    """y[i] = (1/K) Σ_k x[i,k]"""
    dim = axis if dim is None else dim
    axes = axes_of(require_tensor(x, "mean"), dim)
    if axes is None or x.broken:
        return x.as_broken()
    count = sp.Mul(*(x.shape[a] for a in axes))
    return _reduce(x, dim, keepdim, lambda a: a / count, hint="m")


@word(numpy=("amax", "max"))
def amax(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = max_k x[i,k]; ties share the derivative"""
    return _reduce(require_tensor(x, "amax"), dim, keepdim, lambda a: a, op="max", hint="m")


@word(torch="special.logsumexp")
def logsumexp(x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    """y[i] = log Σ_k exp(x[i,k])"""
    return log(_reduce(require_tensor(x, "logsumexp"), dim, keepdim, sp.exp))


@word(torch="special.softmax")
def softmax(x: Tensor, dim: int | None = None) -> Tensor:
    """y[i,k] = exp(x[i,k]) / Σ_m exp(x[i,m])"""
    dim = _last_if_clear(x, dim, "softmax")
    total = _reduce(x, dim, True, sp.exp)
    return pointwise(x.trace, lambda a, s: sp.exp(a) / s, x, total, hint="P") if not total.broken else total


@word(torch="special.log_softmax")
def log_softmax(x: Tensor, dim: int | None = None) -> Tensor:
    """y[i,k] = x[i,k] - log Σ_m exp(x[i,m])"""
    total = _reduce(x, _last_if_clear(x, dim, "log_softmax"), True, sp.exp)
    return pointwise(x.trace, lambda a, s: a - sp.log(s), x, total) if not total.broken else total


def _last_if_clear(x: Tensor, dim: int | None, word: str) -> int:
    if dim is None and require_tensor(x, word).ndim > 1:
        x.trace.fail("SN108", f"{word} of {show(x.shape)} needs dim=", help=("dim=1 for one distribution in each row",))
    return -1 if dim is None else dim
