"""Forward mode by dual numbers over the fractions: an exact derivative that shares nothing with the one rule."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np


class Dual:
    """a + slope·ε with ε² = 0 over the fractions."""

    def __init__(self, value: Fraction, slope: Fraction = Fraction(0)) -> None:
        self.value, self.slope = Fraction(value), Fraction(slope)

    def __add__(self, other: object) -> Dual:
        if isinstance(other, np.ndarray):
            return NotImplemented
        b = _dual(other)
        return Dual(self.value + b.value, self.slope + b.slope)

    def __mul__(self, other: object) -> Dual:
        if isinstance(other, np.ndarray):
            return NotImplemented
        b = _dual(other)
        return Dual(self.value * b.value, self.slope * b.value + self.value * b.slope)

    def __truediv__(self, other: object) -> Dual:
        return self * _dual(other) ** -1

    def __rtruediv__(self, other: object) -> Dual:
        return _dual(other) * self**-1

    def __rsub__(self, other: object) -> Dual:
        return _dual(other) + self * -1

    def __pow__(self, power: int) -> Dual:
        return Dual(self.value**power, power * self.value ** (power - 1) * self.slope if self.slope else Fraction(0))

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self) -> Dual:
        return self * -1

    def __sub__(self, other: object) -> Dual:
        return self + _dual(other) * -1

    def __abs__(self) -> Dual:
        return self * ((self.value > 0) - (self.value < 0))

    def __eq__(self, other: object) -> bool:
        return bool(self.value == _real(other))

    def __lt__(self, other: object) -> bool:
        return bool(self.value < _real(other))

    def __gt__(self, other: object) -> bool:
        return bool(self.value > _real(other))

    def __le__(self, other: object) -> bool:
        return not self > other

    def __ge__(self, other: object) -> bool:
        return not self < other

    __hash__ = None  # type: ignore[assignment]


def _dual(value: Any) -> Dual:
    return value if isinstance(value, Dual) else Dual(Fraction(value))


def _real(value: object) -> Any:
    return value.value if isinstance(value, Dual) else value


def dual(values: Any, slopes: Any) -> Any:
    """The array of values that move with the slopes: ``value + slope ε``."""
    return np.frompyfunc(Dual, 2, 1)(np.asarray(values, object), np.asarray(slopes, object))
