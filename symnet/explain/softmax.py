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
    sums = {e.target: z for e in program.equations if (z := _exponential_sum(program, e)) is not None}
    found: dict[str, str] = {}
    for equation in program.equations:
        z = _share(program, equation, sums)
        if z is not None:
            found[equation.target] = z
    return found


def softmax_remarks(scribe: Scribe) -> Mapping[str, Prose]:
    """What to say where a softmax is defined."""
    name = scribe.words.name
    by_rows = {p: scribe.derivation.program.tensors[p].rank > 1 for p in softmaxes(scribe.derivation.program)}
    return {
        p: (Chain(Name(name(p)), (Call("softmax", (Name(name(z)),)),)), *([" by rows"] if by_rows[p] else []))
        for p, z in softmaxes(scribe.derivation.program).items()
    }


def _exponential_sum(program: Program, equation: Equation) -> str | None:
    """Z if the equation is ``s[...] = Σ_k exp(Z[..., k])``."""
    body = equation.body
    if not isinstance(body, sp.exp) or not isinstance(body.args[0], Access) or equation.guard or equation.op != "+":
        return None
    read = body.args[0]
    alone = len(program.defining(equation.target)) == 1
    keepdim = tuple(i for i in equation.left if i.size != 1)
    in_order = read.addresses[:-1] in (equation.left, keepdim) and read.addresses[-1:] == equation.reduced
    return read.name if alone and in_order else None


def _share(program: Program, equation: Equation, sums: Mapping[str, str]) -> str | None:
    """Z if the equation is ``P[..., k] = exp(Z[..., k]) / s[...]`` with a sum of that Z."""
    if equation.reduced or equation.guard or len(program.defining(equation.target)) != 1 or not equation.left:
        return None
    for read in atoms(equation.body, Access):
        z = sums.get(read.name)
        if z is not None and equation.body == sp.exp(Access(z, *equation.left)) / read:
            plain = tuple(a for a in read.addresses if a != 0)
            if plain == equation.left[:-1]:
                return z
    return None
