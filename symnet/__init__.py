"""The words of a model file.  ``import symnet as sn``, declare tensors, then ``symnet derive model.py``."""

from __future__ import annotations

from typing import Any

from symnet.declare import init
from symnet.declare.attention_layers import MultiheadAttention, TransformerEncoderLayer
from symnet.declare.buffers import buffer, update
from symnet.declare.drawn import drawn, training_mode
from symnet.declare.embeddings import Embedding, EmbeddingBag
from symnet.declare.indexing import arange
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
from symnet.declare.norm_layers import (
    AlphaDropout,
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    Dropout,
    Dropout1d,
    Dropout2d,
    Dropout3d,
    FeatureAlphaDropout,
    GroupNorm,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    LayerNorm,
    LocalResponseNorm,
    RMSNorm,
)
from symnet.declare.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, NAdam, RAdam, RMSprop, Rprop
from symnet.declare.pointwise import elementwise
from symnet.declare.recurrent import scan
from symnet.declare.rnn import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from symnet.declare.schedules import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from symnet.declare.states import load_state, save_state
from symnet.declare.suggest import UnknownWord, unknown_word
from symnet.declare.tensor import Tensor
from symnet.declare.torch_modules import from_torch
from symnet.declare.trace import current
from symnet.declare.training import EarlyStopping, clip_grad_norm_, clip_grad_value_, train
from symnet.declare.vocabulary import WORDS
from symnet.declare.window_layers import (
    AdaptiveAvgPool1d,
    AdaptiveAvgPool2d,
    AdaptiveAvgPool3d,
    AdaptiveMaxPool1d,
    AdaptiveMaxPool2d,
    AdaptiveMaxPool3d,
    AvgPool1d,
    AvgPool2d,
    AvgPool3d,
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    MaxPool1d,
    MaxPool2d,
    MaxPool3d,
)
from symnet.version import __version__

__all__ = [
    "GELU",
    "GRU",
    "LSTM",
    "RNN",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AlphaDropout",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "ConstantLR",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CrossEntropyLoss",
    "CyclicLR",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "EarlyStopping",
    "Embedding",
    "EmbeddingBag",
    "ExponentialLR",
    "FeatureAlphaDropout",
    "Flatten",
    "GRUCell",
    "GroupNorm",
    "HuberLoss",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "L1Loss",
    "LSTMCell",
    "LambdaLR",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LinearLR",
    "LocalResponseNorm",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "Module",
    "MultiStepLR",
    "MultiheadAttention",
    "NAdam",
    "NLLLoss",
    "OneCycleLR",
    "PolynomialLR",
    "RAdam",
    "RMSNorm",
    "RMSprop",
    "RNNCell",
    "ReLU",
    "ReduceLROnPlateau",
    "Rprop",
    "Sequential",
    "SequentialLR",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "StepLR",
    "Tanh",
    "Tensor",
    "TransformerEncoderLayer",
    "__version__",
    "arange",
    "buffer",
    "clip_grad_norm_",
    "clip_grad_value_",
    "constant",
    "data",
    "dims",
    "drawn",
    "elementwise",
    "from_torch",
    "init",
    "labels",
    "linspace",
    "load_state",
    "normal",
    "param",
    "params",
    "save_state",
    "scan",
    "train",
    "training",
    "uniform",
    "update",
]
__all__ += sorted(WORDS)  # torch's and NumPy's functions, each entered where it is defined


def __getattr__(word: str) -> Any:
    """A word of the table; an unknown one is answered with the nearest known ones.

    Names that Python itself asks for are plainly absent.
    """
    if word == "training":
        return training_mode()
    if word in WORDS:
        return WORDS[word]
    if word.startswith("_"):
        raise AttributeError(word)
    raise UnknownWord(unknown_word(word, __all__, "symnet", current().here()))
