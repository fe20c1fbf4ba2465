"""Numbers and reciprocals of sums go to the smallest array that can take them: fewer passes over large ones.

    z[n,i,m] += Σ_u Q[n,i,u] K[n,m,u] / 4          Q_scaled[n,i,u] += Q[n,i,u] / 4,  z += Σ_u Q_scaled K
    dS[n,i,m] += (q[n,i,m] - r[n,i]) E[n,i,m] / s[n,i]                 q and r, which nothing else reads, are made of
    q[n,i,m] += Σ_u dO[n,i,u] V[n,m,u]                                 dO_scaled[n,i,u] += dO[n,i,u] / s[n,i]

Only factors of at most 1 in size move, so that nothing overflows that did not before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Program, TensorSpec
from symnet.calculus.loops import loops_of
from symnet.calculus.products import factors, product, substitute
from symnet.codegen.lowering.shapes import LARGE, places_of
from symnet.naming import Namer

LESS = 4  # how many times smaller the array must be that takes the factor


@dataclass(frozen=True)
class Extents:
    """How many places tensors have, for judging costs."""

    program: Program
    sizes: Mapping[str, int | None]

    def places(self, name: str) -> int:
        """The number of places of a tensor."""
        return places_of(self.program.tensors[name].shape, self.sizes)


def scale_the_smallest(
    program: Program, sums: frozenset[str], outputs: frozenset[str], sizes: Mapping[str, int | None]
) -> Program:
    """The same program.  ``sums`` are tensors of values not below 1; ``outputs`` leave the function."""
    apart = frozenset(name for loop in loops_of(program) for name in loop.tensors)
    program = _sunk(program, sums, outputs | apart, sizes)
    held: dict[tuple[str, sp.Expr], str] = {}
    for equation in program.equations:
        if equation.target not in apart and equation.op == "+" and equation.reduced:
            program = _held(program, equation, sums, apart, Extents(program, sizes), held)
    return program


def _movable(part: sp.Expr, sums: frozenset[str]) -> bool:
    """Whether a factor is a number or the reciprocal of a sum, of at most 1 in size and no sign alone."""
    if part.is_number:
        return bool(abs(part) < 1)
    return isinstance(part, sp.Pow) and part.exp == -1 and isinstance(part.base, Access) and part.base.name in sums


def _sunk(program: Program, sums: frozenset[str], fixed: frozenset[str], sizes: Mapping[str, int | None]) -> Program:
    """The program with the factor of a difference of products in each product, where nothing else reads these."""
    for equation in program.equations:
        parts = factors(equation.body)
        moved = [p for p in parts if _movable(p, sums) and not p.is_number]
        size = Extents(program, sizes).places
        if equation.op != "+" or equation.reduced or not moved or size(equation.target) < LARGE:
            continue
        inner = next((p for p in parts if _takes(p, product(moved), program, fixed)), None)
        if inner is None:
            continue
        rest = [p for p in parts if p not in moved]
        changed = {equation: replace(equation, body=product(rest))}
        for read in inner.atoms(Access):
            (own,) = program.defining(read.name)
            there = substitute(product(moved), dict(zip(read.addresses, own.left, strict=True)))
            changed[own] = replace(own, body=product([*factors(own.body), there]))
        program = program.with_equations(changed.get(e, e) for e in program.equations)
    return program


def _takes(part: sp.Expr, factor: sp.Expr, program: Program, fixed: frozenset[str]) -> bool:
    """Whether a factor is a sum of products that only it reads and that all have the indices of ``factor``."""
    terms = [t.as_coeff_Mul() for t in part.args] if isinstance(part, sp.Add) else []
    reads = [read for sign, read in terms if abs(sign) == 1 and isinstance(read, Access)]
    if not terms or len(reads) < len(terms):
        return False
    uses = Counter(a.name for e in program.equations for a in e.read)
    for read in reads:
        own = program.defining(read.name)
        if read.name in fixed or uses[read.name] != 1 or len(own) != 1 or own[0].op != "+" or not own[0].reduced:
            return False
        if isinstance(own[0].body, sp.Add) or not factor.atoms(Index) <= set(read.addresses):
            return False
    return True


def _held(
    program: Program,
    equation: Equation,
    sums: frozenset[str],
    apart: frozenset[str],
    extents: Extents,
    held: dict[tuple[str, sp.Expr], str],
) -> Program:
    """The program with the movable factors of one sum of products in the smallest tensor that has their indices."""
    parts = factors(equation.body)
    moved = product([p for p in parts if _movable(p, sums)])
    reads = [p for p in parts if _is_whole(p) and p.name not in apart and moved.atoms(Index) <= p.atoms(Index)]
    read = min(reads, key=lambda a: extents.places(a.name), default=None)
    most = extents.places(equation.target)
    if read is None or moved == 1:
        return program
    own = tuple(Index(a.name, a.size) for a in read.addresses)
    kept = substitute(moved, dict(zip(read.addresses, own, strict=True)))
    key = read.name, substitute(moved, {a: sp.Symbol(str(k)) for k, a in enumerate(read.addresses)})
    name = held.get(key)
    equations, tensors = list(program.equations), dict(program.tensors)
    if name is None and (most < LARGE or LESS * extents.places(read.name) > most):
        return program
    if name is None:
        name = held[key] = Namer.beside(tensors).take(f"{read.name}_scaled")
        tensors[name] = TensorSpec(name, tensors[read.name].shape, "intermediate", given=False)
        needed = {read.name, *(a.name for a in kept.atoms(Access))}
        place = 1 + max((k for k, e in enumerate(equations) if e.target in needed), default=-1)
        equations.insert(place, Equation(name, own, Access(read.name, *own) * kept))
    rest = [p for p in parts if p is not read and not _movable(p, sums)]
    new = replace(equation, body=product([Access(name, *read.addresses), *rest]))
    return program.with_equations((new if e is equation else e for e in equations), tensors)


def _is_whole(part: sp.Expr) -> bool:
    """Whether a factor reads each place of a tensor once."""
    plain = isinstance(part, Access) and all(isinstance(a, Index) for a in part.addresses)
    return plain and len(set(part.addresses)) == len(part.addresses)
