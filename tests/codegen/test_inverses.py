"""Scripts of models with matrix functions: systems are solved, and a matrix without an inverse is a message."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from symnet import pipeline

SOLVE = """
import symnet as sn
A, y = sn.param(3, 3, init="{init}"), sn.data(3)
B = sn.data(3, 3, values=[[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]], symmetric=True)
{lines}
train = sn.train(steps=2)
"""
PLAIN = "x = sn.solve(A, y)\nloss = sn.sum(x**2)"
FACTOR = "L = sn.cholesky(B + A @ A.T)\nloss = sn.sum(sn.solve_triangular(L, y[:, None], upper=False) ** 2)"


def text_of(tmp_path: Path, lines: str, target: str, init: str = "normal") -> str:
    path = tmp_path / "model.py"
    path.write_text(SOLVE.format(init=init, lines=lines), encoding="utf-8")
    model, _ = pipeline.load(path)
    (text,) = pipeline.scripts(pipeline.derive_model(model), [target], tmp_path).values()
    return text


def test_a_product_with_an_inverse_is_a_solved_system(tmp_path: Path) -> None:
    text = text_of(tmp_path, PLAIN, "numpy")
    assert "np.linalg.solve(A, y)" in text and "np.linalg.solve(A.T, " in text and "np.linalg.inv" not in text


def test_a_triangular_system_is_solved_as_one(tmp_path: Path) -> None:
    text = text_of(tmp_path, FACTOR, "torch")
    assert "torch.linalg.solve_triangular(L, " in text and "torch.linalg.solve_triangular(L.T, " in text
    assert "torch.linalg.inv" not in text


@pytest.mark.parametrize("target", ["numpy", "torch", "torch-autograd"])
def test_a_singular_matrix_is_a_message(
    tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module: Any = ModuleType("generated")
    monkeypatch.setitem(sys.modules, "generated", module)
    exec(compile(text_of(tmp_path, PLAIN, target, "zeros"), "generated.py", "exec"), module.__dict__)
    assert module.main([]) == 1
    message = capsys.readouterr().err
    assert "ingular" in message and "A has to be an invertible matrix" in message and "Traceback" not in message
