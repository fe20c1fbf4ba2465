"""The checks can fail: the rule is broken in one place at a time, and some hand-built program shows it each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symnet.calculus import derive as rule
from symnet.calculus import scalars
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Delta
from symnet.calculus.verify import verify
from symnet.errors import InvariantError
from symnet.verify.autograd import autograd_of
from tests.programs import CASES

Patch = Callable[[pytest.MonkeyPatch], None]


def transposed(change: Callable[[Any], Any]) -> Patch:
    """Every adjoint equation is changed before it is stored."""
    original = rule._transposed
    return lambda patch: patch.setattr(rule, "_transposed", lambda *args: change(original(*args)))


def derivative(change: Callable[[sp.Expr, sp.Expr], sp.Expr]) -> Patch:
    original = rule.scalar_derivative
    return lambda patch: patch.setattr(rule, "scalar_derivative", lambda body, read: change(original(body, read), body))


def slope_of(function: type, wrong: Callable[..., Any]) -> Patch:
    def apply(patch: pytest.MonkeyPatch) -> None:
        rule._derivative.cache_clear()
        patch.setattr(function, "fdiff", wrong)

    return apply


def first_read_only(patch: pytest.MonkeyPatch) -> None:
    original = rule.top_accesses
    patch.setattr(rule, "top_accesses", lambda body: original(body)[:1])


MUTANTS: dict[str, Patch] = {
    "a guard is lost": transposed(lambda e: replace(e, guard=frozenset())),
    "a delta is lost": transposed(lambda e: replace(e, body=e.body.replace(Delta, lambda *_: sp.S.One))),
    "the incoming adjoint is lost": transposed(
        lambda e: replace(e, body=e.body.xreplace({a: sp.S.One for a in e.accesses if a.name.startswith("d")}))
    ),
    "a sign is flipped": derivative(lambda d, _: -d),
    "the derivative is 1": derivative(lambda d, _: sp.S.One),
    "the body stands for its derivative": derivative(lambda _, body: body),
    "only the first read of a body counts": first_read_only,
    "ties are not divided": lambda patch: patch.setattr(rule, "tie_weight", lambda f, *_: rule._hit(f)),
    "ties take everything": lambda patch: patch.setattr(rule, "tie_weight", lambda *_: sp.S.One),
    "relu' is 1 everywhere": slope_of(scalars.relu, lambda self, k=1: sp.S.One),
    "sigmoid' is sigmoid": slope_of(scalars.sigmoid, lambda self, k=1: self),
    "softplus' is softplus": slope_of(scalars.softplus, lambda self, k=1: self),
    "clip' is 1": slope_of(scalars.clip, lambda self, k=1: sp.S.One),
    "|x|' is 1": slope_of(scalars.absolute, lambda self, k=1: sp.S.One),
    "huber' is r": slope_of(scalars.huber, lambda self, k=1: self.args[0]),
}


def caught() -> list[str]:
    """The cases in which the rule, as it now is, differs from autograd, or that verify refuses."""
    found = []
    for case in CASES.values():
        inputs = case.draw(np.random.default_rng(11))
        inputs |= {n: np.round(v) for n, v in inputs.items() if case.name.startswith(("max", "pool"))}
        try:
            derived = verify(rule.derive(case.program, case.wrt))
            values = evaluate(derived, inputs)
        except (InvariantError, IndexError):
            found.append(case.name)
            continue
        _, wanted = autograd_of(case.program, inputs)
        if not all(np.allclose(values[derived.adjoints[n]], wanted[n], rtol=1e-9, atol=1e-12) for n in case.wrt):
            found.append(case.name)
    return found


def test_the_rule_as_it_is() -> None:
    assert caught() == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_of_the_rule_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        MUTANTS[name](monkeypatch)
        assert caught()
    finally:
        rule._derivative.cache_clear()
        sp.core.cache.clear_cache()
