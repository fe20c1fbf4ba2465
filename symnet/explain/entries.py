"""Entrywise formulas of whole arrays; which factors are numbers, columns, rows or matrices decides the notation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from symnet.explain.formula import (
    Add,
    At,
    Bracket,
    Call,
    Formula,
    Hadamard,
    Name,
    Number,
    Ones,
    Over,
    Power,
    Signed,
    Times,
    Transposed,
    product_of,
)

Kind = Literal["number", "column", "row", "full"]


@dataclass(frozen=True)
class Piece:
    """A formula and how far it reaches: one number, a column beside every row, a row under every column, or all."""

    formula: Formula
    kind: Kind


def joined(piece: Piece, rank: int) -> Formula:
    """The piece as an array of the rank; a number alone fills it."""
    return piece.formula if rank < 2 else _full(piece)


def spread(formula: Formula, pieces: Mapping[str, Piece]) -> Piece:
    """An entry's formula as one of whole arrays; ``pieces`` are the arrays that its entries stand for."""
    match formula:
        case At(name) | Name(name) if name in pieces:
            return pieces[name]
        case Times(factors):
            return _product([spread(f, pieces) for f in factors])
        case Add(terms):
            return _sum([(t.negative, spread(t.term, pieces)) for t in terms])
        case Over(top, bottom):
            upper, lower = _alike([spread(top, pieces), spread(bottom, pieces)])
            return Piece(Over(upper.formula, lower.formula), _kind([upper, lower]))
        case Power(base, exponent):
            below, above = _alike([spread(base, pieces), spread(exponent, pieces)])
            return Piece(Power(below.formula, above.formula), _kind([below, above]))
        case Call("max", (argument, Number("0"))):
            inner = spread(argument, pieces)
            return Piece(Call("relu", (inner.formula,)), inner.kind)
        case Call(function, arguments):
            inside = _alike([spread(a, pieces) for a in arguments])
            return Piece(Call(function, tuple(p.formula for p in inside)), _kind(inside))
        case Bracket(parts, relations):
            sides = _alike([spread(p, pieces) for p in parts])
            return Piece(Bracket(tuple(s.formula for s in sides), relations), _kind(sides))
    return Piece(formula, "number")


def _kind(pieces: Sequence[Piece]) -> Kind:
    kinds = {p.kind for p in pieces} - {"number"}
    if not kinds:
        return "number"
    return next(iter(kinds)) if len(kinds) == 1 else "full"


def _alike(pieces: list[Piece]) -> list[Piece]:
    """The pieces brought to one reach; numbers stay, they reach everywhere."""
    if _kind(pieces) != "full":
        return pieces
    return [p if p.kind == "number" else Piece(_full(p), "full") for p in pieces]


def _full(piece: Piece) -> Formula:
    if piece.kind == "column":
        return product_of([piece.formula, Transposed(Ones())])
    if piece.kind == "row":
        return product_of([Ones(), Transposed(piece.formula)])
    return piece.formula


def _sum(terms: list[tuple[bool, Piece]]) -> Piece:
    kind = _kind([p for _, p in terms])
    signed = []
    for position, (negative, piece) in enumerate(terms):
        # A row is added to every row, as everybody writes it: X W + b.
        added = piece.kind == "row" and position > 0 and not negative
        plain = kind != "full" or piece.kind == "number" or added
        signed.append(Signed(negative, piece.formula if plain else _full(piece)))
    return Piece(Add(tuple(signed)), kind)


def _product(pieces: list[Piece]) -> Piece:
    numbers = [p.formula for p in pieces if p.kind == "number"]
    columns = [p.formula for p in pieces if p.kind == "column"]
    rows = [p.formula for p in pieces if p.kind == "row"]
    full = [p.formula for p in pieces if p.kind == "full"]
    kind = _kind(pieces)
    if kind != "full":
        return Piece(product_of([*numbers, *_hadamard([*columns, *rows])]), kind)
    if columns and rows:
        outer = [product_of([*_hadamard(columns), Transposed(_hadamard(rows)[0])])]
    else:
        outer = [_full(Piece(f, "column")) for f in _hadamard(columns)]
        outer += [_full(Piece(f, "row")) for f in _hadamard(rows)]
    return Piece(product_of([*numbers, *_hadamard([*full, *outer])]), "full")


def _hadamard(factors: list[Formula]) -> list[Formula]:
    return factors if len(factors) < 2 else [Hadamard(tuple(factors))]
