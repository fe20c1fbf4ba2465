"""In which order the axes of a function's own tensors lie in memory: beside windows, the samples stand last.

    z[n,o,i,j] += Σ_cpq K[o,c,p,q] x[n,c,i+p,j+q]        becomes        z[o,i,j,n] += Σ_cpq K[o,c,p,q] x[c,i+p,j+q,n]

Windows and taps break a row of pixels into short runs, which NumPy visits one by one; with the samples last every run
has the length of the batch.  And a convolution is then one plain product ``K[o, c·p·q] columns[c·p·q, i·j·n]``, and so
are its two adjoints.  What is given and what is returned stays as the person declared it.
"""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Delta, Equation, Index, Program, exchange
from symnet.calculus.loops import loops_of

LEAST = 3  # axes of a tensor that is turned: with fewer, nothing slides over one beside samples and channels


def samples_last(program: Program, outputs: frozenset[str]) -> Program:
    """The same program with the samples last in the tensors of convolutions and in those that meet them place by place.

    ``outputs`` leave the function, so their axes stay.
    """
    turned = _turned_tensors(program) - outputs
    tensors = {
        name: replace(t, shape=(*t.shape[1:], t.shape[0])) if name in turned else t
        for name, t in program.tensors.items()
    }
    return program.with_equations((_with_turned(e, turned) for e in program.equations), tensors)


def _with_turned(equation: Equation, names: frozenset[str]) -> Equation:
    """The equation in the new places of the tensors' axes; guards hold no reads of real tensors."""
    table = {a: a.func(a.args[0], *a.addresses[1:], a.addresses[0]) for a in equation.accesses if a.name in names}
    left = (*equation.left[1:], equation.left[0]) if equation.target in names else equation.left
    return replace(equation, left=left, body=exchange(equation.body, table))


def _turned_tensors(program: Program) -> frozenset[str]:
    timed = {name for loop in loops_of(program) for name in loop.tensors}  # a step of a loop is one place in front
    own = {n for n, t in program.tensors.items() if t.role in ("intermediate", "adjoint") and t.rank >= LEAST} - timed
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
    reads = {a.name for a in equation.accesses if a.addresses[:1] == first and len(a.addresses) >= LEAST}
    return reads | ({equation.target} if len(equation.left) >= LEAST else set())
