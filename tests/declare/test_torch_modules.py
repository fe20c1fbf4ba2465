"""Modules of torch called on tensors of a model: value and gradients beside torch's own, in NumPy and in PyTorch."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from symnet import pipeline
from symnet.model import Derivation, Given, Input
from tests.codegen.running import LANGUAGES, as_arrays, functions_of, loss_and_gradients
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


def compare(text: str, tmp_path: Path, whole: bool = False) -> None:
    """``whole``: all functions of a script are written, not only the one that is compared."""
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
    values |= {b.path: own.state_dict()[b.path].numpy() for b in model.buffers}
    values |= {item.spec.name: v for item, v in zip(model.inputs, data, strict=True)}
    for name, language in LANGUAGES.items():
        run = functions_of(derivation, language).run if whole else loss_and_gradients(derivation, language)
        found, gradients = run(as_arrays(values, name))
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
    compare(path.read_text(encoding="utf-8"), tmp_path, whole=True)


TWO_MODES = """import torch
import torch.nn.functional as F
from torch import nn

import symnet as sn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.drop, self.out = nn.Linear(3, 4), nn.Dropout(0.5), nn.Linear(4, 1)

    def forward(self, x):
        h = F.dropout(self.drop(torch.tanh(self.fc(x))), 0.2, training=self.training)
        return self.out(h) if self.training else 2 * self.out(h)


def build():
    return Net()


N = sn.dims(N="batch")
x = sn.data(N, 3)
net = sn.from_torch(build())
loss = net(x).square().mean()
prediction = net(x)
"""


def test_both_modes(tmp_path: Path) -> None:
    """Masks are drawn in training alone, and what the module does in evaluation is what the script predicts."""
    derivation, namespace = loaded(TWO_MODES, tmp_path)
    model, rng = derivation.model, np.random.default_rng(2)
    assert {str(item.values.kind) for item in model.drawn} == {"dropout"} and model.evaluation is not None
    own = namespace["build"]().double()
    params = {name: p.detach().numpy() for name, p in own.named_parameters()}
    ((_, text),) = pipeline.scripts(derivation, ("numpy",), tmp_path).items()
    script = ModuleType("script")
    sys.modules["script"] = script  # dataclasses look their module up
    exec(compile(text, "script", "exec"), vars(script))
    x = rng.normal(size=(5, 3))
    expected = own.eval()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(script.predict(params, x), expected, rtol=1e-12)
    assert script.evaluate(params, x) == pytest.approx((expected**2).mean(), rel=1e-12)


def test_eval_before_from_torch_is_one_mode(tmp_path: Path) -> None:
    derivation, _ = loaded(TWO_MODES.replace("return Net()", "return Net().eval()"), tmp_path)
    assert derivation.model.drawn == () and derivation.model.evaluation is None


def test_dropout_between_recurrent_layers(tmp_path: Path) -> None:
    """One mask, between the two layers, while the script trains; none in evaluation."""
    text = (
        "from torch import nn\n\nimport symnet as sn\n\nN = sn.dims(N='batch')\nx = sn.data(N, 2, 3)\n"
        "net = sn.from_torch(nn.RNN(3, 2, 2, batch_first=True, dropout=0.5))\nloss = net(x)[0].square().mean()\n"
    )
    model = loaded(text, tmp_path)[0].model
    (mask,) = model.drawn
    assert tuple(map(str, mask.spec.shape)) == ("2", "N", "2") and mask.values.arguments == (0.5,)
    assert model.evaluation is not None
    assert mask.spec.name not in {a.name for e in model.evaluation.equations for a in e.accesses}
