"""Masks of -inf: what the recorded equations become, and their values and gradients against torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
import torch

from symnet import pipeline
from symnet.calculus.evaluate import evaluate, multidigit
from symnet.calculus.ir import Program
from symnet.calculus.scalars import where
from symnet.errors import SymnetError
from symnet.model import Model

HEAD = """import math
import symnet as sn
T, K = sn.dims(T=4, K=4)
S = sn.param(T, K)
G = sn.data(T, K)
M = sn.data(T, K)
t = sn.labels(T, classes=K)
"""
INF = -math.inf

#: text of the mask in the model file, and the same for torch
MASKS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "tril == 0": ("sn.tril(sn.ones(T, K)) == 0", lambda m: torch.tril(torch.ones(4, 4)) == 0),
    "triu of ones": ("sn.triu(sn.ones(T, K), diagonal=1) != 0", lambda m: torch.triu(torch.ones(4, 4), 1) != 0),
    "triu > 0": ("sn.triu(sn.ones(T, K), diagonal=1) > 0", lambda m: torch.triu(torch.ones(4, 4), 1) > 0),
    "data": ("M == 0", lambda m: m == 0),
    "product": ("(M == 0) * (S < 3)", lambda m: m == 0),
}
READERS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "loss = (sn.softmax(A, dim=1) * G).sum()": lambda a, g, t: (torch.softmax(a, 1) * g).sum(),
    "P = sn.softmax(A.T[:, None], dim=0)\nloss = (P[:, 0].T * G).sum()": lambda a, g, t: (
        torch.softmax(a, 1) * g
    ).sum(),
    "loss = (sn.logsumexp(A, dim=1) * G[:, 0]).sum()": lambda a, g, t: (torch.logsumexp(a, 1) * g[:, 0]).sum(),
    "loss = (sn.amax(A, dim=1) * G[:, 0]).sum()": lambda a, g, t: (a.amax(1) * g[:, 0]).sum(),
    "loss = sn.sigmoid(2 * A + G).sum()": (lambda a, g, t: torch.sigmoid(2 * a + g).sum()),
    "m = sn.amax(A, dim=1, keepdim=True)\nE = sn.exp(A - m)\nloss = (E / E.sum(1, keepdim=True) * G).sum()": (
        lambda a, g, t: (torch.softmax(a, 1) * g).sum()
    ),
    "loss = sn.cross_entropy(A, t)": lambda a, g, t: torch.nn.functional.cross_entropy(a, t),
    "loss = -sn.log_softmax(A, dim=1)[sn.arange(T), t].mean()": lambda a, g, t: torch.nn.functional.cross_entropy(a, t),
}


def loaded(folder: Path, text: str) -> Model:
    path = folder / "model.py"
    path.write_text(HEAD + text + "\n")
    return pipeline.load(path)[0]


def values() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    mask = np.array([[1, 0, 1, 0], [1, 1, 0, 0], [0, 1, 1, 1], [1, 0, 0, 1]])
    return {"S": rng.normal(size=(4, 4)), "G": rng.normal(size=(4, 4)), "M": mask, "t": np.array([0, 1, 1, 3])}


def given(program: Program) -> dict[str, Any]:
    return {n: v for n, v in values().items() if n in program.tensors}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("reader", READERS)
def test_value_and_gradient(tmp_path: Path, mask: str, reader: str) -> None:
    text, of = MASKS[mask]
    model = loaded(tmp_path, f"A = S.masked_fill({text}, float('-inf'))\n{reader}")
    drawn = values()
    scores = torch.tensor(drawn["S"], requires_grad=True)
    masked = scores.masked_fill(of(torch.tensor(drawn["M"])), INF)
    loss = READERS[reader](masked, torch.tensor(drawn["G"]), torch.tensor(drawn["t"]))
    loss.backward()
    program = pipeline.derive_model(model).program
    found = evaluate(program, given(program))
    np.testing.assert_allclose(found[program.loss], loss.detach().numpy(), rtol=1e-13)
    np.testing.assert_allclose(found[program.adjoints["S"]], scores.grad, rtol=1e-12, atol=1e-14)
    digits = evaluate(program, given(program), multidigit(30))
    np.testing.assert_allclose(float(digits[program.loss].item()), loss.item(), rtol=1e-13)


def test_an_infinity_is_left_only_beside_a_choice(tmp_path: Path) -> None:
    for reader in READERS:
        program = loaded(tmp_path, f"A = S.masked_fill(M == 0, -math.inf)\n{reader}").program
        for equation in program.equations:
            choices = {w: w.args[1] for w in equation.body.atoms(where)}
            assert not equation.body.xreplace(choices).has(sp.oo, -sp.oo)


def test_an_infinite_loss_is_as_in_torch(tmp_path: Path) -> None:
    program = pipeline.derive_model(
        loaded(tmp_path, "loss = sn.cross_entropy(S.masked_fill(M == 1, -math.inf), t)")
    ).program
    drawn = values()
    scores = torch.tensor(drawn["S"], requires_grad=True)
    loss = torch.nn.functional.cross_entropy(
        scores.masked_fill(torch.tensor(drawn["M"]) == 1, INF), torch.tensor(drawn["t"])
    )
    loss.backward()
    found = evaluate(program, given(program))
    assert found[program.loss] == loss.item() == math.inf
    np.testing.assert_allclose(found[program.adjoints["S"]], scores.grad, rtol=1e-13)


def test_a_row_masked_whole_is_no_number_as_in_torch(tmp_path: Path) -> None:
    text = "loss = (sn.softmax(S.masked_fill(M == 0, -math.inf), dim=1) * G).sum()"
    program = loaded(tmp_path, text).program
    drawn = given(program) | {"M": np.zeros((4, 4))}
    assert np.isnan(evaluate(program, drawn)[program.loss])
    assert torch.softmax(torch.full((4, 4), INF), 1).isnan().all()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("P = sn.softmax(A, dim=1)\nloss = (P * sn.log_softmax(A, dim=1)).sum()", "0 times infinity"),
        ("loss = (A * G).sum()", "0 times infinity"),
        ("loss = (A**2).sum()", "a power"),
        ("loss = sn.tanh(A).sum()", "tanh"),
        ("loss = sn.exp(-A).sum()", "exp"),
        ("loss = sn.softmax(A > 0, dim=1).sum()", "greater"),
        ("loss = sn.exp(sn.where(M == 1, A, math.inf)).sum()", "inf and -inf"),
    ],
)
def test_uses_without_a_value_are_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(SymnetError) as caught:
        loaded(tmp_path, f"A = S.masked_fill(M == 0, -math.inf)\n{text}")
    (problem,) = caught.value.problems
    assert problem.code == "SN105"
    assert what in problem.message
