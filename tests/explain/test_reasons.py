"""Reasons carry no formula of their own, and every index of a recognised sum has a letter."""

from __future__ import annotations

from pathlib import Path

import pytest

from symnet.explain.options import Options
from symnet.pipeline import derive_model, explain, load

CUBE = "import symnet as sn\nD = sn.dims(D=3)\nA = sn.param(D, D)\nloss = sn.sum((A @ A.T) @ A)\n"
TWO_LAYERS = (
    "import symnet as sn\nX = sn.data(4, 3)\nA = sn.Linear(3, 3)\nB = sn.Linear(3, 1)\nloss = sn.mean(B(A(X)) ** 2)\n"
)


def test_a_reason_repeats_no_formula(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(CUBE)
    model, _ = load(tmp_path / "m.py")
    reasons = [r.reason for r in derive_model(model).rewrites]
    assert "from the definition of dz" in reasons
    assert not any("Σ" in r or "[" in r for r in reasons)


@pytest.mark.parametrize("order", [1, 2])
def test_two_layers_with_one_output_are_told_in_full(tmp_path: Path, order: int) -> None:
    (tmp_path / "m.py").write_text(TWO_LAYERS)
    model, _ = load(tmp_path / "m.py")
    assert "dA_bias = B_weightᵀ dB_bias" in explain(derive_model(model, (), order), Options(detail="full"), "text")
