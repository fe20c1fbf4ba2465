"""784-256-10 with torch and gradients by hand."""

from typing import Any

import torch


def loss_and_grads(params: dict[str, Any], X: Any, t: Any) -> tuple[Any, dict[str, Any]]:
    """Return the loss and its gradients."""
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    N = len(X)
    rows = torch.arange(N)
    Z1 = torch.addmm(b1, X, W1)
    A = torch.relu(Z1)
    log_P = torch.log_softmax(torch.addmm(b2, A, W2), dim=1)
    loss = -log_P[rows, t].mean()
    dZ2 = log_P.exp()
    dZ2[rows, t] -= 1
    dZ2 /= N
    dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
    return loss, {"W1": X.T @ dZ1, "b1": dZ1.sum(dim=0), "W2": A.T @ dZ2, "b2": dZ2.sum(dim=0)}
