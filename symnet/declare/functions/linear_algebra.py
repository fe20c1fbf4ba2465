"""The words for functions of whole matrices; torch's names and signatures.

A function of the table (``calculus/matrices.py``) is one equation of its kind; everything else is made of these and of
products: A⁻¹ B for ``solve``, A A A for a power.  A function of symmetric matrices takes the symmetric part of what it
is given, which for a symmetric matrix is the matrix itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sympy as sp

from symnet.calculus.ir import Delta, Equation, indices_for
from symnet.calculus.matrices import MATRIX_FUNCTIONS
from symnet.calculus.matrix_rules import argument_of, matrix_equation, result_shape
from symnet.calculus.symmetry import Symmetry
from symnet.declare.functions.shapes import known_size, movedim, reshape, transpose
from symnet.declare.tracing.primitives import pointwise, readdressed, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word

#: What the value of a function is called where nobody named it.
_HINTS = {
    **{"cholesky": "L", "eigvalsh": "w", "svdvals": "s", "matrix_exp": "E", "pinv": "P", "det": "det"},
    **{"logdet": "logdet", "logabsdet": "logdet", "signdet": "sign", "prod": "product"},
}


class SignAndLog(NamedTuple):
    """What slogdet gives."""

    sign: Tensor
    logabsdet: Tensor


def applied(function: str, A: Tensor) -> Tensor:
    """``Y = f(A)`` of every matrix of the two last axes; the same call twice is the same tensor."""
    spoken = function.replace("_", " ")
    if A.ndim < 2:
        raise mistake("SN103", f"{spoken} of {show(A.shape)}: a matrix has two axes")
    trace, own = A.own_trace, MATRIX_FUNCTIONS[function]
    if not own.any_shape and not trace.same_size(*A.shape[-2:]):
        raise mistake("SN103", f"{spoken} of {show(A.shape)}: the matrix has to be square")
    if "k" in own.shape and A.shape[-1] != A.shape[-2]:  # there are as many as the smaller axis is long
        _ = [known_size(A, A.ndim - 2 + k, spoken) for k in (0, 1)]
    for known in trace.equations:
        if known.op == function and argument_of(known).name == A.spec.name:
            result: Tensor = trace.tensors[known.target]  # type: ignore[assignment]
            return result
    shape = (*A.shape[:-2], *result_shape(own, *A.shape[-2:]))
    spec = trace.new_spec(shape, "intermediate")
    trace.kept.add(A.spec.name)
    equation = matrix_equation(spec.name, function, A.spec.name, A.shape)
    trace.define(spec, Term(equation.left, equation.body, equation.reduced, function))
    hint = f"{trace.person_name(A.spec) or ''}inv" if function == "inv" else _HINTS[function]
    return A.made(spec, hint)


def defining(A: Tensor) -> list[Equation]:
    """The equations of a tensor."""
    return [e for e in A.own_trace.equations if e.target == A.spec.name]


def turned(A: Tensor) -> Tensor | None:
    """X where A is nothing but the transpose of X."""
    found = defining(A)
    if len(found) != 1 or A.own_trace.person_name(A.spec) is not None or found[0].reduced or found[0].op != "+":
        return None
    left, body = found[0].left, found[0].body
    if not left[1:] or getattr(body, "addresses", None) != (*left[:-2], left[-1], left[-2]):
        return None
    source: Tensor = A.own_trace.tensors[body.name]  # type: ignore[assignment]
    return source


def is_symmetric(A: Tensor) -> bool:
    """Whether the matrices of the two last axes are shown to be symmetric."""
    trace = A.own_trace
    known = frozenset(n for n, s in trace.specs.items() if "symmetric" in s.facts)
    return Symmetry(lambda name: [e for e in trace.equations if e.target == name], known).holds(A.spec.name)


def symmetric_part(A: Tensor) -> Tensor:
    """(A + Aᵀ)/2, which is A where A is symmetric."""
    if A.ndim < 2 or not A.own_trace.same_size(*A.shape[-2:]) or is_symmetric(A):
        return A
    return pointwise(A.own_trace, lambda a, b: (a + b) / 2, A, transpose(A, -2, -1), hint="S")


@word(torch=("inverse", "linalg.inv"), numpy="linalg.inv", of_torch=False)
def inv(A: Tensor) -> Tensor:
    """Σ_k y[i,k] A[k,j] = δ[i,j]"""
    across = turned(A)
    return transpose(inv(across), -2, -1) if across is not None else applied("inv", A)


@word(torch="linalg.det", numpy="linalg.det")
def det(A: Tensor) -> Tensor:
    """y = |A|"""
    return applied("det", turned(A) or A)


@word()
def logdet(A: Tensor) -> Tensor:
    """y = log |A|, of a matrix of positive determinant; NaN where it is negative"""
    return applied("logdet", turned(A) or A)


@word(torch="linalg.slogdet", numpy="linalg.slogdet")
def slogdet(A: Tensor) -> SignAndLog:
    """(sign |A|, log abs |A|); the derivative of the sign is 0"""
    A = turned(A) or A
    return SignAndLog(applied("signdet", A), applied("logabsdet", A))


@word(torch="linalg.solve", numpy="linalg.solve", of_torch=False)
def solve(A: Tensor, B: Tensor, left: bool = True) -> Tensor:
    """y = A⁻¹ B, for a vector or for the columns of a matrix; y = B A⁻¹ if not left"""
    inverse = inv(A)
    if not left:
        return B @ inverse
    vectors = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    if vectors and B.ndim > 1:
        return _column(inverse @ _as_column(B))
    return inverse @ B


def _as_column(B: Tensor) -> Tensor:
    """y[n,i,0] = b[n,i]"""
    left = (*indices_for(B.shape), *indices_for((sp.S.One,)))
    return readdressed(B, left, left[:-1])


def _column(B: Tensor) -> Tensor:
    """y[n,i] = b[n,i,0]"""
    left = indices_for(B.shape[:-1])
    return readdressed(B, left, (*left, sp.S.Zero))


@word(torch="linalg.matrix_exp")
def matrix_exp(A: Tensor) -> Tensor:
    """y = Σ_k Aᵏ / k!"""
    across = turned(A)
    return transpose(matrix_exp(across), -2, -1) if across is not None else applied("matrix_exp", A)


@word(torch=("pinverse", "linalg.pinv"), numpy="linalg.pinv", of_torch=False)
def pinv(A: Tensor, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Tensor:
    """A y A = A, y A y = y, A y and y A symmetric; for a matrix of full rank"""
    if atol is not None or rtol is not None or hermitian:
        what = "hermitian=True" if hermitian else "tolerance"
        raise mistake("SN108", f"pinv takes no {what}: the matrix has to be of full rank", "pinv(A)")
    across = turned(A)
    return transpose(pinv(across), -2, -1) if across is not None else applied("pinv", A)


@word(torch="linalg.matrix_power", numpy="linalg.matrix_power")
def matrix_power(A: Tensor, n: int) -> Tensor:
    """y = A A ... A, n factors; of A⁻¹ if n is negative"""
    if not isinstance(n, int):
        raise mistake("SN108", f"matrix_power takes a whole number, not {n!r}")
    if n == 0:
        return identity_like(A)
    base = inv(A) if n < 0 else A
    result: Tensor | None = None
    for digit in bin(abs(n))[2:]:
        result = result @ result if result is not None else None
        if digit == "1":
            result = base if result is None else result @ base
    assert result is not None
    return result


def identity_like(A: Tensor) -> Tensor:
    """y[n,i,j] = δ[i,j]"""
    if A.ndim < 2 or not A.own_trace.same_size(*A.shape[-2:]):
        raise mistake("SN103", f"matrix_power of {show(A.shape)}: the matrix has to be square")
    left = indices_for(A.shape)
    spec = A.own_trace.new_spec(A.shape, "intermediate")
    A.own_trace.define(spec, Term(left, Delta(left[-2], left[-1])))
    return A.made(spec, "I")


@word(torch="linalg.tensorinv", numpy="linalg.tensorinv", of_torch=False, method=False)
def tensorinv(A: Tensor, ind: int = 2) -> Tensor:
    """The inverse of a tensor whose first ``ind`` axes are the rows of a matrix and the others its columns"""
    rows, columns = list(A.shape[:ind]), list(A.shape[ind:])
    if not 0 < ind <= A.ndim or not A.own_trace.same_size(sp.Mul(*rows), sp.Mul(*columns)):
        raise mistake("SN103", f"tensorinv of {show(A.shape)} with ind={ind}: the matrix has to be square")
    return reshape(inv(reshape(A, [sp.Mul(*rows), sp.Mul(*columns)])), [*columns, *rows])


@word(torch="linalg.tensorsolve", numpy="linalg.tensorsolve", of_torch=False, method=False)
def tensorsolve(A: Tensor, B: Tensor, dims: tuple[int, ...] | None = None) -> Tensor:
    """x with Σ_k A[i,k] x[k] = b[i], i all axes of b and k those of A behind them, ``dims`` moved to the end first"""
    if dims is not None:
        A = movedim(A, tuple(dims), tuple(range(A.ndim - len(dims), A.ndim)))
    rows, columns = list(A.shape[: B.ndim]), list(A.shape[B.ndim :])
    if not A.own_trace.same_size(sp.Mul(*B.shape), sp.Mul(*columns)) or sp.Mul(*rows) != sp.Mul(*columns):
        raise mistake("SN103", f"tensorsolve of {show(A.shape)} for {show(B.shape)}: the matrix has to be square")
    return reshape(inv(reshape(A, [sp.Mul(*rows), sp.Mul(*columns)])) @ reshape(B, [sp.Mul(*rows)]), columns)
