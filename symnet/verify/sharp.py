"""The loss and its slopes in many digits, which judge where float64 cannot: saturation, cancelling terms, corners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus.evaluate import Arithmetic, NotExact, evaluate, multidigit, sizes_of
from symnet.calculus.ir import Program
from symnet.calculus.matrix_rules import walked

Array = Any

DIGITS = 400  # 1 - sigmoid(800) still has 50 digits
_CELLS = 4000  # values of all equations together
_STEP = 20


def sharp_loss(program: Program, inputs: Mapping[str, Array]) -> float | None:
    """The loss of the forward equations, or None where they are too many or have no value in many digits."""
    return _guarded(program, inputs, lambda real, arithmetic: _loss(program, real, arithmetic))


def sharp_slope(program: Program, inputs: Mapping[str, Array], name: str, direction: Array) -> float | None:
    """The central difference of step 1e-20: no rounding to speak of, and a corner is crossed only from the corner."""

    def slope(real: Mapping[str, Array], arithmetic: Arithmetic) -> Any:
        step = _numbers(direction, arithmetic) / arithmetic.number(sp.Integer(10) ** _STEP)
        up, down = (_loss(program, {**real, name: real[name] + side * step}, arithmetic) for side in (1, -1))
        return (up - down) * 10**_STEP / 2

    return _guarded(program, inputs, slope)


def _guarded(program: Program, inputs: Mapping[str, Array], compute: Any) -> float | None:
    sizes = sizes_of(program, {n: np.shape(inputs[n]) for n, t in program.tensors.items() if n in inputs})
    cells = sum(int(sp.Mul(*(i.size.xreplace(sizes) for i in walked(e)))) for e in program.equations)
    if cells > _CELLS or not all(np.all(np.isfinite(v)) for v in inputs.values()):
        return None
    arithmetic = multidigit(DIGITS)
    real = {n: v if program.tensors[n].integer else _numbers(v, arithmetic) for n, v in inputs.items()}
    try:
        return float(compute(real, arithmetic))
    except (NotExact, ZeroDivisionError, ValueError, TypeError):  # a complex logarithm, a pole
        return None


def _loss(program: Program, real: Mapping[str, Array], arithmetic: Arithmetic) -> Any:
    return evaluate(program, real, arithmetic)[program.loss].item()


def _numbers(values: Array, arithmetic: Arithmetic) -> Array:
    exact = np.frompyfunc(lambda v: arithmetic.number(sp.Rational(float(v))), 1, 1)
    return np.asarray(exact(np.asarray(values, dtype=float)), dtype=object)
