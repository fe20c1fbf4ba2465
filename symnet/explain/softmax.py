"""Softmax by its definition: the calculus does not know the word, a person reading does.

P[..., k] = exp(Z[..., k]) / s[...]      with      s[...] = Σ_k exp(Z[..., k])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Program, atoms
from symnet.calculus.products import substitute
from symnet.explain.arrays import slice_key
from symnet.explain.document import Prose
from symnet.explain.formula import Call, Chain, Formula, Name, Sliced
from symnet.explain.scribe import Scribe
from symnet.reading.nodes import Span

Softmax = tuple[Access, int]  # what is read, at the indices of the softmax, and the axis along which it sums to 1


def softmaxes(program: Program) -> Mapping[str, Access]:
    """Every tensor that is a softmax along the last axis -> what it is the softmax of: a tensor, or a part of one."""
    rank = {name: spec.rank for name, spec in program.tensors.items()}
    return {p: read for p, (read, axis) in _along_any_axis(program).items() if axis == rank[p] - 1}


def softmax_of(scribe: Scribe, read: Access) -> Formula:
    """softmax(Z), or softmax(Z[:, :4]) where some of the places are read."""
    shape, name = scribe.derivation.program.tensors[read.name].shape, Name(scribe.words.name(read.name))
    spans = [_span(address) for address in read.addresses]
    if all(span is not None and span.size == size for span, size in zip(spans, shape, strict=True)):
        return Call("softmax", (name,))
    keys = (
        slice_key(span or address, size, scribe.size)
        for span, address, size in zip(spans, read.addresses, shape, strict=True)
    )
    return Call("softmax", (Sliced(name, tuple(keys)),))


def _span(address: sp.Expr) -> Span | None:
    """The places that an index, or an index and a number, runs over."""
    index = next(iter(atoms(address, Index)), None)
    return None if index is None else Span(sp.expand(address - index), 1, index.size)


def softmax_remarks(scribe: Scribe) -> Mapping[str, Prose]:
    """What to say where a softmax is defined."""
    name, program = scribe.words.name, scribe.derivation.program
    found: dict[str, Prose] = {}
    for p, (read, axis) in _along_any_axis(program).items():
        rank = program.tensors[p].rank
        if axis == rank - 1 or rank == 2:
            way = [] if rank == 1 else [" by rows" if axis == rank - 1 else " by columns"]
            found[p] = (Chain(Name(name(p)), (softmax_of(scribe, read),)), *way)
    return found


def _along_any_axis(program: Program) -> Mapping[str, Softmax]:
    """Every softmax -> what it is the softmax of, and the axis."""
    equations = _with_exponentials_written(program)
    sums = {e.target: e for e in equations if _is_exponential_sum(program, e)}
    found: dict[str, Softmax] = {}
    for equation in equations:
        share = _share(program, equation, sums)
        if share is not None:
            found[equation.target] = share
    return found


def _with_exponentials_written(program: Program) -> list[Equation]:
    """The equations with ``E = exp(Z)`` written where it is read."""
    exponentials = {
        e.target: e
        for e in program.equations
        if isinstance(e.body, sp.exp) and not e.reduced and not e.guard and len(program.defining(e.target)) == 1
    }

    def written(equation: Equation) -> Equation:
        reads = [(a, exponentials[a.name]) for a in equation.accesses if a.name in exponentials]
        table = {a: substitute(e.body, dict(zip(e.left, a.addresses, strict=True))) for a, e in reads}
        return replace(equation, body=substitute(equation.body, table)) if table else equation

    return [written(e) for e in program.equations]


def _is_exponential_sum(program: Program, equation: Equation) -> bool:
    """Whether the equation is ``s[..., ...] = Σ_k exp(Z[..., k, ...])``, each axis at an index of its own."""
    body = equation.body
    if not isinstance(body, sp.exp) or not isinstance(body.args[0], Access) or equation.guard or equation.op != "+":
        return False
    if len(program.defining(equation.target)) != 1 or len(equation.reduced) != 1:
        return False
    if not all(map(_is_moved, body.args[0].addresses)):
        return False
    moving = _indices(body)
    others = tuple(i for i in moving if i != equation.reduced[0])
    keepdim = tuple(i for i in equation.left if i.size != 1)
    return len(moving) == len(others) + 1 and others in (equation.left, keepdim)


def _is_moved(address: sp.Expr) -> bool:
    """Whether it is an index, or an index and a size."""
    inside = sorted(atoms(address, Index), key=lambda i: i.serial)
    return len(inside) == 1 and not atoms(sp.expand(address - inside[0]), Index, Access)


def _share(program: Program, equation: Equation, sums: Mapping[str, Equation]) -> Softmax | None:
    """The softmax if the equation is ``P[..., k, ...] = exp(Z[..., k, ...]) / s[..., ...]`` with a sum of that Z."""
    if equation.reduced or equation.guard or len(program.defining(equation.target)) != 1 or not equation.left:
        return None
    for read in atoms(equation.body, Access):
        if read.name not in sums:
            continue
        total = sums[read.name]
        kept = [i for i in total.left if i.size != 1 or i in atoms(total.body, Index)]
        plain = [a for a in read.addresses if a != 0]
        (summed,) = total.reduced
        rest = [i for i in equation.left if i not in plain]
        if len(rest) != 1 or len(kept) != len(plain) or rest[0].size != summed.size:
            continue
        own = substitute(total.body, dict(zip((*kept, summed), (*plain, *rest), strict=True)))
        if equation.body == own / read and list(equation.left) == _indices(own):
            return own.args[0], equation.left.index(rest[0])
    return None


def _indices(exponential: sp.Expr) -> list[Index]:
    """The indices of what an exponential reads, in the order of the axes."""
    return [i for a in exponential.args[0].addresses for i in atoms(a, Index)]
