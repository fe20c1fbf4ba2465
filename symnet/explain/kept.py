"""Axes of size 1 that only keep a place, as after ``keepdim=True``: left out of what is printed.

``mu[n,0]`` says no more than ``mu[n]``.  Shapes are told as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import sympy as sp

from symnet.calculus.ir import GIVEN, Access, Equation, Index, Program, TensorSpec, atoms
from symnet.model import Derivation, Inner
from symnet.simplify.facts import Fact
from symnet.simplify.rewrites import Rewrite, Total

T = TypeVar("T")
Places = Mapping[str, frozenset[int]]


def without_kept_axes(derivation: Derivation) -> Derivation:
    """The derivation with every axis gone that has size 1 and is read at 0 beside longer ones."""
    axes = _Axes(derivation)
    places = axes.places()
    if not places:
        return derivation
    forward, raw, simplified = (_squeezed(p, places) for p in axes.programs[:3])
    model = replace(derivation.model, program=forward, inner=tuple(_inner(i, places) for i in derivation.model.inner))
    return replace(
        derivation,
        model=model,
        raw=raw,
        program=simplified,
        rewrites=tuple(_rewrite(r, places) for r in derivation.rewrites),
        facts=tuple(_fact(f, places) for f in derivation.facts),
    )


def _inner(inner: Inner, places: Places) -> Inner:
    return replace(
        inner,
        forward=_squeezed(inner.forward, places),
        raw=_squeezed(inner.raw, places),
        program=_squeezed(inner.program, places),
        rewrites=tuple(_rewrite(r, places) for r in inner.rewrites),
        facts=tuple(_fact(f, places) for f in inner.facts),
    )


Axis = tuple[str, int]  # a tensor and the place of one of its axes


class _Axes:
    """The axes of size 1 in classes: two are alike if one index runs along both, or the tensors are adjoint."""

    def __init__(self, derivation: Derivation) -> None:
        inner = derivation.model.inner
        parts = (p for i in inner for p in (i.forward, i.raw, i.program))
        self.programs: tuple[Program, ...] = (derivation.model.program, derivation.raw, derivation.program, *parts)
        specs = {n: spec for p in self.programs for n, spec in p.tensors.items()}
        single = [(n, k) for n, spec in specs.items() for k, size in enumerate(spec.shape) if size == 1]
        self.alike: dict[Axis, Axis] = {axis: axis for axis in single}
        self.stretched: set[Axis] = set()  # read at 0 beside a longer axis, as a tensor that kept its axes is
        self.used: set[Axis] = set()  # declared so, or read at another address than 0 or an index of its own
        self.used |= {(n, k) for n, k in single if specs[n].role in GIVEN}
        for number, program in enumerate(self.programs):
            for equation in program.equations:
                self._enter(equation, number == 0)
        pairs = [(t, a) for p in (derivation.raw, *(i.raw for i in inner)) for t, a in p.adjoints.items()]
        for tensor, adjoint in pairs:
            if tensor in specs and adjoint in specs:
                lead = specs[adjoint].rank - specs[tensor].rank  # of a Jacobian, the axes of the output
                for k in range(specs[tensor].rank):
                    if (tensor, k) in self.alike and (adjoint, lead + k) in self.alike:
                        self._join([(tensor, k), (adjoint, lead + k)])

    def places(self) -> Places:
        """The places of the axes that only keep a place, by the name of the tensor."""
        stretched, used = ({self._first(axis) for axis in axes} for axes in (self.stretched, self.used))
        found: dict[str, set[int]] = {}
        for name, place in self.alike:
            if self._first((name, place)) in stretched - used:
                found.setdefault(name, set()).add(place)
        return {name: frozenset(places) for name, places in found.items()}

    def _enter(self, equation: Equation, forward: bool) -> None:
        met: dict[sp.Expr, list[Axis]] = {index: [] for index in equation.indices if index.size == 1}
        for k, index in enumerate(equation.left):
            if index in met:
                met[index].append((equation.target, k))
        bare = equation.body.xreplace(dict.fromkeys(equation.accesses, sp.S.One))
        elsewhere = atoms(bare, Index).union(*(atoms(g, Index) for g in equation.guard))
        for read in equation.accesses:
            for k, address in enumerate(read.addresses):
                axis = (read.name, k)
                if address in met:
                    met[address].append(axis)
                elif axis in self.alike and address != 0:
                    self.used.add(axis)
                elif axis in self.alike and forward:
                    self.stretched.add(axis)
                elsewhere |= atoms(address, Index) if address not in met else set()
        for index, axes in met.items():
            self._join([a for a in axes if a in self.alike])
            if index in elsewhere or any(a not in self.alike for a in axes):
                self.used.update(a for a in axes if a in self.alike)

    def _join(self, axes: list[Axis]) -> None:
        for axis in axes[1:]:
            self.alike[self._first(axis)] = self._first(axes[0])

    def _first(self, axis: Axis) -> Axis:
        while self.alike[axis] != axis:
            axis = self.alike[axis]
        return axis


def _squeezed(program: Program, places: Places) -> Program:
    tensors = {n: _spec(s, places.get(n, frozenset())) for n, s in program.tensors.items()}
    return program.with_equations((_equation(e, places) for e in program.equations), tensors)


def _spec(spec: TensorSpec, gone: frozenset[int]) -> TensorSpec:
    return replace(spec, shape=_others(spec.shape, gone)) if gone else spec


def _equation(equation: Equation, places: Places) -> Equation:
    origin = equation.origin
    if origin is not None and origin.access is not None:
        derivative = None if origin.derivative is None else _expression(origin.derivative, places)
        origin = replace(origin, access=_expression(origin.access, places), derivative=derivative)
    body = _expression(equation.body, places)
    left = _others(equation.left, places.get(equation.target, frozenset()))
    there = atoms(body, Index)
    return replace(
        equation,
        left=left,
        body=body,
        reduced=tuple(i for i in equation.reduced if i.size != 1 or i in there),
        guard=frozenset(_expression(g, places) for g in equation.guard),
        origin=origin,
    )


def _rewrite(rewrite: Rewrite, places: Places) -> Rewrite:
    return replace(
        rewrite,
        left=_others(rewrite.left, places.get(rewrite.tensor, frozenset())),
        before=_expression(rewrite.before, places),
        after=_expression(rewrite.after, places),
        children=tuple(_rewrite(c, places) for c in rewrite.children),
        terms=tuple(_expression(t, places) for t in rewrite.terms),
    )


def _fact(fact: Fact, places: Places) -> Fact:
    return replace(fact, before=_expression(fact.before, places), after=_expression(fact.after, places))


def _expression(expression: sp.Expr, places: Places) -> sp.Expr:
    table: dict[sp.Basic, sp.Basic] = {}
    for read in atoms(expression, Access):
        gone = places.get(read.name)
        if gone:
            table[read] = read.func(read.args[0], *_others(read.addresses, gone))
    squeezed = expression.xreplace(table) if table else expression
    alone = {t: t.body for t in atoms(squeezed, Total) if all(_is_gone(i, t.body) for i in t.indices)}
    return squeezed.xreplace(alone)


def _is_gone(index: Index, body: sp.Expr) -> bool:
    return bool(index.size == 1) and index not in atoms(body, Index)


def _others(items: tuple[T, ...], gone: frozenset[int]) -> tuple[T, ...]:
    return tuple(item for k, item in enumerate(items) if k not in gone)
