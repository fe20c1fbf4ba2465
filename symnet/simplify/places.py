"""At how many places a stored sum differs: ``Σ_m x[i//3, m]`` has one value for each ``i//3``, not one for each i."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp

from symnet.calculus.integers import Digit, digit
from symnet.simplify.atoms import Address, Atom, Opaque, Poly, Var
from symnet.simplify.interning import placeholder

_FIRST = placeholder(0)


def by_digits(atom: Atom) -> Mapping[Var, sp.Expr]:
    """The free variables of which an atom has one digit alone, with the template of that digit."""
    addresses = list(dict.fromkeys(_addresses({((atom, 1),): 1})))
    if not any(isinstance(a, Opaque) and a.template.has(sp.floor, sp.Mod) for a in addresses):
        return {}
    plain = {a for a in addresses if isinstance(a, Var)}
    found: dict[Var, sp.Expr] = {}
    for v in sorted(atom.free - plain, key=lambda v: v.serial):
        templates = [_over_first(a, v) for a in addresses if isinstance(a, Opaque) and v in a.parts]
        alone = (d for d in _digits(templates[0]) if all(_only_by(t, d) for t in templates))
        chosen = next((d for d in alone if _is_reached(d, v)), None)
        if chosen is not None:
            found[v] = chosen
    return found


def values_of(template: sp.Expr, v: Var) -> sp.Expr:
    """How many values a digit of the variable has."""
    taken = _as_digit(template)
    return taken.base if taken.base is not None else sp.ceiling(v.size / taken.weight)


def number_with(template: sp.Expr) -> sp.Expr:
    """The template of a number with that digit, and 0 for its others."""
    return _as_digit(template).weight * _FIRST


def _is_reached(template: sp.Expr, v: Var) -> bool:
    """Whether the digit takes its largest value for certain: the number that has it is one of the variable's."""
    values = values_of(template, v)
    largest = (values - 1) * _as_digit(template).weight
    return not values.has(sp.ceiling) and bool(sp.expand(v.size - 1 - largest).is_nonnegative)


def _as_digit(template: sp.Expr) -> Digit:
    taken = digit(template)
    assert taken is not None
    return taken


def _addresses(poly: Poly) -> Iterator[Address]:
    for mono in poly:
        for a, _ in mono:
            if a.kind in ("read", "delta", "place"):
                yield from a.parts
            elif a.kind in ("paren", "call"):
                for part in a.parts:
                    yield from _addresses(part)
            elif a.kind == "sum":
                yield from _addresses({a.parts[1]: 1})


def _over_first(address: Opaque, v: Var) -> sp.Expr:
    """The template with the variable as its first placeholder, and what else fills it behind that."""
    table = {placeholder(k): _FIRST if part is v else placeholder(k + 1) for k, part in enumerate(address.parts)}
    return address.template.xreplace(table)


def _digits(template: sp.Expr) -> list[sp.Expr]:
    """The digits of the first placeholder in the template, the largest expression first."""
    found = []
    for part in template.atoms(sp.floor, sp.Mod):
        taken = digit(part)
        if taken is not None and taken.number == _FIRST:
            found.append(part)
    return sorted(found, key=lambda d: (-d.count_ops(), str(d)))


def _only_by(template: sp.Expr, digit: sp.Expr) -> bool:
    return not template.xreplace({digit: sp.S.Zero}).has(_FIRST)
