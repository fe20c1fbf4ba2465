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


def autoencoder(p: Leaves, X: Any) -> torch.Tensor:
    code = F.linear((X @ p["W1"] + p["b1"]).tanh(), p["W2"].T, p["b2"])
    return F.mse_loss((code @ p["W3"] + p["b3"]).tanh() @ p["W4"] + p["b4"], X)


def vae(p: Leaves, X: Any, eps: Any) -> torch.Tensor:
    """The divergence by torch's own distributions, the pixels as probabilities."""
    a = (X @ p["W1"] + p["b1"]).tanh()
    mu, deviation = a @ p["Wm"] + p["bm"], ((a @ p["Wv"] + p["bv"]) / 2).exp()
    normal = torch.distributions.Normal
    divergence = torch.distributions.kl_divergence(normal(mu, deviation), normal(0.0, 1.0)).sum()
    pixels = (((mu + deviation * eps) @ p["W2"] + p["b2"]).tanh() @ p["W3"] + p["b3"]).sigmoid()
    return (F.binary_cross_entropy(pixels, X, reduction="sum") + divergence) / len(X)


def gaussian_process(p: Leaves, X: Any, y: Any) -> torch.Tensor:
    """By torch's own distribution, which takes a Cholesky factor."""
    distance = (X[:, None] - X) / p["log_length"].exp()
    covariance = (p["log_scale"] - distance**2 / 2).exp() + p["log_noise"].exp() * torch.eye(len(X), dtype=X.dtype)
    return -torch.distributions.MultivariateNormal(torch.zeros_like(y), covariance).log_prob(y)


def block(p: Leaves, h: Any) -> torch.Tensor:
    """A block of a GPT of two heads by torch's own attention."""
    u = F.layer_norm(h, h.shape[2:], p["g1"], p["b1"])
    q, k, v = (F.linear(u, p[w].T).unflatten(2, (2, -1)).transpose(1, 2) for w in ("wq", "wk", "wv"))
    o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    a = h + o.transpose(1, 2).flatten(2) @ p["wo"]
    z = F.layer_norm(a, h.shape[2:], p["g2"], p["b2"]) @ p["w1"] + p["c1"]
    return a + F.gelu(z) @ p["w2"] + p["c2"]


def gpt_block(p: Leaves, X: Any, Y: Any) -> torch.Tensor:
    return (block({name.lower(): value for name, value in p.items()}, X) - Y).square().mean()


def char_gpt(p: Leaves, x: Any, y: Any) -> torch.Tensor:
    h = F.embedding(x.T, p["token"]) + p["place"]
    for k in range(2):
        h = block({path.removeprefix(f"blocks.{k}."): value for path, value in p.items()}, h)
    logits = F.layer_norm(h, (24,), p["g"], p["b"]) @ p["token"].T
    return F.cross_entropy(logits.flatten(0, 1), y.T.flatten())


