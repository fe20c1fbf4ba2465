"""Collapse: a definition put into a stored sum, distributed, and every part that is a known sum given its name.

Distribution never stands alone: ``Σ dc -> Σ xh -> Σ c -> 0`` gains only at its last step, so the move is one whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from symnet.simplify.atoms import ONE, Atom, Mono, Poly, Term, Var, add_term, free_of
from symnet.simplify.cost import Costs, sums_of
from symnet.simplify.definitions import Definitions
from symnet.simplify.likeness import Likeness
from symnet.simplify.matching import Exchanging
from symnet.simplify.sums import Event, Sums

DEPTH = 4  # how many names are opened inside each other
LONGEST_DEFINITION = 6  # terms of a definition that is put into a sum

Opened = tuple[Poly, tuple[Event, ...]]


class Collapse:
    """Opens sums, and remembers what came out and what never will."""

    def __init__(self, sums: Sums, definitions: Definitions, costs: Costs) -> None:
        self.sums, self.algebra, self.definitions, self.costs = sums, sums.algebra, definitions, costs
        self._likeness = Likeness(sums.table, definitions)
        self._failed: set[tuple[str, int, tuple[str, ...]]] = set()
        self._collapsed: dict[tuple[Atom, int, frozenset[str]], Opened | None] = {}
        self._touched: dict[tuple[Atom, int, frozenset[str]], set[str]] = {}

    def forget(self) -> None:
        """Definitions have changed: what came out before may be different now."""
        self._likeness = Likeness(self.sums.table, self.definitions)
        self._failed.clear()
        self._collapsed.clear()
        self._touched.clear()

    def put(self, poly: Poly, atom: Atom, value: Poly) -> Poly:
        """The polynomial with an atom replaced by a polynomial; a first power is multiplied out."""
        result: Poly = {}
        for mono, c in poly.items():
            power = next((e for a, e in mono if a is atom), 0)
            rest = (c, tuple((a, e) for a, e in mono if a is not atom))
            inner = Exchanging(self.sums, lambda a, e: self.algebra.power(value, e) if a is atom else None).poly(
                {rest[1]: rest[0]}
            )
            if power == 1:
                new = [self.algebra.times(term, (k, m)) for term in _terms(inner) for m, k in value.items()]
            else:
                factor = self.algebra.power(value, power) if power else (1, ONE)
                new = [self.algebra.times(term, factor) for term in _terms(inner)]
            for k, m in map(self.sums.sifted, new):
                if k:
                    add_term(result, m, k)
        return result

    def collapse(self, atom: Atom, depth: int, banned: frozenset[str]) -> Opened | None:
        """A cheaper value of a stored sum by putting a definition in, or None."""
        if depth == 0:
            return None
        key = (atom, depth, banned)
        if key not in self._collapsed:
            alike = self._likeness.key(atom, depth, banned)
            if alike in self._failed:
                self._collapsed[key] = None
                return None
            self._collapsed[key] = None  # a sum met again inside itself is not opened again
            events, self.sums.events = self.sums.events, []
            before, self.sums.banned = self.sums.banned, banned
            outside, self.algebra.touched = self.algebra.touched, set()
            self._collapsed[key] = self._best_opening(atom, depth, banned)
            self._touched[key], self.algebra.touched = self.algebra.touched, outside
            self.sums.events, self.sums.banned = events, before
            if self._collapsed[key] is None:
                self._failed.add(alike)
        self.algebra.touched |= self._touched.get(key, set())
        return self._collapsed[key]

    def _best_opening(self, atom: Atom, depth: int, banned: frozenset[str]) -> Opened | None:
        best = self.costs.sum(atom)
        found: Opened | None = None
        order = tuple(sorted(atom.free, key=lambda v: v.serial))
        contraction = is_contraction(atom)
        outermost, (bound, _) = depth == DEPTH, self.sums.opened(atom)
        depth = min(depth, 2) if contraction else depth
        for form, opening in self._openings(atom, depth, banned):
            self.sums.events = []
            result, events = opening()
            sums = sums_of(result)
            if atom in sums or len(result) > LONGEST_DEFINITION or (sums and contraction):
                continue
            if (sums or outermost) and loses_digits(result, form, bound, events):
                continue
            cost = self.costs.of(result, order)
            if cost < best:
                best, found = cost, (result, events)
        return found

    def _openings(self, atom: Atom, depth: int, banned: frozenset[str]) -> Iterator[tuple[Poly, Callable[[], Opened]]]:
        """The polynomials that may stand for a factor of the sum, each with what opens the sum by it."""
        bound, (sign, mono) = self.sums.opened(atom)
        for a, e in mono:
            body = self.body(a) if e == 1 else None
            if body is None or len(body) > LONGEST_DEFINITION or (a.kind == "read" and a.head in banned):
                continue
            rest = (sign, tuple((b, f) for b, f in mono if b is not a))
            name = frozenset((a.head,)) if a.kind == "read" else frozenset[str]()
            for form in (body, *self._with_constant_apart(body)):
                named = banned | name
                yield form, partial(self._distributed, bound, rest, form, depth, named, is_contraction(atom))
        for v in bound if len(bound) > 1 else ():
            factors = tuple((a, e) for a, e in mono if v in a.free)
            if len(factors) == 1 and factors[0][1] == 1:
                yield {}, partial(self._own_sum, bound, (sign, mono), v, factors[0][0], depth, banned)

    def _with_constant_apart(self, body: Poly) -> Iterator[Poly]:
        """``log p - log q + 1`` as the two terms ``(log p - log q)`` and 1, because the first may be known as one."""
        constants = {mono: c for mono, c in body.items() if not any(a.free for a, _ in mono)}
        rest = {mono: c for mono, c in body.items() if mono not in constants}
        if constants and len(rest) > 1:
            c, mono = self.algebra.enclose(rest)
            yield {mono: c, **constants}

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
        self, bound: tuple[Var, ...], rest: Term, body: Poly, depth: int, banned: frozenset[str], whole: bool
    ) -> Opened:
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
            result = self._collapse_all(result, depth - 1, banned, events, whole)
        self.sums.banned = before
        return result, tuple(events)

    def _collapse_all(
        self, poly: Poly, depth: int, banned: frozenset[str], events: list[Event], whole: bool = False
    ) -> Poly:
        """The polynomial with each sum opened that gets cheaper; ``whole``: unless all do, it is of no use."""
        sums = sums_of(poly)
        hopeless = whole and all(map(is_contraction, sums))  # where one stays, for no other is opened to remove it
        for atom in sums:
            value = self.collapse(atom, depth, banned)
            if value is None and hopeless:
                break
            if value is not None:
                poly = self.put(poly, atom, value[0])
                events += [*value[1], Event("open the sum", {((atom, 1),): 1}, value[0], "")]
        return poly

    def opened(self, poly: Poly, name: str) -> Opened | None:
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
            value, used = self._distributed(bound, rest, body, DEPTH, frozenset((name,)), False)
            if loses_digits(value, body, bound):
                return None
            poly = self.put(poly, atom, value)
            events += [*used, Event("open the sum", {((atom, 1),): 1}, value, "")]
        return poly, tuple(events)

    def _own_sum(
        self, bound: tuple[Var, ...], term: Term, v: Var, a: Atom, depth: int, banned: frozenset[str]
    ) -> Opened:
        """An index that only one factor has: that factor's own sum first."""
        own = self.sums.total((v,), (1, ((a, 1),)))
        events = list(self.sums.events)
        value = self._collapse_all({own[1]: own[0]} if own[0] else {}, depth - 1, banned, events)
        rest = (term[0], tuple((b, e) for b, e in term[1] if b is not a))
        others = tuple(u for u in bound if u is not v)
        result: Poly = {}
        for mono, c in value.items():
            k, m = self.sums.total(others, self.algebra.times(rest, (c, mono)))
            if k:
                add_term(result, m, k)
        return result, tuple(events)


