"""What check says where numbers cannot be compared as they stand: at corners, at poles, where all terms cancel."""

from __future__ import annotations

from pathlib import Path

import pytest

from symnet.pipeline import check, derive_model, load, scripts
from symnet.verify.check import check as verify
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


def test_a_loss_that_only_the_code_has_is_said(tmp_path: Path) -> None:
    """A row of attention without neighbours is uniform, and exp(-1e9)/sum(exp(-1e9)) is none as it is written."""
    text = (
        "x, A = sn.param(2, 3, init='zeros'), sn.data(2, 3, mask=True, values=[[0.0, 0.0, 0.0], [1.0, 0.0, 1.0]])\n"
        "loss = (sn.softmax(x.masked_fill(A == 0, -1e9), 1) ** 2).sum()"
    )
    report = report_of(tmp_path, text)
    (said,) = (w for w in report.warnings if "as they are written" in w)
    assert said.startswith("at ") and said.endswith("has none: not compared")
    assert report.loss == pytest.approx(1 / 3 + 1 / 2)


def test_a_loss_that_only_the_equations_have_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("import symnet as sn\nx = sn.param(3)\nloss = sn.sum(x**2)\n")
    derivation = derive_model(load(tmp_path / "m.py")[0])
    (script,) = scripts(derivation, ("numpy",), tmp_path).values()
    script += "\n\nown = loss_and_grads\n\n\ndef loss_and_grads(params):\n    return np.nan, own(params)[1]\n"
    report = verify(derivation, Options(against=("autograd",)), script)
    assert report.exit_code == 1
    assert report.problems[0].message.startswith("the loss of the code is nan, that of the equations ")


def test_a_pole_is_said(tmp_path: Path) -> None:
    report = report_of(tmp_path, MODELS["root at 0"])
    assert report.undecided == ("a gradient is not finite at the model's own numbers",)
