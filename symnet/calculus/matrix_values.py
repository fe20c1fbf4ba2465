"""Values of matrix functions: NumPy's for floats, elimination for exact fractions, mpmath's for many digits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus.arithmetic import Arithmetic, Array, NotExact
from symnet.calculus.matrices import MATRIX_FUNCTIONS

Matrix = list[list[Any]]
_HALF = sp.Rational(1, 2)


def matrix_value(function: str, matrices: Array, arithmetic: Arithmetic) -> Array:
    """The function of every matrix of the two last axes.

    Raises NotExact where the number system has no such value.  A float matrix that has no value, such as the inverse of
    a singular one, gives NaN in all entries; in other number systems it raises ZeroDivisionError.
    """
    batch = matrices.shape[:-2]
    flat = matrices.reshape(-1, *matrices.shape[-2:])
    if arithmetic.dtype is float:
        results = [_float_value(function, m) for m in flat]
    else:
        results = [np.array(_other_value(function, m.tolist(), arithmetic), dtype=object) for m in flat]
    if not results:
        raise NotExact(f"{function} of no matrix")
    stacked = np.empty((len(results), *results[0].shape), dtype=arithmetic.dtype)
    for place, result in enumerate(results):
        stacked[place] = result
    return stacked.reshape((*batch, *results[0].shape))


def _float_value(function: str, matrix: Array) -> Array:
    size = min(matrix.shape)
    shapes = {"m": matrix.shape[0], "n": matrix.shape[1], "k": size}
    try:
        value: Array = np.asarray(_FLOAT[function](matrix), dtype=float)
    except np.linalg.LinAlgError:
        return np.full([shapes[axis] for axis in MATRIX_FUNCTIONS[function].shape], np.nan)
    return value


def _matrix_exp(matrix: Array) -> Array:
    """exp(A) by scaling and squaring of a Taylor polynomial (Higham 2008, chapter 10), for tests of small matrices."""
    norm = float(np.abs(matrix).sum(0).max(initial=0.0))
    if not np.isfinite(norm):
        return np.full(matrix.shape, np.nan)
    squarings = max(0, int(np.ceil(np.log2(norm))) + 4) if norm else 0
    scaled = matrix / 2.0**squarings
    total = term = np.eye(len(matrix))
    for k in range(1, 20):
        term = term @ scaled / k
        total = total + term
    for _ in range(squarings):
        total = total @ total
    return total


def _logdet(matrix: Array) -> Any:
    sign, value = np.linalg.slogdet(matrix)
    return value if sign > 0 or value == -np.inf else np.nan


_FLOAT: Mapping[str, Callable[[Array], Any]] = {
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "logdet": _logdet,
    "logabsdet": lambda a: np.linalg.slogdet(a)[1],
    "signdet": lambda a: np.linalg.slogdet(a)[0],
    "cholesky": np.linalg.cholesky,
    "eigvalsh": np.linalg.eigvalsh,
    "eigenvectors": lambda a: np.linalg.eigh(a)[1],
    "svdvals": lambda a: np.linalg.svd(a, compute_uv=False),
    "left_singular": lambda a: np.linalg.svd(a, full_matrices=False)[0],
    "right_singular": lambda a: np.linalg.svd(a, full_matrices=False)[2].T,
    "matrix_exp": _matrix_exp,
    "pinv": np.linalg.pinv,
    "prod": lambda a: a.prod(-1),
    "prod_of_others": lambda a: np.array([_of_others(row) for row in a.tolist()]),
}


def _eliminated(matrix: Matrix, beside: Matrix) -> tuple[Matrix, Any]:
    """(A⁻¹ B, det A) by Gauss and Jordan, with the largest pivot; any numbers that can be divided and compared."""
    rows = [list(a) + list(b) for a, b in zip(matrix, beside, strict=True)]
    size, determinant = len(rows), 1
    for k in range(size):
        pivot = max(range(k, size), key=lambda r: abs(rows[r][k]))
        if rows[pivot][k] == 0:
            raise ZeroDivisionError("the matrix is singular")
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            determinant = -determinant
        determinant = determinant * rows[k][k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for r in range(size):
            if r != k:
                factor = rows[r][k]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[k], strict=True)]
    return [row[size:] for row in rows], determinant


def _identity(size: int) -> Matrix:
    return [[1 if i == j else 0 for j in range(size)] for i in range(size)]


def _of_others(row: list[Any]) -> list[Any]:
    """The product of the other entries, for each entry of a row."""
    return [math.prod((*row[:k], *row[k + 1 :]), start=1 + 0 * row[k]) for k in range(len(row))]


def _transposed(a: Matrix) -> Matrix:
    return [list(column) for column in zip(*a, strict=True)]


def _times(a: Matrix, b: Matrix) -> Matrix:
    return [
        [sum((x * y for x, y in zip(row, column, strict=True)), 0 * a[0][0]) for column in zip(*b, strict=True)]
        for row in a
    ]


def _pseudo_inverse(a: Matrix) -> Matrix:
    """The formula of a matrix of full rank."""
    across = _transposed(a)
    if len(a) >= len(across):
        return _eliminated(_times(across, a), across)[0]
    return _transposed(_eliminated(_times(a, across), a)[0])


def _other_value(function: str, matrix: Matrix, arithmetic: Arithmetic) -> Any:
    if function == "inv":
        return _eliminated(matrix, _identity(len(matrix)))[0]
    if function == "pinv":
        return _pseudo_inverse(matrix)
    if function == "prod":
        return [math.prod(row) for row in matrix]
    if function == "prod_of_others":
        return list(map(_of_others, matrix))
    if function == "cholesky":
        return _cholesky(matrix, arithmetic)
    if function in ("det", "logdet", "logabsdet", "signdet"):
        return _of_determinant(function, matrix, arithmetic)
    if arithmetic.context is None:
        raise NotExact(f"{function} has no value in {arithmetic.name} arithmetic")
    return _by_mpmath(function, matrix, arithmetic.context)


def _of_determinant(function: str, matrix: Matrix, arithmetic: Arithmetic) -> Any:
    try:
        value = _eliminated(matrix, [[] for _ in matrix])[1]
    except ZeroDivisionError:
        value = 0 * matrix[0][0]
    if function == "det":
        return value
    if function == "signdet":
        return (value > 0) - (value < 0)
    size = abs(value) if function == "logabsdet" else value
    if size <= 0:
        raise ZeroDivisionError(f"{function} of a matrix with determinant {value}")
    return arithmetic.call("log", np.array([size], dtype=object))[0]


def _cholesky(a: Matrix, arithmetic: Arithmetic) -> Matrix:
    size = len(a)
    lower = [[0 * a[0][0]] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = a[i][j] - sum((lower[i][k] * lower[j][k] for k in range(j)), 0 * a[0][0])
            if i == j and rest <= 0:
                raise ZeroDivisionError("the matrix is not positive definite")
            half = np.array([rest], dtype=object), np.array([arithmetic.number(_HALF)], dtype=object)
            lower[i][j] = arithmetic.call("power", *half)[0] if i == j else rest / lower[j][j]
    return lower


def _by_mpmath(function: str, matrix: Matrix, mp: Any) -> Any:
    """Functions that need eigenvalues or a series, in an mpmath context."""
    a = mp.matrix(matrix)
    if function == "matrix_exp":
        return mp.expm(a).tolist()
    if function in ("eigvalsh", "eigenvectors"):
        values, vectors = mp.eigsy(a)
        order = sorted(range(len(values)), key=lambda k: values[k])
        if function == "eigvalsh":
            return [values[k] for k in order]
        return [[vectors[i, k] for k in order] for i in range(len(values))]
    u, s, v = mp.svd_r(a, full_matrices=False)
    order = sorted(range(len(s)), key=lambda k: -s[k])
    if function == "svdvals":
        return [s[k] for k in order]
    if function == "left_singular":
        return [[u[i, k] for k in order] for i in range(u.rows)]
    return [[v[k, i] for k in order] for i in range(v.cols)]
