"""Training and evaluation: what is drawn, where dropout is, and what buffers become; each against torch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import symnet as sn
from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.calculus.verify import verify
from symnet.declare.drawn import both_modes
from symnet.declare.tracing.trace import Trace, recording
from symnet.errors import SymnetError
from tests.declare.words_in_text import drawn

Word = Callable[..., Any]
SHAPES = {1: (5,), 2: (4, 3), 3: (2, 3, 4), 4: (2, 3, 2, 2), 5: (2, 3, 2, 1, 2)}


def recorded(build: Word, *arrays: Any) -> tuple[Trace, Program, Program | None, list[str], Any]:
    """The programs of both modes of ``Σ cos(place) build(...)``, with the names of the parameters and of the result."""
    trace = Trace()
    with recording(trace):
        parameters = [sn.param(*a.shape) for a in arrays]
        result = build(*parameters)
        weights = weights_of(tuple(map(int, result.shape)))
        loss = sn.sum(result * sn.data(*weights.shape, values=weights))
    trace.problems.raise_if_any()
    return trace, *both_modes(trace, loss.spec.name), [p.spec.name for p in parameters], result.spec.name


def weights_of(shape: tuple[int, ...]) -> Any:
    return np.cos(0.7 * np.arange(np.prod(shape)) + 0.3).reshape(shape)


def values_of(trace: Trace, names: list[str], arrays: Any, draws: list[Any]) -> dict[str, Any]:
    given = {n: d.values.values for n, d in trace.declared.items() if hasattr(d.values, "values")}
    order = [n for n in trace.specs if n in trace.drawn]
    assert len(order) == len(draws)
    return {**given, **dict(zip(names, arrays, strict=True)), **dict(zip(order, draws, strict=True))}


def check_both(build: Word, theirs: Word, evaluated: Word, arrays: tuple[Any, ...], draws: list[Any]) -> None:
    """Value and gradients of both modes against torch's."""
    trace, trained, other, names, result = recorded(build, *arrays)
    for program, reference in ((trained, theirs), (other or trained, evaluated)):
        tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
        expected = reference(*tensors)
        (expected * torch.tensor(weights_of(tuple(expected.shape)))).sum().backward()
        derived = verify(derive(verify(program), names))
        found = evaluate(derived, values_of(trace, names, arrays, draws))
        np.testing.assert_allclose(found[result], expected.detach().numpy(), rtol=1e-12, atol=1e-14)
        for name, tensor in zip(names, tensors, strict=True):
            gradient = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad.numpy()
            np.testing.assert_allclose(found[derived.adjoints[name]], gradient, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize(
    ("name", "rank", "axes"),
    [("dropout", r, r) for r in (1, 2, 3)]
    + [("dropout1d", 2, 1), ("dropout1d", 3, 2), ("dropout2d", 4, 2), ("dropout2d", 3, 2)]
    + [("dropout3d", 4, 1), ("dropout3d", 5, 2), ("alpha_dropout", 2, 2), ("feature_alpha_dropout", 4, 2)],
)
@pytest.mark.filterwarnings("ignore:dropout2d")
def test_dropout_is_torchs_with_torchs_own_mask(name: str, rank: int, axes: int, p: float) -> None:
    """torch's mask is read off a call on ones with the same seed, and given to ours as what was drawn."""
    x = drawn(*SHAPES[rank]) + 3.0
    theirs = getattr(F, name)

    def seeded(a: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(7)
        return theirs(a, p, training=True)

    marked = seeded(torch.zeros(x.shape, dtype=torch.float64) + (0.0 if "alpha" in name else 1.0)).numpy()
    mask = (marked > 0).astype(float) if "alpha" in name else marked
    mask = mask[(slice(None),) * axes + (0,) * (rank - axes)]
    draws = [mask] if 0 < p < 1 else []
    check_both(lambda a: getattr(sn, name)(a, p), seeded, lambda a: theirs(a, p, training=False), (x,), draws)


def test_torchs_own_functions_keep_their_argument_training() -> None:
    """F.dropout(x) drops in evaluation too, as in torch; with sn.training it follows the mode."""
    x, mask = drawn(4, 3), np.array([[0.0, 2.0, 2.0]] * 4)
    half = torch.tensor(mask)
    check_both(lambda a: F.dropout(a), lambda a: a * half, lambda a: a * half, (x,), [mask])
    check_both(lambda a: F.dropout(a, training=sn.training), lambda a: a * half, lambda a: a, (x,), [mask])
    check_both(lambda a: F.dropout(a, training=False), lambda a: a, lambda a: a, (x,), [])


def test_attention_drops_weights() -> None:
    q, mask = drawn(3, 3), np.array([[0.0, 2.0, 2.0], [2.0, 0.0, 0.0], [2.0, 2.0, 2.0]])

    def theirs(a: torch.Tensor) -> torch.Tensor:
        return (torch.softmax(a @ a.T / 3**0.5, -1) * torch.tensor(mask)) @ a

    check_both(lambda a: F.scaled_dot_product_attention(a, a, a, dropout_p=0.5), theirs, theirs, (q,), [mask])


def test_words_that_draw() -> None:
    x, p, e = drawn(4, 3), 1 / (1 + np.exp(-drawn(4, 3, seed=1))), drawn(4, 3, seed=2)
    u = np.random.default_rng(3).random((4, 3))
    t, hit = torch.tensor(e), torch.tensor((u < p).astype(float))

    def same(build: Word, theirs: Word, arrays: tuple[Any, ...], draws: list[Any]) -> None:
        check_both(build, theirs, theirs, arrays, draws)

    same(lambda a: a * torch.randn_like(a), lambda a: a * t, (x,), [e])
    same(lambda a: a * torch.rand_like(a), lambda a: a * t, (x,), [e])
    same(lambda a: a * sn.randn(4, 3) + sn.rand((4, 3)), lambda a: a * t + torch.tensor(u), (x,), [e, u])
    same(lambda a: a * sn.drawn(4, 3, values=sn.uniform()), lambda a: a * t, (x,), [e])
    same(lambda a, b: a * torch.bernoulli(b), lambda a, b: a * hit + 0 * b, (x, p), [u])
    same(lambda a: a * torch.bernoulli(a, 0.3), lambda a: a * hit, (x,), [hit.numpy()])
    same(lambda a, b: torch.normal(a, b), lambda a, b: a + b * t, (x, p), [e])
    same(lambda a: torch.normal(a, 0.5), lambda a: a + 0.5 * t, (x,), [e])


@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_is_torchs_with_the_same_draws(hard: bool, dim: int) -> None:
    x, u = drawn(4, 3), np.random.default_rng(5).uniform(size=(4, 3))
    noise = torch.tensor(-np.log(-np.log(u)))

    def theirs(a: Any) -> Any:
        soft = torch.softmax((a + noise) / 0.7, dim)
        chosen = torch.zeros_like(a).scatter(dim, soft.argmax(dim, keepdim=True), 1.0)
        return chosen - soft.detach() + soft if hard else soft

    check_both(lambda a: F.gumbel_softmax(a, 0.7, hard=hard, dim=dim), theirs, theirs, (x,), [u])


def test_rrelu_draws_its_slopes_in_training_alone() -> None:
    x = np.array([-2.0, -0.5, 0.0, 1.5, -1.0])
    a = np.random.default_rng(6).uniform(0.2, 0.6, size=5)
    slopes = torch.tensor(a)

    def theirs(t: Any) -> Any:
        return torch.where(t > 0, t, slopes * t)

    def evaluated(t: Any) -> Any:
        return F.rrelu(t, 0.2, 0.6)

    check_both(lambda t: sn.nn.RReLU(0.2, 0.6)(t), theirs, evaluated, (x,), [a])
    check_both(lambda t: F.rrelu(t, 0.2, 0.6, training=True), theirs, theirs, (x,), [a])
    check_both(lambda t: F.rrelu(t, 0.2, 0.6), evaluated, evaluated, (x,), [])
    trace = recorded(lambda t: F.rrelu(t, 0.2, 0.6, training=True), x)[0]
    (declared,) = (trace.declared[n] for n in trace.drawn)
    assert declared.values == sn.uniform(0.2, 0.6)


def test_training_is_a_condition() -> None:
    x = drawn(4, 3)
    check_both(lambda a: sn.where(sn.training, a * a, 3 * a), lambda a: a * a, lambda a: 3 * a, (x,), [])
    check_both(lambda a: a * sn.training, lambda a: a, lambda a: 0 * a, (x,), [])


class Noisy(sn.Module):
    def forward(self, x: Any) -> Any:
        if self.training:  # a file runs once for both
            return x * 2
        return x


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda x: Noisy()(x), "no truth value"),
        (lambda x: sn.scan(lambda a, h: sn.dropout(a + h, 0.5), x, x[0]), "inside a step of scan"),
        (lambda x: sn.update(sn.buffer(3), x), "the update of"),
        (lambda x: sn.update(x, x), "is no buffer"),
        (lambda x: torch.normal(1.0, x[0])[0].bernoulli(2.0), "probability is 2.0"),
    ],
)
def test_what_has_no_meaning_is_refused(build: Word, message: str) -> None:
    trace = Trace()
    with recording(trace), pytest.raises(SymnetError, match=message):
        build(sn.param(4, 3))
        trace.problems.raise_if_any()
