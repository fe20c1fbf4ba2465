"""NumPy's functions whose arguments differ from torch's; each is one of the words with other defaults."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import sympy as sp

from symnet.calculus import scalars
from symnet.declare.functions import (
    arrangements,
    joining,
    norms,
    operators,
    orders,
    pointwise,
    products,
    reductions,
    running,
    scans,
    several,
    shapes,
    slices,
)
from symnet.declare.functions.pointwise import mapped
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Dim, Tensor
from symnet.declare.tracing.words import mistake, word

Function = TypeVar("Function", bound=Callable[..., Any])


def _numpys(*names: str) -> Callable[[Function], Function]:
    return word(numpy=names, of_torch=False, offered=False, method=False)


@_numpys("transpose", "permute_dims")
def np_transpose(a: Tensor, axes: Any = None) -> Tensor:
    """The axes in another order, reversed unless it is given"""
    return shapes.permute(a, list(reversed(range(a.ndim))) if axes is None else list(axes))


@_numpys("expand_dims")
def np_expand_dims(a: Tensor, axis: int) -> Tensor:
    """A new axis of size 1"""
    return shapes.unsqueeze(a, axis)


@_numpys("var")
def np_var(a: Tensor, axis: Dim = None, ddof: float = 0, keepdims: bool = False, correction: Any = None) -> Tensor:
    """The variance with N - ddof below; ddof is 0 unless it is given"""
    return reductions.var(a, axis, keepdim=keepdims, correction=ddof if correction is None else correction)


@_numpys("std")
def np_std(a: Tensor, axis: Dim = None, ddof: float = 0, keepdims: bool = False, correction: Any = None) -> Tensor:
    """The square root of the variance"""
    return reductions.std(a, axis, keepdim=keepdims, correction=ddof if correction is None else correction)


@_numpys("median")
def np_median(a: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The middle entry, of an even number the mean of both"""
    return orders.quantile(a, 0.5, axis, keepdims)


