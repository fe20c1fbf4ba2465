"""The words that arrange tensors anew: stretched together, cut in several, turned, paired, laid along a diagonal."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.declare.functions.joining import cat, framed, stack
from symnet.declare.functions.made_like import ones_like
from symnet.declare.functions.reductions import sum
from symnet.declare.functions.selection import index_select
from symnet.declare.functions.shapes import axis_of, expand, known_size, listed, reshape, transpose
from symnet.declare.functions.slices import flip, sliced, split
from symnet.declare.tracing.constants import constant_values
from symnet.declare.tracing.primitives import merged_shape, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake, word


@word(numpy="broadcast_arrays", method=False)
def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """The tensors stretched to one shape"""
    parts: list[Tensor] = listed(tensors)
    shape: tuple[sp.Expr, ...] = ()
    for part in parts:
        merged = merged_shape(part.own_trace, shape, part.shape)
        if merged is None:
            shapes = ", ".join(show(p.shape) for p in parts)
            raise mistake("SN103", f"{shapes} do not fit together", "sizes must be equal or 1, from the last axis")
        shape = merged
    return tuple(expand(part, *shape) for part in parts)


@word(method=False)
def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """y[i,j] = a[i] and z[i,j] = b[j]: the coordinates of a grid; indexing="xy" exchanges the first two axes"""
    vectors: list[Tensor] = [t if t.ndim else reshape(t, 1) for t in listed(tensors)]
    shape = [v.shape[0] for v in vectors]
    spread = [
        expand(reshape(v, [s if k == place else 1 for k, s in enumerate(shape)]), *shape)
        for place, v in enumerate(vectors)
    ]
    return tuple(transpose(s, 0, 1) if indexing == "xy" and len(shape) > 1 else s for s in spread)


@word(torch=("split_with_sizes_copy", "unsafe_split_with_sizes"))
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of an axis of given sizes"""
    return split(input, list(split_sizes), dim)


@word()
def tensor_split(input: Tensor, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """So many parts of an axis, the first ones longer by one where they are not equal, or parts cut at given places"""
    known = known_size(input, axis_of(input, dim, input.ndim), "tensor_split")
    said = indices_or_sections
    if isinstance(said, Tensor):  # integers of torch
        said = constant_values(said)
    if said is None:
        raise mistake("SN107", "tensor_split at places that only the data bring", "given integers")
    if isinstance(said, int):
        sizes = [known // said + (k < known % said) for k in range(said)]
        return split(input, sizes, dim)
    cuts = [0, *(min(max(c + known if c < 0 else c, 0), known) for c in said), known]
    return tuple(sliced(input, axis_of(input, dim, input.ndim), slice(a, b)) for a, b in itertools.pairwise(cuts))


@word(numpy="hsplit")
def hsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Parts of axis 1, of a vector's axis 0"""
    return tensor_split(input, indices_or_sections, 0 if input.ndim == 1 else 1)


@word(numpy="vsplit")
def vsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Parts of axis 0"""
    return tensor_split(input, indices_or_sections, 0)


@word(numpy="dsplit")
def dsplit(input: Tensor, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Parts of axis 2"""
    return tensor_split(input, indices_or_sections, 2)


@word(numpy="fliplr")
def fliplr(input: Tensor) -> Tensor:
    """y[i,j] = x[i,K-1-j]"""
    return flip(input, 1)


@word(numpy="flipud")
def flipud(input: Tensor) -> Tensor:
    """y[i,j] = x[K-1-i,j]"""
    return flip(input, 0)


@word(numpy="rot90")
def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """The tensor turned k quarters from the first axis towards the second"""
    first, second = (axis_of(input, d, input.ndim) for d in dims)
    turns = k % 4
    if turns == 2:
        return flip(input, first, second)
    if turns == 1:
        return transpose(flip(input, second), first, second)
    return flip(transpose(input, first, second), second) if turns == 3 else input


def _raised(x: Tensor, rank: int) -> Tensor:
    """The tensor with at least so many axes, as NumPy and torch add them."""
    if x.ndim >= rank:
        return x
    if rank < 3 or x.ndim < 1:
        return reshape(x, [1] * (rank - x.ndim) + list(x.shape))
    return reshape(x, [1, *x.shape, 1] if x.ndim == 1 else [*x.shape, 1])


def _each_raised(tensors: tuple[Any, ...], rank: int) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], Tensor):
        return _raised(tensors[0], rank)
    return tuple(_raised(t, rank) for t in listed(tensors))


