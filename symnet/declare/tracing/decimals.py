"""What a Python float in a model means as an exact number."""

from __future__ import annotations

from fractions import Fraction
from math import pi

import sympy as sp

_SHORT = 14  # a float with fewer digits was written as it is
_NEAR = 4.5e-16  # two roundings
_LARGEST = 1000  # of numerator times denominator; by chance one float in 10^10 is that near to such a number


def meant(value: float) -> sp.Expr:
    """The number that a finite float stands for: a decimal as it is written, or else what was computed to get it.

    0.1 is 1/10; 0.3333333333333333 is 1/3; 1.4142135623730951, which ``2**0.5`` gives, is √2; √(2/π) and 1/(2π) are
    recognised too.  Any other float is its shortest decimal.
    """
    written = sp.Rational(repr(value))
    short = len(repr(value).partition("e")[0].strip("-0.").replace(".", "")) <= _SHORT
    if short or not 0.1 / _LARGEST < abs(value) < 10 * _LARGEST:
        return written
    for square, power in ((False, 0), (True, 0), (True, 1), (True, -1), (False, 1), (False, -1)):
        size = abs(value) ** (2 if square else 1) / pi**power
        ratio = Fraction(size).limit_denominator(_LARGEST)
        if 0 < ratio.numerator * ratio.denominator <= _LARGEST and abs(size / ratio - 1) <= _NEAR * (1 + square):
            exact = sp.Rational(ratio.numerator, ratio.denominator) * sp.pi**power
            return sp.sign(written) * (sp.sqrt(exact) if square else exact)
    return written
