"""Addresses ``stride · i + dilation · p`` as windows: reads become a view of all windows, accumulations their sum."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from symnet.calculus.integers import affine, same
from symnet.calculus.ir import Access, Index, sort_key
from symnet.reading.nodes import Axes, Key, Node, Slice, Span, Window, Windows


def window_of(address: sp.Expr) -> tuple[Window, sp.Expr] | None:
    """The window that an address takes and the place where the first one starts; None if it is none.

    Place and tap are alike in the address; the axis with fewer places is taken for the taps.
    """
    form = None if address.atoms(Access) or address.has(sp.floor, sp.Mod) else affine(address)
    if form is None or len(form.terms) != 2 or any(not c.is_Integer or c <= 0 for _, c in form.terms):
        return None
    (place, stride), (tap, dilation) = sorted(form.terms, key=lambda term: _extent(term[0]), reverse=True)
    return Window(place, tap, int(stride), int(dilation)), form.constant


def _extent(index: Index) -> tuple[bool, sp.Expr, object]:
    symbolic = not index.size.is_Integer
    return symbolic, sp.S.Zero if symbolic else index.size, sort_key(index)


def windowed(source: Node, slots: Sequence[sp.Expr]) -> tuple[Node, tuple[sp.Expr, ...]]:
    """The source with a view of windows for every slot that is one, and the slots that then remain."""
    uses = Tally(i for s in slots for i in s.atoms(Index))
    found: list[tuple[Window, sp.Expr] | None] = []
    for slot, axis in zip(slots, source.axes, strict=True):
        window = None if isinstance(slot, Index) else window_of(slot)
        alone = window is not None and all(uses[i] == 1 for i in slot.atoms(Index))
        found.append(window if window is not None and alone and _within(window, axis.size) else None)
    if not any(found):
        return source, tuple(slots)
    source = _cut(source, found)
    windows = tuple(w[0] if w is not None else None for w in found)
    taps = tuple(w.tap for w in windows if w is not None)
    places = tuple(w.place if w is not None else axis for w, axis in zip(windows, source.axes, strict=True))
    rest = tuple(w.place if w is not None else slot for w, slot in zip(windows, slots, strict=True))
    return Windows(source, windows, (*places, *taps)), (*rest, *taps)


def _within(found: tuple[Window, sp.Expr], size: sp.Expr) -> bool:
    window, start = found
    last = start + window.stride * (window.place.size - 1) + window.span - 1
    return bool(start.is_nonnegative and sp.expand(size - 1 - last).is_nonnegative)


def _cut(source: Node, found: Sequence[tuple[Window, sp.Expr] | None]) -> Node:
    """The source from the start of the first window on, and without places at the end that would make one more."""
    keys: list[sp.Expr | Span] = []
    axes: list[Index] = []
    for entry, axis in zip(found, source.axes, strict=True):
        span = Span(sp.S.Zero, 1, axis.size)
        if entry is not None:
            window, start = entry
            needed = window.stride * (window.place.size - 1) + window.span
            spare = sp.expand(axis.size - start - needed)
            exact = spare.is_Integer and spare < window.stride
            if start != 0 or not exact:
                span = Span(start, 1, needed)
        keys.append(span)
        axes.append(axis if same(span.size, axis.size) else Index(axis.name, span.size))
    if all(same(k.size, a.size) for k, a in zip(keys, source.axes, strict=True) if isinstance(k, Span)):
        return source
    return Slice(source, tuple(keys), tuple(axes))


def stored_windows(places: Sequence[sp.Expr], shape: Axes) -> tuple[tuple[Key, ...], Axes] | None:
    """The keys of an accumulation at places of which some are windows and the others whole axes, and the axes of what
    is added: places and whole axes in order, then the taps.  None if the places are anything else."""
    uses = Tally(i for p in places for i in p.atoms(Index))
    keys: list[Key] = []
    axes: list[Index] = []
    for place, axis in zip(places, shape, strict=True):
        window = None if isinstance(place, Index) else window_of(place)
        whole = isinstance(place, Index) and same(place.size, axis.size)
        if any(uses[i] > 1 for i in place.atoms(Index)) or not (whole or (window and _within(window, axis.size))):
            return None
        keys.append(replace(window[0], start=window[1]) if window else None)
        axes.append(window[0].place if window else place)
    taps = [k.tap for k in keys if isinstance(k, Window)]
    return (tuple(keys), (*axes, *taps)) if taps else None
