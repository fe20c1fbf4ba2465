"""Products written under the name of the tensor that is defined as them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symnet.calculus.atoms import ONE, Atom, Mono, Number, Poly, Term, add_term, exact, free_of, names_of
from symnet.calculus.definitions import Definition, Definitions
from symnet.calculus.matching import exchanged, match, match_product
from symnet.calculus.sums import Sums


class Products:
    """The products that have a name, by the tensors that they read."""

    def __init__(self, sums: Sums, definitions: Definitions) -> None:
        self.sums, self.algebra, self.definitions = sums, sums.algebra, definitions
        self.entered: list[Definition] = []
        self._products: dict[str, list[Definition]] = {}

    def enter(self, definition: Definition) -> None:
        """From now on the product may be written under its name."""
        self.entered.append(definition)
        for name in sorted(names_of(definition.poly)):
            self._products.setdefault(name, []).append(definition)

    def of(self, present: frozenset[str]) -> list[Definition]:
        """The products that read one of the tensors: the program's own before shares, in program order."""
        readers = (definition for name in sorted(present) for definition in self._products.get(name, ()))
        return sorted({definition.name: definition for definition in readers}.values(), key=_by_person)

    def written(self, poly: Poly, definition: Definition, present: frozenset[str]) -> Iterator[Poly]:
        """The polynomial with the product written under its name, in each way that is safe."""
        product = definition.product
        if product is None:
            return
        c, mono = product
        formals = self.sums.places(definition.name, definition.formals)
        for member, e in mono if definition.name.isidentifier() else ():  # a share is only ever recognised
            rest = tuple((a, f) for a, f in mono if a is not member)
            if not (
                member.names and member.names <= present and member.free >= formals and free_of(rest) <= member.free
            ):
                continue
            if (e in (1, -1) or member.positive) and all(self.definitions.unit(a) for a, _ in rest):
                yield self._solved(poly, definition, member, e, (c, rest))
        if len(mono) > 1 and names_of(definition.poly) <= present:
            yield self._recognised(poly, definition, c, mono)

    def _solved(self, poly: Poly, definition: Definition, member: Atom, e: int | Fraction, rest: Term) -> Poly:
        """``m^f = (F / (c·rest))^(f/e)`` put in everywhere, where f/e is whole or e is 1: F may be negative."""
        inverse = (Fraction(1) / rest[0], tuple((a, -f) for a, f in rest[1]))
        read = self.sums.read(definition.name, *definition.formals)
        k, m = self.algebra.times(read, inverse)

        def exchange(atom: Atom, f: Number) -> Term | None:
            times = exact(Fraction(f) / e)
            found = match(self.sums, member, atom, {}) if isinstance(times, int) or e in (1, -1) else None
            return None if found is None else self.sums.rename(self.algebra.power({m: k}, times), found)

        return exchanged(self.sums, poly, exchange)

    def _recognised(self, poly: Poly, definition: Definition, c: int | Fraction, mono: Mono) -> Poly:
        """``c·Π`` present in a monomial, at the top or inside a sum, becomes the name."""
        result: Poly = {}
        names = names_of(definition.poly)
        for target, k in poly.items():
            if not names <= names_of({target: 1}):
                add_term(result, target, k)
                continue
            term = self._named_product((k, target), definition, c, mono)
            parts: list[Term] = [(term[0], ONE)]
            for a, e in term[1]:
                if a.kind == "sum" and names <= a.names:
                    bound, inner = self.sums.opened(a)
                    new = self._named_product(inner, definition, c, mono)
                    if new != inner:
                        value = self.sums.total(bound, new)
                        parts.append(self.algebra.power({value[1]: value[0]}, e))
                        continue
                parts.append((1, ((a, e),)))
            number, m = self.algebra.times(*parts)
            if number:
                add_term(result, m, number)
        return result

    def _named_product(self, term: Term, definition: Definition, c: int | Fraction, mono: Mono) -> Term:
        if not term[0]:
            return term
        for binding in match_product(self.sums, mono, term[1], {}):
            if self.sums.places(definition.name, definition.formals) <= set(binding):
                inverse = self.sums.rename((Fraction(1) / c, tuple((a, -e) for a, e in mono)), binding)
                read = self.sums.read(definition.name, *(binding.get(v, v) for v in definition.formals))
                return self.algebra.times(term, inverse, read)
        return term


def _by_person(definition: Definition) -> tuple[bool, int]:
    """Tensors of the program before shares, which get a name only if nothing has it; else in program order."""
    return not definition.name.isidentifier(), definition.formals[0].serial if definition.formals else 0
