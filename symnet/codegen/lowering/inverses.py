"""A product with an inverse is a solved system: ``A⁻¹ B`` loses fewer digits so, and the inverse is not computed.

    Ainv @ B -> solve(A, B)        Ainv.T @ B -> solve(A.T, B)        B @ Ainv -> solve(A.T, B.T).T

Where the inverse itself stands in a formula, as in the gradient of a log determinant, it is computed beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symnet.codegen.lowering.statements import Array, Assign, Statement, arguments_of, walk, with_arrays

Matrices = Mapping[str, Array]


def without_inverses(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """The statements with every product with a named inverse solved instead."""
    work = tuple(statements)
    values = {s.target: s.value for s in work if isinstance(s, Assign) and s.value.kind == "matrix"}
    inverses = {n: v.arguments[0] for n, v in values.items() if v.attribute == "inv" and v.arguments[0].kind == "name"}
    factors = frozenset(n for n, v in values.items() if v.attribute == "cholesky")
    return tuple(_solved(s, inverses, factors) for s in work) if inverses else work


def _solved(statement: Statement, inverses: Matrices, factors: frozenset[str]) -> Statement:
    while True:
        products = [a for top in arguments_of(statement) for a in walk(top) if a.kind == "matmul"]
        table = {p: s for p in products if (s := _solution(p, inverses, factors)) is not None}
        if not table:
            return statement
        statement = with_arrays(statement, table)


def _solution(product: Array, inverses: Matrices, factors: frozenset[str]) -> Array | None:
    left, right = product.arguments
    matrix = _inverted(left, inverses)
    if matrix is not None and right.rank in (1, left.rank):
        return _solve(matrix, right, factors) if right.rank > 1 or matrix.rank == 2 else None
    matrix = _inverted(right, inverses)
    if matrix is None or left.rank not in (1, right.rank) or (left.rank == 1 and matrix.rank > 2):
        return None
    if left.rank == 1:
        return _solve(_turned(matrix), left, factors)
    return _turned(_solve(_turned(matrix), _turned(left), factors))


def _inverted(array: Array, inverses: Matrices) -> Array | None:
    """The matrix of which the array is the inverse by name, perhaps transposed."""
    if array.kind == "name" and array.attribute in inverses:
        return inverses[str(array.attribute)]
    if array.kind == "transpose" and array.attribute == _last_two(array.rank):
        inner = _inverted(array.arguments[0], inverses)
        return _turned(inner) if inner is not None else None
    return None


def _solve(matrix: Array, right: Array, factors: frozenset[str]) -> Array:
    turned = matrix.kind == "transpose"
    source = matrix.arguments[0] if turned else matrix
    triangular = source.kind == "name" and source.attribute in factors
    form = ("upper" if turned else "lower") if triangular else "general"
    return Array("solve", (matrix, right), form, right.rank, "float")


def _turned(array: Array) -> Array:
    """The transpose of the two last axes; twice is none."""
    order = _last_two(array.rank)
    if array.kind == "transpose" and array.attribute == order:
        return array.arguments[0]
    return Array("transpose", (array,), order, array.rank, array.dtype)


def _last_two(rank: int) -> tuple[int, ...]:
    return (*range(rank - 2), rank - 1, rank - 2)
