"""Terms gathered into a difference of the model: ``a X - a mu`` is ``a (X - mu)``, which may have a name, and loses no
digits that X and mu have in common."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symnet.simplify.atoms import Atom, Mono, Number, Poly, Term, add_term, exact, free_of, names_of
from symnet.simplify.definitions import Definition
from symnet.simplify.matching import Binding, match_product
from symnet.simplify.sums import Sums


class Gatherer:
    """The differences that stand in the forward equations, and polynomials written with them."""

    def __init__(self, sums: Sums) -> None:
        self.sums, self.algebra = sums, sums.algebra
        self._known: dict[Atom, None] = {}

    def enter(self, definition: Definition) -> None:
        """From now on terms may be gathered into the differences of the definition."""
        for atom in _differences(definition.poly):
            self._known.setdefault(atom)

    def gathered(self, poly: Poly) -> Iterator[Poly]:
        """The polynomial with all terms gathered that make up a difference, for each one."""
        if len(poly) < 2:
            return
        present = names_of(poly)
        for atom in self._known:
            if atom.names <= present:
                result = self._with(poly, atom)
                if result is not poly:
                    yield result

    def _with(self, poly: Poly, atom: Atom) -> Poly:
        while (found := self._once(poly, atom)) is not None:
            poly = found
        return poly

    def _once(self, poly: Poly, atom: Atom) -> Poly | None:
        terms: Poly = atom.parts[0]
        first = next((mono for mono in terms if free_of(mono) == atom.free), None)
        if first is None:
            return None
        for mono, c in poly.items():
            for binding in match_product(self.sums, first, mono, {}):
                if atom.free <= set(binding):
                    result = self._taken(poly, atom, (c, mono), first, binding)
                    if result is not None:
                        return result
        return None

    def _taken(self, poly: Poly, atom: Atom, term: Term, first: Mono, binding: Binding) -> Poly | None:
        """The polynomial where the term and its fellows are one product, if all of them stand there."""
        terms: Poly = atom.parts[0]
        factor = self.algebra.times(term, self._inverse(terms[first], first, binding))
        result = dict(poly)
        for mono, c in terms.items():
            k, m = self.algebra.times(factor, self.sums.rename((c, mono), binding))
            if result.get(m) != k:
                return None
            del result[m]
        k, m = self.algebra.times(factor, self.sums.rename((1, ((atom, 1),)), binding))
        add_term(result, m, k)
        return result

    def _inverse(self, c: Number, mono: Mono, binding: Binding) -> Term:
        return self.sums.rename((exact(Fraction(1) / c), tuple((a, -e) for a, e in mono)), binding)


def _differences(poly: Poly) -> Iterator[Atom]:
    """The parentheses of the polynomial that subtract and read tensors, also those inside others and inside sums."""
    for mono in poly:
        for atom, _ in mono:
            if atom.kind == "sum":
                yield from _differences({atom.parts[1]: 1})
            elif atom.kind == "paren" and not atom.solid and atom.free:
                yield from _differences(atom.parts[0])
                if len({c > 0 for c in atom.parts[0].values()}) > 1:
                    yield atom
