"""The words for norms and distances; torch's names and signatures."""

from __future__ import annotations

import itertools
import math
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.declare.functions.linear_algebra import inv
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.functions.reductions import amax, amin, axes_of, count_nonzero, kept, reduced, sum
from symnet.declare.functions.several import clamp_min
from symnet.declare.functions.shapes import axis_of, expand, known_size, permute, unsqueeze
from symnet.declare.functions.spectra import svdvals
from symnet.declare.tracing.indexing import subscript
from symnet.declare.tracing.primitives import merged_shape, show
from symnet.declare.tracing.tensor import Dim, Tensor
from symnet.declare.tracing.words import mistake, word

Order = float | str | None


def _size(a: sp.Expr) -> sp.Expr:
    return scalars.absolute(a)


def _vector_norm(x: Tensor, order: Any, dim: Dim, keepdim: bool) -> Tensor:
    if isinstance(order, float) and math.isinf(order):
        return (amax if order > 0 else amin)(mapped("abs", _size, x), dim, keepdim)
    p = as_exact(order)
    if p == 0:
        count = count_nonzero(x, dim)
        return kept(count, axes_of(x, dim), x.ndim) if keepdim else count
    if p == 1:
        return reduced(x, dim, keepdim, _size)
    even = p.is_Integer and p % 2 == 0
    total = reduced(x, dim, keepdim, lambda a: (a if even else _size(a)) ** p)
    return mapped("norm", lambda s: s ** (1 / p), total)


