"""What a loss is told of: the likely prediction of the model, and whether it says yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from symnet.declare.tracing.trace import Traced


class Predicted(NamedTuple):
    """The first argument of a loss; of one between two classes also the target, and the bounds above which they say
    yes."""

    tensor: Traced
    target: Traced | None = None
    bounds: tuple[float, float] = (0.0, 0.0)
