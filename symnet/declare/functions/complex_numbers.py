"""A complex tensor as the two real ones that it is made of; its matrix exponential is that of a larger real matrix.

    exp(A + iB) = E[:n,:n] + i E[n:,:n]   with   E = exp([[A, -B], [B, A]])

because sums and products of complex matrices are those of the matrices ``[[A, -B], [B, A]]``.  What a model
differentiates stays real: ``.real`` and ``.imag`` lead back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symnet.declare.functions.joining import cat
from symnet.declare.functions.linear_algebra import matrix_exp
from symnet.declare.functions.shapes import known_size
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake


class Complex:
    """real + i·imag, two tensors of one shape."""

    def __init__(self, real: Tensor, imag: Tensor) -> None:
        self.real, self.imag = real, imag

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(getattr(function, "__name__", function))
        known = _FUNCTIONS.get(name)
        if known is None or kwargs or len(args) != 1:
            raise mistake(
                "SN110", f"torch's {name} of a complex tensor is not covered", f"covered: {', '.join(_FUNCTIONS)}"
            )
        return known(args[0])

    def __mul__(self, other: object) -> Complex:
        if isinstance(other, Complex):
            real = self.real * other.real - self.imag * other.imag
            return Complex(real, self.real * other.imag + self.imag * other.real)
        if isinstance(other, complex):
            real = self.real * other.real - self.imag * other.imag
            return Complex(real, self.imag * other.real + self.real * other.imag)
        return Complex(self.real * other, self.imag * other)

    __rmul__ = __mul__

    def __add__(self, other: object) -> Complex:
        if isinstance(other, Complex | complex):
            return Complex(self.real + other.real, self.imag + other.imag)
        return Complex(self.real + other, self.imag)

    __radd__ = __add__

    def __neg__(self) -> Complex:
        return Complex(-self.real, -self.imag)

    def __sub__(self, other: Any) -> Complex:
        return self.__add__(-other)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise mistake("SN110", f"{name} of a complex tensor is not covered", "take .real or .imag of it first")


def complex_of(real: Tensor) -> Complex:
    """The tensor with nothing imaginary."""
    return Complex(real, real * 0)


def _matrix_exp(a: Complex) -> Complex:
    n = known_size(a.real, a.real.ndim - 1, "matrix_exp of a complex matrix")
    top, bottom = cat([a.real, -a.imag], -1), cat([a.imag, a.real], -1)
    whole = matrix_exp(cat([top, bottom], -2))
    return Complex(whole[..., :n, :n], whole[..., n:, :n])


_FUNCTIONS: dict[str, Callable[[Complex], Any]] = {
    "matrix_exp": _matrix_exp,
    "linalg_matrix_exp": _matrix_exp,
    "real": lambda a: a.real,
    "imag": lambda a: a.imag,
    "conj": lambda a: Complex(a.real, -a.imag),
}
