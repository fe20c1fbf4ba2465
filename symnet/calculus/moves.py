"""The judged moves: collapse a sum, expand a parenthesis, write a product under its name.  Each is kept if cheaper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from symnet.calculus.atoms import ONE, Atom, Mono, Poly, Term, Var, add_term, exact, free_of, names_of
from symnet.calculus.cost import Costs, sums_of
from symnet.calculus.definitions import Definition, Definitions
from symnet.calculus.likeness import Likeness
from symnet.calculus.matching import exchanged, match, match_product
from symnet.calculus.sums import Event, Sums

DEPTH = 4  # how many names are opened inside each other
LONGEST_DEFINITION = 6  # terms of a definition that is put into a sum
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
        self.sums, self.algebra, self.definitions, self.costs = sums, sums.algebra, definitions, costs
        self._likeness = Likeness(sums.table, definitions)
        self._failed: set[tuple[str, int, tuple[str, ...]]] = set()
        self._products: dict[str, list[Definition]] = {}  # by the tensors that they read
        self._collapsed: dict[tuple[Atom, int, frozenset[str]], tuple[Poly, tuple[Event, ...]] | None] = {}

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

    # collapse

    def _collapses(self, poly: Poly) -> Iterator[tuple[Step, Poly]]:
        found = sums_of(poly)
        for atom in found:
            value = self.collapse(atom, DEPTH, frozenset())
            if value is not None:
                step = Step("open the sum", "", {((atom, 1),): 1}, value[0], value[1])
                yield step, self.put(poly, atom, value[0])

    def put(self, poly: Poly, atom: Atom, value: Poly) -> Poly:
        """The polynomial with an atom replaced by a polynomial; a first power is multiplied out."""
        result: Poly = {}
        single = self.algebra.enclose(value)
        for mono, c in poly.items():
            power = next((e for a, e in mono if a is atom), 0)
            rest = (c, tuple((a, e) for a, e in mono if a is not atom))
            inner = exchanged(self.sums, {rest[1]: rest[0]}, lambda a: single if a is atom else None)
            if power == 1:
                new = [self.algebra.times(term, (k, m)) for term in _terms(inner) for m, k in value.items()]
            else:
                factor = self.algebra.power(value, power) if power else (1, ONE)
                new = [self.algebra.times(term, factor) for term in _terms(inner)]
            for k, m in new:
                if k:
                    add_term(result, m, k)
        return result

    def collapse(self, atom: Atom, depth: int, banned: frozenset[str]) -> tuple[Poly, tuple[Event, ...]] | None:
        """A cheaper value of a stored sum by putting a definition in, or None."""
        key = (atom, depth, banned)
        if key not in self._collapsed:
            alike = self._likeness.key(atom, depth, banned)
            if alike in self._failed:
                self._collapsed[key] = None
                return None
            self._collapsed[key] = None  # a sum met again inside itself is not opened again
            events, self.sums.events = self.sums.events, []
            before, self.sums.banned = self.sums.banned, banned
            self._collapsed[key] = self._best_opening(atom, depth, banned)
            self.sums.events, self.sums.banned = events, before
            if self._collapsed[key] is None:
                self._failed.add(alike)
        return self._collapsed[key]

    def _best_opening(self, atom: Atom, depth: int, banned: frozenset[str]) -> tuple[Poly, tuple[Event, ...]] | None:
        best = self.costs.sum(atom)
        found: tuple[Poly, tuple[Event, ...]] | None = None
        order = tuple(sorted(atom.free, key=lambda v: v.serial))
        contraction = is_contraction(atom)
        depth = min(depth, 2) if contraction else depth
        for opening in self._openings(atom, depth, banned):
            self.sums.events = []
            result, events = opening()
            sums = sums_of(result)
            if atom in sums or len(result) > LONGEST_DEFINITION or (sums and (contraction or _is_difference(result))):
                continue
            cost = self.costs.of(result, order)
            if cost < best:
                best, found = cost, (result, events)
        return found

    def _openings(
        self, atom: Atom, depth: int, banned: frozenset[str]
    ) -> Iterator[Callable[[], tuple[Poly, tuple[Event, ...]]]]:
        if depth == 0:
            return
        bound, (sign, mono) = self.sums.opened(atom)
        for a, e in mono:
            body = self.body(a) if e == 1 else None
            if body is None or len(body) > LONGEST_DEFINITION or (a.kind == "read" and a.head in banned):
                continue
            rest = (sign, tuple((b, f) for b, f in mono if b is not a))
            name = frozenset((a.head,)) if a.kind == "read" else frozenset[str]()
            yield lambda body=body, rest=rest, name=name: self._distributed(bound, rest, body, depth, banned | name)  # type: ignore[misc]
        for v in bound if len(bound) > 1 else ():
            factors = tuple((a, e) for a, e in mono if v in a.free)
            if len(factors) == 1 and factors[0][1] == 1:
                yield lambda v=v, a=factors[0][0]: self._own_sum(bound, (sign, mono), v, a, depth, banned)  # type: ignore[misc]

    def body(self, a: Atom) -> Poly | None:
        """The definition behind an atom that has several terms or a sum, over the atom's own addresses."""
        if a.kind == "paren" and not a.solid:
            poly: Poly = a.parts[0]
            return poly
        if a.kind != "read" or a.head not in self.definitions.by_name:
            return None
        definition = self.definitions.by_name[a.head]
        if len(definition.poly) < 2 and not definition.has_sum:
            return None
        return self.sums.rename_poly(definition.poly, dict(zip(definition.formals, a.parts, strict=True)))

    def _distributed(
        self, bound: tuple[Var, ...], rest: Term, body: Poly, depth: int, banned: frozenset[str]
    ) -> tuple[Poly, tuple[Event, ...]]:
        before, self.sums.banned = self.sums.banned, banned
        result: Poly = {}
        for mono, c in body.items():
            inner = [a for a, e in mono if a.kind == "sum" and e == 1]
            variables, term = bound, self.algebra.times(rest, (c, mono))
            if len(inner) == 1 and dict(term[1]).get(inner[0]) == 1:
                more, opened = self.sums.opened(inner[0])
                variables = bound + more
                term = self.algebra.times((term[0], tuple((a, e) for a, e in term[1] if a is not inner[0])), opened)
            k, m = self.sums.total(variables, term)
            if k:
                add_term(result, m, k)
        events = list(self.sums.events)
        if not _longer(result, len(bound), len(rest[1]) + 1, sums_of(body)):
            result = self._collapse_all(result, depth - 1, banned, events)
        self.sums.banned = before
        return result, tuple(events)

    def _collapse_all(self, poly: Poly, depth: int, banned: frozenset[str], events: list[Event]) -> Poly:
        sums = sums_of(poly)
        for atom in sums:
            value = self.collapse(atom, depth, banned)
            if value is not None:
                poly = self.put(poly, atom, value[0])
                events += [*value[1], Event("open the sum", {((atom, 1),): 1}, value[0], "")]
        return poly

    def opened(self, poly: Poly, name: str) -> tuple[Poly, tuple[Event, ...]] | None:
        """The polynomial with the definition of ``name`` put into the stored sums that read it, whatever the cost."""
        sums = sums_of(poly)
        events: list[Event] = []
        for atom in sums:
            if name not in atom.names:
                continue
            bound, (sign, mono) = self.sums.opened(atom)
            inside = [a for a, e in mono if a.kind == "read" and a.head == name and e == 1]
            body = self.body(inside[0]) if len(inside) == 1 else None
            if body is None:
                return None
            rest = (sign, tuple((b, f) for b, f in mono if b is not inside[0]))
            self.sums.events = []
            value, used = self._distributed(bound, rest, body, DEPTH, frozenset((name,)))
            if _is_difference(value):
                return None
            poly = self.put(poly, atom, value)
            events += [*used, Event("open the sum", {((atom, 1),): 1}, value, "")]
        return poly, tuple(events)

    def forms(self, poly: Poly) -> list[Poly]:
        """The polynomial, and with parentheses multiplied out: other starting points for names of products."""
        return [poly, *(result for _, result in self._expansions(poly))]

    def _own_sum(
        self, bound: tuple[Var, ...], term: Term, v: Var, a: Atom, depth: int, banned: frozenset[str]
    ) -> tuple[Poly, tuple[Event, ...]]:
        """An index that only one factor has: that factor's own sum first."""
        partial = self.sums.total((v,), (1, ((a, 1),)))
        events = list(self.sums.events)
        value = self._collapse_all({partial[1]: partial[0]} if partial[0] else {}, depth - 1, banned, events)
        rest = (term[0], tuple((b, e) for b, e in term[1] if b is not a))
        others = tuple(u for u in bound if u is not v)
        result: Poly = {}
        for mono, c in value.items():
            k, m = self.sums.total(others, self.algebra.times(rest, (c, mono)))
            if k:
                add_term(result, m, k)
        return result, tuple(events)

    # expand

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
        parens: dict[Atom, None] = {}
        for mono in poly:
            for a, e in mono:
                if a.kind == "paren" and not a.solid and e in (1, 2):
                    parens[a] = None
        for paren in parens:
            result: Poly = {}
            for mono, c in poly.items():
                terms = [(c, mono)]
                for _ in range(2):
                    terms = [new for term in terms for new in self._multiplied_out(term, paren)]
                for k, m in terms:
                    if k:
                        add_term(result, m, k)
            if len(result) <= LONGEST:
                yield result
        below = {a: None for mono in poly for a, e in mono if a.kind == "paren" and not a.solid and e in (-1, -2)}
        for paren in below:
            yield from self._over_one_denominator(poly, paren)

    def _over_one_denominator(self, poly: Poly, paren: Atom) -> Iterator[Poly]:
        """``1 - a/(1+a)`` as ``(1+a - a)/(1+a)``, where the numerator gets no longer."""
        depth = int(max((-e for mono in poly for a, e in mono if a is paren), default=0))
        if not all(isinstance(e, int) for mono in poly for a, e in mono if a is paren) or depth > 2:
            return
        terms = [self.algebra.times((c, mono), (1, ((paren, depth),))) for mono, c in poly.items()]
        for _ in range(depth):
            terms = [new for term in terms for new in self._multiplied_out(term, paren)]
        numerator: Poly = {}
        for k, m in terms:
            add_term(numerator, m, k)
        if len(numerator) <= len(poly):
            yield self.algebra.scaled(numerator, (1, ((paren, -depth),)))

    def _multiplied_out(self, term: Term, paren: Atom) -> list[Term]:
        c, mono = term
        if not any(a is paren and e in (1, 2) for a, e in mono):
            return [term]
        rest = self.algebra.times((c, mono), (1, ((paren, -1),)))
        return [self.algebra.times(rest, (k, m)) for m, k in paren.parts[0].items()]

    # products under their names

    def enter_product(self, definition: Definition) -> None:
        """From now on the product may be written under its name."""
        for name in sorted(names_of(definition.poly)):
            self._products.setdefault(name, []).append(definition)

    def fold(self, poly: Poly, left: tuple[Var, ...], allowed: Callable[[str], bool]) -> tuple[Poly, list[Step]]:
        """The polynomial with products written under the names of tensors that are defined as them, where cheaper."""
        steps: list[Step] = []
        cost = self.costs.of(poly, left)
        for _ in range(STEPS):
            best, found = cost, None
            present = names_of(poly)
            readers = (d for name in sorted(present) for d in self._products.get(name, ()))
            candidates = {d.name: d for d in readers if allowed(d.name)}
            for definition in sorted(candidates.values(), key=_by_person):
                for result in self._folded(poly, definition, present):
                    new = self.costs.of(result, left)
                    if new < best:
                        best, found = new, (Step("known product", definition.name, poly, result), result)
            if found is None:
                return poly, steps
            cost, poly = best, found[1]
            steps.append(found[0])
        return poly, steps

    def _folded(self, poly: Poly, definition: Definition, present: frozenset[str]) -> Iterator[Poly]:
        product = definition.product
        if product is None:
            return
        c, mono = product
        formals = frozenset(definition.formals)
        for member, e in mono:
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
        """``m = (F / (c·rest))^(1/e)`` put in everywhere."""
        inverse = (Fraction(1) / rest[0], tuple((a, -f) for a, f in rest[1]))
        read = self.sums.read(definition.name, *definition.formals)
        k, m = self.algebra.times(read, inverse)
        value = self.algebra.power({m: k}, exact(Fraction(1) / e))

        def exchange(atom: Atom) -> Term | None:
            found = match(self.sums, member, atom, {})
            return None if found is None else self.sums.rename(value, found)

        return exchanged(self.sums, poly, exchange)

    def _recognised(self, poly: Poly, definition: Definition, c: int | Fraction, mono: Mono) -> Poly:
        """``c·Π`` present in a monomial, at the top or inside a sum, becomes the name."""
        result: Poly = {}
        for target, k in poly.items():
            term = self._named_product((k, target), definition, c, mono)
            parts: list[Term] = [(term[0], ONE)]
            for a, e in term[1]:
                if a.kind == "sum":
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
            if set(binding) >= set(definition.formals):
                inverse = self.sums.rename((Fraction(1) / c, tuple((a, -e) for a, e in mono)), binding)
                read = self.sums.read(definition.name, *(binding[v] for v in definition.formals))
                return self.algebra.times(term, inverse, read)
        return term


