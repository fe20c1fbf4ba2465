"""What a delta says of a summed variable: ``δ(l, j//K)``, which a reshape leaves, says what one index is in digits.

Σ_j  δ(l, j//K) f(j)        ->  Σ_r f(K l + r)
Σ_lr δ(p, K l + r) f(l, r)  ->  f(p//K, p%K)
Σ_j  δ(l + j, p) f(j)       ->  f(p - l)        where 0 <= p - l < J is shown

A delta is also 0 where its places do not meet at all: in δ(j, 3 - i) over j < 3 and i < 4 nothing stands at i = 0.
So a variable has an address for its value only where that is shown to lie within its range; elsewhere the delta stays,
and with it the guard of all that is read under it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from symnet.calculus.integers import Digit, affine, digit, radix, same
from symnet.calculus.ir import Index
from symnet.calculus.quotients import Mod, floor
from symnet.calculus.ranges import takes
from symnet.simplify.atoms import Address, Atom, Mono, Opaque, Var, variables
from symnet.simplify.interning import Atoms, placeholder


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
        self._within: dict[tuple[object, ...], bool] = {}

    def solve(self, delta: Atom, bound: tuple[Var, ...]) -> Solution | None:
        """The solution of a delta for summed variables, None where it has no single one for every place."""
        one, two = delta.parts
        sides = ((one, two), (two, one))
        for ways in (self._plain, self._by_digits, self._shifted):
            solution = next((s for pair in sides if (s := ways(*pair, bound)) is not None), None)
            if solution is not None:
                return solution
        return None

    def made_one(self, delta: Atom, bound: tuple[Var, ...]) -> tuple[Var | None, Address]:
        """A free variable that a delta makes equal to an address that lies within its range, and that address."""
        place, address = delta.parts
        pairs = [(place, address), (address, place)]
        if isinstance(place, Var) and isinstance(address, Var) and place.serial < address.serial:
            pairs.reverse()  # of two variables the later one goes
        for old, new in pairs:
            if isinstance(old, Var) and variables(new).isdisjoint({*bound, old}) and self.within(new, old.size):
                return old, new
        return None, address

    def within(self, address: Address, size: sp.Expr) -> bool:
        """Whether the address is shown to lie within 0..size-1, whatever its variables are."""
        parts = (address,) if isinstance(address, Var) else address.parts
        template = placeholder(0) if isinstance(address, Var) else address.template
        key = (template, size, *(v.code for v in parts))
        if key not in self._within:
            self._within[key] = takes(size, self.atoms.spelled(address)[0], ())
        return self._within[key]

    def never_meet(self, one: Address, two: Address) -> bool:
        """Whether one is a number that the other, a variable, never takes: δ(j, 2) over j < 2 is 0."""
        for number, v in ((one, two), (two, one)):
            if isinstance(v, Var) and isinstance(number, Opaque) and not number.parts and not number.names:
                return bool(number.template.is_negative or (number.template - v.size).is_nonnegative)
        return False

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

    def _plain(self, address: Address, place: Address, bound: tuple[Var, ...]) -> Solution | None:
        """The address is a summed variable itself."""
        if not isinstance(address, Var) or address not in bound or address in variables(place):
            return None
        return Solution({address: place}) if self.within(place, address.size) else None

    def _shifted(self, address: Address, place: Address, bound: tuple[Var, ...]) -> Solution | None:
        """A summed variable plus or less other things is the place: those go to the other side."""
        if isinstance(address, Var) or address.names or (isinstance(place, Opaque) and place.names):
            return None
        parts = tuple(dict.fromkeys((*address.parts, *sorted(variables(place), key=lambda v: v.serial))))
        names = {v: Index(v.hint, v.size) for v in parts}
        form = affine(self._over(address, names) - self._over(place, names))
        if form is None:
            return None
        for index, coefficient in form.terms:
            number = next(v for v, i in names.items() if i == index)
            if number in bound and coefficient in (1, -1):
                value = self._address(sp.expand(index - coefficient * form.expression), names)
                if self.within(value, number.size):
                    return Solution({number: value})
        return None

    def _by_digits(self, address: Address, place: Address, bound: tuple[Var, ...]) -> Solution | None:
        if isinstance(address, Var):
            return None
        return self._numeral(address, place, bound) or self._digit(address, place, bound)

    def _numeral(self, address: Address, place: Address, bound: tuple[Var, ...]) -> Solution | None:
        """The address is a number whose digits run through all values, and the place lies within its range."""
        expression, names = self.atoms.spelled(address)
        places = sp.Mul(*(index.size for index in names))
        parts = radix(expression, places) if len(names) > 1 else None
        if parts is None or not variables(place).isdisjoint(variables(address)) or not self.within(place, places):
            return None
        weight: sp.Expr = sp.S.One
        values: dict[Var, Address] = {}
        left: list[tuple[Address, Address]] = []
        for position, part in enumerate(reversed(parts)):
            whole = floor(placeholder(0) / weight) if weight != 1 else placeholder(0)
            template = whole if position == len(parts) - 1 else Mod(whole, part.size)
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

    def _over(self, address: Address, names: Mapping[Var, Index]) -> sp.Expr:
        """The address over the given indices."""
        if isinstance(address, Var):
            return names[address]
        return address.template.xreplace({placeholder(k): names[v] for k, v in enumerate(address.parts)})

    def _address(self, expression: sp.Expr, names: Mapping[Var, Index]) -> Address:
        """The address that an expression over indices is."""
        parts = tuple(v for v, i in names.items() if expression.has(i))
        if len(parts) == 1 and expression == names[parts[0]]:
            return parts[0]
        return self.atoms.opaque(expression.xreplace({names[v]: placeholder(k) for k, v in enumerate(parts)}), parts)

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
