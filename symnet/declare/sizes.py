"""Named sizes whose numbers a word has used: from then on the model holds for that number only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Equation, Index, Program, TensorSpec
from symnet.calculus.labels import Bounded
from symnet.declare.tracing.trace import Trace


def settle(trace: Trace) -> None:
    """Every fixed size replaced by its number, in all that the trace has recorded."""
    table = {symbol: sp.Integer(trace.sizes[symbol]) for symbol in trace.fixed}
    if not table:
        return
    for name, spec in trace.specs.items():
        trace.specs[name] = _spec(spec, table)
    for name, declared in trace.declared.items():
        if declared.classes is not None:
            trace.declared[name] = replace(declared, classes=declared.classes.xreplace(table))
    trace.equations[:] = [_settled(e, table) for e in trace.equations]


def settled(trace: Trace, program: Program) -> Program:
    """A program of the trace with the numbers of the sizes that are fixed so far."""
    table = {symbol: sp.Integer(trace.sizes[symbol]) for symbol in trace.fixed}
    tensors = {n: _spec(t, table) for n, t in program.tensors.items()}
    return program.with_equations((_settled(e, table) for e in program.equations), tensors) if table else program


def _spec(spec: TensorSpec, table: Mapping[sp.Symbol, sp.Expr]) -> TensorSpec:
    classes = None if spec.classes is None else spec.classes.xreplace(table)
    return replace(spec, shape=tuple(s.xreplace(table) for s in spec.shape), classes=classes)


def _settled(equation: Equation, table: Mapping[sp.Symbol, sp.Expr]) -> Equation:
    known = {i: Index(i.name, i.size.xreplace(table)) for i in equation.indices if i.size.has(*table)}
    renamed = equation.renamed({i: known.get(i, i) for i in equation.indices})
    labels = {b: Bounded(b.name, b.below.xreplace(table)) for b in renamed.body.atoms(Bounded)}
    guard = frozenset(g.xreplace({**table, **labels}) for g in renamed.guard)
    return replace(renamed, body=renamed.body.xreplace({**table, **labels}), guard=guard)
