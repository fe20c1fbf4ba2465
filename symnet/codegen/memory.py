"""Who owns an array's memory: nothing that is given is ever written, and no two results share memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symnet.codegen.statements import Array, Assign, Statement


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
