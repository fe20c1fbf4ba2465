"""The shapes of array expressions, as far as they can be told, and which arrays are large."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy as sp

from symnet.calculus.integers import same
from symnet.codegen.lowering.statements import Array
from symnet.reading.read import UNKNOWN

LARGE = 2**20  # places of an array that no fast cache holds: 4 MB in float32
Shape = tuple[sp.Expr, ...]


def places_of(shape: Iterable[sp.Expr], sizes: Mapping[str, int | None]) -> int:
    """The number of places of an array; a size that only the data bring counts as ``UNKNOWN``."""
    count = sp.Mul(*shape)
    return int(count.xreplace({s: sizes.get(str(s)) or UNKNOWN for s in count.free_symbols}))


def shape_of(array: Array, known: Mapping[str, Shape]) -> Shape | None:
    """The shape of an expression, as far as it can be told."""
    if array.rank == 0:
        return ()
    if array.kind == "name":
        return known.get(str(array.attribute))
    if array.kind in ("reshape", "full", "empty"):
        return tuple(sp.sympify(size) for size in array.attribute)  # type: ignore[attr-defined]
    inner = [shape_of(a, known) for a in array.arguments]
    if any(shape is None for shape in inner):
        return None
    return _from(array, [shape for shape in inner if shape is not None])


def _from(array: Array, inner: list[Shape]) -> Shape | None:
    match array.kind:
        case "matmul" if len(inner[0]) == len(inner[1]) > 1:
            return (*inner[0][:-1], inner[1][-1])
        case "arange":
            return (sp.sympify(array.attribute),)
        case "transpose":
            return tuple(inner[0][k] for k in array.attribute)  # type: ignore[attr-defined]
        case "expand":
            sizes = iter(inner[0])
            return tuple(sp.S.One if new else next(sizes) for new in array.attribute)  # type: ignore[attr-defined]
        case "reduce" if array.rank == len(inner[0]) - len(array.attribute[1]):  # type: ignore[index]
            return tuple(n for k, n in enumerate(inner[0]) if k not in array.attribute[1])  # type: ignore[index]
        case "cast" | "detach" | "copy" | "into":
            return inner[0]
        case "add" | "multiply" | "divide" | "negate" | "power" | "call" | "compare" | "both" | "select":
            return _broadcast(inner, array.rank)
    return None


def _broadcast(shapes: list[Shape], rank: int) -> Shape | None:
    """The common shape of operands; None where the sizes leave doubt."""
    result: list[sp.Expr] = []
    for axis in range(-rank, 0):
        sizes = [s[axis] for s in shapes if len(s) >= -axis and s[axis] != 1]
        if any(not same(n, sizes[0]) for n in sizes):
            return None
        result.append(sizes[0] if sizes else sp.S.One)
    return tuple(result)


def is_large(array: Array, known: Mapping[str, Shape], sizes: Mapping[str, int | None]) -> bool:
    """Whether an expression is known to have ``LARGE`` places; ``known`` are the shapes of variables."""
    shape = shape_of(array, known)
    return shape is not None and places_of(shape, sizes) >= LARGE
