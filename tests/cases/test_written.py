"""Losses as strangers wrote them: what the scripts compute in NumPy and in torch, against torch autograd."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import symnet as sn
from symnet.pipeline import derive_model, scripts
from symnet.verify.draw import Point
from symnet.verify.hand import hand_of, torch_hand_of
from tests.cases.running import model_of
from tests.cases.written import CASES


@pytest.mark.parametrize("name", list(CASES))
def test_the_scripts_agree_with_autograd(name: str) -> None:
    shapes, loss = CASES[name]
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    values = {f"v{k}": drawn(shape, rng) for k, shape in enumerate(shapes)}
    wrt = [n for n, shape in zip(values, shapes, strict=True) if not shape.startswith("(")]
    tensors = {n: torch.tensor(v, requires_grad=n in wrt) for n, v in values.items()}
    expected = loss(*tensors.values())
    expected.backward()
    model = model_of(lambda: loss(*(declared(n, s) for n, s in zip(values, shapes, strict=True))))
    derivation = derive_model(model, wrt)
    numpy_script, torch_script = scripts(derivation, ("numpy", "torch"), Path("check")).values()
    given = {i.spec.name: np.asarray(getattr(i.values, "values", 0.0)) for i in model.inputs}
    for hand in (hand_of(derivation, numpy_script), torch_hand_of(derivation, torch_script, "cpu")):
        found, gradients = hand.at(Point({}, {**given, **values}))
        np.testing.assert_allclose(found, float(expected.detach()), rtol=1e-11, err_msg=hand.origin)
        for n in wrt:
            grad = tensors[n].grad
            assert grad is not None
            np.testing.assert_allclose(
                gradients[n], grad.numpy(), rtol=1e-9, atol=1e-11 * float(grad.abs().max()), err_msg=hand.origin
            )


def sizes_of(shape: str) -> list[int]:
    text = shape.strip("()").partition("/")[0]
    return [int(size) for size in text.split(",") if size]


def drawn(shape: str, rng: np.random.Generator) -> Any:
    if "/" in shape:
        return rng.integers(0, int(shape.rstrip(")").partition("/")[2]), sizes_of(shape))
    return rng.normal(size=sizes_of(shape))


def declared(name: str, shape: str) -> Any:
    if "/" in shape:
        return sn.labels(*sizes_of(shape), classes=int(shape.rstrip(")").partition("/")[2]), name=name)
    return (sn.data if shape.startswith("(") else sn.param)(*sizes_of(shape), name=name)
