"""Integer addresses: affine parts and digits of one number."""

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
