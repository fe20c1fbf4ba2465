"""The cubic as tutorials write it with NumPy."""

from typing import Any

import numpy as np


def loss_and_grads(params: dict[str, Any], x: Any, y: Any) -> tuple[Any, dict[str, Any]]:
    """Return the loss and its gradients."""
    a, b, c, d = params["a"], params["b"], params["c"], params["d"]
    y_pred = a + b * x + c * x**2 + d * x**3
    loss = np.square(y_pred - y).sum()
    grad_y_pred = 2.0 * (y_pred - y)
    grad_a = grad_y_pred.sum()
    grad_b = (grad_y_pred * x).sum()
    grad_c = (grad_y_pred * x**2).sum()
    grad_d = (grad_y_pred * x**3).sum()
    return loss, {"a": grad_a, "b": grad_b, "c": grad_c, "d": grad_d}
