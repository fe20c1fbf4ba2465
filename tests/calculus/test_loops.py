"""Recurrences: their order in time, what is refused, and back-propagation through time against other calculi."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
import torch

from symnet.calculus.derive import derive, derive_second
from symnet.calculus.evaluate import EXACT, evaluate, multidigit
from symnet.calculus.loops import components, loops_of
from symnet.calculus.verify import verify
from symnet.errors import InvariantError
from symnet.simplify.simplify import simplify
from symnet.verify.autograd import autograd_of
from symnet.verify.dual import dual
from tests.programs import Case, program_of
from tests.recurrences import CASES, LOSSES

ALL = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@ALL
def test_evaluator_and_rule_agree_with_torch(case: Case) -> None:
    derived = verify(derive(case.program, case.wrt))
    for seed in range(3):
        inputs = case.draw(np.random.default_rng(seed))
        tensors = {n: torch.tensor(v).requires_grad_(n in case.wrt) for n, v in inputs.items()}
        loss = LOSSES[case.name](tensors)
        values = evaluate(derived, inputs)
        assert values["loss"] == pytest.approx(loss.item(), rel=1e-13)
        for name, wanted in zip(case.wrt, torch.autograd.grad(loss, [tensors[n] for n in case.wrt]), strict=True):
            np.testing.assert_allclose(values[derived.adjoints[name]], wanted.numpy(), rtol=1e-12, atol=1e-12)


@ALL
def test_the_oracle_of_check_agrees_with_torch(case: Case) -> None:
    inputs = case.draw(np.random.default_rng(4))
    tensors = {n: torch.tensor(v).requires_grad_(n in case.wrt) for n, v in inputs.items()}
    loss = LOSSES[case.name](tensors)
    values, found = autograd_of(case.program, inputs)
    assert values["loss"] == pytest.approx(loss.item(), rel=1e-13)
    for name, wanted in zip(case.wrt, torch.autograd.grad(loss, [tensors[n] for n in case.wrt]), strict=True):
        np.testing.assert_allclose(found[name], wanted.numpy(), rtol=1e-12, atol=1e-12)


@ALL
def test_rule_is_the_limit_of_differences(case: Case) -> None:
    rng = np.random.default_rng(7)
    inputs, arithmetic = case.draw(rng), multidigit(50)
    derived = derive(case.program, case.wrt)
    values = evaluate(derived, inputs, arithmetic)
    step = arithmetic.number(sp.Rational(1, 10**16))
    for name in case.wrt:
        direction = rng.standard_normal(case.shapes[name])
        ahead, behind = (
            evaluate(case.program, inputs | {name: inputs[name] + side * step * direction}, arithmetic)["loss"].item()
            for side in (1, -1)
        )
        slope = np.sum(values[derived.adjoints[name]] * direction)
        assert abs((ahead - behind) / (2 * step) - slope) <= 1e-24 * (1 + abs(slope))


@pytest.mark.parametrize("name", ["two_states", "two_steps_back"])
def test_rule_is_exact_on_fractions(name: str) -> None:
    case, rng = CASES[name], np.random.default_rng(3)

    def fractions(values: np.ndarray) -> np.ndarray:
        return np.vectorize(lambda v: Fraction(round(97 * v), 89), otypes=[object])(values)

    inputs = {n: fractions(v) for n, v in case.draw(rng).items()}
    derived = derive(case.program, case.wrt)
    values = evaluate(derived, inputs, EXACT)
    directions = {n: fractions(rng.standard_normal(case.shapes[n])) for n in case.wrt}
    slope = sum(np.sum(values[derived.adjoints[n]] * d) for n, d in directions.items())
    moved = inputs | {n: dual(inputs[n], d) for n, d in directions.items()}
    assert evaluate(case.program, moved, EXACT)["loss"].item().slope == slope


@ALL
def test_second_derivatives_agree_with_torch(case: Case) -> None:
    derived = verify(derive_second(derive(case.program, case.wrt), case.wrt))
    inputs = case.draw(np.random.default_rng(5))
    values = evaluate(derived, inputs)
    tensors = {n: torch.tensor(v).requires_grad_(n in case.wrt) for n, v in inputs.items()}
    p, q = case.wrt[0], case.wrt[-1]
    names = tuple(dict.fromkeys((p, q)))

    def loss(*values: torch.Tensor) -> torch.Tensor:
        return LOSSES[case.name](tensors | dict(zip(names, values, strict=True)))

    mixed = torch.autograd.functional.hessian(loss, tuple(tensors[n] for n in names))[0][-1]
    np.testing.assert_allclose(values[derived.adjoints[f"{p},{q}"]], mixed.numpy(), rtol=1e-10, atol=1e-11)


@ALL
def test_simplified_is_raw(case: Case) -> None:
    derived = derive(case.program, case.wrt)
    simple = verify(simplify(derived, case.sizes).program)
    inputs = case.draw(np.random.default_rng(6))
    raw, found = evaluate(derived, inputs), evaluate(simple, inputs)
    for name in case.wrt:
        np.testing.assert_allclose(found[simple.adjoints[name]], raw[derived.adjoints[name]], rtol=1e-12, atol=1e-13)


def test_what_has_no_path_through_time_is_outside() -> None:
    derived = derive(CASES["lstm"].program, CASES["lstm"].wrt)
    forward, backward = loops_of(derived)
    assert forward.tensors == {"z", "i", "f", "a", "o", "c", "h"}
    assert backward.tensors == {"d" + name for name in forward.tensors}
    assert (forward.backward, backward.backward) == (False, True)
    assert forward.size == backward.size == derived.tensors["x"].shape[0]
    assert [s.equation.target for s in forward.steps] == ["z", "i", "f", "a", "o", "c", "h"]
    assert [str(e.body) for e in forward.before] == ["Delta(s, 0)*h0[n,k]", "W[k,j]*x[t,n,j]"]


REFUSED = {
    "from the same time": (
        "h[T] z[T] parameter u loss",
        "z[t] += u*h[t]\nh[t] += sin(z[t])\nloss += h[t]",
        "at one time depends on itself at the same time",
    ),
    "from earlier and later": (
        "h[T+1] parameter u loss",
        "h[s] += Delta(s,t+1)*h[t]*u over t=T\nh[s] += Delta(s,t)*h[t+1]*u over t=T\nloss += h[T]",
        "depends on itself at earlier and at later times",
    ),
    "from any time": (
        "h[T] parameter u loss",
        "h[t] += u*h[v]\nloss += h[t]",
        "is not that of the left side plus a number",
    ),
    "from one fixed time": (
        "h[T+1] parameter u loss",
        "h[s] += Delta(s,t+1)*h[0]*u over t=T\nloss += h[T]",
        "is not that of the left side plus a number",
    ),
    "from twice the time": (
        "h[2*T+1] parameter u loss",
        "h[s] += Delta(s,t+1)*h[2*t]*u over t=T\nloss += h[T]",
        "is not that of the left side plus a number",
    ),
    "without a time": ("a b parameter u loss", "a += u*b\nb += sin(a)\nloss += a", "no axis orders a, b in time"),
}


@pytest.mark.parametrize(("declarations", "lines", "message"), REFUSED.values(), ids=REFUSED)
def test_what_no_time_orders_is_refused(declarations: str, lines: str, message: str) -> None:
    with pytest.raises(InvariantError, match=message):
        program_of(declarations, lines, "T")


def test_read_before_the_recurrence_is_complete() -> None:
    program = CASES["rnn"].program
    *front, last, loss = program.equations
    with pytest.raises(InvariantError, match="h is read before it is complete"):
        verify(program.with_equations((*front, loss, last)))


def test_only_what_the_loss_needs_stays() -> None:
    program = CASES["the_loss_reads_no_state"].program
    kept = program.restricted_to([program.loss])
    assert kept.equations == program.equations
    assert components(kept) == (frozenset({"h", "z"}),)
    assert components(replace(kept, equations=kept.equations[1:2])) == ()