def loses_digits(result: Poly, opened: Poly, bound: tuple[Var, ...], inside: Iterable[Event] = ()) -> bool:
    """Whether an opened sum is a difference of large numbers where the sum itself is none.

    ``Σ (x - mu)(y - nu) = Σ x y - N mu nu`` is cheaper and loses every digit that the means have in common.  So no
    difference may be multiplied out into terms that subtract, neither ``opened`` nor one ``inside``.  What cancels
    wholly, such as Σ (x - mu) = 0, leaves no terms to subtract, and ``Σ p (log p + 1) = 1 - H`` multiplies out no
    difference.  Where sums are left the signs of the terms tell nothing, for names hide some, and a centre stays even
    where the rest adds up to 0: ``Σ (x - c) d`` is ``Σ x d`` only for numbers without rounding.
    """
    if sums_of(result):
        centred = any(not free_of(mono).issuperset(bound) for mono in opened)
        return _is_difference(result) or (_is_difference(opened) and (centred or len(result) > 1))
    opened_inside = any(e.name == "open the sum" and _is_difference(e.after) for e in inside)
    return _is_difference(result) and (_is_difference(opened) or opened_inside)


def _is_difference(poly: Poly) -> bool:
    """Whether terms of both signs are left."""
    return len({c > 0 for c in poly.values()}) > 1


def _longer(poly: Poly, bound: int, factors: int, known: dict[Atom, None]) -> bool:
    """Whether a new sum in it is so much longer than the one that was opened that no collapse will pay."""
    sums = [s for s in sums_of(poly) if s not in known]
    return any(_length(s.parts[1]) > factors + 1 or len(s.parts[0]) > bound + _has_own_index(s) for s in sums)


def _length(mono: Mono) -> int:
    """The number of factors; one that is only ever 0 or 1 restricts the sum and makes it no longer."""
    return sum(not a.idempotent for a, _ in mono)


def _has_own_index(atom: Atom) -> bool:
    """Whether some bound index stands in one factor only, whose own sum may be known."""
    bound, mono = atom.parts
    return len(bound) > 1 and any(sum(v in a.free for a, _ in mono) == 1 for v in bound)


def _terms(poly: Poly) -> list[Term]:
    return [(c, mono) for mono, c in poly.items()]


def is_contraction(atom: Atom) -> bool:
    """Whether the sum is a matrix product: two factors, each with a free variable that the other has not."""
    mono: Mono = atom.parts[1]
    frees = [a.free & atom.free for a, _ in mono]
    return any(f - g and g - f for k, f in enumerate(frees) for g in frees[:k])
