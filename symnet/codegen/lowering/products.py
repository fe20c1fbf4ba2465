"""A sum of products of two operands as one matrix product, where the operands' axes fall into rows and columns.

The axes of each operand form groups: those that both operands and the result have (stacked), those that are summed, and
the rest, which is rows or columns of the result.  A group is one axis of a matrix by reshaping; where its axes do not
lie side by side in memory, that is a copy.  A leading axis may be stacked as well, if that saves copies: the columns
``[n, c·p·q, i·j]`` of a convolution are made once, for the forward pass and for both adjoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus.ir import Index, Program
from symnet.codegen.lowering.memory import in_order
from symnet.codegen.lowering.statements import Array, Statement, arguments_of, walk, with_arrays
from symnet.reading.nodes import Axes, MatMul


@dataclass(frozen=True)
class Factor:
    """One operand: its array and the labels of its axes.  A view of windows lies nowhere side by side in memory."""

    array: Array
    axes: Axes


@dataclass(frozen=True)
class _Plan:
    """Stacked axes, and whether the first of them is summed after the product."""

    stack: Axes
    summed_first: bool
    copies: float


def matrix_product(left: Factor, right: Factor, axes: Axes) -> Array | None:
    """The product over ``axes``, summed over the labels that they lack; None where no matrix product says it."""
    shared = tuple(i for i in left.axes if i in right.axes)
    summed = tuple(i for i in shared if i not in axes)
    batch = tuple(i for i in axes if i in shared)
    if not summed or any(i not in shared and i not in axes for i in (*left.axes, *right.axes)):
        return None
    plans = [_planned(left, right, axes, batch, extra) for extra in (None, *_leading(left, right, batch))]
    plan = min((p for p in plans if p is not None), key=lambda p: p.copies, default=None)
    return _product(left, right, axes, plan) if plan is not None else None


def one_product(left: Array, right: Array, node: MatMul) -> Array:
    """``left @ right``; many matrices times one are one matrix, of all their rows, times that one."""
    if left.rank < 3 or right.rank != 2 or not in_order(left):
        return Array("matmul", (left, right), None, len(node.axes), "float")
    shape = (sp.Mul(*(i.size for i in node.left.axes[:-1])), node.left.axes[-1].size)
    product = Array("matmul", (Array("reshape", (left,), shape, 2, "float"), right), None, 2, "float")
    return Array("reshape", (product,), tuple(i.size for i in node.axes), len(node.axes), "float")


def plain_reshapes(statements: Iterable[Statement], program: Program) -> tuple[Statement, ...]:
    """The statements without reshapes of reshapes, and without those to the shape that a tensor has."""
    shapes = {name: tuple(spec.shape) for name, spec in program.tensors.items()}
    return tuple(
        with_arrays(s, {a: _plain(a, shapes) for top in arguments_of(s) for a in walk(top) if a.kind == "reshape"})
        for s in statements
    )


def _plain(array: Array, shapes: Mapping[str, tuple[sp.Expr, ...]]) -> Array:
    arguments = tuple(_plain(a, shapes) for a in array.arguments)
    if array.kind != "reshape":
        return array if arguments == array.arguments else replace(array, arguments=arguments)
    (source,) = arguments
    source = source.arguments[0] if source.kind == "reshape" else source
    whole = source.kind == "name" and source.rank == array.rank
    if whole and shapes.get(str(source.attribute)) == array.attribute:
        return source
    return replace(array, arguments=(source,))


def _leading(left: Factor, right: Factor, batch: Axes) -> list[Index]:
    return list(dict.fromkeys(f.axes[0] for f in (left, right) if f.axes and f.axes[0] not in batch))


def _planned(left: Factor, right: Factor, axes: Axes, batch: Axes, extra: Index | None) -> _Plan | None:
    """The plan with one more stacked axis; None where a group would be empty beside a stack."""
    stack = batch if extra is None else (extra, *batch)
    summed = tuple(i for i in left.axes if i in right.axes and i not in (*axes, *stack))
    free = [tuple(i for i in f.axes if i not in (*summed, *stack)) for f in (left, right)]
    holders = [f for f in (left, right) if extra is not None and extra in f.axes]
    summed_first = len(holders) == 2
    if not summed or (extra is not None and any(f.axes[0] != extra for f in holders)):
        return None
    if stack and not all(free):
        return None
    copies = sum(_copied(f, stack, summed) for f in (left, right)) + 0.5 * summed_first
    wanted = tuple(i for i in axes if i not in stack)
    ordered = axes[: len(stack)] == stack or summed_first
    copies += not (ordered and wanted in ((*free[0], *free[1]), (*free[1], *free[0])))
    return _Plan(stack, summed_first, copies)


def _copied(factor: Factor, stack: Axes, summed: Axes) -> bool:
    """Whether the operand must be copied to become a matrix."""
    rest = tuple(i for i in factor.axes if i not in stack)
    groups = _groups(rest, summed)
    stacked = tuple(i for i in factor.axes if i in stack)
    return factor.array.kind == "windows" or rest != (*groups[0], *groups[1]) or factor.axes[: len(stacked)] != stacked


def _groups(rest: Axes, summed: Axes) -> tuple[Axes, Axes]:
    """The summed and the other axes, the group that comes first in memory first."""
    inner, free = tuple(i for i in rest if i in summed), tuple(i for i in rest if i not in summed)
    return (inner, free) if not free or (inner and rest.index(inner[0]) < rest.index(free[0])) else (free, inner)


def _product(left: Factor, right: Factor, axes: Axes, plan: _Plan) -> Array:
    stack = plan.stack
    summed = tuple(i for i in left.axes if i in right.axes and i not in (*axes, *stack))
    first, second = left, right
    rows, columns = (tuple(i for i in f.axes if i not in (*summed, *stack)) for f in (first, second))
    if _first(columns, axes) < _first(rows, axes):
        first, second, rows, columns = second, first, columns, rows
    a = _matrix(first, stack, summed, rows=True)
    b = _matrix(second, stack, summed, rows=False)
    rank = len(stack) + bool(rows) + bool(columns)
    result = Array("matmul", (a, b), None, rank, "float")
    labels = (*stack, *rows, *columns)
    if plan.summed_first:
        result = Array("reduce", (result,), ("+", (0,), False), rank - 1, "float")
        labels = labels[1:]
    kept = tuple(i for i in stack if i in labels)
    result = _reshaped(result, (*((i,) for i in kept), *(g for g in (rows, columns) if g)), labels)
    order = tuple(labels.index(i) for i in axes)
    return result if order == tuple(range(len(order))) else Array("transpose", (result,), order, len(order), "float")


def _first(labels: Axes, axes: Axes) -> int:
    return min((axes.index(i) for i in labels), default=len(axes))


def _matrix(factor: Factor, stack: Axes, summed: Axes, rows: bool) -> Array:
    """The operand as stacked matrices, free axes as rows and summed ones as columns, or the other way round."""
    stacked = tuple(i for i in stack if i in factor.axes)
    rest = tuple(i for i in factor.axes if i not in stack)
    # The summed axes stand in one order in both operands.
    groups = tuple(tuple(i for i in summed if i in g) if set(g) <= set(summed) else g for g in _groups(rest, summed))
    wanted = (*stacked, *groups[0], *groups[1])
    array = factor.array
    order = tuple(factor.axes.index(i) for i in wanted)
    if order != tuple(range(len(order))):
        array = Array("transpose", (array,), order, len(order), array.dtype)
    parts = (*((i,) for i in stacked), *(g for g in groups if g))
    array = _merged(array, parts)
    summed_last = set(groups[1]) <= set(summed) or not groups[1]
    if not groups[1] or summed_last == rows:
        return array
    swapped = (*range(len(stacked)), len(stacked) + 1, len(stacked))
    return Array("transpose", (array,), swapped, array.rank, array.dtype)


def _merged(array: Array, groups: Sequence[Axes]) -> Array:
    if all(len(g) == 1 for g in groups):
        return array
    sizes = tuple(sp.Mul(*(i.size for i in g)) for g in groups)
    source = array.arguments[0] if array.kind == "reshape" else array
    return Array("reshape", (source,), sizes, len(sizes), array.dtype)


def _reshaped(array: Array, groups: Sequence[Axes], labels: Axes) -> Array:
    if len(groups) == len(labels):
        return array
    return Array("reshape", (array,), tuple(i.size for i in labels), len(labels), array.dtype)
