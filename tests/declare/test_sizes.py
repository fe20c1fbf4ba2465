"""Sizes as numbers in expressions: on either side of an operator, exact, under roots."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symnet as sn
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.declare.loader import load_model
from symnet.declare.tracing.trace import Trace, recording
from symnet.pipeline import derive_model, load

X = np.array([[1.0, 2.0, -0.5], [3.0, -1.0, 0.25]])


@pytest.mark.parametrize(
    "rule",
    [
        lambda x, n, d: n * x,
        lambda x, n, d: x * n,
        lambda x, n, d: n + x,
        lambda x, n, d: n - x,
        lambda x, n, d: n / x,
        lambda x, n, d: (n - 1) * d * x / (n * d),
        lambda x, n, d: x / d**0.5,
        lambda x, n, d: x + 0.1 / d,
        lambda x, n, d: d**x,
    ],
)
def test_sizes_in_expressions(rule: Callable[..., Any]) -> None:
    with recording(Trace()) as trace:
        N, D = sn.dims(N=2, D=3)
        made = rule(sn.data(N, D), N, D)
        (key,) = (n for n, s in trace.specs.items() if s.role == "data")
        program = Program(trace.specs, tuple(trace.equations), made.spec.name)
    assert not any(e.body.atoms(sp.Float) for e in program.equations)
    np.testing.assert_allclose(evaluate(program, {key: X})[program.loss], rule(X, 2, 3))


ATTENTION = """
import symnet as sn

N, M, D = sn.dims(N="batch", M=5, D=4)
X, dO = sn.data(N, M), sn.data(N, D)
Wq, Wk, Wv, bk = sn.param(M, D), sn.param(M, D), sn.param(M, D), sn.param(D)
Q, K, V = X @ Wq, X @ Wk + bk, X @ Wv
S = {scores}
P = sn.softmax(S, 1)
loss = sn.sum(dO * (P @ V))
"""


@pytest.mark.parametrize(
    "scores",
    ["Q @ K.T / D**0.5", "Q @ K.T * D**-0.5", "D ** (-0.5) * (Q @ K.T)", "Q * D**-0.25 @ (K * D**-0.25).T"],
)
def test_a_root_of_a_size_in_floats_is_the_root(tmp_path: Path, scores: str) -> None:
    """dQ and dK are closed, and the key bias is shown to have no gradient, as with ``sn.sqrt(D)``."""
    path = tmp_path / "model.py"
    path.write_text(ATTENTION.format(scores=scores), encoding="utf-8")
    derivation = derive_model(load(path)[0])
    assert not any(e.body.atoms(sp.Float) for e in derivation.program.equations)
    (dbk,) = derivation.program.defining("dbk")
    assert dbk.body == 0


def test_words_that_use_the_number_of_a_named_size_meet_the_name(tmp_path: Path) -> None:
    text = "import symnet as sn\nimport torch\nH = sn.dims(H=6)\nx = sn.param(H)\n"
    losses = ("sn.sum(torch.roll(x, 1) * x)", "sn.sum(torch.cumprod(x, 0) * x)", "sn.sum((x[1:] - x[:-1]) ** 2)")
    value = np.arange(1.0, 7.0)
    expected = (np.roll(value, 1) @ value, np.cumprod(value) @ value, 5.0)
    for loss, number in zip(losses, expected, strict=True):
        path = tmp_path / "model.py"
        path.write_text(f"{text}loss = {loss}\n")
        program = load_model(path)[0].program
        np.testing.assert_allclose(evaluate(program, {"x": value})[program.loss], number)


def test_one_hot_rows_of_a_number_of_classes_that_a_size_names(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(
        "import torch.nn.functional as F, symnet as sn\n"
        "N, D, C = sn.dims(N=5, D=3, C=4)\n"
        "X, t, W = sn.data(N, D), sn.labels(N, classes=C), sn.param(D, C)\n"
        "loss = sn.mean((X @ W - F.one_hot(t, 4)) ** 2)\n"
    )
    derivation, rng = derive_model(load(path)[0]), np.random.default_rng(0)
    x, w, t = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), np.array([3, 0, 1, 1, 2])
    found = evaluate(derivation.program, {"X": x, "W": w, "t": t})[derivation.gradients["W"]]
    np.testing.assert_allclose(found, x.T @ (x @ w - np.eye(4)[t]) / 10, rtol=1e-12)
