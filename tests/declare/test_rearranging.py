"""einops on tensors of a model: value and gradients beside torch's own, in NumPy and in PyTorch.

Where einops is not installed, a package of its name stands for it, which asks its backends in the same way.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from symnet import pipeline
from symnet.errors import SymnetError
from tests.declare.test_torch_modules import compare

BACKENDS = """import sys

import torch


class AbstractBackend:
    framework_name: str

    def add_axes(self, x, n_axes, lengths):
        repeats = [1] * n_axes
        for axis, length in lengths.items():
            x, repeats[axis] = self.add_axis(x, axis), length
        return self.tile(x, tuple(repeats))


class Torch(AbstractBackend):
    framework_name = "torch"
    shape, reshape, tile = (lambda self, x: tuple(x.shape)), torch.Tensor.reshape, torch.Tensor.tile
    add_axis, concat = torch.Tensor.unsqueeze, staticmethod(torch.cat)
    stack_on_zeroth_dimension = staticmethod(torch.stack)

    def __init__(self):
        self.add_axis, self.reshape, self.tile = torch.unsqueeze, torch.reshape, torch.tile
        self.transpose, self.einsum, self.is_float_type = torch.permute, torch.einsum, torch.is_floating_point

    def is_appropriate_type(self, x):
        return isinstance(x, torch.Tensor)

    def reduce(self, x, operation, axes):
        if operation == "prod":
            return x.prod(axes[0])
        return getattr(x, {"min": "amin", "max": "amax"}.get(operation, operation))(dim=axes)


def get_backend(x):
    for kind in AbstractBackend.__subclasses__():
        if kind.framework_name in sys.modules and kind().is_appropriate_type(x):
            return kind()
    raise RuntimeError(f"Tensor type unknown to einops {type(x)}")
"""
STANDS_FOR = """
from einops._backends import get_backend


def heads(x, row):
    to = get_backend(x)
    n, t, d = to.shape(x)
    assert d == 4 and to.is_float_type(x)
    x = to.concat([to.add_axes(row, 3, {0: n}), x], 1)
    return to.transpose(to.reshape(x, (n, t + 1, 2, d // 2)), [0, 2, 1, 3])


def products(x):
    to = get_backend(x)
    return to.einsum("bhid,bhjd->bhij", x, to.stack_on_zeroth_dimension([x, 2 * x])[1])


def reduced(x):
    to = get_backend(x)
    return [to.reduce(x, kind, [3]) for kind in ("sum", "mean", "max", "min", "prod")]
"""
REAL = """
from einops import einsum, rearrange, reduce, repeat


def heads(x, row):
    x, _ = pack((repeat(row, "1 d -> n 1 d", n=x.shape[0]), x), "n * d")
    return Rearrange("n t (h d) -> n h t d", h=2)(x)


def products(x):
    return einsum(x, rearrange([x, 2 * x], "two ... -> two ...")[1], "b h i d, b h j d -> b h i j")


def reduced(x):
    return [reduce(x, "b h i j -> b h i", kind) for kind in ("sum", "mean", "max", "min", "prod")]
"""
MODEL = """
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
HEAD = "import torch\nfrom torch import nn\n\nimport symnet as sn\n"
LAYER = "from einops import pack\nfrom einops.layers.torch import Rearrange\n"


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where a package named einops is found before any other."""
    (tmp_path / "einops").mkdir()
    (tmp_path / "einops" / "_backends.py").write_text(BACKENDS, encoding="utf-8")
    (tmp_path / "einops" / "__init__.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [n for n in sys.modules if n.partition(".")[0] == "einops"]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("einops", "einops._backends"):  # what the test imports is forgotten after it
        monkeypatch.setitem(sys.modules, name, sys)
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


def test_what_einops_asks_a_backend_for(beside: Path) -> None:
    compare(HEAD + STANDS_FOR + MODEL, beside)


def test_a_damaged_einops_is_told_where_it_is_imported(beside: Path) -> None:
    (beside / "einops" / "_backends.py").write_text("raise ImportError('damaged')\n", encoding="utf-8")
    path = beside / "model.py"
    path.write_text("import symnet as sn\nw = sn.param(2)\nloss = (w * w).sum()\n", encoding="utf-8")
    pipeline.load(path)
    path.write_text("import einops._backends\n", encoding="utf-8")
    with pytest.raises(SymnetError, match="ImportError: damaged") as caught:
        pipeline.load(path)
    assert caught.value.problems[0].places[0].source.line == 1


if importlib.util.find_spec("einops") is not None:

    def test_einops(tmp_path: Path) -> None:
        compare(HEAD + LAYER + REAL + MODEL, tmp_path)
