"""The catalogue of closed forms: every derived gradient is the expert's, costs no more, and prints as in a book.

``examples/closed_forms`` holds a model file for each form with ``expert()``, the gradients as an expert writes them.
"""

from __future__ import annotations

import numpy as np
import pytest

from symnet.calculus.evaluate import EXACT, FLOAT, evaluate
from symnet.calculus.operations import operations
from tests.closed_forms import (
    DIGITS,
    FOLDER,
    FORMS,
    autograd,
    derived,
    exact_values,
    expert,
    float_point,
)

POINTS = 3
REPRESENTATIVE = 32  # a size that the data bring, in the cost model


@pytest.mark.parametrize("form", FORMS)
def test_the_derived_gradient_is_the_experts(form: str) -> None:
    derivation, written = derived(form), expert(form)
    assert set(written.adjoints) == set(derivation.wrt)
    for turn in range(POINTS):
        arithmetic, (ours, theirs, raw) = exact_values([derivation.program, written, derivation.raw], derivation, turn)
        for name, adjoint in written.adjoints.items():
            gradients = ours[derivation.program.adjoints[name]], raw[derivation.raw.adjoints[name]], theirs[adjoint]
            assert len({g.shape for g in gradients}) == 1
            mine, rule, other = (np.ravel(g) for g in gradients)
            if arithmetic is EXACT:
                assert (mine == other).all() and (rule == other).all()
            else:
                bound = 10.0**-DIGITS * (1 + max(map(abs, rule)))
                assert max(map(abs, (*(mine - other), *(rule - other)))) <= bound


@pytest.mark.parametrize("form", FORMS)
def test_the_derived_gradient_is_autograds(form: str) -> None:
    derivation = derived(form)
    for turn in range(POINTS):
        point = float_point(derivation, turn)
        values = evaluate(derivation.program, point.inputs, FLOAT)
        loss, gradients = autograd(FOLDER / f"{form}.py", derivation, point)
        assert float(values[derivation.program.loss]) == pytest.approx(loss, rel=1e-12, abs=1e-12)
        for name, gradient in gradients.items():
            ours = values[derivation.program.adjoints[name]]
            np.testing.assert_allclose(ours, gradient, rtol=1e-9, atol=1e-12 * (1 + np.abs(gradient).max()))


@pytest.mark.parametrize("form", FORMS)
def test_the_derived_gradient_costs_no_more_than_the_experts(form: str) -> None:
    derivation, written = derived(form), expert(form)
    free = derivation.model.program.targets()
    costs = [
        operations(program, [program.adjoints[name] for name in derivation.wrt], free)
        for program in (derivation.program, written)
    ]
    numbers = {s: derivation.model.sizes[s.name] or REPRESENTATIVE for c in costs for s in c.free_symbols}
    ours, theirs = (float(c.xreplace(numbers)) for c in costs)
    assert ours <= theirs, f"{costs[0]} against {costs[1]}"
