"""Integer addresses: affine parts, digits of one number, and the few simplifications that SymPy leaves undone.

SymPy keeps ``floor((i*W + j)/W)`` although j < W; here sizes of indices are known, so it is i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from symnet.calculus.ir import Access, Index, atoms, sort_key


@dataclass(frozen=True)
class Affine:
    """``Σ coefficient · index + constant`` with index-free coefficients; terms in the order of the indices' names."""

    terms: tuple[tuple[Index, sp.Expr], ...]
    constant: sp.Expr

    @property
    def expression(self) -> sp.Expr:
        """The form as it is evaluated."""
        return sp.Add(self.constant, *(coefficient * index for index, coefficient in self.terms))


def affine(address: sp.Expr) -> Affine | None:
    """The affine form of an address, or None when it is not affine or reads data."""
    terms: dict[Index, sp.Expr] = {}
    constant: sp.Expr = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(address)):
        indices = atoms(term, Index)
        if not indices and not atoms(term, Access):
            constant += term
            continue
        if len(indices) != 1 or atoms(term, Access):
            return None
        (index,) = indices
        coefficient = term / index
        if atoms(coefficient, Index):
            return None
        terms[index] = terms.get(index, sp.S.Zero) + coefficient
    ordered = tuple(sorted(terms.items(), key=lambda item: sort_key(item[0])))
    return Affine(ordered, constant)


def same(a: sp.Expr, b: sp.Expr) -> bool:
    """Whether two sizes are equal as polynomials."""
    return bool(a == b or sp.expand(a - b) == 0)


def radix(address: sp.Expr, size: sp.Expr) -> tuple[Index, ...] | None:
    """The digits, most significant first, if the address is a mixed-radix number that runs over all of 0..size-1."""
    form = affine(address)
    if form is None or form.constant != 0 or not form.terms:
        return None
    return _radix(tuple(form.terms), sp.S.One, size, ())


def _radix(
    terms: tuple[tuple[Index, sp.Expr], ...], weight: sp.Expr, size: sp.Expr, found: tuple[Index, ...]
) -> tuple[Index, ...] | None:
    if not terms:
        return found if same(weight, size) else None
    for place, (index, coefficient) in enumerate(terms):
        if same(coefficient, weight):
            rest = _radix(terms[:place] + terms[place + 1 :], weight * index.size, size, (index, *found))
            if rest is not None:
                return rest
    return None


@dataclass(frozen=True)
class Digit:
    """``number // weight % base``; base None means that nothing lies above."""

    number: sp.Expr
    weight: sp.Expr
    base: sp.Expr | None


def digit(address: sp.Expr) -> Digit | None:
    """The digit that an address takes of a number, or None when it is no digit."""
    if isinstance(address, sp.Mod):
        inner, base = address.args
        below = digit(inner)
        if below is not None and below.base is None:
            return Digit(below.number, below.weight, base)
        return Digit(inner, sp.S.One, base)
    if isinstance(address, sp.floor):
        number, weight = address.args[0].as_numer_denom()
        if isinstance(number, sp.Mod):
            inner, base = number.args
            return Digit(inner, weight, base / weight)
        below = digit(number)
        if below is not None and below.base is None:
            return Digit(below.number, below.weight * weight, None)
        return Digit(number, weight, None)
    return None


def digits(addresses: Sequence[sp.Expr], shape: Sequence[sp.Expr]) -> sp.Expr | None:
    """The number whose digits in the bases ``shape`` are the addresses, the highest first; None if there is none."""
    number: sp.Expr | None = None
    weight: sp.Expr = sp.S.One
    for place in range(len(addresses) - 1, -1, -1):
        found = digit(addresses[place])
        if found is None or not same(found.weight, weight) or (number is not None and found.number != number):
            return None
        if found.base is None and place > 0:
            return None
        if found.base is not None and not same(found.base, shape[place]):
            return None
        number, weight = found.number, weight * shape[place]
    return number


