"""A program as stores of array notation, one tensor after the other."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Program
from symnet.calculus.scalars import maximum
from symnet.calculus.scalars import where as select
from symnet.reading.contract import Extent, total
from symnet.reading.integers import affine
from symnet.reading.maps import broadcast, mapped
from symnet.reading.nodes import Node, Reduce, Reshape, Store, operand
from symnet.reading.normalise import Piece, normalise
from symnet.reading.reads import Surroundings, elementwise, inside, store_keys
from symnet.reading.refusal import NoNotation, refused

UNKNOWN = 100  # places assumed for a size that only the data bring, when orders of contraction are compared


def read_program(program: Program, sizes: Mapping[str, int | None]) -> tuple[Store, ...]:
    """The stores of every computed tensor, in the order in which the tensors are complete.

    ``sizes`` only guides the choice between orders of contraction; the stores hold at any size.
    Raises SymnetError with the equation where there is no notation for it.
    """
    return tuple(store for name in program.targets() for store in read_target(program, name, sizes))


def read_target(program: Program, name: str, sizes: Mapping[str, int | None]) -> tuple[Store, ...]:
    """The stores of one tensor: at most one whole store, in which all dense contributions are joined, then scatters."""
    shapes = {n: t.shape for n, t in program.tensors.items()}
    extent = _extents(sizes)
    numbered = [(k, e) for k, e in enumerate(program.equations) if e.target == name]
    dense: list[tuple[Piece, Node]] = []
    scattered: list[Store] = []
    left = numbered[0][1].left
    for number, equation in numbered:
        try:
            for piece in normalise(equation, number):
                if piece.places is None and piece.digits is None:
                    own = _with_left(piece.equation, left)
                    dense.append((piece, _dense(own, Surroundings(shapes, own.guard), extent)))
                elif piece.places is None:
                    own = piece.equation
                    node = broadcast(_dense(own, Surroundings(shapes, own.guard), extent), own.left)
                    dense.append((piece, Reshape(node, left)))
                else:
                    scattered.append(_scatter(piece, Surroundings(shapes, piece.equation.guard), extent))
        except NoNotation as reason:
            raise refused(equation, reason) from None
    stores: list[Store] = []
    if dense:
        nodes = [node for _, node in dense]
        numbers = tuple(dict.fromkeys(piece.number for piece, _ in dense))
        stores.append(Store(name, broadcast(_together(numbered[0][1], nodes), left), numbers, True))
    for store in scattered:
        stores.append(Store(name, store.node, store.equations, not stores, store.keys, store.unique))
    return tuple(stores)


def _extents(sizes: Mapping[str, int | None]) -> Extent:
    def extent(index: Index) -> int:
        table = {s: sizes.get(s.name) or UNKNOWN for s in index.size.free_symbols}
        return int(index.size.xreplace(table))

    return extent


def _with_left(equation: Equation, left: tuple[Index, ...]) -> Equation:
    return equation.renamed(dict(zip(equation.left, left, strict=True)))


def _together(equation: Equation, nodes: list[Node]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    places = [operand(k) for k in range(len(nodes))]
    if equation.op == "+":
        return mapped(sp.Add(*places), nodes, equation.left)
    joined = places[0]
    for place in places[1:]:
        joined = maximum(joined, place)
    return mapped(joined, nodes, equation.left)


def _dense(equation: Equation, where: Surroundings, extent: Extent) -> Node:
    if equation.op == "+":
        return total(equation.body, equation.left, equation.reduced, where, extent)
    body = select(inside(where.guard), equation.body, -sp.oo) if where.guard else equation.body
    node = elementwise(body, where, equation.indices)
    over = tuple(i for i in equation.reduced if i in node.axes)
    return Reduce("max", node, over, equation.ties) if over else node


def _scatter(piece: Piece, where: Surroundings, extent: Extent) -> Store:
    equation, places = piece.equation, piece.places
    assert places is not None
    keys, axes = store_keys(places, where, piece.left)
    summed = tuple(i for i in equation.reduced if i not in axes)
    node = broadcast(total(equation.body, axes, summed, where, extent), axes)
    return Store(equation.target, node, (piece.number,), False, keys, _unique(piece, axes))


def _unique(piece: Piece, axes: tuple[Index, ...]) -> bool:
    """Whether every label of the value can be told from the place it goes to, so that no place is named twice."""
    assert piece.places is not None
    forms = [affine(p) for p in piece.places if not p.atoms(Access)]
    told = {form.terms[0][0] for form in forms if form is not None and len(form.terms) == 1}
    return told.issuperset(axes)
