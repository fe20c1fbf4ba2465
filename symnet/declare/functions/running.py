"""The words for running extremes and for slopes along an axis; torch's names and signatures."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Index, indices_for
from symnet.declare.functions.joining import cat
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.functions.reductions import Extremes, axes_of
from symnet.declare.functions.shapes import known_size, reshape
from symnet.declare.functions.slices import sliced
from symnet.declare.tracing.computed import Indices, Places, placed
from symnet.declare.tracing.constants import constant_values, flat, is_array, numbers_of
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


@word()
def cummax(input: Tensor, dim: int) -> Extremes:
    """m[i] = max_k x[k], k <= i; o[i] = max_k k [x[k] = m[i]], k <= i, the last of ties, which gets the derivative:
    y[i] = Σ_k [k = o[i]] x[k]"""
    return _running(input, input, dim)


@word()
def cummin(input: Tensor, dim: int) -> Extremes:
    """y = -cummax(-x), the smallest entry so far"""
    return _running(input, -input, dim)


def _running(input: Tensor, x: Tensor, dim: int) -> Extremes:
    axes = axes_of(x, dim)
    if not axes:
        return Extremes(input, Indices(lambda: placed(x, _whole(x), sp.S.One)))
    axis = axes[0]
    left, k = indices_for(x.shape), Index("k", x.shape[axis])
    so_far = x.own_trace.new_spec(x.shape, "intermediate")
    x.own_trace.define(so_far, Term(left, _along(x, left, axis, k), (k,), "max", guard=(left[axis] - k,)))
    left, k = indices_for(x.shape), Index("k", x.shape[axis])
    last = x.own_trace.new_spec(x.shape, "intermediate")
    found = k * scalars.equal(_along(x, left, axis, k), Tensor(x.own_trace, so_far).read(left))
    x.own_trace.define(last, Term(left, found, (k,), "max", guard=(left[axis] - k,)))
    places = placed(x, last, x.shape[axis])
    return Extremes(_picked(input, places, axis), Indices(lambda: places))


def _whole(x: Tensor) -> Any:
    """The one place of a single number."""
    spec = x.own_trace.new_spec((), "intermediate")
    x.own_trace.define(spec, Term((), sp.S.Zero))
    return spec


def _along(x: Tensor, left: Sequence[Index], axis: int, k: Index) -> sp.Expr:
    return x.read((*left[:axis], k, *left[axis + 1 :]))


def _picked(x: Tensor, places: Places, axis: int) -> Tensor:
    left, k = indices_for(x.shape), Index("k", x.shape[axis])
    spec = x.own_trace.new_spec(x.shape, "intermediate")
    x.own_trace.define(spec, Term(left, scalars.equal(k, places.read(left)) * _along(x, left, axis, k), (k,)))
    return x.made(spec, "m")


@word(method=False)
def gradient(input: Tensor, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> list[Tensor]:
    """y[i] = (h² x[i+1] + (g² - h²) x[i] - g² x[i-1]) / (g h (g + h)), h before and g after i, for each axis;
    at both ends the slope of the line (edge_order=1) or the parabola (edge_order=2) through the entries there"""
    axes = list(range(input.ndim)) if dim is None else [axes_of(input, d)[0] for d in _listed(dim)]
    spacing = 1 if spacing is None else spacing
    several = isinstance(spacing, list | tuple)
    if several and len(spacing) != len(axes):
        raise mistake("SN103", f"gradient along {len(axes)} axes with {len(spacing)} spacings")
    if edge_order not in (1, 2):
        raise mistake("SN108", f"gradient has no edge_order={edge_order!r}", "1 or 2")
    spacings = list(spacing) if several else [spacing] * len(axes)
    return [_slope(input, axis, _steps(input, axis, s), edge_order) for axis, s in zip(axes, spacings, strict=True)]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _steps(x: Tensor, axis: int, spacing: Any) -> list[sp.Expr]:
    """The steps between neighbours, from a number or from given coordinates."""
    size = known_size(x, axis, "gradient")
    if isinstance(spacing, Tensor) and spacing.ndim == 1:
        values = constant_values(spacing)
        places = None if values is None else [as_exact(float(v)) for v in flat(values)]
    elif is_array(spacing):
        places = [as_exact(float(v)) for v in spacing.tolist()]
    else:
        return [as_exact(spacing)] * (size - 1)
    if places is None or len(places) != size:
        raise mistake("SN107", "gradient takes a number or given coordinates of an axis as spacing")
    return [b - a for a, b in itertools.pairwise(places)]


def _slope(x: Tensor, axis: int, steps: list[sp.Expr], edge_order: int) -> Tensor:
    size = len(steps) + 1
    if size <= edge_order:
        raise mistake("SN103", f"gradient of an axis of size {size}: {edge_order + 1} entries are needed")
    inner = [(-g / (h * (g + h)), (g - h) / (g * h), h / (g * (g + h))) for h, g in itertools.pairwise(steps)]
    parts = [_edge(x, axis, range(3), steps, edge_order)]
    if inner:
        weights = [_beside(x, axis, [row[k] for row in inner]) for k in range(3)]
        taps = [sliced(x, axis, slice(k, size - 2 + k)) for k in range(3)]
        parts.append(mapped("gradient", lambda a, b, c, u, v, w: a * u + b * v + c * w, *taps, *weights))
    parts.append(_edge(x, axis, range(size - 1, size - 4, -1), [-s for s in reversed(steps)], edge_order))
    return cat(parts, axis)


def _beside(x: Tensor, axis: int, numbers: list[sp.Expr]) -> Any:
    """Weights of the entries of an axis: one number where they are equal."""
    if len(set(numbers)) == 1:
        return numbers[0]
    shape = [len(numbers) if k == axis else 1 for k in range(x.ndim)]
    return reshape(numbers_of(x.own_trace, [float(n) for n in numbers]), shape)


def _edge(x: Tensor, axis: int, places: range, steps: list[sp.Expr], edge_order: int) -> Tensor:
    """The slope at an end, the places counted from it."""
    entries = [sliced(x, axis, slice(k, k + 1)) for k in places[: edge_order + 1]]
    h = steps[0]
    if edge_order == 1:
        return mapped("gradient", lambda a, b: (b - a) / h, *entries)
    g = steps[1]
    near, next_one, far = -(2 * h + g) / (h * (h + g)), (h + g) / (h * g), -h / (g * (h + g))
    return mapped("gradient", lambda a, b, c: near * a + next_one * b + far * c, *entries)
