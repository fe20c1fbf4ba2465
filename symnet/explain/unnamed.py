"""Tensors that nobody named, written out where a result reads them: ``2 Xᵀ (X w − y)``, not ``2 Xᵀ z``."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from itertools import pairwise

import sympy as sp

from symnet.calculus.ir import Access, Equation, atoms, exchange, sort_key
from symnet.explain.exchange import rewritten, substituted
from symnet.explain.formula import (
    At,
    Blocks,
    Call,
    Formula,
    Name,
    Ones,
    Times,
    Transposed,
    product_of,
    transposed,
)
from symnet.explain.matrix import MatrixForm
from symnet.explain.scribe import Scribe
from symnet.explain.softmax import softmaxes
from symnet.explain.spellings import Unicode
from symnet.simplify.rewrites import Total

#: A longer formula is better read with names in it.
_READABLE = 100


def unnamed_forms(scribe: Scribe, matrix: Mapping[str, MatrixForm], named: Set[str]) -> dict[str, Formula]:
    """The matrix form of every tensor without a name of the person's, by the name it got, but of those ``named``.

    Softmaxes keep theirs, and so do forms that are heavier than a name: with a vector spread over a matrix.
    """
    derivation, found = scribe.derivation, dict[str, Formula]()
    kept = softmaxes(derivation.program)
    for program in (derivation.model.program, derivation.program):
        for target in program.targets():
            spec = program.tensors[target]
            if not spec.given and spec.role == "intermediate" and target in matrix and target not in kept:
                form = written_out(matrix[target].formula.right[-1], found)
                form = _as_column(form) if spec.rank == 1 else form
                name = scribe.words.name(target)
                if name not in named and not spreads(form) and not is_fitted(form):
                    found[name] = form
    return found


def with_sums_written(scribe: Scribe, equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The equations with the sums that only the simplifier named written where they are read."""
    program, known = scribe.derivation.program, scribe.derivation.raw.tensors

    def written(body: sp.Expr) -> sp.Expr:
        table: dict[sp.Basic, sp.Expr] = {}
        for read in sorted(atoms(body, Access), key=sort_key):
            defining = program.defining(read.name)
            spec = program.tensors[read.name]
            helper = spec.role == "intermediate" and read.name not in known and len(defining) == 1
            if helper and defining[0].reduced and defining[0].op == "+" and not defining[0].guard:
                own = defining[0].fresh()
                places = dict(zip(own.left, read.addresses, strict=True))
                table[read] = Total(written(exchange(own.body, places)), *own.reduced)
        return exchange(body, table) if table else body

    return tuple(replace(e, body=written(e.body)) for e in equations)


def names_in(formula: Formula) -> set[str]:
    """The names of tensors that stand in a formula, as matrices or by their entries."""
    found: set[str] = set()

    def look(part: Formula) -> Formula | None:
        if isinstance(part, Name | At):
            found.add(part.name)
        return None

    rewritten(formula, look)
    return found


def written_out(formula: Formula, table: Mapping[str, Formula]) -> Formula:
    """The formula with the tensors of the table written out, unless it grows too long."""
    whole = substituted(_with_sums(formula, table), table)
    return whole if len(Unicode().write(whole)) <= _READABLE else formula


def _as_column(formula: Formula) -> Formula:
    """A vector inside a formula is a column: the sums of columns, which may stand alone as the row 1ᵀ M, are Mᵀ 1."""
    match formula:
        case Times((Transposed(Ones()), *factors)):
            whole = transposed(product_of(factors))
            return Times((*(whole.factors if isinstance(whole, Times) else (whole,)), Ones()))
    return formula


def spreads(formula: Formula) -> bool:
    """Whether a column or a row is spread over a matrix by ones: ``s 1ᵀ``, ``1 bᵀ``."""
    found: list[Formula] = []

    def look(part: Formula) -> Formula | None:
        if isinstance(part, Times) and any(map(_is_spread, pairwise(part.factors))):
            found.append(part)
        return None

    rewritten(formula, look)
    return bool(found)


def is_fitted(formula: Formula) -> bool:
    """Whether blocks stand in it that only the shape of the left side tells in full."""
    found: list[Formula] = []

    def look(part: Formula) -> Formula | None:
        if isinstance(part, Blocks) and part.fitted:
            found.append(part)
        return None

    rewritten(formula, look)
    return bool(found)


def _is_spread(pair: tuple[Formula, Formula]) -> bool:
    return pair[1] == Transposed(Ones()) or (pair[0] == Ones() and isinstance(pair[1], Transposed))


def _with_sums(formula: Formula, table: Mapping[str, Formula]) -> Formula:
    """``q 1ᵀ`` is rowsum(M) where q = M 1, and ``1 qᵀ`` is colsum(M) where q = Mᵀ 1: sums at every place."""

    def rule(part: Formula) -> Formula | None:
        if not isinstance(part, Times):
            return None
        left = list(part.factors)
        done: list[Formula] = []
        while left:
            total = _sum_at_every_place(left[0], left[1], table) if len(left) > 1 else None
            done.append(total or rewritten(left[0], rule))
            left = left[2 if total else 1 :]
        return product_of(done)

    return rewritten(formula, rule)


def _sum_at_every_place(first: Formula, second: Formula, table: Mapping[str, Formula]) -> Formula | None:
    match first, second:
        case Name(name), Transposed(Ones()) if name in table:
            match table[name]:
                case Times((*factors, Ones())):
                    return Call("rowsum", (product_of(factors),))
        case Ones(), Transposed(Name(name)) if name in table:
            match table[name]:
                case Times((*factors, Ones())):
                    return Call("colsum", (transposed(product_of(factors)),))
    return None
