"""Deltas of digits: ``δ(l, j//K)``, which a reshape leaves, and ``δ(p, K l + r)`` say what one index is in digits.

Σ_j  δ(l, j//K) f(j)        ->  Σ_r f(K l + r)
Σ_lr δ(p, K l + r) f(l, r)  ->  f(p//K, p%K)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from symnet.calculus.atoms import Address, Atom, Mono, Var, variables
from symnet.calculus.integers import Digit, digit, radix, same
from symnet.calculus.interning import Atoms, placeholder
from symnet.calculus.ir import Index


@dataclass(frozen=True)
class Solution:
    """What summed variables are by a delta, the variables that come in for them, and the deltas that are left."""

    values: Mapping[Var, Address]
    new: tuple[Var, ...] = ()
    left: tuple[tuple[Address, Address], ...] = ()


class Numerals:
    """Solves deltas over the addresses of one run."""

    def __init__(self, atoms: Atoms) -> None:
        self.atoms = atoms
        self._places = atoms.variable("place", sp.S.One)  # stands for the other side of a delta in a new address

    def solve(self, delta: Atom, bound: tuple[Var, ...]) -> Solution | None:
        """The solution of a delta for summed variables, None where it has no single one for every place."""
        one, two = delta.parts
        for address, place in ((two, one), (one, two)):
            if isinstance(address, Var):
                continue
            solution = self._numeral(address, place, bound) or self._digit(address, place, bound)
            if solution is not None:
                return solution
        return None

    def apart(self, formals: tuple[Var, ...], mono: Mono) -> dict[Var, Address]:
        """The formals that are read by their digits, each as a number made of new variables."""
        found: dict[Var, Address] = {}
        for a, _ in mono:
            for address in a.parts if a.kind == "read" else ():
                if isinstance(address, Var) or len(address.parts) != 1 or address.parts[0] not in formals:
                    continue
                (number,) = address.parts
                expression, _ = self.atoms.spelled(address)
                taken = digit(expression)
                made = None if taken is None or number in found else self._made(number, taken, self._places)
                if taken is not None and made is not None:
                    middle = self.atoms.variable(number.hint, _base(number, taken))
                    found[number] = self.atoms.address(made[0], {self._places: middle})
        return found

    def _numeral(self, address: Address, place: Address, bound: tuple[Var, ...]) -> Solution | None:
        """The address counts through the range of the place: its digits are those of the place."""
        expression, names = self.atoms.spelled(address)
        size = self._extent(place)
        parts = radix(expression, size) if size is not None and len(names) > 1 else None
        if parts is None or not variables(place).isdisjoint(variables(address)):
            return None
        weight: sp.Expr = sp.S.One
        values: dict[Var, Address] = {}
        left: list[tuple[Address, Address]] = []
        for position, part in enumerate(reversed(parts)):
            whole = sp.floor(placeholder(0) / weight) if weight != 1 else placeholder(0)
            template = whole if position == len(parts) - 1 else sp.Mod(whole, part.size)
            value = self._filled(template, place)
            if names[part] in bound:
                values[names[part]] = value
            else:
                left.append((names[part], value))
            weight = weight * part.size
        return Solution(values, (), tuple(left)) if values else None

    def _digit(self, address: Address, place: Address, bound: tuple[Var, ...]) -> Solution | None:
        """The address is a digit of one summed variable, and the place runs through all values of that digit."""
        expression, names = self.atoms.spelled(address)
        found = digit(expression)
        number = names.get(found.number) if found is not None else None
        if found is None or number is None or number not in bound or number in variables(place):
            return None
        size = self._extent(place)
        made = self._made(number, found, place) if size is not None and same(size, _base(number, found)) else None
        return None if made is None else Solution({number: made[0]}, made[1])

    def _made(self, number: Var, taken: Digit, place: Address) -> tuple[Address, tuple[Var, ...]] | None:
        """The number made of one digit, which is the place, and new variables for those above and below it."""
        base = _base(number, taken)
        above = number.size / (base * taken.weight)
        if any(sp.fraction(size)[1] != 1 for size in (base, above)):
            return None
        higher, lower = (self.atoms.variable(number.hint, s) if s != 1 else None for s in (above, taken.weight))
        template, parts = placeholder(0) * taken.weight, [self._places]
        if higher is not None:
            template, parts = template + placeholder(len(parts)) * base * taken.weight, [*parts, higher]
        if lower is not None:
            template, parts = template + placeholder(len(parts)), [*parts, lower]
        value = self.atoms.address(self.atoms.opaque(template, tuple(parts)), {self._places: place})
        return value, tuple(parts[1:])

    def _filled(self, template: sp.Expr, place: Address) -> Address:
        return self.atoms.address(self.atoms.opaque(template, (self._places,)), {self._places: place})

    def _extent(self, place: Address) -> sp.Expr | None:
        """The number of values of an address that takes them all from 0 on, None where that is not known."""
        if isinstance(place, Var):
            return place.size
        expression, _ = self.atoms.spelled(place)
        found = digit(expression)
        if found is None or not isinstance(found.number, Index):
            return None
        return found.base if found.base is not None else found.number.size / found.weight


def _base(number: Var, taken: Digit) -> sp.Expr:
    return taken.base if taken.base is not None else number.size / taken.weight
