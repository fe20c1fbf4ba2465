"""Sizes as numbers in expressions: on either side of an operator, exact, under roots."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
import torch

import symnet as sn
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.declare.imports import own_modules_beside
from symnet.declare.loader import load_model
from symnet.declare.tracing.trace import Trace, recording
from symnet.errors import SymnetError
from symnet.model import Given
from symnet.pipeline import derive_model, load

X = np.array([[1.0, 2.0, -0.5], [3.0, -1.0, 0.25]])


@pytest.mark.parametrize(
    "rule",
    [
        lambda x, n, d: n * x,
        lambda x, n, d: x * n,
        lambda x, n, d: n + x,
        lambda x, n, d: n - x,
        lambda x, n, d: n / x,
        lambda x, n, d: (n - 1) * d * x / (n * d),
        lambda x, n, d: x / d**0.5,
        lambda x, n, d: x + 0.1 / d,
        lambda x, n, d: d**x,
    ],
)
def test_sizes_in_expressions(rule: Callable[..., Any]) -> None:
    with recording(Trace()) as trace:
        N, D = sn.dims(N=2, D=3)
        made = rule(sn.data(N, D), N, D)
        (key,) = (n for n, s in trace.specs.items() if s.role == "data")
        program = Program(trace.specs, tuple(trace.equations), made.spec.name)
    assert not any(e.body.atoms(sp.Float) for e in program.equations)
    np.testing.assert_allclose(evaluate(program, {key: X})[program.loss], rule(X, 2, 3))


ATTENTION = """
import symnet as sn

