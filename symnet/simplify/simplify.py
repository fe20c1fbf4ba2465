"""Closed forms: the adjoint equations of a derived program rewritten as a person would write them.

Each adjoint is brought to the normal form twice: over the adjoints before it by name, and with products and row sums
put in; both are improved by the judged moves, and the cheaper one stays.  Forward equations stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from symnet.calculus.ir import Access, Program, TensorSpec
from symnet.calculus.loops import sorted_by_need
from symnet.naming import Namer
from symnet.simplify.adjoints import Adjoints
from symnet.simplify.emit import Emitter
from symnet.simplify.facts import Fact, Facts, facts_proved, facts_used, known_facts, told
from symnet.simplify.parts import sum_in_parts
from symnet.simplify.records import Recorder
from symnet.simplify.rewrites import Rewrite
from symnet.simplify.steps import Steps


@dataclass(frozen=True)
class Simplified:
    """The program with simplified adjoints, the rewrites that a person may read, and the facts it rests on."""

    program: Program
    rewrites: tuple[Rewrite, ...]
    facts: tuple[Fact, ...]


def simplify(program: Program, sizes: Mapping[str, int | None], wanted: Iterable[str] = ()) -> Simplified:
    """The derived program with adjoints in closed form: equal values, the same inputs, names and gradients.

    ``sizes`` gives numbers to symbolic sizes for the cost model only; the result holds for every size.  Adjoints that
    no gradient needs are dropped, those of inputs and of the tensors ``wanted`` stay.  A target with a guard, a maximum
    or an unknown function stays as it is.
    """
    chosen, known = tuple(wanted), known_facts(program)
    adjoints, emitter = _run(program, sizes, known, chosen)
    short = _written(adjoints, emitter)

    def without(facts: Facts) -> Program:
        return _written(*_run(program, sizes, facts, chosen))

    facts = facts_used(program, known, short, without)
    rewrites = told(_records(adjoints, emitter), facts)
    return Simplified(short, rewrites, (*facts, *facts_proved(rewrites, program)))


def _run(
    program: Program, sizes: Mapping[str, int | None], facts: Facts, wanted: tuple[str, ...]
) -> tuple[Adjoints, Emitter]:
    adjoints = Adjoints(program, sizes, facts, wanted)
    adjoints.run()
    steps = Steps(adjoints)
    steps.put_in_pointwise()
    steps.show_values()
    sum_in_parts(adjoints)
    integers = {t.name: t.classes for t in program.tensors.values() if t.integer}
    shares = {d.name: d for d in adjoints.definitions.shares.values()}
    return adjoints, Emitter(adjoints.sums, integers, Namer.beside(program.tensors), shares)


def _written(adjoints: Adjoints, emitter: Emitter) -> Program:
    live = adjoints.live()
    dropped = {n for n in _helpers(adjoints.program) if n not in live}
    dropped |= {n for n, t in adjoints.program.tensors.items() if t.role == "adjoint" and n not in live}
    roles = {n: t.role for n, t in adjoints.program.tensors.items()}
    forward = [e for e in adjoints.program.equations if roles[e.target] != "adjoint" and e.target not in dropped]
    seeds = {
        Access(n): emitter.writer().poly(adjoints.finished[n].poly)
        for n in adjoints.trivial
        if not adjoints.finished[n].formals
    }
    for name in adjoints.program.targets():
        if roles[name] != "adjoint" or name not in live:
            continue
        if name in adjoints.finished:
            definition = adjoints.finished[name]
            emitter.write(name, definition.formals, definition.poly, adjoints.equations[name][0].source)
        else:
            emitter.equations += [replace(e, body=e.body.xreplace(seeds)) for e in adjoints.equations[name]]
    tensors: dict[str, TensorSpec] = {n: t for n, t in adjoints.program.tensors.items() if n not in dropped}
    tensors.update(emitter.tensors)
    left = {t: a for t, a in adjoints.program.adjoints.items() if a in live}
    program = replace(
        adjoints.program,
        tensors=tensors,
        equations=(*forward, *emitter.share_equations, *emitter.equations),
        adjoints=left,
    )
    return sorted_by_need(program, len(forward))


def _helpers(program: Program) -> set[str]:
    """The tensors that the one rule added, such as the count of ties of a maximum: they stand among the adjoints."""
    first = next((k for k, e in enumerate(program.equations) if program.tensors[e.target].role == "adjoint"), 0)
    after = {e.target for e in program.equations[first:] if program.tensors[e.target].role == "intermediate"}
    return after - {e.target for e in program.equations[:first]}


def _records(adjoints: Adjoints, emitter: Emitter) -> tuple[Rewrite, ...]:
    recorder = Recorder(emitter, adjoints.program, adjoints.moves.products, adjoints.costs)
    found: list[Rewrite] = []
    for name, form in adjoints.candidates.items():
        formals = adjoints.finished[name].formals
        spelled = frozenset(
            a.name for e in adjoints.equations[name] for a in e.accesses
        )  # names that stood there already
        steps = [s for s in form.steps if s.subject not in spelled]
        found += recorder.records(name, formals, form.events, steps, adjoints.finished[name].poly)
    return tuple(found)
