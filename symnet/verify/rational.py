"""The exact check: at random rational points the simplified program, the raw one and forward mode give equal numbers.

Where a function has no rational values (exp, log, sqrt, ...) floats of 50 digits take the place of fractions, and a
central difference of step 1e-20 that of forward mode.  Schwartz and Zippel: two different rational functions of low
degree hardly ever agree at one random point, and never at twenty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus.evaluate import EXACT, Arithmetic, NotExact, evaluate, multidigit
from symnet.calculus.ir import Program, size_symbol
from symnet.calculus.matrix_rules import walked
from symnet.model import Derivation, Model
from symnet.verify.differences import slope_program
from symnet.verify.draw import Point, rational_point
from symnet.verify.dual import dual

POINTS = 24
_FLOAT_POINTS = 6  # where there are no fractions each point takes longer, and tells as much
_CELLS = 40_000  # values of all equations together, over all points
_DIGITS = 50
_MANY_DIGITS = 400
_STEP = sp.Rational(1, 10**20)


@dataclass(frozen=True)
class Exact:
    """How the exact check came out: ``wrong`` names the parameters whose gradients differ, and how."""

    points: int
    sizes: Mapping[str, int]
    rational: bool
    wrong: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """The result in words."""
        sizes = "".join(f", {name} = {value}" for name, value in self.sizes.items())
        kind = "equal as fractions" if self.rational else f"equal to {_DIGITS} digits"
        if self.wrong:
            kind = "; ".join(f"{parameter}: {reason}" for parameter, reason in self.wrong)
        return f"{self.points} random rational point{'s' if self.points > 1 else ''}{sizes}: {kind}"


def check_exactly(derivation: Derivation, seed: int, points: int = POINTS) -> Exact:
    """Compare the gradients of the simplified program with the raw ones and with the slope along a random direction.

    Sizes are small where they are named.  Raises NotExact if a function has no value in either number system.
    """
    small, own = _small(derivation.model), {n: 3 if s is None else s for n, s in derivation.model.sizes.items()}
    try:
        return _check(derivation, seed, points, small)
    except (IndexError, ValueError):  # a number in the model fits its own sizes only, e.g. classes=3 beside C
        return _check(derivation, seed, points, own)


def _check(derivation: Derivation, seed: int, points: int, sizes: Mapping[str, int]) -> Exact:
    points = max(1, min(points, _CELLS // _cells(derivation.raw, sizes)))
    rng, wrong, made, poles = np.random.default_rng([seed, 4]), dict[str, str](), 0, 0
    arithmetic: Arithmetic = EXACT
    while made < points:
        point = rational_point(derivation.model, sizes, rng)
        try:
            found = _differences(derivation, point, arithmetic, rng)
            if found and arithmetic is not EXACT:  # a saturated function loses digits; with more of them it does not
                found = _differences(derivation, point, multidigit(_MANY_DIGITS), rng)
            wrong |= found
        except NotExact:
            if arithmetic is not EXACT:
                raise
            arithmetic, points = multidigit(_DIGITS + 10), min(points, _FLOAT_POINTS)
            continue
        except ZeroDivisionError:
            poles += 1
            if poles > points:
                raise NotExact("the loss has a pole at most of the points") from None
            continue
        made += 1
    return Exact(points, sizes, arithmetic is EXACT, tuple(wrong.items()))


def _differences(
    derivation: Derivation, point: Point, arithmetic: Arithmetic, rng: np.random.Generator
) -> dict[str, str]:
    raw = evaluate(derivation.raw.at(point.sizes), point.inputs, arithmetic)
    simplified = evaluate(derivation.program.at(point.sizes), point.inputs, arithmetic)
    found: dict[str, str] = {}
    gradients: dict[str, Any] = {}
    for name in derivation.wrt:
        first, second = raw[derivation.raw.adjoints[name]], simplified[derivation.program.adjoints[name]]
        gradients[name] = second
        if not _equal(first, second, arithmetic):
            found[name] = "the simplified gradient differs from that of the one rule"
    directions = {
        n: _sevenths(rng.integers(1, 9, g.shape) * rng.choice([-1, 1], g.shape)) for n, g in gradients.items()
    }
    forward, with_held = slope_program(derivation.model)
    forward, point = forward.at(point.sizes), replace(point, inputs=with_held(point.inputs))
    if not found and not _is_slope(forward, point, gradients, directions, arithmetic):
        single = (n for n in gradients if not _is_slope(forward, point, {n: gradients[n]}, directions, arithmetic))
        found = dict.fromkeys(single, "the gradient is not the slope of the loss along a random direction")
    return found


_sevenths = np.frompyfunc(lambda v: Fraction(int(v), 7), 1, 1)


def _is_slope(
    program: Program, point: Point, gradients: Mapping[str, Any], directions: Mapping[str, Any], arithmetic: Arithmetic
) -> bool:
    """Whether Σ gradient · direction is the derivative of the loss along the directions of these parameters."""
    along = sum(np.sum(g * _numbers(directions[n], arithmetic)) for n, g in gradients.items())
    slope = _slope(program, point, {n: directions[n] for n in gradients}, arithmetic)
    return _equal(along, slope, arithmetic, 1e-28)


def _slope(program: Program, point: Point, directions: Mapping[str, Any], arithmetic: Arithmetic) -> Any:
    if arithmetic is EXACT:
        moved = {**point.inputs, **{n: dual(point.inputs[n], d) for n, d in directions.items()}}
        return getattr(evaluate(program, moved, EXACT)[program.loss].item(), "slope", Fraction(0))
    step = arithmetic.number(_STEP)
    values = {n: _numbers(point.inputs[n], arithmetic) for n in directions}
    ways = {n: _numbers(d, arithmetic) * step for n, d in directions.items()}
    up, down = (
        evaluate(program, {**point.inputs, **{n: values[n] + side * ways[n] for n in ways}}, arithmetic)[program.loss]
        for side in (1, -1)
    )
    return (up.item() - down.item()) / (2 * step)


def _numbers(values: Any, arithmetic: Arithmetic) -> Any:
    return np.frompyfunc(lambda v: arithmetic.number(sp.Rational(v)), 1, 1)(values)


def _equal(first: Any, second: Any, arithmetic: Arithmetic, tolerance: float = 10.0**-_DIGITS) -> bool:
    if arithmetic is EXACT:
        return bool(np.all(first == second))
    scale = max([abs(v) for v in np.ravel(first)], default=0)
    return all(abs(a - b) <= tolerance * (scale + 1) for a, b in zip(np.ravel(first), np.ravel(second), strict=True))


def _small(model: Model) -> dict[str, int]:
    """Small numbers for the named sizes, unequal in turn, never above those of the model."""
    return {
        name: min(3 - k % 2, declared if declared is not None else 3)
        for k, (name, declared) in enumerate(model.sizes.items())
    }


def _cells(program: Program, sizes: Mapping[str, int]) -> int:
    numbers = {size_symbol(name): sp.Integer(value) for name, value in sizes.items()}
    return sum(int(sp.Mul(*(i.size.xreplace(numbers) for i in walked(e)))) for e in program.equations)
