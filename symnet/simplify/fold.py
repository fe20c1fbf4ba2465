"""Products written under the name of the tensor that is defined as them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symnet.simplify.atoms import ONE, Atom, Mono, Number, Poly, Term, add_term, exact, free_of, names_of
from symnet.simplify.definitions import Definition, Definitions
from symnet.simplify.matching import Exchanging, match, match_product
from symnet.simplify.sums import Sums


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
        for pattern, rest in self._masked(mono, definition) if definition.name.isidentifier() else ():
            if names_of({pattern: 1}) <= present:
                yield self._recognised(poly, definition, (c, rest), pattern)
        if len(mono) > 1 and names_of(definition.poly) <= present:
            yield self._recognised(poly, definition, (c, ONE), mono)

    def _masked(self, mono: Mono, definition: Definition) -> Iterator[tuple[Mono, Mono]]:
        """``m·b`` and the rest of ``F = c·m·b·rest`` where b is only ever 0 or 1, so that F cannot be solved for m."""
        masks = tuple((a, e) for a, e in mono if a.idempotent)
        for member, e in mono if masks else ():
            pattern = tuple((a, f) for a, f in mono if a is member or a.idempotent)
            rest = tuple((a, f) for a, f in mono if a is not member and not a.idempotent)
            free = free_of(pattern)
            known = member.names and not member.idempotent and e == 1 and all(self.definitions.unit(a) for a, _ in rest)
            if known and rest and free_of(rest) <= free >= self.sums.places(definition.name, definition.formals):
                yield pattern, rest

    def _solved(self, poly: Poly, definition: Definition, member: Atom, e: int | Fraction, rest: Term) -> Poly:
        """``m^f = (F / (c·rest))^(f/e)`` put in everywhere, where f/e is whole or e is 1: F may be negative.

        A derivative stands for a factor alone, and in no function: ``log P`` is not ``log(-dz)``, even if dz = -P.
        """
        spec = self.definitions.program.tensors.get(definition.name)
        linear = spec is not None and spec.role == "adjoint"
        inverse = (Fraction(1) / rest[0], tuple((a, -f) for a, f in rest[1]))
        read = self.sums.read(definition.name, *definition.formals)
        k, m = self.algebra.times(read, inverse)

        def exchange(atom: Atom, f: Number) -> Term | None:
            times = exact(Fraction(f) / e)
            allowed = times == 1 if linear else isinstance(times, int) or e in (1, -1)
            found = match(self.sums, member, atom, {}) if allowed else None
            return None if found is None else self.sums.rename(self.algebra.power({m: k}, times), found)

        return Exchanging(self.sums, exchange, linear=linear, names=member.names, shorter=True).poly(poly)

    def _recognised(self, poly: Poly, definition: Definition, rest: Term, pattern: Mono) -> Poly:
        """The pattern present in a monomial, at the top or inside a sum, becomes ``F / rest``."""
        result: Poly = {}
        names = names_of({pattern: 1})
        for target, k in poly.items():
            if not names <= names_of({target: 1}):
                add_term(result, target, k)
                continue
            number, m = self._named_within((k, target), definition, rest, pattern)
            if number:
                add_term(result, m, number)
        return result

    def _named_within(self, term: Term, definition: Definition, rest: Term, pattern: Mono) -> Term:
        """The pattern at the top of a product, inside its sums, or half inside: ``w Σ (1 - a²) g`` has w (1 - a²)."""
        names = names_of({pattern: 1})
        computed = any(a.kind in ("paren", "call") for a, _ in pattern)  # else a factor gains nothing inside a sum
        c, mono = self._named_product(term, definition, rest, pattern)
        parts: list[Term] = [(c, ONE)]
        for a, e in mono:
            if a.kind == "sum" and names <= a.names:
                bound, inner = self.sums.opened(a)
                new = self._named_product(inner, definition, rest, pattern)
                if new != inner:
                    value = self.sums.total(bound, new)
                    parts.append(self.algebra.power({value[1]: value[0]}, e))
                    continue
            elif computed and a.kind == "sum" and e == 1 and not names.isdisjoint(a.names):
                bound, inner = self.sums.opened(a)
                whole = self.algebra.times(inner, (c, tuple((b, f) for b, f in mono if b is not a)))
                new = self._named_product(whole, definition, rest, pattern)
                if new != whole:
                    return self.sums.total(bound, new)
            parts.append((1, ((a, e),)))
        return self.algebra.times(*parts)

    def _named_product(self, term: Term, definition: Definition, rest: Term, pattern: Mono) -> Term:
        if not term[0]:
            return term
        for binding in match_product(self.sums, pattern, term[1], {}):
            if self.sums.places(definition.name, definition.formals) <= set(binding):
                below = self.algebra.times(rest, (1, pattern))
                inverse = self.sums.rename((Fraction(1) / below[0], tuple((a, -e) for a, e in below[1])), binding)
                read = self.sums.read(definition.name, *(binding.get(v, v) for v in definition.formals))
                named = self.algebra.times(term, inverse, read)
                if not any(a.idempotent and e < 0 for a, e in named[1]):  # one δ that stood for two: 0 below the bar
                    return named
        return term


def _by_person(definition: Definition) -> tuple[bool, int]:
    """Tensors of the program before shares, which get a name only if nothing has it; else in program order."""
    return not definition.name.isidentifier(), definition.formals[0].serial if definition.formals else 0
