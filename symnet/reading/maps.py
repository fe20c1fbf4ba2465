"""Elementwise nodes: one flat Map, its operands in the order of its axes, no operand twice."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symnet.calculus.ir import Index
from symnet.calculus.products import factors, product, rebuilt, substitute
from symnet.reading.nodes import Axes, Map, Node, Transpose, operand

__all__ = ["aligned", "broadcast", "factors", "mapped", "product", "rebuilt", "substitute"]


def aligned(node: Node, axes: Axes) -> Node:
    """The node with its axes in the order in which they stand in ``axes``."""
    wanted = tuple(i for i in axes if i in node.axes)
    if wanted == node.axes:
        return node
    source = node.source if isinstance(node, Transpose) else node
    return source if wanted == source.axes else Transpose(source, wanted)


def mapped(body: sp.Expr, operands: Sequence[Node], order: Axes) -> Node:
    """The Map of ``body`` over operands that may be Maps themselves; a bare operand comes back as it is.

    Axes stand as in the widest operand if it has them all, else as in ``order``, what is left behind in order of
    appearance.
    """
    flat: list[Node] = []
    table: dict[sp.Basic, sp.Expr] = {}
    for number, node in enumerate(operands):
        inner = node if isinstance(node, Map) else None
        leaves = inner.operands if inner is not None else (node,)
        places = {operand(k): operand(_place(flat, leaf)) for k, leaf in enumerate(leaves)}
        table[operand(number)] = substitute(inner.body, places) if inner is not None else places[operand(0)]
    joined = substitute(body, table)
    if joined == operand(0) and len(flat) == 1:
        return flat[0]
    axes = _axes(flat, order)
    return Map(joined, tuple(aligned(n, axes) for n in flat), axes)


def broadcast(node: Node, axes: Axes) -> Node:
    """The node with exactly these axes in this order, repeated along those that it lacks."""
    if len(node.axes) == len(axes):
        return (
            Map(node.body, tuple(aligned(n, axes) for n in node.operands), axes)
            if isinstance(node, Map)
            else aligned(node, axes)
        )
    if isinstance(node, Map):
        return Map(node.body, tuple(aligned(n, axes) for n in node.operands), axes)
    return Map(operand(0), (aligned(node, axes),), axes)


def _place(flat: list[Node], leaf: Node) -> int:
    plain = leaf.source if isinstance(leaf, Transpose) else leaf
    for place, known in enumerate(flat):
        if known == plain:
            return place
    flat.append(plain)
    return len(flat) - 1


def _axes(nodes: Sequence[Node], order: Axes) -> Axes:
    labels: list[Index] = []
    for node in nodes:
        labels += [i for i in node.axes if i not in labels]
    widest = max(nodes, key=lambda n: len(n.axes), default=None)
    if widest is not None and len(widest.axes) == len(labels):
        return widest.axes
    return (*(i for i in order if i in labels), *(i for i in labels if i not in order))
