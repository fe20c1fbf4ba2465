"""Schedules, clipping, groups and early stopping: every target beside a loop of torch's own parts."""

from __future__ import annotations

import json
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from symnet.codegen.targets import TARGETS
from tests.codegen import script_checks as checks
from tests.codegen.learning_cases import MODEL, WAYS, losses_and_rates
from tests.codegen.model_files import generate
from tests.codegen.test_script_models import CONFIG, RUFF

torch = pytest.importorskip("torch")
STEPS = 18


@pytest.fixture(autouse=True)
def default_dtype() -> Iterator[None]:
    """A script of NAdam sets torch's default dtype."""
    before = torch.get_default_dtype()
    yield
    torch.set_default_dtype(before)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Path]]:
    folder = tmp_path_factory.mktemp("learning")
    return {name: generate(folder, name, MODEL.replace("{train}", way.words)) for name, way in WAYS.items()}


@pytest.mark.parametrize("name", WAYS)
def test_every_target_follows_the_loop_of_torch(scripts, name, tmp_path):
    way = WAYS[name]
    torch.set_default_dtype(torch.float64)  # in which torch's NAdam keeps the product of its momenta
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        losses, rates = losses_and_rates(way, checks.load_script(scripts[name]["torch-autograd"]), STEPS)
    for target, path in scripts[name].items():
        metrics = tmp_path / f"{target}.jsonl"
        checks.run_in_process(path, "--steps", str(STEPS), "--log-every", "1", "--metrics", str(metrics))
        rows = [json.loads(line) for line in metrics.read_text().splitlines()]
        np.testing.assert_allclose([row["loss"] for row in rows], losses, rtol=1e-12, err_msg=target)
        if way.scheduler:
            np.testing.assert_allclose([row["lr"] for row in rows], rates, rtol=1e-12, err_msg=target)


@pytest.mark.parametrize("name", WAYS)
def test_a_resumed_run_is_bit_equal(scripts, name, tmp_path):
    for path in scripts[name].values():
        checks.check_resume(path, tmp_path, *(("--dtype", "float32") if name == "plateau" else ()))


