"""The derivatives that a trace has formed, under the final names of the model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import sympy as sp

from symnet.calculus.facts import Fact
from symnet.calculus.ir import Access, Equation, Origin, Program, exchange
from symnet.calculus.rewrites import Rewrite
from symnet.declare.names import renamed, renamed_body
from symnet.declare.sizes import settled
from symnet.declare.trace import Trace
from symnet.model import Inner
from symnet.naming import Namer

Names = Mapping[str, str]


def inner_derivatives(trace: Trace, names: Names, model: Program) -> Iterator[Inner]:
    """Each derivative of which the recorded model holds a result; a tensor that it does not have gets a free name."""
    sizes = (str(s) for t in model.tensors.values() for size in t.shape for s in size.free_symbols)
    namer = Namer((*names.values(), *sizes))
    for formed in trace.derivatives:
        inner, found = formed.inner, {a: names.get(key, "") for a, key in formed.inner.results.items()}
        if formed.told and not {*formed.inner.results.values()}.isdisjoint(model.tensors):
            own = dict.fromkeys((*inner.forward.tensors, *inner.raw.tensors, *inner.program.tensors))
            table = {n: names.get(formed.private.get(n, "")) or namer.take(n) for n in own}
            key = None if trace.mode is None else trace.mode.spec.name
            mode = next((n for n, k in formed.private.items() if k == key), None)
            yield _named(trace, replace(inner, results=found), table, mode)


def _named(trace: Trace, inner: Inner, names: Names, mode: str | None) -> Inner:
    forward, raw, program = (_program(trace, p, names, mode) for p in (inner.forward, inner.raw, inner.program))
    return replace(
        inner,
        outputs=tuple((names[o], w and names[w]) for o, w in inner.outputs),
        inputs=tuple(names[i] for i in inner.inputs),
        results={names[a]: name for a, name in inner.results.items()},
        forward=forward,
        raw=raw,
        program=program,
        tangents={names[i]: names[w] for i, w in inner.tangents.items()},
        rewrites=tuple(_rewrite(r, names) for r in inner.rewrites),
        facts=tuple(_fact(f, names) for f in inner.facts),
    )


def _program(trace: Trace, program: Program, names: Names, mode: str | None) -> Program:
    """The program under other names, as it is while a script trains: ``mode`` is 1."""
    fixed = settled(trace, program)
    table = {Access(mode): sp.S.One} if mode is not None else {}
    equations = (replace(e, body=exchange(e.body, table)) if table else e for e in fixed.equations)
    tensors = {names[n]: replace(t, name=names[n]) for n, t in fixed.tensors.items() if n != mode}
    adjoints = {names[t]: names[a] for t, a in program.adjoints.items()}
    named = tuple(_equation(e, names) for e in equations)
    return replace(fixed, tensors=tensors, equations=named, loss=names[program.loss], adjoints=adjoints)


def _equation(equation: Equation, names: Names) -> Equation:
    origin = equation.origin
    if origin is not None and origin.access is not None:
        derivative = None if origin.derivative is None else renamed_body(origin.derivative, names)
        origin = Origin(origin.equation, renamed_body(origin.access, names), derivative)
    return replace(renamed(equation, names), origin=origin)


def _rewrite(rewrite: Rewrite, names: Names) -> Rewrite:
    return replace(
        rewrite,
        tensor=names[rewrite.tensor],
        before=renamed_body(rewrite.before, names),
        after=renamed_body(rewrite.after, names),
        children=tuple(_rewrite(c, names) for c in rewrite.children),
        terms=tuple(renamed_body(t, names) for t in rewrite.terms),
    )


def _fact(fact: Fact, names: Names) -> Fact:
    before, after = (renamed_body(side, names) for side in fact.sides)
    return replace(fact, before=before, after=after, steps=tuple(names[s] for s in fact.steps))
