"""How a generated script behaves while it runs: progress, metrics, Ctrl-C, plots, flags, a wrong gradient."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from symnet.codegen.targets import TARGETS
from tests.codegen import script_checks as checks
from tests.codegen.test_script import write_script

GENERATED = Path(__file__).parents[2] / "generated"


@pytest.fixture(scope="module")
def cubic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_script(tmp_path_factory.mktemp("cubic"), "cubic", "numpy")


@pytest.fixture(scope="module")
def mlp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_script(tmp_path_factory.mktemp("mlp"), "mlp", "numpy")


def started(path: Path, *flags: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", str(path), *flags]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_ctrl_c_completes_the_step_saves_and_resumes(cubic, tmp_path):
    saved, joined, whole = (tmp_path / f"{name}.npz" for name in ("saved", "joined", "whole"))
    process = started(cubic, "--steps", "100000000", "--log-every", "1000", "--save", str(saved))
    assert process.stdout is not None and process.stdout.readline().startswith("step      1000/100000000  loss ")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    step = int(re.fullmatch(rf"\ninterrupted after step (\d+), saved to {saved}\n", errors).group(1))
    module = checks.run_in_process(cubic, "--steps", str(step + 7), "--resume", str(saved), "--save", str(joined))
    assert module.main(["--steps", str(step + 7), "--save", str(whole)]) == 0
    for name, value in checks.arrays_of(whole).items():
        np.testing.assert_array_equal(checks.arrays_of(joined)[name], value)


@pytest.mark.parametrize("target", TARGETS)
def test_a_script_moved_to_the_root_starts(target):
    """The path of its data goes up from where it was generated; above the root there is nothing."""
    text = (GENERATED / f"digits_{target.replace('-', '_')}.py").read_text(encoding="utf-8")
    module = types.ModuleType("moved")
    sys.modules["moved"] = module  # dataclasses look their module up
    module.__file__ = "/train.py"
    exec(compile(text, "train.py", "exec"), module.__dict__)
    assert str(module.DATA) == "/examples/data/digits.npz"


def test_ctrl_c_within_an_epoch_keeps_its_losses(mlp, tmp_path, capsys):
    """The loss of an epoch is the same whether or not the epoch was interrupted."""
    module = checks.load_script(mlp)
    args = module.parse(["--epochs", "2", "--metrics", str(tmp_path / "m.jsonl")])
    data, held = module.split(module.check_data(module.make_data(np.random.default_rng([0, 1]), 100), ""), 0.1, 0)
    settings = {"model": module.MODEL}
    run = module.train(module.start(args), data, 6, 32, unit=3, after=lambda run: run.step == 2)
    assert run.step == 2
    module.save_checkpoint(tmp_path / "c.npz", run, settings)
    resumed = module.start(args)
    module.load_checkpoint(tmp_path / "c.npz", resumed, settings)
    module.train(resumed, data, 3, 32, unit=3)
    whole = module.train(module.start(args), data, 3, 32, unit=3)
    assert resumed.total == whole.total != 0
    assert held[0].shape == (10, 2)


def test_a_terminal_shows_one_line_that_renews_itself(cubic):
    controller, terminal = pty.openpty()
    process = subprocess.Popen([sys.executable, str(cubic), "--steps", "300", "--log-every", "100"], stdout=terminal)
    os.close(terminal)
    shown = b""
    while process.poll() is None or shown.count(b"\n") < 2:
        try:
            shown += os.read(controller, 65536)
        except OSError:
            break
    os.close(controller)
    assert process.wait() == 0
    lines = shown.decode().replace("\r\n", "\n").rstrip("\n").split("\n")
    assert len(lines) == 2 and lines[1].startswith("Result: y = ")
    states = lines[0].split("\r")[1:]
    assert len(states) >= 3 and all(len(state) == 79 for state in states)
    pattern = r"step 300/300  loss [\d.]+  \d+ steps/s  0s left *"
    assert re.fullmatch(pattern, states[-1])


def test_metrics_hold_one_object_a_log_line(mlp, tmp_path, capsys):
    metrics = tmp_path / "metrics.jsonl"
    checks.run_in_process(mlp, "--epochs", "3", "--metrics", str(metrics))
    rows = [json.loads(line) for line in metrics.read_text().splitlines()]
    assert [row["step"] for row in rows] == [3, 6, 9]
    assert set(rows[0]) == {"step", "loss", "held_out_loss", "held_out_accuracy", "seconds"}
    printed = capsys.readouterr().out.splitlines()
    for number, (row, line) in enumerate(zip(rows, printed, strict=False), 1):
        expected = f"epoch {number}/3  loss {row['loss']:.6g}  held-out loss {row['held_out_loss']:.6g}  "
        assert line.startswith(f"{expected}held-out accuracy {row['held_out_accuracy']:.6g}  ")


def test_the_loss_of_an_epoch_is_the_mean_of_its_batches(mlp, tmp_path):
    metrics = tmp_path / "metrics.jsonl"
    module = checks.run_in_process(mlp, "--epochs", "1", "--metrics", str(metrics), "--holdout", "0")
    params = module.init_params(0)
    data = module.check_data(module.make_data(np.random.default_rng([0, 1]), 100), "")
    order, losses = np.random.default_rng([0, 3, 0]).permutation(100), []
    for start in (0, 32, 64, 96):
        X, t = (value[order[start : start + 32]] for value in data)
        loss, grads = module.loss_and_grads(params, X, t)
        losses.append(loss)
        params = {name: value - 0.5 * grads[name] for name, value in params.items()}
    record = json.loads(metrics.read_text())
    assert len(X) == 4 and record["loss"] == pytest.approx(np.mean(losses), rel=1e-14)
    assert record["accuracy"] == np.mean(np.argmax(module.predict(params, data[0]), 1) == data[1])


def test_a_closed_pipe_ends_quietly(cubic):
    process = started(cubic, "--log-every", "1", "--steps", "200000")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 141
    assert process.stderr is not None and process.stderr.read() == ""
    process.stderr.close()


def test_plot_without_matplotlib_is_refused_before_any_work(cubic, tmp_path, capsys, monkeypatch):
    module = checks.load_script(cubic)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    message = checks.refusal(module, capsys, "--plot", str(tmp_path / "p.png"), "--save", str(tmp_path / "s"))
    assert message == "error: --plot needs matplotlib: pip install matplotlib\n"
    assert list(tmp_path.iterdir()) == []


def test_plot_draws_the_losses(mlp, tmp_path, monkeypatch):
    drawn: list[object] = []

    class Axes:
        def plot(self, steps, values, label):
            drawn.append((label, list(steps), len(values)))

        def set(self, **words):
            drawn.append(words["xlabel"])

        def legend(self):
            drawn.append("legend")

    class Figure:
        def subplots(self):
            return Axes()

        def savefig(self, path, format):
            Path(path).write_text(format)

    module = checks.load_script(mlp)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: True)
    monkeypatch.setattr(module.importlib, "import_module", lambda name: types.SimpleNamespace(Figure=Figure))
    assert module.main(["--epochs", "2", "--plot", str(tmp_path / "p.png")]) == 0
    assert drawn == [("loss", [3, 6], 2), ("held_out_loss", [3, 6], 2), "step", "legend"]
    assert (tmp_path / "p.png").read_text() == "png"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--steps", "1", "--epochs", "1"), "error: give --steps or --epochs, not both\n"),
        (("--holdout", "1"), "error: --holdout 1.0 leaves 2000 of 2000 samples for evaluation\n"),
        (("--holdout", "0.0001"), "error: --holdout 0.0001 leaves 0 of 2000 samples for evaluation\n"),
    ],
)
def test_flags_that_do_not_fit_are_refused(cubic, flags, message, capsys):
    assert checks.refusal(checks.load_script(cubic), capsys, *flags) == message


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--lr", "nan"), ("--lr", "-1"), ("--lr", "x"), ("--batch", "-1"), ("--seed", "-1"), ("--log-every", "0"),
     ("--steps", "1.5"), ("--dtype", "int8"), ("--device", "cuda")],
)  # fmt: skip
def test_flags_without_meaning_are_a_usage_error(cubic, flag, value, capsys):
    with pytest.raises(SystemExit) as stop:
        checks.load_script(cubic).main([flag, value])
    assert stop.value.code == 2 and flag in capsys.readouterr().err


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_absent_is_refused(device, tmp_path, capsys, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    module = checks.load_script(write_script(tmp_path, "cubic", "torch"))
    message = checks.refusal(module, capsys, "--device", device)
    assert message == f"error: there is no {device} device here; use --device cpu\n"


def test_mps_is_refused_for_float64_and_auto_avoids_it(tmp_path, capsys, monkeypatch):
    torch = pytest.importorskip("torch")
    accelerator = types.SimpleNamespace(
        is_available=lambda: True, current_accelerator=lambda: types.SimpleNamespace(type="mps")
    )
    monkeypatch.setattr(torch, "accelerator", accelerator, raising=False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    module = checks.load_script(write_script(tmp_path, "cubic", "torch-module"))
    message = checks.refusal(module, capsys, "--device", "mps")
    assert message == "error: mps has no float64; add --dtype float32\n"
    assert module.pick_device(module.parse(["--device", "auto"])).type == "cpu"
    assert module.pick_device(module.parse(["--device", "auto", "--dtype", "float32"])).type == "mps"


@pytest.mark.parametrize("target", ["numpy", "torch"])
@pytest.mark.parametrize(
    ("right", "wrong"),
    [('"b": (dyhat * x).sum()', '"b": (dyhat * x).mean()'), ("dyhat = 2 * r", "dyhat = -2 * r"),
     ('"d": (dyhat * x2 * x)', '"d": 1.0001 * (dyhat * x2 * x)')],
)  # fmt: skip
def test_a_wrong_gradient_is_found(target, right, wrong, tmp_path, capsys):
    path = write_script(tmp_path, "cubic", target)
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong), encoding="utf-8")
    checks.run_in_process(path, "--check-grad", expect=1)
    assert "DIFFERENT" in capsys.readouterr().out


def test_a_wrong_loss_beside_right_gradients_is_found(tmp_path, capsys):
    path = write_script(tmp_path, "cubic", "numpy")
    text = path.read_text(encoding="utf-8")
    place = text.index("def loss_and_grads")
    path.write_text(text[:place] + text[place:].replace("(r * r).sum()", "(r * r).sum() + 1", 1), encoding="utf-8")
    message = checks.refusal(checks.load_script(path), capsys, "--check-grad")
    assert message == "error: loss_and_grads and compute_loss give different losses\n"


@pytest.mark.parametrize("target", TARGETS)
def test_float32_stays_float32(target, tmp_path):
    path = write_script(tmp_path, "mlp", target)
    file = tmp_path / ("c.npz" if target == "numpy" else "c.pt")
    checks.run_in_process(path, "--steps", "3", "--dtype", "float32", "--save", str(file))
    numbers = [value for name, value in checks.arrays_of(file).items() if "params/" in name]
    assert len(numbers) == 4 and {value.dtype for value in numbers} == {np.dtype("float32")}


def test_an_output_that_cannot_be_written_is_told(cubic, tmp_path, capsys):
    module = checks.load_script(cubic)
    (tmp_path / "folder").mkdir()
    assert module.main(["--steps", "1", "--metrics", str(tmp_path / "folder")]) == 2
    assert capsys.readouterr().err == f"error: [Errno 21] Is a directory: '{tmp_path / 'folder'}'\n"
