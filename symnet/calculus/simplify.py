"""Closed forms: the adjoint equations of a derived program rewritten as a person would write them.

Each adjoint is brought to the normal form twice: over the adjoints before it by name, and with products and row sums
put in; both are improved by the judged moves, and the cheaper one stays.  Forward equations stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus.adjoints import Adjoints
from symnet.calculus.emit import Emitter
from symnet.calculus.ir import Access, Index, Program, TensorSpec, sort_key
from symnet.calculus.loops import sorted_by_need
from symnet.calculus.records import Recorder
from symnet.calculus.rewrites import Rewrite
from symnet.calculus.steps import Steps
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
    adjoints = Adjoints(program, sizes)
    adjoints.run()
    steps = Steps(adjoints)
    steps.put_in_pointwise()
    steps.show_values()
    return _written(adjoints)


def _written(adjoints: Adjoints) -> Simplified:
    integers = frozenset(t.name for t in adjoints.program.tensors.values() if t.integer)
    emitter = Emitter(
        adjoints.sums,
        integers,
        Namer(adjoints.program.tensors),
        {d.name: d for d in adjoints.definitions.shares.values()},
    )
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
    program = sorted_by_need(program, len(forward))
    return Simplified(program, _records(adjoints, emitter), _facts(adjoints, emitter))


def _helpers(program: Program) -> set[str]:
    """The tensors that the one rule added, such as the count of ties of a maximum: they stand among the adjoints."""
    first = next((k for k, e in enumerate(program.equations) if program.tensors[e.target].role == "adjoint"), 0)
    after = {e.target for e in program.equations[first:] if program.tensors[e.target].role == "intermediate"}
    return after - {e.target for e in program.equations[:first]}


def _records(adjoints: Adjoints, emitter: Emitter) -> tuple[Rewrite, ...]:
    recorder = Recorder(emitter, adjoints.program.tensors)
    found: list[Rewrite] = []
    for name, form in adjoints.candidates.items():
        formals = adjoints.finished[name].formals
        spelled = frozenset(
            a.name for e in adjoints.equations[name] for a in e.accesses
        )  # names that stood there already
        steps = [s for s in form.steps if s.subject not in spelled]
        found += recorder.records(name, formals, form.events, steps, adjoints.finished[name].poly)
    return tuple(found)


def _facts(adjoints: Adjoints, emitter: Emitter) -> tuple[str, ...]:
    """The declared facts that were used, such as ``Σ_k Y[n,k] = 1``."""
    found: dict[str, None] = {}
    for form in adjoints.candidates.values():
        for event in (*form.events, *(e for step in form.steps for e in step.events)):
            if event.name == "declared fact":
                found[f"{_lettered(emitter.record_writer().poly(event.before))} = 1"] = None
    return tuple(found)


def _lettered(expression: sp.Expr) -> sp.Expr:
    """The expression with a letter of its own for each index; the first of a name keeps it."""
    letters: dict[str, Index] = {}
    names: dict[sp.Basic, sp.Basic] = {}
    for index in sorted(expression.atoms(Index), key=sort_key):
        letter = next(c for c in (index.name, *"ijkmnpqrstuv", f"i{index.serial}") if c not in letters)
        letters[letter] = names[index] = index if letter == index.name else Index(letter, index.size)
    return expression.xreplace(names)
