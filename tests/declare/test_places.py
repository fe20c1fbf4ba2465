"""Places that are computed, in whole models with a named batch: values and gradients against torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import symnet as sn
from symnet.calculus.evaluate import evaluate
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Trace, recording
from symnet.pipeline import derive_model, load
from tests.cases.running import model_of

Loss = Callable[..., Any]


def experts(X: Any, Y: Any, Wg: Any, We: Any) -> Any:
    """Two experts of five for each row."""
    scores = X @ Wg
    top = torch.topk(scores, 2, 1)
    gates = torch.zeros_like(scores).scatter(1, top.indices, torch.softmax(top.values, 1))
    return ((torch.einsum("ne,nd,edf->nf", gates, X, We) - Y) ** 2).mean()


def best_expert(X: Any, Y: Any, Wg: Any, We: Any) -> Any:
    """One expert, whose weights are picked for each row."""
    best, which = torch.softmax(X @ Wg, 1).max(1)
    return ((best[:, None] * torch.einsum("nd,ndf->nf", X, We[which]) - Y) ** 2).mean()


def sorted_over_the_batch(X: Any, Y: Any, Wg: Any, We: Any) -> Any:
    """The labels in the order of the errors; the axis that is sorted is the batch."""
    errors, order = torch.sort((X @ Wg)[:, 0], descending=True)
    return (torch.cumsum(Y[:, 0][order], 0) * F.relu(1 - errors)).sum() + (We**2).sum()


def neighbour(X: Any, Y: Any, Wg: Any, We: Any) -> Any:
    """Each row and the code that is nearest to it."""
    codes = We[0]
    which = ((X[:, None] - codes[None]) ** 2).sum(2).argmin(1)
    return ((codes[which] - X) ** 2).mean() + (torch.tanh(X @ Wg) * Y[:, :1]).sum()


TEXT = """
import torch, torch.nn.functional as F, symnet as sn
from tests.declare.test_places import {name}

N, D, E = sn.dims(N="batch", D=4, E=5)
X, Y = sn.data(N, D), sn.data(N, D)
Wg, We = sn.param(D, E), sn.param(E, D, D)
loss = {name}(X, Y, Wg, We)
"""


@pytest.mark.parametrize("loss", [experts, best_expert, sorted_over_the_batch, neighbour], ids=lambda f: f.__name__)
def test_a_model_that_picks_by_computed_places(tmp_path: Path, loss: Loss) -> None:
    path = tmp_path / "model.py"
    path.write_text(TEXT.format(name=loss.__name__), encoding="utf-8")
    derivation, rng = derive_model(load(path)[0]), np.random.default_rng(0)
    shapes = {"X": (7, 4), "Y": (7, 4), "Wg": (4, 5), "We": (5, 4, 4)}
    values = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    theirs = {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}
    expected = loss(**theirs)
    expected.backward()
    found = evaluate(derivation.program, values)
    np.testing.assert_allclose(found[derivation.program.loss], expected.detach().numpy(), rtol=1e-12)
    for name in ("Wg", "We"):
        gradient = theirs[name].grad
        assert gradient is not None
        np.testing.assert_allclose(found[derivation.gradients[name]], gradient.numpy(), rtol=1e-11, atol=1e-13)


def test_places_are_computed_where_they_are_used_alone() -> None:
    with recording(Trace()) as trace:
        x = sn.param(4, 3)
        for found in (torch.sort(x), torch.topk(x, 2), x.max(1), x.min(0), torch.cummax(x, 0)):
            count = len(trace.equations)
            assert not isinstance(found.indices, Tensor)  # it is no real output beside the values
            assert tuple(found.indices.shape) == tuple(found.values.shape) and not found.indices.is_floating_point()
            assert len(trace.equations) >= count and str(found.indices.dtype) == "torch.int64"


def test_given_places_of_max_unpool_hold_in_a_whole_model() -> None:
    places = torch.tensor([[[[1, 14]], [[0, 17]]]])
    weights, entries = np.cos(np.arange(36.0)).reshape(1, 2, 3, 6), np.arange(1.0, 5.0).reshape(1, 2, 1, 2)

    def loss(x: Any) -> Any:
        return (F.max_unpool2d(x, places, 3) ** 2 * torch.tensor(weights)).sum()

    leaf = torch.tensor(entries, requires_grad=True)
    wanted = torch.autograd.grad(loss(leaf), leaf)[0]
    derivation = derive_model(model_of(lambda: loss(sn.param(1, 2, 1, 2, name="x"))), ("x",))
    given = {i.spec.name: np.asarray(i.values.values) for i in derivation.model.inputs}  # type: ignore[union-attr]
    found = evaluate(derivation.program, {**given, "x": entries})[derivation.program.adjoints["x"]]
    np.testing.assert_allclose(found, wanted, rtol=1e-13)
