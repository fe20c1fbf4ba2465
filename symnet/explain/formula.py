"""Formulas free of any format: a small tree that each notation writes down in its own way.

One tree serves both readings.  In an index formula a product is a product of numbers; in a matrix formula
``Times`` is the matrix product (or scaling by a number) and ``Hadamard`` the product entry by entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Formula:
    """Any node."""


@dataclass(frozen=True)
class Number(Formula):
    """A nonnegative number as it is to be read: an integer, a decimal, or 1e-12."""

    digits: str


@dataclass(frozen=True)
class Name(Formula):
    """A tensor without its indices, a size, or a constant such as π."""

    name: str


@dataclass(frozen=True)
class Letter(Formula):
    """An index."""

    letter: str


@dataclass(frozen=True)
class At(Formula):
    """An entry of a tensor: name[addresses]."""

    name: str
    addresses: tuple[Formula, ...]


@dataclass(frozen=True)
class Signed:
    """A term of a sum with its sign."""

    negative: bool
    term: Formula


@dataclass(frozen=True)
class Add(Formula):
    """A sum of signed terms; a single negative term is a negation."""

    terms: tuple[Signed, ...]


@dataclass(frozen=True)
class Times(Formula):
    """A product, written by setting the factors side by side."""

    factors: tuple[Formula, ...]


@dataclass(frozen=True)
class Hadamard(Formula):
    """A product entry by entry."""

    factors: tuple[Formula, ...]


@dataclass(frozen=True)
class Over(Formula):
    """A quotient, entry by entry where it is one of matrices."""

    top: Formula
    bottom: Formula


@dataclass(frozen=True)
class Power(Formula):
    """A power, entry by entry where the base is a matrix."""

    base: Formula
    exponent: Formula


@dataclass(frozen=True)
class Call(Formula):
    """A function of its arguments."""

    function: str
    arguments: tuple[Formula, ...]


@dataclass(frozen=True)
class Total(Formula):
    """A sum or a maximum of the body over indices."""

    kind: Literal["sum", "max"]
    letters: tuple[str, ...]
    body: Formula


@dataclass(frozen=True)
class Bracket(Formula):
    """Iverson's bracket: 1 where the relations hold between neighbours, else 0 (also where the rest is undefined)."""

    parts: tuple[Formula, ...]
    relations: tuple[Literal[">", ">=", "<", "<=", "="], ...]


@dataclass(frozen=True)
class KroneckerDelta(Formula):
    """1 where two indices are equal, else 0."""

    first: str
    second: str


@dataclass(frozen=True)
class Partial(Formula):
    """The partial derivative of one entry by another."""

    of: Formula
    by: Formula


@dataclass(frozen=True)
class Transposed(Formula):
    """The transpose."""

    base: Formula


@dataclass(frozen=True)
class Inverse(Formula):
    """The inverse of a matrix."""

    base: Formula


@dataclass(frozen=True)
class Entry(Formula):
    """An entry of a matrix that is written as a formula: (A⁻¹)[i,j]."""

    base: Formula
    addresses: tuple[Formula, ...]


@dataclass(frozen=True)
class Ones(Formula):
    """The column of ones of the length that fits."""


@dataclass(frozen=True)
class Blocks(Formula):
    """Matrices beside each other in a row, rows of them below each other; ``fitted``: numbers fill what is left."""

    rows: tuple[tuple[Formula, ...], ...]
    fitted: bool = False


@dataclass(frozen=True)
class Range:
    """Places of one axis as Python slices name them: from start to before stop; None is the end of the axis."""

    start: Formula | None = None
    stop: Formula | None = None
    step: int = 1


@dataclass(frozen=True)
class Sliced(Formula):
    """A part of a tensor: a place or a range for each axis; the axis of a place goes."""

    base: Formula
    keys: tuple[Formula | Range, ...]


@dataclass(frozen=True)
class Quotient(Formula):
    """Whole division of addresses, rounded down."""

    top: Formula
    bottom: Formula


@dataclass(frozen=True)
class Remainder(Formula):
    """The remainder of whole division of addresses."""

    top: Formula
    bottom: Formula


@dataclass(frozen=True)
class Chain(Formula):
    """left = right[0] = right[1] = ...: every member has the same value."""

    left: Formula
    right: tuple[Formula, ...]


ONE = Number("1")


def negated(formula: Formula) -> Formula:
    """The negative; a sign is moved, never doubled."""
    if isinstance(formula, Add) and len(formula.terms) == 1:
        (only,) = formula.terms
        return Add((Signed(True, only.term),)) if not only.negative else only.term
    return Add((Signed(True, formula),))


def signed(formula: Formula) -> Signed:
    """A formula as a term: a leading minus of a single term becomes the sign."""
    if isinstance(formula, Add) and len(formula.terms) == 1:
        return formula.terms[0]
    return Signed(False, formula)


def total_of(terms: list[Signed]) -> Formula:
    """The sum of the terms, without a sum around a single positive one."""
    if not terms:
        return Number("0")
    if len(terms) == 1 and not terms[0].negative:
        return terms[0].term
    return Add(tuple(terms))


def summed(letters: Sequence[str], body: Formula) -> Formula:
    """The body summed over the letters, if there are any: one sum where it is a sum itself."""
    if isinstance(body, Total) and body.kind == "sum":
        return Total("sum", (*letters, *body.letters), body.body)
    return Total("sum", tuple(letters), body) if letters else body


def product_of(factors: list[Formula]) -> Formula:
    """The product of the factors, products among them opened; none is 1, and a one among others goes."""
    opened = [g for f in factors for g in (f.factors if isinstance(f, Times) else (f,))]
    kept = [f for f in opened if f != ONE]
    if not kept:
        return ONE
    return kept[0] if len(kept) == 1 else Times(tuple(kept))


def whole_matrix(function: str, matrix: Formula) -> Formula:
    """A function of a whole matrix: A⁻¹, det(A), cholesky(A)."""
    return Inverse(matrix) if function == "inv" else Call(function, (matrix,))


def transposed(formula: Formula) -> Formula:
    """The transpose; ``(Xᵀ A)ᵀ`` is ``Aᵀ X``, but ``1ᵀ A`` is a vector, and its transpose makes it a row."""
    match formula:
        case Transposed(base):
            return base
        case Times((Transposed(Ones()), *_)):
            return Transposed(formula)
        case Times((Transposed(), *_)):
            return product_of([transposed(factor) for factor in reversed(formula.factors)])
    return Transposed(formula)
