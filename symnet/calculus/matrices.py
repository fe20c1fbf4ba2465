"""The one table of adjoints written by hand: functions of whole matrices, as indexed equations in their own output.

``Y[n,i,j] = f over p, q of A[n,p,q]`` is an equation whose ``op`` is the function: as a maximum it takes in every place
of its reduced indices, here the rows p and columns q of one matrix, and gives the matrix, row or number that stands on
the left.  What the one rule cannot find, the adjoint of A, is a row of this table.  A row names A, its value Y and the
adjoint dY; other names are tensors of its own, and where a row calls a function of this table that is one more equation
of the same kind.  So a second derivative comes by the same rule.  Leading axes (batches) stand in front of every name.

Sources
    Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation (2008)
    Petersen & Pedersen, The Matrix Cookbook (2012)
    Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527 (2016)
    Golub & Pereyra, The differentiation of pseudo-inverses, SIAM J. Numer. Anal. 10 (1973)
    Higham, Functions of Matrices, SIAM (2008), theorem 3.6: exp([[A, E], [0, A]]) holds the derivative along E
    Townsend, Differentiating the singular value decomposition (2016)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: The axes of a result by the letters of its argument's: m rows, n columns, k the smaller number of them.
Shape = tuple[Literal["m", "n", "k"], ...]


@dataclass(frozen=True)
class MatrixFunction:
    """One function of a whole matrix.

    ``adjoint`` are equations as text, letters in brackets, summed where the left side lacks them; ``letters`` gives the
    size of those that no tensor's axis shows.  ``facts`` are products of the value that are known without computing.
    ``series`` is said of a power series of the matrix, whose change along E is its adjoint at the transpose of A,
    ``any_shape`` of a function of all matrices, not of square ones alone.  Without ``condition`` each has a value.
    """

    name: str
    shape: Shape
    adjoint: tuple[str, ...]
    source: str
    condition: str
    letters: Mapping[str, str] | None = None
    facts: tuple[str, ...] = ()
    series: bool = False
    any_shape: bool = False


_GILES, _SINGULAR = "Giles 2008", "distinct singular values, none 0"
_INVERSE_FACTS = ("Y[i,k]*A[k,j] = delta(i,j)", "A[i,k]*Y[k,j] = delta(i,j)")

MATRIX_FUNCTIONS: Mapping[str, MatrixFunction] = {
    f.name: f
    for f in (
        MatrixFunction(
            "inv",
            ("m", "n"),
            ("dA[p,q] = -Y[i,p]*dY[i,j]*Y[q,j]",),
            f"{_GILES}, 2.2.3; Matrix Cookbook 59",
            "an invertible matrix",
            facts=_INVERSE_FACTS,
        ),
        MatrixFunction(
            "det",
            (),
            ("Z = inv(A)", "dA[p,q] = dY*Y*Z[q,p]"),
            f"{_GILES}, 2.2.4; Matrix Cookbook 49",
            "an invertible matrix",
        ),
        MatrixFunction(
            "logdet",
            (),
            ("Z = inv(A)", "dA[p,q] = dY*Z[q,p]"),
            f"{_GILES}, 2.2.4; Matrix Cookbook 57",
            "a matrix of positive determinant",
        ),
        MatrixFunction(
            "logabsdet",
            (),
            ("Z = inv(A)", "dA[p,q] = dY*Z[q,p]"),
            f"{_GILES}, 2.2.4; Matrix Cookbook 57",
            "an invertible matrix",
        ),
        MatrixFunction("signdet", (), (), "piecewise constant", "an invertible matrix"),
        MatrixFunction(
            "cholesky",
            ("m", "n"),
            (
                "Z = inv(Y)",
                "M[k,j] = Y[i,k]*dY[i,j]",
                "S[k,j] = where(k >= j, M[k,j], M[j,k])",
                "dA[p,q] = Z[k,p]*S[k,j]*Z[j,q]/2",
            ),
            "Murray 2016, (10)",
            "a symmetric positive definite matrix",
            facts=("Y[i,k]*Y[j,k] = A[i,j]",),
        ),
        MatrixFunction(
            "eigvalsh",
            ("m",),
            ("V = eigenvectors(A)", "dA[p,q] = V[p,k]*dY[k]*V[q,k]"),
            f"{_GILES}, 3.1; Matrix Cookbook 67",
            "a symmetric matrix with distinct eigenvalues",
        ),
        MatrixFunction(
            "eigenvectors",
            ("m", "n"),
            (
                "w = eigvalsh(A)",
                "C[k,l] = Y[p,k]*dY[p,l]",
                "F[k,l] = (C[k,l] - C[l,k])/(2*(w[l] - w[k] + delta(k,l)))",
                "dA[p,q] = Y[p,k]*F[k,l]*Y[q,l]",
            ),
            f"{_GILES}, 3.1; Matrix Cookbook 68",
            "a symmetric matrix with distinct eigenvalues",
            facts=("Y[p,k]*Y[p,l] = delta(k,l)", "Y[p,k]*Y[q,k] = delta(p,q)"),
        ),
        MatrixFunction(
            "svdvals",
            ("k",),
            ("U = left_singular(A)", "V = right_singular(A)", "dA[p,q] = U[p,k]*dY[k]*V[q,k]"),
            f"{_GILES}, 3.2",
            _SINGULAR,
            any_shape=True,
        ),
        MatrixFunction(
            "left_singular",
            ("m", "k"),
            (
                "s = svdvals(A)",
                "V = right_singular(A)",
                "C[k,l] = Y[p,k]*dY[p,l]",
                "F[k,l] = (C[k,l] - C[l,k])*s[l]/(s[l]**2 - s[k]**2 + delta(k,l)) - C[k,l]/s[l]",
                "dA[p,q] = Y[p,k]*F[k,l]*V[q,l]",
                "dA[p,q] = dY[p,l]*V[q,l]/s[l]",
            ),
            "Townsend 2016, (25)",
            _SINGULAR,
            any_shape=True,
        ),
        MatrixFunction(
            "right_singular",
            ("n", "k"),
            (
                "s = svdvals(A)",
                "U = left_singular(A)",
                "C[k,l] = Y[p,k]*dY[p,l]",
                "F[k,l] = (C[k,l] - C[l,k])*s[l]/(s[l]**2 - s[k]**2 + delta(k,l)) - C[k,l]/s[l]",
                "dA[p,q] = U[p,l]*F[k,l]*Y[q,k]",
                "dA[p,q] = U[p,l]*dY[q,l]/s[l]",
            ),
            "Townsend 2016, (25)",
            _SINGULAR,
            any_shape=True,
        ),
        MatrixFunction(
            "matrix_exp",
            ("m", "n"),
            (
                "B[u,v] = delta(u,p)*delta(v,q)*A[q,p]",
                "B[u,v] = delta(u,m+p)*delta(v,m+q)*A[q,p]",
                "B[u,v] = delta(u,p)*delta(v,m+q)*dY[p,q]",
                "E = matrix_exp(B)",
                "dA[p,q] = E[p,m+q]",
            ),
            "Higham 2008, theorem 3.6",
            "a square matrix",
            letters={"u": "2*m", "v": "2*m"},
            series=True,
        ),
        MatrixFunction(
            "pinv",
            ("n", "m"),
            (
                "dA[p,q] = -Y[i,p]*dY[i,j]*Y[q,j]",
                "Q[p,r] = delta(p,r)",
                "Q[p,r] = -A[p,q]*Y[q,r]",
                "dA[p,q] = Q[p,r]*dY[i,r]*Y[i,s]*Y[q,s]",
                "R[q,j] = delta(q,j)",
                "R[q,j] = -Y[q,p]*A[p,j]",
                "dA[p,q] = Y[i,p]*Y[i,r]*dY[j,r]*R[j,q]",
            ),
            "Golub & Pereyra 1973, (4.12)",
            "a matrix whose rank does not change nearby (full rank)",
            any_shape=True,
        ),
        MatrixFunction(
            "prod",
            ("m",),
            ("R = prod_of_others(A)", "dA[p,q] = dY[p]*R[p,q]"),
            "the product rule, which divides by no entry",
            "",
            any_shape=True,
        ),
        MatrixFunction(
            "prod_of_others",
            ("m", "n"),
            (
                "B[p,k,q] = A[p,q]*(1 - delta(k,q)) + delta(k,q)",
                "R = prod_of_others(B)",
                "dA[p,q] = dY[p,k]*R[p,k,q]*(1 - delta(k,q))",
            ),
            "the product rule, which divides by no entry",
            "",
            any_shape=True,
        ),
    )
}
