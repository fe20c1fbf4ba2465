"""Slices from the start of an axis and reshapes across axes: generated code against the evaluator and PyTorch."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from symnet import pipeline
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.declare.loader import load_model
from symnet.model import Derivation
from tests.codegen.running import LANGUAGES, as_arrays, functions_of

Torch = Callable[[dict[str, Any]], Any]
X34 = "x = sn.param(4); y = sn.data(3)"
#: Declarations, the loss as the model file writes it, and the same loss in PyTorch.
LOSSES: dict[str, tuple[str, str, Torch]] = {
    "matmul of the first rows": (
        "X = sn.data(6, 4); V = sn.param(4, 2)",
        "sn.sum((X[:2] @ V) ** 2)",
        lambda v: ((v["X"][:2] @ v["V"]) ** 2).sum(),
    ),
    "matmul of the first rows of a parameter": (
        "X = sn.param(6, 4); V = sn.param(4, 2)",
        "sn.sum((X[:2] @ V) ** 2)",
        lambda v: ((v["X"][:2] @ v["V"]) ** 2).sum(),
    ),
    "matmul of the first columns": (
        "X = sn.param(5, 4); W = sn.param(3, 2)",
        "sn.sum((X[:, :3] @ W) ** 2)",
        lambda v: ((v["X"][:, :3] @ v["W"]) ** 2).sum(),
    ),
    "square": (X34, "sn.sum(x[:3] ** 2) + sn.sum(y ** 2)", lambda v: (v["x"][:3] ** 2).sum() + (v["y"] ** 2).sum()),
    "product": (X34, "sn.sum(x[:3] * y)", lambda v: (v["x"][:3] * v["y"]).sum()),
    "difference": (
        "x = sn.param(5)",
        "sn.sum((x[1:] - x[:-1]) ** 2)",
        lambda v: (v["x"][1:] - v["x"][:-1]).square().sum(),
    ),
    "neighbours": ("x = sn.param(5)", "sn.sum(x[1:] * x[:-1])", lambda v: (v["x"][1:] * v["x"][:-1]).sum()),
    "logsumexp": ("x = sn.param(5)", "sn.logsumexp(x[:3], 0)", lambda v: torch.logsumexp(v["x"][:3], 0)),
    "softmax": (
        "x = sn.param(4); y = sn.data(2)",
        "sn.sum(sn.softmax(x[:2], dim=0) * y)",
        lambda v: (torch.softmax(v["x"][:2], 0) * v["y"]).sum(),
    ),
    "amax": ("x = sn.param(4)", "sn.amax(x[:2], 0)", lambda v: v["x"][:2].amax(0)),
    "scaled sum": (
        "x = sn.param(4); w = sn.param(2)",
        "sn.sum(w ** 2 * sn.sum(x[:3]))",
        lambda v: (v["w"] ** 2 * v["x"][:3].sum()).sum(),
    ),
    "square of a sum": ("x = sn.param(4)", "x[:2].sum(0) ** 2", lambda v: v["x"][:2].sum(0) ** 2),
    "transpose, then reshape": (
        "V = sn.param(4, 4); K = sn.data(2, 8)",
        "sn.sum(V.T.reshape(2, 8) ** 2 * K)",
        lambda v: (v["V"].T.reshape(2, 8) ** 2 * v["K"]).sum(),
    ),
    "two axes exchanged, then reshape": (
        "V = sn.param(2, 2, 4); W = sn.param(8, 3)",
        "sn.sum((V.transpose(0, 1).reshape(2, 8) @ W) ** 2)",
        lambda v: ((v["V"].transpose(0, 1).reshape(2, 8) @ v["W"]) ** 2).sum(),
    ),
    "reshape across axes": (
        "V = sn.param(4, 6); K = sn.data(6, 4)",
        "sn.sum(V.reshape(6, 4) ** 3 * K)",
        lambda v: (v["V"].reshape(6, 4) ** 3 * v["K"]).sum(),
    ),
    "reshape of sizes without a multiple": (
        "V = sn.param(2, 6); W = sn.param(4, 3)",
        "sn.sum((V.reshape(3, 4) @ W) ** 2)",
        lambda v: ((v["V"].reshape(3, 4) @ v["W"]) ** 2).sum(),
    ),
    "heads exchanged with rows, then merged": (
        "Q = sn.param(2, 3, 2, 2); W = sn.param(4, 2)",
        "sn.sum((Q.transpose(1, 2).reshape(6, 4) @ W) ** 2)",
        lambda v: ((v["Q"].transpose(1, 2).reshape(6, 4) @ v["W"]) ** 2).sum(),
    ),
}


@cache
def derivation(folder: Path, name: str) -> Derivation:
    declarations, loss, _ = LOSSES[name]
    file = folder / "model.py"
    file.write_text(textwrap.dedent(f"import symnet as sn\n{declarations}\nloss = {loss}\n"), encoding="utf-8")
    return pipeline.derive_model(load_model(file)[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("moved")


def drawn(program: Program) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    given = [t for t in program.tensors.values() if t.role in ("parameter", "data")]
    return {t.name: rng.standard_normal([int(s) for s in t.shape]) for t in given}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LOSSES)
def test_code_evaluator_and_pytorch_agree(folder: Path, name: str, language: str) -> None:
    made = derivation(folder, name)
    values = drawn(made.program)
    functions = functions_of(made, LANGUAGES[language])
    loss, grads = functions.run(as_arrays(values, language))
    leaves = {n: torch.tensor(v, requires_grad=n in made.wrt) for n, v in values.items()}
    wanted = LOSSES[name][2](leaves)
    autograd = torch.autograd.grad(wanted, [leaves[n] for n in made.wrt])
    if language == "torch":
        written = functions.compute_loss(leaves, *(leaves[n] for n in functions.inputs))
        own = torch.autograd.grad(written, [leaves[n] for n in made.wrt])
    evaluated = evaluate(made.program, values)
    np.testing.assert_allclose(np.asarray(loss), wanted.item(), rtol=1e-12)
    for place, (parameter, expected) in enumerate(zip(made.wrt, autograd, strict=True)):
        found = np.asarray(grads[parameter])
        assert found.shape == tuple(expected.shape)
        np.testing.assert_allclose(found, expected.numpy(), rtol=1e-11, atol=1e-12, err_msg=parameter)
        np.testing.assert_allclose(found, evaluated[f"d{parameter}"], rtol=1e-11, atol=1e-12, err_msg=parameter)
        if language == "torch":
            np.testing.assert_allclose(found, own[place].numpy(), rtol=1e-11, atol=1e-12, err_msg=parameter)
