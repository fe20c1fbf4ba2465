"""Parts of tensors that are assigned, as people fill a tensor row by row: beside torch, whose names share memory."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from symnet import pipeline
from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
from symnet.errors import SymnetError
from tests.codegen.running import LANGUAGES, as_arrays, functions_of

#: a is [3,4], computed from the parameter w; y is what comes out.
PROGRAMS = {
    "a row": "y = a * 2\ny[1] = a.sum()",
    "a column": "y = torch.zeros_like(a)\ny[:, -1] = a[:, 0] ** 2",
    "all columns in a loop": "y = a.new_zeros(3, 4)\nh = a[:, 0]\n"
    "for t in range(4):\n    h = torch.tanh(h + a[:, t])\n    y[:, t] = h",
    "every second": "y = a * 2\ny[:, 1::2] = a[:, :2].sin()",
    "a block": "y = a * 2\ny[1:, 1:3] = a[0, 0] * a[:2, :2]",
    "a block that crosses another": "y = a * 2\ny[0:2] = a[1:]\ny[1:3] = a[:1].cos()\ny[:, 1:3] = 0\n"
    "y[..., 2] = a[0, 0]",
    "one entry": "y = a * 2\ny[2, -4] = a.prod()",
    "where a mask holds": "y = a * 2\ny[y < 0] = a.mean()\ny[torch.tensor([True, False, True])] = 7",
    "a mask": "m = a > 0\nm[0] = True\ny = a.masked_fill(m, 0.5)",
    "everything": "y = a * 2\ny[:] = a[0]\ny[...] = y.clone() * a",
    "a part that is added to": "y = a * 2\ny[0] += a.sum()\ny[:, 1:3] *= a[:, :2]\ny[1] -= y[0] * 2",
    "an axis of size 1 in front": "y = a * 2\ny[0] = a[1:2]",
    "a copy is apart": "y = a.clone()\ny[0] = 0\ny = y + a",
    "two names of one tensor": "z = a * 2\ny = z\nz[0] = a[1].cos()\ny[1] = z[0] * 3",
    "what was computed before stays": "z = a * 2\ns = z.sum()\nz[0] = 0\ny = z * s",
    "the other order of the axes": "y = a.T * 1\ny[0] = a[:, 1] * a[:, 2]",
    "nothing": "y = a * 2\ny[2:2] = 5",
    "given rows": "y = a * 2\ny[[0, 2]] = 1\ny[torch.tensor([1, 0])] += a[1:] * a[0]",
    "given columns": "y = a * 2\ny[:, [0, -1]] = 1\ny[..., torch.tensor([1, 1])] = 0.5",
    "given entries": "y = a * 2\ny[[0, 2], [1, 1]] = a[0, :2]\ny[range(3), [0, 3, 3]] = 7\n"
    "y[1, torch.tensor([0, 2])] = a[0, 0]",
    "in place": "y = torch.zeros_like(a)\ny.add_(a).mul_(2)\ny.clamp_(min=0)\nr = y.clone()\ny.sub_(a[0])\ny = y * r",
    "in place by an operator, two names": "z = a * 2\ny = z\ny += a[0]\ny = y * z",
    "in place by torch": "y = a * 2\ny += a\ny = torch.neg_(y)\ntorch.nn.functional.relu(y, inplace=True)",
    "in place, computed before": "y = a * 2\ns = y.sum()\ny.mul_(s)\ny.masked_fill_(y > 1, s)",
    "a part in place and back": "y = a * 2\ny[0] += y[1]\ny[:, 2] *= 3\ny = y * a",
}
HEAD = "import torch\n\nimport symnet as sn\n\nw = sn.param(3, 4)\n"
BODY = "a = w * w * w\n{}\nloss = (y * torch.cos(y)).sum()\n"


@pytest.mark.parametrize("name", PROGRAMS)
def test_value_and_gradient(name: str, tmp_path: Path) -> None:
    text, path = BODY.format(PROGRAMS[name]), tmp_path / "model.py"
    path.write_text(HEAD + text, encoding="utf-8")
    model, _ = pipeline.load(path)
    numbers = np.random.default_rng(3).normal(size=(3, 4))
    own = {"torch": torch, "w": torch.tensor(numbers, requires_grad=True)}
    exec(compile(text, "plain", "exec"), own)
    (wanted,) = torch.autograd.grad(own["loss"], own["w"])
    raw = derive(model.program, ("w",))
    point = {"w": numbers, **{i.spec.name: np.array(i.values.values) for i in model.inputs}}
    values = evaluate(raw, point)
    assert float(values[model.program.loss]) == pytest.approx(float(own["loss"].detach()), rel=1e-12)
    np.testing.assert_allclose(np.asarray(values[raw.adjoints["w"]], float), wanted.numpy(), rtol=1e-10, atol=1e-12)
    derivation = pipeline.derive_model(model)
    for target, language in LANGUAGES.items():
        _, gradients = functions_of(derivation, language).run(as_arrays(point, target))
        np.testing.assert_allclose(np.asarray(gradients["w"]), wanted.numpy(), rtol=1e-9, atol=1e-11)


def test_rows_that_fill_a_tensor_are_its_stack(tmp_path: Path) -> None:
    """What is overwritten piece by piece is not in the formulas: the derivation is that of torch.stack."""
    told = []
    for lines in ("y = torch.zeros_like(a)\nfor t in range(3):\n    y[t] = r[t]", "y = torch.stack(r)"):
        path = tmp_path / "model.py"
        path.write_text(HEAD + BODY.format("r = [a[0], a[1] * a[2], a[2].sin()]\n" + lines), encoding="utf-8")
        model, _ = pipeline.load(path)
        derivation = pipeline.derive_model(model)
        told.append({t.shape for t in derivation.program.tensors.values()})
        assert len([e for e in model.program.equations if e.target == "y"]) == 3
    assert told[0] == told[1]


REFUSED = {
    "w[0] = 1": "w is a parameter, and a part of it cannot be assigned",
    "z = a * 2\nr = z[0]\nz[1] = 0\ny = z * r.sum()": "r is read after it was changed in place",
    "z = a * 2\nr = z[0]\nr[1] = 0\ny = z * 2": "z is read after it was changed in place",
    "z = a * 2\nz.T[1] = 0\ny = z * 2": "z is read after it was changed in place",
    "z = a * 2\nr = z[0]\nr *= 2\nz[1] = r\ny = z": "z is read after it was changed in place",
    "z = a * 2\nr = torch.nn.functional.pad(z, (0, 0))\nr[0] = 0\ny = z + r": "which torch may have copied",
    "z = a * 2\nr = a.view(12)\na[0] = 0\ny = r": "is read after it was changed in place",
    "y = a * 2\ny[None] = 1": "only parts by integers, slices, labels and one mask can be assigned",
    "y = a * 2\ny[a] = 1": "only parts by integers, slices, labels and one mask can be assigned",
    "y = a * 2\ny[0:2, [0, 2]] = 1": "labels beside other parts in what is assigned",
    "y = a * 2\ny[:, [0, 2]] = a[:, :2]": "labels beside other parts in what is assigned",
    "y = a * 2\nt = sn.labels(4, classes=3)\ny[t] = a[0]": "index_put by labels may name a place twice",
    "y = a * 2\ny[torch.tensor([0, 0])] = a[:2]": "index_put names a place twice",
    "y = a * 2\ny[0].mul_(3)": "y is read after it was changed in place",
    "z = a * 2\nr = z[0]\nz.mul_(2)\ny = z * r.sum()": "r is read after it was changed in place",
    "w.add_(1)\ny = w * a": "w is read after it was changed in place",
    "y = a * 2\ny[a > 0] = a[0]": "a tensor cannot be assigned where a mask holds",
    "y = a * 2\ny[3] = 1": "index 3 is outside an axis of size 3",
    "y = a * 2\ny[0, 0, 0] = 1": "3 subscripts for a tensor [3,4]",
    "y = a * 2\ny[0] = a[:, 0]": "[3] cannot be repeated to [4]",
    "m = a > 0\nm[0] = True\nm[1] = 0.5\ny = m * a": "real numbers cannot be assigned to a part of a mask",
    "m = torch.zeros_like((a > 0)[1:])\nm[0] = a[0]\ny = m * a[1:]": "to a part of a mask or of integers",
    "t = sn.labels(4, classes=2)\nt[0] = 1\ny = a": "a part of labels cannot be assigned",
    "t = sn.labels(4, classes=2)\ny = a * 2\ny[0] = t": "labels are no real numbers",
    "y = torch.zeros(3, 4)\ny[0] = a[1]": "a part of a tensor of torch cannot become one of the model",
    "N = sn.dims(N='batch')\nx = sn.data(N, 2)\ny = x * 2\ny[1] = 0": "a part of an axis whose size N the data bring",
    "with torch.no_grad():\n    y = a\n    y[0] = 1": "a change in place without gradients is not covered",
    "y = a * 2\ndef step(x, h):\n    y[0] = h\n    return h * x\n"
    "y = sn.scan(step, a, a[0])": "a step of scan assigns a part of a tensor from outside",
}


@pytest.mark.parametrize("lines", REFUSED)
def test_what_is_refused(lines: str, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(HEAD + BODY.format(lines), encoding="utf-8")
    with pytest.raises(SymnetError, match=re.escape(REFUSED[lines])) as caught:
        pipeline.load(path)
    assert caught.value.problems[0].places and caught.value.problems[0].help


MODES = """import torch
from torch import nn

