"""Recurrences: a step is written once for one time and becomes equations for all times.

The step runs once on tensors that stand for one time.  Every equation that it records gets the time as its first
index, unless it depends neither on the inputs nor on the state; a new state is written one place after the old one:

    h[s] += δ(s, 0) h0,        h[s] += Σ_t δ(s, t+1) f(x[t], h[t])
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from symnet.calculus.ir import Access, Delta, Equation, Index, access
from symnet.declare.functions.masks import full
from symnet.declare.tracing.constants import constant_of, is_array
from symnet.declare.tracing.primitives import number, readdressed, shape_table, show
from symnet.declare.tracing.tensor import Tensor, require_tensor
from symnet.declare.tracing.trace import Term, Trace, current


def scan(
    step: Callable[..., Any],
    inputs: Tensor | Sequence[Tensor],
    state: Tensor | Sequence[Tensor],
    reverse: bool = False,
) -> Any:
    """Every state of a recurrence: ``step(x, h)`` is called once, for one time, and returns the next h.

    x[T,...] and h0[...] give h[T,...] with ``h[t] = step(x[t], h[t-1])``, h0 before the first; with ``reverse`` time
    runs from T-1 to 0.  An array or a number is a constant.  Several inputs and states stand one after the other,
    ``step(x, y, h, c)``; what it returns after the new states is collected over time as well.  A step without inputs
    has none to say how often it runs.

    Source: the states as jax.lax.scan stacks them; the arguments are separate here.
    """
    xs = tuple(_given(x) for x in (inputs if isinstance(inputs, list | tuple) else (inputs,)))
    states = tuple(_given(h) for h in (state if isinstance(state, list | tuple) else (state,)))
    trace = current()
    if any(t.broken for t in (*xs, *states)) or not _one_time(trace, xs, states):
        return _alone([xs[0].as_broken() if xs else states[0].as_broken() for _ in states])
    work = _Scan(trace, xs, states, Index("t", xs[0].shape[0]), reverse)
    results = work.run(step)
    if results is None:
        return _alone([xs[0].as_broken() for _ in states])
    return _alone(work.lifted(results))


def _given(value: Any) -> Tensor:
    if not is_array(value):
        return require_tensor(value if number(value) is None else full((), value), "scan")
    return require_tensor(constant_of(current(), value), "scan")


def _alone(values: list[Tensor]) -> Any:
    if len(values) == 1:
        return values[0]
    for position, tensor in enumerate(values):
        tensor.own_trace.positions[tensor.spec.name] = position
    return tuple(values)


def _one_time(trace: Trace, xs: tuple[Tensor, ...], states: tuple[Tensor, ...]) -> bool:
    if not xs or not states:
        missing = "an input" if not xs else "a state"
        trace.fail("SN107", f"scan needs {missing}", help=("sn.scan(step, x, h0)",))
        return False
    if any(not x.ndim for x in xs) or len({x.shape[:1] for x in xs}) > 1:
        message = "the first axis of every input of scan is the time, of one size"
        trace.fail("SN103", message, table=shape_table(trace, xs))
        return False
    return True


@dataclass
class _Scan:
    """One step on its way to all times."""

    trace: Trace
    inputs: tuple[Tensor, ...]
    states: tuple[Tensor, ...]
    time: Index
    reverse: bool

    def run(self, step: Callable[..., Any]) -> tuple[Tensor, ...] | None:
        """What the step returns for one time; its equations are in ``self.recorded``."""
        trace, first = self.trace, len(self.trace.equations)
        self.now = tuple(self._at_one_time(x, x.shape[1:]) for x in self.inputs)
        self.old = tuple(self._at_one_time(h, h.shape) for h in self.states)
        trace.begun.append(int((*self.now, *self.old)[0].spec.name[1:]))
        inner = len(trace.derivatives)
        returned = step(*self.now, *self.old)
        trace.begun.pop()
        trace.derivatives[inner:] = [replace(formed, told=False) for formed in trace.derivatives[inner:]]
        results = tuple(returned) if isinstance(returned, list | tuple) else (returned,)
        self.recorded = trace.equations[first:]
        del trace.equations[first:]
        for value in results:
            require_tensor(value, "what the step of scan returns")
        if any(r.broken for r in results):
            return None
        if len(results) < len(self.states) or any(
            not trace.same_shape(r.shape, h.shape) for r, h in zip(results, self.states, strict=False)
        ):
            found = ", ".join(show(r.shape) for r in results)
            wanted = ", ".join(show(h.shape) for h in self.states)
            help = ("return the new states in the order of the old ones, each with the shape of the old one",)
            trace.fail("SN103", f"the step of scan returns {found}, its states are {wanted}", help=help)
            return None
        return results

    def _at_one_time(self, tensor: Tensor, shape: tuple[sp.Expr, ...]) -> Tensor:
        spec = self.trace.new_spec(shape, "intermediate", tensor.spec.classes)
        if tensor.spec.name in self.trace.declared:
            self.trace.declared[spec.name] = self.trace.declared[tensor.spec.name]  # the classes of labels
        return Tensor(self.trace, spec)

    def lifted(self, results: tuple[Tensor, ...]) -> list[Tensor]:
        """The states, then what else the step returned, at all times."""
        size, count = self.time.size, len(self.states)
        shift = 0 if self.reverse else 1
        moving = self._moving()
        self.table: dict[str, tuple[str, int]] = {}  # name at one time -> name at all times, places after t
        for now, x in zip(self.now, self.inputs, strict=True):
            self.table[now.spec.name] = (x.spec.name, 0)
        self.kept = self._kept(results[:count], moving)
        for old, kept in zip(self.old, self.kept, strict=True):
            self.table[old.spec.name] = (kept, 1 - shift)
        for name in moving:
            self.table[name] = (name, shift if name in self.kept else 0)
        for name in dict.fromkeys((*self.kept, *moving)):
            spec = self.trace.specs[name]
            self.trace.specs[name] = replace(spec, shape=(size + 1 if name in self.kept else size, *spec.shape))
        for kept, first in zip(self.kept, self.states, strict=True):
            self._begin(kept, first)
        for equation in self.recorded:
            self.trace.equations.append(self._over_time(equation, shift) if equation.target in moving else equation)
        for kept, result in zip(self.kept, results, strict=False):
            if kept != result.spec.name:
                self._copy(kept, result, shift)
        self._forget_single_times(moving)
        states = [self._read(self._tensor(kept), shift) for kept in self.kept]
        return [*states, *(self._collected(r) for r in results[count:])]

    def _moving(self) -> dict[str, None]:
        """The tensors of the step that depend on its inputs or its states."""
        moving = dict.fromkeys(t.spec.name for t in (*self.now, *self.old))
        for equation in self.recorded:
            if any(a.name in moving for a in equation.accesses):
                moving[equation.target] = None
        return dict.fromkeys(e.target for e in self.recorded if e.target in moving)

    def _kept(self, results: Sequence[Tensor], moving: Mapping[str, None]) -> tuple[str, ...]:
        """The tensor that holds each state at all times: the step's own result where it is a sum of its equations."""
        kept: list[str] = []
        for result, first in zip(results, self.states, strict=True):
            name = result.spec.name
            own = [e for e in self.recorded if e.target == name]
            if name in moving and name not in kept and all(e.op == "+" for e in own):
                self.trace.hints.setdefault(name, "h")
                kept.append(name)
            else:
                spec = self.trace.new_spec(first.shape, "intermediate")
                self.trace.hints[spec.name] = "h"
                kept.append(spec.name)
        return tuple(kept)

    def _over_time(self, equation: Equation, shift: int) -> Equation:
        time = Index("t", self.time.size)
        body = self._timed(equation.body, time)
        guard = frozenset(self._timed(g, time) for g in equation.guard)
        if equation.target not in self.kept:
            return replace(equation, left=(time, *equation.left), body=body, guard=guard)
        place = Index("s", self.time.size + 1)
        reduced = (time, *equation.reduced)
        body = body * Delta(place, time + shift)
        return replace(equation, left=(place, *equation.left), body=body, reduced=reduced, guard=guard)

    def _timed(self, expression: sp.Expr, time: Index) -> sp.Expr:
        """Every read of what moves gets the time in front."""
        if isinstance(expression, Access):
            addresses = [self._timed(a, time) for a in expression.addresses]
            if expression.name not in self.table:
                return expression.func(expression.args[0], *addresses)
            name, places = self.table[expression.name]
            return access(self.trace.specs[name], time + places, *addresses)
        if not expression.args or not expression.has(Access):
            return expression
        return expression.func(*(self._timed(a, time) for a in expression.args))

    def _begin(self, kept: str, first: Tensor) -> None:
        place = Index("s", self.time.size + 1)
        left = tuple(Index("i", size) for size in first.shape)
        start = self.time.size if self.reverse else sp.S.Zero
        self._define(kept, Term((place, *left), Delta(place, start) * first.read(left)))

    def _copy(self, kept: str, result: Tensor, shift: int) -> None:
        """A state that is no tensor of the step's own: an old state, an input, or what does not move."""
        place, time = Index("s", self.time.size + 1), Index("t", self.time.size)
        left = tuple(Index("i", size) for size in self.trace.specs[kept].shape[1:])
        body = self._timed(access(result.spec, *left), time)
        self._define(kept, Term((place, *left), Delta(place, time + shift) * body, (time,)))

    def _define(self, name: str, term: Term) -> None:
        self.trace.define(self.trace.specs[name], term)

    def _tensor(self, name: str) -> Tensor:
        return Tensor(self.trace, self.trace.specs[name])

    def _read(self, tensor: Tensor, places: int) -> Tensor:
        left = (Index("t", self.time.size), *(Index("i", size) for size in tensor.shape[1:]))
        return readdressed(tensor, left, (left[0] + places, *left[1:]))

    def _collected(self, result: Tensor) -> Tensor:
        """What the step returned beside its states, at all times."""
        if result.spec.name not in self.table:
            return _repeated(result, self.time.size)
        name, places = self.table[result.spec.name]
        return self._read(self._tensor(name), places)

    def _forget_single_times(self, moving: Mapping[str, None]) -> None:
        """A tensor of the step that is used after the scan means all times."""
        for single in (*self.now, *self.old):
            self.trace.specs.pop(single.spec.name)
            self.trace.declared.pop(single.spec.name, None)
            single.spec = self.trace.specs[self.table[single.spec.name][0]]
        for name in moving:
            self.trace.tensors[name].spec = self.trace.specs[name]


def _repeated(tensor: Tensor, size: sp.Expr) -> Tensor:
    left = tuple(Index("i", s) for s in (size, *tensor.shape))
    return readdressed(tensor, left, left[1:])
