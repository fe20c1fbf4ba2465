"""Places that are computed: whole numbers without a derivative, which pick entries of an axis as labels do.

    o[k] += [k = rank[i]] i          y[k,j] += [i = o[k]] x[i,j]          dx[i,j] += [i = o[k]] dy[k,j]

What is picked is a sum of masked entries, so the one rule gives its derivative, and that of the places is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.detached import plain
from symnet.calculus.ir import Access, Delta, Index, TensorSpec, indices_for
from symnet.declare.tracing.picking import Picking, passing_on
from symnet.declare.tracing.primitives import aligned, merged_shape, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term, Traced, mistake


class Places(Picking, Tensor, facing=False):
    """Whole numbers from 0 to below ``bound``, computed from other tensors; views of them are places too.

    ``apart`` are the axes over which together no place comes twice; none where that is not known.
    """

    __slots__ = ("apart", "bound")
    bound: sp.Expr
    apart: tuple[int, ...]

    def made(self, spec: TensorSpec, hint: str = "") -> Any:
        """A new tensor: places where it reads nothing but these, else real numbers."""
        made = [e for e in self.own_trace.equations if e.target == spec.name]
        body = plain(made[0].body) if len(made) == 1 and not made[0].reduced else None
        if not isinstance(body, Access) or body.name != self.spec.name:
            if hint:
                self.own_trace.hints[spec.name] = hint
            return Tensor(self.own_trace, spec)
        same = spec.rank == self.spec.rank
        same = same and all(body.addresses[a].free_symbols == {made[0].left[a]} for a in self.apart)
        return placed(self, spec, self.bound, self.apart if same else ())

    def tensor(self) -> Places:
        """The places themselves."""
        return self

    def picked(self, x: Traced, axis: int) -> Any:
        """``y[i,k,j] += [u = t[k]] x[i,u,j]``: the axes of the places in place of the axis."""
        computed_within(x, axis, self)
        left = indices_for((*x.shape[:axis], *self.shape, *x.shape[axis + 1 :]))
        own, other = left[axis : axis + self.ndim], Index("j", x.shape[axis])
        spec = x.own_trace.new_spec((i.size for i in left), "intermediate")
        body = scalars.equal(other, self.read(own)) * x.read((*left[:axis], other, *left[axis + self.ndim :]))
        x.own_trace.define(spec, Term(left, body, (other,)))
        return Tensor(x.own_trace, spec)

    def picked_by_row(self, x: Traced, axis: int, row: Index, address: sp.Expr) -> Any:
        """``y[i,n,k] += [u = t[n]] x[i,r[n],u,k]``: one place of the axis after that of the rows r[n], the address."""
        computed_within(x, axis + 1, self)
        left = list(indices_for((*x.shape[:axis], row.size, *x.shape[axis + 2 :])))
        left[axis], other = row, Index("j", x.shape[axis + 1])
        spec = x.own_trace.new_spec((i.size for i in left), "intermediate")
        body = scalars.equal(other, self.read((row,))) * x.read((*left[:axis], address, other, *left[axis + 1 :]))
        x.own_trace.define(spec, Term(tuple(left), body, (other,)))
        return Tensor(x.own_trace, spec)


class Indices(Picking):
    """Where the entries stood, beside the entries themselves: computed when something asks for it."""

    def __init__(self, made: Callable[[], Places]) -> None:
        self._made = made
        self._places: Places | None = None

    def tensor(self) -> Places:
        """The places, from the first use on."""
        if self._places is None:
            self._places = self._made()
        return self._places

    def picked(self, x: Traced, axis: int) -> Any:
        """What the places pick."""
        return self.tensor().picked(x, axis)

    def __getattr__(self, word: str) -> Any:
        if word.startswith("__"):
            raise AttributeError(word)
        return getattr(self.tensor(), word)

    def __getitem__(self, key: Any) -> Any:
        return self.tensor()[key]


passing_on(Indices, Indices.tensor)


def placed(x: Traced, spec: TensorSpec, bound: sp.Expr, apart: tuple[int, ...] = ()) -> Places:
    """The tensor of a spec as places."""
    places = Places(x.own_trace, spec)
    places.bound, places.apart = bound, apart
    x.own_trace.hints[spec.name] = "places"
    return places


def hit(place: Index, t: Traced, own: Sequence[sp.Expr]) -> sp.Expr:
    """``[place = t[own]]`` of labels, given integers, or computed places."""
    return scalars.equal(place, t.read(own)) if isinstance(t, Places) else Delta(place, t.read(own))


def computed_within(x: Traced, axis: int, index: Places) -> Places:
    """The places after checking that they fit the axis."""
    most, known = (x.own_trace.size_value(s) for s in (index.bound, x.shape[axis]))
    if index.bound != x.shape[axis] and (most is None or known is None or most > known):
        raise mistake("SN104", f"places of an axis of size {index.bound} on an axis of size {x.shape[axis]}")
    return index


def gathered(x: Tensor, axis: int, t: Places) -> Tensor:
    """``y[i,k] += [j = t[i,k]] x[i,j]``: entries along an axis, the other axes beside each other or stretched."""
    rest = [s for k, s in enumerate(t.shape) if k != axis]
    others = merged_shape(x.own_trace, (*x.shape[:axis], *x.shape[axis + 1 :]), tuple(rest))
    if x.ndim != t.ndim or others is None:
        raise mistake("SN103", f"entries of {show(x.shape)} at places {show(t.shape)}: both need the same axes")
    left = indices_for((*others[:axis], t.shape[axis], *others[axis:]))
    other = Index("j", x.shape[axis])
    read = [sp.S.Zero if s == 1 != i.size else i for s, i in zip(x.shape, left, strict=True)]
    read[axis] = other
    spec = x.own_trace.new_spec((i.size for i in left), "intermediate")
    x.own_trace.define(spec, Term(left, scalars.equal(other, t.read(aligned(left, t.spec))) * x.read(read), (other,)))
    return Tensor(x.own_trace, spec)
