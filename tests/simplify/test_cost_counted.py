"""The cost model against operations counted by hand, and against a counter that carries the equations out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

from symnet.calculus.evaluate import FLOAT, evaluate
from symnet.calculus.ir import Index, Program
from symnet.calculus.scalars import greater, where
from symnet.simplify.operations import operations
from tests.calculus.forward import C, D, Forward, N, Read, d, k, n
from tests.closed_forms import FORMS, derived, float_point
from tests.simplify.counting import Counted

SIZES = {"N": 2, "D": 3, "C": 5}


def reads(f: Forward) -> tuple[Read, Read, Read]:
    return f.leaf("x", N), f.leaf("X", N, D), f.leaf("Y", N, C)


x, X, Y = reads(Forward())
BY_HAND: list[tuple[sp.Expr, tuple[Index, ...], float]] = [
    (x(n) + 1, (), 2),  # an addition for each of N = 2
    (2 * x(n) ** 2, (), 2 * 2),
    (2 * x(n) / N, (), 2),  # the number 2/N is one number
    (1 / x(n), (), 2),
    (1 / x(n) ** 3, (), 2 * 3),
    (1 / x(n) ** 3, (), 2 * 3),
    (1 / (x(n) * (1 + x(n))), (), 2 * 3),
    (sp.exp(x(n)), (), 2 * 10),
    (sp.exp(x(n)) * (1 + sp.exp(x(n))), (), 2 * (10 + 2)),  # a function value is computed once
    (sp.sqrt(x(n) ** 2 + 1), (), 2 * (1 + 1 + 10)),
    (where(greater(x(n), 0), 1, 3 * x(n)), (), 2 * (1 + 1 + 1)),  # a comparison, a product, a choice
    (x(n) / 10 + 2 * x(n) ** 2 / 5, (), 2 * 3),  # (1/10 + 2 x/5) x, not (1/2 + 2 x) x/5
    (X(n, d), (d,), 2 * 3),  # a sum of D = 3 terms
    (X(n, d) * Y(n, k), (d, k), 2 * 3 + 2 * 5 + 2),  # two sums and their product, not D·C products
    (x(n) * X(n, d), (d,), 2 * 3 + 2),  # a free factor goes out of the sum
]


@pytest.mark.parametrize(("body", "over", "expected"), BY_HAND, ids=[str(c[0]) for c in BY_HAND])
def test_operations_are_those_counted_by_hand(body: sp.Expr, over: tuple[Index, ...], expected: float) -> None:
    f = Forward()
    reads(f)
    f.put("loss", [n], body, over)
    rng = np.random.default_rng(0)
    shapes = {"x": "N", "X": "ND", "Y": "NC"}
    inputs = {name: rng.uniform(0.5, 2, [SIZES[s] for s in shape]) for name, shape in shapes.items()}
    assert counted_as_said(f.program(), inputs) == expected


@pytest.mark.parametrize("form", FORMS)
def test_the_model_says_what_a_counter_counts(form: str) -> None:
    derivation = derived(form)
    for turn in range(2):
        assert counted_as_said(derivation.program, float_point(derivation, turn).inputs) > 0


def counted_as_said(program: Program, inputs: dict[str, Any]) -> float:
    """The operations of all equations, each carried out: its values are the evaluator's and its count the model's."""
    values = evaluate(program, inputs, FLOAT)
    counted = Counted(program, values)
    total = 0.0
    for name in program.targets():
        count, entries = counted.equation(name)
        for place, entry in entries.items():
            np.testing.assert_allclose(entry, values[name][place], rtol=1e-12, atol=1e-12, err_msg=name)
        said = operations(program, [name], set(program.targets()) - {name})
        assert float(said.xreplace(dict(counted.sizes))) == count, name
        total += count
    return total