def simplified(address: sp.Expr) -> sp.Expr:
    """The address with floors and remainders of sums resolved wherever the ranges of the indices allow it."""
    if not address.has(sp.floor, sp.Mod):
        return address
    args = [simplified(a) if isinstance(a, sp.Expr) else a for a in address.args]
    if isinstance(address, sp.floor):
        number, weight = args[0].as_numer_denom()
        quotient, rest = _divide(number, weight)
        if isinstance(rest, sp.floor):  # (v//4)//4 is v//16
            rest, inner = rest.args[0].as_numer_denom()
            weight = weight * inner
        return quotient + (sp.S.Zero if _below(rest, weight) else _without_low_digit(rest, weight).floor)
    if isinstance(address, sp.Mod):
        number, weight = args
        _, rest = _divide(number, weight)
        if _below(rest, weight):
            return rest
        return _without_low_digit(rest, weight).remainder
    return _recombined(address.func(*args))


def _recombined(address: sp.Expr) -> sp.Expr:
    """``K (j//K) + j%K`` is j."""
    for part in address.args if address.is_Add else ():
        for mod in part.atoms(sp.Mod):
            coefficient = part / mod
            number, base = mod.args
            inner, weight = number.args[0].as_numer_denom() if isinstance(number, sp.floor) else (number, sp.S.One)
            whole = sp.floor(inner / (weight * base))
            if not coefficient.has(Index) and address.coeff(whole) == coefficient * base:
                return _recombined(address - part - coefficient * base * whole + coefficient * number)
    return address


def with_plain_addresses(body: sp.Expr) -> sp.Expr:
    """The body with floors and remainders resolved everywhere: reshapes and transposes of each other meet in it."""
    plain = body.xreplace({part: simplified(part) for part in atoms(body, sp.floor, sp.Mod)})
    reads = [a for a in atoms(plain, Access) if a.has(sp.floor) and a.has(sp.Mod)]
    return plain.xreplace({a: a.func(*map(_digits_joined, a.args)) for a in reads}) if reads else plain


def _digits_joined(address: sp.Basic) -> sp.Basic:
    """``w floor(n / w) + n mod w`` is n, and so are the digits of a number in several bases."""
    if not isinstance(address, sp.Add):
        return address
    for low in sorted((t for t in address.args if atoms(t, sp.Mod)), key=sort_key):
        factor, digit = low.as_independent(sp.Mod)
        if isinstance(digit, sp.Mod):
            number, base = digit.args
            high = factor * base * sp.floor(number / base)
            if high in address.args:
                return _digits_joined(address - low - high + factor * number)
    return address


def _divide(number: sp.Expr, weight: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The terms of a sum that the weight divides, divided, and the others."""
    quotient: sp.Expr = sp.S.Zero
    rest: sp.Expr = sp.S.Zero
    for term in sp.Add.make_args(sp.expand(number)):
        share = term / weight
        whole = sp.fraction(share)[1] == 1
        quotient, rest = (quotient + share, rest) if whole else (quotient, rest + term)
    return quotient, rest


@dataclass(frozen=True)
class _Parted:
    """``number = unit high + low`` over ``unit weight`` with 0 <= low < unit: low plays no part in the quotient."""

    high: sp.Expr
    low: sp.Expr
    unit: sp.Expr
    weight: sp.Expr

    @property
    def floor(self) -> sp.Expr:
        return sp.floor(self.high / self.weight)

    @property
    def remainder(self) -> sp.Expr:
        return self.unit * sp.Mod(self.high, self.weight) + self.low


def _without_low_digit(number: sp.Expr, weight: sp.Expr) -> _Parted:
    """``(4 i + j)//12`` is ``i//3`` where j < 4, and ``(4 i + j)%12`` is ``4 (i%3) + j``."""
    terms = sp.Add.make_args(number)
    for term in terms if len(terms) > 1 else ():
        unit = term.as_independent(Index, sp.floor, sp.Mod)[0]
        if unit == 1 or sp.fraction(weight / unit)[1] != 1:
            continue
        high, low = _divide(number, unit)
        if low != 0 and _below(low, unit):
            return _Parted(high, low, unit, weight / unit)
    return _Parted(number, sp.S.Zero, sp.S.One, weight)


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
