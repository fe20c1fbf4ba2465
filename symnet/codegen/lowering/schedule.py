"""Common subexpressions get a name, once; nothing is computed twice."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from symnet.codegen.lowering.statements import (
    Add,
    AddWindows,
    Array,
    Assign,
    Statement,
    Zeros,
    arguments_of,
    name,
    read_names,
    sizes_shown,
    substitute,
    walk,
    with_arrays,
)
from symnet.naming import Namer
from symnet.reading.nodes import Iteration

#: Kinds that cost nothing to repeat.
FREE = frozenset({"name", "number", "transpose", "expand", "reshape", "slice", "flip", "detach", "negate"})


def hoist(statements: Iterable[Statement], names: Namer) -> tuple[Statement, ...]:
    """The statements in which what is the same at all times is computed before the loop, by name."""
    work = list(statements)
    while True:
        found = next(((s, a) for s in work for a in _same_at_all_times(s, work)), None)
        if found is None:
            return tuple(work)
        statement, array = found
        new = names.take(_wish(array))
        place = next(
            k for k, s in enumerate(work) if s.loop == statement.loop or (s.loop is None and array in _everything(s))
        )
        held = {array: name(new, array.rank, array.dtype)}
        work[place:] = [Assign(new, array), *(with_arrays(s, held) for s in work[place:])]


def _same_at_all_times(statement: Statement, statements: list[Statement]) -> list[Array]:
    """The largest expressions of a statement in a loop that are the same at each time."""
    if statement.loop is None:
        return []
    moving = {s.target for s in statements if s.loop == statement.loop}
    found: list[Array] = []
    open_arrays = list(arguments_of(statement))
    while open_arrays:
        array = open_arrays.pop()
        if _moves(array, statement.loop, moving):
            open_arrays += array.arguments
        elif array.kind not in FREE:
            found.append(array)
    return found


def _moves(array: Array, loop: Iteration, moving: set[str]) -> bool:
    """Whether an expression depends on the time of a loop; ``moving`` are the variables that its body writes."""
    return any(
        (a.kind == "name" and a.attribute in moving) or any(e.has(loop.time) for e in sizes_shown(a))
        for a in walk(array)
    )


def contiguous(statements: Iterable[Statement], names: Namer) -> tuple[Statement, ...]:
    """The statements in which a matrix that every step of a loop multiplies by its transpose is turned once, before."""
    work = list(statements)
    turned = {
        (s.loop, factor): None
        for s in work
        if s.loop is not None
        for a in _everything(s)
        if a.kind == "matmul"
        for factor in a.arguments
        if factor.kind == "transpose" and factor.arguments[0].kind == "name" and not _moves_in(factor, s, work)
    }
    for loop, factor in turned:
        new = names.take(f"{factor.arguments[0].attribute}_T")
        place = next(k for k, s in enumerate(work) if s.loop == loop)
        held = {factor: name(new, factor.rank, factor.dtype)}
        work = [with_arrays(s, held) if s.loop == loop else s for s in work]
        work.insert(place, Assign(new, Array("copy", (factor,), None, factor.rank, factor.dtype)))
    return tuple(work)


def _moves_in(array: Array, statement: Statement, statements: list[Statement]) -> bool:
    assert statement.loop is not None
    return _moves(array, statement.loop, {s.target for s in statements if s.loop == statement.loop})


def share(statements: Iterable[Statement], names: Namer) -> tuple[Statement, ...]:
    """The statements in which an expression that occurs twice is computed once, by name; the largest come first.

    Every tensor is complete before it is read, within a loop each place of it, so an expression means the same
    everywhere; one that moves with the time of a loop stands in that loop alone.  A name given to one expression makes
    no others alike, and leaves what stands in it at one place instead of many, so one count is enough for all.
    """
    work = _with_holders(list(statements))
    counts: Counter[Array] = Counter()
    first: dict[Array, int] = {}  # the statement before which the expression is known
    for place, statement in enumerate(work):
        for array in _everything(statement):
            if not _free(array):
                counts[array] += 1
                first.setdefault(array, place)
    before: dict[int, list[Assign]] = {}
    table: dict[Array, Array] = {}
    for array in sorted((a for a, n in counts.items() if n > 1), key=_weight, reverse=True):
        more = counts[array] - 1
        if not more:  # all its places are inside of a larger one that has a name by now
            continue
        table[array] = name(names.take(_wish(array)), array.rank, array.dtype)
        place, loop = first[array], work[first[array]].loop
        if loop is not None and not _moves(array, loop, {s.target for s in work if s.loop == loop}):
            place, loop = next(k for k, s in enumerate(work) if s.loop == loop), None
        _enter(before.setdefault(place, []), Assign(str(table[array].attribute), array, loop))
        for part in walk(array):
            if not _free(part):
                counts[part] -= more
                first[part] = min(first[part], place)
    return tuple(s for place, statement in enumerate(work) for s in _shared(before.get(place, []), statement, table))


def _enter(group: list[Assign], new: Assign) -> None:
    """Put a definition before the first that reads it, and before those of a loop if it stands outside."""
    place = next(
        (k for k, s in enumerate(group) if (s.loop is not None and new.loop is None) or new.value in walk(s.value)),
        len(group),
    )
    group.insert(place, new)


def _shared(group: list[Assign], statement: Statement, table: dict[Array, Array]) -> Iterator[Statement]:
    """A statement after the definitions that it is the first to need, all in terms of the shared names."""
    for s in group:
        parts = tuple(substitute(a, table) for a in s.value.arguments)
        yield s if parts == s.value.arguments else replace(s, value=replace(s.value, arguments=parts))
    yield with_arrays(statement, table)


def _with_holders(statements: list[Statement]) -> list[Statement]:
    """The statements in terms of the variables that hold their parts from an earlier statement on."""
    updated = {s.target for s in statements if isinstance(s, Add | AddWindows | Zeros)}
    known: dict[Iteration | None, dict[Array, Array]] = {None: {}}
    result: list[Statement] = []
    for statement in statements:
        if isinstance(statement, Zeros):
            result.append(statement)
            continue
        own = known.setdefault(statement.loop, {})
        statement = with_arrays(statement, ChainMap(own, known[None]) if statement.loop is not None else own)
        result.append(statement)
        if isinstance(statement, Assign) and _reusable(statement, updated):
            own[statement.value] = name(statement.target, statement.value.rank, statement.value.dtype)
    return result


def _reusable(statement: Statement, updated: set[str]) -> bool:
    return isinstance(statement, Assign) and statement.target not in updated and not _free(statement.value)


def _everything(statement: Statement) -> list[Array]:
    """Every expression that a statement computes; arrays of zeros are written later, so no two are one."""
    if isinstance(statement, Zeros):
        return []
    return [a for top in arguments_of(statement) for a in walk(top)]


def _weight(array: Array) -> int:
    return sum(1 for _ in walk(array))


def _free(array: Array) -> bool:
    """Whether an expression costs nothing to repeat.  Reshaping what does not lie in order in memory is a copy."""
    if array.kind != "reshape":
        return array.kind in FREE
    return array.arguments[0].kind not in ("transpose", "windows")


def _wish(array: Array) -> str:
    """A readable name for a shared expression."""
    first = next((str(a.attribute) for a in walk(array) if a.kind == "name"), "")
    match array.kind:
        case "arange":
            return "rows" if str(array.attribute) == "N" else f"range_{array.attribute}".replace("*", "")
        case "power":
            return f"{first}{array.attribute}" if array.attribute is not None else f"{first}_power"
        case "call":
            return f"{'masked' if array.attribute == 'fmin' else array.attribute}_{first}"
        case "compare":
            return f"{first}_mask"
        case "windows":
            return f"{first}_windows"
        case "select":
            return f"masked_{next((str(a.attribute) for a in walk(array.arguments[1]) if a.kind == 'name'), first)}"
        case "reshape":
            return f"{first}_{'columns' if any(a.kind == 'windows' for a in walk(array)) else 'matrix'}"
        case "reduce" | "count":
            return f"{first}_total"
        case "multiply" if _chain_power(array) is not None:
            return f"{first}{_chain_power(array)}"
    words = [str(a.attribute) for a in array.arguments if a.kind == "name"]
    if array.kind in ("add", "multiply", "divide") and len(words) == len(array.arguments) == 2:
        link = {"multiply": "times", "divide": "over"}.get(array.kind, "plus" if array.attribute == (1, 1) else "minus")
        return f"{words[0]}_{link}_{words[1]}"
    return f"{first}_term" if first else "term"


def _chain_power(array: Array) -> int | None:
    """n when the product is x**(n - 1) * x for a name x."""
    left, right = array.arguments if len(array.arguments) == 2 else (array, array)
    if right.kind != "name":
        return None
    if left.kind == "power" and left.attribute == 2 and left.arguments == (right,):
        return 3
    return None


def drop_unused(statements: Iterable[Statement], wanted: Iterable[str]) -> tuple[Statement, ...]:
    """Only the statements that the wanted variables need."""
    need, reads = set(wanted), list(statements)
    size = -1
    while len(need) > size:  # once more where a loop reads at one time what it writes later
        size = len(need)
        for statement in reversed(reads):
            need |= read_names(statement) if statement.target in need else set()
    return tuple(s for s in reads if s.target in need)


def shorten(statements: Iterable[Statement], names: Namer, fits: Callable[[Statement], bool]) -> tuple[Statement, ...]:
    """The statements with parts of too long ones computed before them, under names of their own."""
    result: list[Statement] = []
    for statement in statements:
        current = statement
        before: list[Statement] = []
        while not fits(current):
            part = _part_to_name(current)
            if part is None:
                break
            new = names.take(_wish(part))
            before.append(Assign(new, part, statement.loop))
            current = with_arrays(current, {part: name(new, part.rank, part.dtype)})
        for extra in before:
            result += shorten([extra], names, fits)
        result.append(current)
    return tuple(result)


def _part_to_name(statement: Statement) -> Array | None:
    tops = arguments_of(statement)
    whole_too = isinstance(statement, Add | AddWindows)
    parts = [a for top in tops for a in walk(top) if (whole_too or a not in tops) and not _free(a)]
    whole = max(map(_weight, tops), default=0)
    parts = [p for p in parts if _weight(p) > 2]
    return min(parts, key=lambda p: abs(2 * _weight(p) - whole), default=None)


__all__ = ["contiguous", "drop_unused", "hoist", "share", "shorten", "substitute"]
