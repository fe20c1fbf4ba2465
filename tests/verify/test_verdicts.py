"""What check says where numbers cannot be compared as they stand: at corners, at poles, where all terms cancel."""

from __future__ import annotations

from pathlib import Path

import pytest

from symnet.pipeline import check, derive_model, load
from symnet.verify.report import Options, Report

MODELS = {
    "three equal maxima": "x = sn.param(4, init=[1.0, 1.0, 1.0, 0.2])\nloss = sn.amax(x, 0) ** 2",
    "one class": "X, t = sn.data(3, 2), sn.labels(3, classes=1)\nW = sn.param(2, 1)\n"
    "loss = sn.mean(sn.cross_entropy(X @ W, t))",
    "free of its parameter": "x = sn.param(3)\nloss = sn.sum(x - x)",
    "saturated": "z, y = sn.param(3, init=[40.0, -40.0, 30.0]), sn.data(3, values=[0.0, 1.0, 0.5])\np = sn.sigmoid(z)\n"
    "loss = sn.mean(-(y * sn.log(p) + (1 - y) * sn.log(1 - p)))",
    "root at 0": "x = sn.param(3, init=[0.0, 1.0, 2.0])\nloss = sn.sum(sn.sqrt(x))",
    "no finite loss": "x = sn.param(init=-1.0)\nloss = sn.log(x) + sn.log(-x)",
    "parameters of the batch": 'N = sn.dims(N="batch")\nx = sn.param(N)\nloss = sn.sum(x ** 2)',
    "a mask, mirrored": "A, x = sn.data(3, 3, mask=True, symmetric=True), sn.param(3)\nloss = x @ (A * A) @ x",
}
EXITS = {"root at 0": 3, "no finite loss": 3}


def report_of(folder: Path, text: str) -> Report:
    (folder / "m.py").write_text(f"import symnet as sn\n{text}\n")
    model, _ = load(folder / "m.py")
    return check(derive_model(model), Options())


@pytest.mark.parametrize("name", MODELS)
def test_the_verdict(tmp_path: Path, name: str) -> None:
    report = report_of(tmp_path, MODELS[name])
    assert (report.exit_code, [p.message for p in report.problems]) == (EXITS.get(name, 0), [])


def test_a_tie_is_said(tmp_path: Path) -> None:
    said = report_of(tmp_path, MODELS["three equal maxima"]).warnings
    assert said == (
        "nearest |the two largest of m| to the max corner: 0.0e+00; a central difference could cross it",
        "a central difference for x crossed a corner and was not counted",
    )


def test_a_pole_is_said(tmp_path: Path) -> None:
    report = report_of(tmp_path, MODELS["root at 0"])
    assert report.undecided == ("a gradient is not finite at the model's own numbers",)
