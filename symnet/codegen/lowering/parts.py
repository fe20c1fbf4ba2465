"""Array expressions with labelled axes: numbers, broadcasting, values at first places."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from symnet.codegen.lowering.statements import Array
from symnet.reading.nodes import Axes, Span


@dataclass(frozen=True)
class Part:
    """An array expression with the labels of its axes, which stand in the order of the whole."""

    array: Array
    axes: Axes


def number(value: sp.Expr) -> Array:
    """A Python number: a SymPy expression in sizes only."""
    return Array("number", (), sp.sympify(value), 0, "number")


def expanded(part: Part, axes: Axes) -> Array:
    """The part's array with new axes where it lacks labels of ``axes``; leading ones come by broadcasting."""
    if not part.axes or part.axes == axes:
        return part.array
    first = next(k for k, i in enumerate(axes) if i in part.axes)
    new = tuple(i not in part.axes for i in axes[first:])
    if not any(new):
        return part.array
    return Array("expand", (part.array,), new, len(new), part.array.dtype)


def at_first(values: Part, first: Part) -> Part | None:
    """The values at first places alone, where they do not depend on the place themselves."""
    if first.array.kind != "at_first" or first.array.arguments[0] != number(sp.S.One):
        return None
    assert isinstance(first.array.attribute, tuple)
    kept = tuple(i for k, i in enumerate(first.axes) if k not in first.array.attribute)
    if not set(values.axes) <= set(kept):
        return None
    return replace(first, array=replace(first.array, arguments=(expanded(values, kept), *first.array.arguments[1:])))


def slice_of(span: Span, size: sp.Expr) -> tuple[sp.Expr, sp.Expr | None, int]:
    """(start, stop, step) of a span's places in ascending order; stop is None where the axis ends."""
    start = sp.expand(span.start if span.step > 0 else span.start + span.step * (span.size - 1))
    step = abs(span.step)
    to_the_end = bool(sp.expand(start + step * span.size - size).is_nonnegative)
    return start, None if to_the_end else sp.expand(start + step * (span.size - 1) + 1), step
