"""Rational numbers as a person writes them: 0.5, 1/3, 1e-12, 1e12."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sympy import Rational, multiplicity

from symnet.explain.formula import ONE, Formula, Number, Over, negated

#: A decimal with a larger denominator is written as a decimal, 0.00001 and not 1/100000.
_LARGEST_DENOMINATOR = 1000

#: With more of them, after the point or at the end, it is 1e-12 and 1e12.
_MOST_ZEROS = 6

#: As many as tell every float64 from its neighbours.
_MOST_DIGITS = 17


def decimal_or_quotient(value: Any) -> tuple[Number, Number]:
    """A positive rational as a number over a number, the second 1 where the first says it all.

    Both are exact, but for a decimal longer than any number of the code, such as a product of two of 30 digits.
    """
    top, bottom = int(value.p), int(value.q)
    twos, fives = multiplicity(2, bottom), multiplicity(5, bottom)
    if bottom <= _LARGEST_DENOMINATOR or bottom != 2**twos * 5**fives:
        return _whole(top), _whole(bottom)
    places = max(twos, fives)
    whole = top * 10**places // bottom
    excess = len(str(whole)) - _MOST_DIGITS
    if excess > 0:
        return decimal_or_quotient(Rational(round(Fraction(whole, 10**excess)) * 10**excess, 10**places))
    digits = str(whole)
    zeros = places - len(digits)
    if zeros >= _MOST_ZEROS:
        return _scientific(digits, -zeros - 1), ONE
    digits = digits.rjust(places + 1, "0")
    return Number(f"{digits[:-places]}.{digits[-places:]}"), ONE


def written_number(value: Any) -> Formula:
    """A number of any sign: an exact one as above, else the digits of a float."""
    if value.is_negative:
        return negated(written_number(-value))
    if value.is_Rational:
        top, bottom = decimal_or_quotient(value)
        return top if bottom == ONE else Over(top, bottom)
    return Number(repr(float(value)))


def _whole(value: int) -> Number:
    digits = str(value)
    leading = digits.rstrip("0")
    return _scientific(leading, len(digits) - 1) if len(digits) - len(leading) > _MOST_ZEROS else Number(digits)


def _scientific(digits: str, exponent: int) -> Number:
    mantissa = f"{digits[0]}.{digits[1:]}" if digits[1:] else digits
    return Number(f"{mantissa}e{exponent}")
