"""Loops that automatic differentiation can follow: each time of a tensor is a tensor of its own.

h = list(h)                    an array that is written in place forgets what autograd needs
for t in range(T):
    h[t + 1] = torch.tanh(x[t] + h[t] @ U)
h = torch.stack(h)
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import replace

import sympy as sp

from symnet.codegen.lowering.statements import (
    Add,
    Array,
    Assign,
    Statement,
    arguments_of,
    name,
    read_names,
    walk,
    with_arrays,
)
from symnet.errors import Problem, SymnetError

WHOLE = (sp.S.Zero, None, 1)


def listed(statements: Iterable[Statement], outputs: Iterable[str]) -> tuple[Statement, ...]:
    """The statements with every tensor that a loop writes as a list of its times while the loop runs."""
    work, wanted = list(statements), set(outputs)
    result: list[Statement] = []
    for place, statement in enumerate(work):
        loop = statement.loop
        if loop is None:
            result.append(statement)
            continue
        body = [s for s in work if s.loop == loop]
        written = {s.target: s.rank for s in body if isinstance(s, Add)}
        if statement is body[0]:
            result += [Assign(n, Array("list", (name(n, r),), None, r, "float")) for n, r in written.items()]
        result.append(_of_lists(statement, written))
        if statement is body[-1]:
            later = wanted.union(*(read_names(s) for s in work[place + 1 :]))
            result += [
                Assign(n, Array("stack", (name(n, r),), None, r, "float")) for n, r in written.items() if n in later
            ]
    return tuple(result)


def _of_lists(statement: Statement, written: dict[str, int]) -> Statement:
    """The statement of a loop's body in terms of lists."""
    reads = {a for top in arguments_of(statement) for a in walk(top) if _reads_list(a, written)}
    statement = with_arrays(statement, {a: _taken(a) for a in reads})
    if not isinstance(statement, Add):
        return statement
    time, *rest = statement.view or (WHOLE,)
    if isinstance(time, tuple) or any(k is not None for k in statement.keys):
        message = f"autograd cannot follow how {statement.target} is written in its loop"
        raise SymnetError(Problem("SN606", message, help=("choose the target numpy or torch",)))
    now = Array("slice", (name(statement.target, statement.rank),), (time,), statement.rank - 1, "float")
    whole = all(key == WHOLE for key in rest)
    old = now if whole else Array("slice", (now,), tuple(rest), len([k for k in rest if isinstance(k, tuple)]), "float")
    value = statement.value
    if not statement.sets:
        value = Array("add", (old, value), (1, 1), old.rank, "float")
    if not whole:
        value = Array("within", (now, value), tuple(rest), now.rank, "float")
    return replace(statement, view=(time,), keys=(None,) * now.rank, value=value, sets=True)


def _reads_list(array: Array, written: dict[str, int]) -> bool:
    return array.kind == "slice" and array.arguments[0].kind == "name" and array.arguments[0].attribute in written


def _taken(array: Array) -> Array:
    """``z[t][:, :H]`` for ``z[t, :, :H]``."""
    keys = array.attribute
    assert isinstance(keys, tuple)
    time, *rest = keys
    now = replace(array, attribute=(time,), rank=array.arguments[0].rank - 1)
    return now if all(key == WHOLE for key in rest) else replace(array, arguments=(now,), attribute=tuple(rest))


def within_axis(array: Array) -> tuple[int, Hashable]:
    """The one axis of which some places are written, and its key."""
    assert isinstance(array.attribute, tuple)
    found = [(axis, key) for axis, key in enumerate(array.attribute) if key != WHOLE]
    if len(found) != 1:
        message = "autograd cannot follow a tensor that is written at places of several axes in a loop"
        raise SymnetError(Problem("SN606", message, help=("choose the target numpy or torch",)))
    return found[0]
