"""einops on tensors of a model: value and gradients beside torch's own, in NumPy and in PyTorch."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from symnet import pipeline
from symnet.errors import SymnetError
from tests.declare.test_torch_modules import compare

MODEL = """
import torch
from einops import einsum, pack, rearrange, reduce, repeat
from einops.layers.torch import Rearrange
from torch import nn

import symnet as sn


def heads(x, row):
    x, _ = pack((repeat(row, "1 d -> n 1 d", n=x.shape[0]), x), "n * d")
    return Rearrange("n t (h d) -> n h t d", h=2)(x)


def products(x):
    return einsum(x, rearrange([x, 2 * x], "two ... -> two ...")[1], "b h i d, b h j d -> b h i j")


def reduced(x):
    return [reduce(x, "b h i j -> b h i", kind) for kind in ("sum", "mean", "max", "min", "prod")]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.row = nn.Parameter(torch.ones(1, 4))

    def forward(self, x):
        return sum((k + y).square().sum() for k, y in enumerate(reduced(products(heads(self.fc(x), self.row)))))


def build():
    return Net()


def loss_of(net, x):
    return net(x)


N = sn.dims(N="batch")
x = sn.data(N, 3, 4)
net = sn.from_torch(build())
loss = loss_of(net, x)
"""


def test_einops(tmp_path: Path) -> None:
    compare(MODEL, tmp_path)


def test_a_damaged_einops_is_told_where_it_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "einops").mkdir()
    (tmp_path / "einops" / "_backends.py").write_text("raise ImportError('damaged')\n", encoding="utf-8")
    (tmp_path / "einops" / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [n for n in sys.modules if n.partition(".")[0] == "einops"]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("einops", "einops._backends"):  # what the test imports is forgotten after it
        monkeypatch.setitem(sys.modules, name, sys)
        monkeypatch.delitem(sys.modules, name)
    path = tmp_path / "model.py"
    path.write_text("import symnet as sn\nw = sn.param(2)\nloss = (w * w).sum()\n", encoding="utf-8")
    pipeline.load(path)
    path.write_text("import einops._backends\n", encoding="utf-8")
    with pytest.raises(SymnetError, match="ImportError: damaged") as caught:
        pipeline.load(path)
    assert caught.value.problems[0].places[0].source.line == 1
