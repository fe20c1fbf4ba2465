"""Scalar bodies in forms that neither overflow nor cancel.

log σ(z) = -softplus(-z)      log(1 - σ(z)) = -softplus(z)      log(1 + exp(z)) = softplus(z)
log(1 + u) = log1p(u)      log(exp(a) b) = a + log b
log(c exp(a) + d exp(b)) = a + log c + softplus(b - a + log d/c)
1/(c exp(a) + d exp(b)) = exp(-a) σ(a - b + log c/d) / c      exp(z) σ(-z) = σ(z)      exp(a) exp(b) = exp(a + b)
log cosh(z) = log_cosh(z)      sinh(z)/cosh(z) = tanh(z)      expm1(z) σ(-z) = tanh(z/2)
1/cosh(z) = 2 exp(-|z|) σ(2|z|)      1/cosh(z)² = 4 σ(2z) σ(-2z)

The sums of two terms, as 1 - σ(z) = σ(-z), stand in ``pairs``.
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symnet.calculus.ir import Access, Delta, Index
from symnet.calculus.ranges import takes
from symnet.calculus.scalars import Scalar, absolute, sigmoid, softplus
from symnet.codegen.stable.pairs import expm1, without_pairs
from symnet.reading.maps import factors, product, rebuilt, substitute

POSITIVE = (sp.exp, sp.cosh, sigmoid)


class log1p(Scalar):
    """log(1 + x), accurate near 0."""

    nargs = 1


class log_cosh(Scalar):
    """log(cosh(x)), accurate near 0 and finite far from it."""

    nargs = 1


def stable(body: sp.Expr) -> sp.Expr:
    """The body with every rewrite of the table made, from the inside out."""
    return _without_cosh(_rewritten(body))


def _rewritten(body: sp.Expr) -> sp.Expr:
    if not body.args or isinstance(body, (Access, Index)):
        return body
    body = rebuilt(body, [_rewritten(a) for a in body.args])
    if isinstance(body, sp.log):
        return _log(body.args[0])
    if isinstance(body, sp.Add):
        return without_pairs(body, lambda part: part)
    if isinstance(body, sp.Mul):
        return _product(body)
    if isinstance(body, sp.Pow) and not isinstance(body, sp.exp):
        return _power(body)
    return body


def _is_variable(body: sp.Expr) -> bool:
    return bool(body.atoms(Access))


def _log(argument: sp.Expr) -> sp.Expr:
    parts = factors(argument)
    positive = [p for p in parts if isinstance(p.as_base_exp()[0], POSITIVE) or isinstance(p, sp.exp)]
    if positive and len(parts) > 1:
        rest = product([p for p in parts if p not in positive])
        return sp.Add(*map(_log, positive), *([_log(rest)] if rest != 1 else []))
    if isinstance(argument, sp.exp):
        return argument.args[0]
    if isinstance(argument, sigmoid):
        return -softplus(-argument.args[0])
    if isinstance(argument, sp.cosh):
        return log_cosh(argument.args[0])
    if isinstance(argument, sp.Pow) and (argument.exp == -1 or (positive and argument.exp.is_number)):
        return argument.exp * _log(argument.base)
    two = _two_exponentials(argument)
    if two is not None:
        (c, a), (d, b) = two
        return sp.Add(a, sp.log(c), softplus(sp.expand(b - a) + sp.log(d / c)))
    if isinstance(argument, sp.Add) and sp.S.One in argument.args and _is_variable(argument - 1):
        return log1p(argument - 1)
    return sp.log(argument)


def _two_exponentials(body: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]] | None:
    """(c, a), (d, b) of ``c exp(a) + d exp(b)`` with positive numbers c and d; a is 0 for a bare number."""
    if not isinstance(body, sp.Add) or len(body.args) != 2 or not body.has(sp.exp):
        return None
    found: list[tuple[sp.Expr, sp.Expr]] = []
    for term in sorted(body.args, key=lambda t: t.has(sp.exp)):
        coefficient, rest = term.as_coeff_Mul()
        if not coefficient.is_positive or not (rest == 1 or isinstance(rest, sp.exp)):
            return None
        found.append((coefficient, sp.S.Zero if rest == 1 else rest.args[0]))
    return found


def _power(body: sp.Pow) -> sp.Expr:
    two = _two_exponentials(body.base)
    if two is None or not body.exp.is_number or not body.exp.is_negative:
        return body
    (c, a), (d, b) = two
    return product([c**body.exp, sp.exp(a * body.exp), sigmoid(sp.expand(a - b) + sp.log(c / d)) ** -body.exp])


def _product(body: sp.Mul) -> sp.Expr:
    parts = _quotients(_resolved(factors(body)))
    exponents = [p.args[0] for p in parts if isinstance(p, sp.exp)]
    others = [p for p in parts if not isinstance(p, sp.exp)]
    if not exponents:
        return product(others) if others != factors(body) else body
    total = sp.expand(sp.Add(*exponents))
    for place, other in enumerate(others):  # exp(z) σ(-z) = σ(z)
        base, power = other.as_base_exp()
        if not isinstance(base, sigmoid) or not power.is_Integer or power < 1:
            continue
        times = next((k for k in range(1, int(power) + 1) if sp.expand(total + k * base.args[0]) == 0), None)
        if times is not None:
            rest = [*others[:place], base ** (power - times), *others[place + 1 :]]
            return product([*rest, sigmoid(-base.args[0]) ** times])
    return product([*others, sp.exp(total)])


def _quotients(parts: list[sp.Expr]) -> list[sp.Expr]:
    """sinh(z)/cosh(z) = tanh(z) and expm1(z) σ(-z) = tanh(z/2), with the powers that both have."""
    for above in parts:
        function, n = above.as_base_exp()
        for below in parts:
            base, power = below.as_base_exp()
            if isinstance(function, sp.sinh) and base == sp.cosh(function.args[0]):
                ratio, count, left = sp.tanh(function.args[0]), -power, 1
            elif isinstance(function, expm1) and base == sigmoid(-function.args[0]):
                ratio, count, left = sp.tanh(function.args[0] / 2), power, -1
            else:
                continue
            if n.is_Integer and count.is_Integer and n > 0 and count > 0:
                k = min(n, count)
                made = [ratio**k, function ** (n - k), base ** (power + left * k)]
                return _quotients([*_without(parts, (above, below)), *(m for m in made if m != 1)])
    return parts


def _without(parts: list[sp.Expr], gone: Iterable[sp.Expr]) -> list[sp.Expr]:
    left = list(parts)
    for part in gone:
        left.remove(part)
    return left


def _without_cosh(body: sp.Expr) -> sp.Expr:
    """The body without reciprocals of cosh, which overflows where they vanish."""
    if not body.args or isinstance(body, (Access, Index)):
        return body
    if isinstance(body, sp.Pow) and isinstance(body.base, sp.cosh) and body.exp.is_Integer and body.exp < 0:
        z = body.base.args[0]
        if body.exp % 2 == 0:
            return product([4, sigmoid(2 * z), sigmoid(-2 * z)]) ** (-body.exp / 2)
        return product([2, sp.exp(-absolute(z)), sigmoid(2 * absolute(z))]) ** -body.exp
    return rebuilt(body, [_without_cosh(a) for a in body.args])


def _resolved(parts: list[sp.Expr]) -> list[sp.Expr]:
    """Beside δ(k, a) the index k may be read as a, where that is a place of k, so that what cancels there cancels.

    The deltas themselves stay: one that another has rewritten would no longer say what it says of its index.
    """
    for delta in [p for p in parts if isinstance(p, Delta)]:
        index, address = delta.args
        if isinstance(index, Index) and not address.has(index) and takes(index.size, address, ()):
            parts = [p if isinstance(p, Delta) else substitute(p, {index: address}) for p in parts]
    return factors(product(parts))
