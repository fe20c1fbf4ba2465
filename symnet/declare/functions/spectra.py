"""The words for factors and spectra of matrices: Cholesky, triangular systems, eigenvalues, singular values."""

from __future__ import annotations

from typing import Any, NamedTuple

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Delta, indices_for
from symnet.declare.functions.linear_algebra import (
    applied,
    defining,
    inv,
    is_symmetric,
    pinv,
    solve,
    symmetric_part,
    turned,
)
from symnet.declare.functions.masks import full
from symnet.declare.functions.shapes import transpose
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


class Eigen:
    """What eigh gives; the vectors are determined up to their signs only, so no loss may depend on them."""

    def __init__(self, values: Tensor) -> None:
        self.eigenvalues = values

    @property
    def eigenvectors(self) -> Tensor:
        raise _undetermined("eigenvectors")

    def __iter__(self) -> Any:
        raise _undetermined("eigenvectors")

    def __getitem__(self, place: int) -> Tensor:
        if place:
            raise _undetermined("eigenvectors")
        return self.eigenvalues


class Singular:
    """What svd gives; as for ``Eigen``."""

    def __init__(self, values: Tensor) -> None:
        self.S = values

    def __getattr__(self, name: str) -> Tensor:
        raise _undetermined("singular vectors") if name in ("U", "V", "Vh") else AttributeError(name)

    def __iter__(self) -> Any:
        raise _undetermined("singular vectors")

    def __getitem__(self, place: int) -> Tensor:
        if place != 1:
            raise _undetermined("singular vectors")
        return self.S


def _undetermined(what: str) -> Any:
    help = "use what does not depend on it: eigvalsh, svdvals, matrix_exp, pinv, inv"
    return mistake("SN110", f"{what} are determined up to their signs only, so their derivative is not covered", help)


