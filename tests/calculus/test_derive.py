"""The one rule against autograd, central differences and exact arithmetic, on whole programs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import torch

from symnet.calculus.derive import derive, derive_second
from symnet.calculus.evaluate import EXACT, NotExact, evaluate, multidigit
from symnet.calculus.ir import Program
from symnet.calculus.verify import verify
from symnet.verify.dual import dual
from tests.programs import CASES, Case, program_of
from tests.references import LOSSES, gradients, leaves


def grads(derived: Program, wrt: tuple[str, ...], inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    values = evaluate(derived, inputs)
    return {n: values[derived.adjoints[n]] for n in wrt}


def test_every_case_has_a_reference() -> None:
    assert set(CASES) == set(LOSSES)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_loss_and_rule_agree_with_autograd(case: Case) -> None:
    derived = verify(derive(case.program, case.wrt))
    for seed in range(2):
        inputs = case.draw(np.random.default_rng(seed))
        wanted = LOSSES[case.name](leaves(inputs, ())).item()
        assert evaluate(derived, inputs)["loss"] == pytest.approx(wanted, rel=1e-12)
        autograd = gradients(case.name, inputs, case.wrt)
        for name, value in grads(derived, case.wrt, inputs).items():
            np.testing.assert_allclose(value, autograd[name], rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_rule_is_the_limit_of_differences(case: Case) -> None:
    """A central difference with 60 digits and step 1e-20 has 30 right digits: no reverse mode, no SymPy, no floats."""
    rng = np.random.default_rng(7)
    inputs, arithmetic = case.draw(rng), multidigit(60)
    values = evaluate(derive(case.program, case.wrt), inputs, arithmetic)
    adjoints = derive(case.program, case.wrt).adjoints
    step = arithmetic.number(sp.Rational(1, 10**20))
    for name in case.wrt:
        direction = rng.standard_normal(case.shapes[name])
        ahead, behind = (
            evaluate(case.program, inputs | {name: inputs[name] + side * step * direction}, arithmetic)["loss"].item()
            for side in (1, -1)
        )
        slope = np.sum(values[adjoints[name]] * direction)
        assert abs((ahead - behind) / (2 * step) - slope) <= 1e-28 * (1 + abs(slope))


RATIONAL = ["mean", "cubic", "embedding", "valid", "pool_share", "pool_first", "max_share", "max_first"]
RATIONAL += ["amax_of_square", "cumulative", "reshape", "trace", "quadratic", "copies", "piecewise"]


@pytest.mark.parametrize("name", RATIONAL)
def test_rule_is_exact_on_fractions(name: str) -> None:
    """Forward mode by dual numbers over the fractions and the one rule give the same fraction."""
    case, rng = CASES[name], np.random.default_rng(3)
    inputs = {n: v if n in case.classes else fractions(v) for n, v in case.draw(rng).items()}
    derived = derive(case.program, case.wrt)
    values = evaluate(derived, inputs, EXACT)
    directions = {n: fractions(rng.standard_normal(case.shapes[n])) for n in case.wrt}
    slope = sum(np.sum(values[derived.adjoints[n]] * d) for n, d in directions.items())
    moved = inputs | {n: dual(inputs[n], d) for n, d in directions.items()}
    assert evaluate(case.program, moved, EXACT)["loss"].item().slope == slope


def fractions(values: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda v: Fraction(round(99_991 * v), 99_989), otypes=[object])(values)


def test_fractions_refuse_what_they_cannot_hold() -> None:
    case = CASES["mlp"]
    with pytest.raises(NotExact, match="exp has no value in rational arithmetic"):
        evaluate(case.program, case.draw(np.random.default_rng(0)), EXACT)


SMOOTH = ["mean", "cubic", "mlp", "bce", "logits", "convolution", "valid", "tanh_net", "trace", "quadratic"]
SMOOTH += ["softmax", "power"]


@pytest.mark.parametrize("name", SMOOTH)
def test_second_derivative_is_autograds_hessian(name: str) -> None:
    case = CASES[name]
    inputs = case.draw(np.random.default_rng(5))
    second = verify(derive_second(derive(case.program, case.wrt), case.wrt))
    values = evaluate(second, inputs)
    tensors = leaves(inputs, ())

    def loss(*wanted: torch.Tensor) -> torch.Tensor:
        return LOSSES[name](tensors | dict(zip(case.wrt, wanted, strict=True)))

    hessian = torch.autograd.functional.hessian(loss, tuple(tensors[n] for n in case.wrt))
    for i, p in enumerate(case.wrt):
        for j, q in enumerate(case.wrt[i:], i):
            found = values[second.adjoints[f"{p},{q}"]]
            np.testing.assert_allclose(found, hessian[i][j].numpy(), rtol=1e-9, atol=1e-11)
        own = values[second.adjoints[f"{p},{p}"]]
        size = own.size and round(own.size**0.5)
        np.testing.assert_allclose(own.reshape(size, size), own.reshape(size, size).T, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", ["max_share", "max_first", "pool_share", "pool_first", "amax_of_square"])
def test_ties_follow_the_policy(name: str) -> None:
    case = CASES[name]
    inputs = case.draw(np.random.default_rng(1))
    for values in (np.zeros(case.shapes["x"]), np.random.default_rng(2).integers(-1, 2, case.shapes["x"])):
        inputs["x"] = values.astype(float)
        found = grads(derive(case.program, case.wrt), case.wrt, inputs)["x"]
        np.testing.assert_allclose(found, gradients(name, inputs, case.wrt)["x"], rtol=1e-13, atol=1e-15)


def test_the_two_policies_differ_at_a_tie() -> None:
    inputs = {"x": np.array([[1.0, 3.0, 3.0, 0.0]]), "g": np.ones(1)}
    for name, wanted in (("max_share", [0, 0.5, 0.5, 0]), ("max_first", [0, 1, 0, 0])):
        derived = derive(CASES[name].program, ("x",))
        np.testing.assert_array_equal(grads(derived, ("x",), inputs)["x"], [wanted])


@pytest.mark.parametrize("ties", ["share", "first"])
def test_a_maximum_written_as_two_equations(ties: str) -> None:
    """m = max over x, then over y: ties are counted over both."""
    program = program_of(
        "parameter x[N] parameter y[D] m loss", "m max= x[i]\nm max= y[j]\nloss += 6*m", sizes="N D", ties=ties
    )
    inputs = {"x": np.array([1.0, 2.0, 2.0]), "y": np.array([2.0, 0.0])}
    found = grads(derive(program, ("x", "y")), ("x", "y"), inputs)
    share, first = ([0, 2, 2], [2, 0]), ([0, 6, 0], [0, 0])
    for value, wanted in zip(found.values(), share if ties == "share" else first, strict=True):
        np.testing.assert_array_equal(value, wanted)


@pytest.mark.parametrize("name", ["piecewise", "mlp"])
def test_kinks_are_autograds(name: str) -> None:
    case = CASES[name]
    corner = np.array([0.0, 1.0, -1.0, 0.0, 1.0, 2.0]), np.array([0.0, 0.0, 0.0, -1.0, 1.0, -1.0])
    inputs = case.draw(np.random.default_rng(1))
    if name == "piecewise":
        inputs |= {"x": corner[0], "y": corner[1]}
    else:
        inputs |= {"X": np.zeros_like(inputs["X"]), "b1": np.zeros_like(inputs["b1"])}
    autograd = gradients(name, inputs, case.wrt)
    for tensor, value in grads(derive(case.program, case.wrt), case.wrt, inputs).items():
        np.testing.assert_allclose(value, autograd[tensor], rtol=1e-13, atol=1e-15)


def test_a_gradient_no_path_leads_to_is_zero() -> None:
    case = CASES["copies"]
    found = grads(derive(case.program, case.wrt), case.wrt, case.draw(np.random.default_rng(0)))
    np.testing.assert_array_equal(found["unused"], np.zeros(4))


def test_a_size_of_one_and_a_single_sample() -> None:
    case = replace(CASES["mlp"], sizes={"N": 1, "D": 1, "H": 1, "C": 1}, classes={"t": 1})
    inputs = case.draw(np.random.default_rng(0))
    autograd = gradients("mlp", inputs, case.wrt)
    for name, value in grads(derive(case.program, case.wrt), case.wrt, inputs).items():
        np.testing.assert_allclose(value, autograd[name], atol=1e-15)


def test_adjoints_carry_the_persons_names_and_their_origin() -> None:
    derived = derive(CASES["mlp"].program, ("W1",))
    assert derived.adjoints == {n: f"d{n}" for n in ("loss", "e", "s", "Z", "A", "Z1", "W1")}
    last = derived.equations[-1]
    assert (last.target, last.origin.equation, last.origin.access.name) == ("dW1", 0, "W1")


def test_a_name_already_taken_is_left_to_the_person() -> None:
    program = program_of("parameter x[N] parameter dx[N] loss", "loss += x[i]*dx[i]", sizes="N")
    derived = verify(derive(program, ("x", "dx")))
    assert derived.adjoints == {"loss": "dloss", "dx": "ddx", "x": "dx_2"}
