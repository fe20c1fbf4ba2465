"""The modules of torch whose forward calls a kernel that asks nobody: what they compute in symnet's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.declare.modules.rnn import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell
from symnet.declare.tracing.words import mistake

Forward = Callable[..., Any]

_LAYERS: dict[str, type[RNN]] = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
_CELLS: dict[str, type[RNNCell]] = {"RNNCell": RNNCell, "LSTMCell": LSTMCell, "GRUCell": GRUCell}


def forward_of(part: Any) -> Forward | None:
    """The forward of a recurrent module of torch, or None where the module's own does."""
    kind = next(
        (c for c in type(part).__mro__ if c.__module__ == "torch.nn.modules.rnn" and c.__name__ in _KINDS), None
    )
    if kind is None or type(part).forward is not vars(kind)["forward"]:
        return None
    return _recurrent(part, _KINDS[kind.__name__])


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
