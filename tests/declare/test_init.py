"""First values: torch.nn.init run on the numbers that the script's own generator draws."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import init as of_torch

from symnet import pipeline
from symnet.declare import init
from symnet.errors import SymnetError
from symnet.verify.draw import initial_parameters
from tests.codegen import script_checks as checks
from tests.codegen.model_files import generate
from tests.codegen.test_script_models import formatted

#: A word with its options, and the shapes that it is tried at; the words are symnet's and torch's.
CASES: list[tuple[str, dict[str, Any], tuple[tuple[int, ...], ...]]] = [
    ("uniform_", {}, ((3,), (2, 5), ())),
    ("uniform_", {"a": -2.0, "b": 0.5}, ((4, 3),)),
    ("normal_", {"mean": 1.0, "std": 0.2}, ((4, 3), ())),
    ("trunc_normal_", {}, ((40, 3), (7,))),
    ("trunc_normal_", {"mean": 0.5, "std": 0.02, "a": 0.49, "b": 0.55}, ((30, 2),)),
    ("trunc_normal_", {"a": 1.0, "b": 5.0}, ((30, 2),)),
    ("trunc_normal_", {"mean": 1.0, "std": 2.0, "a": -4.0, "b": -2.0}, ((30, 2), ())),
    ("constant_", {"val": 0.3}, ((2, 2),)),
    ("ones_", {}, ((3,),)),
    ("zeros_", {}, ((3, 1),)),
    ("eye_", {}, ((3, 5), (4, 2))),
    ("dirac_", {}, ((3, 4, 5), (6, 2, 3, 3), (2, 3, 2, 4, 3))),
    ("dirac_", {"groups": 3}, ((6, 3, 3), (6, 1, 2, 3))),
    ("xavier_uniform_", {}, ((5, 3), (4, 2, 3, 3))),
    ("xavier_uniform_", {"gain": 5 / 3}, ((5, 3),)),
    ("xavier_normal_", {"gain": 1.4}, ((5, 3), (4, 2, 7))),
    ("kaiming_uniform_", {}, ((5, 3), (4, 2, 3, 3))),
    ("kaiming_uniform_", {"a": math.sqrt(5)}, ((5, 3),)),
    ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}, ((5, 3), (4, 2, 3))),
    ("kaiming_normal_", {"a": 0.2, "mode": "fan_out"}, ((5, 3), (2, 4, 1, 2, 2))),
    ("kaiming_normal_", {"nonlinearity": "selu"}, ((5, 3),)),
    ("kaiming_normal_", {"nonlinearity": "tanh"}, ((5, 3),)),
    ("kaiming_normal_", {"nonlinearity": "sigmoid"}, ((5, 3),)),
    ("orthogonal_", {}, ((5, 3), (3, 5), (4, 4), (6, 2, 3, 3))),
    ("orthogonal_", {"gain": 1.7}, ((2, 7),)),
    ("sparse_", {"sparsity": 0.3}, ((10, 4), (3, 2))),
    ("sparse_", {"sparsity": 1.0, "std": 1.0}, ((3, 2),)),
    ("sparse_", {"sparsity": 0.0, "std": 1.0}, ((3, 2),)),
]


def drawn_by_torch(word: str, options: dict[str, Any], shape: tuple[int, ...], rng: Any, patch: Any) -> np.ndarray:
    """What torch makes where its generator's numbers are those of NumPy's."""

    def filled(draw: Any) -> Any:
        return lambda tensor, *arguments, generator=None: tensor.copy_(torch.as_tensor(draw(*arguments, tensor.shape)))

    patch.setattr(torch.Tensor, "normal_", filled(lambda mean, std, size: rng.normal(mean, std, size)))
    patch.setattr(torch.Tensor, "uniform_", filled(lambda *given: rng.uniform(*(given[:-1] or (0, 1)), given[-1])))
    patch.setattr(torch, "randperm", lambda count: torch.as_tensor(rng.permutation(count)))
    return getattr(of_torch, word)(torch.empty(shape, dtype=torch.float64), **options).numpy()


@pytest.mark.filterwarnings("ignore:mean is more than 2 std")
@pytest.mark.parametrize("seed", [0, 5])
def test_the_same_draws_give_the_numbers_of_torch(seed, tmp_path, monkeypatch):
    """One model holds every case, so the draws are also taken in the order declared."""
    lines, wanted = [], []
    for word, options, shapes in CASES:
        text = ", ".join(f"{name}={value!r}" for name, value in options.items())
        for k, shape in enumerate(shapes):
            name = f"p{len(wanted)}"
            where = ", ".join(map(str, shape))
            if k % 2:
                lines += [f"{name} = sn.param({where})", f"sn.init.{word}({', '.join(filter(None, (name, text)))})"]
            else:
                given = f"init=sn.init.{word}({text})"
                lines.append(f"{name} = sn.param({', '.join(filter(None, (where, given)))})")
            wanted.append((word, options, shape))
    total = " + ".join(f"sn.sum(p{k})" for k in range(len(wanted)))
    text = "\n".join([*lines, f"loss = ({total}) ** 2"])
    paths = generate(tmp_path, "every", text, ("numpy", "torch-module"))
    model, _ = pipeline.load(tmp_path / "every.py")
    ours = initial_parameters(model, seed)
    scripts = [checks.load_script(path).init_params(seed) for path in paths.values()]
    rng = np.random.default_rng(seed)
    with monkeypatch.context() as patch:
        for k, case in enumerate(wanted):
            expected = drawn_by_torch(*case, rng, patch)
            np.testing.assert_array_equal(ours[f"p{k}"], scripts[0][f"p{k}"])
            np.testing.assert_allclose(ours[f"p{k}"], expected, rtol=1e-12, atol=1e-15, err_msg=str(case))
    for name, value in scripts[0].items():
        np.testing.assert_array_equal(scripts[1][name].detach().numpy(), value)
    for path in paths.values():
        beginning = tmp_path / "beginning.py"
        beginning.write_text(path.read_text(encoding="utf-8").partition("\n\n\ndef predict")[0] + "\n")
        assert formatted(beginning)
    if seed == 0:
        checks.run_in_process(paths["numpy"], "--check-grad")


def test_every_word_of_torch_has_a_case():
    theirs = {name for name in dir(of_torch) if name.endswith("_") and not name.startswith("_")}
    assert theirs == {word for word, _, _ in CASES}


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 2, 3)])
def test_orthogonal_is_orthogonal(shape):
    from symnet.verify.draw import _RECIPES

    q = _RECIPES["orthogonal"](np.random.default_rng(3), shape, 2.0).reshape(shape[0], -1) / 2
    square = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(square, np.eye(len(square)), atol=1e-14)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 2.0), (1.5, 4.0)])
def test_truncated_numbers_have_the_truncated_mean(low, high):
    """E z = (φ(low) - φ(high)) / (Φ(high) - Φ(low)), within five deviations of the mean of 40000."""
    (values,) = initial_values(init.trunc_normal_(a=low, b=high), (40000,))
    density = [math.exp(-x * x / 2) / math.sqrt(2 * math.pi) for x in (low, high)]
    inside = (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2))) / 2
    assert values.min() >= low and values.max() <= high
    assert abs(values.mean() - (density[0] - density[1]) / inside) < 5 * values.std() / 200


def initial_values(initial: Any, shape: tuple[int, ...]) -> list[np.ndarray]:
    from symnet.verify.draw import _RECIPES

    distribution = initial.drawn(shape)
    return [_RECIPES[distribution.kind](np.random.default_rng(1), shape, *distribution.arguments)]


GAINS = [("linear", None), ("conv2d", None), ("conv_transpose3d", None), ("sigmoid", None), ("tanh", None),
         ("relu", None), ("leaky_relu", None), ("leaky_relu", 0.3), ("leaky_relu", 0), ("selu", None)]  # fmt: skip


@pytest.mark.parametrize(("nonlinearity", "param"), GAINS)
def test_gains_are_those_of_torch(nonlinearity, param):
    assert init.calculate_gain(nonlinearity, param) == of_torch.calculate_gain(nonlinearity, param)


def test_a_module_of_torch_can_be_drawn_again(tmp_path: Path) -> None:
    text = """
        N = sn.dims(N="batch")
        X, y = sn.data(N, 4), sn.data(N, 3)
        net = sn.Sequential(sn.Linear(4, 5), sn.ReLU(), sn.Linear(5, 3))
        for layer in (net[0], net[2]):
            sn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            sn.init.zeros_(layer.bias)
        loss = sn.mse_loss(net(X), y)
        train = sn.train(steps=2)
    """
    written = generate(tmp_path, "net", text, ("numpy",))["numpy"].read_text(encoding="utf-8")
    assert f'"0.weight": rng.normal(0.0, {math.sqrt(2) / math.sqrt(4)!r}, (5, 4)),' in written
    assert f'"2.weight": rng.normal(0.0, {math.sqrt(2) / math.sqrt(5)!r}, (3, 5)),' in written
    assert '"2.bias": np.zeros(3),' in written


REFUSED = [
    ("sn.init.eye_(w3)", "eye_ is for parameters of 2 axes, not of shape [3]"),
    ("sn.init.xavier_normal_(w3)", "a parameter of shape [3] has no fan_in and fan_out"),
    ("sn.init.orthogonal_(w3)", "orthogonal_ is for parameters of 2 axes or more, not of shape [3]"),
    ("sn.init.dirac_(W)", "dirac_ is for parameters of 3 or 4 or 5 axes, not of shape [2, 3]"),
    ("sn.init.sparse_(w3)", "sparse_ is for parameters of 2 axes, not of shape [3]"),
    ("sn.init.dirac_(K, groups=3)", "dirac_: 4 channels are not divided by 3 groups"),
    ("sn.init.uniform_(-1, 1)", "uniform_ is given -1, which is no parameter"),
    ("sn.init.uniform_(x)", "uniform_ is given x, which is no parameter"),
    ("sn.init.normal_(W, std=-1)", "std is -1"),
    ("sn.init.trunc_normal_(W, a=2, b=-2)", "trunc_normal_ is cut to 2..-2"),
    ("sn.init.kaiming_normal_(W, mode='fan')", "mode is 'fan'"),
    ("sn.init.kaiming_normal_(W, nonlinearity='gelu')", "nonlinearity is 'gelu'"),
    ("sn.init.uniform_(W, a=float('nan'))", "a is nan"),
    ("sn.param(N, 2, init=sn.init.xavier_normal_())", "xavier_normal_ needs every size of the parameter"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED)
def test_what_cannot_be_drawn_is_refused(words, message, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        'import symnet as sn\nN = sn.dims(N="batch")\nx, w3, W, K = sn.data(N), sn.param(3), sn.param(2, 3), '
        f"sn.param(4, 2, 3)\n{words}\nloss = sn.sum(w3) * sn.sum(W) * sn.sum(K) * sn.mean(x)\n"
    )
    with pytest.raises(SymnetError) as caught:
        pipeline.load(path)
    (problem,) = caught.value.problems
    assert problem.message == message and problem.help and problem.places[0].source.line == 4