N, M, D = sn.dims(N="batch", M=5, D=4)
X, dO = sn.data(N, M), sn.data(N, D)
Wq, Wk, Wv, bk = sn.param(M, D), sn.param(M, D), sn.param(M, D), sn.param(D)
Q, K, V = X @ Wq, X @ Wk + bk, X @ Wv
S = {scores}
P = sn.softmax(S, 1)
loss = sn.sum(dO * (P @ V))
"""


@pytest.mark.parametrize(
    "scores",
    ["Q @ K.T / D**0.5", "Q @ K.T * D**-0.5", "D ** (-0.5) * (Q @ K.T)", "Q * D**-0.25 @ (K * D**-0.25).T"],
)
def test_a_root_of_a_size_in_floats_is_the_root(tmp_path: Path, scores: str) -> None:
    """dQ and dK are closed, and the key bias is shown to have no gradient, as with ``sn.sqrt(D)``."""
    path = tmp_path / "model.py"
    path.write_text(ATTENTION.format(scores=scores), encoding="utf-8")
    derivation = derive_model(load(path)[0])
    assert not any(e.body.atoms(sp.Float) for e in derivation.program.equations)
    (dbk,) = derivation.program.defining("dbk")
    assert dbk.body == 0


def test_words_that_use_the_number_of_a_named_size_meet_the_name(tmp_path: Path) -> None:
    text = "import symnet as sn\nimport torch\nH = sn.dims(H=6)\nx = sn.param(H)\n"
    losses = ("sn.sum(torch.roll(x, 1) * x)", "sn.sum(torch.cumprod(x, 0) * x)", "sn.sum((x[1:] - x[:-1]) ** 2)")
    value = np.arange(1.0, 7.0)
    expected = (np.roll(value, 1) @ value, np.cumprod(value) @ value, 5.0)
    for loss, number in zip(losses, expected, strict=True):
        path = tmp_path / "model.py"
        path.write_text(f"{text}loss = {loss}\n")
        program = load_model(path)[0].program
        np.testing.assert_allclose(evaluate(program, {"x": value})[program.loss], number)


def test_one_hot_rows_of_a_number_of_classes_that_a_size_names(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(
        "import torch.nn.functional as F, symnet as sn\n"
        "N, D, C = sn.dims(N=5, D=3, C=4)\n"
        "X, t, W = sn.data(N, D), sn.labels(N, classes=C), sn.param(D, C)\n"
        "loss = sn.mean((X @ W - F.one_hot(t, 4)) ** 2)\n"
    )
    derivation, rng = derive_model(load(path)[0]), np.random.default_rng(0)
    x, w, t = rng.normal(size=(5, 3)), rng.normal(size=(3, 4)), np.array([3, 0, 1, 1, 2])
    found = evaluate(derivation.program, {"X": x, "W": w, "t": t})[derivation.gradients["W"]]
    np.testing.assert_allclose(found, x.T @ (x @ w - np.eye(4)[t]) / 10, rtol=1e-12)


IN_PLACE_OF_NUMBERS = {
    "np.tril(np.ones((T, T))) @ x": lambda x: np.tril(np.ones((4, 4))) @ x,
    "np.triu(np.full((T, T), 0.5), 1) @ x + np.eye(T)[:, :3]": lambda x: (
        np.triu(np.full((4, 4), 0.5), 1) @ x + np.eye(4)[:, :3]
    ),
    "x + torch.zeros(size=(T, D)) + torch.ones(size=(T, D))": lambda x: x + 1,
    "F.pad(x, (0, 0, T, 0)).sum(1)": lambda x: np.concatenate([np.zeros(4), x.sum(1)]),
    "F.pad(x, (T // 2, 0)).sum(1)": lambda x: x.sum(1),
    "x * torch.arange(T)[:, None] + (2 * torch.arange(D) + 1)": lambda x: (
        x * np.arange(4)[:, None] + 2 * np.arange(3) + 1
    ),
    "x * torch.sin(torch.arange(T) / T)[:, None]": lambda x: x * np.sin(np.arange(4) / 4)[:, None],
    "x * (sn.arange(T) == 2)[:, None]": lambda x: x * (np.arange(4) == 2)[:, None],
    "x * torch.linspace(0, 1.5, T)[:, None]": lambda x: x * np.linspace(0, 1.5, 4)[:, None],
    "torch.einsum('td,de->te', x[:, :3], torch.arange(D)[:, None] + torch.ones(size=(D, D)))": lambda x: (
        x @ (np.arange(3)[:, None] + np.ones((3, 3)))
    ),
    "torch.einsum('td,d->t', torch.ones(size=(T, D)), torch.sort(x, 0).values[0, :3])": lambda x: (
        np.ones(4) * np.sort(x, 0)[0].sum()
    ),
    "x.repeat(D, 1)": lambda x: np.tile(x, (3, 1)),
    "torch.stack(torch.chunk(x, T, 0))[:, 0]": lambda x: x,
    "torch.stack([x[t] for t in range(T)][::-1])": lambda x: x[::-1],
}


@pytest.mark.parametrize("text", IN_PLACE_OF_NUMBERS)
def test_a_size_with_a_number_stands_where_python_counts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "model.py"
    path.write_text(
        "import numpy as np, torch, torch.nn.functional as F, symnet as sn\n"
        f"T, D = sn.dims(T=4, D=3)\nx = sn.param(T, D)\ny = {text}\nloss = sn.sum(sn.sin(y))\n"
    )
    model, x = load_model(path)[0], np.random.default_rng(0).normal(size=(4, 3))
    given = {i.spec.name: np.asarray(i.values.values) for i in model.inputs if isinstance(i.values, Given)}
    expected = np.sin(IN_PLACE_OF_NUMBERS[text](x)).sum()
    found = evaluate(model.program, {"x": x, **given})[model.program.loss]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("count", ["x.shape[0], 1, 1", "(x.size(0), 1, 1)"])
def test_a_parameter_of_torch_repeated_for_every_row_of_the_batch(tmp_path: Path, count: str) -> None:
    path = tmp_path / "model.py"
    path.write_text(
        "import torch, symnet as sn\nN = sn.dims(N='batch')\nX, dY = sn.data(N, 4, 3), sn.data(N, 2, 3)\n"
        "class Latents(torch.nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.z = torch.nn.Parameter(torch.zeros(2, 3))\n"
        f"    def forward(self, x):\n        q = self.z.unsqueeze(0).repeat({count})\n"
        "        return torch.softmax(q @ x.transpose(1, 2), -1) @ x\n"
        "loss = sn.sum(dY * sn.from_torch(Latents())(X))\n"
    )
    derivation, rng = derive_model(load(path)[0]), np.random.default_rng(0)
    x, dy, z = (torch.tensor(rng.normal(size=s), requires_grad=True) for s in ((5, 4, 3), (5, 2, 3), (2, 3)))
    ((torch.softmax(z @ x.transpose(1, 2), -1) @ x) * dy).sum().backward()
    values = {"X": x.detach().numpy(), "dY": dy.detach().numpy(), "z": z.detach().numpy()}
    found = evaluate(derivation.program, values)[derivation.gradients["z"]]
    assert z.grad is not None
    np.testing.assert_allclose(found, z.grad.numpy(), rtol=1e-12)


OF_THE_BATCH = {
    "torch.zeros(n, 3) + torch.ones(x.size(0), 1)": lambda n: np.ones((n, 3)),
    "torch.full((n, 3), 0.5, device='cpu')": lambda n: np.full((n, 3), 0.5),
    "torch.eye(n, dtype=torch.float64).sum(1)[:, None] * torch.ones(3)": lambda n: np.ones((n, 3)),
    "torch.where(torch.zeros(n, 3, dtype=torch.bool), 2.0, torch.ones((n, 3), dtype=torch.int64).float())": lambda n: (
        np.ones((n, 3))
    ),
    "torch.ones_like(x, dtype=torch.uint8).float() * 0.5": lambda n: np.full((n, 3), 0.5),
    "np.zeros((n, 3)) + np.ones([n, 1])": lambda n: np.ones((n, 3)),
    "np.eye(n) @ np.full((x.shape[0], 3), 2.0)": lambda n: np.full((n, 3), 2.0),
    "torch.zeros(3, 3)[:1] + np.ones(3)": lambda n: np.ones((1, 3)),
}


@pytest.mark.parametrize("text", OF_THE_BATCH)
def test_libraries_make_tensors_of_a_size_that_the_data_bring(tmp_path: Path, text: str) -> None:
    own = torch.zeros, torch.eye, np.ones, np.full
    path = tmp_path / "model.py"
    path.write_text(
        "import numpy as np, torch, symnet as sn\n"
        f'n = sn.dims(n="batch")\nx, w = sn.data(n, 3), sn.param(3)\nloss = sn.sum(sn.sin(x * w + {text}))\n'
    )
    model, rng = load_model(path)[0], np.random.default_rng(0)
    assert own == (torch.zeros, torch.eye, np.ones, np.full)
    given = {i.spec.name: np.asarray(i.values.values) for i in model.inputs if isinstance(i.values, Given)}
    for rows in (1, 4):
        x, w = rng.normal(size=(rows, 3)), rng.normal(size=3)
        found = evaluate(model.program, {"x": x, "w": w, **given})[model.program.loss]
        np.testing.assert_allclose(found, np.sin(x * w + OF_THE_BATCH[text](rows)).sum(), rtol=1e-12)


def test_the_libraries_have_their_makers_again_after_a_mistake(tmp_path: Path) -> None:
    own = torch.zeros, np.eye
    path = tmp_path / "model.py"
    path.write_text('import numpy as np, torch, symnet as sn\nn = sn.dims(n="batch")\n1 / 0\n')
    with pytest.raises(SymnetError, match="ZeroDivisionError"):
        load_model(path)
    assert own == (torch.zeros, np.eye)


COMPARED = {
    "t == T - 1": True,
    "T - 1 == t and not T - 1 != t": True,
    "t < T < 5 and T * 2 >= 8": True,
    "T > 2 * t": False,
    "T % 2": False,
    "not (D * T) % 5": False,
    "x.shape == (4, 3) and x.shape != (3, 4) and [T, D] == [4, 3]": True,
    "x.shape == w.shape": False,
    "x.shape[0] == len(w) and T in (2, 4) and (T, D) in [(4, 3)] and T - 4 not in (1, 2)": True,
    "n == x2.shape[0] and len(x2) > 0 and n != 0": True,
    "isinstance(range(T - 1), range) and list(range(T - 1, -1, -2)) == [3, 1] and T is not None": True,
    "T if T - 3 == 1 else 0": True,
    "T == 4.0 and T != 'T' and not T == None": True,
}


@pytest.mark.parametrize("text", COMPARED)
def test_sizes_are_compared_by_their_numbers(text: str, tmp_path: Path) -> None:
    """``t == T - 1`` is no comparison of letters: a loss took the other branch, and nothing told."""
    path = tmp_path / "model.py"
    path.write_text(
        'import symnet as sn\nT, D, n = sn.dims(T=4, D=3, n="batch")\n'
        "x, x2, w = sn.data(T, D), sn.data(n), sn.param(T)\n"
        f"t = 3\nif {text}:\n    loss = w.sum()\nelse:\n    loss = 2 * w.sum()\n"
    )
    model = load_model(path)[0]
    found = evaluate(model.program, {"w": np.ones(4), "x": np.ones((4, 3)), "x2": np.ones(2)})[model.program.loss]
    assert float(found) == (4 if COMPARED[text] else 8)


@pytest.mark.parametrize(
    ("cases", "loss"),
    [
        ("match T:\n    case 4:\n        loss = w.sum()\n    case _:\n        loss = 2 * w.sum()", 4),
        ("match x.shape:\n    case (4, d):\n        loss = d * w.sum()\n    case _:\n        loss = w.sum()", 12),
        ("match [T - 1, 'a']:\n    case [int(k), 'a']:\n        loss = k * w.sum()", 12),
        ("match w:\n    case sn.Tensor():\n        loss = w.sum()", 4),
        ("match n:\n    case 3:\n        loss = w.sum()", "which case n is only the data say"),
    ],
)
def test_match_looks_at_the_numbers_of_sizes(cases: str, loss: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    sizes = 'import symnet as sn\nT, D, n = sn.dims(T=4, D=3, n="batch")\nx, w = sn.data(T, D), sn.param(T)\n'
    path.write_text(f"{sizes}{cases}\n")
    if isinstance(loss, str):
        with pytest.raises(SymnetError, match=loss):
            load_model(path)
        return
    program = load_model(path)[0].program
    assert float(evaluate(program, {"w": np.ones(4), "x": np.ones((4, 3))})[program.loss]) == loss


@pytest.mark.parametrize("text", ["n == 4", "n > 1", "x2.shape == (4,)", "n - 1"])
def test_what_only_the_data_say_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(
        'import symnet as sn\nn = sn.dims(n="batch")\nx2, w = sn.data(n), sn.param()\n'
        f"if {text}:\n    w = w * 2\nloss = w * 2\n"
    )
    with pytest.raises(SymnetError, match="only the data say") as caught:
        load_model(path)
    assert caught.value.problems[0].places and caught.value.exit_code == 2


#: Models that say a size by its name in one place and by its number in another.
MIXED = [
    "net = sn.Linear(3, 4)\nloss = sn.cross_entropy(net(sn.data(N, D)), sn.labels(N, classes=C))",
    "W = sn.param(3, 4)\nloss = sn.tanh(sn.data(N, D) @ W + sn.param(C)).sum()",
    "x, y = sn.data(N, T), sn.data(N, T)\nw = sn.param()\n"
    "loss = sn.mse_loss(sn.stack([sn.sin(w * x[:, t]) for t in range(5)], 1), y)",
    "x, w = sn.data(N, T), sn.param(4)\nh = sn.stack([x[:, :4] * w, sn.param(N, C) * w])\nloss = (h**2).sum()",
    "x = sn.data(N, D, T, T)\nloss = (sn.Conv2d(3, 2, 2)(x) ** 2).sum()",
    "x = sn.data(N, D)\nloss = (sn.BatchNorm1d(3)(x) ** 3).sum()",
    "x, A = sn.data(N, D, C), sn.param(3, 4, 2)\nloss = (sn.tensordot(x, A, 2) ** 2).sum()",
    "x, h = sn.data(T, N, D), sn.param(2, 4)\nloss = (sn.RNN(3, C)(x, h[:1, None].expand(1, N, 4))[0] ** 2).sum()",
    "y = sn.data(N, C)\nloss = sn.multi_margin_loss(y * sn.param(4), sn.labels(N, classes=4))",
    "x, a = sn.data(N, D), sn.param(3)\nloss = (sn.prelu(x, a) ** 2).sum()",
]


@pytest.mark.parametrize("model", MIXED)
def test_a_number_meets_a_name_of_that_number(model: str, tmp_path: Path) -> None:
    named = 'N, D, C, T = sn.dims(N="batch", D=3, C=4, T=5)'
    plain = 'N, (D, C, T) = sn.dims(N="batch"), (3, 4, 5)'
    programs = []
    for sizes in (named, plain):
        (tmp_path / "m.py").write_text(f"import symnet as sn\n\n{sizes}\n{model}\n", encoding="utf-8")
        programs.append(derive_model(load(tmp_path / "m.py")[0]).program)
    rng = np.random.default_rng(0)
    given: dict[str, Any] = {}
    for spec in programs[1].tensors.values():
        shape = tuple(2 if s.free_symbols else int(s) for s in spec.shape)  # two samples
        if spec.role in ("parameter", "data", "buffer", "label"):
            given[spec.name] = rng.integers(0, 3, shape) if spec.integer else rng.normal(size=shape)
    left, right = (evaluate(p, given) for p in programs)
    assert programs[0].adjoints.keys() == programs[1].adjoints.keys()
    for tensor, adjoint in programs[0].adjoints.items():
        if adjoint in left:
            np.testing.assert_allclose(left[adjoint], right[programs[1].adjoints[tensor]], rtol=1e-12)


def test_two_names_of_one_number_are_two_sizes() -> None:
    with recording(Trace()) as trace:
        D, H = sn.dims(D=3, H=3)
        made = sn.data(4, D) + sn.param(4, H)
        assert made.broken and "do not fit together" in trace.problems.found[0].message
        assert not trace.fixed


def test_a_number_that_the_data_bring_is_no_number_yet() -> None:
    with recording(Trace()) as trace:
        N = sn.dims(N="batch")
        assert (sn.data(N, 2) + sn.param(3, 2)).broken and trace.problems.found


def test_sizes_are_compared_in_modules_of_the_persons_own(tmp_path: Path) -> None:
    """What the model imports is read as the model is, and nothing of that stays behind."""
    (tmp_path / "own_package").mkdir()
    (tmp_path / "own_package" / "__init__.py").write_text("from .own_steps import total\n")
    (tmp_path / "own_package" / "own_steps.py").write_text(
        "def total(x, w):\n    T, D = x.shape\n    s = 0\n    for t in range(T - 1 + 1):\n"
        "        s = s + (3 if t == T - 1 else 1) * (x[t] * w).sum()\n"
        "    return 2 * s if D == 3 and 2 * D != 5 and len(x) == T else s\n"
    )
    (tmp_path / "model.py").write_text(
        "import symnet as sn\nfrom own_package import total\n\nT, D = sn.dims(T=2, D=3)\n"
        "x, w = sn.data(T, D), sn.param(D)\nloss = total(x, w)\n"
    )
    before = list(sys.meta_path)
    model, _ = load_model(tmp_path / "model.py")
    assert sys.meta_path == before and not list(tmp_path.rglob("*.pyc"))
    x, w = np.arange(6.0).reshape(2, 3), np.array([1.0, -2.0, 0.5])
    found = evaluate(model.program, {"x": x, "w": w})[model.program.loss]
    np.testing.assert_allclose(found, 2 * (x[0] @ w + 3 * x[1] @ w))


@pytest.mark.parametrize("name", ["colorsys", "einops", "symnet.doctor"])
def test_installed_modules_are_read_as_they_are(name: str, tmp_path: Path) -> None:
    with own_modules_beside(str(tmp_path)):
        found = importlib.util.find_spec(name)
    assert found is not None and type(found.loader) is SourceFileLoader
