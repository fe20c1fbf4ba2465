"""Causal attention with torch's eager autograd, its softmax written out."""

import math
from typing import Any

import torch
from torch.nn import functional as F


def loss_and_grads(params: dict[str, Any], x: Any, y: Any) -> tuple[Any, dict[str, Any]]:
    """Return the loss and its gradients."""
    for p in params.values():
        p.grad = None
    n, t, e = x.shape
    q, k, v = ((x @ params[name]).reshape(n, t, 4, e // 4).transpose(1, 2) for name in ("Wq", "Wk", "Wv"))
    later = torch.ones(t, t, dtype=torch.bool).triu(1)
    scores = (q @ k.transpose(-1, -2) / math.sqrt(e // 4)).masked_fill(later, float("-inf"))
    output = torch.softmax(scores, -1) @ v
    loss = F.mse_loss(output.transpose(1, 2).reshape(n, t, e) @ params["Wo"], y)
    loss.backward()
    return loss, {name: p.grad for name, p in params.items()}
