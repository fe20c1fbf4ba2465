"""The tutorial systems, with the numbers that must come out."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from symnet import pipeline
from symnet.calculus.arithmetic import EXACT
from symnet.explain.options import Options
from tests.models import derived, gradients, script


def printed(example: str, wrt: tuple[str, ...] = (), order: int = 1, **options: Any) -> str:
    return pipeline.explain(derived(example, wrt, order), Options(**options), "text")


def exact(*values: int) -> Any:
    return np.array([Fraction(v) for v in values], dtype=object)


def test_mean_of_three_squares() -> None:
    found = gradients(derived("mean_square"), {"x": exact(1, 2, 3)}, EXACT)
    assert found["out"] == 50
    assert found["dx"].tolist() == [6, 8, 10]
    text = printed("mean_square")
    assert "∂out/∂zᵢ = 1/3" in text
    assert "∂zᵢ/∂yᵢ = 6 yᵢ" in text
    assert "∂yᵢ/∂xᵢ = 1" in text
    assert "dx = 2 y = 2 (x + 2)" in text
    assert "2 (xᵢ + 2)" in printed("mean_square", form="index")
    assert "4 x" not in text and "4x" not in text


def test_cube_plus_bias() -> None:
    found = gradients(derived("cube_plus_bias"), {"x": Fraction(5), "b": Fraction(7)}, EXACT)
    assert (found["dx"], found["db"]) == (75, 1)
    assert "∂z/∂x = 3 x²" in printed("cube_plus_bias")
    only = derived("cube_plus_bias", ("x",))
    assert only.wrt == ("x",) and "db" not in only.program.tensors
    assert "db" not in printed("cube_plus_bias", ("x",))


def test_second_derivative_of_the_cube() -> None:
    derivation = derived("cube_plus_bias", (), 2)
    found = gradients(derivation, {"x": Fraction(5), "b": Fraction(7)}, EXACT)
    adjoints = derivation.program.adjoints
    assert found[adjoints["x,x"]] == 30
    assert (found[adjoints["x,b"]], found[adjoints["b,b"]]) == (0, 0)
    assert "6 x" in printed("cube_plus_bias", (), 2)


def test_cotangent() -> None:
    rng = np.random.default_rng(0)
    x, y, G = (rng.integers(-9, 9, (2, 2)) for _ in range(3))
    inputs = {name: np.vectorize(Fraction, otypes=[object])(v) for name, v in {"x": x, "y": y, "G": G}.items()}
    found = gradients(derived("cotangent"), inputs, EXACT)
    assert (found["dx"] == G * (2 * x + y)).all()
    assert (found["dy"] == G * (x + 2 * y)).all()


def test_sum_of_shifted() -> None:
    rng = np.random.default_rng(0)
    found = gradients(derived("sum_of_shifted"), {"x": rng.normal(size=(3, 4)), "b": rng.normal(size=(3, 4))})
    assert (found["dx"] == np.ones((3, 4))).all() and (found["db"] == np.ones((3, 4))).all()


def test_sigmoid_neuron_and_small_network_equal_autograd() -> None:
    rng = np.random.default_rng(0)
    x, y, w, b = (torch.tensor(rng.normal(size=s), requires_grad=True) for s in ((1, 5), (1, 1), (1, 5), (1, 1)))
    loss = torch.nn.functional.mse_loss(torch.sigmoid(x @ w.T + b), y)
    loss.backward()
    values = {"features": x, "target": y, "weights": w, "bias": b}
    compare("sigmoid_neuron", values, loss)
    shapes = {"features": (1, 3), "W1": (3, 2), "W2": (2, 1), "B1": (1, 2), "B2": (1, 1)}
    values = {name: torch.tensor(rng.normal(size=s), requires_grad=True) for name, s in shapes.items()}
    values["target"] = torch.tensor([[0.3]], dtype=torch.float64)
    h = torch.sigmoid(values["features"] @ values["W1"] + values["B1"])
    output = torch.sigmoid(h @ values["W2"] + values["B2"])
    loss = torch.nn.functional.binary_cross_entropy(output, values["target"])
    loss.backward()
    compare("network_3_2_1", values, loss)


def compare(example: str, values: dict[str, torch.Tensor], loss: torch.Tensor) -> None:
    """Loss and every gradient of the derivation against torch's."""
    derivation = derived(example)
    found = gradients(derivation, {name: v.detach().numpy() for name, v in values.items()})
    np.testing.assert_allclose(found[derivation.program.loss], loss.item(), rtol=1e-14)
    for parameter, adjoint in derivation.gradients.items():
        np.testing.assert_allclose(found[adjoint], values[parameter].grad.numpy(), rtol=1e-12, atol=1e-15)


