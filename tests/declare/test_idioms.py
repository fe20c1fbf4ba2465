"""Losses as people write them, whole: each text of idioms.txt is a model file for symnet and a program for torch.

torch runs the very same lines, with numbers where the file declares sizes, data and parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from symnet import pipeline
from symnet.calculus.evaluate import evaluate
from tests.codegen.running import LANGUAGES, as_arrays, functions_of

HEAD = """{}import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

N, D, C = sn.dims(N={}, D=4, C=3)
x, x2, y = sn.data(N, D), sn.data(N, D), sn.labels(N, classes=C)
W = sn.param(D, C)
z = x @ W
"""
ROWS = 5


def _read() -> dict[str, str]:
    text = (Path(__file__).parent / "idioms.txt").read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.split("\n== ")[1:])
    return {name: body for name, _, body in parts}


IDIOMS = _read()


@pytest.fixture(autouse=True)
def one_precision(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a person's lines make is of double precision, as in a script that was given doubles."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def run_by_torch(text: str) -> tuple[Any, list[Any], list[Any]]:
    """The loss, the parameters and the inputs, in the order in which they are declared."""
    rng, params, inputs = np.random.default_rng(3), [], []

    def noted(these: list[Any], tensor: Any) -> Any:
        these.append(tensor)
        return tensor

    sn = SimpleNamespace(
        dims=lambda **sizes: tuple(ROWS if size == "batch" else size for size in sizes.values()),
        data=lambda *s: noted(inputs, torch.tensor(rng.normal(size=s))),
        labels=lambda *s, classes: noted(inputs, torch.tensor(rng.integers(0, classes, size=s))),
        param=lambda *s: noted(params, torch.tensor(rng.normal(size=s), requires_grad=True)),
    )
    own: dict[str, Any] = {"sn": sn}
    exec(compile(text, "plain", "exec"), own)
    return own["loss"], params, inputs


@pytest.mark.parametrize("name", IDIOMS)
def test_value_and_gradient(name: str, tmp_path: Path) -> None:
    size, path = '"batch"' if "N = 5" not in name else "5", tmp_path / "model.py"
    path.write_text(HEAD.format("import symnet as sn\n", size) + IDIOMS[name], encoding="utf-8")
    model, _ = pipeline.load(path)
    derivation = pipeline.derive_model(model)
    loss, params, inputs = run_by_torch(HEAD.format("", size) + IDIOMS[name])
    names, given = [p.spec.name for p in model.parameters], iter(inputs)
    point = {n: p.detach().numpy() for n, p in zip(names, params, strict=True)}
    for argument in model.arguments:
        point[argument.spec.name] = np.asarray(argument.values.values if argument.constant else next(given))
    value, gradients = functions_of(derivation, LANGUAGES["numpy"]).run(as_arrays(point, "numpy"))
    found = evaluate(derivation.program, point)
    assert [float(value), float(found[derivation.program.loss])] == pytest.approx([loss.item()] * 2, rel=1e-10)
    for parameter, wanted in zip(names, torch.autograd.grad(loss, params), strict=True):
        for ours in (gradients[parameter], found[derivation.gradients[parameter]]):
            np.testing.assert_allclose(np.asarray(ours, float), wanted.numpy(), rtol=1e-9, atol=1e-11)
