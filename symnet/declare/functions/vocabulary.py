"""Every family of words, imported so that the table of words is complete."""

from __future__ import annotations

from symnet.declare import drawn
from symnet.declare.functions import (
    activations,
    adaptive,
    alignments,
    arrangements,
    attention,
    class_losses,
    convolution,
    derivative_words,
    dropout,
    embeddings,
    joining,
    linear_algebra,
    losses,
    made_like,
    mask_words,
    masks,
    noisy,
    normalisation,
    norms,
    numpy_words,
    operators,
    orders,
    placing,
    pointwise,
    pooling,
    products,
    putting,
    reductions,
    resampling,
    running,
    sampling,
    scans,
    scattering,
    selection,
    several,
    shapes,
    slices,
    spectra,
    storage,
    strides,
    unpooling,
)
from symnet.declare.tracing.words import METHODS, NUMPY, TORCH, WORDS

FAMILIES = (
    *(pointwise, several, activations, operators, mask_words, masks, made_like),
    *(reductions, norms, scans, running, products, linear_algebra, spectra, convolution, pooling, unpooling, adaptive),
    *(normalisation, dropout, noisy, drawn, attention, losses, class_losses, alignments),
    *(shapes, slices, strides, joining, selection, embeddings, putting, scattering, placing, orders),
    *(arrangements, resampling, sampling, derivative_words),
)
UNSEEN = (numpy_words, storage)  # reached through the libraries only

__all__ = ["FAMILIES", "METHODS", "NUMPY", "TORCH", "UNSEEN", "WORDS"]
