"""The accuracy of a model of two classes, what the text above a script says, and where a model file says to start."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.codegen import script_checks as checks
from tests.codegen.model_files import generate
from tests.models import TARGETS

MODEL = """
    N = sn.dims(N="batch")
    X, y = sn.data(N, 3), {y}
    W, b = sn.param(3, 2), sn.param(2)
    Z = X @ W + b
    loss = {loss}
    train = sn.train(steps=2, optimizer=sn.SGD(lr=0.1, momentum=0.5), start="net.npz")
"""
LOSSES = {
    "logits": ("sn.data(N, 2)", "sn.binary_cross_entropy_with_logits(Z, y, pos_weight=sn.data(2, name='w'))"),
    "shares": ("sn.data(N, 2, mask=True)", "sn.binary_cross_entropy(sn.sigmoid(Z), y)"),
    "labels": ("sn.labels(N, 2, classes=2)", "sn.multilabel_soft_margin_loss(Z, y.float())"),
    "signs": ("sn.data(N, 2)", "sn.soft_margin_loss(Z, y)"),
}


def text_of(name: str) -> str:
    y, loss = LOSSES[name]
    return MODEL.replace("{y}", y).replace("{loss}", loss)


def write_state(folder: Path) -> None:
    rng = np.random.default_rng(3)
    np.savez(folder / "net.npz", W=rng.normal(size=(3, 2)), b=rng.normal(size=2))


@pytest.mark.parametrize("name", LOSSES)
def test_the_accuracy_counts_what_is_on_the_right_side(name: str, tmp_path: Path) -> None:
    """Of the logits 0, of shares 1/2 is between the classes; of signs 0, of labels 1/2."""
    paths, rng = generate(tmp_path, name, text_of(name), TARGETS), np.random.default_rng(4)
    write_state(tmp_path)
    X, right = rng.normal(size=(40, 3)), rng.integers(0, 2, (40, 2))
    np.savez(tmp_path / "data.npz", X=X, y=2 * right - 1 if name == "signs" else right, w=[2.0, 0.5])
    for target, path in paths.items():
        metrics, end = tmp_path / f"{target}.jsonl", tmp_path / f"{target}.npz"
        flags = ("--data", str(tmp_path / "data.npz"), "--metrics", str(metrics), "--export", str(end))
        checks.run_in_process(path, *flags, "--log-every", "2")
        with np.load(end) as trained:
            wanted = ((X @ trained["W"] + trained["b"] > 0) == (right > 0)).mean()
        assert json.loads(metrics.read_text())["accuracy"] == pytest.approx(wanted, rel=1e-12)


CLASSES_IN_AXIS_1 = """
    N = sn.dims(N="batch")
    X, t = sn.data(N, 4, 3), sn.labels(N, 4, classes=4)
    Z = X @ sn.param(3, 4, name="W")
    loss = sn.cross_entropy(Z, t)
"""


@pytest.mark.parametrize(
    "text",
    [MODEL.replace("{y}", "sn.data(N, 2)").replace("{loss}", "sn.mse_loss(Z, y)"), CLASSES_IN_AXIS_1],
    ids=["real numbers", "classes in axis 1"],
)
def test_what_is_not_scores_of_classes_has_no_accuracy(text: str, tmp_path: Path) -> None:
    assert "def accuracy" not in generate(tmp_path, "real", text, ("numpy",))["numpy"].read_text(encoding="utf-8")


@pytest.mark.parametrize("target", TARGETS)
def test_a_script_starts_where_its_model_file_says(
    target: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = generate(tmp_path, "shares", text_of("shares"), (target,))[target]
    checks.run_in_process(path, expect=2)
    assert capsys.readouterr().err == f"error: {tmp_path / 'net.npz'}: no such file\n"
    write_state(tmp_path)
    ends = {}
    for name, flags in {"own": (), "said": ("--start", str(tmp_path / "net.npz"))}.items():
        ends[name] = tmp_path / f"{name}.npz"
        checks.run_in_process(path, *flags, "--export", str(ends[name]))
    half = str(tmp_path / "half")
    checks.run_in_process(path, "--steps", "1", "--save", half)
    ends["resumed"] = tmp_path / "resumed.npz"
    checks.run_in_process(path, "--resume", half, "--export", str(ends["resumed"]))
    found = {name: dict(np.load(end)) for name, end in ends.items()}
    for name in ("own", "resumed"):
        assert all(np.array_equal(value, found["said"][key]) for key, value in found[name].items())
    np.savez(tmp_path / "net.npz", W=np.zeros((3, 2)), b=np.zeros(2))
    checks.run_in_process(path, "--export", str(ends["own"]))
    assert not np.array_equal(np.load(ends["own"])["W"], found["said"]["W"])


TOLD = """
    N = sn.dims(N="batch")
    X, y = sn.data(N, 3), sn.data(N)
    w, b = sn.param(3), sn.param()
    loss = sn.mse_loss(X @ w + b, y)
    train = sn.train(
        optimizer=sn.AdamW(lr=0.05, weight_decay=0.1, maximize=False), epochs=5, batch=16, holdout=0.1,
        groups=[{"params": "b", "weight_decay": 0.0}], clip=[sn.clip_grad_norm_(0.3), sn.clip_grad_value_(1)],
        schedule=sn.SequentialLR([sn.LinearLR(0.1), sn.LambdaLR(lambda t: 1 / (t + 1))], [5], step="batch"),
        early_stopping=sn.EarlyStopping(3),
    )
"""


def test_the_text_above_a_script_says_how_it_trains(tmp_path: Path) -> None:
    text = generate(tmp_path, "told", TOLD, ("numpy",))["numpy"].read_text(encoding="utf-8")
    told = text.split("Training:\n")[1].split("\n\nRun:")[0]
    assert told.splitlines() == [
        "    AdamW(lr=0.05, beta1=0.9, beta2=0.999, eps=1e-08, weight_decay=0.1)",
        "        b: weight_decay=0.0",
        "    clip_grad_norm_(max_norm=0.3)",
        "    clip_grad_value_(clip_value=1.0)",
        "    SequentialLR([LinearLR(start_factor=0.1, end_factor=1.0, total_iters=5), LambdaLR(...)], "
        + "milestones=(5,)),",
        "        step='batch'",
        "    5 epochs, batches of 16, 0.1 of the samples held out",
        "    EarlyStopping(patience=3, min_delta=0.0, monitor='loss', restore_best=True)",
    ]
