"""Quotients and remainders in addresses: ``floor`` and ``Mod`` that know the ranges of their indices.

SymPy keeps ``floor((i*W + j)/W)`` although j < W, searches long for what it does find, and makes ``Mod(3 j**2, 7)`` of
``Mod(3*j, 7)`` where j is a remainder itself.  Here both are written in their simplest form when they are made, so
every substitution keeps them so: whole multiples leave, what lies in one range of the quotient is a number, and digits
that lie below the divisor's are split off.  All of it is arithmetic of integers, but for named sizes.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from symnet.calculus.integers import affine
from symnet.calculus.ir import Access, Index, atoms, sort_key


class floor(sp.floor):  # named as SymPy's: orders of expressions compare names
    """The largest whole number that is no larger, of a quotient of whole numbers."""

    is_integer = True

    @classmethod
    def eval(cls, argument: sp.Expr) -> sp.Expr:
        form = _sum(argument)
        return _quotient(form) if form is not None else _named_quotient(*argument.as_numer_denom())


class Mod(sp.Mod):
    """What a whole number leaves over a positive divisor."""

    is_integer = True

    @classmethod
    def eval(cls, number: sp.Expr, divisor: sp.Expr) -> sp.Expr:
        form = _sum(number) if divisor.is_Integer and divisor.is_positive else None
        if form is not None and form.weight == 1:
            return _remainder(form, int(divisor))
        return _named_remainder(number, divisor)


@dataclass(frozen=True)
class _Sum:
    """``(Σ factor · term + constant) / weight`` of whole numbers, with terms that have whole values."""

    terms: Mapping[sp.Expr, int]
    constant: int
    weight: int = 1

    @property
    def numerator(self) -> sp.Expr:
        """The number before it is divided."""
        return sp.Add(sp.Integer(self.constant), *(sp.Integer(f) * t for t, f in self.terms.items()))

    @property
    def expression(self) -> sp.Expr:
        """The number as SymPy writes it."""
        shares = (sp.Rational(f, self.weight) * t for t, f in self.terms.items())
        return sp.Add(sp.Rational(self.constant, self.weight), *shares)

    def reduced(self) -> tuple[_Sum, int]:
        """The quotient in lowest terms, and what its parts had in common."""
        shared = math.gcd(self.weight, self.constant, *self.terms.values())
        terms = {t: f // shared for t, f in self.terms.items()}
        return _Sum(terms, self.constant // shared, self.weight // shared), shared

    def range(self) -> tuple[int | None, int | None]:
        """The least and the largest value of the numerator, None where there is no bound."""
        low: int | None = self.constant
        high: int | None = self.constant
        for term, factor in self.terms.items():
            ends = _extent(term)
            least, most = ends if factor > 0 else ends[::-1]
            low = None if low is None or least is None else low + factor * least
            high = None if high is None or most is None else high + factor * most
        return low, high

    def rounded(self) -> int | None:
        """The rounded quotient if it is the same everywhere."""
        low, high = self.range()
        if low is None or high is None or low // self.weight != high // self.weight:
            return None
        return low // self.weight

    def parted(self) -> tuple[int, _Sum, _Sum] | None:
        """``unit high + low`` with 0 <= low < unit, where the unit divides the divisor: low plays no part in it."""
        units = {abs(f) for f in self.terms.values()}
        for unit in sorted((u for u in units if u > 1 and self.weight % u == 0), reverse=True):
            high = {t: f // unit for t, f in self.terms.items() if f % unit == 0}
            low = _Sum({t: f for t, f in self.terms.items() if f % unit}, self.constant % unit, unit)
            if low.rounded() == 0:
                return unit, _Sum(high, self.constant // unit, self.weight // unit), low
        return None


def _sum(number: sp.Expr) -> _Sum | None:
    """The number as a sum of whole values with rational factors; None if it is none, as where a size divides it."""
    parts: list[tuple[sp.Rational, sp.Expr]] = []
    for term in sp.Add.make_args(number):
        factor, rest = term.as_coeff_Mul()
        if rest.is_Add or (rest.is_Mul and any(a.is_Add for a in rest.args)):
            expanded = sp.expand(number)
            return _sum(expanded) if expanded != number else None
        if not factor.is_Rational or not rest.is_integer:
            return None
        parts.append((factor, rest))
    weight = math.lcm(*(factor.q for factor, _ in parts))
    terms: Counter[sp.Expr] = Counter()
    for factor, rest in parts:
        terms[rest] += factor.p * (weight // factor.q)
    constant = terms.pop(sp.S.One, 0)
    return _Sum(_rejoined({t: f for t, f in terms.items() if f}), constant, weight)


def _rejoined(terms: Mapping[sp.Expr, int]) -> Mapping[sp.Expr, int]:
    """``w floor(n / w) + n mod w`` is n, and so are the digits of a number in several bases."""
    for low, factor in terms.items() if any(isinstance(t, floor) for t in terms) else ():
        if isinstance(low, Mod):
            number, base = low.args
            high = floor(number / base)
            whole = _sum(number)
            if base.is_Integer and terms.get(high) == factor * base and whole is not None and not whole.constant:
                rest = Counter({t: f for t, f in terms.items() if t not in (low, high)})
                for t, f in whole.terms.items():
                    rest[t] += factor * f
                return _rejoined({t: f for t, f in rest.items() if f})
    return terms


def _extent(term: sp.Expr) -> tuple[int | None, int | None]:
    """The least and the largest value of a whole number, None where no bound is known."""
    if isinstance(term, Index):
        return 0, int(term.size) - 1 if term.size.is_Integer else None
    if isinstance(term, Mod) and term.args[1].is_Integer:
        return 0, int(term.args[1]) - 1
    if isinstance(term, floor) and (form := _sum(term.args[0])) is not None:
        low, high = form.range()
        return None if low is None else low // form.weight, None if high is None else high // form.weight
    return 0 if term.is_nonnegative else None, None


def _quotient(number: _Sum) -> sp.Expr:
    """The rounded quotient in its simplest form."""
    number, _ = number.reduced()
    weight = number.weight
    whole = {t: f // weight for t, f in number.terms.items() if f % weight == 0}
    rest = {t: f for t, f in number.terms.items() if f % weight}
    more, constant = (number.constant // weight, 0) if number.constant % weight == 0 else (0, number.constant)
    return _Sum(whole, more).numerator + _rounded(_Sum(rest, constant, weight).reduced()[0])


def _rounded(number: _Sum) -> sp.Expr:
    """The rounded quotient of a number without whole multiples of the divisor."""
    known = number.rounded()
    if known is not None:
        return sp.Integer(known)
    (first, factor), *others = number.terms.items()
    if isinstance(first, floor) and factor == 1 and not others and not number.constant:  # (v//4)//4 is v//16
        return floor(first.args[0] / number.weight)
    parted = number.parted()
    return floor(number.expression, evaluate=False) if parted is None else _quotient(parted[1])


def _remainder(number: _Sum, divisor: int) -> sp.Expr:
    """The remainder of a whole number in its simplest form."""
    terms = {t: f for t, f in number.terms.items() if f % divisor}
    number = _Sum(terms, number.constant % divisor, divisor)
    known = number.rounded()
    if known is not None:
        return number.numerator - known * divisor
    for term, factor in terms.items():
        if isinstance(term, Mod) and (factor * term.args[1] / divisor).is_Integer:
            return Mod(number.numerator + factor * (term.args[0] - term), sp.Integer(divisor))
    if len(terms) == 1 and not number.constant:
        number = _Sum({t: f % divisor for t, f in terms.items()}, 0, divisor)
    number, shared = number.reduced()
    parted = number.parted()
    if parted is not None:
        unit, high, low = parted
        return shared * (unit * Mod(high.numerator, sp.Integer(high.weight)) + low.numerator)
    return shared * Mod(number.numerator, sp.Integer(number.weight), evaluate=False)


def _named_quotient(number: sp.Expr, weight: sp.Expr) -> sp.Expr:
    """The rounded quotient by a named size."""
    if any(not a.is_integer for a in atoms(number, Access)):
        return floor(number / weight, evaluate=False)
    quotient, rest = _divide(simplified(number), weight)
    if isinstance(rest, floor):
        inner, more = rest.args[0].as_numer_denom()
        return quotient + floor(inner / (weight * more))
    if _below(rest, weight):
        return quotient
    unit, high, _ = _without_low_digit(rest, weight)
    return quotient + (floor(rest / weight, evaluate=False) if unit == 1 else floor(high / (weight / unit)))


def _named_remainder(number: sp.Expr, divisor: sp.Expr) -> sp.Expr:
    """The remainder over a named size."""
    if any(not a.is_integer for a in atoms(number, Access)):
        return Mod(number, divisor, evaluate=False)
    _, rest = _divide(simplified(number), divisor)
    if _below(rest, divisor):
        return rest
    for term in sp.Add.make_args(rest):
        if isinstance(term, Mod) and _is_whole(term.args[1] / divisor):
            return Mod(rest - term + term.args[0], divisor)
    unit, high, low = _without_low_digit(rest, divisor)
    if unit == 1:
        return Mod(rest, divisor, evaluate=False)
    return unit * Mod(high, divisor / unit) + low


def simplified(address: sp.Expr) -> sp.Expr:
    """``K (j//K) + j%K`` is j, and so are the digits of a number in several bases."""
    parts = address.args if address.is_Add and address.has(sp.floor) else ()
    for low in sorted((p for p in parts if atoms(p, sp.Mod)), key=sort_key):
        factor, digit = low.as_independent(sp.Mod)
        if isinstance(digit, sp.Mod) and not factor.has(Index):
            number, base = digit.args
            high = factor * base * floor(number / base)
            if high in parts:
                return simplified(address - low - high + factor * number)
    return address


def with_plain_addresses(body: sp.Expr) -> sp.Expr:
    """The body with the digits of each address joined: reshapes and transposes of each other meet in it."""
    reads = [a for a in atoms(body, Access) if a.has(sp.floor) and a.has(sp.Mod)]
    table = {a: a.func(a.args[0], *map(simplified, a.addresses)) for a in reads}
    return body.xreplace(table) if reads else body


def _is_whole(share: sp.Expr) -> bool:
    return bool(sp.fraction(share)[1] == 1)


def _divide(number: sp.Expr, weight: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The terms of a sum that the weight divides, divided, and the others."""
    shares = [(term, term / weight) for term in sp.Add.make_args(sp.expand(number))]
    whole = sp.Add(*(share for _, share in shares if _is_whole(share)))
    return whole, sp.Add(*(term for term, share in shares if not _is_whole(share)))


def _without_low_digit(number: sp.Expr, weight: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """The unit, high and low of ``unit high + low`` over a multiple of the unit with 0 <= low < unit.

    ``(4 i + j)//12`` is ``i//3`` where j < 4, and ``(4 i + j)%12`` is ``4 (i%3) + j``.
    """
    for term in sp.Add.make_args(number):
        unit = term.as_independent(Index, sp.floor, sp.Mod)[0]
        if unit != 1 and unit.is_positive and _is_whole(weight / unit):
            high, low = _divide(number, unit)
            if _below(low, unit):
                return unit, high, low
    return sp.S.One, number, sp.S.Zero


def _below(number: sp.Expr, limit: sp.Expr) -> bool:
    """Whether 0 <= number < limit for certain."""
    if isinstance(number, sp.floor):  # floor(x / w) < limit where x < w limit
        inner, weight = number.args[0].as_numer_denom()
        return _below(inner, weight * limit)
    form = affine(number)
    if form is None or not form.constant.is_nonnegative:
        return False
    if not all(coefficient.is_nonnegative for _, coefficient in form.terms):
        return False
    largest = form.constant + sp.Add(*(c * (i.size - 1) for i, c in form.terms))
    return bool(sp.expand(limit - 1 - largest).is_nonnegative)
