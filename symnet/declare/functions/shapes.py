"""The words that re-address a tensor: axes, reshapes, repetition; torch's names and signatures."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.calculus.ir import Index
from symnet.calculus.quotients import Mod, floor
from symnet.declare.tracing.indexing import subscript
from symnet.declare.tracing.primitives import number, readdressed, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake, word


def axis_of(x: Tensor, dim: int, rank: int) -> int:
    """The axis that ``dim`` names among ``rank`` ones, not negative; a single number may be asked for its axis 0."""
    if isinstance(dim, int) and -(rank or 1) <= dim < (rank or 1):
        return dim % (rank or 1)
    raise mistake("SN104", f"dim {dim} does not exist in {show(x.shape)}", f"{-rank} to {rank - 1}")


def listed(values: tuple[Any, ...]) -> list[Any]:
    """``f(1, 2)``, ``f((1, 2))`` and ``f([1, 2])`` alike."""
    return list(values[0]) if len(values) == 1 and isinstance(values[0], tuple | list) else list(values)


def known_size(x: Tensor, axis: int, word: str) -> int:
    """The number of an axis, on which the equations rest; raises SymnetError where only the data bring it."""
    size = x.own_trace.fixed_size(x.shape[axis])
    if size is None:
        raise mistake(
            "SN104", f"{word} needs an axis of known size, not {x.shape[axis]}", "name the size: sn.dims(...)"
        )
    return size


@word(torch=("swapaxes", "swapdims"), numpy="swapaxes")
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """The same numbers with two axes exchanged"""
    first, second = axis_of(input, dim0, input.ndim), axis_of(input, dim1, input.ndim)
    order = list(range(input.ndim))
    if order:
        order[first], order[second] = order[second], order[first]
    return permute(input, order)


@word()
def t(input: Tensor) -> Tensor:
    """y[i,j] = x[j,i] of a matrix; a vector as it is"""
    if input.ndim > 2:
        raise mistake("SN103", f"t() of {show(input.shape)}: a tensor with more than two axes", "permute(...)")
    return transpose(input, 0, 1) if input.ndim == 2 else input


@word()
def adjoint(input: Tensor) -> Tensor:
    """y[...,i,j] = x[...,j,i]"""
    return transpose(input, -2, -1)


@word()
def permute(input: Tensor, *dims: Any) -> Tensor:
    """The same numbers with the axes in another order"""
    wanted = listed(dims)
    order = [axis_of(input, d, input.ndim) for d in wanted]
    if sorted(order) != list(range(input.ndim)):
        raise mistake("SN104", f"permute of {show(input.shape)} needs every axis once, not {tuple(wanted)}")
    left = [Index("i", input.shape[d]) for d in order]
    return readdressed(input, tuple(left), [left[order.index(k)] for k in range(input.ndim)])


@word(torch="moveaxis", numpy="moveaxis")
def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """The same numbers with the axes of ``source`` moved to the places of ``destination``"""
    sources = [axis_of(input, d, input.ndim) for d in listed((source,))]
    places = [axis_of(input, d, input.ndim) for d in listed((destination,))]
    rest = iter(k for k in range(input.ndim) if k not in sources)
    order = [sources[places.index(k)] if k in places else next(rest) for k in range(input.ndim)]
    return permute(input, order)


@word()
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """A new axis of size 1"""
    at = axis_of(input, dim, input.ndim + 1)
    return input[(*(slice(None),) * at, None)]


@word(numpy="squeeze")
def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Without axes of size 1: all of them, or those that are named"""
    if dim is None:
        chosen = [k for k, s in enumerate(input.shape) if s == 1]
    else:
        chosen = [axis_of(input, d, input.ndim) for d in listed((dim,))]
        if isinstance(dim, int) and input.ndim and input.shape[chosen[0]] != 1 and not input.own_trace.free:
            size = input.shape[chosen[0]]
            raise mistake("SN104", f"axis {dim} of {show(input.shape)} has size {size}, not 1")
        chosen = [k for k in chosen if input.ndim and input.shape[k] == 1]  # torch leaves the others as they are
    return subscript(input, tuple(0 if k in chosen else slice(None) for k in range(input.ndim)))