import symnet as sn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc, self.drop = nn.Linear(3, 3), nn.Dropout(0.5)

    def forward(self, x):
        h = self.inner(self.fc(x))
        return self.drop(h)

    def inner(self, h):
        {}
        h[:, 0] = h[:, 1] * h[:, 2]
        return h


net = sn.from_torch(Net())
loss = net(sn.data(4, 3)).square().sum()
"""


def test_modules_in_both_modes(tmp_path: Path) -> None:
    """The second run, for evaluation, finds what it was given as it was; a tensor from outside would not be."""
    path = tmp_path / "model.py"
    path.write_text(MODES.format("pass"), encoding="utf-8")
    model, _ = pipeline.load(path)
    assert model.evaluation is not None
    path.write_text(MODES.format("pass").replace("self.inner(self.fc(x))", "self.inner(x)"), encoding="utf-8")
    with pytest.raises(SymnetError, match="assigns a part of a tensor that it was given"):
        pipeline.load(path)


STATISTICS = """import torch
from torch import nn

import symnet as sn


class Norm(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.{numbers})
        self.fc, self.weights = nn.Linear(3, 3), None

    def forward(self, x):
        x = self.fc(x)
        self.weights = x.mean(0)
        if self.training:
            {renewed}
            return x - self.weights
        return x - self.mean


