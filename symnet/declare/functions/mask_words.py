"""The words for masks: what is true of each entry, of any and of all; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symnet.calculus import scalars, specials
from symnet.declare.functions.operators import mask_of
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.functions.reductions import reduced
from symnet.declare.tracing.tensor import Dim, Tensor
from symnet.declare.tracing.words import Names, word


def _asked(name: str, rule: Callable[[sp.Expr], sp.Expr], equation: str, numpy: Names = ()) -> Callable[..., Tensor]:
    """A word that gives the mask of the entries of which something is true."""

    def applied(input: Tensor) -> Tensor:
        return mapped(name, rule, input)

    applied.__name__ = applied.__qualname__ = name
    applied.__doc__ = f"y[i] = {equation}, a mask of 0 and 1"
    return word(numpy=numpy)(applied)


def _infinite(x: sp.Expr) -> sp.Expr:
    return specials.is_number(x) * (1 - specials.is_finite(x))


isfinite = _asked("isfinite", specials.is_finite, "[x[i] is neither infinite nor NaN]", "isfinite")
isnan = _asked("isnan", lambda x: 1 - specials.is_number(x), "[x[i] is NaN]", "isnan")
isinf = _asked("isinf", _infinite, "[x[i] is ∞ or -∞]", "isinf")
isposinf = _asked("isposinf", lambda x: _infinite(x) * scalars.greater(x, sp.S.Zero), "[x[i] = ∞]", "isposinf")
isneginf = _asked("isneginf", lambda x: _infinite(x) * scalars.greater(sp.S.Zero, x), "[x[i] = -∞]", "isneginf")
signbit = _asked("signbit", lambda x: scalars.greater(sp.S.Zero, x), "[x[i] < 0]", "signbit")


@word(numpy="isclose")
def isclose(input: Tensor, other: Tensor | float, rtol: float = 1e-05, atol: float = 1e-08) -> Tensor:
    """y[i] = [|a[i] - b[i]| <= atol + rtol |b[i]|], a mask of 0 and 1"""
    near, far, size = as_exact(atol), as_exact(rtol), scalars.absolute
    return mapped("isclose", lambda a, b: scalars.greater_equal(near + far * size(b), size(a - b)), input, other)


@word(numpy="any")
def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = [Σ_k [x[i,k] ≠ 0] > 0], a mask of 0 and 1"""
    return mapped("any", lambda n: scalars.greater(n, sp.S.Zero), reduced(mask_of(input), dim, keepdim, lambda a: a))


@word(numpy="all")
def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = [Σ_k [x[i,k] = 0] = 0], a mask of 0 and 1"""
    others = reduced(mask_of(input), dim, keepdim, lambda a: 1 - a)
    return mapped("all", lambda n: scalars.greater_equal(sp.S.Zero, n), others)
