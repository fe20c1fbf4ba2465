"""The store of atoms: equal atoms are one object, and each knows its sign, its names and its structure as text."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus.ir import Access, Index
from symnet.calculus.quotients import simplified
from symnet.calculus.scalars import Indicator
from symnet.simplify.atoms import ONE, Address, Atom, Exchange, Mono, Opaque, Poly, Var, names_of

_POSITIVE_NAMES = frozenset({"exp", "sigmoid", "cosh", "softplus", "normal_cdf", "normal_pdf"})
_NONNEGATIVE_NAMES = frozenset({"absolute", "relu", "huber"})


class Atoms:
    """The atoms of one run.

    ``signs`` maps a tensor to "positive" or "nonnegative" where that is known; the entries of ``masks`` are all 0 or 1.
    """

    def __init__(self) -> None:
        self._atoms: dict[tuple[Any, ...], Atom] = {}
        self._addresses: dict[tuple[Any, ...], Opaque] = {}
        self._bound: dict[tuple[str, int, int], Var] = {}
        self._sizes: dict[sp.Expr, str] = {}
        self._simplified: dict[tuple[Any, ...], tuple[sp.Expr, tuple[int, ...]]] = {}
        self._serial = 0
        self.signs: dict[str, str] = {}
        self.places: dict[str, int] = {}  # tensors by their place in the program
        self.touched: set[str] = set()  # the tensors that came into play since this was last emptied
        self.masks: frozenset[str] = frozenset()

    def _next(self) -> int:
        self._serial += 1
        return self._serial

    def code(self, name: str) -> str:
        """The name as it stands in keys and in texts that order atoms: the order is that of the program.

        Names themselves order nothing: of equal layers 9 and 10 the names would sort differently.
        """
        return f"{self.places.get(name, 0):05d}.{name}"

    def size_code(self, size: sp.Expr) -> str:
        """The text of a size, made once."""
        code = self._sizes.get(size)
        if code is None:
            code = self._sizes[size] = str(size)
        return code

    def variable(self, hint: str, size: sp.Expr) -> Var:
        """A new variable."""
        return Var(hint, size, self._next(), -1, self.size_code(size))

    def bound(self, size: sp.Expr, level: int, number: int, hint: str) -> Var:
        """The bound variable of stored sums with the given size, height and position."""
        key = (self.size_code(size), level, number)
        if key not in self._bound:
            self._bound[key] = Var(hint, size, self._next(), level, key[0])
        return self._bound[key]

    def opaque(self, template: sp.Expr, parts: tuple[Var, ...]) -> Opaque:
        """The address ``template`` with its placeholders filled by ``parts``."""
        key = (template, *parts)
        if key not in self._addresses:
            names = frozenset(a.name for a in template.atoms(Access))
            self._addresses[key] = Opaque(template, parts, self._next(), names)
        return self._addresses[key]

    def atom(self, kind: str, head: Any, *parts: Any, free: frozenset[Var] = frozenset()) -> Atom:
        """The one atom with these parts."""
        key = (kind, head, *(frozenset(p.items()) if isinstance(p, dict) else p for p in parts))
        found = self._atoms.get(key)
        if found is None:
            found = self._atoms[key] = Atom(kind, head, parts, free, self._next())
            self._judge(found)
        self.touched |= found.names
        return found

    def _judge(self, atom: Atom) -> None:
        """Sign and height, once for each atom."""
        inner: list[Mono] = []
        if atom.kind in ("paren", "call"):
            inner = [mono for part in atom.parts for mono in part]
        elif atom.kind == "sum":
            inner = [atom.parts[1]]
        atom.code = self.code(atom.head) if atom.kind == "read" else ""
        atom.text = _text(atom)
        atom.names = names_of(dict.fromkeys(inner, 1)).union(*(p.names for p in atom.parts if isinstance(p, Opaque)))
        if atom.kind == "read":
            atom.names |= {atom.head}
        atom.height = max((a.height for mono in inner for a, _ in mono), default=0) + (atom.kind == "sum")
        if atom.kind == "read":
            known = self.signs.get(atom.head)
        elif atom.kind == "call":
            name = atom.head.__name__
            known = "positive" if name in _POSITIVE_NAMES else None
            if name in _NONNEGATIVE_NAMES or issubclass(atom.head, Indicator):
                known = "nonnegative"
        elif atom.kind == "paren":
            known = self.sign(atom.parts[0])
            atom.solid = all(a.kind in ("size", "const") for mono in inner for a, _ in mono)
            if atom.solid and _expression(atom.parts[0]).is_nonnegative:
                known = "nonnegative"
        elif atom.kind == "sum":
            known = self.sign({atom.parts[1]: 1})
        elif atom.kind == "const":
            known = "positive" if atom.parts[0].is_positive else None
        else:
            known = {"size": "positive", "delta": "nonnegative", "place": "nonnegative"}[atom.kind]
        atom.positive = known == "positive"
        atom.nonnegative = known is not None
        atom.idempotent = self._is_idempotent(atom)

    def _is_idempotent(self, atom: Atom) -> bool:
        """Whether the atom is 0 or 1 everywhere: a mask, a test, a delta, and 1 minus a product of such."""
        if atom.kind == "read":
            return atom.head in self.masks
        if atom.kind == "call":
            return issubclass(atom.head, Indicator)
        if atom.kind == "paren":
            one, others = atom.parts[0].get(ONE), [(mono, c) for mono, c in atom.parts[0].items() if mono]
            complement = one == 1 and len(others) == 1 and others[0][1] == -1
            return complement and all(a.idempotent and e == 1 for a, e in others[0][0])
        return atom.kind == "delta"

    def sign(self, poly: Poly) -> str | None:
        """ "positive", "nonnegative" or None for a polynomial; 1/sqrt(u) is positive wherever it is a number."""
        positive = False
        for mono, c in poly.items():
            if c < 0 or not all(
                a.nonnegative or (isinstance(e, int) and e % 2 == 0) or not isinstance(e, int) for a, e in mono
            ):
                return None
            positive = positive or all(a.positive or (e < 0 and not isinstance(e, int)) for a, e in mono)
        return "positive" if positive else "nonnegative"

    def address(self, address: Address, names: Exchange) -> Address:
        """The address with variables, or whole addresses, exchanged for addresses."""
        if isinstance(address, Var) or address in names:
            return names.get(address, address)
        if not any(v in names for v in address.parts):
            return address
        filled = [names.get(v, v) for v in address.parts]
        parts: list[Var] = []
        table: dict[sp.Symbol, sp.Expr] = {}
        for number, new in enumerate(filled):
            inner = (new,) if isinstance(new, Var) else new.parts
            parts += [v for v in inner if v not in parts]
            fill = (
                placeholder(parts.index(new))
                if isinstance(new, Var)
                else new.template.xreplace(
                    {placeholder(k): placeholder(parts.index(v)) for k, v in enumerate(new.parts)}
                )
            )
            table[placeholder(number)] = fill
        return self._resolved(address.template.xreplace(table), tuple(parts))

    def _resolved(self, template: sp.Expr, parts: tuple[Var, ...]) -> Address:
        """The address with floors and remainders resolved: digits of a number made of digits are those digits.

        What cancels is no part of it: ``K-1 - (K-1 - i)`` is the variable i.
        """
        key = (template, *(v.code for v in parts))
        if key not in self._simplified:
            indices = [Index(v.hint, v.size) for v in parts]
            plain = simplified(template.xreplace({placeholder(k): i for k, i in enumerate(indices)}))
            kept = tuple(k for k, i in enumerate(indices) if plain.has(i))
            numbered = plain.xreplace({indices[k]: placeholder(new) for new, k in enumerate(kept)})
            self._simplified[key] = numbered, kept
        numbered, kept = self._simplified[key]
        if numbered == placeholder(0):
            return parts[kept[0]]
        return self.opaque(numbered, tuple(parts[k] for k in kept))

    def spelled(self, address: Address) -> tuple[sp.Expr, dict[sp.Expr, Var]]:
        """The address over indices, and the variables that those stand for."""
        parts = (address,) if isinstance(address, Var) else address.parts
        indices: dict[sp.Expr, Var] = {Index(v.hint, v.size): v for v in parts}
        if isinstance(address, Var):
            return next(iter(indices)), indices
        return address.template.xreplace({placeholder(k): i for k, i in enumerate(indices)}), indices


def _expression(poly: Poly) -> sp.Expr:
    """A polynomial of sizes and constants as SymPy has it."""
    terms = (
        sp.Mul(
            sp.Rational(c.numerator, c.denominator),
            *(a.parts[0] ** sp.Rational(e.numerator, e.denominator) for a, e in mono),
        )
        for mono, c in poly.items()
    )
    return sp.Add(*terms)


def structure(mono: Mono) -> tuple[str, ...]:
    """A sort key that does not depend on which variables a monomial has, only on their ranges."""
    return tuple(sorted(f"{a.text}^{e}" for a, e in mono))


def describe(poly: Poly) -> str:
    """The text of a polynomial with every variable replaced by its range."""
    return "+".join(sorted(f"{c}~{'*'.join(structure(mono))}" for mono, c in poly.items()))


def _text(atom: Atom) -> str:
    if atom.kind in ("paren", "call"):
        return f"{getattr(atom.head, '__name__', '')}({';'.join(map(describe, atom.parts))})"
    if atom.kind == "sum":
        return f"S{len(atom.parts[0])}({'*'.join(structure(atom.parts[1]))})"
    places = (p.code if isinstance(p, Var) else p.text if isinstance(p, Opaque) else str(p) for p in atom.parts)
    return f"{atom.kind}{atom.code or atom.head}[{','.join(places)}]"


_PLACEHOLDERS = tuple(sp.Symbol(f"_{k}", integer=True, nonnegative=True) for k in range(16))


def placeholder(number: int) -> sp.Symbol:
    """The symbol that stands for the given part of an opaque address."""
    return _PLACEHOLDERS[number]