@word()
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Several axes as one, row by row: y[m] = x[m // D, m % D]"""
    x = input
    if not x.ndim:
        return subscript(x, None)
    first, last = axis_of(x, start_dim, x.ndim), axis_of(x, end_dim, x.ndim)
    if first == last:
        return x
    merged = sp.Mul(*x.shape[first : last + 1])
    m = Index("m", merged)
    places: list[sp.Expr] = []
    rest: sp.Expr = m
    for size in reversed(x.shape[first + 1 : last + 1]):
        places.insert(0, Mod(rest, size) if size != 1 else sp.S.Zero)
        rest = floor(rest / size)
    kept = [Index("i", s) for k, s in enumerate(x.shape) if not first <= k <= last]
    return readdressed(x, (*kept[:first], m, *kept[first:]), (*kept[:first], rest, *places, *kept[first:]))


@word(numpy="ravel")
def ravel(input: Tensor) -> Tensor:
    """All axes as one, row by row"""
    return flatten(input)


@word(torch="view", numpy="reshape")
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """The same numbers, row by row, in another shape; one size may be -1"""
    wanted = listed(shape)
    total = sp.Mul(*input.shape)
    sizes = [None if s == -1 else _whole(input, number(s)) for s in wanted]
    complete = _completed(input, total, sizes) or _completed(input, _by_numbers(input, total), sizes)
    if complete is None:
        into = show([sp.sympify(w) for w in wanted])
        raise mistake("SN103", f"{show(input.shape)} cannot be reshaped to {into}")
    return _reshaped(input, tuple(complete))


def _whole(x: Tensor, size: sp.Expr | None) -> sp.Expr | None:
    """A size; of ``D // H`` its number, on which the equations rest from then on."""
    known = x.own_trace.fixed_size(size) if size is not None and size.has(sp.floor, sp.Mod) else None
    return size if known is None else sp.Integer(known)


def _reshaped(x: Tensor, shape: tuple[sp.Expr, ...]) -> Tensor:
    """Axes that both shapes share at the front stay as they are; only the rest is taken apart."""
    same = 0
    while same < min(x.ndim, len(shape)) - 1 and x.shape[same] == shape[same]:
        same += 1
    flat = flatten(x, same) if x.ndim > same + 1 else x
    left = tuple(Index("i", s) for s in shape)
    place: sp.Expr = sp.S.Zero
    for index in left[same:]:
        place = place * index.size + (index if index.size != 1 else 0)
    return readdressed(flat, left, (*left[:same], place) if flat.ndim else ())


@word()
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """The same numbers in the shape of another tensor"""
    return reshape(input, list(other.shape))


@word()
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """The same numbers in the shape of another tensor"""
    return reshape(input, list(other.shape))


@word()
def unflatten(input: Tensor, dim: int, sizes: Any) -> Tensor:
    """One axis as several: y[i,j] = x[i J + j]"""
    at = axis_of(input, dim, input.ndim)
    given = [None if s == -1 else number(s) for s in sizes]
    known = sp.Mul(*(s for s in given if s is not None))
    complete = [input.shape[at] / known if s is None else s for s in given]
    return reshape(input, [*input.shape[:at], *complete, *input.shape[at + 1 :]])


def _completed(x: Tensor, total: sp.Expr, sizes: list[sp.Expr | None]) -> list[sp.Expr] | None:
    """The sizes with the one left open filled in, or None where they do not multiply to the total."""
    known = sp.Mul(*(s for s in sizes if s is not None))
    complete = [total / known if s is None else s for s in sizes]
    fits = x.own_trace.same_size(sp.Mul(*complete), total) and sizes.count(None) <= 1
    return complete if fits and all(s.as_numer_denom()[1] == 1 for s in complete) else None


def _by_numbers(x: Tensor, total: sp.Expr) -> sp.Expr:
    """The number of entries with the numbers of the named sizes, on which the equations rest from then on."""
    for size in x.shape:
        x.own_trace.fixed_size(size)
    return total.xreplace({s: sp.Integer(x.own_trace.sizes[s] or 0) for s in x.own_trace.fixed})


@word(of_torch=False, method=False)
def broadcast(input: Tensor, *shape: Any) -> Tensor:
    """The tensor repeated to a shape, said aloud where symnet refuses to do it silently"""
    return expand(input, *shape)


@word()
def expand(input: Tensor, *shape: Any) -> Tensor:
    """The tensor repeated along axes of size 1 and new leading axes; -1 leaves a size"""
    wanted = listed(shape)
    lead = len(wanted) - input.ndim
    own = (*(None for _ in range(lead)), *input.shape)
    sizes = [o if s == -1 else number(s) for s, o in zip(wanted, own, strict=lead >= 0)]
    if (
        lead < 0
        or None in sizes
        or not all(o in (None, 1) or input.own_trace.same_size(o, s) for s, o in zip(sizes, own, strict=True))
    ):
        into = show([sp.sympify(w) for w in wanted])
        raise mistake("SN103", f"{show(input.shape)} cannot be repeated to {into}", "only axes of size 1 are stretched")
    left = tuple(Index("i", s) for s in sizes if s is not None)
    return readdressed(
        input, left, [i if s != 1 or i.size == 1 else sp.S.Zero for i, s in zip(left[lead:], input.shape, strict=True)]
    )


@word(numpy="broadcast_to")
def broadcast_to(input: Tensor, shape: Any) -> Tensor:
    """The tensor repeated to a shape"""
    return expand(input, *listed((shape,)))


@word()
def expand_as(input: Tensor, other: Any) -> Tensor:
    """The tensor repeated to the shape of another"""
    return expand(input, *other.shape)
