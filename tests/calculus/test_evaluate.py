"""The evaluator against sums written out in Python, in every number system."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp

from symnet.calculus.evaluate import EXACT, FLOAT, NotExact, evaluate, multidigit, sizes_of
from tests.programs import CASES, program_of


def test_an_equation_means_its_loop() -> None:
    case = CASES["convolution"]
    inputs = case.draw(np.random.default_rng(0))
    x, w, b = inputs["x"], inputs["w"], inputs["b"]
    found = evaluate(case.program, inputs)["y"]
    wanted = np.zeros_like(found)
    for n, o, i, j in np.ndindex(wanted.shape):
        wanted[n, o, i, j] = b[o]
        for c, p, q in np.ndindex(w.shape[1:]):
            u, v = 2 * i + p - 1, 2 * j + q - 1
            if 0 <= u < x.shape[2] and 0 <= v < x.shape[3]:
                wanted[n, o, i, j] += x[n, c, u, v] * w[o, c, p, q]
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_indices_that_are_not_read_still_count() -> None:
    """``loss += x[n]**2 - c*c`` over n has N copies of c*c."""
    program = CASES["copies"].program
    values = evaluate(program, {"x": np.array([1.0, 2.0]), "c": 3.0, "unused": np.zeros(2)})
    assert values["loss"] == 1 + 4 - 2 * 9


def test_several_equations_of_one_target_add() -> None:
    program = program_of("parameter x[N] loss", "loss += x[i]\nloss += 10\nloss += x[j]**2", sizes="N")
    assert evaluate(program, {"x": np.array([1.0, 2.0])})["loss"] == 3 + 10 + 5


def test_indices_and_sizes_are_numbers_in_a_body() -> None:
    program = program_of("parameter x[N] loss", "loss += x[i]*i/N", sizes="N")
    x = np.array([5.0, 7.0, 11.0])
    assert evaluate(program, {"x": x})["loss"] == pytest.approx((7 + 22) / 3)
    assert evaluate(program, {"x": x}, EXACT)["loss"] == Fraction(29, 3)


def test_fractions_stay_fractions() -> None:
    values = evaluate(CASES["mean"].program, {"x": np.array([Fraction(1, 3), Fraction(1, 7), 2])}, EXACT)
    wanted = sum(3 * (v + 2) ** 2 for v in (Fraction(1, 3), Fraction(1, 7), Fraction(2))) / 3
    assert values["loss"].item() == wanted and isinstance(values["loss"].item(), Fraction)


def test_fifty_digits_are_mpmaths() -> None:
    inputs = {"Z": np.array([[1.0, 2.0, -3.0]]), "g": np.array([[1.0, 0.0, 0.0]])}
    found = evaluate(CASES["softmax"].program, inputs, multidigit(50))["P"][0, 0]
    with mpmath.workdps(60):
        wanted = mpmath.exp(1) / (mpmath.exp(1) + mpmath.exp(2) + mpmath.exp(-3))
        assert abs(found - wanted) < mpmath.mpf(10) ** -49


def test_functions_of_a_single_number() -> None:
    """Rank 0 goes through every function of the table as arrays do."""
    body = "relu(x) + greater_equal(x, 1) + within(x, 0, 2) + erf(x) + normal_cdf(x) + huber(x, 1) + clip(x, 0, 1)"
    program = program_of("parameter x loss", f"loss += {body} + maximum(x, 0) + sign(x) + absolute(x)")
    assert evaluate(program, {"x": 1.5})["loss"] == pytest.approx(
        1.5 + 1 + 1 + 0.966105146475311 + 0.933192798731142 + 1.0 + 1.0 + 1.5 + 1 + 1.5
    )


def test_a_function_of_a_constant() -> None:
    program = program_of("parameter x loss", "loss += x*sigmoid(2) + x*sqrt(2) + x*pi")
    assert evaluate(program, {"x": 1.0})["loss"] == pytest.approx(0.8807970779778823 + 2**0.5 + np.pi)


def test_guards_keep_the_body_from_where_it_has_no_value() -> None:
    program = program_of("parameter x[N] y[N] loss", "y[i] += 1/x[i-1] if 1 <= i\nloss += y[i]", sizes="N")
    values = evaluate(program, {"x": np.array([2.0, 4.0, 0.0])})
    np.testing.assert_array_equal(values["y"], [0, 0.5, 0.25])
    exact = evaluate(program, {"x": np.array([2, 4, 0])}, EXACT)
    assert list(exact["y"]) == [0, Fraction(1, 2), Fraction(1, 4)]


def test_a_guard_that_excludes_everything() -> None:
    program = program_of("parameter x[N] loss", "loss += x[i] if N <= i", sizes="N")
    assert evaluate(program, {"x": np.ones(3)})["loss"] == 0


def test_a_label_outside_its_axis_is_refused_and_never_counted_from_the_end() -> None:
    case = CASES["embedding"]
    inputs = case.draw(np.random.default_rng(0))
    for label in (3, -1):
        with pytest.raises(IndexError, match=r"E\[t\[n\],i\] is read outside its shape \[3, 2\]"):
            evaluate(case.program, inputs | {"t": np.full(6, label)})


def test_inputs_are_not_changed() -> None:
    case = CASES["mlp"]
    inputs = case.draw(np.random.default_rng(0))
    before = {n: v.copy() for n, v in inputs.items()}
    evaluate(case.program, inputs)
    for name, value in before.items():
        np.testing.assert_array_equal(inputs[name], value)


def test_sizes_come_from_the_shapes() -> None:
    program = CASES["convolution"].program
    shapes = CASES["convolution"].shapes
    assert {s.name: v for s, v in sizes_of(program, shapes).items() if isinstance(s, sp.Symbol)} == {
        "N": 2,
        "C": 2,
        "H": 5,
        "W": 6,
        "O": 2,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b1": np.zeros(4)}, r"b1 has shape \(4,\), expected \(H,\) with H = 5"),
        ({"X": np.zeros(3)}, r"X has rank 2, given is \(3,\)"),
        ({"g": np.zeros((2, 2, 4, 3))}, "g has shape"),
    ],
)
def test_shapes_that_disagree_are_refused(change: dict[str, np.ndarray], message: str) -> None:
    case = CASES["convolution" if "g" in change else "mlp"]
    with pytest.raises(ValueError, match=message):
        evaluate(case.program, case.draw(np.random.default_rng(0)) | change)


def test_a_missing_input_is_refused() -> None:
    with pytest.raises(KeyError, match="x"):
        evaluate(CASES["mean"].program, {})


@pytest.mark.parametrize("arithmetic", [FLOAT, EXACT], ids=["float", "exact"])
def test_a_function_without_a_value_is_refused(arithmetic: object) -> None:
    unknown = sp.Function("unknown", real=True)
    program = CASES["mean"].program
    broken = program.with_equations(
        e if e.target != "loss" else type(e)(e.target, e.left, unknown(e.body), e.reduced) for e in program.equations
    )
    with pytest.raises(NotExact, match="unknown has no value in"):
        evaluate(broken, {"x": np.ones(3)}, arithmetic)


def test_an_irrational_power_or_number_is_no_fraction() -> None:
    for body in ("sqrt(x[i])", "x[i]*pi", "x[i]*sqrt(2)"):
        program = program_of("parameter x[N] loss", f"loss += {body}", sizes="N")
        with pytest.raises(NotExact):
            evaluate(program, {"x": np.ones(3)}, EXACT)


@pytest.mark.parametrize("name", ["round_down", "round_even"])
def test_what_is_not_finite_is_rounded_to_itself(name: str) -> None:
    found = FLOAT.call(name, np.array([np.nan, np.inf, -np.inf, 2.5]))
    np.testing.assert_array_equal(found, [np.nan, np.inf, -np.inf, 2.0])
