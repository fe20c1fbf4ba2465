"""What the program defines, as the simplifier sees it: definitions, other names of terms, products, known sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from symnet.calculus.ir import Equation, Program, TensorSpec
from symnet.calculus.matrix_rules import is_matrix_function
from symnet.simplify.atoms import (
    ONE,
    Address,
    Atom,
    Mono,
    Number,
    Opaque,
    Poly,
    Term,
    Var,
    add_term,
    exact,
    free_of,
    names_of,
)
from symnet.simplify.convert import Reader
from symnet.simplify.facts import Facts
from symnet.simplify.matrix_facts import known_products
from symnet.simplify.normal import NotUnderstood
from symnet.simplify.pieces import pieces
from symnet.simplify.sums import Sums

LONGEST_PRODUCT = 8  # a product of more factors stays a name


@dataclass(frozen=True)
class Definition:
    """``name[formals] = poly``."""

    name: str
    formals: tuple[Var, ...]
    poly: Poly

    @property
    def has_sum(self) -> bool:
        """Whether a sum stands in it."""
        return any(a.height for mono in self.poly for a, _ in mono)

    @property
    def product(self) -> Term | None:
        """The one product without a sum that it is, if it is."""
        if len(self.poly) != 1 or self.has_sum:
            return None
        ((mono, c),) = self.poly.items()
        return (c, mono) if 0 < len(mono) <= LONGEST_PRODUCT else None


class Definitions:
    """Definitions in program order; ``units`` are the keys of terms that the forward program divides by."""

    def __init__(self, sums: Sums, reader: Reader, program: Program, facts: Facts) -> None:
        self.sums, self.reader, self.program, self.facts = sums, reader, program, facts
        self.by_name: dict[str, Definition] = {}
        self.shares: dict[str, Definition] = {}
        self.opaque: set[str] = set()
        self.products: dict[str, None] = {}  # tensors that are one product without a sum and no other name of a term
        self.units: dict[str, None] = {}

    # reading

    def read(self, equations: tuple[Equation, ...], formals: tuple[Var, ...], put_in: Callable[[str], bool]) -> Poly:
        """The polynomial of one tensor's equations; definitions of the tensors in which ``put_in`` holds are put in."""
        result: Poly = {}

        def inline(name: str, addresses: tuple[Address, ...]) -> Poly | None:
            if not put_in(name):
                return None
            definition = self.by_name[name]
            return self.sums.rename_poly(definition.poly, dict(zip(definition.formals, addresses, strict=True)))

        for equation in equations:
            if equation.op != "+" or equation.guard:
                raise NotUnderstood("a maximum or a guard")
            bound = tuple(self.sums.algebra.variable(i.name, i.size) for i in equation.reduced)
            names = dict(zip(equation.indices, formals + bound, strict=True))
            poly = self.reader.body(equation.body, names, inline)
            terms = [self.sums.algebra.enclose(poly)] if bound else [(c, mono) for mono, c in poly.items()]
            for term in terms:
                c, mono = self.sums.total(bound, term)
                if c:
                    add_term(result, mono, c)
        return result

    def formals(self, equation: Equation) -> tuple[Var, ...]:
        """New variables for the axes of a tensor, named as in the equation."""
        return tuple(self.sums.algebra.variable(i.name, i.size) for i in equation.left)

    # forward tensors

    def enter_forward(self, name: str, equations: tuple[Equation, ...]) -> None:
        """Take in the definition of a forward tensor: its sign, what it divides by, other names, known sums, shares."""
        spec = self.program.tensors[name]
        if is_matrix_function(equations[0]):
            self.opaque.add(name)
            for bound, mono, value in known_products(self.sums, equations[0]):
                self.sums.table.enter(name, bound, mono, value)
            return
        formals = self.formals(equations[0])
        try:
            poly = self.read(equations, formals, self.products.__contains__)
        except NotUnderstood:
            self.opaque.add(name)
            self._enter_sign(spec, {})
            return
        definition = Definition(name, formals, poly)
        self._enter_sign(spec, poly)
        self._enter_units(poly)
        self.by_name[name] = definition
        if not self._enter_names(definition) and definition.product is not None:
            self.products[name] = None

    def _enter_sign(self, spec: TensorSpec, poly: Poly) -> None:
        known = self.facts.get(spec.name, frozenset())
        signs = {"positive", "nonnegative"} & (known | {self.sums.algebra.sign(poly) if poly else None})
        if signs:
            self.sums.algebra.signs[spec.name] = "positive" if "positive" in signs else "nonnegative"

    def enter_leaf(self, spec: TensorSpec) -> None:
        """Take in the declared sign of an input."""
        self._enter_sign(spec, {})

    def _enter_units(self, poly: Poly) -> None:
        for mono in poly:
            for a, e in mono:
                if e < 0 or not isinstance(e, int):
                    self.units[self._key(a)] = None
                inner = a.parts if a.kind in ("paren", "call") else ()
                for part in inner:
                    self._enter_units(part)
                if a.kind == "call" and a.head.__name__ == "log":
                    for m in a.parts[0] if len(a.parts[0]) == 1 else ():
                        self.units.update((self._key(b), None) for b, _ in m)
                if a.kind == "sum":
                    self._enter_units({self.sums.opened(a)[1][1]: 1})

    def _key(self, a: Atom) -> str:
        return self.sums.table.label((), ((a, 1),))[0]

    def unit(self, a: Atom) -> bool:
        """Whether dividing by the atom is safe: it is positive, or the forward program divides by it already."""
        return a.positive or self._key(a) in self.units

    def _enter_names(self, definition: Definition) -> bool:
        """Make the tensor known as the value of what it is defined as; whether it is another name of one term."""
        poly = definition.poly
        for (c, mono), addresses in pieces(self.sums, definition.formals, poly):
            if len(mono) == 1 and mono[0][0].kind == "call" and mono[0][1] == 1:
                k, read = self.sums.read(definition.name, *addresses)
                self.sums.enter_alias(definition.name, mono[0][0], (exact(Fraction(k) / c), read))
        alias = False
        if len(poly) == 1:
            ((mono, c),) = poly.items()
            sums = [(a, e) for a, e in mono if a.kind == "sum"]
            if len(mono) == 1:
                alias = self._enter_alias(definition, c, *mono[0])
            if len(sums) == 1 and sums[0][1] == 1:
                self.enter_sum(definition, sums[0][0], c, mono)
            if len(mono) == 1 and sums and c == 1 and sums[0][1] == 1:
                self._enter_share(definition, sums[0][0])
        elif len(poly) > 1:
            self._enter_log_share(definition)
            c, mono = self.sums.algebra.enclose(poly)
            if all(self.unit(a) for a, e in mono if a.kind != "paren") and sum(a.kind == "paren" for a, _ in mono) == 1:
                (paren,) = (a for a, _ in mono if a.kind == "paren")
                rest = tuple((a, -e) for a, e in mono if a is not paren)
                value = self.sums.algebra.times(
                    (Fraction(1) / c, rest), self.sums.read(definition.name, *definition.formals)
                )
                if not paren.solid:
                    self.sums.enter_alias(definition.name, paren, value)
        return alias

    def _enter_alias(self, definition: Definition, c: Number, a: Atom, e: Number) -> bool:
        """``T = c·a^e`` gives ``a = (T/c)^(1/e)`` where that is unique."""
        moved = a.kind == "read" and e == c == 1 and self._is_part(a)
        whole = isinstance(e, int) and not moved
        if a.kind == "call" and not (e == 1 or a.positive):
            return False
        if (
            a.kind not in ("call", "read", "paren", "sum")
            or (a.kind != "call" and whole)
            or c < 0 < (not whole)
            or a.solid
        ):
            return False
        k, m = self.sums.read(definition.name, *definition.formals)
        value = self.sums.algebra.power({m: exact(Fraction(k) / c)}, Fraction(1) / e)
        if a.kind == "sum":
            bound, (sign, mono) = self.sums.opened(a)
            if sign != 1:
                return False
            self.sums.table.enter(definition.name, bound, mono, value)
        else:
            self.sums.enter_alias(definition.name, a, value)
        return True

    def _is_part(self, read: Atom) -> bool:
        """Whether the read is of moved places, or of some of the places of an axis."""
        shape = self.program.tensors[read.head].shape if read.head in self.program.tensors else ()
        return any(isinstance(p, Opaque) and p.parts for p in read.parts) or any(
            isinstance(p, Var) and p.size != size for p, size in zip(read.parts, shape, strict=False)
        )

    def enter_sum(self, definition: Definition, a: Atom, c: Number, mono: Mono) -> None:
        """``T = c·rest·S`` makes S known as ``T/(c·rest)``, if everything in rest is safe to divide by."""
        rest = tuple((b, -e) for b, e in mono if b is not a)
        if not all(self.unit(b) for b, _ in rest):
            return
        bound, (sign, inner) = self.sums.opened(a)
        read = self.sums.read(definition.name, *definition.formals)
        value = self.sums.algebra.times((Fraction(1) / c / sign, rest), read)
        self.sums.table.enter(definition.name, bound, inner, value)
        digits = self.sums.numerals.apart(definition.formals, inner)
        if digits:  # a sum over heads that are read apart is known at one head, too
            number, mono = self.sums.rename((1, inner), digits)
            value = self.sums.algebra.times((Fraction(1) / number, ONE), self.sums.rename(value, digits))
            self.sums.table.enter(definition.name, bound, mono, value)

    def _enter_log_share(self, definition: Definition) -> None:
        """``T = Z - log s`` for ``s = Σ_k exp(Z)`` makes exp(T) known as the share exp(Z)/s."""
        logs = [
            m[0][0].parts[0]
            for m in definition.poly
            if len(m) == 1 and m[0][0].kind == "call" and m[0][0].head is sp.log
        ]
        if len(logs) != 1 or names_of(logs[0]).isdisjoint(self.shares):
            return
        algebra = self.sums.algebra
        value = algebra.call(sp.exp, definition.poly)
        c, read = self.sums.read(definition.name, *definition.formals)
        key = self.sums.table.label((), value[1])[0]
        products = [self.shares[n].product for n in sorted(names_of(logs[0]) & self.shares.keys())]
        if value[0] == c == 1 and any(p is not None and self.sums.table.label((), p[1])[0] == key for p in products):
            mono = algebra.call(sp.exp, {read: 1})[1]
            self.sums.enter_alias(definition.name, mono[0][0], value)

    def _enter_share(self, definition: Definition, a: Atom) -> None:
        """For ``s = Σ_k f`` with positive f: the share f/s, which sums to 1 and may be worth a name."""
        bound, (sign, mono) = self.sums.opened(a)
        if len(bound) != 1 or sign != 1 or len(mono) != 1 or not mono[0][0].positive:
            return
        if not (mono[0][0].kind == "read" or mono[0][0].head is sp.exp):
            return
        if not free_of(mono) >= self.sums.places(definition.name, definition.formals):
            return
        c, product = self.sums.algebra.times((1, mono), _inverse(self.sums.read(definition.name, *definition.formals)))
        places = self.sums.algebra.places
        places[f"share of {definition.name}"] = places.get(definition.name, 0)
        formals = _as_read(mono[0][0], (*definition.formals, *bound))
        self.shares[definition.name] = Definition(f"share of {definition.name}", formals, {product: c})


def _as_read(factor: Atom, formals: tuple[Var, ...]) -> tuple[Var, ...]:
    """The formals in the order in which the factor ``exp(Z[..., k])`` reads them, if it reads those and no others."""
    reads = [a for p in factor.parts for m in p for a, _ in m] if factor.kind == "call" else [factor]
    read: tuple[Var, ...] = reads[0].parts if len(reads) == 1 and reads[0].kind == "read" else ()
    return read if set(read) == set(formals) and len(read) == len(formals) else formals


def _inverse(term: Term) -> Term:
    return Fraction(1) / term[0], tuple((a, -e) for a, e in term[1])


__all__ = ["ONE", "Definition", "Definitions"]
