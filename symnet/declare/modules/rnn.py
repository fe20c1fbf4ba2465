"""RNN, LSTM and GRU with torch.nn's names, parameter layout and order of gates; each is a step under ``scan``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symnet.calculus.ir import Delta, Index
from symnet.declare.functions.activations import relu
from symnet.declare.functions.dropout import dropout as dropped
from symnet.declare.functions.joining import stack
from symnet.declare.functions.masks import zeros
from symnet.declare.functions.pointwise import sigmoid, tanh
from symnet.declare.functions.recurrent import scan
from symnet.declare.functions.shapes import transpose
from symnet.declare.inputs import Size, checked_size, weight
from symnet.declare.modules.layers import Module
from symnet.declare.tracing.primitives import readdressed, show
from symnet.declare.tracing.tensor import Tensor, require_tensor
from symnet.declare.tracing.trace import Term, current


@dataclass(frozen=True)
class Weights:
    """What one cell holds: weights [gates·H, in] and [gates·H, H], biases [gates·H] or none."""

    ih: Tensor
    hh: Tensor
    bias_ih: Tensor | None
    bias_hh: Tensor | None

    @property
    def hidden(self) -> sp.Expr:
        return self.hh.shape[1]

    def of_input(self, x: Tensor) -> Tensor:
        """x W_ihᵀ + b_ih"""
        y = x @ self.ih.T
        return y if self.bias_ih is None else y + self.bias_ih

    def of_state(self, h: Tensor) -> Tensor:
        """h W_hhᵀ + b_hh"""
        y = h @ self.hh.T
        return y if self.bias_hh is None else y + self.bias_hh

    def gate(self, z: Tensor, number: int) -> Tensor:
        """The columns of one gate."""
        left = (*(Index("i", size) for size in z.shape[:-1]), Index("k", self.hidden))
        return readdressed(z, left, (*left[:-1], left[-1] + number * self.hidden))


Step = Callable[..., tuple[Tensor, ...]]


def _rnn(w: Weights, x: Tensor, h: Tensor, nonlinearity: str = "tanh") -> tuple[Tensor, ...]:
    """h' = tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh)"""
    return ((tanh if nonlinearity == "tanh" else relu)(w.of_input(x) + w.of_state(h)),)


