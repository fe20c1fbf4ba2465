"""An index that is read by its digits, apart from each other, becomes one index for each digit.

    O[n,i,j] += P[n,j//K,i,m] v[n,j//K,m,j%K]    over n, i, l, r with j = l·K + r, the axes l and r merged at the end
    dP[n,l,i,m] += v[n,l,m,j%K] dO[n,i,j]        likewise where j is summed

Digits that stand side by side in their order need none of this: there the array is reshaped as it is read.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symnet.calculus.integers import Digit, digit
from symnet.calculus.ir import Access, Equation, Index
from symnet.calculus.products import substitute
from symnet.calculus.quotients import simplified


def digits_apart(equation: Equation) -> Equation:
    """The equation over digits; an axis of its target that is taken apart becomes as many neighbouring axes."""
    while (found := next((e for i in equation.indices if (e := _split(equation, i)) is not None), None)) is not None:
        equation = found
    return equation


def _split(equation: Equation, index: Index) -> Equation | None:
    """The equation over the digits of one index; None if it is not read by digits or a guard names it."""
    addresses = [(a, address) for a in equation.accesses for address in a.addresses if address.has(index)]
    taken = [d for _, address in addresses if (d := _digit_of(address, index)) is not None]
    if not taken or all(_in_order(a, index) for a, _ in addresses) or any(g.has(index) for g in equation.guard):
        return None
    parts = _parts(index, taken[0])
    if not all(part.size.is_integer for part in parts):  # the range ends within a digit: 62 numbers of base 25
        return None
    value: sp.Expr = sp.S.Zero
    for part in parts:
        value = value * part.size + part
    body = _resolved(substitute(equation.body, {index: value}))
    if any(part.has(sp.floor, sp.Mod) and _mixes(part, parts) for part in body.atoms(sp.floor, sp.Mod)):
        return None
    left = tuple(p for i in equation.left for p in (parts if i == index else (i,)))
    reduced = tuple(p for i in equation.reduced for p in (parts if i == index else (i,)))
    return replace(equation, left=left, reduced=reduced, body=body)


def _digit_of(address: sp.Expr, index: Index) -> Digit | None:
    found = digit(address)
    return found if found is not None and found.number == index else None


def _parts(index: Index, taken: Digit) -> tuple[Index, ...]:
    """The digits above, at and below the one that is taken, the highest first."""
    base = taken.base if taken.base is not None else index.size / taken.weight
    sizes = (index.size / (base * taken.weight), base, taken.weight)
    return tuple(Index(index.name, size) for s in sizes if (size := sp.expand(s)) != 1)


def _in_order(access: Access, index: Index) -> bool:
    """Whether the index is read plainly, or by all of its digits side by side, the highest first."""
    places = [k for k, address in enumerate(access.addresses) if address.has(index)]
    if all(access.addresses[k] == index for k in places):
        return True
    found = [_digit_of(access.addresses[k], index) for k in places]
    weight: sp.Expr = sp.S.One
    for place, taken in enumerate(reversed(found)):
        highest = place == len(found) - 1
        if taken is None or taken.weight != weight or (taken.base is None) != highest:
            return False
        weight = weight * taken.base if taken.base is not None else weight
    return places == list(range(places[0], places[-1] + 1))


def _resolved(body: sp.Expr) -> sp.Expr:
    """The body with what floors and remainders of digits are, in addresses and elsewhere."""
    outermost = {a: a.func(a.args[0], *map(simplified, a.addresses)) for a in body.atoms(Access)}
    found = substitute(body, {a: b for a, b in outermost.items() if a != b})
    numbers = {part: simplified(part) for part in found.atoms(sp.floor, sp.Mod)}
    return substitute(found, {a: b for a, b in numbers.items() if a != b})


def _mixes(rounded: sp.Expr, parts: tuple[Index, ...]) -> bool:
    """Whether a floor or a remainder is left of more than one digit: the bases do not fit each other."""
    return len(rounded.atoms(Index).intersection(parts)) > 1
