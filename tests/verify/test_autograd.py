"""The evaluation of equations by PyTorch against losses written with PyTorch's own functions."""

from __future__ import annotations

import numpy as np
import pytest

from symnet.calculus.evaluate import evaluate
from symnet.verify.autograd import autograd_of
from tests.programs import CASES, Case
from tests.references import LOSSES, gradients, leaves


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_loss_and_gradients_are_those_of_torchs_own_functions(case: Case) -> None:
    for seed in range(2):
        inputs = case.draw(np.random.default_rng(seed))
        values, found = autograd_of(case.program, inputs)
        assert values["loss"] == pytest.approx(LOSSES[case.name](leaves(inputs, ())).item(), rel=1e-13)
        wanted = gradients(case.name, inputs, case.wrt)
        for name in case.wrt:
            np.testing.assert_allclose(found[name], wanted[name], rtol=1e-11, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_intermediate_is_the_evaluators(case: Case) -> None:
    inputs = case.draw(np.random.default_rng(4))
    values, _ = autograd_of(case.program, inputs)
    for name, value in evaluate(case.program, inputs).items():
        np.testing.assert_allclose(values[name], value, rtol=1e-12, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("name", ["max_share", "max_first", "pool_share", "pool_first"])
def test_ties_follow_the_policy(name: str) -> None:
    case = CASES[name]
    inputs = case.draw(np.random.default_rng(1)) | {"x": np.zeros(case.shapes["x"])}
    wanted = gradients(name, inputs, case.wrt)["x"]
    np.testing.assert_allclose(autograd_of(case.program, inputs)[1]["x"], wanted, rtol=1e-13, atol=1e-15)
