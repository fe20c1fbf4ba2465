"""Array expressions and statements without labels: what a program in NumPy or PyTorch is made of.

An ``Array`` says everything that its text depends on, so equal arrays are equal text, and a common subexpression is
found by a dictionary.  Its ``kind`` is a row of each target's table of spellings.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import sympy as sp

from symnet.reading.nodes import Iteration

DType = Literal["float", "int", "bool", "number"]  # a number is a Python scalar, not an array

#: Every kind, with what ``attribute`` holds.
KINDS: dict[str, str] = {
    "name": "the name",
    "number": "a SymPy expression in sizes",
    "add": "the signs, +1 or -1, one for each argument",
    "multiply": "",
    "divide": "",
    "negate": "",
    "power": "the exponent as an integer or None when it is the second argument",
    "call": "the name of the scalar function",
    "compare": "one of > >= ==",
    "both": "",
    "select": "",
    "cast": "",  # to the dtype of the second argument, which is a name
    "transpose": "the permutation of the axes",
    "expand": "for each axis of the result, whether it is new",
    "reshape": "the sizes",
    "slice": "for each axis a place or (start, stop, step) as text-free expressions",
    "flip": "the axes",
    "gather": "for each axis whether it has a key; the keys are the further arguments",
    "arange": "the size; the argument says the device",
    "windows": "the axes slid over, and for each the number of taps, the stride, the dilation",
    "reduce": "(+ or max or first, the axes, whether a maximum has few places)",
    "at_first": "the axes; the first argument where the second first equals the third along them, else 0",
    "count": "the axes; the sum of a boolean array in the dtype of the second argument",
    "matmul": "",
    "matrix": "the name of the function of a whole matrix",
    "solve": "general, lower or upper: the form of the first argument, whose inverse times the second it is",
    "outer": "",
    "einsum": "the subscripts",
    "full": "the sizes; the arguments are a value and a name that gives dtype and device",
    "empty": "the sizes; the argument is a name that gives dtype and device",
    "copy": "",
    "list": "",  # the places of the first axis one by one
    "stack": "",  # and together again
    "within": "a place or (start, stop, step) for each axis; the first argument with the second at these places",
    "detach": "",
    "into": "the function; the last argument is the variable whose memory takes the value",
}

#: Kinds whose result is a view of their first argument's memory, or may be.
VIEWS = frozenset({"name", "transpose", "expand", "reshape", "slice", "flip", "windows", "detach"})


@dataclass(frozen=True)
class Array:
    """One array expression of known rank and kind of number."""

    kind: str
    arguments: tuple[Array, ...]
    attribute: Hashable
    rank: int
    dtype: DType
    _hash: int = field(default=0, compare=False, repr=False)

    def __post_init__(self) -> None:
        key = (self.kind, self.arguments, self.attribute, self.rank, self.dtype)
        object.__setattr__(self, "_hash", hash(key))

    def __hash__(self) -> int:
        return self._hash

    @property
    def owns(self) -> bool:
        """Whether the value has memory of its own, so that it may be written in place."""
        return self.kind not in VIEWS or (self.kind != "name" and self.arguments[0].owns)


@dataclass(frozen=True)
class Assign:
    """``target = value``"""

    target: str
    value: Array
    loop: Iteration | None = None


@dataclass(frozen=True)
class Add:
    """``target[view][keys] += value``; with ``unique`` no place is named twice.  ``target`` owns its memory.

    With ``sets`` the places hold nothing yet and get the value.  ``view`` says for each axis of the target a place or
    (start, stop, step), and is empty where nothing is sliced; ``keys`` are one for each axis that then remains.
    """

    target: str
    view: tuple[Hashable, ...]
    keys: tuple[Array | None, ...]
    value: Array
    unique: bool
    rank: int
    loop: Iteration | None = None
    sets: bool = False


@dataclass(frozen=True)
class Zeros:
    """``target = zeros`` with the shape, dtype and device of another tensor; ``unset`` places may hold anything."""

    target: str
    like: Array
    unset: bool = False
    loop: None = None


@dataclass(frozen=True)
class AddWindows:
    """``target[view][.., stride · i + dilation · p, ..] += value[.., i, .., p]``: taps stand at the end of the value.

    ``view`` is as that of ``Add``; ``axes`` are those that windows slide over, one stride and dilation for each.
    """

    target: str
    view: tuple[Hashable, ...]
    value: Array
    axes: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    rank: int
    loop: None = None


#: One statement.  Neighbours of one loop are its body; what stands in a loop may differ from one time to the next.
Statement = Assign | Add | AddWindows | Zeros


def name(text: str, rank: int, dtype: DType = "float") -> Array:
    """A variable."""
    return Array("name", (), text, rank, dtype)


def arguments_of(statement: Statement) -> tuple[Array, ...]:
    """The array expressions that a statement evaluates."""
    match statement:
        case Assign() | AddWindows():
            return (statement.value,)
        case Add():
            return (*(k for k in statement.keys if k is not None), statement.value)
        case Zeros():
            return (statement.like,)


def walk(array: Array) -> Iterator[Array]:
    """The expression and everything below it, parents first."""
    yield array
    for argument in array.arguments:
        yield from walk(argument)


def substitute(array: Array, table: Mapping[Array, Array]) -> Array:
    """The expression with whole subexpressions exchanged, also those that arise from exchanging their parts."""
    if array in table:
        return table[array]
    arguments = tuple(substitute(a, table) for a in array.arguments)
    if arguments == array.arguments:
        return array
    new = replace(array, arguments=arguments)
    return table.get(new, new)


def with_arrays(statement: Statement, table: Mapping[Array, Array]) -> Statement:
    """The statement with subexpressions exchanged in all that it evaluates."""
    match statement:
        case Assign() | AddWindows():
            return replace(statement, value=substitute(statement.value, table))
        case Add():
            keys = tuple(None if k is None else substitute(k, table) for k in statement.keys)
            return replace(statement, keys=keys, value=substitute(statement.value, table))
        case Zeros():
            return replace(statement, like=substitute(statement.like, table))


def sizes_shown(shown: Array | Statement) -> list[sp.Expr]:
    """The sizes and places that the text of one node, or of a whole statement, shows."""
    if isinstance(shown, Array):
        stack: list[object] = [shown.attribute]
    else:
        stack = [array.attribute for top in arguments_of(shown) for array in walk(top)]
        stack += [shown.view] if isinstance(shown, Add | AddWindows) else []
        stack += [shown.loop.size] if shown.loop is not None else []
    found: list[sp.Expr] = []
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack += item
        elif isinstance(item, sp.Expr):
            found.append(item)
    return found


def read_names(statement: Statement) -> set[str]:
    """The variables that a statement reads; an in-place addition reads its target."""
    names = {str(a.attribute) for top in arguments_of(statement) for a in walk(top) if a.kind == "name"}
    return names | {statement.target} if isinstance(statement, Add | AddWindows) else names