@_numpys("gradient")
def np_gradient(f: Tensor, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Slopes along each axis as torch.gradient's, a tensor for one axis and a list for several"""
    axes = list(range(f.ndim)) if axis is None else list(axis) if isinstance(axis, list | tuple) else [axis]
    if len(varargs) not in (0, 1, len(axes)):
        raise mistake("SN103", f"gradient along {len(axes)} axes with {len(varargs)} spacings")
    spacing = list(varargs) if len(varargs) == len(axes) else varargs[0] if varargs else 1
    slopes = running.gradient(f, spacing, axes, edge_order)
    return slopes[0] if len(axes) == 1 else slopes


@_numpys("modf")
def np_modf(x: Tensor) -> tuple[Tensor, Tensor]:
    """The fraction, with derivative 1, and the whole number without it"""
    return pointwise.frac(x), pointwise.trunc(x)


@_numpys("divmod")
def np_divmod(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """x1 // x2 and x1 % x2"""
    return operators.floor_divide(x1, x2), several.remainder(x1, x2)


@_numpys("split", "array_split")
def np_split(ary: Tensor, indices_or_sections: Any, axis: int = 0) -> tuple[Tensor, ...]:
    """So many equal parts of an axis, or parts that begin at given places"""
    known = shapes.known_size(ary, shapes.axis_of(ary, axis, ary.ndim), "split")
    if isinstance(indices_or_sections, int):
        count = indices_or_sections
        sizes = [known // count + (k < known % count) for k in range(count)]
        return slices.split(ary, sizes, axis)
    cuts = [0, *map(int, indices_or_sections), known]
    return slices.split(ary, [b - a for a, b in itertools.pairwise(cuts)], axis)


@_numpys("pad")
def np_pad(array: Tensor, pad_width: Any, mode: str = "constant", constant_values: float = 0) -> Tensor:
    """A border, as many as (before, after) for each axis, or one for all"""
    pairs = pad_width if isinstance(pad_width, list | tuple) else [pad_width]
    pairs = [p if isinstance(p, list | tuple) else (p, p) for p in pairs]
    if isinstance(pad_width, list | tuple) and not any(isinstance(p, list | tuple) for p in pad_width):
        pairs = [tuple(pad_width)] * array.ndim
    pairs = list(pairs) * array.ndim if len(pairs) == 1 else list(pairs)
    names = {"edge": "replicate", "wrap": "circular"}
    return joining.pad(array, [n for p in reversed(pairs) for n in p], names.get(mode, mode), constant_values)


@_numpys("cumsum")
def np_cumsum(a: Tensor, axis: int | None = None) -> Tensor:
    """Running sums along an axis, of all entries row by row unless it is given"""
    return scans.cumsum(shapes.flatten(a) if axis is None else a, axis or 0)


@_numpys("cumprod")
def np_cumprod(a: Tensor, axis: int | None = None) -> Tensor:
    """Running products along an axis, of all entries row by row unless it is given"""
    return scans.cumprod(shapes.flatten(a) if axis is None else a, axis or 0)


@_numpys("flip")
def np_flip(m: Tensor, axis: Any = None) -> Tensor:
    """Axes read backwards, all of them unless they are given"""
    return slices.flip(m, list(range(m.ndim)) if axis is None else axis)


@_numpys("roll")
def np_roll(a: Tensor, shift: Any, axis: Any = None) -> Tensor:
    """Entries moved along an axis, those that fall off at the other end"""
    return joining.roll(a, shift, axis)


@_numpys("linalg.norm")
def np_norm(x: Tensor, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """As torch.linalg.norm"""
    return norms.linalg_norm(x, ord, axis, keepdims)


@_numpys("tile")
def np_tile(A: Tensor, reps: Any) -> Tensor:
    """The tensor repeated so often along each axis"""
    return joining.tile(A, *(reps if isinstance(reps, list | tuple) else (reps,)))


@_numpys("sort")
def np_sort(a: Tensor, axis: int | None = -1) -> Tensor:
    """The entries along an axis, smallest first; all of them row by row where the axis is None"""
    ordered: Tensor = orders.sort(shapes.flatten(a) if axis is None else a, -1 if axis is None else axis).values
    return ordered


@_numpys("meshgrid")
def np_meshgrid(*xi: Any, indexing: str = "xy") -> tuple[Tensor, ...]:
    """The coordinates of a grid, the first two axes exchanged unless told otherwise"""
    return arrangements.meshgrid(*xi, indexing=indexing)


@_numpys("tensordot", "linalg.tensordot")
def np_tensordot(a: Tensor, b: Tensor, axes: Any = 2) -> Tensor:
    """Σ over several axes: the last of a with the first of b, or lists of axes"""
    return products.tensordot(a, b, axes)


@_numpys("matrix_transpose", "linalg.matrix_transpose")
def np_matrix_transpose(x: Tensor, /) -> Tensor:
    """y[...,i,j] = x[...,j,i]"""
    return shapes.transpose(x, -2, -1)


@_numpys("linalg.diagonal")
def np_linalg_diagonal(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """y[...,i] = x[...,i,i+offset], of the last two axes"""
    return products.diagonal(x, offset, -2, -1)


@_numpys("linalg.trace")
def np_linalg_trace(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """y[...] = Σ_i x[...,i,i+offset], of the last two axes"""
    return reductions.sum(products.diagonal(x, offset, -2, -1), -1)


@_numpys("cumulative_sum")
def np_cumulative_sum(x: Tensor, /, *, axis: int | None = None) -> Tensor:
    """Running sums along an axis, which a vector need not name"""
    if axis is None and x.ndim != 1:
        raise mistake("SN104", f"cumulative_sum of {show(x.shape)} needs an axis", "axis=0")
    return scans.cumsum(x, 0 if axis is None else axis)


@_numpys("ptp")
def np_ptp(a: Tensor, axis: Dim = None, keepdims: bool = False) -> Tensor:
    """The largest entry less the smallest; ties share the derivative"""
    return reductions.amax(a, axis, keepdims) - reductions.amin(a, axis, keepdims)


@_numpys("average")
def np_average(a: Tensor, axis: Dim = None, weights: Any = None, keepdims: bool = False) -> Tensor:
    """The mean, or Σ_k w[k] x[i,k] / Σ_k w[k] with weights in the shape of x, or along one axis of it"""
    if weights is None:
        return reductions.mean(a, axis, keepdims)
    if weights.ndim < a.ndim and isinstance(axis, int):
        for _ in range(a.ndim - 1 - shapes.axis_of(a, axis, a.ndim)):
            weights = shapes.unsqueeze(weights, -1)
    weights = shapes.expand(weights, *a.shape) if weights.ndim < a.ndim else weights
    total: Tensor = reductions.sum(a * weights, axis, keepdims) / reductions.sum(weights, axis, keepdims)
    return total


@_numpys("unstack")
def np_unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis of known size"""
    return slices.unbind(x, axis)


@_numpys("cbrt")
def np_cbrt(x: Tensor, /) -> Tensor:
    """y[i] = the number whose cube is x[i]; the derivative at 0 is infinite"""
    third = sp.Rational(1, 3)
    return mapped("cbrt", lambda a: scalars.sign(a) * scalars.absolute(a) ** third, x)


@_numpys("quantile")
def np_quantile(a: Tensor, q: float, axis: int | None = None, keepdims: bool = False, method: str = "linear") -> Tensor:
    """Between the entries in order, q from 0 to 1"""
    return orders.quantile(a, q, axis, keepdims, method)


@_numpys("percentile")
def np_percentile(
    a: Tensor, q: float, axis: int | None = None, keepdims: bool = False, method: str = "linear"
) -> Tensor:
    """Between the entries in order, q from 0 to 100"""
    return orders.quantile(a, q / 100, axis, keepdims, method)
