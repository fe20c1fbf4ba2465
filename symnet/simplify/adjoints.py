"""One adjoint after the other: each in two forms, over named adjoints and with them put in, and the cheaper kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sympy as sp

from symnet.calculus.ir import GIVEN, Delta, Equation, Program
from symnet.simplify.atoms import Poly, Var, names_of, rank_of
from symnet.simplify.collapse import LONGEST_DEFINITION, is_contraction
from symnet.simplify.convert import Reader
from symnet.simplify.cost import Costs, sums_of
from symnet.simplify.definitions import Definition, Definitions
from symnet.simplify.facts import Facts, holding
from symnet.simplify.fingerprints import Fingerprint, Speller
from symnet.simplify.layers import Copy, Layers
from symnet.simplify.moves import Moves, Step
from symnet.simplify.normal import Algebra, NotUnderstood
from symnet.simplify.sums import Event, Sums
from symnet.simplify.table import Table


@dataclass(frozen=True)
class Candidate:
    """One form of an adjoint with what led to it; ``base`` is the form before products got their names."""

    base: Poly
    poly: Poly
    cost: float
    steps: tuple[Step, ...]
    events: tuple[Event, ...]
    gathered: bool = False  # terms became a difference of the model


class Adjoints:
    """The definitions of a program and its adjoints finished so far.

    ``finished`` has each adjoint as it is shown, ``definitions`` the same with products put in, ``wanted`` the
    gradients of inputs and of what is asked for, ``statistics`` the adjoints that are sums, ``trivial`` those that are
    numbers or plain data.
    """

    def __init__(
        self, program: Program, sizes: Mapping[str, int | None], facts: Facts, wanted: tuple[str, ...] = ()
    ) -> None:
        self.program, self.facts = program, facts
        self.equations: dict[str, tuple[Equation, ...]] = {}
        for equation in program.equations:
            self.equations[equation.target] = (*self.equations.get(equation.target, ()), equation)
        specs = program.tensors.values()
        self.algebra = Algebra()
        self.algebra.places = {name: k for k, name in enumerate(program.tensors)}
        self.algebra.masks = holding(facts, "mask")
        self.sums = Sums(self.algebra, Table(holding(facts, "symmetric")), holding(facts, "simplex"))
        self.sums.kept = _kept_axes(program)
        self.sums.shapes = {t.name: t.shape for t in specs}
        self.reader = Reader(self.sums)
        self.sums.size_term = self.reader.size
        self.definitions = Definitions(self.sums, self.reader, program, facts)
        self.costs = Costs(self.algebra, sizes)
        self.moves = Moves(self.sums, self.definitions, self.costs)
        leaves = {t.name for t in specs if t.role in GIVEN}
        asked = leaves.union(wanted)
        self.wanted = dict.fromkeys(a for t, a in program.adjoints.items() if t in asked or t not in program.tensors)
        lefts = {a: self.equations[t][0] for t, a in program.adjoints.items() if t in self.equations}
        self.primal = {a: e for a, e in lefts.items() if len(e.left) == program.tensors[a].rank}
        self.trivial: dict[str, None] = {}  # adjoints without a read: numbers, sizes, deltas
        self.products: dict[str, Definition] = {}
        self.kept: dict[str, None] = {}  # steps shown although nothing reads them
        self.statistics: dict[str, Definition] = {}  # adjoints defined by a sum
        self.finished: dict[str, Definition] = {}
        self.candidates: dict[str, Candidate] = {}
        self.models: dict[str, str] = {}  # adjoints that are copies, and the one that was simplified
        self.layers = Layers(self.sums, self.definitions, self.moves.products.entered)

    def run(self) -> None:
        """Take in every tensor in program order."""
        for spec in self.program.tensors.values():
            if spec.name not in self.equations:
                self.definitions.enter_leaf(spec)
        for name in self.program.targets():
            if self.program.tensors[name].role == "adjoint":
                self._adjoint(name)
            else:
                self.forward(name)

    def forward(self, name: str) -> None:
        self.definitions.enter_forward(name, self.equations[name])
        if name in self.definitions.by_name:
            self.moves.gatherer.enter(self.definitions.by_name[name])
        if name in self.definitions.products:
            self.moves.products.enter(self.definitions.by_name[name])
        if name in self.definitions.shares:
            self.moves.products.enter(self.definitions.shares[name])

    def _adjoint(self, name: str) -> None:
        equations = self.equations[name]
        plain = next((e for e in equations if not e.body.has(Delta)), equations[0])
        formals = self.definitions.formals(self.primal.get(name, plain))
        try:
            best, base = self._copied(equations, formals) or self._simplified(equations, formals)
        except NotUnderstood:
            return
        self.layers.remember(name, equations, self.algebra.touched)
        self.candidates[name] = best
        self._finish(Definition(name, formals, best.poly), Definition(name, formals, base))

    def _simplified(self, equations: tuple[Equation, ...], formals: tuple[Var, ...]) -> tuple[Candidate, Poly]:
        """The cheaper of two forms, and the base that stands for the adjoint inside others."""
        # A tensor whose definition is put in at once is never read, and comes into play all the same.
        self.algebra.touched = {a.name for e in equations for a in e.read}
        best = base = self._candidate(equations, formals, self._is_put_in, False)
        if self._reads_adjoints(equations):
            base = self._candidate(equations, formals, self._adjoints_put_in(equations, rank_of(formals)), True)
            if base.cost < best.cost:
                best = base
        return best, base.base

    def _copied(self, equations: tuple[Equation, ...], formals: tuple[Var, ...]) -> tuple[Candidate, Poly] | None:
        """The forms of an adjoint of an equal layer, under the names of this one."""
        found = self.layers.find(equations, self._known)
        if found is None:
            return None
        model, exchange = found
        copy = Copy(self.sums, exchange, dict(zip(self.finished[model.name].formals, formals, strict=True)))
        form = self.candidates[model.name]
        self.models[equations[0].target] = self.models.get(model.name, model.name)
        self.algebra.touched = {exchange[name] for name in model.touched}
        steps, events = tuple(map(copy.step, form.steps)), tuple(map(copy.event, form.events))
        best = Candidate(copy.poly(form.base), copy.poly(form.poly), form.cost, steps, events)
        return best, copy.poly(self.definitions.by_name[model.name].poly)

    def _known(self, name: str) -> Fingerprint:
        """Everything that is known of one tensor, but for the facts that several share."""
        spec, definitions = self.program.tensors.get(name), self.definitions
        places = (self.wanted, self.trivial, self.products, self.statistics, self.finished, definitions.by_name)
        more = (definitions.products, definitions.shares, definitions.opaque, self.sums.unit_rows)
        speller = Speller().write(f"{[name in place for place in (*places, *more)]}{self.algebra.signs.get(name)}")
        speller.write(str(sorted(self.sums.kept.get(name, ()))))
        if spec is not None:
            facts = sorted(self.facts.get(name, ()))
            speller.write(f"{spec.role} {spec.shape} {spec.integer} {spec.classes} {facts} {spec.given}")
        for place in (definitions.by_name, self.finished, definitions.shares):
            if name in place:
                speller.formals(place[name].formals).poly(place[name].poly)
        return speller.done()

    def _is_put_in(self, name: str) -> bool:
        return name in self.definitions.products or name in self.trivial

    def _adjoints_put_in(self, equations: tuple[Equation, ...], rank: int) -> Callable[[str], bool]:
        """Every product, and the row sums where the equation has no sum itself."""
        pointwise = not any(i.size != 1 for e in equations for i in e.reduced)

        def chosen(name: str) -> bool:
            return (pointwise and self._is_row_sum(name, rank)) or name in self.products or self._is_put_in(name)

        return chosen

    def _is_row_sum(self, name: str, rank: int) -> bool:
        """Whether the tensor is defined by sums and small beside one of the given rank."""
        if name not in self.statistics:
            return False
        own, poly = rank_of(self.statistics[name].formals), self.statistics[name].poly
        if own == rank:
            return len(poly) == 1 and not any(map(is_contraction, sums_of(poly)))
        return own < rank and len(poly) <= LONGEST_DEFINITION

    def _reads_adjoints(self, equations: tuple[Equation, ...]) -> bool:
        return any(a.name in self.products or a.name in self.statistics for e in equations for a in e.accesses)

    def _candidate(
        self,
        equations: tuple[Equation, ...],
        formals: tuple[Var, ...],
        put_in: Callable[[str], bool],
        adjoints: bool,
    ) -> Candidate:
        self.sums.events = []
        poly = self.definitions.read(equations, formals, put_in)
        events = tuple(self.sums.events)
        return self.improved(poly, formals, (lambda name: True) if adjoints else _never, events)

    def improved(
        self, poly: Poly, formals: tuple[Var, ...], allowed: Callable[[str], bool], events: tuple[Event, ...]
    ) -> Candidate:
        """The improved form; products are written under the names of forward tensors, shares and allowed adjoints."""
        base, steps = self.moves.improve(poly, formals)

        def named(name: str) -> bool:
            return name not in self.products or allowed(name)

        best: Candidate | None = None
        starts = [(base, form, gathered, steps) for form, gathered in self.moves.forms(base, formals)]
        if any(map(_opens_a_function, steps)):  # what the sum holds may have a name, which makes it cheaper
            starts.append((poly, poly, False, []))
        for own, form, gathered, before in starts:
            poly, folds = self.moves.fold(form, formals, named)
            poly, cases = self.moves.select(poly, formals)
            cost = self.costs.of(poly, formals) + self._charges(poly, rank_of(formals))
            if best is None or cost < best.cost or (cost == best.cost and gathered and not best.gathered):
                best = Candidate(own, poly, cost, (*before, *folds, *cases), events, gathered)
        assert best is not None
        return best

    def _charges(self, poly: Poly, rank: int) -> float:
        """What the row sums cost that the form reads by name, and what they read in turn."""
        total, seen = 0.0, dict[str, None]()
        queue = sorted(names_of(poly))
        while queue:
            name = queue.pop()
            self.algebra.touched.add(name)
            if name in seen or name in self.wanted or name not in self.finished:
                continue
            shown = self.finished[name]
            if rank_of(shown.formals) < rank or self._is_row_sum(name, rank):
                seen[name] = None
                total += self.costs.of(shown.poly, shown.formals)
                queue += sorted(names_of(shown.poly))
        return total

    def _finish(self, shown: Definition, definition: Definition) -> None:
        name = definition.name
        self.finished[name] = shown
        self.definitions.by_name[name] = definition
        if self._is_trivial(definition):
            self.trivial[name] = None
        elif definition.product is not None:
            self.products[name] = definition
            if name not in self.wanted:
                self.moves.products.enter(definition)
        elif definition.has_sum and name not in self.wanted:
            self.statistics[name] = definition
        if name in self.wanted and len(definition.poly) == 1:
            ((mono, c),) = definition.poly.items()
            sums = [a for a, e in mono if a.kind == "sum" and e == 1]
            if len(sums) == 1:
                self.definitions.enter_sum(definition, sums[0], c, mono)

    def _is_trivial(self, definition: Definition) -> bool:
        """A number, a size or a delta, or plain data: never worth a name in another equation."""
        if definition.has_sum or len(definition.poly) > 1:
            return False
        reads = sorted(names_of(definition.poly))
        bare = all(c == 1 and len(mono) == 1 and mono[0][1] == 1 for mono, c in definition.poly.items())
        return not reads or (bare and all(self.program.tensors[r].role == "data" for r in reads))

    def reads(self, name: str) -> frozenset[str]:
        if name in self.finished:
            return names_of(self.finished[name].poly)
        return frozenset(a.name for e in self.equations[name] for a in e.read)

    def live(self) -> set[str]:
        live: set[str] = set()
        stack = [*self.wanted, *self.kept]
        while stack:
            name = stack.pop()
            if name in live or name not in self.equations:
                continue
            live.add(name)
            stack += sorted(self.reads(name))
        return live


def _opens_a_function(step: Step) -> bool:
    """Whether a stored sum with a function in it was opened: priced with what may be there under a name."""
    sums = sums_of(step.before) if step.name == "open the sum" else ()
    return any(a.kind == "call" for s in sums for a, _ in s.parts[1])


def _never(name: str) -> bool:
    return False


def _kept_axes(program: Program) -> dict[str, frozenset[int]]:
    """Tensor -> its axes of size 1 that some equation reads at 0, also on the way; its adjoint has the same, behind the
    axes that a Jacobian has in front."""
    found: dict[str, frozenset[int]] = {}
    for equation in reversed(program.equations):
        own = found.get(equation.target, frozenset())
        first = {sp.S.Zero, *(i for k, i in enumerate(equation.left) if k in own)}
        for read in equation.accesses:
            shape = program.tensors[read.name].shape
            axes = frozenset(k for k, address in enumerate(read.addresses) if address in first and shape[k] == 1)
            for name in (read.name, program.adjoints.get(read.name)) if axes else ():
                if name is not None:
                    lead = program.tensors[name].rank - len(shape)
                    found[name] = found.get(name, frozenset()) | {lead + k for k in axes}
    return found
