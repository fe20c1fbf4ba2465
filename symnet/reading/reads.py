"""Reads of one tensor, ``T[a1, ..., ar]``, as nodes: slices first, then reshapes, then gathers.

Places and spans are taken before integer arrays, because NumPy and PyTorch put the axes of ``E[0, :, t]`` differently.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.integers import affine, digit, digits, radix, same
from symnet.calculus.ir import Access, Index, sort_key
from symnet.calculus.quotients import simplified
from symnet.reading.maps import aligned, mapped, rebuilt
from symnet.reading.nodes import (
    Axes,
    Counter,
    First,
    Gather,
    Key,
    Node,
    Reshape,
    Slice,
    Span,
    Tensor,
    Transpose,
    Windows,
    operand,
)
from symnet.reading.refusal import NoNotation
from symnet.reading.ties import FirstPlace
from symnet.reading.windows import stored_windows, windowed


@dataclass(frozen=True)
class Surroundings:
    """What a read needs to know: every tensor's shape, and the guard of the equation, which may keep it in range."""

    shapes: Mapping[str, tuple[sp.Expr, ...]]
    guard: frozenset[sp.Expr] = frozenset()


def read_access(access: Access, where: Surroundings) -> Node:
    """The node of one access; its axes are the indices of the addresses, each once."""
    shapes = where.shapes
    shape = shapes[access.name]
    addresses = tuple(simplified(a) for a in access.addresses)
    if _plain(addresses, shape):
        return Tensor(access.name, tuple(addresses))
    labels = tuple(a if isinstance(a, Index) else Index("i", size) for a, size in zip(addresses, shape, strict=True))
    twice = {label for label, count in Tally(labels).items() if count > 1}
    fresh = tuple(
        Index(i.name, size) if i in twice or i.size != size else i for i, size in zip(labels, shape, strict=True)
    )  # an axis has the tensor's size also where the address x[i] names only the first places of it
    node, slots = _slice(Tensor(access.name, fresh), addresses, where)
    node, slots = _merge(node, slots)
    node, slots = _split(node, slots)
    node, slots = windowed(node, slots)
    return gathered(node, slots, where)


def _plain(addresses: tuple[sp.Expr, ...], shape: tuple[sp.Expr, ...]) -> bool:
    distinct = len(set(addresses)) == len(addresses)
    return distinct and all(isinstance(a, Index) and a.size == size for a, size in zip(addresses, shape, strict=True))


def _slice(source: Node, addresses: tuple[sp.Expr, ...], where: Surroundings) -> tuple[Node, tuple[sp.Expr, ...]]:
    """Fixed places and strided spans; what remains is one address for each axis that stays."""
    keys: list[sp.Expr | Span] = []
    axes: list[Index] = []
    slots: list[sp.Expr] = []
    for label, address in zip(source.axes, addresses, strict=True):
        whole = Span(sp.S.Zero, 1, label.size)
        if not address.atoms(Index, Access):
            keys.append(address)
            continue
        span = _span(address, label.size, where)
        keys.append(span or whole)
        axes.append(Index(label.name, span.size) if span else label)
        slots.append(sp.Add(*address.atoms(Index)) if span else address)
    if all(
        isinstance(k, Span) and k.start == 0 and k.step == 1 and k.size == i.size
        for k, i in zip(keys, source.axes, strict=True)
    ):
        return source, tuple(slots)
    return Slice(source, tuple(keys), tuple(axes)), tuple(slots)


def _span(address: sp.Expr, size: sp.Expr, where: Surroundings) -> Span | None:
    """The span of an address ``c·i + k``; None when it is the whole axis or no span."""
    form = None if address.atoms(Access) or address.has(sp.floor, sp.Mod) else affine(address)
    if form is None or len(form.terms) != 1:
        return None
    ((index, step),) = form.terms
    if not step.is_Integer or (step == 1 and form.constant == 0 and index.size == size):
        return None
    if where.guard and not _surely_inside(form.constant, form.constant + step * (index.size - 1), size):
        return None
    return Span(form.constant, int(step), index.size)


