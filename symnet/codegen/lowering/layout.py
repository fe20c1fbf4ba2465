"""In which order the axes of a function's own tensors lie in memory: beside windows, the samples stand last.

    z[n,o,i,j] += Σ_cpq K[o,c,p,q] x[n,c,i+p,j+q]        becomes        z[o,i,j,n] += Σ_cpq K[o,c,p,q] x[c,i+p,j+q,n]

Windows and taps break a row of pixels into short runs, which NumPy visits one by one; with the samples last every run
has the length of the batch.  And a convolution is then one plain product ``K[o, c·p·q] columns[c·p·q, i·j·n]``, and so
are its two adjoints.

    z[n,i,m],  s[n,i] += Σ_m exp(z[n,i,m])             becomes        z[n,m,i],  s[n,i] += Σ_m exp(z[n,m,i])

A sum over the last axis visits a large array row by row; over the axis before it, NumPy adds whole rows to each other.
What is given and what is returned stays as the person declared it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import sympy as sp

from symnet.calculus.ir import Access, Delta, Equation, Index, Program, exchange
from symnet.calculus.loops import loops_of
from symnet.codegen.lowering.scales import Extents
from symnet.codegen.lowering.shapes import LARGE

Order = Callable[[tuple[Any, ...]], tuple[Any, ...]]  # another order of the axes

LEAST = 3  # axes of a tensor that is turned: with fewer, nothing slides over one beside samples and channels


def samples_last(program: Program, outputs: frozenset[str]) -> Program:
    """The same program with the samples last in the tensors of convolutions and in those that meet them place by place.

    ``outputs`` leave the function, so their axes stay.
    """
    turned = _turned_tensors(program) - outputs
    return _moved(program, turned, lambda axes: (*axes[1:], axes[0]))


def summed_before_last(
    program: Program, outputs: frozenset[str], sizes: Mapping[str, int | None]
) -> tuple[Program, frozenset[str]]:
    """The same program with the last two axes exchanged in large tensors that are reduced over the last, and in those
    that meet them place by place; and the names of these."""
    exchanged = _reduced_over_last(program, sizes) - outputs
    return _moved(program, exchanged, lambda axes: (*axes[:-2], axes[-1], axes[-2])), exchanged


def _moved(program: Program, names: frozenset[str], order: Order) -> Program:
    """The program with the axes of the named tensors in another order; guards hold no reads of real tensors."""
    tensors = {n: replace(t, shape=order(t.shape)) if n in names else t for n, t in program.tensors.items()}
    equations: list[Equation] = []
    for equation in program.equations:
        table = {a: a.func(a.args[0], *order(a.addresses)) for a in equation.accesses if a.name in names}
        left = order(equation.left) if equation.target in names else equation.left
        equations.append(replace(equation, left=left, body=exchange(equation.body, table)))
    return program.with_equations(equations, tensors)


def _own(program: Program) -> frozenset[str]:
    """The tensors whose axes may be moved; a step of a loop is one place in front."""
    timed = {name for loop in loops_of(program) for name in loop.tensors}
    own = {n for n, t in program.tensors.items() if t.role in ("intermediate", "adjoint") and t.rank >= LEAST}
    return frozenset(own - timed)


def _reduced_over_last(program: Program, sizes: Mapping[str, int | None]) -> frozenset[str]:
    places = Extents(program, sizes).places
    own = {name for name in _own(program) if places(name) >= LARGE}
    alike = {e: _place_by_place(e, own) for e in program.equations}
    found = {name for e, names in alike.items() if _over_last(e) for name in names}
    known = -1
    while len(found) > known:
        known = len(found)
        for names in alike.values():
            found |= names if names & found else set()
        for pair in program.adjoints.items():
            found |= set(pair) & own if found & set(pair) else set()
    return frozenset(found)


def _place_by_place(equation: Equation, own: set[str]) -> set[str]:
    """The own tensors of an equation that have all its indices, as long as they have them in one order."""
    reads = [(a.name, a.addresses) for a in equation.accesses if a.name in own]
    held = [(equation.target, equation.left)] if equation.target in own else []
    whole = [(n, axes) for n, axes in (*reads, *held) if set(axes) == set(equation.indices)]
    return {n for n, _ in whole} if len({axes for _, axes in whole}) == 1 else set()


def _over_last(equation: Equation) -> bool:
    """Whether one tensor alone, no product of two, is reduced over its last axis, behind one that stays."""
    whole = [a.addresses for a in equation.accesses if set(a.addresses) == set(equation.indices)]
    if len(whole) != 1 or len(whole[0]) < LEAST:
        return False
    *_, stays, last = whole[0]
    return equation.reduced == (last,) and stays in equation.left


def _turned_tensors(program: Program) -> frozenset[str]:
    own = _own(program)
    found: set[str] = set()
    for equation in program.equations:
        found |= _with_samples(equation) if _convolves(equation) else set()
    known = -1
    while len(found) > known:
        known = len(found)
        for equation in program.equations:
            met = _with_samples(equation)
            if met & found & own and (not equation.reduced or _slides(equation)):
                found |= met
        for pair in program.adjoints.items():
            found |= set(pair) if found & set(pair) else set()
    return frozenset(found & own)


def _convolves(equation: Equation) -> bool:
    """Whether windows of samples meet a factor that all samples share."""
    first = equation.left[:1]
    shared = any(first and not a.has(*first) and len(a.addresses) >= LEAST for a in equation.accesses)
    slid = any(a.addresses[:1] == first and any(map(_is_window, a.addresses)) for a in equation.accesses)
    return equation.op == "+" and shared and slid


def _slides(equation: Equation) -> bool:
    """Whether windows slide over an axis that is read, or over one that is added to."""
    read = [address for a in equation.accesses for address in a.addresses]
    return any(map(_is_window, [*read, *(d.args[1] for d in equation.body.atoms(Delta))]))


def _is_window(address: sp.Expr) -> bool:
    return len(address.atoms(Index)) == 2 and not address.has(Access, sp.floor, sp.Mod)


def _with_samples(equation: Equation) -> set[str]:
    """The tensors of an equation that have its first index in front."""
    first = equation.left[:1]
    reads = {a.name for a in equation.read if a.addresses[:1] == first and len(a.addresses) >= LEAST}
    return reads | ({equation.target} if len(equation.left) >= LEAST else set())
