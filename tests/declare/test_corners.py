"""Words at their corners: one derivation at zeros, equal entries and ties, by the code of both targets and torch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import symnet as sn
from symnet.calculus.verify import verify
from symnet.declare.drawn import both_modes
from symnet.declare.tracing.infinite import without_infinities
from symnet.declare.tracing.trace import Trace, recording
from tests.codegen.running import LANGUAGES, as_arrays, derivation_of, functions_of
from tests.declare.test_words import plainly_named
from tests.declare.words_in_text import written

#: X and Y [4,3] and W [3] take the numbers of a corner.
TEXTS = (
    *(f"torch.{word}(X)" for word in ("abs", "sign", "round", "trunc", "frac", "relu", "sinc", "selu")),
    *(f"F.{word}(X)" for word in ("hardtanh", "hardswish", "elu", "leaky_relu", "softsign", "relu6")),
    *(f"F.{word}(X)" for word in ("softshrink", "hardshrink", "tanhshrink", "celu", "gelu", "mish")),
    *(f"torch.{word}(X, Y)" for word in ("maximum", "minimum", "fmax", "fmin", "logaddexp", "dist", "cdist")),
    *(f"torch.{word}(X, 1).values" for word in ("max", "min", "median", "sort", "cummax", "cummin")),
    *(f"torch.{word}(X, 1)" for word in ("amax", "amin", "prod", "cumprod", "softmax", "logcumsumexp", "std", "var")),
    *(f"F.{word}(X, Y)" for word in ("l1_loss", "smooth_l1_loss", "huber_loss", "pairwise_distance")),
    *("torch.clamp(X, -1, 1)", "torch.where(X > Y, X, 2 * Y)", "torch.topk(X, 2, 1).values", "F.threshold(X, 0.5, 2)"),
    *("X.norm(dim=1)", "X.norm(1, 1)", "X.norm(float('inf'), 1)", "F.normalize(X)", "F.cosine_similarity(X, Y)"),
    *(
        "F.max_pool1d(X[None], 2, 1)",
        "F.avg_pool1d(X[None], 2)",
        "F.prelu(X, W)",
        "F.margin_ranking_loss(X, Y, torch.ones(4, 3))",
    ),
    *("torch.special.xlogy(torch.relu(X), 1 + Y**2)", "torch.relu(X) ** (Y**2 + 1.5)", "torch.sqrt(torch.relu(X))"),
    *(
        "F.gaussian_nll_loss(X, Y, X**2)",
        "torch.logsumexp(X, 1)",
        "F.triplet_margin_loss(X, Y, X)",
    ),
    *("F.cross_entropy(X, torch.tensor([0, 2, 1, 1]))", "F.multi_margin_loss(X, torch.tensor([0, 2, 1, 1]))"),
)


def corners(shape: tuple[int, ...]) -> dict[str, Any]:
    """Numbers at which kinks, ties and zeros meet."""
    rng = np.random.default_rng(3)
    whole = rng.integers(-1, 3, size=shape).astype(float)
    return {"zeros": np.zeros(shape), "halves": np.full(shape, 0.5), "minus": np.full(shape, -1.0), "ties": whole}


@pytest.mark.filterwarnings("ignore:std")
@pytest.mark.parametrize("text", TEXTS)
def test_corners(text: str) -> None:
    case, trace = written(text), Trace()
    expected = case.theirs(*map(torch.tensor, case.inputs))
    weights = np.cos(0.7 * np.arange(expected.numel()) + 0.3).reshape(tuple(expected.shape))
    with recording(trace):
        parameters = [sn.param(*a.shape) for a in case.inputs]
        weighed = sn.sum(case.ours(*parameters) * (weights if weights.ndim else float(weights)))
    trace.problems.raise_if_any()
    program = plainly_named(verify(without_infinities(trace, both_modes(trace, weighed.spec.name)[0])))
    names = [p.spec.name.replace("%", "v") for p in parameters]
    derivation = derivation_of(program, tuple(names), "simplified")
    given = {k.replace("%", "v"): np.asarray(getattr(d.values, "values", 0.0)) for k, d in trace.declared.items()}
    codes = {language: functions_of(derivation, spelled) for language, spelled in LANGUAGES.items()}
    for corner in corners(()):
        values = [corners(a.shape)[corner] for a in case.inputs]
        theirs = [torch.tensor(a, requires_grad=True) for a in values]
        loss = (case.theirs(*theirs) * torch.tensor(weights)).sum()
        gradients = torch.autograd.grad(loss, theirs, allow_unused=True)
        for language, functions in codes.items():
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                arrays = as_arrays({**given, **dict(zip(names, values, strict=True))}, language)
                value, found = functions.run(arrays)
            where = f"{language} at {corner}"
            np.testing.assert_allclose(float(value), loss.item(), rtol=1e-9, atol=1e-12, err_msg=where)
            for name, leaf, gradient in zip(names, theirs, gradients, strict=True):
                wanted = torch.zeros_like(leaf) if gradient is None else gradient
                np.testing.assert_allclose(found[name], wanted, rtol=1e-9, atol=1e-11, err_msg=f"{where} {name}")
