"""A diagonal matrix read on its diagonal: one δ stands for two, and nothing is divided by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from symnet import pipeline
from symnet.calculus.evaluate import evaluate

MODEL = """\
import torch
import symnet as sn
x = sn.param(3)
A, B = sn.data(3, 3), sn.data(3, 3)
loss = x @ torch.linalg.inv(A + torch.diag(x**2)) @ B @ x
"""


def test_the_second_derivative_of_an_inverse_with_a_diagonal_is_the_raw_one(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(MODEL)
    made = pipeline.derive_model(pipeline.load(tmp_path / "m.py")[0], (), 2)
    rng = np.random.default_rng(0)
    values = {"x": rng.normal(size=3), "A": rng.normal(size=(3, 3)) + 4 * np.eye(3), "B": rng.normal(size=(3, 3))}
    for pair in ("x", "x,x"):
        raw, short = (evaluate(p, values)[p.adjoints[pair]] for p in (made.raw, made.program))
        assert np.isfinite(short).all()
        np.testing.assert_allclose(short, raw, rtol=1e-12, atol=1e-13)
