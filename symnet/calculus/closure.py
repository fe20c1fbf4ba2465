"""All that a step leads to from some names."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def closure(start: Iterable[str], step: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """The names, all that the step gives for them, for these, and so on."""
    found = set(start)
    waiting = list(found)
    while waiting:
        new = set(step(waiting.pop())) - found
        found |= new
        waiting += new
    return frozenset(found)
