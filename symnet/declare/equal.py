"""What a person computes twice without a name is there once: ``X - X.mean(0)`` written out in two places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy as sp

from symnet.calculus.ir import Equation, Program, exchange
from symnet.declare.names import renamed


def each_once(program: Program, kept: Iterable[str] = ()) -> tuple[Program, dict[str, str]]:
    """Tensors with equal equations made one, but for the ``kept`` ones, which stay; and which stands for which."""
    staying = frozenset(kept)
    first: dict[object, str] = {}
    same: dict[str, str] = {}
    left: list[Equation] = []
    for target in program.targets():
        equations = [_with_names(e, same) for e in program.defining(target)]
        known = first.setdefault((program.tensors[target].shape, *map(structure, equations)), target)
        if known == target or target in staying:
            left += equations
        else:
            same[target] = known
    return program.with_equations(left), same


def _with_names(equation: Equation, same: Mapping[str, str]) -> Equation:
    read = {a.name for a in equation.read}
    return renamed(equation, {n: same.get(n, n) for n in (*read, equation.target)}) if read & set(same) else equation


def structure(equation: Equation) -> object:
    """What two equations share that differ in the letters of their indices alone."""
    plain = {i: sp.Symbol(f"i{k}") for k, i in enumerate(equation.indices)}
    body = exchange(equation.body, dict(plain))
    guard = frozenset(exchange(g, dict(plain)) for g in equation.guard)
    sizes = tuple(i.size for i in equation.indices)
    return (equation.op, len(equation.left), sizes, body, guard, equation.ties)