def critic(p: Leaves, angle: Any, noise: Any, share: Any) -> torch.Tensor:
    """WGAN-GP as its implementations in torch write it: autograd forms the slope and keeps the graph."""

    def value(points: Any) -> Any:
        return torch.tanh(torch.tanh(points @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"]) @ p["w3"]

    ring = 2 * torch.stack([torch.cos(angle), torch.sin(angle)], dim=1)
    between = (share * ring + (1 - share) * noise).requires_grad_()
    (slope,) = torch.autograd.grad(value(between).sum(), between, create_graph=True)
    return 10 * ((slope.norm(2, dim=1) - 1) ** 2).mean() - (value(ring).mean() - value(noise).mean())


SGD, ADAM = torch.optim.SGD, torch.optim.Adam
#: Each model in torch's words, its optimiser and learning rate, the size of its batches, and what is held out.
MODELS: dict[str, tuple[Callable[..., torch.Tensor], Callable[..., torch.optim.Optimizer], float, int, float]] = {
    "logistic_regression": (logistic_regression, SGD, 0.5, 32, 0.2),
    "softmax_regression": (softmax_regression, SGD, 0.5, 32, 0.2),
    "svm": (svm, SGD, 0.1, 32, 0.2),
    "svm_multiclass": (svm_multiclass, SGD, 0.02, 32, 0.2),
    "matrix_factorisation": (matrix_factorisation, ADAM, 0.05, 0, 0.0),
    "autoencoder": (autoencoder, ADAM, 0.003, 32, 0.2),
    "vae": (vae, ADAM, 0.003, 32, 0.2),
    "gaussian_process": (gaussian_process, ADAM, 0.05, 0, 0.0),
    "critic": (critic, ADAM, 0.005, 0, 0.0),
    "gpt_block": (gpt_block, ADAM, 0.01, 64, 0.0),
    "char_gpt": (char_gpt, ADAM, 0.01, 32, 0.0),
}


def losses_of_torch(example: str) -> list[float]:
    """Ten losses of the model in plain torch, by autograd, on the batches that the script takes."""
    loss_of, optimizer, rate, batch, holdout = MODELS[example]
    module = script(example, "numpy")
    drawn = np.random.default_rng([0, 1])
    made = not hasattr(module, "DATA")
    found = module.make_data(drawn, getattr(module, "SAMPLES", 1)) if made else module.read_data(module.DATA)
    data, _ = module.split(module.check_data(found, "the data"), holdout, 0)
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in module.init_params(0).items()}
    update, losses = optimizer(leaves.values(), lr=rate), []
    for step, rows in enumerate(module.batches(module.samples_in(data), batch, 0, 0, 10)):
        update.zero_grad()
        chosen = module.select(data, rows)
        if hasattr(module, "draw"):  # the noise of this step
            chosen = module.draw({name: leaf.detach().numpy() for name, leaf in leaves.items()}, chosen, 0, 5, step)
        loss = loss_of(leaves, *map(torch.tensor, chosen))
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


def last_line(example: str, capsys: pytest.CaptureFixture[str], *flags: str) -> dict[str, float]:
    """What the NumPy script says at the end of its training, by name."""
    assert script(example, "numpy").main([*flags]) == 0
    words = capsys.readouterr().out.splitlines()[-1].split("  ")[1:-1]
    return {name: float(value) for name, value in (word.rsplit(" ", 1) for word in words)}


@pytest.mark.parametrize(
    ("example", "name", "least", "most"),
    [
        ("softmax_regression", "held-out accuracy", 0.95, 1.0),
        ("svm_multiclass", "held-out accuracy", 0.95, 1.0),
        ("autoencoder", "held-out loss", 0.0, 0.025),
        ("vae", "held-out loss", 0.0, 25.0),
    ],
)
def test_what_a_training_reaches(
    example: str, name: str, least: float, most: float, capsys: pytest.CaptureFixture[str]
) -> None:
    assert least <= last_line(example, capsys)[name] <= most


def test_the_gpt_learns_far_below_the_unigram_entropy(capsys: pytest.CaptureFixture[str]) -> None:
    """2.775 nats a character is what the frequencies of the letters alone give."""
    assert last_line("char_gpt", capsys, "--epochs", "8")["loss"] < 2.1


def test_a_gaussian_process_finds_the_noise(capsys: pytest.CaptureFixture[str]) -> None:
    """The wave has an amplitude of 1 and the quick part of the data one of 0.2, which is a variance of 0.02."""
    assert script("gaussian_process", "numpy").main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert float(lines[-2].split()[3]) < -7
    assert 0.01 < np.exp(float(lines[-1].split()[-1])) < 0.04


def test_a_critic_with_a_penalty_finds_wasserstein_s_distance() -> None:
    """Noise of deviation σ around the centre of a ring of radius r: every point goes outwards, r - σ sqrt(π/2) on
    average; Kantorovich and Rubinstein's critic of slope 1 tells just that."""
    numpy = script("critic", "numpy")
    data = numpy.make_data(np.random.default_rng([0, 1]), 256)
    run = numpy.train(numpy.new_run(numpy.init_params(0)), (data["angle"], data["noise"]), 400)
    rng = np.random.default_rng(5)
    angle, noise = rng.uniform(0.0, 2 * np.pi, 4000), rng.normal(0.0, 0.5, (4000, 2))
    ring = 2 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    distance = numpy.predict(run.params, ring).mean() - numpy.predict(run.params, noise).mean()
    assert distance == pytest.approx(2 - 0.5 * np.sqrt(np.pi / 2), rel=0.07)


def test_attention_finds_the_mean_of_what_came(capsys: pytest.CaptureFixture[str]) -> None:
    assert last_line("gpt_block", capsys, "--steps", "200")["loss"] < 0.2  # 0.41 is the loss of always 0


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
        "autoencoder": ["dY = 2 (Y − X)/(D N)", "dB = dY W4ᵀ", "dW4 = Bᵀ dY", "dz_2 = dB ⊙ (1 − B²)", "dW1 = Xᵀ dz"],
        "vae": ["dY = (sigmoid(Y) − X)/N", "dmu = mu/N + dz", "dlv = ((exp(lv) − 1)/N + dz ⊙ eps ⊙ exp(lv/2))/2"],
        "gpt_block": [
            "dxh_2ₙᵢⱼ = dBₙᵢⱼ g2ⱼ",
            "(dxh_2ₙᵢⱼ − (Σₘ dxh_2ₙᵢₘ)/8 − (xh_2ₙᵢⱼ Σᵤ dxh_2ₙᵢᵤ xh_2ₙᵢᵤ)/8)/sqrt(v_2ₙᵢ + 0.00001)",
            "dSₙₗᵢₚ = Pₙₗᵢₚ (dPₙₗᵢₚ − Σᵣ dOₙₗᵢᵣ Oₙₗᵢᵣ)",
            "dVₙₗᵢᵣ = Σₚ Pₙₗₚᵢ dOₙₗₚᵣ",
            "dKₙₗᵢᵣ = (1/2) Σₚ Qₙₗₚᵣ dSₙₗₚᵢ",
        ],
        "gaussian_process": ["dK = (K⁻¹ − alpha alphaᵀ)/2", "dlog_scale = 1ᵀ (dR ⊙ R) 1"],
        "matrix_factorisation": ["dE = 2 E/sum(B)", "dU = U/500 + dE V", "dV = dEᵀ U + V/500"],
    }
    for example, formulas in wanted.items():
        text = pipeline.explain(derived(example), Options(), "text")
        assert all(formula in text for formula in formulas), text
