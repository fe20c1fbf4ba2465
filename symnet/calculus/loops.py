"""Recurrences: tensors that depend on themselves at another time are computed in one loop over time.

    h[s,n,k] += δ(s,0) h0[n,k]
    z[t,n,k] += Σ_j h[t,n,j] U[j,k]
    h[s,n,k] += Σ_t δ(s,t+1) tanh(z[t,n,k])

No equation is special: h and z are a strongly connected component of the dependency graph, and its loop is read off
the addresses.  What has no path to itself through time is no part of the component and stands outside of the loop.

Sources: Karp, Miller & Winograd, The organization of computations for uniform recurrence equations, J. ACM 14 (1967);
Tarjan, Depth-first search and linear graph algorithms, SIAM J. Comput. 1 (1972).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import sympy as sp

from symnet.calculus.ir import Access, Delta, Equation, Index, Program, atoms
from symnet.calculus.products import factors, product, split_at_deltas
from symnet.calculus.ranges import lies_within
from symnet.errors import InvariantError


@dataclass(frozen=True)
class Step:
    """What one equation adds at time t; ``places`` are its indices that move with time, each at t + its offset."""

    equation: Equation
    places: Mapping[Index, sp.Expr]

    def at(self, time: int) -> dict[Index, int]:
        """The number of every index that time fixes."""
        return {index: time + int(offset) for index, offset in self.places.items()}


@dataclass(frozen=True)
class Loop:
    """The tensors of one component.  ``before`` is added first, for all times; then time runs over 0..size-1.

    ``axes`` is the time axis of each tensor; ``steps`` stand in the order in which they run within one step.
    """

    axes: Mapping[str, int]
    size: sp.Expr
    backward: bool
    before: tuple[Equation, ...]
    steps: tuple[Step, ...]

    @cached_property
    def tensors(self) -> frozenset[str]:
        return frozenset(self.axes)


def components(program: Program) -> tuple[frozenset[str], ...]:
    """The sets of tensors that depend on themselves through each other, in the order of their first equations."""
    if in_order(program):
        return ()
    graph = {name: sorted(r for r in program.reads(name) if program.defining(r)) for name in program.targets()}
    place = {name: k for k, name in reversed(list(enumerate(e.target for e in program.equations)))}
    found = [c for c in _strongly_connected(graph) if len(c) > 1 or any(n in graph[n] for n in c)]
    return tuple(sorted(found, key=lambda c: min(place[n] for n in c)))


def in_order(program: Program) -> bool:
    """Whether each tensor is complete before it is read, so that there is no recurrence."""
    last = {e.target: k for k, e in enumerate(program.equations)}
    return all(last.get(a.name, -1) < k for k, e in enumerate(program.equations) for a in e.read)


def sorted_by_need(program: Program, done: int = 0) -> Program:
    """The program with its equations from the number ``done`` on each after everything that it reads, but for
    recurrences; an order that is right already stays."""
    group = {name: component for component in components(program) for name in component}
    if not group:
        return program
    missing: dict[str, int] = {}
    for equation in program.equations:
        missing[equation.target] = missing.get(equation.target, 0) + 1
    for equation in program.equations[:done]:
        missing[equation.target] -= 1
    ordered, waiting = list(program.equations[:done]), list(program.equations[done:])
    while waiting:
        later: list[Equation] = []
        for equation in waiting:
            own = group.get(equation.target, frozenset[str]())
            needs = (n for a in equation.read if a.name not in own for n in group.get(a.name, (a.name,)))
            if any(missing.get(n) for n in needs):
                later.append(equation)
                continue
            missing[equation.target] -= 1
            ordered.append(equation)
        waiting = later
    return program.with_equations(ordered)


def _strongly_connected(graph: Mapping[str, Sequence[str]]) -> Iterator[frozenset[str]]:
    """Tarjan's components without recursion: the models of some people are deep."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    for root in graph:
        work = [(root, iter(graph[root]))] if root not in number else []
        while work:
            node, following = work[-1]
            if node not in number:
                number[node] = low[node] = len(number)
                stack.append(node)
            child = next(following, None)
            if child is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    place = stack.index(node)
                    yield frozenset(stack[place:])
                    for name in stack[place:]:
                        low[name] = len(graph)
                    del stack[place:]
            elif child not in number:
                work.append((child, iter(graph[child])))
            else:
                low[node] = min(low[node], low[child])


def loops_of(program: Program) -> tuple[Loop, ...]:
    """The loop of each component.  Raises InvariantError where time does not order it."""
    return tuple(_loop(program, component) for component in components(program))


@dataclass(frozen=True)
class _Timed:
    """One contribution inside a component: where it writes and reads in time, relative to the index ``time``."""

    equation: Equation
    time: Index
    places: Mapping[Index, sp.Expr]
    writes: sp.Expr
    reads: tuple[tuple[str, sp.Expr], ...]


def _loop(program: Program, component: frozenset[str]) -> Loop:
    before: list[Equation] = []
    inner: list[Equation] = []
    for equation in program.equations:
        if equation.target in component:
            outside, inside = _apart(equation, component)
            before += outside
            inner += inside
    reasons: list[str] = []
    first = inner[0].target
    for axis in range(program.tensors[first].rank):
        try:
            axes, timed = _timed(inner, {first: axis})
            sizes = {sp.expand(t.time.size) for t in timed}
            if len(sizes) > 1:
                raise InvariantError(f"its parts run over different times {sorted(map(str, sizes))}")
            backward, ordered = _ordered(timed)
        except InvariantError as reason:
            reasons.append(str(reason))
            continue
        steps = tuple(Step(t.equation, t.places) for t in ordered)
        return Loop({n: axes[n] for n in sorted(axes)}, ordered[0].time.size, backward, tuple(before), steps)
    message = f"{first} is read before it is complete, and no axis orders {', '.join(sorted(component))} in time"
    raise InvariantError(f"{message}: {'; '.join(reasons)}")


