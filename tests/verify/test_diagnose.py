"""What is said of a wrong gradient, and the kinks and steps of central differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from symnet.calculus.evaluate import evaluate
from symnet.model import Given
from symnet.verify.check import check
from symnet.verify.diagnose import differs, reasons
from symnet.verify.differences import Slope, agree, moved_by, nearest_kinks, slopes
from symnet.verify.report import Options
from tests.programs import CASES, program_of
from tests.recurrences import CASES as RECURRENCES
from tests.verify.derivations import derivation_of

RIGHT = np.array([[1.0, 2.0, -3.0], [4.0, 0.0, 6.0], [7.0, 8.0, 9.0]])
SIZES = {"N": 300, "D": 3, "H": 64}


@pytest.mark.parametrize(
    ("hand", "said"),
    [
        (300 * RIGHT, "hand / autograd = 300.000 everywhere, which is N: the 1/N of the mean is missing"),
        (
            -64 * RIGHT,
            "hand / autograd = -64.000 everywhere, which is H: a factor 1/H is missing, and the sign is flipped",
        ),
        (64 * RIGHT, "hand / autograd = 64.000 everywhere, which is H: a factor 1/H is missing"),
        (RIGHT / 300, "hand / autograd = 0.003 everywhere, which is 1/N: a factor N is missing, or a mean taken twice"),
        (2 * RIGHT, "hand / autograd = 2.000 everywhere: a factor 2 too many"),
        (RIGHT / 2, "hand / autograd = 0.500 everywhere: the factor 2 of a square is missing"),
        (-RIGHT, "hand / autograd = -1.000 everywhere: the sign is flipped"),
        (1.7 * RIGHT, "hand / autograd = 1.700 everywhere"),
        (0 * RIGHT, "hand is 0 everywhere"),
        (RIGHT.T, "hand is the transpose of autograd"),
        (RIGHT + 5, "hand - autograd = 5 everywhere"),
        (RIGHT + np.eye(3) * [0, 0, 1], "1 of 9 entries differ, the first at [2, 2]"),
        (RIGHT * np.array([1, np.nan, 1]), "hand holds 3 numbers that are not finite"),
        (RIGHT + np.array([0, np.inf, 0]), "hand holds 3 numbers that are not finite"),
        (RIGHT[:2], "the shape is [2, 3], the parameter has [3, 3]"),
    ],
)
def test_reasons(hand: np.ndarray, said: str) -> None:
    assert reasons(hand, RIGHT, SIZES) == (said,)
    assert differs(hand, RIGHT, 1e-9, 0.0)


def test_a_transposed_shape() -> None:
    assert reasons(RIGHT[:2].T, RIGHT[:2], SIZES) == (
        "the shape is [3, 2], the parameter has [2, 3]",
        "hand is the transpose of autograd",
    )


def test_what_agrees() -> None:
    assert not differs(RIGHT, RIGHT * (1 + 1e-12), 1e-9, 0.0)
    assert not differs(np.full(3, 1e-17), np.zeros(3), 1e-9, 1e-12)
    assert differs(np.full(3, 1e-17), np.zeros(3), 1e-9, 0.0)


@pytest.mark.parametrize("name", ["mlp", "rnn", "lstm", "convolution"])
def test_differences_evaluate_only_what_the_parameter_moves(name: str) -> None:
    """Every parameter, moved: the rest of the equations, with the other values given, end in the same loss."""
    case = {**CASES, **RECURRENCES}[name]
    inputs = case.draw(np.random.default_rng(0))
    values = evaluate(case.program, inputs)
    counts = set()
    for parameter in case.wrt:
        moved, given = moved_by(case.program, parameter, values)
        there = {parameter: inputs[parameter] + 0.25}
        counts.add(len(moved.equations))
        assert evaluate(moved, {**given, **there})[case.program.loss] == pytest.approx(
            evaluate(case.program, {**inputs, **there})[case.program.loss], rel=1e-14
        )
    assert name != "mlp" or min(counts) < len(case.program.equations)


def test_differences_have_the_stated_precision() -> None:
    case = CASES["cubic"]
    inputs = case.draw(np.random.default_rng(0))
    x, y = inputs["x"], inputs["y"]
    residual = inputs["a"] + inputs["b"] * x + inputs["c"] * x**2 + inputs["d"] * x**3 - y
    for slope in slopes(case.program, inputs, "c", np.array(1.0)):
        wanted = float(np.sum(2 * residual * x**2))
        assert slope.value == pytest.approx(wanted, rel=1e-7)
        assert agree(wanted, abs(wanted), (slope,))[0]
        assert not agree(wanted * 1.00001, abs(wanted), (slope,))[0]
    assert agree(1.0, 1.0, (Slope(np.nan, 1.0, 1e-4),)) == (False, np.inf)


def test_the_nearest_kinks_are_found() -> None:
    program = program_of(
        "parameter x[N] parameter y[N] loss",
        "loss += relu(x[i])*y[i] + maximum(x[i], y[i]) + clip(y[i], -1, 2)",
        sizes="N",
    )
    inputs = {"x": np.array([-0.25, 4.0]), "y": np.array([-1.5, 3.0])}
    found = {kink.sentence for kink in nearest_kinks(program, inputs)}
    assert found == {
        "nearest |x| to the relu corner: 2.5e-01",
        "nearest |x - y| to the maximum corner: 1.0e+00",
        "nearest |y + 1| to the clip corner: 5.0e-01",
        "nearest |y - 2| to the clip corner: 1.0e+00",
    }
    assert nearest_kinks(CASES["cubic"].program, CASES["cubic"].draw(np.random.default_rng(0))) == ()


def test_a_crossed_corner_is_a_warning_beside_autograd_and_undecided_alone() -> None:
    """At 0 the central difference of relu is 1/2, where PyTorch and symnet say 0."""
    derivation = derivation_of("corner")
    same = tuple(replace(p, init=Given((1.0, 2.0, 3.0))) for p in derivation.model.parameters)
    derivation = replace(derivation, model=replace(derivation.model, parameters=same))
    both = check(derivation, Options(("autograd", "fd"), trials=1))
    alone = check(derivation, Options(("fd",), trials=1))
    assert both.exit_code == 0
    assert "a central difference for x crossed a corner and was not counted" in both.warnings
    assert alone.exit_code == 3
    assert alone.undecided[0] == (
        "the central difference for x crosses a corner: nearest |x - x0| to the relu corner: 0.0e+00"
    )
