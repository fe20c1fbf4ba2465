"""784-256-10 with NumPy, as it is written by hand."""

from typing import Any

import numpy as np


def loss_and_grads(params: dict[str, Any], X: Any, t: Any) -> tuple[Any, dict[str, Any]]:
    """Return the loss and its gradients."""
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    N = len(X)
    rows = np.arange(N)
    Z1 = X @ W1 + b1
    A = np.maximum(Z1, 0)
    Z2 = A @ W2 + b2
    Z2 = Z2 - Z2.max(axis=1, keepdims=True)
    E = np.exp(Z2)
    s = E.sum(axis=1, keepdims=True)
    loss = (np.log(s[:, 0]) - Z2[rows, t]).mean()
    dZ2 = E / s
    dZ2[rows, t] -= 1
    dZ2 /= N
    dA = dZ2 @ W2.T
    dZ1 = dA * (Z1 > 0)
    return loss, {"W1": X.T @ dZ1, "b1": dZ1.sum(axis=0), "W2": A.T @ dZ2, "b2": dZ2.sum(axis=0)}
