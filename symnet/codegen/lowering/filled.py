"""Whether a loop sets every place of a tensor, so that the memory need not hold zeros before."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from symnet.calculus.integers import same
from symnet.reading.nodes import Span, Store


def filled(stores: Sequence[Store], shape: tuple[sp.Expr, ...]) -> bool:
    """Whether these stores, all that a tensor has, set each of its places at one time of their loop.

    At each time they set everything: in one store, or in spans of one axis that stand side by side.
    """
    spans: dict[int, list[Span]] = {}
    for store in stores:
        loop, keys = store.loop, store.keys
        if loop is None or keys is None or not store.sets or loop != stores[0].loop:
            return False
        timed = [axis for axis, key in enumerate(keys) if key == loop.time]
        rest = [(axis, key) for axis, key in enumerate(keys) if key is not None and axis not in timed]
        if len(timed) != 1 or not same(shape[timed[0]], loop.size) or len(rest) > 1:
            return False
        for axis, key in rest:
            if not isinstance(key, Span) or key.step != 1:
                return False
            spans.setdefault(axis, []).append(key)
    if not spans:
        return bool(stores)
    ((axis, parts),) = spans.items() if len(spans) == 1 else ((0, []),)
    return len(parts) == len(stores) and _side_by_side(parts, shape[axis])


def _side_by_side(spans: list[Span], size: sp.Expr) -> bool:
    """Whether the spans, in some order, cover an axis from its start to its end."""
    place: sp.Expr = sp.S.Zero
    left = list(spans)
    while left:
        following = next((s for s in left if same(s.start, place)), None)
        if following is None:
            return False
        left.remove(following)
        place = sp.expand(place + following.size)
    return same(place, size)
