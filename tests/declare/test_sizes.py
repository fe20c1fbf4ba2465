"""Sizes as numbers in expressions: on either side of an operator, exact, under roots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp

import symnet as sn
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.declare.trace import Trace, recording

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
