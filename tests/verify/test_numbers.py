"""The numbers of ``derive --numbers`` and the function for other people's tests, on the examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from symnet import pipeline
from symnet.testing import assert_gradients
from symnet.verify.check import check
from symnet.verify.numbers import numbers_of
from symnet.verify.report import Options
from tests.verify.derivations import corrupted, derivation_of, times

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_cubics_numbers() -> None:
    model, _ = pipeline.load(EXAMPLES / "cubic.py")
    numbers = numbers_of(pipeline.derive_model(model), 0)
    assert numbers.loss == pytest.approx(19074.219531, abs=1e-6)
    assert (numbers.seed, numbers.dtype, numbers.sizes) == (0, "float64", (("N", 2000),))
    hand = {row.parameter: row.hand for row in numbers.rows}
    assert hand == pytest.approx({"a": 8938.9770037, "b": 2452.7765116, "c": 51662.4853683, "d": 32015.7427451})
    for row in numbers.rows:
        assert row.autograd == pytest.approx(row.hand, rel=1e-13)
        assert row.difference == pytest.approx(row.hand, rel=1e-9)
        assert row.autograd_error is not None and row.autograd_error < 1e-13
        assert row.difference_error is not None and row.difference_error < 1e-9
    assert dict(numbers.scalars) == pytest.approx(
        {"a": 0.125730, "b": -0.132105, "c": 0.640423, "d": 0.104900}, abs=1e-6
    )
    assert numbers.exact == "24 random rational points, N = 3: equal as fractions"


def test_the_distance_to_the_corner_is_told() -> None:
    numbers = numbers_of(derivation_of("mlp"), 0)
    assert any(note.startswith("nearest |Z1| to the relu corner: ") for note in numbers.notes)
    assert numbers.rows[0].entry == (0, 0) or numbers.rows[0].hand != 0


def test_wrong_numbers_are_shown_as_wrong() -> None:
    numbers = numbers_of(corrupted(derivation_of("cubic"), "db", times(2)), 0)
    row = numbers.rows[1]
    assert row.autograd is not None and row.hand == pytest.approx(2 * row.autograd)
    assert row.autograd_error == pytest.approx(0.5)
    assert numbers.exact is not None and "b: the simplified gradient differs" in numbers.exact


SMALL = ["cubic", "mean_square", "cotangent", "cube_plus_bias", "linear_regression", "sum_of_shifted", "cubic_linear"]


@pytest.mark.parametrize("name", SMALL)
def test_assert_gradients_passes_on_the_examples(name: str) -> None:
    report = assert_gradients(EXAMPLES / f"{name}.py", trials=3)
    assert report.origin == "the generated NumPy code"
    assert report.exit_code == 0


@pytest.mark.parametrize("name", ["digits", "layers", "network_3_2_1", "sigmoid_neuron", "mlp"])
def test_assert_gradients_passes_on_the_networks(name: str) -> None:
    assert assert_gradients(EXAMPLES / f"{name}.py", against=("autograd",), trials=2).exit_code == 0


def test_assert_gradients_says_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("import symnet as sn\nx = sn.param(3)\nloss = sn.sum(x**3)\n")
    with pytest.raises(AssertionError, match="no float64 on device nowhere"):
        assert_gradients(path, against=("autograd",), trials=1, device="nowhere")


def test_a_broken_line_of_generated_code_is_found() -> None:
    model, _ = pipeline.load(EXAMPLES / "mean_square.py")
    derivation = pipeline.derive_model(model)
    (text,) = pipeline.scripts(derivation, ("numpy",), Path("check.py")).values()
    line = next(one for one in text.splitlines() if one.startswith("    dx = "))
    assert check(derivation, Options(trials=2), text).exit_code == 0
    report = check(derivation, Options(trials=2), text.replace(line, f"{line}\n    dx = -dx"))
    assert report.exit_code == 1
    assert report.rows[0].wrong == ("autograd", "fd")
    assert report.problems[0].notes == (
        "hand / autograd = -1.000 everywhere: the sign is flipped",
        "every step of the derivation agrees with autograd: the difference is in the generated code",
    )


def test_the_generated_torch_code_is_compared_too() -> None:
    model, _ = pipeline.load(EXAMPLES / "digits.py")
    derivation = pipeline.derive_model(model)
    numpy_text, torch_text = pipeline.scripts(derivation, ("numpy", "torch"), Path("check")).values()
    options = Options(("autograd",), trials=2)
    assert check(derivation, options, numpy_text, torch_text).exit_code == 0
    line = next(one for one in torch_text.splitlines() if one.strip().startswith("return loss, grads"))
    broken = torch_text.replace(line, f'    grads["fc2.bias"] = 2 * grads["fc2.bias"]\n{line}')
    report = check(derivation, options, numpy_text, broken)
    assert report.exit_code == 1
    (problem,) = report.problems
    assert problem.code == "SN405"
    assert problem.message == ("the generated PyTorch code on cpu differs from that in NumPy: the gradient of fc2.bias")
    assert problem.notes == ("fc2.bias: PyTorch / NumPy = 2.000 everywhere: a factor 2 too many",)
