"""A narrow mask on the exponents of exponentials is a least upper bound: np.fmin passes memory faster than np.where.

    np.exp(np.where(mask, z, -inf) - m)     becomes     np.exp(np.fmin(z, limit) - m),  limit = where(mask, inf, -inf)

np.fmin takes the limit where z is no number, so masked numbers have no say, as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sympy as sp

from symnet.codegen.lowering.parts import number
from symnet.codegen.lowering.statements import Array, Assign, Statement, arguments_of, name, walk, with_arrays
from symnet.naming import Namer

INFINITE = number(sp.oo), number(-sp.oo)


def masks_as_limits(
    statements: Iterable[Statement], names: Namer, large: Callable[[Array], bool]
) -> tuple[Statement, ...]:
    """The statements in which masks of fewer axes than large exponents are limits, each computed once."""
    work = list(statements)
    while True:
        found = next(((s, a) for s in work for a in _masked_exponents(s) if large(a)), None)
        if found is None:
            return tuple(work)
        statement, masked = found
        condition, exponents, _ = masked.arguments
        place = next(k for k, s in enumerate(work) if masked in _everything(s))
        like = next(a for a in walk(exponents) if a.kind == "name" and a.dtype == "float")
        limit = Array("cast", (Array("select", (condition, *INFINITE), None, condition.rank, "float"), like), None,
                      condition.rank, "float")  # fmt: skip
        new = name(names.take(f"limit_{like.attribute}"), condition.rank)
        bounded = Array("call", (exponents, new), "fmin", masked.rank, "float")
        work = [with_arrays(s, {masked: bounded}) for s in work]
        work.insert(place, Assign(str(new.attribute), limit, statement.loop))


def _everything(statement: Statement) -> list[Array]:
    return [a for top in arguments_of(statement) for a in walk(top)]


def _masked_exponents(statement: Statement) -> list[Array]:
    """The masked terms of exponents: exp(where(mask, z, -inf) - m), with a mask of fewer axes than z."""
    if statement.loop is not None:
        return []
    inner = [a.arguments[0] for a in _everything(statement) if a.kind == "call" and a.attribute == "exp"]
    terms = [t for a in inner if a.kind == "add" for t in a.arguments[:1]]
    return [
        t
        for t in terms
        if t.kind == "select" and t.arguments[2] == INFINITE[1] and t.arguments[0].rank < t.arguments[1].rank == t.rank
    ]
