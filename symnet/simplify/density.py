"""The density of the normal distribution in a product: ``exp(-x²/2) / √(2π)`` is written φ(x)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt

import sympy as sp

from symnet.calculus.products import substitute
from symnet.calculus.scalars import normal_pdf
from symnet.simplify.atoms import ONE, Atom, Number, Poly, exact
from symnet.simplify.cost import Product
from symnet.simplify.normal import Algebra

_HALF = Fraction(1, 2)


def density_apart(algebra: Algebra, product: Product) -> tuple[Product, Poly | None]:
    """The product without exp(-x²/2)/√(2π), and the x of it; None where the product has no such factors.

    ``1/√(2π)`` stands in a product as ``√2 π^(-1/2) / 2``.
    """
    constants = {a.parts[0]: (a, e) for a, e in product.factors if a.kind == "const"}
    two, pi = constants.get(sp.Integer(2)), constants.get(sp.pi)
    if two is None or pi is None or two[1] != _HALF or pi[1] != -_HALF:
        return product, None
    for factor in product.factors:
        x = _halved_square(algebra, *factor)
        if x is not None:
            rest = tuple(f for f in product.factors if f not in (two, pi, factor))
            return replace(product, number=exact(product.number * 2), factors=rest), x
    return product, None


def with_open_densities(body: sp.Expr) -> sp.Expr:
    """The body with every φ written by exp, which NumPy and PyTorch have."""
    found = {call: call.opened for call in body.atoms(normal_pdf)}
    return substitute(body, {c: with_open_densities(o) for c, o in found.items()}) if found else body


def _halved_square(algebra: Algebra, a: Atom, e: Number) -> Poly | None:
    """x of a factor ``exp(-x²/2)``, up to its sign, which φ does not see."""
    if a.kind != "call" or a.head is not sp.exp:
        return None
    argument = algebra.scaled(a.parts[0], (e, ONE))
    if len(argument) != 1:
        return None
    ((mono, c),) = argument.items()
    root = _root(Fraction(-2 * c))
    if root is None or not mono or any(not isinstance(f, int) or f % 2 for _, f in mono):
        return None
    return {tuple((b, f // 2) for b, f in mono): exact(root)}


def _root(square: Fraction) -> Fraction | None:
    """The positive root of the square of a fraction, None of any other number."""
    if square <= 0:
        return None
    root = Fraction(isqrt(square.numerator), isqrt(square.denominator))
    return root if root * root == square else None
