"""Equal layers are simplified once: what was found for one adjoint is copied to another under exchanged names.

While an adjoint is simplified, every tensor that comes into play is noted.  The result is a chain of rewrites that use
what is known of these tensors: definitions, signs, facts, known sums, products with a name.  If for another adjoint all
of this is the same under an exchange of names, the same chain holds there, and ends in the same form.  The exchange
must keep the alphabetical order of the names too, because ties are broken by it: then the texts are the same as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from symnet.calculus.ir import Equation
from symnet.simplify.atoms import Atom, Mono, Poly, Var
from symnet.simplify.definitions import Definition, Definitions
from symnet.simplify.fingerprints import Fingerprint, Speller, of_equations, of_key
from symnet.simplify.moves import Step
from symnet.simplify.sums import Event, Sums

TRIES = 8  # how many earlier adjoints with the same equation are looked at

Exchange = dict[str, str]
Knowledge = Callable[[str], Fingerprint]  # what is known of one tensor
Side = tuple[str, str, tuple[str, ...]]  # kind, text and names of what a fact says something about

Facts = dict[Side, list[Fingerprint]]


@dataclass(frozen=True)
class Model:
    """An adjoint that was simplified: what came into play, the same with definitions, and how much was known then."""

    name: str
    equations: Fingerprint
    touched: frozenset[str]
    around: frozenset[str]
    known: int


@dataclass(frozen=True)
class Fact:
    """A known sum, a product with a name, or a term that is safe to divide by."""

    about: Side
    names: frozenset[str]
    value: Fingerprint


class Layers:
    """The adjoints of one program so far, by what they look like without names."""

    def __init__(self, sums: Sums, definitions: Definitions, products: list[Definition]) -> None:
        self.sums, self.definitions, self.products = sums, definitions, products
        self._models: dict[str, list[Model]] = {}
        self._tensors: dict[str, Fingerprint] = {}
        self._equations: dict[str, Fingerprint] = {}
        self._facts: list[Fact] = []
        self._by_name: dict[str, list[int]] = {}
        self._taken = [0, 0, 0]

    def find(self, equations: tuple[Equation, ...], knowledge: Knowledge) -> tuple[Model, Exchange] | None:
        """An adjoint simplified earlier of which these equations are a copy, and the exchange of names."""
        self._take_facts()
        own = self._look(equations)
        for model in islice(reversed(self._models.get(own.text, [])), TRIES):
            exchange = self._exchange(model, own, knowledge)
            if exchange is not None:
                return model, exchange
        return None

    def remember(self, name: str, equations: tuple[Equation, ...], touched: Iterable[str]) -> None:
        """Another adjoint is simplified; ``touched`` came into play."""
        self._tensors.pop(name, None)  # it may have been looked at before anything was known of it
        own = self._look(equations)
        core = frozenset(touched) | set(own.names)
        seen = set(core)
        for t in core:
            if t in self.definitions.by_name:
                seen |= {n for mono in self.definitions.by_name[t].poly for a, _ in mono for n in a.names}
        self._models.setdefault(own.text, []).append(Model(name, own, core, frozenset(seen), len(self._facts)))

    def _look(self, equations: tuple[Equation, ...]) -> Fingerprint:
        """The equations of one tensor without names, made once."""
        name = equations[0].target
        if name not in self._equations:
            self._equations[name] = of_equations(equations)
        return self._equations[name]

    # what is known

    def _take_facts(self) -> None:
        """Index what became known since the last time."""
        entries = self.sums.table.entries
        for key, entry in islice(entries.items(), self._taken[0], None):
            self._enter("sum", of_key(key), Speller(entry.formals).name(entry.name).term(entry.value).done())
        for product in islice(self.products, self._taken[1], None):
            self._enter("product", spelled(product), Speller().name(product.name).done())
        for unit in islice(self.definitions.units, self._taken[2], None):
            self._enter("unit", of_key(unit), Fingerprint("", ()))
        self._taken = [len(entries), len(self.products), len(self.definitions.units)]

    def _enter(self, kind: str, about: Fingerprint, value: Fingerprint) -> None:
        names = frozenset(about.names)
        for name in names:
            self._by_name.setdefault(name, []).append(len(self._facts))
        self._facts.append(Fact((kind, about.text, about.names), names, value))

    def _among(self, names: frozenset[str], known: int) -> Facts:
        """The first ``known`` facts that are about these names alone."""
        numbers = sorted({k for name in names for k in self._by_name.get(name, ()) if k < known})
        found: Facts = {}
        for k in numbers:
            if self._facts[k].names <= names:
                found.setdefault(self._facts[k].about, []).append(self._facts[k].value)
        return found

    def _tensor(self, name: str, knowledge: Knowledge) -> Fingerprint:
        if name not in self._tensors:
            self._tensors[name] = knowledge(name)
        return self._tensors[name]

    # matching

    def _exchange(self, model: Model, own: Fingerprint, knowledge: Knowledge) -> Exchange | None:
        """The exchange of names under which everything that came into play is the same, or None."""
        pairs = _Pairs()
        if not pairs.add(model.equations.names, own.names) or not self._follow(model, pairs, knowledge):
            return None
        facts = self._among(model.around, model.known)
        mapped = -1
        while mapped < len(pairs.there):  # a tensor may be met only as the value of a fact
            mapped = len(pairs.there)
            images = self._among(frozenset(pairs.image(model.around)), len(self._facts))
            if not (_alike(facts, images, pairs) and self._follow(model, pairs, knowledge)):
                return None
        complete = model.around <= pairs.there.keys() and len(images) == len(facts)
        return pairs.there if complete and pairs.keep_order(self.sums.algebra.places) else None

    def _follow(self, model: Model, pairs: _Pairs, knowledge: Knowledge) -> bool:
        """Whether each tensor met is the same as its image, and so on through the names in its definition."""
        for name, image in pairs.new():
            if name in model.around:
                one, other = self._tensor(name, knowledge), self._tensor(image, knowledge)
                if one.text != other.text or not pairs.add(one.names, other.names):
                    return False
        return True


def _alike(facts: Facts, images: Facts, pairs: _Pairs) -> bool:
    """Whether the images of the facts, as far as the exchange is known, are facts with the same values."""
    there = dict(pairs.there)
    for (kind, text, names), values in facts.items():
        if there.keys() >= set(names):
            others = images.get((kind, text, tuple(there[n] for n in names)), [])
            if [v.text for v in values] != [v.text for v in others]:
                return False
            if not all(pairs.add(v.names, w.names) for v, w in zip(values, others, strict=True)):
                return False
    return True


class _Pairs:
    """An exchange of names that grows; each name has one image, and each image one name."""

    def __init__(self) -> None:
        self.there: Exchange = {}
        self._back: Exchange = {}
        self._queue: list[tuple[str, str]] = []

    def add(self, names: tuple[str, ...], images: tuple[str, ...]) -> bool:
        """Whether the names can be exchanged for the images."""
        for name, image in zip(names, images, strict=True):
            if name not in self.there and image not in self._back:
                self.there[name], self._back[image] = image, name
                self._queue.append((name, image))
            if self.there.get(name) != image:
                return False
        return True

    def new(self) -> Iterator[tuple[str, str]]:
        """The pairs that were added since the last time, and those that are added meanwhile."""
        while self._queue:
            yield self._queue.pop()

    def image(self, names: Iterable[str]) -> list[str]:
        return [self.there[n] for n in names if n in self.there]

    def keep_order(self, places: Mapping[str, int]) -> bool:
        """Whether the names stand in the program in the order of their images."""
        own, others = (sorted(names, key=lambda n: (places.get(n, 0), n)) for names in (self.there, self._back))
        return [self.there[n] for n in own] == others


def spelled(definition: Definition) -> Fingerprint:
    """The definition without its name."""
    return Speller(definition.formals).poly(definition.poly).done()


class Copy:
    """Forms under exchanged names, and under other variables for the axes."""

    def __init__(self, sums: Sums, exchange: Exchange, axes: dict[Var, Var]) -> None:
        self.sums, self.exchange, self.axes = sums, exchange, axes
        self._atoms: dict[Atom, Atom] = {}

    def poly(self, poly: Poly) -> Poly:
        """The polynomial, its terms in the same order."""
        return {self.mono(mono): c for mono, c in poly.items()}

    def mono(self, mono: Mono) -> Mono:
        """The product."""
        return tuple(sorted(((self.atom(a), e) for a, e in mono), key=lambda item: item[0].serial))

    def event(self, event: Event) -> Event:
        """The fact used, or the tensor recognised."""
        return Event(event.name, self.poly(event.before), self.poly(event.after), self.exchange.get(event.tensor, ""))

    def step(self, step: Step) -> Step:
        """The kept move."""
        subject = self.exchange.get(step.subject, "")
        events = tuple(map(self.event, step.events))
        return Step(step.name, subject, self.poly(step.before), self.poly(step.after), events)

    def atom(self, a: Atom) -> Atom:
        """One factor."""
        if a not in self._atoms:
            if a.names.isdisjoint(self.exchange) and a.free.isdisjoint(self.axes):
                self._atoms[a] = a
            else:
                self._atoms[a] = self._copied(a)
        return self._atoms[a]

    def _copied(self, a: Atom) -> Atom:
        algebra = self.sums.algebra
        free = frozenset(self.axes.get(v, v) for v in a.free)
        if a.kind == "sum":
            bound, mono = a.parts
            copy = algebra.atom("sum", "", bound, self.mono(mono), free=free)
            self.sums.hints.setdefault(copy, self.sums.hints[a])
            return copy
        if a.kind in ("paren", "call"):
            return algebra.atom(a.kind, a.head, *map(self.poly, a.parts), free=free)
        head = self.exchange[a.head] if a.kind == "read" else a.head
        return algebra.atom(a.kind, head, *(algebra.address(p, self.axes) for p in a.parts), free=free)
