"""Modules of torch called on tensors of a model: value and gradients beside torch's own, in NumPy and in PyTorch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from symnet import pipeline
from symnet.model import Derivation, Given, Input
from tests.codegen.running import LANGUAGES, as_arrays, functions_of
from tests.declare.torch_module_cases import LAYERS, NETWORKS


def drawn(item: Input, rng: np.random.Generator) -> Any:
    """Numbers for one input; a batch of four."""
    if isinstance(item.values, Given):
        return np.array(item.values.values)
    shape = tuple(int(size) if size.is_Integer else 4 for size in item.spec.shape)
    if item.spec.integer:
        return rng.integers(0, int(item.classes), shape)
    return rng.integers(0, 2, shape).astype(float) if "mask" in item.spec.facts else rng.normal(size=shape)


def loaded(text: str, tmp_path: Path) -> tuple[Derivation, dict[str, Any]]:
    """The derivation of a model file, and what the file defines when plain Python runs it."""
    path = tmp_path / "model.py"
    path.write_text(text, encoding="utf-8")
    model, _ = pipeline.load(path)
    namespace: dict[str, Any] = {"__name__": "plain"}
    exec(compile(text, "plain", "exec"), namespace)
    return pipeline.derive_model(model), namespace


def compare(text: str, tmp_path: Path) -> None:
    derivation, namespace = loaded(text, tmp_path)
    rng, model = np.random.default_rng(1), derivation.model
    own = namespace["build"]().double()
    with torch.no_grad():
        for parameter in own.parameters():
            parameter.copy_(torch.tensor(rng.normal(0.0, 0.5, tuple(parameter.shape))))
    trained = dict(own.named_parameters())
    assert [p.path for p in model.parameters] == [n for n, p in trained.items() if p.requires_grad]
    data = [drawn(item, rng) for item in model.inputs]
    shown = [torch.tensor(v) for v, item in zip(data, model.inputs, strict=True) if not isinstance(item.values, Given)]
    loss = namespace["loss_of"](own, *shown)
    loss.backward()
    values = {p.path: trained[p.path].detach().numpy() for p in model.parameters}
    values |= {item.spec.name: v for item, v in zip(model.inputs, data, strict=True)}
    for name, language in LANGUAGES.items():
        found, gradients = functions_of(derivation, language).run(as_arrays(values, name))
        assert float(found) == pytest.approx(loss.item(), rel=1e-11)
        for path, gradient in gradients.items():
            expected = trained[path].grad
            wanted = np.zeros(trained[path].shape) if expected is None else expected.numpy()
            scale = max(float(np.abs(g.grad.numpy()).max()) for g in trained.values() if g.grad is not None)
            np.testing.assert_allclose(
                np.asarray(gradient), wanted, rtol=1e-9, atol=1e-11 * max(scale, 1.0), err_msg=path
            )


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name: str, tmp_path: Path) -> None:
    compare(LAYERS[name], tmp_path)


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_network(path: Path, tmp_path: Path) -> None:
    compare(path.read_text(encoding="utf-8"), tmp_path)