@word(numpy="linalg.vector_norm")
def norm(input: Tensor, p: Order = "fro", dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = (Σ_k |x[i,k]|^p)^(1/p); p may be inf, -inf, 0 and "fro", which is 2"""
    if p == "nuc":
        return matrix_norm(input, "nuc", (0, 1) if dim is None else dim, keepdim)
    return _vector_norm(input, 2 if p in ("fro", None) else p, dim, keepdim)


@word(torch="linalg.vector_norm", of_torch=False, offered=False, method=False)
def vector_norm(x: Tensor, ord: float = 2, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = (Σ_k |x[i,k]|^p)^(1/p)"""
    return _vector_norm(x, ord, dim, keepdim)


@word(torch="linalg.norm", of_torch=False, offered=False, method=False)
def linalg_norm(A: Tensor, ord: Order = None, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Of a vector (Σ |x[k]|^p)^(1/p); of a matrix sqrt(Σ x[i,j]²), or the largest sum of a row (inf) or column (1)"""
    axes = axes_of(A, dim)
    if ord is None or (len(axes) == 1 and ord != "fro"):
        return _vector_norm(A, 2 if ord is None else ord, dim, keepdim)
    return matrix_norm(A, ord, tuple(axes) if dim is None or isinstance(dim, int) else dim, keepdim)


@word(torch="linalg.matrix_norm", numpy="linalg.matrix_norm", of_torch=False, offered=False, method=False)
def matrix_norm(A: Tensor, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False) -> Tensor:
    """sqrt(Σ x[i,j]²); for ±inf the largest (smallest) sum of a row, for ±1 of a column, for ±2 the largest (smallest)
    singular value, for nuc the sum of all of them"""
    if len(dim) != 2:
        raise mistake("SN104", f"a matrix norm of {show(A.shape)} needs two axes", "dim=(-2, -1)")
    if ord == "fro":
        return _vector_norm(A, 2, dim, keepdim)
    if ord not in (1, -1, 2, -2, math.inf, -math.inf, "nuc"):
        raise mistake("SN108", f"there is no matrix norm {ord!r}", 'one of "fro", "nuc", 1, -1, 2, -2, inf, -inf')
    rows, columns = (axis_of(A, d, A.ndim) for d in dim)
    if ord in (2, -2, "nuc"):
        return _of_singular_values(A, ord, rows, columns, keepdim)
    over, among = (rows, columns) if abs(ord) == 1 else (columns, rows)
    sums = reduced(A, over, True, _size)
    chosen = (amax if ord > 0 else amin)(sums, among, True)
    return chosen if keepdim else sum(chosen, (rows, columns))


def _of_singular_values(A: Tensor, ord: Any, rows: int, columns: int, keepdim: bool) -> Tensor:
    rest = [k for k in range(A.ndim) if k not in (rows, columns)]
    values = svdvals(permute(A, [*rest, rows, columns]))
    chosen = sum(values, -1) if ord == "nuc" else (amax if ord > 0 else amin)(values, -1)
    return kept(chosen, [rows, columns], A.ndim) if keepdim else chosen


@word(torch="linalg.cond", numpy="linalg.cond", of_torch=False, method=False)
def cond(A: Tensor, p: Any = None) -> Tensor:
    """y = ‖A‖ ‖A⁻¹‖ in one of the matrix norms; of singular values the largest by the smallest"""
    if p in (None, 2, -2):
        values = svdvals(A)
        first, second = amax(values, -1), amin(values, -1)
        return second / first if p == -2 else first / second
    return matrix_norm(A, p) * matrix_norm(inv(A), p)


@word(method=False)
def normalize(input: Tensor, p: float = 2.0, dim: Dim = 1, eps: float = 1e-12) -> Tensor:
    """y[i,k] = x[i,k] / max(‖x[i]‖, eps)"""
    return input / clamp_min(_vector_norm(input, p, dim, True), eps)


@word(torch="_weight_norm", of_torch=False, method=False)
def weight_norm(v: Tensor, g: Tensor, dim: int = 0) -> Tensor:
    """y[i,k] = g[i] v[i,k] / ‖v[i]‖, the slices i along dim; for dim = -1 the norm is that of all of v"""
    at = None if dim == -1 else axis_of(v, dim, v.ndim)
    rest = tuple(k for k in range(v.ndim) if k != at)
    size = _vector_norm(v, 2, rest, True) if rest else mapped("weight_norm", scalars.absolute, v)
    return mapped("weight_norm", lambda x, w, n: x * w / n, v, g, size)


@word(method=False)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """y[i] = Σ_k a[i,k] b[i,k] / (max(‖a[i]‖, eps) max(‖b[i]‖, eps))"""
    shape = merged_shape(x1.own_trace, x1.shape, x2.shape)
    if shape is None:
        raise mistake("SN103", f"cosine_similarity of {show(x1.shape)} and {show(x2.shape)}: they do not fit together")
    x1, x2 = (x if x.shape == shape else expand(x, *shape) for x in (x1, x2))
    lengths = [clamp_min(_vector_norm(x, 2, dim, False), eps) for x in (x1, x2)]
    return sum(x1 * x2, dim) / (lengths[0] * lengths[1])


@word(method=False)
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """y[i] = (Σ_k |a[i,k] - b[i,k] + eps|^p)^(1/p)"""
    apart = mapped("pairwise_distance", lambda a, b, e: a - b + e, x1, x2, eps)
    return _vector_norm(apart, p, -1, keepdim)


@word()
def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """y = (Σ |a[i] - b[i]|^p)^(1/p)"""
    return _vector_norm(mapped("dist", lambda a, b: a - b, input, other), p, None, False)


@word(method=False)
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "") -> Tensor:
    """y[i,j] = (Σ_k |a[i,k] - b[j,k]|^p)^(1/p)"""
    apart = mapped("cdist", lambda a, b: a - b, unsqueeze(x1, -2), unsqueeze(x2, -3))
    return _vector_norm(apart, p, -1, False)


@word(method=False)
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """y = (Σ_k |x[i,k] - x[j,k]|^p)^(1/p) for i < j, row by row"""
    pairs = list(itertools.combinations(range(known_size(input, 0, "pdist")), 2))
    if input.ndim != 2 or not pairs:
        raise mistake("SN103", f"pdist of {show(input.shape)}: a matrix of two rows or more")
    first, second = (subscript(input, [pair[k] for pair in pairs]) for k in (0, 1))
    return _vector_norm(mapped("pdist", lambda a, b: a - b, first, second), p, -1, False)


@word()
def renorm(input: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """y[i,k] = x[i,k] maxnorm / (‖x[i]‖ + 1e-7) where ‖x[i]‖ > maxnorm, else x[i,k]; the slices i stand along dim"""
    at, most = axis_of(input, dim, input.ndim), as_exact(maxnorm)
    size = _vector_norm(input, p, tuple(k for k in range(input.ndim) if k != at), True)
    tiny = sp.Rational("1e-7")  # torch's own guard
    return mapped(
        "renorm",
        lambda x, n: scalars.where(scalars.greater(n, most), x * most / (n + tiny), x),
        *(input, size),
    )