def test_layers_in_vector_and_component_form() -> None:
    index, matrix = printed("layers", form="index"), printed("layers", form="matrix")
    assert "z1 = w1 a0 + b1" in matrix and "z1ₖ = Σᵢ w1ₖᵢ a0ᵢ + b1ₖ" in index
    assert "dw1 = dz1 a0ᵀ" in matrix
    for layer in range(1, 6):
        assert f"dz{layer}" in matrix and f"dw{layer}" in matrix and f"db{layer}" in matrix


def test_layers_equal_autograd() -> None:
    rng = np.random.default_rng(0)
    sizes = (3, 5, 4, 6, 5, 3)
    values = {"a0": torch.tensor(rng.normal(size=3)), "y": torch.tensor(rng.normal(size=3))}
    for k in range(1, 6):
        values[f"w{k}"] = torch.tensor(rng.normal(size=(sizes[k], sizes[k - 1])), requires_grad=True)
        values[f"b{k}"] = torch.tensor(rng.normal(size=sizes[k]), requires_grad=True)
    a = values["a0"]
    activations = (
        torch.sigmoid,
        torch.tanh,
        torch.relu,
        lambda z: torch.nn.functional.leaky_relu(z, 0.1),
        lambda z: z.softmax(0),
    )
    for k, g in enumerate(activations, 1):
        a = g(values[f"w{k}"] @ a + values[f"b{k}"])
    loss = ((a - values["y"]) ** 2).sum()
    loss.backward()
    compare("layers", values, loss)


def test_cubic_formulas() -> None:
    text = printed("cubic")
    assert "∂L/∂yhatₙ" in text and "2 (yhatₙ − yₙ)" in text
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=7), rng.normal(size=7)
    p = dict(zip("abcd", rng.normal(size=4), strict=True))
    found = gradients(derived("cubic"), {**p, "x": x, "y": y})
    g = 2 * (p["a"] + p["b"] * x + p["c"] * x**2 + p["d"] * x**3 - y)
    for power, name in enumerate("abcd"):
        np.testing.assert_allclose(found[f"d{name}"], np.sum(g * x**power), rtol=1e-12)


def test_network_formulas() -> None:
    text = printed("mlp", form="matrix")
    for formula in ("dW2 = Aᵀ dZ2", "dZ1 = dA ⊙ [Z1 > 0]", "dA = dZ2 W2ᵀ", "dW1 = Xᵀ dZ1", "(P − Y)/N"):
        assert formula in text


def started(example: str) -> tuple[Any, Any, dict[str, torch.Tensor]]:
    """The NumPy script, its data, and its first parameters as torch leaves."""
    numpy = script(example, "numpy")
    data = numpy.check_data(numpy.make_data(np.random.default_rng([0, 1]), numpy.SAMPLES), "test")
    leaves = {k: torch.tensor(v, requires_grad=True) for k, v in numpy.init_params(0).items()}
    return numpy, data, leaves


def run_numpy(numpy: Any, data: Any, steps: int, batch: int = 0) -> dict[str, Any]:
    run = numpy.new_run(numpy.init_params(0))
    numpy.train(run, data, steps, batch)
    params: dict[str, Any] = run.params
    return params


def agree(params: dict[str, Any], leaves: dict[str, torch.Tensor], rtol: float = 1e-11) -> None:
    assert params.keys() == leaves.keys()
    for name, value in params.items():
        np.testing.assert_allclose(value, leaves[name].detach().numpy(), rtol=rtol, atol=1e-13)


@pytest.mark.parametrize(
    ("example", "optimizer", "steps"),
    [
        ("cubic_linear", lambda p: torch.optim.SGD(p, lr=1e-6), 2000),
        ("cubic_rmsprop", lambda p: torch.optim.RMSprop(p, lr=1e-3), 300),
    ],
)
def test_cubic_as_a_linear_layer_equals_torchs_own_run(example: str, optimizer: Any, steps: int) -> None:
    numpy, data, leaves = started(example)
    model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1)).double()
    model.load_state_dict({k: v.detach() for k, v in leaves.items()})
    x, y = map(torch.tensor, data)
    xx = x.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))
    loss_fn, update = torch.nn.MSELoss(reduction="sum"), optimizer(model.parameters())
    for _ in range(steps):
        update.zero_grad()
        loss_fn(model(xx), y).backward()
        update.step()
    agree(run_numpy(numpy, data, steps), dict(model.named_parameters()))


