"""The words that read an image between its places; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.calculus import scalars, specials
from symnet.calculus.ir import Index, indices_for
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.shapes import known_size
from symnet.declare.tracing.constants import numbers_of
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


@word(method=False)
def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """y[n,i,j] = θ[n] (x[j], y[i], 1), the places of an image from -1 to 1; of a volume [n,i,j,k] likewise"""
    batch, _, *spatial = size
    rank = len(spatial)
    if rank not in (2, 3) or theta.ndim != 3 or list(theta.shape[1:]) != [rank, rank + 1]:
        message = f"affine_grid of {show(theta.shape)} for {tuple(size)}"
        raise mistake("SN103", message, "θ [N,2,3] for (N,C,H,W), [N,3,4] for (N,C,D,H,W)")
    if not theta.own_trace.same_size(theta.shape[0], sp.sympify(batch)):
        raise mistake("SN103", f"affine_grid: θ has {theta.shape[0]} samples, the size says {batch}")
    lines = [_line(theta, int(s), bool(align_corners)) for s in spatial]
    left = (Index("n", theta.shape[0]), *(Index("i", int(s)) for s in spatial), Index("c", rank))
    n, *places, c = left
    axes = [line.read((i,)) for line, i in zip(lines, places, strict=True)][::-1]
    spec = theta.own_trace.new_spec((i.size for i in left), "intermediate")
    body = sp.Add(*(theta.read((n, c, sp.Integer(k))) * place for k, place in enumerate([*axes, sp.S.One])))
    theta.own_trace.define(spec, Term(left, body))
    return theta.made(spec, "grid")


def _line(x: Tensor, size: int, corners: bool) -> Tensor:
    """The middles of the places of an axis from -1 to 1, or from the first at -1 to the last at 1."""
    if corners:
        places = [2 * k / (size - 1) - 1 if size > 1 else 0.0 for k in range(size)]
    else:
        places = [(2 * k + 1) / size - 1 for k in range(size)]
    line: Tensor = numbers_of(x.own_trace, places)
    return line


@word(method=False)
def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """y[n,c,i] = Σ_u x[n,c,u] Π_a w(g[n,i,a] - u[a]), w(d) = 1 - |d| within 1 of a place, else 0; with "nearest" w is 1
    at the nearest place alone; beyond the image there are zeros, or with "border" what stands at its border

    Every place of the image is weighed, so the work grows with its size times that of the grid.
    """
    rank, same = input.ndim - 2, input.own_trace.same_size
    if (
        rank not in (2, 3)
        or grid.ndim != input.ndim
        or not same(grid.shape[0], input.shape[0])
        or grid.shape[-1] != rank
    ):
        message = f"grid_sample of {show(input.shape)} at {show(grid.shape)}"
        raise mistake("SN103", message, "an image [N,C,H,W] at [N,H,W,2], a volume [N,C,D,H,W] at [N,D,H,W,3]")
    if mode not in _WEIGHTS:
        raise mistake("SN108", f"grid_sample has no mode={mode!r}", '"bilinear", "nearest"')
    if padding_mode not in ("zeros", "border"):
        raise mistake("SN108", f"grid_sample has no padding_mode={padding_mode!r}", '"zeros", "border"')
    weights = [
        _weights(grid, rank, k, known_size(input, k + 2, "grid_sample"), mode, padding_mode, bool(align_corners))
        for k in range(rank)
    ]
    n, c, *out = left = indices_for((*input.shape[:2], *grid.shape[1:-1]))
    read = tuple(Index("u", s) for s in input.shape[2:])
    spec = input.own_trace.new_spec((i.size for i in left), "intermediate")
    shares = (w.read((n, *out, u)) for w, u in zip(weights, read, strict=True))
    input.own_trace.define(spec, Term(left, sp.Mul(input.read((n, c, *read)), *shares), read))
    return input.made(spec, "v")


def _weights(grid: Tensor, rank: int, axis: int, size: int, mode: str, padding: str, corners: bool) -> Tensor:
    """``y[n,i,u] = w(g[n,i] - u)`` for one axis of the image; the grid counts the axes from the last."""
    own: Tensor = grid[(..., rank - 1 - axis)]
    if corners:
        place = mapped("grid_sample", lambda g: (g + 1) * sp.Rational(size - 1, 2), own)
    else:
        place = mapped("grid_sample", lambda g: ((g + 1) * size - 1) / 2, own)
    if padding == "border":
        place = mapped("grid_sample", lambda p: _within(p, size), place)
    left = indices_for((*place.shape, size))
    spec = grid.own_trace.new_spec((i.size for i in left), "intermediate")
    grid.own_trace.define(spec, Term(left, _WEIGHTS[mode](place.read(left[:-1]), left[-1])))
    return grid.made(spec, "w")


def _within(p: sp.Expr, size: int) -> sp.Expr:
    """The place limited to the axis; its derivative is 0 at the bounds, as torch's."""
    inside = scalars.greater(p, sp.S.Zero) * scalars.greater(sp.Integer(size - 1), p)
    return inside * p + scalars.greater_equal(p, sp.Integer(size - 1)) * (size - 1)


def _linear(p: sp.Expr, u: sp.Expr) -> sp.Expr:
    """1 - |p - u| where that is positive; at a place itself with the derivative to its right, as torch's."""
    above = scalars.greater_equal(p, u) * scalars.greater(u + 1, p)  # u is the place below p
    below = scalars.greater(u, p) * scalars.greater_equal(p, u - 1)
    return above * (1 + u - p) + below * (1 + p - u)


_WEIGHTS: dict[str, Callable[[sp.Expr, sp.Expr], sp.Expr]] = {
    "bilinear": _linear,
    "nearest": lambda p, u: scalars.equal(specials.round_even(p), u),
}
