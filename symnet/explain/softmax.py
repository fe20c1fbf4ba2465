"""Softmax by its definition: the calculus does not know the word, a person reading does.

P[..., k] = exp(Z[..., k]) / s[...]      with      s[...] = Σ_k exp(Z[..., k])
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from symnet.calculus.ir import Access, Equation, Program, atoms
from symnet.explain.document import Prose
from symnet.explain.formula import Call, Chain, Name
from symnet.explain.scribe import Scribe


def softmaxes(program: Program) -> Mapping[str, str]:
    """Every tensor that is a softmax along the last axis -> the tensor that it is the softmax of."""
    rank = {name: spec.rank for name, spec in program.tensors.items()}
    return {p: z for p, (z, axis) in _along_any_axis(program).items() if axis == rank[p] - 1}


def softmax_remarks(scribe: Scribe) -> Mapping[str, Prose]:
    """What to say where a softmax is defined."""
    name, program = scribe.words.name, scribe.derivation.program
    found: dict[str, Prose] = {}
    for p, (z, axis) in _along_any_axis(program).items():
        rank = program.tensors[p].rank
        if axis == rank - 1 or rank == 2:
            way = [] if rank == 1 else [" by rows" if axis == rank - 1 else " by columns"]
            found[p] = (Chain(Name(name(p)), (Call("softmax", (Name(name(z)),)),)), *way)
    return found


def _along_any_axis(program: Program) -> Mapping[str, tuple[str, int]]:
    """Every softmax -> the tensor that it is the softmax of, and the axis."""
    sums = {e.target: s for e in program.equations if (s := _exponential_sum(program, e)) is not None}
    found: dict[str, tuple[str, int]] = {}
    for equation in program.equations:
        share = _share(program, equation, sums)
        if share is not None:
            found[equation.target] = share
    return found


def _exponential_sum(program: Program, equation: Equation) -> tuple[str, int] | None:
    """(Z, axis) if the equation is ``s[..., ...] = Σ_k exp(Z[..., k, ...])``."""
    body = equation.body
    if not isinstance(body, sp.exp) or not isinstance(body.args[0], Access) or equation.guard or equation.op != "+":
        return None
    read = body.args[0]
    if len(program.defining(equation.target)) != 1 or len(equation.reduced) != 1:
        return None
    places = [k for k, address in enumerate(read.addresses) if address == equation.reduced[0]]
    others = tuple(a for a in read.addresses if a != equation.reduced[0])
    keepdim = tuple(i for i in equation.left if i.size != 1)
    return (read.name, places[0]) if len(places) == 1 and others in (equation.left, keepdim) else None


def _share(program: Program, equation: Equation, sums: Mapping[str, tuple[str, int]]) -> tuple[str, int] | None:
    """(Z, axis) if the equation is ``P[..., k, ...] = exp(Z[..., k, ...]) / s[..., ...]`` with a sum of that Z."""
    if equation.reduced or equation.guard or len(program.defining(equation.target)) != 1 or not equation.left:
        return None
    for read in atoms(equation.body, Access):
        z, axis = sums.get(read.name, ("", 0))
        if z and equation.body == sp.exp(Access(z, *equation.left)) / read:
            plain = tuple(a for a in read.addresses if a != 0)
            if plain == (*equation.left[:axis], *equation.left[axis + 1 :]):
                return z, axis
    return None