def test_cubic_as_a_module_equals_torchs_own_run() -> None:
    numpy, data, leaves = started("cubic_module")
    x, y = map(torch.tensor, data)
    update = torch.optim.SGD(leaves.values(), lr=1e-6)
    for _ in range(2000):
        update.zero_grad()
        a, b, c, d = leaves.values()
        torch.nn.functional.mse_loss(a + b * x + c * x**2 + d * x**3, y, reduction="sum").backward()
        update.step()
    agree(run_numpy(numpy, data, 2000), leaves)


def test_linear_regression_equals_torchs_own_run() -> None:
    numpy, data, leaves = started("linear_regression")
    model = torch.nn.Linear(1, 1).double()
    model.load_state_dict({k: v.detach() for k, v in leaves.items()})
    x, y = map(torch.tensor, data)
    update = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(1000):
        update.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        update.step()
    agree(run_numpy(numpy, data, 1000), dict(model.named_parameters()))


def test_network_equals_torchs_own_run_on_shuffled_batches() -> None:
    numpy, data, leaves = started("mlp")
    update = torch.optim.SGD(leaves.values(), lr=0.01)
    steps = 2 * 4
    for rows in numpy.batches(100, 32, 0, 0, steps):
        X, t = torch.tensor(data[0][rows]), torch.tensor(data[1][rows])
        update.zero_grad()
        hidden = torch.relu(X @ leaves["W1"] + leaves["b1"])
        torch.nn.functional.cross_entropy(hidden @ leaves["W2"] + leaves["b2"], t).backward()
        update.step()
    agree(run_numpy(numpy, data, steps, 32), leaves)


def test_cubic_prints_its_result(capsys: pytest.CaptureFixture[str]) -> None:
    assert script("cubic", "numpy").main([]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("Result: y = ") and " x^3" in last and "{" not in last


def test_network_predicts_ten_new_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = []
    for target in ("numpy", "torch", "torch-autograd", "torch-module"):
        assert script("mlp", target).main([]) == 0
        outputs.append(capsys.readouterr().out.splitlines()[-1])
    assert len(set(outputs)) == 1 and outputs[0].count(",") == 9


@pytest.mark.parametrize("target", ["numpy", "torch"])
def test_digits_reach_95_percent_on_held_out_samples(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert script("digits", target).main([]) == 0
    last = [line for line in capsys.readouterr().out.splitlines() if "accuracy" in line][-1]
    accuracy = float(last.split("held-out accuracy ")[1].split()[0])
    assert accuracy >= 0.95


def test_the_convolutional_network_reaches_97_percent_on_held_out_digits(capsys: pytest.CaptureFixture[str]) -> None:
    assert script("digits_conv", "numpy").main([]) == 0
    last = [line for line in capsys.readouterr().out.splitlines() if "accuracy" in line][-1]
    assert float(last.split("held-out accuracy ")[1].split()[0]) >= 0.97


def test_oscillator_finds_the_solution_of_its_equation() -> None:
    """Trained on the equation alone, the network is the damped oscillation between the collocation points as well."""
    numpy = script("oscillator", "numpy")
    run = numpy.train(numpy.new_run(numpy.init_params(0)), (numpy.make_data(None, 40)["t"],), 1500)
    t = np.linspace(0.0, 2.0, 401).reshape(-1, 1)
    solution = np.exp(-t) * (np.cos(3 * t) + np.sin(3 * t) / 3)
    assert np.abs(numpy.predict(run.params, t) - solution).max() < 0.01


def test_a_network_and_its_derivatives_read_as_in_a_textbook(tmp_path: Path) -> None:
    """tanh'' = -2 tanh (1 - tanh²), in terms of the layer's own output."""
    path = tmp_path / "model.py"
    path.write_text(
        "import symnet as sn\n\nN, H = sn.dims(N='batch', H=4)\nt = sn.data(N, 1)\n"
        "W, V = sn.param(1, H), sn.param(H, 1)\nh = sn.tanh(t @ W)\nu = h @ V\n"
        "u_t = sn.grad(u.sum(), t)\nu_tt = sn.grad(u_t.sum(), t)\nloss = sn.mean((u_tt + u_t) ** 2)\n"
    )
    text = pipeline.explain(pipeline.derive_model(pipeline.load(path)[0]), Options(), "text")
    assert "u_t = (1 − h²) (Wᵀ ⊙ V)" in text
    assert "u_tt = 2 (h ⊙ (h² − 1)) (W² ⊙ Vᵀ)ᵀ" in text
