"""Stores of labelled nodes become statements on arrays without labels."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace

import sympy as sp

from symnet.calculus.ir import Program, TensorSpec
from symnet.calculus.scalars import relu
from symnet.codegen.lowering.elementwise import Elementwise
from symnet.codegen.lowering.filled import filled
from symnet.codegen.lowering.parts import Part, expanded, number, slice_of
from symnet.codegen.lowering.products import Factor, matrix_product, one_product
from symnet.codegen.lowering.statements import Add, AddWindows, Array, Assign, Statement, Zeros, name
from symnet.reading.maps import mapped
from symnet.reading.nodes import (
    Axes,
    Counter,
    Einsum,
    First,
    Gather,
    Key,
    Map,
    MatMul,
    Matrix,
    Node,
    Outer,
    Reduce,
    Reshape,
    Slice,
    Span,
    Store,
    Tensor,
    Transpose,
    Window,
    Windows,
    operand,
)

WHOLE = (sp.S.Zero, None, 1)  # (start, stop, step) of a whole axis
SHORT = 32  # places up to which a maximum is taken place by place
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def lower(
    program: Program, stores: Iterable[Store], outputs: frozenset[str], like: TensorSpec
) -> tuple[Statement, ...]:
    """The statements that compute the stores.

    ``outputs`` leave the function, so they are arrays and no Python numbers.  ``like`` shows the dtype and the device.
    """
    work = _Lowering(program, outputs, name(like.name, like.rank))
    listed = tuple(stores)
    counts = Tally(store.target for store in listed)
    statements: list[Statement] = []
    for place, store in enumerate(listed):
        if store.loop is not None and (place == 0 or listed[place - 1].loop != store.loop):
            body = [s for s in listed if s.loop == store.loop and s.first]
            for first in body:  # all arrays of a loop are there before it begins
                own = [s for s in listed if s.target == first.target]
                statements.append(work.zeros(first.target, filled(own, program.tensors[first.target].shape)))
        statements += work.store(store, counts[store.target] > 1)
    return tuple(statements)


@dataclass
class _Lowering:
    program: Program
    outputs: frozenset[str]
    like: Array
    numbers: dict[str, sp.Expr] = field(default_factory=dict)  # computed tensors that are Python numbers

    def zeros(self, target: str, unset: bool = False) -> Zeros:
        """The statement that makes a tensor of zeros, or of ``unset`` places."""
        return Zeros(target, self._like_tensor(self.program.tensors[target], unset), unset)

    def store(self, store: Store, several: bool) -> list[Statement]:
        """The statements of one store; ``several`` says that its target has others."""
        target, spec = store.target, self.program.tensors[store.target]
        if store.keys is not None:
            made = [self.zeros(target)] if store.first and store.loop is None else []
            overlapping = any(isinstance(k, Window) for k in store.keys)
            if made and store.unique:
                store = replace(store, sets=True)
            return [*made, self._add_windows(store, spec) if overlapping else self._add(store, spec)]
        value = self._store_value(store.node, store.node.axes)
        if value.dtype == "number" and not several and target not in self.outputs:
            self.numbers[target] = sp.sympify(value.attribute)
            return []
        if value.dtype == "number":
            value = Array("full", (value, self.like), tuple(spec.shape), spec.rank, "float")
        return [Assign(target, value)]

    def _store_value(self, node: Node, axes: Axes) -> Array:
        """The value of a store, with every axis at its full size."""
        part = self._part(node, axes)
        value = self._as_float(part.array)
        if part.axes == axes or (value.dtype == "number" and not axes):
            return value
        return self._full(Part(value, part.axes), axes)

    def _full(self, part: Part, axes: Axes) -> Array:
        """The part with every one of ``axes`` at its full size."""
        if all(i in part.axes or i.size == 1 for i in axes) and part.array.dtype != "number":
            return Array("expand", (part.array,), tuple(i not in part.axes for i in axes), len(axes), "float")
        value = expanded(part, axes)
        return Array("full", (value, self.like), tuple(i.size for i in axes), len(axes), "float")

    def _add(self, store: Store, spec: TensorSpec) -> Statement:
        assert store.keys is not None
        view, keys = self._view_and_keys(store.keys, spec)
        part = self._part(store.node, store.node.axes)
        axes = store.node.axes
        value = self._as_float(expanded(part, axes))
        if not store.unique and value.rank != len(axes):  # accumulation by keys does not broadcast everywhere
            value = Array("full", (value, self.like), tuple(i.size for i in axes), len(axes), "float")
        return Add(store.target, view, keys, value, store.unique, spec.rank, store.loop, store.sets)

    def _add_windows(self, store: Store, spec: TensorSpec) -> AddWindows:
        windows = [k if isinstance(k, Window) else None for k in store.keys or ()]
        value = self._store_value(store.node, store.node.axes)
        slid = tuple((k, w.stride, w.dilation) for k, w in enumerate(windows) if w is not None)
        view = tuple(WHOLE if w is None or w.start == 0 else (w.start, None, 1) for w in windows)
        axes, strides, dilations = zip(*slid, strict=True)
        return AddWindows(
            store.target, view if set(view) != {WHOLE} else (), value, axes, strides, dilations, spec.rank
        )

    def _view_and_keys(
        self, keys: tuple[Key, ...], spec: TensorSpec
    ) -> tuple[tuple[Hashable, ...], tuple[Array | None, ...]]:
        """Places and spans as a view, integer nodes as keys of that view."""
        nodes = tuple(
            None if k is None or isinstance(k, Span | Window) else k for k in keys if not isinstance(k, sp.Expr)
        )
        view: list[Hashable] = []
        for key, size in zip(keys, spec.shape, strict=True):
            view.append(key if isinstance(key, sp.Expr) else slice_of(key, size) if isinstance(key, Span) else WHOLE)
        return (tuple(view) if any(v != WHOLE for v in view) else ()), self._keys(nodes)

    def _like_tensor(self, spec: TensorSpec, unset: bool) -> Array:
        """A tensor of the same shape, by preference the one whose adjoint this is."""
        names = (n for n, a in self.program.adjoints.items() if a == spec.name and n in self.program.tensors)
        primal = next(names, None)
        if primal is not None and self.program.tensors[primal].shape == spec.shape and primal not in self.numbers:
            return name(primal, spec.rank)
        if unset:
            return Array("empty", (self.like,), tuple(spec.shape), spec.rank, "float")
        return Array("full", (number(sp.S.Zero), self.like), tuple(spec.shape), spec.rank, "float")

    def _as_float(self, array: Array) -> Array:
        if array.dtype in ("float", "number"):
            return array
        return Array("cast", (array, self.like), None, array.rank, "float")

    def _part(self, node: Node, axes: Axes) -> Part:
        """A node as an operand of ``axes``; constant parts keep their lower rank."""
        if isinstance(node, Map):
            return self._map(node)
        return Part(self.array(node), node.axes)

    def array(self, node: Node) -> Array:
        """A node as an array with exactly the node's axes."""
        match node:
            case Tensor():
                if node.name in self.numbers:
                    return number(self.numbers[node.name])
                spec = self.program.tensors[node.name]
                return name(node.name, spec.rank, "int" if spec.integer else "float")
            case Counter():
                return Array("arange", (self.like,), node.index.size, 1, "int")
            case Slice():
                return self._slice(node)
            case Reshape():
                source = self.array(node.source)
                return Array("reshape", (source,), tuple(i.size for i in node.axes), len(node.axes), source.dtype)
            case Windows():
                return self._windows(node)
            case Gather():
                source, keys = self.array(node.source), self._keys(node.keys)
                given = tuple(k is not None for k in keys)
                arguments = (source, *(k for k in keys if k is not None))
                return Array("gather", arguments, given, len(node.axes), source.dtype)
            case Transpose():
                source = self.array(node.source)
                order = tuple(node.source.axes.index(i) for i in node.axes)
                return Array("transpose", (source,), order, source.rank, source.dtype)
            case Map():
                part = self._map(node)
                if part.axes == node.axes:
                    return part.array
                return self._full(Part(self._as_float(part.array), part.axes), node.axes)
            case Reduce() | First():
                return self._reduce(node) if isinstance(node, Reduce) else self._first(node)
            case MatMul():
                left, right = self._operand(node.left), self._operand(node.right)
                return one_product(left, right, node)
            case Outer() | Matrix():
                return self._matrix(node)
            case Einsum():
                return self._einsum(node)

    def _matrix(self, node: Outer | Matrix) -> Array:
        if isinstance(node, Matrix):
            return Array("matrix", (self._operand(node.source),), node.function, len(node.axes), "float")
        return Array("outer", (self._operand(node.left), self._operand(node.right)), None, 2, "float")

    def _operand(self, node: Node) -> Array:
        return self._as_float(self.array(node))

    def _map(self, node: Map) -> Part:
        """A Map, in which operands are computed at their own rank."""

        def leaf(symbol: sp.Symbol) -> Part:
            source = node.operands[int(symbol.name.removeprefix("operand"))]
            array = self.array(source)
            return Part(array, () if array.dtype == "number" else source.axes)

        body = node.body
        known = {
            operand(k): self.numbers[n.name]
            for k, n in enumerate(node.operands)
            if isinstance(n, Tensor) and n.name in self.numbers
        }
        if known:
            body = body.xreplace(known)
        return Elementwise(node.axes, leaf, self.like).lower(body)

    def _slice(self, node: Slice) -> Array:
        source = self.array(node.source)
        keys: list[object] = []
        flipped: list[int] = []
        axis = 0
        for key, label in zip(node.keys, node.source.axes, strict=True):
            if not isinstance(key, Span):
                keys.append(key)
                continue
            flipped += [axis] if key.step < 0 else []
            keys.append(slice_of(key, label.size))
            axis += 1
        array = Array("slice", (source,), tuple(keys), axis, source.dtype)
        return Array("flip", (array,), tuple(flipped), axis, source.dtype) if flipped else array

    def _keys(self, keys: tuple[Node | None, ...]) -> tuple[Array | None, ...]:
        """Integer keys that broadcast against each other in the order of their joined labels."""
        axes: Axes = ()
        for key in keys:
            axes += tuple(i for i in (key.axes if key is not None else ()) if i not in axes)
        return tuple(None if k is None else expanded(self._part(k, axes), axes) for k in keys)

    def _reduce(self, node: Reduce) -> Array:
        if node.op == "max" and isinstance(node.source, Map) and isinstance(node.source.body, relu):
            inner = mapped(node.source.body.args[0], node.source.operands, node.source.axes)  # relu of one largest
            return Array("call", (self._reduce(replace(node, source=inner)),), "relu", len(node.axes), "float")
        part = self._part(node.source, node.source.axes)
        missing = [i for i in node.over if i not in part.axes]
        over = tuple(part.axes.index(i) for i in part.axes if i in node.over)
        rank = len(part.axes) - len(over)
        array = part.array
        kept = tuple(i for i in part.axes if i not in node.over)
        if over and node.op == "+" and array.dtype in ("bool", "int"):
            array = Array("count", (array, self.like), over, rank, "float")
        elif over:
            op = "first" if node.op == "max" and node.ties == "first" else node.op
            places = sp.Mul(*(i.size for i in node.over))
            short = bool(node.op == "max" and len(over) > 1 and places.is_Integer and places <= SHORT)
            array = Array("reduce", (self._as_float(array),), (op, over, short), rank, "float")
        if missing and node.op == "+":
            scale = number(sp.Mul(*(i.size for i in missing)))
            array = Array("multiply", (scale, self._as_float(array)), None, rank, "float")
        if kept == node.axes:
            return array
        return self._full(Part(self._as_float(array), kept), node.axes)

    def _first(self, node: First) -> Array:
        """1 at the first places; a product with it is those places of the other factor."""
        arguments = (number(sp.S.One), self._operand(node.source), self._operand(node.largest))
        return Array("at_first", arguments, tuple(node.axes.index(i) for i in node.over), len(node.axes), "float")

    def _einsum(self, node: Einsum) -> Array:
        operands = tuple(self._operand(o) for o in node.operands)
        if len(operands) == 2:
            left, right = (Factor(a, o.axes) for a, o in zip(operands, node.operands, strict=True))
            product = matrix_product(left, right, node.axes)
            if product is not None:
                return product
        letters: dict[object, str] = {}
        terms = []
        for term in node.operands:
            terms.append("".join(letters.setdefault(i, LETTERS[len(letters)]) for i in term.axes))
        result = "".join(letters[i] for i in node.axes)
        return Array("einsum", operands, f"{','.join(terms)}->{result}", len(node.axes), "float")

    def _windows(self, node: Windows) -> Array:
        source = self.array(node.source)
        slid = tuple((k, w.tap.size, w.stride, w.dilation) for k, w in enumerate(node.windows) if w is not None)
        return Array("windows", (source,), tuple(zip(*slid, strict=True)), len(node.axes), source.dtype)
