"""Closed forms: the adjoint equations of a derived program rewritten as a person would write them.

Each adjoint is brought to the normal form twice: over the adjoints before it by name, and with products and row sums
put in; both are improved by the judged moves, and the cheaper one stays.  Forward equations stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from symnet.calculus.atoms import Poly, Var, names_of
from symnet.calculus.convert import Reader
from symnet.calculus.cost import Costs, sums_of
from symnet.calculus.definitions import Definition, Definitions
from symnet.calculus.emit import Emitter
from symnet.calculus.ir import Access, Equation, Program, TensorSpec
from symnet.calculus.moves import Moves, Step, is_contraction
from symnet.calculus.normal import Algebra, NotUnderstood
from symnet.calculus.records import Recorder
from symnet.calculus.rewrites import Rewrite
from symnet.calculus.sums import Event, Sums
from symnet.calculus.table import Table
from symnet.naming import Namer


@dataclass(frozen=True)
class Simplified:
    """The program with simplified adjoints, the rewrites that a person may read, and the declared facts used."""

    program: Program
    rewrites: tuple[Rewrite, ...]
    facts: tuple[str, ...]


def simplify(program: Program, sizes: Mapping[str, int | None]) -> Simplified:
    """The derived program with adjoints in closed form: equal values, the same inputs, names and gradients.

    ``sizes`` gives numbers to symbolic sizes for the cost model only; the result holds for every size.  Adjoints that
    no gradient needs are dropped.  A target with a guard, a maximum or an unknown function stays as it is.
    """
    return _Run(program, sizes).result()


@dataclass(frozen=True)
class Candidate:
    """One form of an adjoint with what led to it; ``base`` is the form before products were written under their names."""

    base: Poly
    poly: Poly
    cost: float
    steps: tuple[Step, ...]
    events: tuple[Event, ...]


class _Run:
    """One simplification: the definitions so far and the adjoints finished."""

    def __init__(self, program: Program, sizes: Mapping[str, int | None]) -> None:
        self.program = program
        self.equations: dict[str, tuple[Equation, ...]] = {}
        for equation in program.equations:
            self.equations[equation.target] = (*self.equations.get(equation.target, ()), equation)
        specs = program.tensors.values()
        self.algebra = Algebra()
        symmetric = frozenset(t.name for t in specs if "symmetric" in t.facts)
        rows = frozenset(t.name for t in specs if t.facts & {"one_hot", "simplex"})
        self.sums = Sums(self.algebra, Table(symmetric), rows)
        self.reader = Reader(self.sums)
        self.sums.size_term = self.reader.size
        self.definitions = Definitions(self.sums, self.reader, program)
        self.costs = Costs(self.algebra, sizes)
        self.moves = Moves(self.sums, self.definitions, self.costs)
        leaves = {t.name for t in specs if t.role in ("parameter", "data", "label")}
        self.wanted = dict.fromkeys(a for t, a in program.adjoints.items() if t in leaves or t not in program.tensors)
        lefts = {a: self.equations[t][0] for t, a in program.adjoints.items() if t in self.equations}
        self.primal = {a: e for a, e in lefts.items() if len(e.left) == program.tensors[a].rank}
        self.trivial: dict[str, None] = {}  # adjoints without a read: numbers, sizes, deltas
        self.products: dict[str, Definition] = {}
        self.kept: dict[str, None] = {}  # steps shown although nothing reads them
        self.statistics: dict[str, Definition] = {}  # adjoints defined by a sum
        self.finished: dict[str, Definition] = {}
        self.candidates: dict[str, Candidate] = {}

    def result(self) -> Simplified:
        for spec in self.program.tensors.values():
            if spec.name not in self.equations:
                self.definitions.enter_leaf(spec)
        for name in self.program.targets():
            if self.program.tensors[name].role == "adjoint":
                self._adjoint(name)
            else:
                self._forward(name)
        self._put_in_pointwise()
        self._show_values()
        return self._written()

    def _forward(self, name: str) -> None:
        self.definitions.enter_forward(name, self.equations[name])
        if name in self.definitions.products:
            self.moves.enter_product(self.definitions.by_name[name])
        if name in self.definitions.shares:
            self.moves.enter_product(self.definitions.shares[name])

    # steps that are better not named

    def _put_in_pointwise(self) -> None:
        """A pointwise adjoint goes into its consumers where that is cheaper for all together; the latest first."""
        readers = self._consumers()
        for name in reversed(self.finished):
            consumers = readers.get(name, ())
            if name in self.wanted or not consumers or not set(consumers) <= set(self.finished):
                continue
            if len(consumers) > 2 or self._is_matrix_product(name):
                continue
            forms = {c: self._without(name, c) for c in consumers}
            found = {c: form for c, form in forms.items() if form is not None}
            if len(found) < len(consumers):
                continue
            gone = self._no_longer_read(name, found, readers)
            now = sum(self._cost(n) for n in gone) + sum(self._cost(c) for c in consumers)
            then = sum(form.cost for form in found.values())
            if then < now or (then == now and not self.program.tensors[name].given):
                for c, form in found.items():
                    formals = self.finished[c].formals
                    self.candidates[c] = form
                    self.finished[c] = Definition(c, formals, form.poly)
                    self.definitions.by_name[c] = Definition(c, formals, form.base)
                readers = self._consumers()

    def _is_matrix_product(self, name: str) -> bool:
        """Whether a sum of full rank stands in it, which belongs in a step of its own."""
        rank = len(self.finished[name].formals)
        return any(len(s.free) >= rank > 0 and is_contraction(s) for s in sums_of(self.definitions.by_name[name].poly))

    def _show_values(self) -> None:
        """A gradient that is just a named product shows the product; the person's steps on the way stay.

        The adjoint of a tensor that the person named also stays where it is a plain number such as 1/N, which costs
        nothing and is what people forget.
        """
        for name in self.wanted:
            poly = self.finished[name].poly if name in self.finished else {}
            for mono, c in list(poly.items())[:1]:
                read = mono[0][0] if len(poly) == len(mono) == c == 1 and mono[0][1] == 1 else None
                source = self.finished.get(read.head) if read is not None and read.kind == "read" else None
                if (
                    read is not None
                    and source is not None
                    and source.name not in self.wanted
                    and source.product is not None
                ):
                    value = self.sums.rename_poly(source.poly, dict(zip(source.formals, read.parts, strict=True)))
                    self.finished[name] = Definition(name, self.finished[name].formals, value)
                    if self.program.tensors[source.name].given:
                        self.kept[source.name] = None
        for name, definition in self.finished.items():
            constant = not any(a.free for mono in definition.poly for a, _ in mono)
            spec = self.program.tensors[name]
            if name in self.trivial and definition.poly and constant and spec.given and spec.rank:
                self.kept[name] = None

    def _no_longer_read(
        self, name: str, forms: Mapping[str, Candidate], readers: Mapping[str, tuple[str, ...]]
    ) -> dict[str, None]:
        """``name`` and the adjoints that are dead once the consumers have the new forms."""
        gone = {name: None}
        still = frozenset[str]().union(*(names_of(form.poly) for form in forms.values()))
        queue = [name, *forms]
        while queue:
            for read in sorted(self._reads(queue.pop())):
                if read in gone or read in still or read in self.wanted or read not in self.finished:
                    continue
                if all(r in gone or r in forms for r in readers.get(read, ())):
                    gone[read] = None
                    queue.append(read)
        return gone

    def _cost(self, name: str) -> float:
        shown = self.finished[name]
        return self.costs.of(shown.poly, shown.formals)

    def _consumers(self) -> dict[str, tuple[str, ...]]:
        """Live adjoint -> the live tensors that read it."""
        found: dict[str, tuple[str, ...]] = {}
        live = self._live()
        for name in self.program.targets():
            if name in live:
                for read in sorted(self._reads(name)):
                    found[read] = (*found.get(read, ()), name)
        return found

    def _without(self, name: str, consumer: str) -> Candidate | None:
        """The consumer's form with the definition of ``name`` put in, or None where it stands inside a sum."""
        poly, formals = self.definitions.by_name[consumer].poly, self.finished[consumer].formals
        opened = self.moves.opened(poly, name)
        if opened is None:
            return None
        poly, events = opened
        for atom in [a for mono in poly for a, e in mono if a.kind == "read" and a.head == name and e == 1]:
            body = self.definitions.by_name[name]
            poly = self.moves.put(
                poly, atom, self.sums.rename_poly(body.poly, dict(zip(body.formals, atom.parts, strict=True)))
            )
        if name in names_of(poly):
            return None
        order = list(self.finished)
        before = set(order[: order.index(consumer)]) - {name}
        form = self._improved(poly, formals, before.__contains__, (*self.candidates[consumer].events, *events))
        return None if name in names_of(form.poly) else form

    # one adjoint

    def _adjoint(self, name: str) -> None:
        equations = self.equations[name]
        formals = self.definitions.formals(equations[0] if name not in self.primal else self.primal[name])
        try:
            best = base = self._candidate(equations, formals, self._is_put_in, False)
            if self._reads_adjoints(equations):
                base = self._candidate(equations, formals, self._adjoints_put_in(equations, len(formals)), True)
                if base.cost < best.cost:
                    best = base
        except NotUnderstood:
            return
        self.candidates[name] = best
        self._finish(Definition(name, formals, best.poly), Definition(name, formals, base.base))

    def _is_put_in(self, name: str) -> bool:
        return name in self.definitions.products or name in self.trivial

    def _adjoints_put_in(self, equations: tuple[Equation, ...], rank: int) -> Callable[[str], bool]:
        """Every product, and the row sums where the equation has no sum itself."""
        pointwise = not any(e.reduced for e in equations)

        def chosen(name: str) -> bool:
            return (pointwise and self._is_row_sum(name, rank)) or name in self.products or self._is_put_in(name)

        return chosen

    def _is_row_sum(self, name: str, rank: int) -> bool:
        """Whether the tensor is defined by sums and small beside one of the given rank."""
        if name not in self.statistics:
            return False
        own = len(self.statistics[name].formals)
        return own < rank or (own == rank and not any(map(is_contraction, sums_of(self.statistics[name].poly))))

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
        return self._improved(poly, formals, (lambda name: True) if adjoints else _never, events)

    def _improved(
        self, poly: Poly, formals: tuple[Var, ...], allowed: Callable[[str], bool], events: tuple[Event, ...]
    ) -> Candidate:
        """The improved form; products are written under the names of forward tensors, shares and allowed adjoints."""
        base, steps = self.moves.improve(poly, formals)

        def named(name: str) -> bool:
            return name not in self.products or allowed(name)

        best: Candidate | None = None
        for form in self.moves.forms(base):
            poly, folds = self.moves.fold(form, formals, named)
            cost = self.costs.of(poly, formals) + self._charges(poly, len(formals))
            if best is None or cost < best.cost:
                best = Candidate(base, poly, cost, (*steps, *folds), events)
        assert best is not None
        return best

    def _charges(self, poly: Poly, rank: int) -> float:
        """What the row sums cost that the form reads by name, and what they read in turn."""
        total, seen = 0.0, dict[str, None]()
        queue = sorted(names_of(poly))
        while queue:
            name = queue.pop()
            if name in seen or name in self.wanted or name not in self.finished:
                continue
            shown = self.finished[name]
            if len(shown.formals) < rank or self._is_row_sum(name, rank):
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
            self.moves.enter_product(definition)
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

    # the program

    def _written(self) -> Simplified:
        integers = frozenset(t.name for t in self.program.tensors.values() if t.integer)
        emitter = Emitter(
            self.sums, integers, Namer(self.program.tensors), {d.name: d for d in self.definitions.shares.values()}
        )
        forward = [e for e in self.program.equations if self.program.tensors[e.target].role != "adjoint"]
        live = self._live()
        seeds = {
            Access(n): emitter.writer().poly(self.finished[n].poly)
            for n in self.trivial
            if not self.finished[n].formals
        }
        for name in self.program.targets():
            if self.program.tensors[name].role != "adjoint" or name not in live:
                continue
            if name in self.finished:
                definition = self.finished[name]
                emitter.write(name, definition.formals, definition.poly, self.equations[name][0].source)
            else:
                emitter.equations += [replace(e, body=e.body.xreplace(seeds)) for e in self.equations[name]]
        tensors: dict[str, TensorSpec] = {
            n: t for n, t in self.program.tensors.items() if t.role != "adjoint" or n in live
        }
        tensors.update(emitter.tensors)
        adjoints = {t: a for t, a in self.program.adjoints.items() if a in live}
        program = replace(
            self.program,
            tensors=tensors,
            equations=(*forward, *emitter.share_equations, *emitter.equations),
            adjoints=adjoints,
        )
        return Simplified(program, self._records(emitter), self._facts(emitter))

    def _records(self, emitter: Emitter) -> tuple[Rewrite, ...]:
        products = {**self.definitions.by_name, **{d.name: d for d in self.definitions.shares.values()}}
        recorder = Recorder(emitter, self.program.tensors, products)
        found: list[Rewrite] = []
        for name, form in self.candidates.items():
            formals = self.finished[name].formals
            spelled = frozenset(
                a.name for e in self.equations[name] for a in e.accesses
            )  # names that stood there already
            steps = [s for s in form.steps if s.subject not in spelled]
            found += recorder.records(name, formals, form.events, steps, self.finished[name].poly)
        return tuple(found)

    def _facts(self, emitter: Emitter) -> tuple[str, ...]:
        """The declared facts that were used, such as ``Σ_k Y[n,k] = 1``."""
        found: dict[str, None] = {}
        for form in self.candidates.values():
            for event in (*form.events, *(e for step in form.steps for e in step.events)):
                if event.name == "declared fact":
                    found[f"{emitter.record_writer().poly(event.before)} = 1"] = None
        return tuple(found)

    def _live(self) -> set[str]:
        live: set[str] = set()
        stack = [*self.wanted, *self.kept]
        while stack:
            name = stack.pop()
            if name in live or name not in self.equations:
                continue
            live.add(name)
            stack += sorted(self._reads(name))
        return live

    def _reads(self, name: str) -> frozenset[str]:
        if name in self.finished:
            return names_of(self.finished[name].poly)
        return frozenset(a.name for e in self.equations[name] for a in e.accesses)


def _never(name: str) -> bool:
    return False
