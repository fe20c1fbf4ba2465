"""The modules of torch whose forward calls a kernel that asks nobody: what they compute in symnet's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.declare.buffers import latest, update
from symnet.declare.functions.norms import normalize
from symnet.declare.functions.shapes import transpose
from symnet.declare.functions.storage import detach
from symnet.declare.modules import adaptive_softmax
from symnet.declare.modules.rnn import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake

Forward = Callable[..., Any]

_LAYERS: dict[str, type[RNN]] = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
_CELLS: dict[str, type[RNNCell]] = {"RNNCell": RNNCell, "LSTMCell": LSTMCell, "GRUCell": GRUCell}


def forward_of(part: Any) -> Forward | None:
    """The forward of a recurrent module of torch or an adaptive softmax, or None where the module's own does."""
    if type(part).__name__ == _SPECTRAL and type(part).__module__.startswith("torch.nn.utils."):
        return _spectral(part)
    if getattr(type(part).forward, "__module__", "") == "torch.nn.modules.adaptive":
        return adaptive_softmax.adopted(part)
    kind = next(
        (c for c in type(part).__mro__ if c.__module__ == "torch.nn.modules.rnn" and c.__name__ in _KINDS), None
    )
    if kind is None or type(part).forward is not vars(kind)["forward"]:
        return None
    return _recurrent(part, _KINDS[kind.__name__])


#: What divides a weight by its largest singular value, which it follows by the power method.
_SPECTRAL = "_SpectralNorm"


def _spectral(part: Any) -> Forward:
    """W / (uᵀ W v); in training u and v, its buffers, are renewed before: u = W v/‖W v‖, v = Wᵀ u/‖Wᵀ u‖, and no
    gradient flows through them."""

    def forward(weight: Tensor) -> Any:
        if weight.ndim == 1 or not part.training:
            return type(part).forward(part, weight)
        matrix = part._reshape_weight_to_matrix(weight)
        held, v = detach(matrix), latest(part._v)
        for _ in range(part.n_power_iterations):
            u = normalize(held @ v, dim=0, eps=part.eps)
            v = normalize(transpose(held, 0, 1) @ u, dim=0, eps=part.eps)
        update(part._u, u)
        update(part._v, v)
        return weight / (detach(u) @ (matrix @ detach(v)))

    return forward


_KINDS: dict[str, type[Any]] = {**_LAYERS, **_CELLS}


def _recurrent(part: Any, kind: type[Any]) -> Forward:
    """The module of symnet with the parameters of a copied module of torch."""
    if getattr(part, "proj_size", 0):
        raise mistake("SN110", "an LSTM with proj_size is not covered", "a Linear after the LSTM")
    layer = object.__new__(kind)
    vars(layer).update({n: p for n, p in part._parameters.items() if p is not None})
    layer.hidden_size = sp.Integer(part.hidden_size)
    if hasattr(part, "nonlinearity"):
        layer.nonlinearity = part.nonlinearity
    if kind.__name__ in _LAYERS:
        layer.num_layers, layer.batch_first = part.num_layers, part.batch_first
        layer.dropout, layer._mode = part.dropout, lambda: part.training
        layer.suffixes = ("", "_reverse") if part.bidirectional else ("",)
    forward: Forward = layer.forward
    return forward