def _surely_inside(first: sp.Expr, last: sp.Expr, size: sp.Expr) -> bool:
    places = (first, last, size - 1 - first, size - 1 - last)
    return all(bool(sp.expand(p).is_nonnegative) for p in places)


def _merge(source: Node, slots: tuple[sp.Expr, ...]) -> tuple[Node, tuple[sp.Expr, ...]]:
    """Neighbouring slots that are the digits of one number become one axis, addressed by that number."""
    axes: list[Index] = []
    merged: list[sp.Expr] = []
    place = 0
    while place < len(slots):
        end, number = _run_of_digits(slots, source.axes, place)
        if number is None:
            axes.append(source.axes[place])
            merged.append(slots[place])
            place += 1
            continue
        size = sp.Mul(*(i.size for i in source.axes[place:end]))
        axes.append(number if isinstance(number, Index) and number.size == size else Index("i", size))
        merged.append(number)
        place = end
    return (source if len(axes) == len(slots) else Reshape(source, tuple(axes))), tuple(merged)


def _run_of_digits(slots: tuple[sp.Expr, ...], axes: Axes, start: int) -> tuple[int, sp.Expr | None]:
    for end in range(len(slots), start + 1, -1):
        if all(digit(s) is not None for s in slots[start:end]):
            number = digits(slots[start:end], [i.size for i in axes[start:end]])
            if number is not None:
                return end, number
    return start + 1, None


def _split(source: Node, slots: tuple[sp.Expr, ...]) -> tuple[Node, tuple[sp.Expr, ...]]:
    """A slot addressed by a mixed-radix number becomes one axis for each of its digits."""
    axes: list[Index] = []
    split: list[sp.Expr] = []
    for label, slot in zip(source.axes, slots, strict=True):
        parts = None if isinstance(slot, Index) or slot.atoms(Access) else radix(slot, label.size)
        axes += parts if parts else [label]
        split += parts if parts else [slot]
    return (source if len(axes) == len(slots) else Reshape(source, tuple(axes))), tuple(split)


def gathered(source: Node, slots: tuple[sp.Expr, ...], where: Surroundings) -> Node:
    """The source with its axes labelled by plain slots, and gathered by the others."""
    keys = keys_of(slots, source.axes, where)
    if all(k is None for k in keys):
        return _relabelled(source, tuple(slots))
    return Gather(source, keys, gather_axes(slots, keys))


def store_keys(places: tuple[sp.Expr, ...], where: Surroundings, shape: Axes) -> tuple[tuple[Key, ...], Axes]:
    """The keys of a store by places, and the axes of what is stored there."""
    windows = None if where.guard else stored_windows(places, shape)
    if windows is not None:
        return windows
    fixed: list[sp.Expr | Span | None] = []
    slots: list[sp.Expr] = []
    kept: list[Index] = []
    uses = Tally(i for s in places for i in s.atoms(Index))
    for place, axis in zip(places, shape, strict=True):
        span = _span(place, axis.size, where) if all(uses[i] == 1 for i in place.atoms(Index)) else None
        span = span if span is not None and span.step > 0 else None
        fixed.append(span if place.atoms(Index, Access) else place)
        if place.atoms(Index, Access):
            slots.append(sp.Add(*place.atoms(Index)) if span else place)
            kept.append(Index(axis.name, span.size) if span else axis)
    keys = keys_of(tuple(slots), tuple(kept), where)
    rest = iter(keys)
    joined = tuple(f if f is not None and not isinstance(f, Span) else next(rest) or f for f in fixed)
    axes = gather_axes(tuple(slots), keys) if any(k is not None for k in keys) else tuple(slots)
    return joined, axes


