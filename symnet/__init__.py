"""The words of a model file.  ``import symnet as sn``, declare tensors and a loss, then run ``symnet derive model.py``."""

from __future__ import annotations

from typing import Any

from symnet.declare.functions import (
    abs,
    amax,
    broadcast,
    clamp,
    cos,
    cosh,
    dot,
    elementwise,
    exp,
    flatten,
    gelu,
    leaky_relu,
    log,
    log1p,
    log_softmax,
    logsumexp,
    matmul,
    maximum,
    mean,
    minimum,
    mm,
    mv,
    outer,
    permute,
    pow,
    relu,
    reshape,
    sigmoid,
    sign,
    silu,
    sin,
    sinh,
    softmax,
    softplus,
    sqrt,
    square,
    squeeze,
    stack,
    sum,
    tanh,
    transpose,
    unsqueeze,
    view,
    where,
)
from symnet.declare.indexing import Arange as arange
from symnet.declare.inputs import constant, data, dims, labels, linspace, normal, param, params, uniform
from symnet.declare.layers import (
    GELU,
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    Flatten,
    HuberLoss,
    L1Loss,
    LeakyReLU,
    Linear,
    LogSoftmax,
    Module,
    MSELoss,
    NLLLoss,
    ReLU,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from symnet.declare.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    huber_loss,
    l1_loss,
    mse_loss,
    nll_loss,
)
from symnet.declare.suggest import UnknownWord, unknown_word
from symnet.declare.tensor import Tensor
from symnet.declare.trace import current
from symnet.declare.training import SGD, Adagrad, Adam, AdamW, RMSprop, train
from symnet.version import __version__

__all__ = sorted(
    name
    for name, value in list(globals().items())
    if not name.startswith("_")
    and name
    not in (
        "Any",
        "annotations",
        "current",
        "unknown_word",
        "UnknownWord",
        "declare",
        "calculus",
        "errors",
        "model",
        "naming",
        "version",
    )
)


def __getattr__(word: str) -> Any:
    """An unknown word is answered with the nearest known ones; names that Python itself asks for are plainly absent."""
    if word.startswith("_"):
        raise AttributeError(word)
    raise UnknownWord(unknown_word(word, __all__, "symnet", current().here()))
