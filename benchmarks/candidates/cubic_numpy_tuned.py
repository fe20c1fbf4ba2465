"""The cubic with NumPy by somebody who counts passes over memory: Horner, one residual, dot products."""

from typing import Any


def loss_and_grads(params: dict[str, Any], x: Any, y: Any) -> tuple[Any, dict[str, Any]]:
    """Return the loss and its gradients."""
    a, b, c, d = params["a"], params["b"], params["c"], params["d"]
    x2 = x * x
    r = d * x
    r += c
    r *= x
    r += b
    r *= x
    r += a
    r -= y
    loss = r @ r
    r += r
    rx = r * x
    return loss, {"a": r.sum(), "b": r @ x, "c": r @ x2, "d": rx @ x2}
