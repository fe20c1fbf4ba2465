"""Definitions put where their names stand, only where a name would hide what keeps the numbers finite.

log p,  p = σ(z)                 the logarithm must see the sigmoid
dz = dp σ(z)(1 - σ(z)),  dp = -y/p + (1 - y)/(1 - p)        the poles must meet the zeros
    s += E,  E = exp(Z)              the sum must see the exponentials, and so must E's other readers
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Program
from symnet.calculus.scalars import sigmoid
from symnet.codegen.stable_scalars import log1p
from symnet.reading.maps import factors, product, rebuilt

Definition = Callable[[Access], sp.Expr | None]


def inline_hidden(program: Program) -> Program:
    """The same program with saturating tensors written out in logarithms, and adjoints with poles in their readers."""
    saturating = _definitions(program, lambda body: body.has(sp.exp, sigmoid))
    summed = _definitions(program, lambda body: any(isinstance(f, sp.exp) for f in factors(body)))
    forward = [e for e in program.equations if program.tensors[e.target].role != "adjoint"]
    alone = {e.target for e in forward if len(program.defining(e.target)) == 1}
    read = {a for e in forward if e.reduced for a in _read_factors(e.body)}
    totals = {a.name for a in read if a.name in alone and summed(a) is not None}
    equations = [replace(e, body=_in_logs(_inlined(e.body, summed, totals), saturating)) for e in program.equations]
    current = program.with_equations(equations)
    poles = _definitions(current, lambda body: _has_pole(body, saturating))
    return current.with_equations(_without_poles(e, poles, saturating) for e in current.equations)


def _definitions(program: Program, chosen: Callable[[sp.Expr], bool]) -> Definition:
    """What an access stands for, if its tensor is elementwise and its body is one of the chosen."""
    found: dict[str, list[Equation]] = {}
    for name in program.targets():
        equations = program.defining(name)
        plain = all(e.op == "+" and not e.reduced and not e.guard for e in equations)
        if plain and any(chosen(e.body) for e in equations):
            found[name] = list(equations)

    def definition(access: Access) -> sp.Expr | None:
        equations = found.get(access.name)
        if equations is None:
            return None
        return sp.Add(*(e.body.xreplace(dict(zip(e.left, access.addresses, strict=True))) for e in equations))

    return definition


def _replaced(body: sp.Expr, definition: Definition) -> sp.Expr:
    if isinstance(body, Access):
        found = definition(body)
        return body if found is None else found
    if not body.args or isinstance(body, Index):
        return body
    return rebuilt(body, [_replaced(a, definition) for a in body.args])


def _read_factors(body: sp.Expr) -> list[Access]:
    return [f for f in factors(body) if isinstance(f, Access)]


def _inlined(body: sp.Expr, definition: Definition, names: set[str]) -> sp.Expr:
    return _replaced(body, lambda access: definition(access) if access.name in names else None)


def _in_logs(body: sp.Expr, definition: Definition) -> sp.Expr:
    if isinstance(body, sp.log):
        return sp.log(_replaced(body.args[0], definition))
    if isinstance(body, log1p):
        return sp.log(1 + _replaced(body.args[0], definition))
    if not body.args or isinstance(body, (Access, Index)):
        return body
    return rebuilt(body, [_in_logs(a, definition) for a in body.args])


def _has_pole(body: sp.Expr, saturating: Definition) -> bool:
    """Whether the body divides by something that saturates to 0."""
    below = [p.base for p in body.atoms(sp.Pow) if p.exp.is_number and p.exp.is_negative]
    return any(base.has(sigmoid) or any(saturating(a) is not None for a in base.atoms(Access)) for base in below)


def _without_poles(equation: Equation, poles: Definition, saturating: Definition) -> Equation:
    if not any(poles(a) is not None for a in equation.body.atoms(Access)) and not _has_pole(equation.body, saturating):
        return equation
    body = _replaced(_replaced(equation.body, poles), saturating)
    return replace(equation, body=_distributed(body))


def _distributed(body: sp.Expr) -> sp.Expr:
    """A product with a sum that has poles as a sum of products, in which they cancel."""
    parts = factors(body)
    for place, part in enumerate(parts):
        if isinstance(part, sp.Add) and any(_negative_powers(t) for t in part.args):
            rest = parts[:place] + parts[place + 1 :]
            return sp.Add(*(_distributed(product([*rest, t])) for t in part.args))
    if isinstance(body, sp.Add):
        return sp.Add(*(_distributed(t) for t in body.args))
    return sp.Mul(*parts)


def _negative_powers(term: sp.Expr) -> bool:
    return any(
        (isinstance(f, sp.Pow) and f.exp.is_number and bool(f.exp.is_negative)) or isinstance(f, sp.exp)
        for f in factors(term)
    )
