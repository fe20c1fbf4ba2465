"""What products are made of inside the simplifier: interned atoms over variables.

An atom is a read, a function value, a Kronecker delta, a size, a constant, a sum of several terms that stands in a
product (``paren``) or a sum over indices (``sum``).  Equal atoms are one object, so equality is identity; every order
comes from serial numbers drawn in order of creation, never from hashing.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp

Number = int | Fraction
Mono = tuple[tuple["Atom", Number], ...]  # sorted by serial; the empty one is 1
Poly = dict[Mono, Number]
Term = tuple[Number, Mono]

ONE: Mono = ()


class Var:
    """An index inside the simplifier.  ``level`` is -1, or for the bound variable of a stored sum the sum's height."""

    __slots__ = ("code", "hint", "level", "serial", "size")

    def __init__(self, hint: str, size: sp.Expr, serial: int, level: int, code: str) -> None:
        self.hint, self.size, self.serial, self.level, self.code = hint, size, serial, level, code

    def __hash__(self) -> int:
        return self.serial

    def __repr__(self) -> str:
        return f"{self.hint}{self.serial}"


@lru_cache(maxsize=4096)
def _bracketed(template: sp.Expr) -> str:
    """The text of a template; SymPy's printer is slow, and few templates fill many addresses."""
    return f"<{template}>"


class Opaque:
    """An address that is no plain variable: a SymPy template with placeholders, and the variables that fill them."""

    __slots__ = ("names", "parts", "serial", "template", "text")

    def __init__(self, template: sp.Expr, parts: tuple[Var, ...], serial: int, names: frozenset[str]) -> None:
        self.template, self.parts, self.serial, self.names = template, parts, serial, names
        self.text = _bracketed(template)

    def __hash__(self) -> int:
        return self.serial

    def __repr__(self) -> str:
        return f"{self.text}{self.parts}"


Address = Var | Opaque
Exchange = Mapping[Any, Address]  # variables, or whole addresses, and what stands in their place


def variables(address: Address) -> frozenset[Var]:
    """The variables of an address."""
    return frozenset((address,)) if isinstance(address, Var) else frozenset(address.parts)


class Atom:
    """One interned factor.

    kind    head                    parts
    read    tensor name             addresses
    call    SymPy function class    argument polynomials
    delta   ""                      two addresses
    place   ""                      one address, used as a number
    size    ""                      a size expression
    const   ""                      an irrational number or a root's integer
    paren   ""                      one polynomial of several terms, content taken out
    sum     ""                      bound variables, one monomial
    """

    __slots__ = (
        "code",
        "free",
        "head",
        "height",
        "idempotent",
        "kind",
        "names",
        "nonnegative",
        "parts",
        "positive",
        "serial",
        "solid",
        "text",
    )

    def __init__(self, kind: str, head: Any, parts: tuple[Any, ...], free: frozenset[Var], serial: int) -> None:
        self.kind, self.head, self.parts, self.free, self.serial = kind, head, parts, free, serial
        self.positive = False
        self.nonnegative = False
        self.idempotent = False  # only ever 0 or 1, so every positive power of it is itself
        self.solid = False  # a sum of sizes such as J - H + 1: never multiplied out
        self.names: frozenset[str] = frozenset()  # the tensors that it reads
        self.code = ""  # the tensor read, as it stands in keys: after its place in the program, which orders them
        self.text = ""  # the structure with every variable replaced by its range; orders what has no other order
        self.height = 0  # how many sums stand inside each other in it

    def __hash__(self) -> int:
        return self.serial

    def __repr__(self) -> str:
        if self.kind == "paren":
            return f"({show(self.parts[0])})"
        if self.kind == "sum":
            return f"Σ_{','.join(map(repr, self.parts[0]))}[{show({self.parts[1]: 1})}]"
        if self.kind == "call":
            return f"{self.head.__name__}({', '.join(map(show, self.parts))})"
        return f"{self.head or self.kind}{list(self.parts)}"


def show(poly: Mapping[Mono, Number]) -> str:
    """A polynomial as plain text, for messages and debugging."""
    return " + ".join(
        "·".join([str(c), *(f"{a!r}^{e}" if e != 1 else repr(a) for a, e in mono)]) for mono, c in poly.items()
    )


def exact(number: Number) -> Number:
    """An int where the fraction is whole."""
    if type(number) is int:  # nearly always, and a test for an abstract number takes five times as long
        return number
    return number.numerator if number.denominator == 1 else number


def add_term(poly: Poly, mono: Mono, coefficient: Number) -> None:
    """Add one term to a polynomial in place; a term that cancels is removed."""
    total = poly.get(mono, 0) + coefficient
    if total:
        poly[mono] = exact(total)
    else:
        poly.pop(mono, None)


def names_of(poly: Mapping[Mono, Number]) -> frozenset[str]:
    """The tensors that a polynomial reads."""
    return frozenset[str]().union(*(a.names for mono in poly for a, _ in mono))


def free_of(mono: Mono) -> frozenset[Var]:
    """The variables of a monomial that no sum binds."""
    return frozenset[Var]().union(*(a.free for a, _ in mono))


def factors_in(poly: Mapping[Mono, Number]) -> int:
    """How many terms and factors are written, those within parentheses, functions and sums included."""
    return sum(1 + sum(_factors_of(a) for a, _ in mono) for mono in poly)


def _factors_of(atom: Atom) -> int:
    parts = ({atom.parts[1]: 1},) if atom.kind == "sum" else atom.parts
    return 1 + sum(factors_in(part) for part in parts if isinstance(part, dict))


def rank_of(formals: tuple[Var, ...]) -> int:
    """The number of axes that are longer than 1: a statistic kept as a column has the rank of a row."""
    return sum(v.code != "1" for v in formals)


def components(bound: tuple[Var, ...], mono: Mono) -> list[tuple[tuple[Var, ...], Mono]]:
    """The factors grouped so that two groups share no bound variable."""
    groups: list[tuple[set[Var], list[int]]] = []
    for number, (a, _) in enumerate(mono):
        own = {v for v in bound if v in a.free}
        members = [number]
        for group in [g for g in groups if not g[0].isdisjoint(own)]:
            groups.remove(group)
            own |= group[0]
            members = group[1] + members
        groups.append((own, members))
    return [(tuple(v for v in bound if v in own), tuple(mono[k] for k in sorted(members))) for own, members in groups]