def _apart(equation: Equation, component: frozenset[str]) -> tuple[list[Equation], list[Equation]]:
    """The parts of one equation that read nothing of the component, and those that do, one for each place in time."""

    def inside(expression: sp.Expr) -> bool:
        return any(a.name in component for a in atoms(expression, Access))

    if not any(a.name in component for a in equation.accesses):
        return [equation], []
    if equation.op != "+" or any(map(inside, equation.guard)):
        return [], [equation]
    before: list[Equation] = []
    steps: list[Equation] = []
    for coefficient, deltas in split_at_deltas(equation.body):
        terms = sp.Add.make_args(coefficient)
        for wanted, found in ((False, before), (True, steps)):
            chosen = [t for t in terms if inside(t) == wanted]
            if chosen:
                body = coefficient if len(chosen) == len(terms) else sp.Add(*chosen)
                found.append(replace(equation, body=product([body, *deltas])))
    return before, steps


def _timed(equations: Sequence[Equation], known: dict[str, int]) -> tuple[dict[str, int], list[_Timed]]:
    """The time axis of every tensor, found from that of one, and every contribution in terms of time."""
    axes = dict(known)
    components = {e.target for e in equations}
    classes = [_moving_together(e) for e in equations]
    grown = True
    while grown:
        grown = False
        for equation, classed in zip(equations, classes, strict=True):
            inner = [a for a in equation.accesses if a.name in components]
            rows = [(equation.target, equation.left), *((a.name, a.addresses) for a in inner)]
            roots = {_place(classed, r[axes[n]])[0] for n, r in rows if n in axes} - {None}
            for name, row in rows:
                found = [k for k, a in enumerate(row) if _place(classed, a)[0] in roots]
                if name not in axes and len(found) == 1:
                    axes[name] = found[0]
                    grown = True
    if set(axes) != components:
        raise InvariantError(f"{', '.join(sorted(components - set(axes)))} has no time axis")
    return axes, [_in_time(e, c, axes) for e, c in zip(equations, classes, strict=True)]


Classes = Mapping[Index, tuple[Index, sp.Expr]]  # index -> the representative of those that move with it, and offset


def _moving_together(equation: Equation) -> Classes:
    """The indices that the deltas of a product tie to each other: ``δ(s, t+1)`` says s = t + 1."""
    classes: dict[Index, tuple[Index, sp.Expr]] = {i: (i, sp.S.Zero) for i in equation.indices}
    for delta in dict.fromkeys(f for f in factors(equation.body) if isinstance(f, Delta)):
        (a, x), (b, y) = (_place(classes, side) for side in delta.args)
        if a is None or b is None or a == b:
            continue
        for index, (root, offset) in classes.items():  # a + x = b + y, so a = b + (y - x)
            if root == a:
                classes[index] = (b, sp.expand(offset + y - x))
    return classes


def _place(classes: Classes, address: sp.Expr) -> tuple[Index | None, sp.Expr]:
    """The address as representative + offset; None for one that is no index plus a constant."""
    indices = atoms(address, Index)
    if len(indices) != 1 or atoms(address, Access):
        return None, address
    (index,) = indices
    rest = sp.expand(address - index)
    if rest.has(Index) or index not in classes:
        return None, address
    root, offset = classes[index]
    return root, sp.expand(offset + rest)


def _in_time(equation: Equation, classes: Classes, axes: Mapping[str, int]) -> _Timed:
    root, writes = _place(classes, equation.left[axes[equation.target]])
    members = {i: offset for i, (r, offset) in classes.items() if r == root}
    for time, shift in members.items():
        places = {i: sp.expand(offset - shift) for i, offset in members.items()}
        if all(o.is_Integer and lies_within(time + o, i.size, ()) for i, o in places.items()):
            break
    else:
        raise InvariantError(f"no index of {equation} runs over its time alone")
    reads: list[tuple[str, sp.Expr]] = []
    for access in equation.accesses:
        if access.name in axes:
            other, offset = _place(classes, access.addresses[axes[access.name]])
            if other != root:
                raise InvariantError(f"the time of {access} in {equation} is not that of the left side plus a number")
            reads.append((access.name, sp.expand(offset - shift)))
    return _Timed(equation, time, places, sp.expand(writes - shift), tuple(reads))


def _ordered(timed: Sequence[_Timed]) -> tuple[bool, list[_Timed]]:
    """Whether time runs backward, and the contributions in an order in which each step has what it reads."""
    distances: list[tuple[int, int, sp.Expr]] = []  # (reader, writer, how many steps after it)
    for reader, one in enumerate(timed):
        for name, offset in one.reads:
            for writer, other in enumerate(timed):
                if other.equation.target == name:
                    distances.append((reader, writer, sp.expand(other.writes - offset)))
    for backward in (False, True):
        if all(d.is_Integer and (d <= 0 if backward else d >= 0) for _, _, d in distances):
            before = {k: {w for r, w, d in distances if r == k and d == 0} for k in range(len(timed))}
            done: list[int] = []
            while len(done) < len(timed):
                ready = [k for k in before if k not in done and before[k] <= set(done)]
                if not ready:
                    raise InvariantError(f"{timed[0].equation.target} at one time depends on itself at the same time")
                done.append(ready[0])
            return backward, [timed[k] for k in done]
    raise InvariantError(f"{timed[0].equation.target} depends on itself at earlier and at later times")
