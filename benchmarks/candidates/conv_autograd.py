"""The convolutional network with torch's eager autograd and its fused operations."""

from typing import Any

import torch
from torch.nn import functional as F


def loss_and_grads(params: dict[str, Any], X: Any, t: Any) -> tuple[Any, dict[str, Any]]:
    """Return the loss and its gradients."""
    for p in params.values():
        p.grad = None
    h = F.max_pool2d(torch.relu(F.conv2d(X, params["K1"], params["b1"], padding=1)), 2)
    h = F.max_pool2d(torch.relu(F.conv2d(h, params["K2"], params["b2"], padding=1)), 2)
    loss = F.cross_entropy(torch.addmm(params["b"], h.flatten(1), params["W"]), t)
    loss.backward()
    return loss, {name: p.grad for name, p in params.items()}
