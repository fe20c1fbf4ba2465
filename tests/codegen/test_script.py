"""The scripts of two models whose function bodies are written by hand, in all targets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symnet.codegen.render import render_script
from symnet.codegen.targets import TARGETS
from symnet.model import Model
from tests.codegen import script_checks as checks
from tests.codegen.hand_models import cubic, cubic_bodies, mlp, mlp_bodies, sine_lines

MODELS = ("cubic", "mlp")
EVERY = [(model, target) for model in MODELS for target in TARGETS]


def write_script(folder: Path, name: str, target: str, model: Model | None = None) -> Path:
    """The script of one hand-written model, as a file."""
    made = model or {"cubic": cubic, "mlp": mlp}[name]()
    bodies = {"cubic": cubic_bodies, "mlp": mlp_bodies}[name](TARGETS[target].library)
    path = folder / f"{name}_{target.replace('-', '_')}.py"
    command = f"symnet generate examples/{name}.py --target {target} -o {path.name}"
    text = render_script(made, bodies, sine_lines, target, command, f"examples/{name}.py", path, ("L = Σ (yhat − y)²",))
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    folder = tmp_path_factory.mktemp("scripts")
    return {(model, target): write_script(folder, model, target) for model, target in EVERY}


@pytest.mark.parametrize(("model", "target"), EVERY)
def test_gradients_agree(scripts, model, target, capsys):
    checks.run_in_process(scripts[model, target], "--check-grad")
    table = capsys.readouterr().out.splitlines()
    assert len(table) == 5 and all(line.endswith("  ok") for line in table[1:])


@pytest.mark.parametrize("model", MODELS)
def test_ten_losses_are_equal_over_the_targets(scripts, model, tmp_path):
    checks.check_ten_losses([scripts[model, target] for target in TARGETS], tmp_path)


@pytest.mark.parametrize(("model", "target"), EVERY)
@pytest.mark.parametrize("flags", [(), ("--dtype", "float32", "--batch", "7", "--holdout", "0.25")])
def test_a_resumed_run_is_bit_equal(scripts, model, target, flags, tmp_path):
    checks.check_resume(scripts[model, target], tmp_path, *flags)


@pytest.mark.parametrize(("model", "target"), EVERY)
def test_bad_data_are_refused(scripts, model, target, tmp_path, capsys):
    checks.check_bad_data(scripts[model, target], tmp_path, capsys)
    checks.check_bad_files(scripts[model, target], tmp_path, capsys)


@pytest.mark.parametrize(("model", "target"), EVERY)
def test_bad_checkpoints_are_refused(scripts, model, target, tmp_path, capsys):
    checks.check_damaged_checkpoints(scripts[model, target], tmp_path, capsys, "another 01234567")


@pytest.mark.parametrize("target", TARGETS)
def test_the_cubic_ends_where_the_tutorials_do(scripts, target, capsys):
    checks.run_in_process(scripts["cubic", target])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith("step 2000/2000  loss 9.08601  ")
    assert lines[-1] == "Result: y = 0.000466286 + 0.840808 x + -8.04421e-05 x^2 + -0.091064 x^3"


@pytest.mark.parametrize("target", TARGETS)
def test_divergence_is_told_with_a_remedy(scripts, target, capsys):
    checks.run_in_process(scripts["cubic", target], "--lr", "1", expect=1)
    assert capsys.readouterr().err == "error: loss is inf at step 28; try a smaller --lr (now 1)\n"


def test_a_script_runs_alone_with_warnings_as_errors(scripts):
    checks.run_clean(scripts["cubic", "numpy"], "--check-grad")
    error = checks.run_clean(scripts["cubic", "numpy"], "--lr", "1", expect=1)
    assert error == "error: loss is inf at step 28; try a smaller --lr (now 1)\n"
    for target in ("numpy", "torch-module"):
        assert "held-out accuracy" in checks.run_clean(scripts["mlp", target], "--epochs", "2")


def test_the_numpy_script_imports_no_torch(scripts):
    text = scripts["mlp", "numpy"].read_text(encoding="utf-8")
    assert "torch" not in text


def test_gradients_at_the_start_are_those_of_autograd(scripts):
    hand, auto = (checks.load_script(scripts["mlp", target]) for target in ("numpy", "torch-autograd"))
    data = hand.check_data(hand.make_data(np.random.default_rng(5), 9), "drawn")
    tensors = auto.convert(data, auto.parse([]))
    loss, grads = hand.loss_and_grads(hand.init_params(3), *data)
    other_loss, others = auto.loss_and_grads(auto.init_params(3), *tensors)
    np.testing.assert_allclose(float(other_loss), loss, rtol=1e-14)
    assert list(grads) == ["W1", "b1", "W2", "b2"]
    for name, grad in grads.items():
        np.testing.assert_allclose(others[name].numpy(), grad, rtol=1e-12, atol=1e-16)
