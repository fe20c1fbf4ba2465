"""Forward functions in torch's and NumPy's own words, read from a file, derived, checked and generated."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symnet import pipeline
from symnet.declare.tracing.trace import Traced
from symnet.errors import SymnetError
from symnet.model import Given
from symnet.verify.report import Options
from tests.codegen.script_checks import run_within

MODEL = """\
import numpy as np
import torch

import symnet as sn

N, D, H, C = sn.dims(N="batch", D=4, H=5, C=3)
X = sn.data(N, D)
t = sn.labels(N, classes=C)
W1, b1 = sn.param(D, H), sn.param(H, init="zeros")
W2 = sn.param(H, C)
scale = np.array([1.0, 2.0, 0.5])
pick = torch.tensor([0, 2, 4])


def forward(x):
    h = torch.tanh(x @ W1 + b1)
    return np.exp(torch.relu(h)) @ W2 * scale


logits = forward(X)
loss = sn.cross_entropy(logits, t) + torch.sum((W1.T @ W1 - 2 * torch.eye(5)) ** 2) / 10 + W1[:, pick].pow(2).sum()
"""


def model_file(folder: Path, text: str) -> Path:
    path = folder / "words.py"
    path.write_text(text)
    return path


def test_a_model_in_the_words_of_torch_and_numpy(tmp_path: Path) -> None:
    model, warnings = pipeline.load(model_file(tmp_path, MODEL))
    assert warnings == ()
    given = {i.spec.name: i.values.values for i in model.inputs if isinstance(i.values, Given)}
    assert given == {"scale": (1.0, 2.0, 0.5), "pick": (0, 2, 4)}  # named as the variables that hold them
    assert model.labels == "t"  # given integers are no labels
    derivation = pipeline.derive_model(model)
    assert pipeline.check(derivation, Options()).exit_code == 0
    for path, text in pipeline.scripts(derivation, ("numpy", "torch"), tmp_path).items():
        path.write_text(text)
        ran = run_within(tmp_path, path, "--check-grad")
        assert ran.returncode == 0, ran.stdout + ran.stderr


SAME = [
    ("torch.exp(x)", "sn.exp(x)"),
    ("np.array([1.0, 2.0, 4.0]) * x", "sn.data(3, values=[1.0, 2.0, 4.0], name='c') * x"),
    ("torch.tensor(2.0) - x", "2 - x"),
    ("np.float64(0.5) * x", "0.5 * x"),
    ("torch.ones(3) + x", "1 + x"),
]


@pytest.mark.parametrize(("theirs", "ours"), SAME)
def test_a_constant_is_what_a_person_would_declare(theirs: str, ours: str, tmp_path: Path) -> None:
    def body(text: str) -> str:
        head = "import numpy as np\nimport torch\n\nimport symnet as sn\n\nx = sn.param(3)\n"
        model, _ = pipeline.load(model_file(tmp_path, f"{head}loss = sn.sum({text})\n"))
        return str(model.program)

    assert body(theirs) == body(ours)


def test_equal_arrays_are_one_constant(tmp_path: Path) -> None:
    text = "import numpy as np\n\nimport symnet as sn\n\nx = sn.param(2)\n"
    text += "loss = sn.sum(x * np.array([1.0, 3.0])) + sn.sum(np.array([1.0, 3.0]) / x)\n"
    model, _ = pipeline.load(model_file(tmp_path, text))
    assert [(i.spec.name, np.asarray(i.values.values).tolist()) for i in model.inputs] == [("c", [1.0, 3.0])]  # type: ignore[union-attr]


def test_an_axis_added_in_the_expression_is_meant(tmp_path: Path) -> None:
    head = (
        "import torch\n\nimport symnet as sn\n\nN = sn.dims(N='batch')\nx, y = sn.data(N), sn.data(N)\nw = sn.param()\n"
    )
    for allowed in ("(w * x)[:, None] - y", "torch.sub((w * x)[:, None], y)"):
        model, _ = pipeline.load(model_file(tmp_path, f"{head}loss = sn.mean(({allowed}) ** 2)\n"))
        assert "N" in model.sizes
    with pytest.raises(SymnetError, match="would broadcast"):
        pipeline.load(model_file(tmp_path, f"{head}z = (w * x)[:, None]\nloss = sn.mean((z - y) ** 2)\n"))


def test_only_an_axis_that_gets_as_long_as_another_one_is_asked_about(tmp_path: Path) -> None:
    head = "import symnet as sn\n\nN = sn.dims(N='batch')\nt, a = sn.data(N), sn.param(5)\ncolumn = t[:, None]\n"
    model, _ = pipeline.load(model_file(tmp_path, f"{head}z = column * a\nloss = sn.mean(z**2)\n"))
    assert [str(s) for s in model.program.tensors["z"].shape] == ["N", "5"]
    with pytest.raises(SymnetError, match=r"would broadcast \[5,1\] with \[5\] to \[5,5\]"):
        pipeline.load(model_file(tmp_path, f"{head}b = a[:, None]\nz = b * a\nloss = sn.mean(z**2)\n"))


def test_what_a_tensor_keeps_for_itself_hides_no_method_of_torch() -> None:
    torch = pytest.importorskip("torch")
    kept = {name for name in vars(Traced) if not name.startswith("_")}
    assert "spec" in kept
    assert {name for name in kept if hasattr(torch.Tensor, name)} == {"ndim", "shape"}
