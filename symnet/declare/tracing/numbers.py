"""Options of the words that say how to train: each is a number, a flag or a word, and anything else is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from symnet.declare.tracing.trace import mistake
from symnet.errors import SymnetError


def refused(message: str, help: str) -> SymnetError:
    """A mistake in an option, at the person's expression."""
    return mistake("SN108", message, help)


def whole(name: str, value: Any, low: int = 1) -> int:
    """The value if it is an integer from ``low`` up."""
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        kind = {0: "an integer that is not negative", 1: "a positive integer"}[low]
        raise refused(f"{name} is {value!r}", f"write {kind}")
    return value


def real(
    name: str, value: Any, above: float | None = None, high: float | None = None, below: float | None = None
) -> float:
    """The value if it is a finite number, from 0 up or above ``above``, up to ``high`` or below ``below``."""
    numeric = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    good = numeric and (value >= 0 if above is None else value > above)
    good = good and (high is None or value <= high) and (below is None or value < below)
    if not good:
        low = "from 0 up" if above is None else f"above {above:g}"
        up = "" if high is None else f", to {high:g}"
        up = up if below is None else f", to, not including, {below:g}"
        raise refused(f"{name} is {value!r}", f"write a number {low}{up}")
    return float(value)


def flag(name: str, value: Any) -> bool:
    """The value if it is True or False."""
    if not isinstance(value, bool):
        raise refused(f"{name} is {value!r}", "write True or False")
    return value


def choice(name: str, value: Any, words: Sequence[str]) -> str:
    """The value if it is one of the words."""
    if value not in words:
        raise refused(f"{name} is {value!r}", f"write {' or '.join(map(repr, words))}")
    return str(value)