def test_the_scripts_are_formatted_and_lint_clean_as_they_come(scripts):
    paths = [str(path) for found in scripts.values() for path in found.values()]
    for command in (["format", "--diff"], ["check", "--output-format=concise"]):
        done = subprocess.run([RUFF, *command, *CONFIG, *paths], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_only_what_is_used_is_written(scripts):
    for path in scripts["rates_of_groups"].values():
        text = path.read_text(encoding="utf-8")
        assert not any(word in text for word in ("def learning_rate", "clip", "momentum_at", "watch", "def stopped"))
    text = scripts["plateau"]["torch-module"].read_text(encoding="utf-8")
    assert "nn.utils.clip_grad_norm_(run.model.parameters(), 0.5, norm_type=1.0)" in text


@pytest.mark.parametrize("name", WAYS)
def test_gradients_agree(scripts, name):
    checks.run_in_process(scripts[name]["numpy"], "--check-grad")


def test_a_clipped_gradient_is_another_one_and_shares_nothing(scripts):
    module = checks.load_script(scripts["warm_cosine"]["numpy"])
    grads = {"a": np.array([3.0, 0.0]), "b": np.array(4.0)}
    found = module.clipped(grads)
    np.testing.assert_allclose(found["a"], [3 * 0.3 / (5 + 1e-6), 0], rtol=1e-15)
    np.testing.assert_array_equal(grads["a"], [3.0, 0.0])
    small = {"a": np.array([0.1]), "b": np.array(0.1)}
    np.testing.assert_array_equal(module.clipped(small)["a"], small["a"])
    assert module.clipped({"a": np.float32(7.0) * np.ones(2, np.float32)})["a"].dtype == np.float32


STOPPING = """
    N = sn.dims(N="batch")
    x, y = sn.data(N), sn.data(N)
    w = sn.param(4, init="zeros")
    loss = sn.mean((w[0] + w[1] * x + w[2] * x**2 + w[3] * x**3 - y) ** 2)
    train = sn.train(optimizer=sn.SGD(lr=0.05, momentum=0.9), epochs=40, batch=8, samples=40, holdout=0.4, log_every=40,
                     early_stopping=sn.EarlyStopping({options}), report="w = {w[0]} {w[3]}")
"""


def expected_stop(module: object, patience: int, delta: float, epochs: int) -> tuple[int, float, int, list[float]]:
    """Where early stopping stops, and the best loss, step and parameters, by a loop over whole trainings."""
    data = module.check_data(module.make_data(np.random.default_rng([0, 1]), 40), "")
    data, held = module.split(data, 0.4, 0)
    best, best_step, waited, kept = np.inf, 0, 0, []
    for epoch in range(1, epochs + 1):
        run = module.train(module.new_run(module.init_params(0)), data, 3 * epoch, 8)
        loss = module.compute_loss(run.params, *held)
        if loss < best - delta:
            best, best_step, waited, kept = loss, 3 * epoch, 0, run.params["w"].tolist()
        else:
            waited += 1
        if waited == patience:
            break
    return run.step, best, best_step, kept


@pytest.mark.parametrize(("patience", "delta"), [(2, 0.0), (1, 0.05), (4, 0.01)])
def test_training_stops_early_with_the_best_parameters(patience, delta, tmp_path, capsys):
    options = f"patience={patience}, min_delta={delta}"
    paths = generate(tmp_path, "line", STOPPING.replace("{options}", options))
    step, best, best_step, kept = expected_stop(checks.load_script(paths["numpy"]), patience, delta, 40)
    assert step < 120 and best_step < step
    for target, path in paths.items():
        end = "npz" if target == "numpy" else "pt"
        file, again, half = (tmp_path / f"{target}_{kind}.{end}" for kind in ("whole", "again", "half"))
        metrics = tmp_path / f"{target}.jsonl"
        run = ("--save", str(file), "--metrics", str(metrics))
        checks.run_in_process(path, *run)
        lines = capsys.readouterr().out.splitlines()
        plural = "s" if patience > 1 else ""
        assert lines[-4].startswith(f"epoch {step // 3:>2}/40")
        assert lines[-3] == f"stopped early: the held-out loss has not fallen for {patience} epoch{plural}"
        told = f"the best by held-out loss ({best:.6g})"
        assert lines[-2] == f"the parameters are those of epoch {best_step // 3}, {told}"
        assert lines[-1] == f"w = {kept[0]:.6g} {kept[3]:.6g}"
        assert json.loads(metrics.read_text().splitlines()[-1])["step"] == step
        checks.run_in_process(path, "--resume", str(file), "--save", str(again))
        assert capsys.readouterr().out.splitlines() == lines[-3:]
        first, second = checks.arrays_of(file), checks.arrays_of(again)
        for name, value in first.items():
            np.testing.assert_array_equal(second[name], value, err_msg=name)
        checks.run_in_process(path, "--epochs", str(step // 3 - 1), "--save", str(half))
        checks.run_in_process(path, "--resume", str(half), "--save", str(again))
        capsys.readouterr()
        for name, value in checks.arrays_of(again).items():
            np.testing.assert_array_equal(value, first[name], err_msg=name)


PLATEAUS = [
    {"patience": 0, "cooldown": 2, "threshold": 0.1, "factor": 0.9},
    {"patience": 2, "cooldown": 1, "threshold": 0.3, "threshold_mode": "abs", "factor": 0.5},
    {"patience": 1, "threshold": 0.0, "min_lr": 0.01, "factor": 0.3},
    {"mode": "max", "patience": 1, "cooldown": 3, "threshold": 0.2, "monitor": "accuracy"},
    {"mode": "max", "patience": 0, "threshold": 0.5, "threshold_mode": "abs", "monitor": "accuracy"},
]


@pytest.mark.parametrize("options", PLATEAUS, ids=str)
def test_any_course_of_the_monitored_number_is_counted_as_torch_counts(options, tmp_path):
    """``watch`` fed with random numbers: reductions as torch's scheduler makes them, stopping as a plain loop does."""
    words = ", ".join(f"{name}={value!r}" for name, value in options.items())
    monitor, falls = options.get("monitor", "loss"), options.get("mode", "min") == "min"
    train = f"""epochs=3, schedule=sn.ReduceLROnPlateau({words}), lr=0.1,
        early_stopping=sn.EarlyStopping(patience=4, min_delta=0.25, monitor={monitor!r})"""
    script = checks.load_script(generate(tmp_path, "course", MODEL.replace("{train}", train), ("numpy",))["numpy"])
    theirs = {name: value for name, value in options.items() if name != "monitor"}
    for seed in range(20):
        numbers = np.random.default_rng(seed).normal(2.0, 1.0, 25)
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **theirs)
        run, best, waited = script.new_run(script.init_params(0)), np.inf if falls else -np.inf, 0
        for step, number in enumerate(numbers, 1):
            run.step, run.params["b1"] = step, np.full(5, float(step))
            script.compute_loss = script.accuracy = lambda *_, number=number: number
            script.watch(run, ())
            scheduler.step(number)
            better = number < best - 0.25 if falls else number > best + 0.25
            best, waited = (number, 0) if better else (best, waited + 1)
            rate = script.learning_rate(0.1, run.watch["reductions"])
            assert rate == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-12)
            assert (run.watch["best"], run.watch["waited"]) == (best, waited)
            assert script.stopped(run) == (waited >= 4)
            assert run.state["best"]["b1"][0] == run.watch["best_step"] == step - waited


def test_the_last_parameters_stay_where_the_best_are_not_wanted(tmp_path, capsys):
    path = generate(tmp_path, "line", STOPPING.replace("{options}", "patience=2, restore_best=False"), ("numpy",))
    text = path["numpy"].read_text(encoding="utf-8")
    assert '"best": math.inf' in text and 'state["best"]' not in text
    module = checks.load_script(path["numpy"])
    step, *_ = expected_stop(module, 2, 0.0, 40)
    checks.run_in_process(path["numpy"])
    data = module.split(module.check_data(module.make_data(np.random.default_rng([0, 1]), 40), ""), 0.4, 0)[0]
    w = module.train(module.new_run(module.init_params(0)), data, step, 8).params["w"]
    assert capsys.readouterr().out.splitlines()[-1] == f"w = {w[0]:.6g} {w[3]:.6g}"


def test_accuracy_is_watched_and_no_epoch_is_no_best(tmp_path, capsys):
    words = 'epochs=30, optimizer="adam", lr=0.02, early_stopping=sn.EarlyStopping(patience=3, monitor="accuracy")'
    paths = generate(tmp_path, "right", MODEL.replace("{train}", words))
    said = set()
    for path in paths.values():
        checks.run_in_process(path)
        lines = capsys.readouterr().out.splitlines()
        assert lines[-2] == "stopped early: the held-out accuracy has not risen for 3 epochs"
        said.add(lines[-1])
        checks.run_in_process(path, "--steps", "2")
        assert len(capsys.readouterr().out.splitlines()) == 1
    assert len(said) == 1


MODES = """
    N = sn.dims(N="batch")
    X, y = sn.data(N, 4), sn.labels(N, classes=3)
    W1, W2, gamma = sn.param(4, 6), sn.param(6, 3), sn.param(6, init="ones")
    running_mean, running_var = sn.buffer(6), sn.buffer(6, init="ones")
    A = X @ W1
    m = sn.mean(A, 0)
    v = sn.mean((A - m) ** 2, 0)
    sn.update(running_mean, 0.9 * running_mean + 0.1 * m)
    sn.update(running_var, 0.9 * running_var + 0.1 * v)
    Z = gamma * (A - sn.where(sn.training, m, running_mean)) / sn.sqrt(sn.where(sn.training, v, running_var) + 1e-5)
    loss = sn.cross_entropy(sn.dropout(sn.relu(Z), 0.3) @ W2, y)
    train = sn.train(optimizer=sn.AdamW(lr=0.05), groups=[{"params": "gamma", "weight_decay": 0.0}], epochs=12,
                     batch=16, samples=60, holdout=0.2, clip=sn.clip_grad_norm_(0.5), log_every=1,
                     schedule=sn.ReduceLROnPlateau("max", 0.5, 1, monitor="accuracy"),
                     early_stopping=sn.EarlyStopping(patience=4))
"""


def test_what_is_watched_is_the_loss_in_evaluation_and_buffers_are_kept(tmp_path, capsys):
    """Batch norm and dropout: the watched loss is the one that is logged, and the best statistics come back too."""
    outputs = set()
    for target, path in generate(tmp_path, "modes", MODES).items():
        metrics, file = tmp_path / f"{target}.jsonl", tmp_path / ("a.npz" if target == "numpy" else "a.pt")
        module = checks.run_in_process(path, "--metrics", str(metrics), "--save", str(file))
        lines = capsys.readouterr().out.splitlines()
        rows = [json.loads(line) for line in metrics.read_text().splitlines()]
        best = min(rows, key=lambda row: row["held_out_loss"])
        assert lines[-1].endswith(f"the best by held-out loss ({best['held_out_loss']:.6g})")
        assert rows[-1]["step"] - best["step"] == 4 * 3 or len(rows) == 12
        assert {row["lr"] for row in rows} > {0.05} and all("held_out_accuracy" in row for row in rows)
        names = [name for name in checks.arrays_of(file) if "best/" in name]
        assert sum("running" in name for name in names) == 2 and hasattr(module, "evaluate")
        outputs.add("".join(f"{row['loss']:.10g} {row['lr']} " for row in rows) + lines[-1])
        checks.check_resume(path, tmp_path, "--batch", "16")
        capsys.readouterr()
    assert len(outputs) == 1


@pytest.mark.parametrize("target", TARGETS)
def test_a_damaged_checkpoint_of_a_watched_run_is_refused(scripts, target, tmp_path, capsys):
    checks.check_damaged_checkpoints(scripts["plateau"][target], tmp_path, capsys, "another 01234567")
