"""Every family of words, imported so that the table of words is complete."""

from __future__ import annotations

from symnet.declare import (
    activations,
    convolution,
    losses,
    masks,
    operators,
    pointwise,
    pooling,
    reductions,
    several,
    shapes,
)
from symnet.declare.words import METHODS, NUMPY, TORCH, WORDS

FAMILIES = (pointwise, several, activations, masks, operators, reductions, shapes, convolution, pooling, losses)

__all__ = ["FAMILIES", "METHODS", "NUMPY", "TORCH", "WORDS"]
