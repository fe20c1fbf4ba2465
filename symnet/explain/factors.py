"""How a SymPy body falls into factors and terms: what the order of a formula is decided by."""

from __future__ import annotations

from enum import IntEnum

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Access, Delta, Index, atoms
from symnet.calculus.specials import xlogy


class Kind(IntEnum):
    """What a factor is; in a product of one place the smaller stands first."""

    SIZE = 0
    SCALAR = 1
    ENTRY = 2
    FUNCTION = 3
    SUM = 4
    INDICATOR = 5


def factors_of(expression: sp.Expr) -> tuple[sp.Expr, list[tuple[sp.Expr, sp.Expr]]]:
    """The number in front, and bases with exponents; products that were left unevaluated are opened."""
    coefficient: sp.Expr = sp.S.One
    factors: list[tuple[sp.Expr, sp.Expr]] = []
    for part in sp.Mul.make_args(expression):
        if part.is_Number:
            coefficient = coefficient * part
        elif part.is_Mul or is_power_with_logarithm(part):
            inner, more = factors_of(part if part.is_Mul else power_with_logarithm(part))
            coefficient, factors = coefficient * inner, factors + more
        elif part.is_Add and content_of(part) != 1:
            coefficient = coefficient * content_of(part)
            factors.append((part / content_of(part), sp.S.One))
        else:
            factors.append((part.base, part.exp) if part.is_Pow else (part, sp.S.One))
    return coefficient, factors


def is_power_with_logarithm(part: sp.Expr) -> bool:
    """Whether it is the derivative of a power by its exponent, ``xlogy(x**y, x)``, which is 0 where x is."""
    return isinstance(part, xlogy) and part.args[0].is_Pow and part.args[0].base == part.args[1]


def power_with_logarithm(part: sp.Expr) -> sp.Expr:
    """``x**y log(x)``, as a person writes that derivative."""
    power, base = part.args
    return power * sp.log(base)


def content_of(expression: sp.Expr) -> sp.Rational:
    """What divides every coefficient of a sum, a whole number or 1/n if all are that: SymPy distributes it, a person
    does not."""
    content = expression.primitive()[0] if expression.is_Add else sp.S.One
    alike = content.p == 1 and all(abs(term.as_coeff_Mul()[0]) == content for term in expression.args)
    return content if content.is_Integer or alike else sp.S.One


def is_negative(exponent: sp.Expr) -> bool:
    """Whether a factor with this exponent belongs below the bar."""
    return bool(exponent.is_Number and exponent.is_negative)


def kind_of(base: sp.Expr) -> Kind:
    """What the base of a factor is."""
    if isinstance(base, Access):
        return Kind.ENTRY if base.addresses else Kind.SCALAR
    if not atoms(base, Access, Index):
        return Kind.SIZE
    if isinstance(base, (Delta, scalars.Indicator)):
        return Kind.INDICATOR
    return Kind.SUM if base.is_Add else Kind.FUNCTION


def is_polynomial(expression: sp.Expr) -> bool:
    """Whether only sums, products and whole powers occur."""
    return not atoms(expression, sp.Function) and all(p.exp.is_Integer for p in atoms(expression, sp.Pow))


def degree_of(expression: sp.Expr) -> int:
    """The number of factors of a term, powers counted."""
    _, factors = factors_of(expression)
    return sum(int(e) if e.is_Integer else 1 for _, e in factors)