@word(numpy="atleast_1d", method=False)
def atleast_1d(*tensors: Any) -> Any:
    """A single number as a vector of one"""
    return _each_raised(tensors, 1)


@word(numpy="atleast_2d", method=False)
def atleast_2d(*tensors: Any) -> Any:
    """A vector as a row"""
    return _each_raised(tensors, 2)


@word(numpy="atleast_3d", method=False)
def atleast_3d(*tensors: Any) -> Any:
    """A vector [K] as [1,K,1], a matrix [N,K] as [N,K,1]"""
    return _each_raised(tensors, 3)


@word(numpy="dstack", method=False)
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Matrices behind each other, along axis 2"""
    return cat([_raised(t, 3) for t in tensors], 2)


@word(method=False)
def block_diag(*tensors: Any) -> Tensor:
    """Matrices along the diagonal, 0 elsewhere"""
    blocks: list[Tensor] = [_raised(t, 2) for t in listed(tensors)]
    if any(b.ndim != 2 for b in blocks):
        raise mistake("SN103", f"block_diag of {', '.join(show(b.shape) for b in blocks)}: matrices only")
    ends = list(itertools.accumulate((b.shape[1] for b in blocks), initial=sp.S.Zero))
    return cat([framed(b, 1, n, ends[-1] - end) for b, (n, end) in zip(blocks, itertools.pairwise(ends), strict=True)])


@word(method=False)
def cartesian_prod(*tensors: Any) -> Tensor:
    """The pairs of entries of vectors as rows, the last one running fastest"""
    vectors: list[Tensor] = listed(tensors)
    if len(vectors) == 1:
        return vectors[0]
    return stack([reshape(grid, -1) for grid in meshgrid(*vectors)], 1)


@word()
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """The choices of r entries of a vector as rows"""
    places = range(known_size(input, 0, "combinations"))
    chosen = list((itertools.combinations_with_replacement if with_replacement else itertools.combinations)(places, r))
    if not chosen or not r:
        raise mistake("SN103", f"there are no {r} of {len(places)} entries to choose", "a smaller r")
    return stack([index_select(input, 0, [c[k] for c in chosen]) for k in range(r)], 1)


@word()
def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """The sum over the axes that a tensor of the size would be stretched along: y[0,j] = Σ_i x[i,j]"""
    wanted = listed(size)
    lead = input.ndim - len(wanted)
    known = [input.own_trace.size_value(sp.sympify(s)) for s in wanted]
    own = input.shape[max(lead, 0) :]
    if lead < 0 or any(w not in (1, input.own_trace.size_value(s)) for w, s in zip(known, own, strict=True)):
        raise mistake("SN103", f"{show(input.shape)} is no {tuple(wanted)} stretched", "1 or the size of the axis")
    gone = [*range(lead), *(lead + k for k, w in enumerate(known) if w == 1 and own[k] != 1)]
    return reshape(sum(input, gone), list(wanted)) if gone else input


@word(numpy="vander", method=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """y[i,j] = x[i] ** (N - 1 - j), or x[i] ** j if increasing; as many columns as entries unless N is given"""
    columns = _powers(x, N)
    return stack(columns if increasing else columns[::-1], -1)


@word(torch="linalg.vander", of_torch=False, offered=False, method=False)
def linalg_vander(x: Tensor, N: int | None = None) -> Tensor:
    """y[i,j] = x[i] ** j, as many columns as entries unless N is given"""
    return stack(_powers(x, N), -1)


def _powers(x: Tensor, count: int | None) -> list[Tensor]:
    wanted = known_size(x, x.ndim - 1, "vander") if count is None else count
    if not isinstance(wanted, int) or wanted < 1:
        raise mistake("SN108", f"vander with N={count!r}", "a positive number of columns")
    columns: list[Tensor] = [ones_like(x)]
    while len(columns) < wanted:
        columns.append(columns[-1] * x)
    return columns
