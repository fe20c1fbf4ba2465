"""What an equation becomes when it is read as array notation: a tree of nodes with labelled axes, and a store.

The axes of a node carry the indices of the equation, so a transpose is a permutation of labels and a broadcast is a
label that an operand does not have.  Two readers spell the same tree: the screen (``dW2 = Aᵀ dZ2``) and the code
(``dW2 = A.T @ dZ2``); neither decides anything about the mathematics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import sympy as sp

from symnet.calculus.ir import Index, Operation, Ties

Axes = tuple[Index, ...]


@dataclass(frozen=True)
class Tensor:
    """A whole tensor: axis k carries the label ``axes[k]``."""

    name: str
    axes: Axes


@dataclass(frozen=True)
class Counter:
    """The index as a number: 0, 1, ..., size - 1 along its own axis."""

    index: Index

    @property
    def axes(self) -> Axes:
        return (self.index,)


@dataclass(frozen=True)
class Span:
    """``size`` places of one axis: start, start + step, ...; a step of -1 reads backwards."""

    start: sp.Expr
    step: int
    size: sp.Expr


@dataclass(frozen=True)
class Slice:
    """One key for each axis of the source: a place (the axis goes) or a span (the axis stays, relabelled)."""

    source: Node
    keys: tuple[sp.Expr | Span, ...]
    axes: Axes


@dataclass(frozen=True)
class Reshape:
    """The same numbers in row-major order under other axes: splits and merges."""

    source: Node
    axes: Axes


@dataclass(frozen=True)
class Window:
    """How windows slide over one axis: tap p of window i is the place ``start + stride · i + dilation · p``."""

    place: Index
    tap: Index
    stride: int
    dilation: int
    start: sp.Expr = sp.S.Zero  # a read cuts its source there, so only a store has one

    @property
    def span(self) -> sp.Expr:
        """Places from the first tap of a window to its last."""
        return self.dilation * (self.tap.size - 1) + 1


@dataclass(frozen=True)
class Windows:
    """A view of every window: an axis that one slides over becomes its places, and its taps stand at the end."""

    source: Node
    windows: tuple[Window | None, ...]  # one for each axis of the source
    axes: Axes


@dataclass(frozen=True)
class Gather:
    """``source[keys]``: one key for each axis of the source, an integer node, or None for the whole axis.

    Integer keys broadcast against each other by their labels.  The result's axes are those of the keys, joined, in the
    place of the first key when the keys stand side by side, else in front.
    """

    source: Node
    keys: tuple[Node | None, ...]
    axes: Axes


@dataclass(frozen=True)
class Transpose:
    """The same array with its axes in another order."""

    source: Node
    axes: Axes


@dataclass(frozen=True)
class Map:
    """An elementwise function: ``body`` is a SymPy scalar over ``operand(0)``, ``operand(1)``, ..., sizes and numbers.

    An operand that lacks a label of ``axes`` is broadcast along it.  With no operands it is a constant.
    """

    body: sp.Expr
    operands: tuple[Node, ...]
    axes: Axes


@dataclass(frozen=True)
class Reduce:
    """Sum or maximum over some axes; ``ties`` is where a maximum's derivative goes if it has several places."""

    op: Operation
    source: Node
    over: Axes
    ties: Ties = "share"

    @property
    def axes(self) -> Axes:
        return tuple(i for i in self.source.axes if i not in self.over)


@dataclass(frozen=True)
class First:
    """1 at the first place along ``over``, in their order, where source equals ``largest``, 0 elsewhere.

    The axes of ``largest`` are those of the source that are not ``over``.
    """

    source: Node
    largest: Node
    over: Axes

    @property
    def axes(self) -> Axes:
        return self.source.axes


@dataclass(frozen=True)
class Matrix:
    """A function of whole matrices: the two last axes of the source go, those of its value come behind the batches."""

    function: str
    source: Node
    axes: Axes


@dataclass(frozen=True)
class MatMul:
    """``left @ right``: the last axis of left meets the last but one of right (its only one, if right is a vector).

    The leading axes of both are the same batch labels, or one side has none.  Two vectors give their dot product.
    """

    left: Node
    right: Node

    @property
    def axes(self) -> Axes:
        left, right = self.left.axes, self.right.axes
        return left[:-1] + (right[-1:] if len(right) > 1 else ())


@dataclass(frozen=True)
class Outer:
    """The outer product of two vectors."""

    left: Node
    right: Node

    @property
    def axes(self) -> Axes:
        return self.left.axes + self.right.axes


@dataclass(frozen=True)
class Einsum:
    """The product of the operands summed over every label that ``axes`` lacks."""

    operands: tuple[Node, ...]
    axes: Axes


Indexing = Tensor | Counter | Slice | Reshape | Windows | Gather | Transpose
Node = Indexing | Map | Reduce | First | Matrix | MatMul | Outer | Einsum


Key: TypeAlias = sp.Expr | Span | Window | Node | None


@dataclass(frozen=True)
class Iteration:
    """A loop over ``time`` = 0..size-1; two loops have two symbols, also where both are written t."""

    time: sp.Symbol
    size: sp.Expr
    backward: bool


@dataclass(frozen=True)
class Store:
    """Where a node goes: the whole target (``keys`` is None), or the places that the keys name, one for each axis.

    A key is a place, a span, a window, an integer node, or None for the whole axis.  ``node.axes`` are the target's own
    axes in order for a whole store.  For a store by keys they are those of slicing the places and spans out of the
    target first and gathering by the nodes then; for a store by windows, which stand beside whole axes only and add up
    where they overlap, they are the places of the windows, then their taps.  The first store of a target makes it (by
    keys: zeros elsewhere), later ones add.  ``unique`` says that no place is named twice.  ``equations`` are the
    numbers of the equations read.

    A store of a recurrence stands in a loop, whose time is one of its places; a run of stores of one loop is its body.
    ``sets`` says that nothing else was stored at its places before.
    """

    target: str
    node: Node
    equations: tuple[int, ...]
    first: bool
    keys: tuple[Key, ...] | None = None
    unique: bool = True
    loop: Iteration | None = None
    sets: bool = False


@lru_cache(maxsize=1024)
def operand(number: int) -> sp.Symbol:
    """The placeholder of a Map's operand in its body."""
    return sp.Symbol(f"operand{number}", real=True)


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, integer keys included."""
    match node:
        case Map() | Einsum():
            return node.operands
        case MatMul() | Outer():
            return (node.left, node.right)
        case First():
            return (node.source, node.largest)
        case Gather():
            return (node.source, *(k for k in node.keys if k is not None))
        case Slice() | Reshape() | Windows() | Transpose() | Reduce() | Matrix():
            return (node.source,)
        case Tensor() | Counter():
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)
