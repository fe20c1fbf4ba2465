"""Axes of size 1 have one place, so a sum along one is no sum, and any index of size 1 may stand for another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Delta, Equation, Index, Program, exchange
from symnet.calculus.matrix_rules import is_matrix_function

Choice = Callable[[sp.Expr, sp.Expr], sp.Expr]  # (address, size of its axis) -> the address to write


def without_single_sums(program: Program) -> Program:
    """The same program with every axis of size 1 read at 0, and the sums along such axes gone."""

    def written(equation: Equation) -> Equation:
        if is_matrix_function(equation):
            return equation
        first = {i: sp.S.Zero for i in equation.indices if i.size == 1}
        if not first and all(size != 1 for a in equation.accesses for size in program.tensors[a.name].shape):
            return equation
        plain = _addressed(equation.body, program, lambda address, size: sp.S.Zero if size == 1 else address)
        body = plain.xreplace({d: d.xreplace(first) for d in plain.atoms(Delta)})
        there = body.free_symbols.union(*(g.free_symbols for g in equation.guard))
        reduced = tuple(i for i in equation.reduced if i not in first or i in there)
        return replace(equation, body=body, reduced=reduced)

    return program.with_equations(map(written, program.equations))


def with_single_sums(equation: Equation, program: Program) -> Equation:
    """The equation with reads at 0 of axes of size 1 at one index: the left side's, else one that is summed over.

    ``u[n,i] = Σ_j h[n,j] W[j,0]`` is the matrix product ``u[n,i] = Σ_j h[n,j] W[j,i]``.  A second such axis of one read
    gets an index of its own.
    """
    if is_matrix_function(equation):
        return equation
    own = next((i for i in equation.left if i.size == 1), None)
    places = [own or Index("i", 1), Index("m", 1)]
    table: dict[Access, Access] = {}
    for read in equation.body.atoms(Access):
        addresses = list(read.addresses)
        shape = program.tensors[read.name].shape
        zeros = [k for k, (a, size) in enumerate(zip(addresses, shape, strict=True)) if size == 1 and a == 0]
        for k, place in zip(zeros, places, strict=False):
            addresses[k] = place
        table[read] = read.func(read.args[0], *addresses)
    body = exchange(equation.body, table)
    new = tuple(i for i in places if i in body.atoms(Index) and i is not own)
    if body == equation.body or (new and equation.op == "max"):
        return equation
    return replace(equation, body=body, reduced=(*equation.reduced, *new))


def _addressed(body: sp.Expr, program: Program, choice: Choice) -> sp.Expr:
    """The body with the address of every axis chosen, inner reads as well."""
    if isinstance(body, Access):
        shape = program.tensors[body.name].shape
        inner = (_addressed(a, program, choice) for a in body.addresses)
        return body.func(body.args[0], *(choice(a, size) for a, size in zip(inner, shape, strict=True)))
    if not body.args or not body.has(Access):
        return body
    parts = [_addressed(a, program, choice) for a in body.args]
    return body if parts == list(body.args) else body.func(*parts)
