"""Branches that are not taken neither overflow nor divide by zero: the argument is chosen before the function.

where(c, a, log(u)) = where(c, a, log(where(c, 1, u)))        [c] exp(u) = exp(where(c, u, -∞))

A mask is never multiplied onto an exponential: 0 · ∞ is no number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Program
from symnet.calculus.scalars import Indicator, greater_equal, where
from symnet.codegen.stable.pairs import expm1
from symnet.codegen.stable.stable_scalars import log1p
from symnet.reading.maps import factors, product, rebuilt

Condition = tuple[sp.Expr, bool]  # a test, and whether it must hold
SAFE: dict[type, sp.Expr] = {
    sp.exp: sp.S.Zero,
    expm1: sp.S.Zero,
    sp.sinh: sp.S.Zero,
    sp.cosh: sp.S.Zero,
    log1p: sp.S.Zero,
    sp.log: sp.S.One,
}


def masks_of(program: Program) -> frozenset[str]:
    """The tensors whose entries are 0 or 1, by declaration or by definition."""
    found = {n for n, t in program.tensors.items() if t.facts & {"mask", "one_hot"}}
    for name in program.targets():
        equations = program.defining(name)
        if len(equations) == 1 and equations[0].op == "+" and not equations[0].reduced:
            tests, rest = conditions(equations[0].body, frozenset(found))
            found |= {name} if tests and not rest else set()
    return frozenset(found)


def conditions(body: sp.Expr, masks: frozenset[str]) -> tuple[list[Condition], list[sp.Expr]]:
    """The factors of a body that are 0 or 1, as conditions, and the other factors."""
    tests: list[Condition] = []
    others: list[sp.Expr] = []
    for part in factors(body):
        one, rest = part.as_coeff_Add()
        if _is_test(part, masks):
            tests.append((part, True))
        elif one == 1 and _is_test(-rest, masks):
            tests.append((-rest, False))
        else:
            others.append(part)
    return tests, others


def _is_test(part: sp.Expr, masks: frozenset[str]) -> bool:
    return isinstance(part, Indicator) or (isinstance(part, Access) and part.name in masks)


def chosen(tests: Iterable[Condition], value: sp.Expr, otherwise: sp.Expr) -> sp.Expr:
    """The value where every test holds as it must."""
    for test, holds in tests:
        value = where(test, value, otherwise) if holds else where(test, otherwise, value)
    return value


def selections_as_products(body: sp.Expr, masks: frozenset[str]) -> sp.Expr:
    """The body with where(c, exp(u), 0) as [c] exp(u), so that a sum sees the exponential."""
    if not body.args or isinstance(body, (Access, Index)):
        return body
    body = rebuilt(body, [selections_as_products(a, masks) for a in body.args])
    if isinstance(body, where) and _is_test(body.args[0], masks):
        test, a, b = body.args
        if b == 0 and _exponential(a):
            return product([test, a])
        if a == 0 and _exponential(b):
            return product([1 - test, b])
    return body


def _exponential(body: sp.Expr) -> bool:
    return any(isinstance(f, sp.exp) for f in factors(body))


def guard_branches(program: Program) -> Program:
    """The program whose functions stay finite in the branches and masked entries that are thrown away."""
    masks = masks_of(program)
    opened = [_guards_as_tests(e) for e in program.equations]
    return program.with_equations(replace(e, body=_guarded(e.body, masks)) for e in opened)


def guard_tests(equation: Equation) -> tuple[list[Condition], Equation]:
    """The guards that no address needs, as conditions, and the equation with the other guards."""
    within = {i for a in equation.accesses for x in a.addresses if not isinstance(x, Index) for i in x.atoms(Index)}
    moved = sorted((g for g in equation.guard if not g.atoms(Index) & within), key=sp.default_sort_key)
    tests = [(greater_equal(*_sides(g)), True) for g in moved]
    return tests, replace(equation, guard=equation.guard - set(moved))


def _guards_as_tests(equation: Equation) -> Equation:
    """The equation with guards as factors where an exponential must see them."""
    if equation.op != "+" or not _exponential(equation.body):
        return equation
    tests, rest = guard_tests(equation)
    return replace(rest, body=product([*_parts_of(tests), equation.body]))


def _sides(difference: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    terms = sp.Add.make_args(difference)
    negative = [t for t in terms if t.could_extract_minus_sign()]
    return sp.Add(*(t for t in terms if t not in negative)), -sp.Add(*negative)


def _guarded(body: sp.Expr, masks: frozenset[str]) -> sp.Expr:
    if not body.args or isinstance(body, (Access, Index)):
        return body
    body = rebuilt(body, [_guarded(a, masks) for a in body.args])
    if isinstance(body, where):
        test, a, b = body.args
        return where(test, _safe(a, (test, True)), _safe(b, (test, False)))
    if not isinstance(body, sp.Mul):
        return body
    tests, others = conditions(body, masks)
    if not tests:
        return body
    place = next((k for k, p in enumerate(others) if isinstance(p, sp.exp)), None)
    if place is None:
        return product([*_parts_of(tests), *(_all_safe(p, tests) for p in others)])
    rest = [_all_safe(p, tests) for p in others[:place] + others[place + 1 :]]
    return product([*rest, sp.exp(chosen(tests, others[place].args[0], -sp.oo))])


def _parts_of(tests: Iterable[Condition]) -> list[sp.Expr]:
    return [test if holds else 1 - test for test, holds in tests]


def _all_safe(body: sp.Expr, tests: Iterable[Condition]) -> sp.Expr:
    for test in tests:
        body = _safe(body, test)
    return body


def _safe(body: sp.Expr, condition: Condition) -> sp.Expr:
    """The body with harmless arguments, wherever the condition fails, of functions that overflow or have poles."""
    if not body.args or isinstance(body, (Access, Index)):
        return body
    body = rebuilt(body, [_safe(a, condition) for a in body.args])
    harmless = sp.S.One if _has_pole(body) else SAFE.get(type(body))
    if harmless is None:
        return body
    argument = body.args[0]
    if not condition[0].atoms(Index) <= argument.atoms(Index) or not argument.atoms(Access):
        return body
    if isinstance(body, sp.exp) and (argument.is_nonpositive or _is_chosen(argument)):
        return body
    return body.func(chosen([condition], argument, harmless), *body.args[1:])


def _has_pole(body: sp.Expr) -> bool:
    return isinstance(body, sp.Pow) and not isinstance(body, sp.exp) and not (body.exp.is_Integer and body.exp > 0)


def _is_chosen(argument: sp.Expr) -> bool:
    return isinstance(argument, where) and -sp.oo in argument.args
