"""Functions of numbers, which a model file brings by constants read at places, are numbers in the code."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
import torch
import torch.nn.functional as F

from symnet import pipeline
from symnet.calculus import scalars
from symnet.declare.loader import load_model
from tests.codegen.running import LANGUAGES, as_arrays, functions_of

HEAD = """\
import torch
import torch.nn.functional as F
import symnet as sn
w = sn.param(3)
i = sn.labels(3, classes=4)
z = torch.full((4,), 0.25)[i]
"""
#: Losses in torch's words, of w and of z, which is 1/4 everywhere.
LOSSES = [
    "(w * F.softplus(z)).sum()",
    "(w * torch.digamma(z)).sum() - (w * torch.lgamma(z)).sum()",
    "(w * torch.special.log_ndtr(z)).prod()",
    "(w * F.mish(z) + torch.special.i0e(z)).square().sum()",
    "(w * F.softplus(z) + (1 - w) * F.softplus(z)).sum() + w.sum()",
    "F.binary_cross_entropy(torch.sigmoid(0 * z), torch.sigmoid(w)) + w.square().sum()",
    "(torch.exp(w) / F.logsigmoid(z)).sum()",
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("loss", LOSSES)
def test_functions_of_numbers_are_numbers(tmp_path: Path, loss: str, language: str) -> None:
    file = tmp_path / "model.py"
    file.write_text(f"{HEAD}loss = {loss}\n", encoding="utf-8")
    functions = functions_of(pipeline.derive_model(load_model(file)[0]), LANGUAGES[language])
    values = {"w": np.array([0.3, -0.7, 1.1]), "i": np.array([0, 2, 1])}
    found, grads = functions.run(as_arrays(values, language))
    w = torch.tensor(values["w"], requires_grad=True)
    wanted = eval(loss, {"torch": torch, "F": F, "w": w, "z": torch.full((3,), 0.25, dtype=torch.float64)})
    assert float(found) == pytest.approx(wanted.item(), rel=1e-13)
    np.testing.assert_allclose(np.asarray(grads["w"]), torch.autograd.grad(wanted, w)[0].numpy(), rtol=1e-13)


def test_a_function_of_numbers_has_a_value_and_one_of_names_has_none() -> None:
    quarter = sp.Rational(1, 4)
    assert float(scalars.softplus(quarter)) == pytest.approx(math.log1p(math.exp(0.25)), rel=1e-15)
    assert str(scalars.softplus(quarter).evalf(30)) == "0.825939419878843562207836131658"
    x = sp.Symbol("x", real=True)
    assert scalars.softplus(x).evalf() == scalars.softplus(x)
