"""Texts with places for tensor names: two things with equal texts differ in the names that stand at the places.

Everything else is spelled out in the order in which it is stored: numbers, exponents, ranges, letters, functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, sort_key
from symnet.simplify.atoms import Address, Atom, Poly, Term, Var

_NAME = re.compile(r"(?:\d{5}\.)?((?:share of )?\w+)\[")


@dataclass(frozen=True)
class Fingerprint:
    """``text`` has a ``#`` for each of ``names``, in order."""

    text: str
    names: tuple[str, ...]


class Speller:
    """Spells normal forms; variables are numbered in the order of ``formals`` and then of appearance."""

    def __init__(self, formals: Iterable[Var] = ()) -> None:
        self._parts: list[str] = []
        self._names: list[str] = []
        self._numbers: dict[Var, int] = {}
        self.formals(formals)

    def write(self, text: str) -> Speller:
        """Add a text that stands as it is."""
        self._parts.append(text)
        return self

    def name(self, name: str) -> Speller:
        """Add a place for a name."""
        self._parts.append("#")
        self._names.append(name)
        return self

    def formals(self, formals: Iterable[Var]) -> Speller:
        """Add the variables of a definition's axes."""
        for v in formals:
            self._variable(v)
        return self

    def poly(self, poly: Poly) -> Speller:
        """Add a polynomial."""
        for mono, c in poly.items():
            self.term((c, mono))
        return self

    def term(self, term: Term) -> Speller:
        """Add one term."""
        self.write(f"+{term[0]}")
        for a, e in term[1]:
            self._atom(a)
            self.write(f"^{e}")
        return self

    def done(self) -> Fingerprint:
        """What was written."""
        return Fingerprint("".join(self._parts), tuple(self._names))

    def _atom(self, a: Atom) -> None:
        if a.kind == "read":
            self.name(a.head).write("[")
            for address in a.parts:
                self._address(address)
        elif a.kind in ("paren", "call"):
            self.write(f"{getattr(a.head, '__name__', '')}(")
            for part in a.parts:
                self.poly(part).write(";")
        elif a.kind == "sum":
            self.write("S{")
            for v in a.parts[0]:
                self._variable(v)
            self.term((1, a.parts[1]))
        elif a.kind in ("delta", "place"):
            self.write(a.kind)
            for address in a.parts:
                self._address(address)
        else:
            self.write(a.text)

    def _address(self, address: Address) -> None:
        if isinstance(address, Var):
            self._variable(address)
            return
        self.write(f"<{address.template}|")
        for v in address.parts:
            self._variable(v)

    def _variable(self, v: Var) -> None:
        if v.level >= 0:
            self.write(f"b{v.level}.{v.serial},")
        elif v in self._numbers:
            self.write(f"v{self._numbers[v]},")
        else:
            self._numbers[v] = len(self._numbers)
            self.write(f"{v.hint}:{v.code},")


def of_key(key: str) -> Fingerprint:
    """A key of the table."""
    return Fingerprint(_NAME.sub("#[", key), tuple(_NAME.findall(key)))


def of_equations(equations: Iterable[Equation]) -> Fingerprint:
    """The equations of one tensor as they stand, the letters of their indices included."""
    speller = Speller()
    for equation in equations:
        numbers = {i: f"i{k}" for k, i in enumerate(equation.indices)}
        sides = f"{len(equation.left)}{equation.op}{equation.ties}"
        speller.write(f"{sides}{[(i.name, str(i.size)) for i in equation.indices]}")
        for expression in (equation.body, *sorted(equation.guard, key=sort_key)):
            _expression(speller.write("="), expression, numbers)
    return speller.done()


def _expression(speller: Speller, expression: sp.Basic, numbers: dict[Index, str]) -> None:
    if isinstance(expression, Access):
        speller.name(expression.name).write(f"{type(expression).__name__}[")
        arguments: tuple[sp.Basic, ...] = expression.addresses
    elif isinstance(expression, Index):
        speller.write(numbers[expression])
        return
    elif not expression.args:
        speller.write(expression.name if isinstance(expression, sp.Symbol) else str(expression))
        return
    else:
        speller.write(f"{type(expression).__name__}(")
        arguments = expression.args
    for argument in arguments:
        _expression(speller, argument, numbers)
        speller.write(",")
    speller.write(")")
