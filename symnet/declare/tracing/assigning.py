"""Parts of a tensor that are assigned, ``y[:, t] = h``: the variable means a new tensor from there on.

Contiguous parts along one axis are joined anew from the pieces that are known, so that a tensor filled row by row is
the stack of its rows.  What shares memory with the old tensor may not be read again, for torch would change it, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Access, Delta, Index, indices_for
from symnet.declare.tracing.constants import constant_of, is_array, is_integer_number
from symnet.declare.tracing.counting import arange
from symnet.declare.tracing.overwriting import overwritten, require_unchanged
from symnet.declare.tracing.picking import Picking
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.trace import Term, Trace, Traced, mistake
from symnet.declare.tracing.words import WORDS
from symnet.declare.tracing.writes import Piece

T = TypeVar("T", bound=Traced)

_PARTS = "only parts by integers, slices, labels and one mask can be assigned"
_HELP = "make a new tensor: sn.where(condition, a, b), sn.cat, sn.stack, sn.index_put"


def assign(x: Traced, key: Any, value: Any) -> None:
    """``x[key] = value``: the object ``x`` means the new tensor, whoever holds it."""
    value = value.tensor() if isinstance(value, Picking) else value
    value = constant_of(x.own_trace, value) if is_array(value) else value
    if x.broken or (isinstance(value, Traced) and value.broken):
        x.broken = True
        return
    _require_assignable(x)
    if isinstance(value, Traced):
        _forget_own_change(x, key, value)
        require_unchanged(value)
    require_unchanged(x)
    trace, old, whole = x.own_trace, type(x)(x.own_trace, x.spec), is_whole_valued(x)
    if whole and _is_real(value):
        raise mistake("SN107", "real numbers cannot be assigned to a part of a mask or of integers", _HELP)
    stale, trace.writes.stale = trace.writes.stale, {}  # the old entries are read here, and nowhere else
    new = _assigned(old, _keys(x, key), value)
    trace.writes.stale = stale
    if new.broken:
        x.broken = True
        return
    trace.writes.whole |= {new.spec.name} if whole else set()
    trace.hints[new.spec.name] = trace.person_name(x.spec) or trace.hints.get(x.spec.name, "v")
    _rebind(x, new)


def changed(x: T, new: T) -> T:
    """What an operation in place gives, ``x.add_(y)`` or ``x += y``: the object itself, which means the new tensor;
    where that cannot be, the new one, and nothing may read the old."""
    if new.broken or x.broken:
        x.broken = x.broken or x.spec.role == "intermediate"
        return new
    other = type(x) is not type(new) or new.spec.name == x.spec.name or new.shape != x.shape
    if other or x.spec.role != "intermediate" or x.own_trace.modes_told or _why_not_assignable(x) or is_whole_valued(x):
        return overwritten(x, new)
    hints = x.own_trace.hints
    hints.setdefault(new.spec.name, x.own_trace.person_name(x.spec) or hints.get(x.spec.name, "v"))
    _rebind(x, new)
    return x


def _rebind(x: Traced, new: Traced) -> None:
    """From here on the object means another tensor, and nothing may read the old; a prediction that was noted stays."""
    trace, old = x.own_trace, type(x)(x.own_trace, x.spec)
    overwritten(old, new)
    trace.writes.moved.append(x.spec.name)
    trace.predictions[:] = [p._replace(tensor=old) if p.tensor is x else p for p in trace.predictions]
    x.spec = new.spec
    trace.tensors[x.spec.name] = x


def _require_assignable(x: Traced) -> None:
    reason = _why_not_assignable(x)
    if reason is not None:
        raise mistake("SN106", *reason)


def _why_not_assignable(x: Traced) -> tuple[str, str] | None:
    """Why an object cannot mean another tensor from here on, and what to write instead."""
    trace, what = x.own_trace, x.own_trace.text_of(x.spec)
    if x.spec.role in ("parameter", "buffer"):
        return f"{what} is a {x.spec.role}, and a part of it cannot be assigned", f"y = {what} * 1"
    if x.spec.integer:
        return "a part of labels cannot be assigned", "declare labels that are as they are to be"
    if x.spec.name in trace.writes.twice:
        message = f"{what} is also the result of a word that changed nothing, which torch may have copied"
        return message, "assign to a copy: y = x.clone()"
    if trace.begun and int(x.spec.name[1:]) < trace.begun[-1]:
        return "a step of scan assigns a part of a tensor from outside", "return it from the step"
    return None


def _forget_own_change(x: Traced, key: Any, value: Traced) -> None:
    """``x[key] += d`` changes a part of x and puts it back: what x was before is still known then."""
    writes = x.own_trace.writes
    change = writes.changes.get(value.spec.name)
    if change is None or x.spec.name not in change.stale:
        return
    source, part = writes.parts.get(change.changed, ("", None))
    if source == x.spec.name and _plain(part) == _plain(key) is not None:
        writes.stale = {name: place for name, place in writes.stale.items() if name != source}


def _plain(key: Any) -> Any:
    """A subscript of integers and slices as something to compare; None for any other."""
    keys = key if isinstance(key, tuple) else (key,)
    found = [(k.start, k.stop, k.step) if isinstance(k, slice) else (k,) for k in keys]
    plain = all(e is None or e is Ellipsis or is_integer_number(e) for parts in found for e in parts)
    return tuple(found) if plain else None


def _keys(x: Traced, key: Any) -> list[Any]:
    """One subscript for each axis, or a mask alone."""
    keys = list(key) if isinstance(key, tuple) else [key]
    if len(keys) == 1 and _is_mask(keys[0]):
        return keys
    fits = all(k is Ellipsis or isinstance(k, slice) or is_integer_number(k) or names_places(k) for k in keys)
    if not fits:
        raise mistake("SN106", _PARTS, _HELP)
    given = [k for k in keys if k is not Ellipsis]
    if len(given) > x.ndim or len(keys) - len(given) > 1:
        raise mistake(
            "SN103", f"{len(given)} subscripts for a tensor {show(x.shape)}", "one for each axis, and one ..."
        )
    at = next((n for n, k in enumerate(keys) if k is Ellipsis), len(keys))
    return [*keys[:at], *[slice(None)] * (x.ndim - len(given)), *keys[at + 1 :]]


def _assigned(x: Any, keys: Sequence[Any], value: Any) -> Any:
    """A tensor with other entries at the places of the keys."""
    if len(keys) == 1 and _is_mask(keys[0]):
        return _masked(x, keys[0], value)
    if any(map(names_places, keys)):
        return _listed(x, keys, value)
    at = next((n for n, k in enumerate(keys) if not _takes_all(x.own_trace, k, x.spec.shape[n])), None)
    if at is None:
        return _spread(x, value)
    known = x.own_trace.fixed_size(x.spec.shape[at])
    if known is None:
        raise mistake("SN104", f"a part of an axis whose size {x.spec.shape[at]} the data bring", "assign whole axes")
    single = not isinstance(keys[at], slice)
    if single and not -known <= int(keys[at]) < known:
        raise mistake("SN104", f"index {int(keys[at])} is outside an axis of size {known}", f"the last is {known - 1}")
    places = range(int(keys[at]) % known, int(keys[at]) % known + 1) if single else range(known)[keys[at]]
    if not places:
        return x
    part = x[(*[slice(None)] * at, int(keys[at]) if single else keys[at])]
    inner = _assigned(part, (*keys[:at], *(() if single else (slice(None),)), *keys[at + 1 :]), value)
    inner = WORDS["unsqueeze"](inner, at) if single else inner
    if inner.broken or places.step != 1:
        return inner if inner.broken else _at_steps(x, at, places, inner)
    return _joined(x, at, Piece(places.start, places.stop, inner))


def _is_mask(key: Any) -> bool:
    return (is_array(key) and "int" not in str(key.dtype)) or (isinstance(key, Traced) and not key.spec.integer)


def names_places(key: Any) -> bool:
    """Whether a subscript is a list of places, labels or given integers: what it picks is a copy in torch."""
    whole = isinstance(key, arange) or (isinstance(key, Traced) and key.spec.integer)
    return (
        whole
        or (is_array(key) and "int" in str(key.dtype))
        or (isinstance(key, list | range) and all(map(is_integer_number, key)))
    )


def _listed(x: Any, keys: Sequence[Any], value: Any) -> Any:
    """A tensor with other entries where lists name places, one list for each axis from one on."""
    whole = [k == slice(None) if isinstance(k, slice) else False for k in keys]
    lists, before = [k for k, all_of in zip(keys, whole, strict=True) if not all_of], whole.index(False)
    together = whole == [True] * before + [False] * len(lists) + [True] * (len(keys) - before - len(lists))
    if (
        not together
        or any(isinstance(k, slice) for k in lists)
        or (before and isinstance(value, Traced) and value.ndim)
    ):
        raise mistake("SN106", "labels beside other parts in what is assigned", "labels for the first axes, y[rows, t]")
    axes = list(range(before, before + len(lists)))
    front = WORDS["movedim"](x, axes, list(range(len(lists))))
    given = [constant_of(x.own_trace, k) if is_array(k) else list(k) if isinstance(k, range) else k for k in lists]
    given = [k % int(front.shape[n]) if isinstance(k, int) else k for n, k in enumerate(given)]
    put = WORDS["index_put"](front, given, int(value) if isinstance(value, bool) else value)
    return WORDS["movedim"](put, list(range(len(lists))), axes)


def _takes_all(trace: Trace, key: Any, size: sp.Expr) -> bool:
    return isinstance(key, slice) and (key == slice(None) or slice(*key.indices(trace.size_value(size) or 0)) == key)


def _spread(x: Traced, value: Any) -> Any:
    """The value in the shape of a part; axes of size 1 in front of it do not count."""
    if not isinstance(value, Traced):
        return WORDS["full"](x.spec.shape, int(value) if isinstance(value, bool) else value)
    if value.spec.integer:
        raise mistake("SN107", "labels are no real numbers, so they cannot be assigned to a part", _HELP)
    while value.ndim > x.ndim and value.shape[0] == 1:
        value = value[0]  # type: ignore[index]
    return WORDS["expand"](value, *x.spec.shape)


def is_whole_valued(x: Traced) -> bool:
    """Whether torch keeps booleans or integers there, which real numbers would become."""
    trace, name = x.own_trace, x.spec.name
    bodies = [e.body for e in trace.equations if e.target == name]
    if name in trace.writes.whole or "mask" in x.spec.facts or any(b.has(scalars.Indicator) for b in bodies):
        return not WORDS["is_floating_point"](x) or name in trace.writes.whole
    read = [b.name for b in bodies if isinstance(b, Access)]
    return len(read) == len(bodies) == 1 and is_whole_valued(trace.tensors[read[0]])


def _is_real(value: Any) -> bool:
    return bool(WORDS["is_floating_point"](value)) if isinstance(value, Traced) else value not in (0, 1)


def _masked(x: Any, mask: Any, value: Any) -> Any:
    mask = constant_of(x.own_trace, mask) if is_array(mask) else mask
    if mask.spec.integer or WORDS["is_floating_point"](mask):
        raise mistake("SN106", _PARTS, _HELP)
    if isinstance(value, Traced) and value.ndim:
        help = "masked_scatter for a given mask; where(mask, v, x) takes the entry that stands there"
        raise mistake("SN106", "a tensor cannot be assigned where a mask holds", help)
    for _ in range(x.ndim - mask.ndim):
        mask = WORDS["unsqueeze"](mask, -1)
    return WORDS["masked_fill"](x, mask, int(value) if isinstance(value, bool) else value)


def _joined(x: Traced, at: int, new: Piece) -> Any:
    """The pieces along an axis, a new one among them.  Whole pieces stay what they are, so that what was overwritten
    is read no more."""
    writes, known = x.own_trace.writes, x.own_trace.fixed_size(x.spec.shape[at])
    assert known is not None
    axis, pieces = writes.pieces.get(x.spec.name, (at, ()))
    pieces = pieces if pieces and axis == at else (Piece(0, known, x),)
    before = [_cut(p, at, p.start, min(p.stop, new.start)) for p in pieces if p.start < new.start]
    after = [_cut(p, at, max(p.start, new.stop), p.stop) for p in pieces if p.stop > new.stop]
    joined = (*before, new, *after)
    result = WORDS["cat"]([p.entries for p in joined], at) if len(joined) > 1 else new.entries
    if not result.broken:
        writes.pieces[result.spec.name] = (at, joined)
    return result


def _cut(piece: Piece, at: int, start: int, stop: int) -> Piece:
    if (start, stop) == (piece.start, piece.stop):
        return piece
    key = (*[slice(None)] * at, slice(start - piece.start, stop - piece.start))
    return Piece(start, stop, piece.entries[key])  # type: ignore[index]


def _at_steps(x: Traced, at: int, places: range, inner: Traced) -> Traced:
    """y[i] = 0 at the places, else x[i], and the new entries there."""
    left, whole, own = indices_for(x.spec.shape), indices_for(x.spec.shape), Index("k", len(places))
    chosen = sp.Add(*(scalars.equal(whole[at], sp.Integer(place)) for place in places))
    spec = x.own_trace.new_spec(x.spec.shape, "intermediate")
    entry = inner.read((*left[:at], own, *left[at + 1 :]))
    x.own_trace.define(
        spec,
        Term(whole, scalars.where(chosen, sp.S.Zero, x.read(whole))),
        Term(left, Delta(left[at], places.start + places.step * own) * entry, (own,)),
    )
    return x.made(spec)
