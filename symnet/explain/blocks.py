"""Contributions to parts of one tensor as blocks: ``[X A, U]`` side by side, ``[x; y]`` below each other.

What no contribution reaches is a block of zeros.  A number fills its block; it stands bare where its size follows from
the other blocks and the shape of the whole, several bare ones sharing what is left, and as ``zeros(N,2)`` elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cmp_to_key
from itertools import pairwise

import sympy as sp

from symnet.calculus.integers import same
from symnet.calculus.ranges import positive
from symnet.explain.arrays import Matrices, NoMatrixForm
from symnet.explain.formula import (
    Add,
    Blocks,
    Call,
    Formula,
    Number,
    Signed,
    negated,
    product_of,
    signed,
    total_of,
    transposed,
)
from symnet.reading.nodes import Axes, Key, Map, Node, Span, Store, operand

Cut = tuple[sp.Expr, sp.Expr]  # first place and size


@dataclass(frozen=True)
class _Box:
    """A block and where it stands on each axis; ``filled`` says that it is one number."""

    cuts: tuple[Cut, ...]
    formula: Formula
    filled: bool


def blocks_of(stores: Sequence[Store], axes: Axes, matrices: Matrices) -> Formula:
    """The sum of the stores of a vector or a matrix whose axes are given.  Raises NoMatrixForm."""
    if len(axes) == 3:
        return _stacked(stores, axes, matrices)
    if len(axes) not in (1, 2):
        raise NoMatrixForm
    terms = [signed(matrices.of(s.node)) for s in stores if s.keys is None]
    groups: list[list[_Box]] = []
    for store in stores:
        if store.keys is None:
            continue
        box = _box(store.node, store.keys, axes, matrices)
        for group in groups:
            if _grid([*group, box], axes) is not None:
                group.append(box)
                break
        else:
            groups.append([box])
    return total_of(sorted([*terms, *(_written(g, axes, matrices.size) for g in groups)], key=lambda t: t.negative))


def _stacked(stores: Sequence[Store], axes: Axes, matrices: Matrices) -> Formula:
    """Matrices along a new axis: ``stack([A, B], 1)``.  Raises NoMatrixForm."""
    found: dict[sp.Expr, Formula] = {}
    at = next((k for k, key in enumerate(stores[0].keys or ()) if key is not None), 0)
    for store in stores:
        keys = store.keys or ()
        if len(keys) != 3 or any((key is None) is (k == at) for k, key in enumerate(keys)):
            raise NoMatrixForm
        found[keys[at]] = matrices.of(store.node)
    places = [sp.Integer(k) for k in range(len(stores))]
    if axes[at].size != len(places) or set(found) != set(places):
        raise NoMatrixForm
    return Call("stack", (Blocks((tuple(found[k] for k in places),)), Number(str(at))))


def _box(node: Node, keys: tuple[Key, ...], axes: Axes, matrices: Matrices) -> _Box:
    cuts, across = list[Cut](), list[sp.Expr | None]()  # across: the label of each axis, None where it is gone
    labels = iter(node.axes)
    for key, axis in zip(keys, axes, strict=True):
        if isinstance(key, sp.Expr):
            cuts.append((key, sp.S.One))
            across.append(None)
        elif key is None or (isinstance(key, Span) and key.step == 1):
            cuts.append((key.start, key.size) if isinstance(key, Span) else (sp.S.Zero, axis.size))
            across.append(next(labels))
        else:
            raise NoMatrixForm
    gone = [label for label, (_, size) in zip(across, cuts, strict=True) if label is not None and size == 1]
    inner = _without(node, gone)
    if isinstance(inner, Map) and not any(o.axes for o in inner.operands):
        return _Box(tuple(cuts), matrices.of(replace(inner, axes=())), True)
    if not inner.axes:
        return _Box(tuple(cuts), matrices.of(inner), True)
    if isinstance(inner, Map) and any(all(i not in o.axes for o in inner.operands) for i in inner.axes):
        raise NoMatrixForm  # s 1ᵀ in a block does not say how often s is repeated
    column = matrices.of(inner)
    is_row = len(axes) == 2 and len(inner.axes) == 1 and inner.axes[0] is across[1]
    return _Box(tuple(cuts), transposed(column) if is_row else column, False)


def _without(node: Node, labels: Sequence[sp.Expr | None]) -> Node:
    """The node without axes of one place along which it only repeats."""
    if not isinstance(node, Map) or any(i in labels for o in node.operands for i in o.axes):
        return node
    left = tuple(i for i in node.axes if i not in labels)
    return node.operands[0] if node.body == operand(0) else replace(node, axes=left)


def _grid(boxes: Sequence[_Box], axes: Axes) -> tuple[list[list[Cut]], dict[tuple[int, ...], _Box]] | None:
    """The parts of each axis, and the box in each cell; None if the boxes do not lie so."""
    parts = [_parts([box.cuts[k] for box in boxes], axis.size) for k, axis in enumerate(axes)]
    cells: dict[tuple[int, ...], _Box] = {}
    for box in boxes:
        place = tuple(_place(cut, own) for cut, own in zip(box.cuts, parts, strict=True) if own is not None)
        if len(place) < len(axes) or -1 in place or place in cells:
            return None
        cells[place] = box
    return [own for own in parts if own is not None], cells


def _parts(cuts: Iterable[Cut], size: sp.Expr) -> list[Cut] | None:
    """The axis cut wherever a box begins or ends; None where the order is not known for all sizes."""
    places: list[sp.Expr] = [sp.S.Zero, size]
    for start, length in cuts:
        places += [p for p in (start, sp.expand(start + length)) if not any(same(p, q) for q in places)]
    if any(not positive(a - b) and not positive(b - a) for k, a in enumerate(places) for b in places[:k]):
        return None
    places.sort(key=cmp_to_key(_order))
    return [(a, sp.expand(b - a)) for a, b in pairwise(places)]


def _order(one: sp.Expr, other: sp.Expr) -> int:
    return 1 if positive(one - other) else -1


def _place(cut: Cut, parts: Sequence[Cut]) -> int:
    return next((k for k, p in enumerate(parts) if same(p[0], cut[0]) and same(p[1], cut[1])), -1)


def _written(boxes: Sequence[_Box], axes: Axes, size: Callable[[sp.Expr], Formula]) -> Signed:
    """The blocks of one group; a sign that all have stands in front."""
    found = _grid(boxes, axes)
    if found is None:
        raise NoMatrixForm
    parts, cells = found
    rows, columns = parts[0], parts[1] if len(parts) == 2 else [(sp.S.Zero, sp.S.One)]
    places = [tuple(c[: len(axes)]) for r in range(len(rows)) for c in ((r, k) for k in range(len(columns)))]
    filled = {p for p in places if p not in cells or cells[p].filled}
    bare = all(
        _alike([own[k][1] for k in range(len(own)) if all(p in filled for p in places if p[axis] == k)])
        for axis, own in enumerate(parts)
    )

    def block(place: tuple[int, ...]) -> Formula:
        number = cells[place].formula if place in cells else Number("0")
        if place not in filled or bare:
            return number
        shape = tuple(size(own[k][1]) for own, k in zip(parts, place, strict=True))
        if number == Number("0"):
            return Call("zeros", shape)
        return product_of([number, Call("ones", shape)])

    written = [[block((r, k)[: len(axes)]) for k in range(len(columns))] for r in range(len(rows))]
    negative = all(_is_negative(b) for row in written for b in row if b != Number("0"))
    if negative:
        written = [[b if b == Number("0") else negated(b) for b in row] for row in written]
    if len(rows) == len(columns) == 1:
        return Signed(negative, written[0][0])
    return Signed(negative, Blocks(tuple(map(tuple, written)), bare and bool(filled)))


def _alike(sizes: Sequence[sp.Expr]) -> bool:
    """Whether bare numbers share what is left in equal parts."""
    return all(same(s, sizes[0]) for s in sizes)


def _is_negative(formula: Formula) -> bool:
    return isinstance(formula, Add) and len(formula.terms) == 1 and formula.terms[0].negative
