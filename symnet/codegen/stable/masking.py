"""A mask is laid on the exponents once: the largest of them and the exponentials read the same masked numbers.

    exp(where(c, u - m, -∞))  =  exp(where(c, u, -∞) - m)          m = max of where(c, u, -∞)

m must be finite: it is where the mask, a comparison of places, leaves one place in every row.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product as combinations

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Program
from symnet.calculus.scalars import greater, greater_equal, where
from symnet.codegen.stable.branches import Condition, chosen
from symnet.reading.maps import rebuilt


def mask_once(program: Program, shifts: frozenset[str]) -> Program:
    """The same program with ``shifts``, the largest exponents, subtracted after the mask."""
    largest = {e.target: e for e in program.equations if e.target in shifts and e.op == "max"}
    kept = frozenset(name for name, e in largest.items() if _leaves_one(e))
    return program.with_bodies(_masked_first(e.body, kept) for e in program.equations)


def _masked_first(body: sp.Expr, shifts: frozenset[str]) -> sp.Expr:
    if not body.args or isinstance(body, (Access, Index)):
        return body
    body = rebuilt(body, [_masked_first(a, shifts) for a in body.args])
    if not isinstance(body, sp.exp):
        return body
    tests, inner = masked(body.args[0])
    found = [-t for t in sp.Add.make_args(inner) if isinstance(-t, Access) and (-t).name in shifts]
    if not tests or len(found) != 1:
        return body
    return sp.exp(sp.Add(chosen(reversed(tests), inner + found[0], -sp.oo), -found[0]))


def masked(body: sp.Expr) -> tuple[list[Condition], sp.Expr]:
    """The conditions outside of which a body is -∞, the outermost first, and the body where they hold."""
    tests: list[Condition] = []
    while isinstance(body, where) and -sp.oo in body.args[1:]:
        test, a, b = body.args
        holds = b == -sp.oo
        tests.append((test, holds))
        body = a if holds else b
    return tests, body


def _leaves_one(equation: Equation) -> bool:
    """Whether some place of each row is not masked, for certain."""
    tests, _ = masked(equation.body)
    tried = [(sp.S.Zero, i.size - 1, *(o for o in equation.left if o.size == i.size)) for i in equation.reduced]
    return bool(tests) and any(
        _all_hold(tests, dict(zip(equation.reduced, places, strict=True))) for places in combinations(*tried)
    )


def _all_hold(tests: Iterable[Condition], places: dict[Index, sp.Expr]) -> bool:
    return all(_holds(test, holds, places) for test, holds in tests)


def _holds(test: sp.Expr, holds: bool, places: dict[Index, sp.Expr]) -> bool:
    """Whether a comparison of places holds, or fails, at these places for every value of the other indices."""
    if not isinstance(test, greater | greater_equal) or test.atoms(Access):
        return False
    above, below = (a.xreplace(places) for a in test.args)
    strict = isinstance(test, greater) == holds
    least = sp.expand((above - below if holds else below - above) - int(strict))
    for index in sorted(least.atoms(Index), key=str):
        slope = least.coeff(index)
        if least.coeff(index, 2) != 0 or not (slope.is_nonnegative or slope.is_nonpositive):
            return False
        least = sp.expand(least.subs(index, 0 if slope.is_nonnegative else index.size - 1))
    return bool(least.is_nonnegative)
