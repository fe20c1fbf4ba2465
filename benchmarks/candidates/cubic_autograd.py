"""The cubic as tutorials write it with torch's eager autograd."""

from typing import Any


def loss_and_grads(params: dict[str, Any], x: Any, y: Any) -> tuple[Any, dict[str, Any]]:
    """Return the loss and its gradients."""
    a, b, c, d = params["a"], params["b"], params["c"], params["d"]
    for p in params.values():
        p.grad = None
    y_pred = a + b * x + c * x**2 + d * x**3
    loss = (y_pred - y).pow(2).sum()
    loss.backward()
    return loss, {name: p.grad for name, p in params.items()}
