"""One call for what a loop computes by one function from neighbouring places: the gates of a recurrence.

    i[t] = sigmoid(z[t, :, :H])                        i, f = sigmoid_z[:, :, :H], sigmoid_z[:, :, H:]
    f[t] = sigmoid(z[t, :, H : 2 * H])     becomes     sigmoid_z[t] = sigmoid(z[t, :, : 2 * H])        in the loop

The arrays are views of one that holds both, so everything that reads them stays.  A call costs as much as some thousand
places.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import sympy as sp

from symnet.calculus.integers import same
from symnet.codegen.lowering.statements import Add, Array, Assign, Statement, Zeros, name
from symnet.naming import Namer

WHOLE = (sp.S.Zero, None, 1)


@dataclass(frozen=True)
class _Call:
    """``target[t] = function(source[t, .., start:stop, ..])`` with the axis of the target that is cut so."""

    place: int
    store: Add
    source: Array
    axis: int
    start: sp.Expr
    stop: sp.Expr | None
    sizes: tuple[sp.Expr, ...]


def side_by_side(statements: Iterable[Statement], names: Namer, outputs: Iterable[str]) -> tuple[Statement, ...]:
    """The statements with such calls joined, two by two, as long as there are any."""
    work, kept = list(statements), set(outputs)
    while True:
        calls = [c for k in range(len(work)) if (c := _call_at(work, k, kept)) is not None]
        pairs = ((a, b) for one, two in combinations(calls, 2) for a, b in ((one, two), (two, one)))
        found = next(((a, b) for a, b in pairs if _neighbours(a, b, work)), None)
        if found is None:
            return tuple(work)
        work = _joined(work, *found, names)


def _call_at(work: list[Statement], place: int, kept: set[str]) -> _Call | None:
    store = work[place]
    if not isinstance(store, Add) or store.loop is None or not store.sets or any(k is not None for k in store.keys):
        return None
    made = [s for s in work if s.target == store.target and s is not store]
    if len(made) != 1 or not isinstance(made[0], Zeros) or not made[0].unset or made[0].like.kind != "empty":
        return None
    value, timed = store.value, (store.loop.time, *(WHOLE,) * (store.rank - 1))
    if store.target in kept or store.view != timed or value.kind != "call" or len(value.arguments) != 1:
        return None
    (read,) = value.arguments
    if read.kind != "slice" or read.arguments[0].kind != "name" or read.rank != store.rank - 1:
        return None
    spans: list[Any] = [key for key in read.attribute if isinstance(key, tuple)]  # type: ignore[attr-defined]
    cut = [k for k, key in enumerate(spans) if key != WHOLE]
    if len(cut) != 1 or spans[cut[0]][2] != 1:
        return None
    start, stop, _ = spans[cut[0]]
    sizes = made[0].like.attribute
    assert isinstance(sizes, tuple)
    return _Call(place, store, read, cut[0] + 1, start, stop, sizes)


def _neighbours(low: _Call, high: _Call, work: list[Statement]) -> bool:
    """Whether both are one function of one array, and the places of ``high`` begin where those of ``low`` end."""
    if low.stop is None or not same(low.stop, high.start) or low.store.loop != high.store.loop:
        return False
    between = work[min(low.place, high.place) : max(low.place, high.place)]
    source = low.source.arguments[0]
    return (
        low.store.value.attribute == high.store.value.attribute
        and low.axis == high.axis
        and _with_span(low.source, WHOLE) == _with_span(high.source, WHOLE)
        and not any(s.target == source.attribute for s in between)
    )


def _with_span(read: Array, span: object) -> Array:
    """The slice with another span where it has one that is not the whole axis."""
    assert isinstance(read.attribute, tuple)
    keys = tuple(span if isinstance(k, tuple) and k != WHOLE else k for k in read.attribute)
    return replace(read, attribute=keys)


def _joined(work: list[Statement], low: _Call, high: _Call, names: Namer) -> list[Statement]:
    function, source = low.store.value.attribute, low.source.arguments[0]
    whole = name(names.take(f"{function}_{source.attribute}"), low.store.rank)
    sizes = tuple(a + b if k == low.axis else a for k, (a, b) in enumerate(zip(low.sizes, high.sizes, strict=True)))
    read = _with_span(low.source, (low.start, high.stop, 1))
    value = replace(low.store.value, arguments=(read,))
    store = replace(low.store, target=str(whole.attribute), value=value)
    cut = low.sizes[low.axis]
    views = {
        call.store.target: Assign(call.store.target, replace(
            low.source, arguments=(whole,), rank=whole.rank,
            attribute=tuple(span if k == low.axis else WHOLE for k in range(whole.rank)),
        ))
        for call, span in ((low, (sp.S.Zero, cut, 1)), (high, (cut, None, 1)))
    }  # fmt: skip
    result: list[Statement] = []
    first = min(low.place, high.place)
    for place, statement in enumerate(work):
        if place in (low.place, high.place):
            result += [store] if place == first else []
        elif isinstance(statement, Zeros) and statement.target in views:
            if not any(s.target == store.target for s in result):
                like = statement.like
                result.append(Zeros(store.target, replace(like, attribute=sizes), True))
            result.append(views[statement.target])
        else:
            result.append(statement)
    return result