def _lstm(w: Weights, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    """i, f, g, o from z = x W_ihᵀ + b_ih + h W_hhᵀ + b_hh;  c' = f c + i g;  h' = o tanh(c')"""
    z = w.of_input(x) + w.of_state(h)
    i, f = kept(sigmoid(w.gate(z, 0)), "i"), kept(sigmoid(w.gate(z, 1)), "f")
    g, o = kept(tanh(w.gate(z, 2)), "g"), kept(sigmoid(w.gate(z, 3)), "o")
    new = _named(f * c + i * g, "c")
    return _named(o * kept(tanh(new), "tanh_c"), "h"), new


def _gru(w: Weights, x: Tensor, h: Tensor) -> tuple[Tensor, ...]:
    """r, u from a + q, a = x W_ihᵀ + b_ih, q = h W_hhᵀ + b_hh;  n = tanh(a_n + r q_n);  h' = (1 - u) n + u h"""
    a, q = _named(w.of_input(x), "a"), _named(w.of_state(h), "q")
    r = kept(sigmoid(w.gate(a, 0) + w.gate(q, 0)), "r")
    u = kept(sigmoid(w.gate(a, 1) + w.gate(q, 1)), "u")
    n = kept(tanh(w.gate(a, 2) + r * w.gate(q, 2)), "n")
    return (_named(n + u * (h - n), "h"),)


def _named(tensor: Tensor, hint: str) -> Tensor:
    tensor.own_trace.hints[tensor.spec.name] = hint
    return tensor


def kept(tensor: Tensor, hint: str) -> Tensor:
    """A tensor that is computed once although no person named it, because derivatives read it."""
    tensor.own_trace.kept.add(tensor.spec.name)
    return _named(tensor, hint)


class _Recurrent(Module):
    """What cells and layers share: how many gates and states there are, and the step."""

    gates = 1
    states = 1
    step: Step = staticmethod(_rnn)

    def _new_weights(self, suffix: str, into: sp.Expr, hidden: sp.Expr, bias: bool) -> None:
        """Attributes weight_ih, weight_hh, bias_ih, bias_hh with the suffix, uniform in ±1/sqrt(hidden)."""
        rows = self.gates * hidden
        setattr(self, f"weight_ih{suffix}", weight((rows, into), hidden))
        setattr(self, f"weight_hh{suffix}", weight((rows, hidden), hidden))
        if bias:
            setattr(self, f"bias_ih{suffix}", weight((rows,), hidden))
            setattr(self, f"bias_hh{suffix}", weight((rows,), hidden))

    def _weights(self, suffix: str) -> Weights:
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return Weights(*(vars(self).get(f"{n}{suffix}") for n in names))  # type: ignore[arg-type]

    def _options(self) -> dict[str, Any]:
        return {}

    def _given(self, state: Any, wanted: tuple[sp.Expr, ...]) -> tuple[Tensor, ...] | None:
        """The initial states, zeros if none are given; None after noting a wrong shape."""
        if state is None:
            return tuple(zeros(*wanted) for _ in range(self.states))
        parts = tuple(state) if isinstance(state, list | tuple) else (state,)
        tensors = tuple(require_tensor(part, type(self).__name__) for part in parts)
        if len(tensors) != self.states or any(
            not t.broken and not t.own_trace.same_shape(t.shape, wanted) for t in tensors
        ):
            found = ", ".join(show(t.shape) for t in tensors)
            message = f"the initial state is {found}, {type(self).__name__} needs {self.states} of {show(wanted)}"
            current().fail("SN103", message)
            return None
        return tensors


class RNNCell(_Recurrent):
    """One step h' = tanh(x W_ihᵀ + b_ih + h W_hhᵀ + b_hh) (or relu); torch.nn.RNNCell."""

    def __init__(self, input_size: Size, hidden_size: Size, bias: bool = True, nonlinearity: str = "tanh") -> None:
        self.hidden_size, self.nonlinearity = checked_size(hidden_size), _checked(nonlinearity)
        self._new_weights("", checked_size(input_size), self.hidden_size, bias)

    def _options(self) -> dict[str, Any]:
        return {"nonlinearity": self.nonlinearity}

    def forward(self, x: Tensor, hx: Any = None) -> Any:
        state = self._given(hx, (*x.shape[:-1], self.hidden_size))
        if state is None or x.broken:
            return x.as_broken() if self.states == 1 else (x.as_broken(), x.as_broken())
        new = type(self).step(self._weights(""), x, *state, **self._options())
        return new if self.states > 1 else new[0]


class LSTMCell(RNNCell):
    """One step (h', c'): c' = f c + i g, h' = o tanh(c'), gates i f g o stacked; torch.nn.LSTMCell."""

    gates, states = 4, 2
    step: Step = staticmethod(_lstm)

    def __init__(self, input_size: Size, hidden_size: Size, bias: bool = True) -> None:
        super().__init__(input_size, hidden_size, bias)

    def _options(self) -> dict[str, Any]:
        return {}


class GRUCell(LSTMCell):
    """One step h' = (1 - u) n + u h, gates r u n stacked; torch.nn.GRUCell."""

    gates, states = 3, 1
    step: Step = staticmethod(_gru)


class RNN(_Recurrent):
    """h[t] = tanh(x[t] W_ihᵀ + b_ih + h[t-1] W_hhᵀ + b_hh) (or relu); parameters and results as torch.nn.RNN.

    x[T,N,in], or [N,T,in] with batch_first, or [T,in], and h0[layers,N,H] (zeros if not given) give
    (output[T,N,H], h_n[layers,N,H]); ``dropout`` acts between the layers; with ``bidirectional`` a second run from the
    end stands beside the first.
    """

    def __init__(
        self,
        input_size: Size,
        hidden_size: Size,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        self.hidden_size, self.nonlinearity = checked_size(hidden_size), _checked(nonlinearity)
        self.num_layers, self.batch_first = num_layers, batch_first
        self.dropout = dropout
        self.suffixes = ("", "_reverse") if bidirectional else ("",)
        for layer in range(num_layers):
            into = checked_size(input_size) if layer == 0 else self.hidden_size * len(self.suffixes)
            for suffix in self.suffixes:
                self._new_weights(f"_l{layer}{suffix}", into, self.hidden_size, bias)

    def _options(self) -> dict[str, Any]:
        return {"nonlinearity": self.nonlinearity}

    def forward(self, x: Tensor, hx: Any = None) -> Any:
        require_tensor(x, type(self).__name__)
        batched = self.batch_first and x.ndim == 3
        if x.ndim not in (2, 3) and not x.broken:
            x.own_trace.fail("SN103", f"the input is {show(x.shape)}, it must be [T,N,in] or [T,in]")
            return self._broken(x)
        run = transpose(x, 0, 1) if batched else x
        count = self.num_layers * len(self.suffixes)
        first = self._given(hx, (sp.Integer(count), *run.shape[1:-1], self.hidden_size))
        if first is None or x.broken:
            return self._broken(x)
        last: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            sides = []
            for side, suffix in enumerate(self.suffixes):
                states = tuple(s[layer * len(self.suffixes) + side] for s in first)
                found = self._scanned(run, states, f"_l{layer}{suffix}", bool(side))
                sides.append(found[0])
                last.append(tuple(s[0 if side else -1] for s in found))
            run = sides[0] if len(sides) == 1 else _beside(*sides)
            if self.dropout and layer < self.num_layers - 1:
                run = dropped(run, self.dropout, self._mode())
        ends = tuple(stack(list(parts), 0) for parts in zip(*last, strict=True))
        output = transpose(run, 0, 1) if batched else run
        output.own_trace.positions[output.spec.name] = 0
        return output, (ends if len(ends) > 1 else ends[0])

    def _mode(self) -> Any:
        return self.training

    def _scanned(self, x: Tensor, states: tuple[Tensor, ...], suffix: str, backward: bool) -> tuple[Tensor, ...]:
        weights = self._weights(suffix)

        def step(x: Tensor, *state: Tensor) -> tuple[Tensor, ...]:
            return type(self).step(weights, x, *state, **self._options())

        found = scan(step, x, states, reverse=backward)
        return found if isinstance(found, tuple) else (found,)

    def _broken(self, x: Tensor) -> Any:
        end = x.as_broken() if self.states == 1 else tuple(x.as_broken() for _ in range(self.states))
        return x.as_broken(), end


class LSTM(RNN):
    """c[t] = f c[t-1] + i g, h[t] = o tanh(c[t]), gates i f g o stacked in torch.nn.LSTM's parameters.

    As RNN, with the state (h0, c0) and the result (output, (h_n, c_n)).
    """

    gates, states = 4, 2
    step: Step = staticmethod(_lstm)

    def __init__(
        self,
        input_size: Size,
        hidden_size: Size,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__(input_size, hidden_size, num_layers, "tanh", bias, batch_first, dropout, bidirectional)

    def _options(self) -> dict[str, Any]:
        return {}


class GRU(LSTM):
    """h[t] = (1 - u) n + u h[t-1], gates r u n stacked in torch.nn.GRU's parameters; arguments and results as RNN."""

    gates, states = 3, 1
    step: Step = staticmethod(_gru)


def _beside(first: Tensor, second: Tensor) -> Tensor:
    """Both directions along the last axis: y[..., u] = first[..., k] at u = k, second[..., k] at u = k + H."""
    trace, hidden = first.own_trace, first.shape[-1]
    spec = trace.new_spec((*first.shape[:-1], 2 * hidden), "intermediate")
    for number, part in enumerate((first, second)):
        left = tuple(Index("i", size) for size in spec.shape)
        k = Index("k", hidden)
        body = sp.Mul(part.read((*left[:-1], k)), Delta(left[-1], k + number * hidden))
        trace.define(spec, Term(left, body, (k,)))
    return Tensor(trace, spec)


def _checked(nonlinearity: str) -> str:
    if nonlinearity not in ("tanh", "relu"):
        current().fail("SN108", f"unknown nonlinearity {nonlinearity!r}", help=("tanh, relu",))
        return "tanh"
    return nonlinearity
