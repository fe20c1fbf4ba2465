"""The derivatives that a trace has formed, under the final names of the model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Equation, Origin, Program, exchange
from symnet.declare.names import renamed, renamed_body
from symnet.declare.sizes import settled
from symnet.declare.tracing.trace import Formed, Trace
from symnet.model import Inner
from symnet.naming import Namer
from symnet.simplify.facts import Fact
from symnet.simplify.rewrites import Rewrite, with_names

Names = Mapping[str, str]


def inner_derivatives(trace: Trace, names: Names, model: Program) -> Iterator[Inner]:
    """Each derivative of which the recorded model holds a result, or another such derivative; a tensor that the model
    does not have gets a free name."""
    sizes = (str(s) for t in model.tensors.values() for size in t.shape for s in size.free_symbols)
    namer, called = Namer((*names.values(), *sizes)), dict(names)
    for formed in _held(trace, model):
        inner, table = formed.inner, dict[str, str]()
        for spoken in dict.fromkeys((*inner.forward.tensors, *inner.raw.tensors, *inner.program.tensors)):
            key = formed.private.get(spoken, "")
            table[spoken] = called.get(key) or namer.take(_wish(inner, spoken, table))
            if key:
                called[key] = table[spoken]
        told = None if trace.mode is None else trace.mode.spec.name
        mode = next((n for n, k in formed.private.items() if k == told), None)
        yield _named(trace, replace(inner, results={a: called[k] for a, k in inner.results.items()}), table, mode)


def _wish(inner: Inner, spoken: str, table: Names) -> str:
    """A name for a tensor that the model does not have: an adjoint is called after its tensor's name in the model."""
    tensor = next((t for t, adjoint in inner.raw.adjoints.items() if adjoint == spoken), None)
    if tensor is None:
        return re.sub(r"(?<=\w)_\d+$", "", spoken)
    lead, found, _ = spoken.partition(f"_{tensor}")
    return f"{table[tensor]}_dot" if inner.kind == "tangent" else f"{lead}_{table[tensor]}" if found else spoken


def _held(trace: Trace, model: Program) -> list[Formed]:
    """The derivatives that the model rests on, in the order in which they were formed."""
    wanted, found = set(model.tensors), list[Formed]()
    for formed in reversed(trace.derivatives):
        if formed.told and not wanted.isdisjoint(formed.inner.results.values()):
            found.append(formed)
            wanted.update(formed.private[n] for n in formed.inner.forward.tensors if n in formed.private)
    return found[::-1]


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
        reason=with_names(rewrite.reason, names),
        children=tuple(_rewrite(c, names) for c in rewrite.children),
        terms=tuple(renamed_body(t, names) for t in rewrite.terms),
    )


def _fact(fact: Fact, names: Names) -> Fact:
    before, after = (renamed_body(side, names) for side in fact.sides)
    reason = with_names(fact.reason, names)
    return replace(fact, before=before, after=after, reason=reason, steps=tuple(names[s] for s in fact.steps))