@word(torch="linalg.solve_triangular", of_torch=False)
def solve_triangular(A: Tensor, B: Tensor, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """y = T⁻¹ B (y = B T⁻¹ if not left), T the upper or lower triangle of A, with ones as diagonal if unitriangular"""
    return solve(triangle(A, upper, unitriangular), B, left)


def triangle(A: Tensor, upper: bool, ones: bool = False) -> Tensor:
    """The upper or lower triangle of A, with ones on the diagonal if wished; A itself where it is shown to be one."""
    if not ones and is_triangular(A, upper):
        return A
    spec = A.own_trace.new_spec(A.shape, "intermediate")
    left, again = indices_for(A.shape), indices_for(A.shape)
    i, j = left[-2:][::-1] if upper else left[-2:]
    inside = (scalars.greater if ones else scalars.greater_equal)(i, j)
    A.own_trace.define(spec, Term(left, scalars.where(inside, A.read(left), sp.S.Zero)))
    if ones:
        A.own_trace.define(spec, Term(again, Delta(again[-2], again[-1])))
    return A.made(spec, "T")


def is_triangular(A: Tensor, upper: bool) -> bool:
    """Whether the matrices are shown to be 0 above (below, if upper) the diagonal: a Cholesky factor, tril, triu."""
    across = turned(A)
    found = defining(across or A)
    upper = upper != (across is not None)
    if len(found) != 1 or (found[0].reduced and found[0].op != "cholesky"):
        return False
    if found[0].op == "cholesky":
        return not upper
    i, j = found[0].left[-2:][::-1] if upper else found[0].left[-2:]
    body = found[0].body
    conditions = (scalars.greater_equal(i, j), scalars.greater(i, j))
    return bool(isinstance(body, scalars.where) and body.args[0] in conditions and body.args[2] == 0)


def _factor(L: Tensor, upper: bool) -> Tensor:
    """A Cholesky factor; torch takes the derivative as if the other triangle did not exist, so it has to be 0."""
    if not is_triangular(L, upper) and L.spec.role != "data":
        what = "upper" if upper else "lower"
        help = f"cholesky(A), or {'triu' if upper else 'tril'}(L)"
        raise mistake("SN110", f"{show(L.shape)} is not known to be {what} triangular", help)
    return triangle(L, upper)


@word(torch="linalg.cholesky", numpy="linalg.cholesky")
def cholesky(A: Tensor, upper: bool = False) -> Tensor:
    """Σ_k y[i,k] y[j,k] = (A[i,j] + A[j,i])/2, y lower triangular with positive diagonal; its transpose if upper"""
    lower = applied("cholesky", symmetric_part(A))
    return transpose(lower, -2, -1) if upper else lower


class Factor(NamedTuple):
    """What cholesky_ex gives; info is 0, for a matrix that is not positive definite stops the script."""

    L: Tensor
    info: Tensor


@word(torch="linalg.cholesky_ex", of_torch=False)
def cholesky_ex(A: Tensor, upper: bool = False, check_errors: bool = False) -> Factor:
    """(cholesky(A), 0)"""
    return Factor(cholesky(A, upper), full(A.shape[:-2], 0))


class Inverse(NamedTuple):
    """What inv_ex gives."""

    inverse: Tensor
    info: Tensor


@word(torch="linalg.inv_ex", of_torch=False)
def inv_ex(A: Tensor, check_errors: bool = False) -> Inverse:
    """(A⁻¹, 0)"""
    return Inverse(inv(A), full(A.shape[:-2], 0))


class Solution(NamedTuple):
    """What solve_ex gives."""

    result: Tensor
    info: Tensor


@word(torch="linalg.solve_ex", of_torch=False)
def solve_ex(A: Tensor, B: Tensor, left: bool = True, check_errors: bool = False) -> Solution:
    """(A⁻¹ B, 0), or (B A⁻¹, 0) if not left"""
    return Solution(solve(A, B, left), full(A.shape[:-2], 0))


@word()
def cholesky_solve(B: Tensor, L: Tensor, upper: bool = False) -> Tensor:
    """y = (L Lᵀ)⁻¹ B, or (Lᵀ L)⁻¹ B if upper"""
    factor = _factor(L, upper)
    lower = transpose(factor, -2, -1) if upper else factor
    return solve(transpose(lower, -2, -1), solve(lower, B))


@word()
def cholesky_inverse(L: Tensor, upper: bool = False) -> Tensor:
    """y = (L Lᵀ)⁻¹, or (Lᵀ L)⁻¹ if upper"""
    factor = inv(_factor(L, upper))
    across = transpose(factor, -2, -1)
    return factor @ across if upper else across @ factor


@word(torch="linalg.eigvalsh", numpy="linalg.eigvalsh", of_torch=False)
def eigvalsh(A: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of the symmetric part (A + Aᵀ)/2, ascending"""
    _refuse_triangle(A, UPLO)
    return applied("eigvalsh", symmetric_part(A))


@word(torch="linalg.eigh", numpy="linalg.eigh", of_torch=False, method=False)
def eigh(A: Tensor, UPLO: str = "L") -> Eigen:
    """(the eigenvalues of the symmetric part (A + Aᵀ)/2, ascending; the vectors are refused)"""
    _refuse_triangle(A, UPLO)
    return Eigen(applied("eigvalsh", symmetric_part(A)))


def _refuse_triangle(A: Tensor, UPLO: str) -> None:
    if UPLO != "L" and not is_symmetric(A):
        help = "make it symmetric: (A + A.T) / 2"
        raise mistake("SN110", "UPLO reads one triangle of a matrix that is not known to be symmetric", help)


@word(torch="linalg.svdvals", numpy="linalg.svdvals", of_torch=False)
def svdvals(A: Tensor) -> Tensor:
    """The singular values of A, descending"""
    return applied("svdvals", A)


@word(torch="linalg.svd", numpy="linalg.svd", method=False)
def svd(A: Tensor, some: bool = True, compute_uv: bool = True, full_matrices: bool = True) -> Any:
    """(refused, the singular values of A, refused)"""
    return Singular(svdvals(A)) if compute_uv else svdvals(A)


class LeastSquares:
    """What lstsq gives, of which the solution is covered."""

    def __init__(self, solution: Tensor) -> None:
        self.solution = solution

    def __getitem__(self, place: int) -> Tensor:
        if place:
            raise mistake("SN110", "of lstsq only the solution is covered", "lstsq(A, B).solution")
        return self.solution

    def __iter__(self) -> Any:
        raise mistake("SN110", "of lstsq only the solution is covered", "lstsq(A, B).solution, or lstsq(A, B)[0]")


@word(torch="linalg.lstsq", numpy="linalg.lstsq", of_torch=False, method=False)
def lstsq(A: Tensor, B: Tensor, rcond: float | None = None, *, driver: str | None = None) -> LeastSquares:
    """(y = A⁺ B, the shortest y of least Σ (A y - B)²; for a matrix of full rank)"""
    if rcond not in (None, -1):
        raise mistake("SN108", "lstsq takes no rcond: the matrix has to be of full rank")
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):  # of full rank all are equal
        raise mistake("SN108", f"lstsq: driver={driver!r}", "gels, gelsy, gelsd or gelss")
    return LeastSquares(pinv(A) @ B)
