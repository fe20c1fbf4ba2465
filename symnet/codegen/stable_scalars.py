"""Scalar bodies in forms that neither overflow nor cancel.

log σ(z) = -softplus(-z)      log(1 - σ(z)) = -softplus(z)      1 - σ(z) = σ(-z)
log(1 + exp(z)) = softplus(z)      1/(1 + exp(z)) = σ(-z)      exp(z) σ(-z) = σ(z)
log(1 + u) = log1p(u)      exp(u) - 1 = expm1(u)      exp(a) exp(b) = exp(a + b)      log(exp(a) b) = a + log b
"""

from __future__ import annotations

import sympy as sp

from symnet.calculus.ir import Access, Delta, Index
from symnet.calculus.scalars import Scalar, sigmoid, softplus
from symnet.reading.maps import factors, product, rebuilt, substitute


class log1p(Scalar):
    """log(1 + x), accurate near 0."""

    nargs = 1


class expm1(Scalar):
    """exp(x) - 1, accurate near 0."""

    nargs = 1


def stable(body: sp.Expr) -> sp.Expr:
    """The body with every rewrite of the table made, from the inside out."""
    if not body.args or isinstance(body, (Access, Index)):
        return body
    body = rebuilt(body, [stable(a) for a in body.args])
    if isinstance(body, sp.log):
        return _log(body.args[0])
    if isinstance(body, sp.Add):
        return _sum(body)
    if isinstance(body, sp.Mul):
        return _product(body)
    if isinstance(body, sp.Pow) and not isinstance(body, sp.exp):
        return _power(body)
    return body


def _is_variable(body: sp.Expr) -> bool:
    return bool(body.atoms(Access))


def _log(argument: sp.Expr) -> sp.Expr:
    parts = factors(argument)
    exponents = [p.args[0] for p in parts if isinstance(p, sp.exp)]
    if exponents:
        rest = product([p for p in parts if not isinstance(p, sp.exp)])
        return sp.Add(*exponents, *([_log(rest)] if rest != 1 else []))
    if isinstance(argument, sigmoid):
        return -softplus(-argument.args[0])
    if isinstance(argument, sp.Pow) and argument.exp == -1:
        return -_log(argument.base)
    rest = argument - 1
    if isinstance(argument, sp.Add) and sp.S.One in argument.args and _is_variable(rest):
        if isinstance(rest, sp.exp):
            return softplus(rest.args[0])
        return log1p(rest)
    return sp.log(argument)


def _sum(body: sp.Add) -> sp.Expr:
    for term in body.args:
        if isinstance(-term, sigmoid) and sp.S.One in body.args:
            return body - 1 - term + sigmoid(-(-term).args[0])
        if isinstance(term, sp.exp) and sp.S.NegativeOne in body.args:
            return body + 1 - term + expm1(term.args[0])
    return body


def _power(body: sp.Pow) -> sp.Expr:
    rest = body.base - 1 if isinstance(body.base, sp.Add) else sp.S.Zero
    if isinstance(rest, sp.exp) and body.exp.is_number and body.exp.is_negative:
        return sigmoid(-rest.args[0]) ** (-body.exp)
    return body


def _product(body: sp.Mul) -> sp.Expr:
    parts = _resolved(factors(body))
    exponents = [p.args[0] for p in parts if isinstance(p, sp.exp)]
    others = [p for p in parts if not isinstance(p, sp.exp)]
    if not exponents:
        return product(others) if others != factors(body) else body
    total = sp.expand(sp.Add(*exponents))
    for place, other in enumerate(others):  # exp(z) σ(-z) = σ(z)
        base, power = other.as_base_exp()
        if isinstance(base, sigmoid) and power.is_Integer and power > 0 and sp.expand(base.args[0] + total) == 0:
            return product([*others[:place], base ** (power - 1), *others[place + 1 :], sigmoid(total)])
    return product([*others, sp.exp(total)])


def _resolved(parts: list[sp.Expr]) -> list[sp.Expr]:
    """Beside δ(k, a) the index k may be read as a, so that what cancels there cancels."""
    for delta in [p for p in parts if isinstance(p, Delta)]:
        index, address = delta.args
        if isinstance(index, Index) and not address.has(index):
            parts = [p if p == delta else substitute(p, {index: address}) for p in parts]
    return factors(product(parts))
