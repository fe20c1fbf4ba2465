"""What a subscript asks of places that are computed."""

from __future__ import annotations

from typing import Any

from symnet.declare.tracing.trace import Traced


class Picking:
    """Stands in a subscript and says itself what it picks."""

    __slots__ = ()

    def picked(self, x: Traced, axis: int) -> Any:
        """The entries along an axis, the axes of the places in its place."""
        raise NotImplementedError
