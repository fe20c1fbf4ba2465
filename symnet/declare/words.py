"""The registry of functions that are methods of a tensor too, filled by the decorator where each is defined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Word = TypeVar("Word", bound=Callable[..., Any])

METHODS: dict[str, Callable[..., Any]] = {}


def method(function: Word) -> Word:
    """``function(x, ...)`` becomes ``x.function(...)`` as well."""
    METHODS[function.__name__] = function
    return function
