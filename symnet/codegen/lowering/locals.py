"""What only one step of a loop needs is a variable of that step, not an array over all times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from symnet.codegen.lowering.statements import (
    Add,
    Array,
    Assign,
    Statement,
    Zeros,
    arguments_of,
    name,
    walk,
    with_arrays,
)

WHOLE = (sp.S.Zero, None, 1)


def localise(statements: Iterable[Statement], outputs: Iterable[str]) -> tuple[Statement, ...]:
    """The statements in which ``do[t] = ...; ... do[t] ...`` is ``do = ...; ... do ...`` if nothing else reads it."""
    work = list(statements)
    wanted = set(outputs)
    for target in [s.target for s in work if isinstance(s, Zeros)]:
        stores = [s for s in work if s.target == target and not isinstance(s, Zeros)]
        if target not in wanted and len(stores) == 1 and isinstance(stores[0], Add):
            work = _localised(work, stores[0]) or work
    return tuple(work)


def _localised(work: list[Statement], store: Add) -> list[Statement] | None:
    """The statements with the one tensor that the store makes as a variable; None where it is read at another time."""
    if store.loop is None or not store.sets or not store.view or any(k is not None for k in store.keys):
        return None
    now, *rest = store.view
    if now != store.loop.time or any(key != WHOLE for key in rest):
        return None
    table: dict[Array, Array] = {}
    for statement in work:
        for array in (a for top in arguments_of(statement) for a in walk(top)):
            if array.kind == "slice" and array.arguments[0] == name(store.target, store.rank):
                if not isinstance(array.attribute, tuple) or array.attribute[0] != now:
                    return None
                table[array] = _without_time(array, store)
    if any(_bare(store, a, False) for s in work for a in arguments_of(s)) or store.value.rank != store.rank - 1:
        return None
    kept = [s for s in work if not (isinstance(s, Zeros) and s.target == store.target)]
    local = Assign(store.target, store.value, store.loop)
    return [local if s is store else with_arrays(s, table) for s in kept]


def _without_time(array: Array, store: Add) -> Array:
    assert isinstance(array.attribute, tuple)
    now = name(store.target, store.rank - 1)
    rest = array.attribute[1:]
    return now if all(key == WHOLE for key in rest) else replace(array, arguments=(now,), attribute=rest)


def _bare(store: Add, array: Array, sliced: bool) -> bool:
    """Whether the whole tensor is read somewhere."""
    if array.kind == "name" and array.attribute == store.target:
        return not sliced
    return any(_bare(store, a, array.kind == "slice") for a in array.arguments)
