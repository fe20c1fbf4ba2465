"""The losses of ``programs.CASES`` written with PyTorch's own functions: what autograd differentiates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

Tensors = dict[str, Any]


def gradients(name: str, inputs: Tensors, wrt: tuple[str, ...]) -> dict[str, Any]:
    """Autograd's gradient of the reference loss, zeros where the loss does not depend."""
    tensors = leaves(inputs, wrt)
    wanted = [tensors[n] for n in wrt]
    found = torch.autograd.grad(LOSSES[name](tensors), wanted, allow_unused=True, materialize_grads=True)
    return {n: g.numpy() for n, g in zip(wrt, found, strict=True)}


def leaves(inputs: Tensors, wrt: tuple[str, ...]) -> Tensors:
    """The inputs as tensors, those of ``wrt`` recording."""
    return {n: torch.tensor(v).requires_grad_(n in wrt) for n, v in inputs.items()}


def _cubic(v: Tensors) -> Any:
    yhat = v["a"] + v["b"] * v["x"] + v["c"] * v["x"] ** 2 + v["d"] * v["x"] ** 3
    return ((yhat - v["y"]) ** 2).sum()


def _mlp(v: Tensors) -> Any:
    return functional.cross_entropy(torch.relu(v["X"] @ v["W1"] + v["b1"]) @ v["W2"] + v["b2"], v["t"])


def _one_hot(v: Tensors) -> Any:  # rows of Y need not sum to 1
    return -(v["Y"] * functional.log_softmax(v["X"] @ v["W"], 1)).sum(1).mean()


def _bce(v: Tensors) -> Any:
    p = torch.sigmoid(v["X"] @ v["w"] + v["b"])
    return -(v["y"] * torch.log(p) + (1 - v["y"]) * torch.log(1 - p)).mean()


def _convolution(v: Tensors) -> Any:
    return (v["g"] * torch.tanh(functional.conv2d(v["x"], v["w"], v["b"], stride=2, padding=1))).sum()


def _share(v: Tensors) -> Any:
    windows = v["x"].unfold(1, 3, 2).unfold(2, 3, 2)
    return (v["g"] * windows.amax((3, 4))).sum()


def _attention(v: Tensors) -> Any:
    out = functional.scaled_dot_product_attention(v["Q"][None], v["K"][None], v["V"][None], is_causal=True)[0]
    return (v["g"] * out).sum()


def _piecewise(v: Tensors) -> Any:
    x, y = v["x"], v["y"]
    total = functional.leaky_relu(x, 0.1) + y.abs() + x.clamp(-1, 1) * y + functional.huber_loss(x, y, reduction="none")
    return (v["g"] * (total + torch.maximum(x, y) + 2 * torch.minimum(x, y) + torch.where(x > y, x**2, y**3))).sum()


LOSSES: dict[str, Callable[[Tensors], Any]] = {
    "mean": lambda v: (3 * (v["x"] + 2) ** 2).mean(),
    "cubic": _cubic,
    "mlp": _mlp,
    "one_hot": _one_hot,
    "bce": _bce,
    "logits": lambda v: functional.binary_cross_entropy_with_logits(v["z"], v["y"]),
    "embedding": lambda v: (v["g"] * functional.embedding(v["t"], v["E"]) ** 2).sum(),
    "convolution": _convolution,
    "valid": lambda v: (functional.conv2d(v["x"][None, None], v["w"][None, None]) ** 2).sum(),
    "pool_share": _share,
    "pool_first": lambda v: (v["g"] * functional.max_pool2d(v["x"][None], 3, 2)[0]).sum(),
    "max_share": lambda v: (v["g"] * v["x"].amax(1)).sum(),
    "max_first": lambda v: (v["g"] * v["x"].max(1).values).sum(),
    "amax_of_square": lambda v: (v["g"] * (v["x"] ** 2).amax(1)).sum(),
    "cumulative": lambda v: (v["g"] * v["x"].cumsum(0) ** 2).sum(),
    "softmax": lambda v: (v["g"] * torch.softmax(v["Z"], 1) ** 2).sum(),
    "tanh_net": lambda v: functional.mse_loss(torch.tanh(v["X"] @ v["W"]) @ v["v"], v["y"]),
    "reshape": lambda v: (v["g"] * v["x"].reshape(-1) ** 3).sum(),
    "trace": lambda v: ((v["A"] * v["B"].T) * torch.diagonal(v["A"])[:, None]).sum(),
    "quadratic": lambda v: v["x"] @ v["A"] @ v["x"] + v["u"].sum() * v["x"].sum(),
    "copies": lambda v: (v["x"] ** 2 - v["c"] * v["c"]).sum(),
    "attention": _attention,
    "layer_norm": lambda v: (v["g"] * functional.layer_norm(v["X"], v["gain"].shape, v["gain"])).sum(),
    "piecewise": _piecewise,
    "power": lambda v: (v["x"] ** v["y"] + v["x"].sqrt() / v["y"]).sum(),
    "shift": lambda v: (v["g"] * torch.tanh(v["X"] + v["b"] - (v["X"] + v["b"]).mean(0))).sum(),
    "corner": lambda v: torch.relu(v["x"] - v["x0"]).sum(),
}