net = sn.from_torch(Norm())
x = sn.data(4, 3)
loss = net(net(x)).square().sum()
"""
RENEWED = {
    "self.mean = 0.9 * self.mean + 0.1 * self.weights": "mean of Norm is renewed by forward",
    "self.mean.mul_(0.9).add_(0.1 * self.weights.detach())": "in place",
    "self.mean += self.weights": "in place",
    "self.mean[:] = self.weights": "cannot",
}


@pytest.mark.parametrize("numbers", ("zeros(3)", "tensor([0.1, 0.2, 0.5])"))
@pytest.mark.parametrize("renewed", RENEWED)
def test_statistics_of_ones_own(renewed: str, numbers: str, tmp_path: Path) -> None:
    """Evaluation would find those of its own batch, and every step those of the file."""
    path = tmp_path / "model.py"
    path.write_text(STATISTICS.format(numbers=numbers, renewed=renewed), encoding="utf-8")
    with pytest.raises(SymnetError, match=RENEWED[renewed]) as caught:
        pipeline.load(path)
    assert caught.value.problems[0].places and caught.value.problems[0].help
    path.write_text(STATISTICS.format(numbers=numbers, renewed="pass"), encoding="utf-8")
    model, _ = pipeline.load(path)
    assert model.evaluation is not None


def test_a_state_without_a_buffer(tmp_path: Path) -> None:
    """A tensor that is a plain attribute is carried from step to step as well, whatever the mode is told by."""
    lines = STATISTICS.format(numbers="zeros(3)", renewed="pass")
    lines = lines.replace('self.register_buffer("mean", torch.zeros(3))', "self.mean = torch.zeros(3)")
    lines = lines.replace("self.training", "torch.is_grad_enabled()")
    path = tmp_path / "model.py"
    path.write_text(lines.replace("pass", "self.mean = 0.9 * self.mean + 0.1 * self.weights"), encoding="utf-8")
    with pytest.raises(SymnetError, match="mean of Norm is renewed by forward"):
        pipeline.load(path)
    path.write_text(lines, encoding="utf-8")
    pipeline.load(path)
