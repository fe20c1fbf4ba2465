"""The models of textbooks among the examples: each beside the same model in plain torch, and what it reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from symnet import pipeline
from symnet.explain.options import Options
from tests.codegen import script_checks as checks
from tests.models import ROOT, derived, script

Leaves = Mapping[str, torch.Tensor]


def logistic_regression(p: Leaves, X: Any, y: Any) -> torch.Tensor:
    return F.binary_cross_entropy_with_logits(X @ p["w"] + p["b"], y) + 0.001 * p["w"].square().sum()


def softmax_regression(p: Leaves, X: Any, t: Any) -> torch.Tensor:
    return F.cross_entropy(X @ p["W"] + p["b"], t)


def svm(p: Leaves, X: Any, y: Any) -> torch.Tensor:
    margin = torch.where(y > 0.5, 1.0, -1.0) * (X @ p["w"] + p["b"])
    return (1 - margin).clamp(min=0).mean() + 0.005 * p["w"] @ p["w"]


def svm_multiclass(p: Leaves, X: Any, t: Any) -> torch.Tensor:
    """torch's own multi-class margin counts neither the right class nor each of ten as a tenth."""
    margins = F.multi_margin_loss(X @ p["W"] + p["b"], t) * 10 + 1
    return margins + 0.001 * p["W"].square().sum()


def matrix_factorisation(p: Leaves, R: Any, B: Any) -> torch.Tensor:
    known = B.bool()
    errors = (p["U"] @ p["V"].T + p["b"])[known] - R[known]
    return errors.square().mean() + 0.001 * (p["U"].square().sum() + p["V"].square().sum())


SGD, ADAM = torch.optim.SGD, torch.optim.Adam
#: Each model in torch's words, its optimiser and learning rate, the size of its batches, and what is held out.
MODELS: dict[str, tuple[Callable[..., torch.Tensor], Callable[..., torch.optim.Optimizer], float, int, float]] = {
    "logistic_regression": (logistic_regression, SGD, 0.5, 32, 0.2),
    "softmax_regression": (softmax_regression, SGD, 0.5, 32, 0.2),
    "svm": (svm, SGD, 0.1, 32, 0.2),
    "svm_multiclass": (svm_multiclass, SGD, 0.02, 32, 0.2),
    "matrix_factorisation": (matrix_factorisation, ADAM, 0.05, 0, 0.0),
}


def losses_of_torch(example: str) -> list[float]:
    """Ten losses of the model in plain torch, by autograd, on the batches that the script takes."""
    loss_of, optimizer, rate, batch, holdout = MODELS[example]
    module = script(example, "numpy")
    data, _ = module.split(module.check_data(module.read_data(module.DATA), "the data"), holdout, 0)
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in module.init_params(0).items()}
    update, losses = optimizer(leaves.values(), lr=rate), []
    for rows in module.batches(module.samples_in(data), batch, 0, 0, 10):
        update.zero_grad()
        loss = loss_of(leaves, *map(torch.tensor, module.select(data, rows)))
        loss.backward()
        update.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("example", MODELS)
def test_ten_losses_are_those_of_torchs_own_model(example: str, tmp_path: Path) -> None:
    """The script with autograd and the other targets have these losses too: tests/codegen/test_generated.py."""
    path = ROOT / "generated" / f"{example}_numpy.py"
    found = checks.losses(path, tmp_path, "--steps", "10", "--log-every", "1")
    assert found == pytest.approx(losses_of_torch(example), rel=1e-12)


def last_line(example: str, capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """What the NumPy script says at the end of its training, by name."""
    assert script(example, "numpy").main([]) == 0
    words = capsys.readouterr().out.splitlines()[-1].split("  ")[1:-1]
    return {name: float(value) for name, value in (word.rsplit(" ", 1) for word in words)}


@pytest.mark.parametrize(
    ("example", "name", "least", "most"),
    [
        ("softmax_regression", "held-out accuracy", 0.95, 1.0),
        ("svm_multiclass", "held-out accuracy", 0.95, 1.0),
    ],
)
def test_what_a_training_reaches(
    example: str, name: str, least: float, most: float, capsys: pytest.CaptureFixture[str]
) -> None:
    assert least <= last_line(example, capsys)[name] <= most


@pytest.mark.parametrize("example", ["logistic_regression", "svm"])
def test_threes_and_eights_are_told_apart(example: str) -> None:
    module = script(example, "numpy")
    data = module.check_data(module.read_data(module.DATA), "the data")
    data, held = module.split(data, 0.2, 0)
    run = module.new_run(module.init_params(0))
    module.train(run, data, 900, 32)
    X, y = held
    assert ((module.predict(run.params, X) > 0) == (y > 0.5)).mean() >= 0.95


def test_unknown_ratings_are_found() -> None:
    """The data were made of rank 3; what is not shown is predicted far better than by the mean of each thing."""
    module = script("matrix_factorisation", "numpy")
    data = module.check_data(module.read_data(module.DATA), "the data")
    run = module.new_run(module.init_params(0))
    module.train(run, data, 300, 0)
    n, m, k = 120, 60, 3
    rng = np.random.default_rng(0)
    truth = 3 + rng.normal(size=m) * 0.5 + rng.normal(size=(n, k)) @ rng.normal(size=(k, m)) / np.sqrt(k)
    unknown = data[1] == 0
    errors = (run.params["U"] @ run.params["V"].T + run.params["b"] - truth)[unknown]
    means = data[0].sum(0) / data[1].sum(0)
    assert np.square(errors).mean() < 0.4 * np.square((means - truth)[unknown]).mean()


def test_formulas() -> None:
    wanted = {
        "logistic_regression": ["dz = (sigmoid(z) − y)/N", "dw = Xᵀ dz + w/500"],
        "softmax_regression": ["dZ = (P − Y)/N = (softmax(Z) − onehot(t))/N", "dW = Xᵀ dZ"],
        "svm": ["dz = −(s ⊙ [1 − s ⊙ z > 0])/N", "dw = Xᵀ dz + w/100"],
        "svm_multiclass": ["dM = [M > 0]/N", "dZ = dM − Y ⊙ rowsum(dM)"],
        "matrix_factorisation": ["dE = 2 E/sum(B)", "dU = U/500 + dE V", "dV = dEᵀ U + V/500"],
    }
    for example, formulas in wanted.items():
        text = pipeline.explain(derived(example), Options(), "text")
        assert all(formula in text for formula in formulas), text
