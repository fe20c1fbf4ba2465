"""Causal attention with torch's eager autograd and its own attention function."""

from typing import Any

from torch.nn import functional as F


def loss_and_grads(params: dict[str, Any], x: Any, y: Any) -> tuple[Any, dict[str, Any]]:
    """Return the loss and its gradients."""
    for p in params.values():
        p.grad = None
    n, t, e = x.shape
    q, k, v = ((x @ params[name]).reshape(n, t, 4, e // 4).transpose(1, 2) for name in ("Wq", "Wk", "Wv"))
    output = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    loss = F.mse_loss(output.transpose(1, 2).reshape(n, t, e) @ params["Wo"], y)
    loss.backward()
    return loss, {name: p.grad for name, p in params.items()}