def _is_difference(poly: Poly) -> bool:
    """Whether terms of both signs are left: ``Σ (x - mu)² = Σ x² - N mu²`` is cheaper and loses every digit."""
    return len({c > 0 for c in poly.values()}) > 1


def _longer(poly: Poly, bound: int, factors: int, known: dict[Atom, None]) -> bool:
    """Whether a new sum in it is so much longer than the one that was opened that no collapse will pay."""
    sums = [s for s in sums_of(poly) if s not in known]
    return any(len(s.parts[1]) > factors + 1 or len(s.parts[0]) > bound + _has_own_index(s) for s in sums)


def _has_own_index(atom: Atom) -> bool:
    """Whether some bound index stands in one factor only, whose own sum may be known."""
    bound, mono = atom.parts
    return len(bound) > 1 and any(sum(v in a.free for a, _ in mono) == 1 for v in bound)


def _by_person(definition: Definition) -> tuple[bool, int]:
    """Tensors of the program before shares, which get a name only if nothing has it; else in program order."""
    return not definition.name.isidentifier(), definition.formals[0].serial if definition.formals else 0


def _terms(poly: Poly) -> list[Term]:
    return [(c, mono) for mono, c in poly.items()]


def is_contraction(atom: Atom) -> bool:
    """Whether the sum is a matrix product: two factors, each with a free variable that the other has not."""
    mono: Mono = atom.parts[1]
    frees = [a.free & atom.free for a, _ in mono]
    return any(f - g and g - f for k, f in enumerate(frees) for g in frees[:k])
