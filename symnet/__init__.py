"""The words of a model file.  ``import symnet as sn``, declare tensors, then ``symnet derive model.py``."""

from __future__ import annotations

from typing import Any

from symnet.declare import init
from symnet.declare.buffers import buffer, update
from symnet.declare.drawn import drawn, training_mode
from symnet.declare.functions.embeddings import Embedding, EmbeddingBag
from symnet.declare.functions.pointwise import elementwise
from symnet.declare.functions.recurrent import scan
from symnet.declare.functions.vocabulary import WORDS
from symnet.declare.inputs import constant, data, dims, labels, linspace, normal, param, params, uniform
from symnet.declare.modules.adaptive_softmax import AdaptiveLogSoftmaxWithLoss
from symnet.declare.modules.attention_layers import MultiheadAttention, TransformerEncoderLayer
from symnet.declare.modules.function_layers import LAYERS
from symnet.declare.modules.layers import Bilinear, Identity, Linear, Module, ModuleList, PReLU, Sequential
from symnet.declare.modules.norm_layers import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    GroupNorm,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
    LayerNorm,
    RMSNorm,
)
from symnet.declare.modules.rnn import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from symnet.declare.modules.torch_modules import from_torch
from symnet.declare.modules.window_layers import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from symnet.declare.optim.optimizers import (
    ASGD,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    NAdam,
    RAdam,
    RMSprop,
    Rprop,
)
from symnet.declare.optim.schedules import (
    ChainedScheduler,
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    CyclicLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    OneCycleLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from symnet.declare.optim.training import EarlyStopping, clip_grad_norm_, clip_grad_value_, train
from symnet.declare.tracing.counting import arange
from symnet.declare.tracing.namespaces import namespaces
from symnet.declare.tracing.states import load_state, save_state
from symnet.declare.tracing.suggest import UnknownWord, unknown_word
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import current
from symnet.declare.tracing.untracked import no_grad
from symnet.version import __version__

__all__ = [
    "ASGD",
    "GRU",
    "LSTM",
    "RNN",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "AdaptiveLogSoftmaxWithLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Bilinear",
    "ChainedScheduler",
    "ConstantLR",
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "EarlyStopping",
    "Embedding",
    "EmbeddingBag",
    "ExponentialLR",
    "GRUCell",
    "GroupNorm",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LSTMCell",
    "LambdaLR",
    "LayerNorm",
    "Linear",
    "LinearLR",
    "Module",
    "ModuleList",
    "MultiStepLR",
    "MultiheadAttention",
    "MultiplicativeLR",
    "NAdam",
    "OneCycleLR",
    "PReLU",
    "PolynomialLR",
    "RAdam",
    "RMSNorm",
    "RMSprop",
    "RNNCell",
    "ReduceLROnPlateau",
    "Rprop",
    "Sequential",
    "SequentialLR",
    "StepLR",
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
    "no_grad",
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
__all__ += sorted(LAYERS)  # torch.nn's modules that apply one of them


_SPACES = namespaces({**globals(), **LAYERS})
__all__ += sorted(_SPACES)


def __getattr__(word: str) -> Any:
    """A word of the table; an unknown one is answered with the nearest known ones.

    Names that Python itself asks for are plainly absent.
    """
    if word == "training":
        return training_mode()
    for table in (WORDS, LAYERS, _SPACES):
        if word in table:
            return table[word]
    if word.startswith("_"):
        raise AttributeError(word)
    raise UnknownWord(unknown_word(word, __all__, "symnet", current().here()))
