"""The words that re-address a tensor, and products of tensors; torch's names and signatures."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus.ir import Delta, Index
from symnet.declare.primitives import number, readdressed, show
from symnet.declare.tensor import Tensor, require_tensor
from symnet.declare.trace import Term
from symnet.declare.words import word


def _axis(x: Tensor, dim: int, rank: int) -> int | None:
    """The axis that ``dim`` names among ``rank`` ones, not negative; None after noting a mistake."""
    if isinstance(dim, int) and -rank <= dim < rank:
        return dim % rank
    x.trace.fail("SN104", f"dim {dim} does not exist in {show(x.shape)}", help=(f"{-rank} to {rank - 1}",))
    return None


@word(torch=("swapaxes", "swapdims"))
def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """The same numbers with two axes exchanged"""
    first, second = _axis(x, dim0, x.ndim), _axis(x, dim1, x.ndim)
    if first is None or second is None:
        return x.as_broken()
    order = list(range(x.ndim))
    order[first], order[second] = order[second], order[first]
    return permute(x, *order)


@word()
def permute(x: Tensor, *dims: Any) -> Tensor:
    """The same numbers with the axes in another order"""
    wanted = dims[0] if len(dims) == 1 and isinstance(dims[0], tuple | list) else dims
    order = [_axis(x, d, x.ndim) for d in wanted]
    if None in order:
        return x.as_broken()
    if sorted(d for d in order if d is not None) != list(range(x.ndim)):
        x.trace.fail("SN104", f"permute of {show(x.shape)} needs every axis once, not {tuple(wanted)}")
        return x.as_broken()
    left = [Index("i", x.shape[d]) for d in order if d is not None]
    return readdressed(x, tuple(left), [left[order.index(k)] for k in range(x.ndim)])


@word()
def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """A new axis of size 1"""
    at = _axis(x, dim, x.ndim + 1)
    if at is None:
        return x.as_broken()
    return x[(*(slice(None),) * at, None)]


@word(numpy="squeeze")
def squeeze(x: Tensor, dim: int) -> Tensor:
    """Without an axis of size 1"""
    at = _axis(x, dim, x.ndim)
    if at is None:
        return x.as_broken()
    if x.shape[at] != 1:
        x.trace.fail("SN104", f"axis {dim} of {show(x.shape)} has size {x.shape[at]}, not 1")
        return x.as_broken()
    return x[(*(slice(None),) * at, 0)]


@word()
def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Several axes as one, row by row: y[m] = x[m // D, m % D]"""
    if x.broken or not x.ndim:
        return x
    first, last = _axis(x, start_dim, x.ndim), _axis(x, end_dim, x.ndim)
    if first is None or last is None:
        return x.as_broken()
    if first == last:
        return x
    merged = sp.Mul(*x.shape[first : last + 1])
    m = Index("m", merged)
    places: list[sp.Expr] = []
    rest: sp.Expr = m
    for size in reversed(x.shape[first + 1 : last + 1]):
        places.insert(0, sp.Mod(rest, size) if size != 1 else sp.S.Zero)
        rest = sp.floor(rest / size)
    kept = [Index("i", s) for k, s in enumerate(x.shape) if not first <= k <= last]
    return readdressed(x, (*kept[:first], m, *kept[first:]), (*kept[:first], rest, *places, *kept[first:]))


@word(torch="view", numpy="reshape")
def reshape(x: Tensor, *shape: Any) -> Tensor:
    """The same numbers, row by row, in another shape; one size may be -1"""
    wanted = list(shape[0]) if len(shape) == 1 and isinstance(shape[0], tuple | list) else list(shape)
    total = sp.Mul(*x.shape)
    sizes = [None if s == -1 else number(s) for s in wanted]
    known = sp.Mul(*(s for s in sizes if s is not None))
    complete = [total / known if s is None else s for s in sizes]
    if sp.Mul(*complete) != total or sizes.count(None) > 1 or any(s.as_numer_denom()[1] != 1 for s in complete):
        x.trace.fail("SN103", f"{show(x.shape)} cannot be reshaped to {show([sp.sympify(w) for w in wanted])}")
        return x.as_broken()
    flat = flatten(x) if x.ndim > 1 else x
    left = tuple(Index("i", s) for s in complete)
    place: sp.Expr = sp.S.Zero
    for index in left:
        place = place * index.size + (index if index.size != 1 else 0)
    return readdressed(flat, left, [place] if flat.ndim else [])


@word(numpy="stack", method=False)
def stack(tensors: list[Tensor] | tuple[Tensor, ...], dim: int = 0) -> Tensor:
    """Tensors of one shape beside each other along a new axis: y[i,k] = tensors[k][i]"""
    first = require_tensor(tensors[0], "stack")
    if any(t.shape != first.shape for t in tensors):
        first.trace.fail("SN103", "stack needs tensors of one shape", table=tuple(show(t.shape) for t in tensors))
        return first.as_broken()
    at = _axis(first, dim, first.ndim + 1)
    if at is None:
        return first.as_broken()
    spec = first.trace.new_spec((*first.shape[:at], sp.Integer(len(tensors)), *first.shape[at:]), "intermediate")
    for place, tensor in enumerate(tensors):
        left = tuple(Index("i", s) for s in spec.shape)
        rest = left[:at] + left[at + 1 :]
        first.trace.define(spec, Term(left, Delta(left[at], sp.Integer(place)) * tensor.read(rest)))
    return first.made(spec, "v")


@word(of_torch=False, method=False)
def broadcast(x: Tensor, *shape: Any) -> Tensor:
    """The tensor repeated to a shape, said aloud where symnet refuses to do it silently"""
    left = tuple(Index("i", number(s) or sp.S.One) for s in shape)
    own = left[len(left) - x.ndim :]
    return readdressed(x, left, [i if i.size == s else sp.S.Zero for i, s in zip(own, x.shape, strict=True)])


@word(torch=("mm", "mv", "dot", "bmm", "linalg.matmul"), numpy="matmul")
def matmul(a: Tensor, b: Tensor) -> Tensor:
    """y[i,j] = Σ_k a[i,k] b[k,j]"""
    return require_tensor(a, "matmul") @ b


@word(numpy="outer")
def outer(a: Tensor, b: Tensor) -> Tensor:
    """y[i,j] = a[i] b[j]"""
    return a[:, None] * b[None, :]
