"""Sums of two terms that cancel, or overflow and then cancel, as one term that does not.

exp(z) - 1 = expm1(z)      1 - σ(z) = σ(-z)      1 - Φ(z) = Φ(-z)      1 ± erf(z) = 2 Φ(±√2 z)
1 ± tanh(z) = 2 σ(±2z)      1 - tanh(z)² = 4 σ(2z) σ(-2z)      exp(z) ± exp(-z) = 2 cosh(z), 2 sinh(z)

Both terms may carry a common factor, which stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy as sp

from symnet.calculus.scalars import Scalar, normal_cdf, sigmoid
from symnet.reading.maps import factors, product

Meaning = Callable[[sp.Expr], sp.Expr]


class expm1(Scalar):
    """exp(x) - 1, accurate near 0."""

    nargs = 1


def without_pairs(body: sp.Add, meaning: Meaning) -> sp.Expr:
    """The sum with every such pair made one term.  ``meaning`` of a factor is what it stands for."""
    terms = list(body.args)
    for place, term in enumerate(terms):
        for rest, function in _readings(term, meaning):
            for other, partner in enumerate(terms):
                joined = None if other == place else _joined(rest, function, partner)
                if joined is not None:
                    left = [t for k, t in enumerate(terms) if k not in (place, other)]
                    return without_pairs(sp.Add(*left, joined), meaning) if left else joined
    return body


def _readings(term: sp.Expr, meaning: Meaning) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """Each factor of a term as (the rest of the term, what the factor stands for)."""
    parts = factors(term)
    for place, part in enumerate(parts):
        base, power = (part, 1) if isinstance(part, sp.exp) else part.as_base_exp()
        if power in (1, 2) and not base.is_number:
            yield product(parts[:place] + parts[place + 1 :]), meaning(base) ** power


def _joined(rest: sp.Expr, function: sp.Expr, partner: sp.Expr) -> sp.Expr | None:
    """``rest · function + partner`` as one term."""
    same, opposite = partner == rest, partner == -rest
    if isinstance(function, sp.exp):
        z = function.args[0]
        if opposite:
            return product([rest, expm1(z)])
        for sign, joined in ((1, sp.cosh), (-1, sp.sinh)):
            if partner == sign * rest * sp.exp(-z):
                return product([2, rest, joined(z)])
        return None
    if not (same or opposite):
        return None
    if isinstance(function, (sigmoid, normal_cdf)) and opposite:
        return product([-rest, function.func(-function.args[0])])
    if isinstance(function, sp.erf):
        z = sp.sqrt(2) * function.args[0]
        return product([2, rest, normal_cdf(z)]) if same else product([-2, rest, normal_cdf(-z)])
    if isinstance(function, sp.tanh):
        z = 2 * function.args[0]
        return product([2, rest, sigmoid(z)]) if same else product([-2, rest, sigmoid(-z)])
    if opposite and isinstance(function, sp.Pow) and isinstance(function.base, sp.tanh):
        z = 2 * function.base.args[0]
        return product([-4, rest, sigmoid(z), sigmoid(-z)])
    return None
