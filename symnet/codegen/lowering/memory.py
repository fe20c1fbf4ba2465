"""Who owns an array's memory: nothing that is given is ever written, and no two results share memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from symnet.codegen.lowering.statements import VIEWS, Add, Array, Assign, Statement


def own_outputs(
    statements: Iterable[Statement], given: frozenset[str], outputs: Iterable[str]
) -> tuple[Statement, ...]:
    """The statements with copies where a variable that is written in place, or leaves the function, would be a view.

    An output may be a view of a local array; not of what is given, nor of another output's memory.
    """
    work = list(statements)
    wanted = set(outputs)
    written = {s.target for s in work if not isinstance(s, Assign)}
    roots: dict[str, str] = {}
    taken: set[str] = set(given)
    result: list[Statement] = []
    for statement in work:
        target = statement.target
        if isinstance(statement, Assign) and not statement.value.owns:
            source = _viewed(statement.value)
            root = roots.get(source, source)
            if target in written or (target in wanted and root in taken):
                statement = replace(statement, value=_copy(statement.value))
                root = target
            roots[target] = root
        else:
            roots.setdefault(target, target)
        if target in wanted:
            taken.add(roots[target])
        result.append(statement)
    return tuple(result)


def in_order(array: Array) -> bool:
    """Whether the entries lie one after the other, as far as the expression tells, so that a reshape copies nothing."""
    match array.kind:
        case "name":
            return True
        case "reshape":
            return in_order(array.arguments[0])
        case "slice":
            assert isinstance(array.attribute, tuple)
            return in_order(array.arguments[0]) and all(key == (sp.S.Zero, None, 1) for key in array.attribute[1:])
    return array.kind not in VIEWS


def add_in_place(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """The statements in which a sum that begins with a view of fresh memory is that view and an addition to it.

    NumPy adds to a temporary array in place, but not where the temporary is seen through a reshape.
    """
    result: list[Statement] = []
    for statement in statements:
        apart = _product_and_rest(statement.value) if isinstance(statement, Assign) else None
        if apart is None:
            result.append(statement)
            continue
        first, rest = apart
        result.append(Assign(statement.target, first, statement.loop))
        result.append(Add(statement.target, (), (), rest, True, first.rank, statement.loop))
    return tuple(result)


def _product_and_rest(value: Array) -> tuple[Array, Array] | None:
    """A reshaped matrix product and what is added to it; None where the value is no such sum."""
    if value.kind != "add" or not isinstance(value.attribute, tuple):
        return None
    first, *rest = value.arguments
    made = first.kind == "reshape" and first.arguments[0].kind == "matmul" and first.rank == value.rank
    if not made or set(value.attribute) != {1}:
        return None
    rank = max(a.rank for a in rest)
    return first, rest[0] if len(rest) == 1 else Array("add", tuple(rest), value.attribute[1:], rank, value.dtype)


#: Kinds of which automatic differentiation keeps the value for its way back.
_KEPT = frozenset(("call", "power", "divide", "reduce", "matrix", "solve"))


def with_values_kept(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """The statements with a copy where one is added to in place whose value automatic differentiation keeps."""
    work = tuple(statements)
    written = {s.target for s in work if not isinstance(s, Assign)}
    return tuple(
        replace(s, value=_copy(s.value))
        if isinstance(s, Assign) and s.target in written and s.value.kind in _KEPT
        else s
        for s in work
    )


def _viewed(array: Array) -> str:
    """The variable whose memory a view shows."""
    while array.kind != "name":
        array = array.arguments[0]
    return str(array.attribute)


def _copy(array: Array) -> Array:
    return Array("copy", (array,), None, array.rank, array.dtype)


def detach(statements: Iterable[Statement], names: frozenset[str]) -> tuple[Statement, ...]:
    """The statements in which the named variables are constants for automatic differentiation."""
    return tuple(
        replace(s, value=Array("detach", (s.value,), None, s.value.rank, s.value.dtype))
        if isinstance(s, Assign) and s.target in names
        else s
        for s in statements
    )
