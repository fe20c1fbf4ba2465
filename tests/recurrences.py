"""Recurrences written as equations, each with PyTorch's own layer, or a plain Python loop in PyTorch, beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from tests.programs import Case, program_of

Tensors = dict[str, Any]
CASES: dict[str, Case] = {}
LOSSES: dict[str, Callable[[Tensors], Any]] = {}


def _case(
    name: str, declarations: str, lines: str, sizes: str, loss: Callable[[Tensors], Any], ties: Any = "share"
) -> None:
    numbers = {k: int(v) for k, v in (pair.split("=") for pair in sizes.split())}
    CASES[name] = Case(name, program_of(declarations, lines, " ".join(numbers), ties), numbers)
    LOSSES[name] = loss


def _rnn(v: Tensors) -> Any:
    h, states = v["h0"], []
    for x in v["x"]:
        h = torch.tanh(x @ v["W"] + h @ v["U"] + v["b"])
        states.append(h)
    return (v["g"] * torch.stack(states)).sum()


RNN = """
h[s,n,k] += Delta(s,0)*h0[n,k]
z[t,n,k] += x[t,n,j]*W[j,k]
z[t,n,k] += h[t,n,j]*U[j,k]
z[t,n,k] += b[k]
h[s,n,k] += Delta(s,t+1)*tanh(z[t,n,k])
loss += g[t,n,k]*h[t+1,n,k]
"""
RNN_TENSORS = (
    "data x[T,N,D] data g[T,N,H] parameter h0[N,H] parameter W[D,H] parameter U[H,H] parameter b[H]"
    " h[T+1,N,H] z[T,N,H] loss"
)
_case("rnn", RNN_TENSORS, RNN, "T=4 N=2 D=3 H=2", _rnn)
_case("rnn_of_one_step", RNN_TENSORS, RNN, "T=1 N=2 D=3 H=2", _rnn)


def _lstm(v: Tensors) -> Any:
    layer = torch.nn.LSTM(v["x"].shape[2], v["h0"].shape[1], bias=False).double()
    weights = {"weight_ih_l0": v["W"], "weight_hh_l0": v["U"]}
    out, (_, c) = torch.func.functional_call(layer, weights, (v["x"], (v["h0"][None], torch.zeros_like(v["h0"])[None])))
    return (v["g"] * out).sum() + (c**2).sum()


_case(
    "lstm",
    "data x[T,N,D] data g[T,N,H] parameter h0[N,H] parameter W[4*H,D] parameter U[4*H,H] z[T,N,4*H]"
    " i[T,N,H] f[T,N,H] a[T,N,H] o[T,N,H] c[T+1,N,H] h[T+1,N,H] loss",
    """
    h[s,n,k] += Delta(s,0)*h0[n,k]
    z[t,n,k] += x[t,n,j]*W[k,j]
    z[t,n,k] += h[t,n,j]*U[k,j]
    i[t,n,k] += sigmoid(z[t,n,k])
    f[t,n,k] += sigmoid(z[t,n,k+H])
    a[t,n,k] += tanh(z[t,n,k+2*H])
    o[t,n,k] += sigmoid(z[t,n,k+3*H])
    c[s,n,k] += Delta(s,t+1)*(f[t,n,k]*c[t,n,k] + i[t,n,k]*a[t,n,k])
    h[s,n,k] += Delta(s,t+1)*o[t,n,k]*tanh(c[t+1,n,k])
    loss += g[t,n,k]*h[t+1,n,k]
    loss += c[T,n,k]**2
    """,
    "T=3 N=2 D=3 H=2",
    _lstm,
)


def _backward(v: Tensors) -> Any:
    h = torch.zeros_like(v["x"][0])
    total = 0.0
    for x, g in zip(reversed(v["x"]), reversed(v["g"]), strict=True):
        h = torch.sin(x + h * v["u"])
        total = total + (g * h).sum()
    return total


_case(
    "from_the_end",
    "data x[T,N] data g[T,N] parameter u[N] h[T+1,N] loss",
    "h[t,n] += 0\nh[s,n] += Delta(s,t)*sin(x[t,n] + h[t+1,n]*u[n])\nloss += g[t,n]*h[t,n]",
    "T=4 N=3",
    _backward,
)


def _linear(v: Tensors) -> Any:
    p, q, total = v["p0"], v["q0"], 0.0
    for x in v["x"]:
        p, q = v["A"] @ p + x * q, q * p + x
        total = total + (p * q).sum()
    return total


_case(
    "two_states",
    "data x[T,H] parameter p0[H] parameter q0[H] parameter A[H,H] p[T+1,H] q[T+1,H] loss",
    """
    p[s,k] += Delta(s,0)*p0[k]
    q[s,k] += Delta(s,0)*q0[k]
    p[s,k] += Delta(s,t+1)*A[k,j]*p[t,j] over t=T
    p[s,k] += Delta(s,t+1)*x[t,k]*q[t,k]
    q[s,k] += Delta(s,t+1)*(q[t,k]*p[t,k] + x[t,k]) over t=T
    loss += p[t+1,k]*q[t+1,k] over t=T
    """,
    "T=3 H=2",
    _linear,
)


def _lag(v: Tensors) -> Any:
    states = [v["a"], v["b"]]
    for x in v["x"]:
        states.append(v["u"] * states[-1] * states[-2] + x)
    return (torch.stack(states) ** 2).sum()


_case(
    "two_steps_back",
    "data x[T] parameter a parameter b parameter u h[T+2] loss",
    """
    h[s] += Delta(s,0)*a
    h[s] += Delta(s,1)*b
    h[s] += Delta(s,t+2)*(u*h[t+1]*h[t] + x[t]) over t=T
    loss += h[s]**2
    """,
    "T=4",
    _lag,
)


def _running_maximum(v: Tensors) -> Any:
    h, total = v["h0"], 0.0
    for x in v["x"]:
        m = (x * h).amax()
        h = torch.sin(x + m * h)
        total = total + m
    return total + h.sum()


_case(
    "maximum_inside",
    "data x[T,H] parameter h0[H] h[T+1,H] m[T] loss",
    """
    h[s,k] += Delta(s,0)*h0[k]
    m[t] max= x[t,k]*h[t,k]
    h[s,k] += Delta(s,t+1)*sin(x[t,k] + m[t]*h[t,k])
    loss += m[t]
    loss += h[T,k]
    """,
    "T=3 H=4",
    _running_maximum,
)


def _unread(v: Tensors) -> Any:
    h, total = v["h0"], 0.0
    for x in v["x"]:
        z = v["U"] @ h + x
        total = total + (z**2).sum()
        h = torch.tanh(z)
    return total


_case(
    "the_loss_reads_no_state",
    "data x[T,H] parameter h0[H] parameter U[H,H] h[T+1,H] z[T,H] loss",
    """
    h[s,k] += Delta(s,0)*h0[k]
    z[t,k] += U[k,j]*h[t,j]
    z[t,k] += x[t,k]
    h[s,k] += Delta(s,t+1)*tanh(z[t,k])
    loss += z[t,k]**2
    """,
    "T=3 H=2",
    _unread,
)
