"""What a step of a loop computes from tensors that are complete before it is computed outside, for all times at once.

    do[t] = dh[t+1] tanh_c[t]                            dz_o = tanh_c o (1 - o)          for all t
    dz[t] += do[t] o[t] (1 - o[t])             becomes   dz[t] += dh[t+1] dz_o[t]         in the loop

An adjoint that one step alone reads goes into its reader first, so that its factors meet theirs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Delta, Equation, Index, Program, TensorSpec, sort_key
from symnet.calculus.loops import Loop, loops_of
from symnet.calculus.products import factors, product, substitute
from symnet.naming import Namer


def fission(program: Program, outputs: frozenset[str]) -> Program:
    """The same program with less inside its loops."""
    for loop in loops_of(program):
        if loop.backward or any(program.tensors[n].role == "adjoint" for n in loop.tensors):
            program = _apart(_joined(program, loop.tensors, outputs), loop)
    return program


def _joined(program: Program, component: frozenset[str], outputs: frozenset[str]) -> Program:
    """The program with each product of the component that one equation reads, once, written there."""
    uses = Counter(a.name for e in program.equations for a in e.read)
    for name in sorted(component - outputs):
        own = program.defining(name)
        readers = [e for e in program.equations if any(a.name == name for a in e.accesses)]
        if uses[name] != 1 or len(own) != 1 or own[0].reduced or own[0].op != "+" or own[0].guard:
            continue
        (reader,) = readers
        body = own[0].body
        if reader.op != "+" or isinstance(body, sp.Add) or name not in _factor_names(reader) or name == reader.target:
            continue
        (read,) = (a for a in reader.accesses if a.name == name)
        value = substitute(body, dict(zip(own[0].left, read.addresses, strict=True)))
        joined = replace(reader, body=substitute(reader.body, {read: value}))
        program = program.with_equations(
            joined if e is reader else e for e in program.equations if e.target != name or e is reader
        )
        uses = Counter(a.name for e in program.equations for a in e.read)
    return program


def _factor_names(equation: Equation) -> set[str]:
    return {f.name for f in factors(equation.body) if isinstance(f, Access)}


def _apart(program: Program, loop: Loop) -> Program:
    """The program with the factors that do not depend on the component as tensors of their own."""
    namer = Namer.beside(program.tensors)
    tensors = dict(program.tensors)
    outside: list[Equation] = []
    equations: list[Equation] = []
    for equation in program.equations:
        found = _known_factor(equation, loop) if equation.target in loop.tensors else None
        if found is not None:
            known, rest = found
            left = _order(known)
            name = namer.take(f"{equation.target}_factor")
            tensors[name] = TensorSpec(name, tuple(i.size for i in left), "intermediate", given=False)
            outside.append(Equation(name, left, known).fresh())
            equation = replace(equation, body=product([*rest, Access(name, *left)]))
        equations.append(equation)
    first = next((k for k, e in enumerate(equations) if e.target in loop.tensors), 0)
    return program.with_equations((*equations[:first], *outside, *equations[first:]), tensors)


def _order(expression: sp.Expr) -> tuple[Index, ...]:
    """The indices as they stand in the widest read, so that time comes first where it does there; in front of them
    those that no read has, as the time in [t < T[n]]."""
    reads = sorted(expression.atoms(Access), key=lambda a: (-len(a.atoms(Index)), sort_key(a)))
    read = dict.fromkeys(
        i for read in reads for address in read.addresses for i in sorted(address.atoms(Index), key=sort_key)
    )
    return (*sorted(expression.atoms(Index) - set(read), key=sort_key), *read)


def _known_factor(equation: Equation, loop: Loop) -> tuple[sp.Expr, list[sp.Expr]] | None:
    """The product of factors that is complete before the loop, and the other factors; None where it saves nothing."""
    parts = factors(equation.body)
    if equation.op != "+" or equation.guard:
        return None
    inner = [f for f in parts if any(a.name in loop.tensors for a in f.atoms(Access))]
    labels = set[Index]().union(*(f.atoms(Index) for f in inner))
    known = [f for f in parts if f not in inner and not isinstance(f, Delta) and f.atoms(Index) <= labels]
    moving = [f for f in known if f.atoms(Index)]
    if not inner or not moving or (len(moving) == 1 and isinstance(moving[0], Access)):
        return None
    return product(moving), [f for f in parts if f not in moving]