def keys_of(slots: tuple[sp.Expr, ...], axes: Axes, where: Surroundings) -> tuple[Node | None, ...]:
    """One key for each slot: None for a whole axis by an index that no other slot uses, else an integer node."""
    uses = Tally(i for s in slots for i in s.atoms(Index))
    keys = [
        None if isinstance(s, Index) and uses[s] == 1 and same(s.size, axis.size) else _key(s, axis, where)
        for s, axis in zip(slots, axes, strict=True)
    ]
    joined = _joined(keys)
    ordered = [tuple(i for i in joined if k is not None and i in k.axes) for k in keys]
    return tuple(k if k is None or k.axes == o else Transpose(k, o) for k, o in zip(keys, ordered, strict=True))


def _joined(keys: Sequence[Node | None]) -> Axes:
    """The labels of the keys in the order in which they broadcast against each other."""
    return tuple(dict.fromkeys(i for key in keys if key is not None for i in key.axes))


def _key(slot: sp.Expr, axis: Index, where: Surroundings) -> Node:
    """The integer node of a slot; outside the guard it names place 0, and the value there is masked."""
    within = isinstance(slot, Index) and sp.expand(axis.size - slot.size).is_nonnegative
    if where.guard and not within:
        slot = scalars.where(inside(where.guard), slot, sp.S.Zero)
    return read_integer(slot, where)


def inside(guard: frozenset[sp.Expr]) -> sp.Expr:
    """The indicator that every expression of the guard is >= 0."""
    return sp.Mul(*(scalars.greater_equal(g, sp.S.Zero) for g in sorted(guard, key=sort_key)))


def gather_axes(slots: tuple[sp.Expr, ...], keys: tuple[Node | None, ...]) -> Axes:
    """The axes of a gather in NumPy's order: the joined key axes stand at the first key if the keys are neighbours."""
    joined = _joined(keys)
    numbers = [n for n, key in enumerate(keys) if key is not None]
    adjacent = numbers == list(range(numbers[0], numbers[-1] + 1))
    before = [s for s, k in zip(slots[: numbers[0]], keys[: numbers[0]], strict=True) if k is None] if adjacent else []
    after = [s for s, k in zip(slots, keys, strict=True) if k is None and s not in before]
    return (*before, *joined, *after)


def _relabelled(source: Node, axes: Axes) -> Node:
    match source:
        case Tensor():
            return Tensor(source.name, axes)
        case Slice():
            return Slice(source.source, source.keys, axes)
        case Reshape():
            return Reshape(source.source, axes)
        case Windows():
            return Windows(source.source, source.windows, axes)
    raise NoNotation("its addresses mix forms")


def read_integer(address: sp.Expr, where: Surroundings) -> Node:
    """An integer expression in indices and integer data as a node."""
    if isinstance(address, Index):
        return Counter(address)
    if isinstance(address, Access):
        return read_access(address, where)
    return elementwise(address, where, ())


def elementwise(body: sp.Expr, where: Surroundings, order: Axes) -> Node:
    """A scalar expression as a Map over its reads; ``order`` says how its axes stand where no operand settles it."""
    leaves: dict[sp.Expr, int] = {}
    shape = _with_operands(body, leaves)
    return mapped(shape, [_leaf(leaf, where, order) for leaf in leaves], order)


def _leaf(leaf: sp.Expr, where: Surroundings, order: Axes) -> Node:
    if isinstance(leaf, Index):
        return Counter(leaf)
    if not isinstance(leaf, FirstPlace):
        return read_access(leaf, where)
    f, largest, *over = leaf.args
    source = elementwise(f, where, order)
    return First(source, aligned(elementwise(largest, where, order), source.axes), tuple(over))


def _with_operands(body: sp.Expr, leaves: dict[sp.Expr, int]) -> sp.Expr:
    if isinstance(body, (Index, Access, FirstPlace)):
        return operand(leaves.setdefault(body, len(leaves)))
    if not body.args:
        return body
    return rebuilt(body, [_with_operands(a, leaves) for a in body.args])
