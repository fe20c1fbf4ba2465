"""Gradients written by hand in a model file become a program with the model's own names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symnet.calculus.evaluate import evaluate
from symnet.declare.loader import load_formulas
from symnet.errors import SymnetError

MODEL = """import symnet as sn

N, D = sn.dims(N="batch", D=2)
X = sn.data(N, D)
w, b = sn.param(D), sn.param()
loss = sn.sum((X @ w + b - 1) ** 2) / N


def expert():
    r = X @ w + b - 1
    return {"w": 2 / N * (r @ X), "b": 2 * sn.sum(X @ w + b - 1) / N}


def zero():
    return {"b": 0, "w": w}


def wrong_shape():
    return {"w": b}


def no_parameter():
    return {"X": X}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "model.py"
    file.write_text(MODEL, encoding="utf-8")
    return file


def test_values_and_names(path: Path) -> None:
    program = load_formulas(path, "expert")
    assert dict(program.adjoints) == {"w": "dw", "b": "db"}
    X, w = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]]), np.array([2.0, 1.0])
    values = evaluate(program, {"X": X, "w": w, "b": np.array(0.5)})
    r = X @ w + 0.5 - 1
    np.testing.assert_allclose(values["dw"], 2 / 3 * r @ X)
    np.testing.assert_allclose(values["db"], 2 * r.sum() / 3)
    np.testing.assert_allclose(values["loss"], (r**2).sum() / 3)


def test_what_is_written_twice_is_there_once(path: Path) -> None:
    program = load_formulas(path, "expert")
    products = [e for e in program.equations if {a.name for a in e.accesses} == {"X", "w"}]
    assert len(products) == 1  # of the loss, r and db


def test_numbers_and_tensors_of_the_model(path: Path) -> None:
    program = load_formulas(path, "zero")
    assert dict(program.adjoints) == {"b": "db", "w": "w"}
    inputs = {"X": np.ones((3, 2)), "w": np.ones(2), "b": np.array(0.5)}
    assert evaluate(program, inputs)["db"] == 0


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("wrong_shape", r"the gradient of w is \[\], it must be \[D\]"),
        ("no_parameter", "X is no parameter of the model"),
        ("absent", r"has no function absent\(\)"),
    ],
)
def test_refusals(path: Path, function: str, message: str) -> None:
    with pytest.raises(SymnetError, match=message):
        load_formulas(path, function)
