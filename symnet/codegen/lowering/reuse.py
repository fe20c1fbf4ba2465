"""Large arrays that nothing reads any more lend their memory to what is made of them, place by place.

    y = np.exp(x - m)        becomes        y = np.exp(np.subtract(x, m, out=x), out=x)         if x is not read after

NumPy does so by itself for temporaries of one shape, but not beside an operand that is broadcast.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from symnet.codegen.lowering.shapes import LARGE, Shape, places_of, shape_of
from symnet.codegen.lowering.statements import Array, Assign, Statement, read_names, walk

FUNCTIONS = {"exp": "np.exp", "log": "np.log", "tanh": "np.tanh", "sqrt": "np.sqrt", "fmin": "np.fmin"}
PAIRS = {"multiply": "np.multiply", "divide": "np.divide"}


def reuse(
    statements: Iterable[Statement], shapes: Mapping[str, Shape], fixed: frozenset[str], sizes: Mapping[str, int | None]
) -> tuple[Statement, ...]:
    """The statements with lent memory.  ``fixed`` are the names that keep theirs: what is given, what is returned."""
    work = list(statements)
    known = dict(shapes)
    for place, statement in enumerate(work):
        if not isinstance(statement, Assign) or statement.loop is not None:
            continue
        shape = shape_of(statement.value, known)
        if shape is None:
            known.pop(statement.target, None)
            continue
        known[statement.target] = shape
        if places_of(shape, sizes) < LARGE:
            continue
        lent = next((x for x in _lenders(statement.value, shape, known) if _idle(x, work, place, fixed)), None)
        if lent is not None:
            work[place] = replace(statement, value=_into(statement.value, lent))
    return tuple(work)


def _operation(array: Array) -> str | None:
    """The function of NumPy that computes one operation, where it can write into memory."""
    if array.kind == "add" and len(array.arguments) == 2 and array.attribute in ((1, 1), (1, -1)):
        return "np.add" if array.attribute == (1, 1) else "np.subtract"
    return FUNCTIONS.get(str(array.attribute)) if array.kind == "call" else PAIRS.get(array.kind)


def _lenders(array: Array, shape: Shape, known: Mapping[str, Shape]) -> list[Array]:
    """The variables of this shape from which the value is made place by place."""
    if array.kind == "name":
        return [array] if known.get(str(array.attribute)) == shape and array.dtype == "float" else []
    if _operation(array) is None or shape_of(array, known) != shape:
        return []
    return [x for a in array.arguments for x in _lenders(a, shape, known)]


def _idle(lender: Array, work: list[Statement], place: int, fixed: frozenset[str]) -> bool:
    """Whether a variable has memory of its own, no view of it, and is read here, once, for the last time."""
    name = str(lender.attribute)
    made = [k for k, s in enumerate(work) if s.target == name]
    statement = work[place]
    if name in fixed or len(made) != 1 or statement.target == name:
        return False
    maker = work[made[0]]
    if not isinstance(maker, Assign) or not maker.value.owns or maker.value.kind == "detach":
        return False
    readers = [s for s in work if name in read_names(s)]
    seen = any(isinstance(s, Assign) and not s.value.owns for s in readers)
    assert isinstance(statement, Assign)
    return not seen and readers[-1] is statement and sum(a == lender for a in walk(statement.value)) == 1


def _into(array: Array, lender: Array) -> Array:
    """The value with each operation on the way from the lender writing into its memory."""
    if array == lender or lender not in walk(array):
        return array
    arguments = tuple(_into(a, lender) for a in array.arguments)
    return Array("into", (*arguments, lender), _operation(array), array.rank, array.dtype)
