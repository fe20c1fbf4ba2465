"""Facts: a derivation says those that it rests on, those only, and in the steps that rest on them."""

from __future__ import annotations

import pytest
import sympy as sp

from symnet.calculus.ir import Index, Program
from tests.calculus import forward, forward_wide
from tests.calculus.exactly import simplified
from tests.calculus.forward import Forward, N, n


def quadratic_over_positive(*facts: str) -> Program:
    """Σ sqrt(p²) x + p x²: the root is p where p is positive."""
    f = Forward()
    x, p = f.parameter("x", N), f.leaf("p", N, facts=facts)
    q = f.put("q", [n], p(n) ** 2)
    r = f.put("r", [n], sp.sqrt(q(n)))
    f.put("loss", [], r(n) * x(n) ** 2 / p(n), [n])
    return f.program()


USED = {
    "one_hot": (forward.row_cross_entropy("one_hot"), {"Σ_k Y[n,k] = 1 (Y is declared one_hot)": ("dZ",)}),
    "simplex": (forward.row_cross_entropy("simplex"), {"Σ_k Y[n,k] = 1 (Y is declared simplex)": ("dZ",)}),
    "mask": (forward.masked("mask"), {"W[n]**2 = W[n] (W is declared mask)": ("dz",)}),
    "symmetric": (forward_wide.quadratic_form(True), {"A[i,j] = A[j,i] (A is declared symmetric)": ("dx",)}),
    "positive": (quadratic_over_positive("positive"), {"greater(p[n], 0) = 1 (p is declared positive)": ("dx",)}),
}


@pytest.mark.parametrize("fact", USED)
def test_a_fact_that_is_used_is_said_with_the_steps_that_rest_on_it(fact: str) -> None:
    program, expected = USED[fact]
    result = simplified(program)
    assert {str(f): f.steps for f in result.facts} == expected
    told = {(r.tensor, r.reason) for r in result.rewrites if r.name == "declared fact"}
    assert told == {(step, f.reason) for f in result.facts for step in f.steps}


@pytest.mark.parametrize("program", [forward.row_cross_entropy(), forward.masked(), quadratic_over_positive()])
def test_what_is_not_declared_is_not_said(program: Program) -> None:
    assert simplified(program).facts == ()


def test_a_fact_that_changes_nothing_is_not_said() -> None:
    f = Forward()
    x, W = f.parameter("x", N), f.leaf("W", N, facts=["one_hot", "positive"])
    f.put("loss", [], W(n) * x(n), [n])
    assert simplified(f.program()).facts == ()


def test_what_is_proved_is_said() -> None:
    (fact,) = simplified(forward_wide.batch_norm_plain(False, False, True)).facts
    assert str(fact) == "Σ_n (-mu[d] + a[n,d]) = 0 (from the definition of a and mu)"


def zero_words(program: Program, adjoint: str) -> str:
    (found,) = (r for r in simplified(program).rewrites if r.tensor == adjoint and r.name == "zero gradient")
    return f"{found.before} = 0: {found.words}"


def test_a_bias_before_batch_norm_is_explained_by_the_subtraction() -> None:
    assert zero_words(forward_wide.batch_norm_plain(False, False, True), "db") == (
        "Σ_n (-mu[d] + a[n,d]) = 0: the loss does not change with b, which adds the same to a[n,d] for every n: "
        "-mu[d] + a[n,d] stays as it is"
    )


def test_a_key_bias_is_explained_by_the_scores() -> None:
    assert zero_words(forward_wide.attention_key_bias(), "db") == (
        "Σ_j dS[i,j] = 0: the loss does not change with b, which adds the same to K[j,d] and S[i,j] for every j"
    )


def test_what_has_no_such_reason_is_only_said_to_cancel() -> None:
    f = Forward()
    x = f.parameter("x", N)
    i = Index("i", N)
    y = f.put("y", [i], 2 * x(i))
    f.put("loss", [], y(n) - 2 * x(n), [n])
    assert zero_words(f.program(), "dx") == "0 = 0: the loss does not change with x: all contributions cancel"
