"""The judged moves: collapse a sum, expand a parenthesis, write a product under its name.  Each is kept if cheaper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from symnet.simplify.atoms import Atom, Poly, Term, Var, add_term, names_of
from symnet.simplify.cases import Cases
from symnet.simplify.collapse import DEPTH, Collapse
from symnet.simplify.cost import Costs, sums_of
from symnet.simplify.definitions import Definitions
from symnet.simplify.fold import Products
from symnet.simplify.gather import Gatherer
from symnet.simplify.sides import Sides
from symnet.simplify.sums import Event, Sums

LONGEST = 24  # terms of a polynomial after multiplying out
STEPS = 12


@dataclass(frozen=True)
class Step:
    """One kept move: what stood there, what stands there now, and what was used."""

    name: str
    subject: str
    before: Poly
    after: Poly
    events: tuple[Event, ...] = ()


class Moves:
    """The moves over one program's definitions."""

    def __init__(self, sums: Sums, definitions: Definitions, costs: Costs) -> None:
        self.algebra, self.costs = sums.algebra, costs
        self.collapse = Collapse(sums, definitions, costs)
        self.products = Products(sums, definitions)
        self.gatherer = Gatherer(sums)
        self._cases = Cases(sums)
        self._sides = Sides(self.algebra)

    def improve(self, poly: Poly, left: tuple[Var, ...]) -> tuple[Poly, list[Step]]:
        """The cheapest form found by collapsing sums and expanding parentheses, and the steps to it."""
        steps: list[Step] = []
        cost = self.costs.of(poly, left)
        for _ in range(STEPS):
            options = [*self._collapses(poly), *self._expansions(poly)]
            best, found = cost, None
            for step, result in options:
                new = self.costs.of(result, left)
                if new < best:
                    best, found = new, (step, result)
            if found is None:
                return poly, steps
            cost, poly = best, found[1]
            steps.append(found[0])
        return poly, steps

    def _collapses(self, poly: Poly) -> Iterator[tuple[Step, Poly]]:
        found = sums_of(poly)
        for atom in found:
            value = self.collapse.collapse(atom, DEPTH, frozenset())
            if value is not None:
                step = Step("open the sum", "", {((atom, 1),): 1}, value[0], value[1])
                yield step, self.collapse.put(poly, atom, value[0])

    def fold(self, poly: Poly, left: tuple[Var, ...], allowed: Callable[[str], bool]) -> tuple[Poly, list[Step]]:
        """The polynomial with products written under the names of tensors that are defined as them, where cheaper."""
        steps: list[Step] = []
        cost = self.costs.of(poly, left)
        for _ in range(STEPS):
            best, found = cost, None
            present = names_of(poly)
            for definition in self.products.of(present):
                if not allowed(definition.name):
                    continue
                for result in self.products.written(poly, definition, present):
                    if result == poly:
                        continue
                    new = self.costs.of(result, left)
                    if new < best:
                        best, found = new, (Step("known product", definition.name, poly, result), result)
            if found is None:
                return poly, steps
            cost, poly = best, found[1]
            steps.append(found[0])
        return poly, steps

    def select(self, poly: Poly, left: tuple[Var, ...]) -> tuple[Poly, list[Step]]:
        """The polynomial by cases of its conditions, where cheaper."""
        steps: list[Step] = []
        cost = self.costs.of(poly, left)
        for _ in range(STEPS):
            found = [("by cases", form) for form in self._cases.by_condition(poly)]
            found += [("by sides", form) for form in self._sides.forms(poly)]
            options = [(self.costs.of(form, left), name, form) for name, form in found]
            new, name, result = min(options, key=lambda option: option[0], default=(cost, "", poly))
            if new >= cost:
                return poly, steps
            steps.append(Step(name, "", poly, result))
            cost, poly = new, result
        return poly, steps

    def forms(self, poly: Poly, left: tuple[Var, ...]) -> list[tuple[Poly, bool]]:
        """The polynomial, and not much dearer ones with parentheses multiplied out or differences gathered, with
        whether they are: where naming products may start."""
        limit = 1.5 * self.costs.of(poly, left)
        found = {frozenset(form.items()): (form, False) for _, form in self._expansions(poly)}
        found |= {frozenset(form.items()): (form, True) for form in self.gatherer.gathered(poly)}
        return [(poly, False), *(form for form in found.values() if self.costs.of(form[0], left) <= limit)]

    def _expansions(self, poly: Poly) -> Iterator[tuple[Step, Poly]]:
        """One parenthesis multiplied out, and as one more step ahead all of them, and all that then stand there."""
        for result in self._expanded_once(poly):
            yield Step("cancel", "", poly, result), result
        deeper = poly
        for _ in range(3):
            longer = deeper
            for result in self._expanded_once(longer):
                longer = next(iter(self._expanded_once(longer)), result)
            if longer == deeper:
                return
            deeper = longer
            yield Step("cancel", "", poly, deeper), deeper

    def _expanded_once(self, poly: Poly) -> Iterator[Poly]:
        parens: dict[Atom, set[int]] = {}  # the terms of each
        for place, mono in enumerate(poly):
            for a, e in mono:
                if a.kind == "paren" and not a.solid and e in (1, 2):
                    parens.setdefault(a, set()).add(place)
        for paren, places in parens.items():
            result: Poly = {}
            for place, (mono, c) in enumerate(poly.items()):
                terms = [(c, mono)]
                for _ in range(2 if place in places else 0):
                    terms = [new for term in terms for new in self._multiplied_out(term, paren, paren.parts[0])]
                for k, m in terms:
                    if k:
                        add_term(result, m, k)
            if len(result) <= LONGEST:
                yield result
        below = {a: None for mono in poly for a, e in mono if a.kind == "paren" and not a.solid and e in (-1, -2)}
        for paren in below:
            yield from self._over_one_denominator(poly, paren, paren.parts[0])
        named = {a: None for mono in poly for a, e in mono if a.kind == "read" and e in (-1, -2)}
        for read in named if len(poly) > 1 else ():
            body = self.collapse.body(read)
            if body is not None and not any(a.kind == "sum" for mono in body for a, _ in mono):
                yield from self._over_one_denominator(poly, read, body)

    def _over_one_denominator(self, poly: Poly, paren: Atom, value: Poly) -> Iterator[Poly]:
        """``1 - a/(1+a)`` as ``(1+a - a)/(1+a)``, where the numerator gets no longer; 1 + a may have a name."""
        depth = int(max((-e for mono in poly for a, e in mono if a is paren), default=0))
        if not all(isinstance(e, int) for mono in poly for a, e in mono if a is paren) or depth > 2:
            return
        terms = [self.algebra.times((c, mono), (1, ((paren, depth),))) for mono, c in poly.items()]
        for _ in range(depth):
            terms = [new for term in terms for new in self._multiplied_out(term, paren, value)]
        numerator: Poly = {}
        for k, m in terms:
            add_term(numerator, m, k)
        if len(numerator) <= len(poly):
            yield self.algebra.scaled(numerator, (1, ((paren, -depth),)))

    def _multiplied_out(self, term: Term, paren: Atom, value: Poly) -> list[Term]:
        c, mono = term
        if not any(a is paren and e in (1, 2) for a, e in mono):
            return [term]
        rest = self.algebra.times((c, mono), (1, ((paren, -1),)))
        return [self.algebra.times(rest, (k, m)) for m, k in value.items()]
