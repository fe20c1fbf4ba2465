"""Functions of a batch on an empty one, by the generated functions and by torch: a sum over nothing is 0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import symnet as sn
from symnet import pipeline
from tests.cases.running import model_of
from tests.declare.words_in_text import ARRAYS

#: Texts in groups, each one model: x[N,4] and z[N,2,4,4] are data, W[3,4], w[4] and k[3,2,2,2] parameters.
GROUPS = {
    "entries": ("torch.exp(x * w)", "F.gelu(x + w)", "torch.where(x > 0, x * w, w)", "torch.clamp(x * w, -1, 1)"),
    "sums": (
        "(x * w).sum(0)",
        "(x + w).sum(1)",
        "torch.var(x * w, 1)",
        "torch.logsumexp(x * w, 1)",
        "(x * w).norm(dim=1)",
    ),
    "extremes": (
        "torch.amax(x * w, 1)",
        "torch.max(x * w, 1).values",
        "torch.sort(x * w, 1).values",
        "(x * w).prod(1)",
    ),
    "places": (
        "torch.gather(x * w, 1, torch.argsort(x, 1))",
        "(x * w)[torch.argsort(x[:, 0])]",
        "W[torch.topk(x[:, :3] + w[:3], 2, 1).indices]",
        "F.max_unpool2d(*F.max_pool2d(z * w, 2, return_indices=True), 2)",
        "torch.cummax(x * w, 1).values",
        "F.embedding(torch.argmax(x[:, :3], 1), W)",
    ),
    "softmax": ("F.softmax(x * w, 1)", "F.cross_entropy(x * w, x * x, reduction='sum')", "F.layer_norm(x, (4,), w)"),
    "products": (
        "F.linear(x, W)",
        "torch.einsum('ni,ki->nk', x, W)",
        "torch.outer(w, w) + 0 * x.sum()",
        "(x @ W.T).T @ x",
    ),
    "shapes": (
        "torch.cat([x, x * w], 1)",
        "(x * w).T.reshape(2, 2, -1)",
        "torch.stack([x, x + w], 1)",
        "(x * w)[:, ::2]",
    ),
    "windows": ("F.conv2d(z, k)", "F.max_pool2d(F.conv2d(z, k), 2)", "F.avg_pool2d(z * w, 2)", "F.pad(z * w, (1, 1))"),
    "scans": ("torch.cumsum(x * w, 1)", "torch.cumprod(x * w, 1)", "torch.diff(x * w)", "torch.flip(x * w, (1,))"),
    "losses": (
        "F.mse_loss(x, x * w, reduction='sum')",
        "F.huber_loss(x * w, x, reduction='none')",
        "F.normalize(x * w)",
    ),
    "matrices": ("torch.linalg.det(z * w)", "torch.linalg.inv(z + 9 * torch.diag(w))", "z @ torch.diag(w)"),
}
PARAMETERS = {"W": ARRAYS["A"][0], "w": ARRAYS["V"], "k": ARRAYS["IMAGES"].reshape(-1)[:24].reshape(3, 2, 2, 2)}
DATA = {"x": ARRAYS["X"][:, [0, 1, 2, 0]] + 0.1, "z": np.random.default_rng(5).normal(size=(4, 2, 4, 4))}
SPACES = {"torch": torch, "F": F}


def used(texts: tuple[str, ...], arrays: Any) -> dict[str, Any]:
    """The arrays that a group reads."""
    return {n: a for n, a in arrays.items() if any(n in compile(t, "text", "eval").co_names for t in texts)}


def total(texts: tuple[str, ...], tensors: Any) -> Any:
    return sum(torch.sin(eval(t, {**SPACES, **tensors})).sum() for t in texts)


def by_torch(texts: tuple[str, ...], rows: int) -> tuple[float, dict[str, Any]]:
    data = {n: torch.tensor(a[:rows]) for n, a in used(texts, DATA).items()}
    own = {n: torch.tensor(a, requires_grad=True) for n, a in used(texts, PARAMETERS).items()}
    loss = total(texts, {**data, **own})
    return loss.item(), dict(zip(own, torch.autograd.grad(loss, tuple(own.values())), strict=True))


@pytest.mark.filterwarnings("ignore:var")  # torch, of no rows
@pytest.mark.parametrize("group", GROUPS)
def test_an_empty_batch_is_torchs(group: str) -> None:
    texts = GROUPS[group]
    data, own = used(texts, DATA), used(texts, PARAMETERS)

    def loss() -> Any:
        N = sn.dims(N="batch")
        tensors = {n: sn.data(N, *a.shape[1:], name=n) for n, a in data.items()}
        return total(texts, {**tensors, **{n: sn.param(*a.shape, name=n) for n, a in own.items()}})

    model = model_of(loss)
    derivation = pipeline.derive_model(model, tuple(own))
    for path, text in pipeline.scripts(derivation, ("numpy", "torch"), Path("empty")).items():
        module: dict[str, Any] = {"__name__": "generated", "__file__": str(path)}
        exec(compile(text, str(path), "exec", dont_inherit=True), module)
        made = torch.tensor if "torch" in path.name else np.array
        for rows in (4, 0):
            inputs = [made(data[i.spec.name][:rows]) for i in model.arguments]
            value, gradients, *_ = module["loss_and_grads"]({n: made(a) for n, a in own.items()}, *inputs)
            wanted, expected = by_torch(texts, rows)
            np.testing.assert_allclose(float(value), wanted, rtol=1e-10, atol=1e-12)
            for name, gradient in expected.items():
                np.testing.assert_allclose(np.asarray(gradients[name]), gradient, rtol=1e-9, atol=1e-11, err_msg=name)
