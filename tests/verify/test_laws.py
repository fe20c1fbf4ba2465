"""Random programs through every stage: simplified, read, generated, run, and checked against all methods."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from symnet import pipeline
from symnet.calculus.derive import derive
from symnet.calculus.ir import Program
from symnet.calculus.verify import verify
from symnet.diagnostics import render_problems
from symnet.model import Derivation, Distribution, Model, Optimizer, Parameter, Training
from symnet.simplify.simplify import simplify
from symnet.verify.check import check
from symnet.verify.report import Options
from tests.calculus.test_laws import RATIONAL, SIZES, SMOOTH, WRT, programs


def derivation_of(program: Program) -> Derivation:
    """Every given tensor is a parameter with normal numbers."""
    normal = Distribution("normal", (0.0, 1.0))
    parameters = tuple(Parameter(program.tensors[n], normal, n) for n in WRT)
    sgd = Optimizer("SGD", {"lr": 0.1, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False})
    model = Model(Path("random.py"), (), program, SIZES, parameters, (), None, Training(sgd, steps=1))
    raw = verify(derive(program, WRT))
    return Derivation(model, raw, verify(simplify(raw, SIZES).program), WRT)


@settings(max_examples=12, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(programs(RATIONAL + SMOOTH), st.integers(0, 1000))
def test_generated_code_agrees_with_every_method(program: Program, seed: int) -> None:
    derivation = derivation_of(program)
    texts = tuple(pipeline.scripts(derivation, ("numpy", "torch"), Path("random")).values())
    report = check(derivation, Options(("autograd", "exact"), trials=2, seed=seed, rtol=1e-8), *texts)
    assert report.exit_code == 0, (
        f"{program}\n{derivation.program}\n{render_problems(report.problems)}\n{report.undecided}\n{texts[0]}"
    )
