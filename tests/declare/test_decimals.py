"""A Python float in a model is the number that the person computed, to the last digit that a float has."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
import sympy as sp

from symnet.declare.tracing.decimals import meant

NUMBERS = {
    0.1: sp.Rational(1, 10),
    0.044715: sp.Rational(44715, 10**6),
    0.1 + 0.2: sp.Rational(3, 10),
    1 / 3: sp.Rational(1, 3),
    -2 / 7: -sp.Rational(2, 7),
    2**0.5: sp.sqrt(2),
    1 / math.sqrt(12): 1 / sp.sqrt(12),
    math.pi: sp.pi,
    -math.pi / 2: -sp.pi / 2,
    math.sqrt(2 / math.pi): sp.sqrt(2 / sp.pi),
    1 / math.sqrt(2 * math.pi): 1 / sp.sqrt(2 * sp.pi),
}


@pytest.mark.parametrize("value", NUMBERS)
def test_the_number_meant(value: float) -> None:
    assert sp.expand(meant(value) - NUMBERS[value]) == 0
    assert float(meant(value)) == pytest.approx(value, rel=5e-16)


def test_any_other_float_is_the_decimal_that_it_prints() -> None:
    values = [float(v) for v in np.random.default_rng(0).normal(size=2000)]
    values += [sys.float_info.max, -float(np.finfo(np.float32).max), sys.float_info.min, math.ulp(0.0)]
    assert [v for v in values if meant(v) != sp.Rational(repr(v))] == []
    neighbours = [math.nextafter(2**0.5, 10.0) * (1 + 1e-15), 1 / 3 + 1e-15]
    assert [v for v in neighbours if meant(v) != sp.Rational(repr(v))] == []
