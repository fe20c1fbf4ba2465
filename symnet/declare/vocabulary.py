"""Every family of words, imported so that the table of words is complete."""

from __future__ import annotations

from symnet.declare import (
    activations,
    class_losses,
    convolution,
    derivative_words,
    joining,
    losses,
    masks,
    normalisation,
    norms,
    numpy_words,
    operators,
    pointwise,
    pooling,
    products,
    reductions,
    scans,
    selection,
    several,
    shapes,
    storage,
)
from symnet.declare.words import METHODS, NUMPY, TORCH, WORDS

FAMILIES = (
    *(pointwise, several, activations, operators, masks),
    *(reductions, norms, scans, products, convolution, pooling, normalisation, losses, class_losses),
    *(shapes, joining, selection, derivative_words),
)
UNSEEN = (numpy_words, storage)  # reached through the libraries only

__all__ = ["FAMILIES", "METHODS", "NUMPY", "TORCH", "UNSEEN", "WORDS"]
