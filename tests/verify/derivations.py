"""The hand-built programs as derivations, and ways to break them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import sympy as sp

from symnet.calculus.derive import derive
from symnet.calculus.ir import Equation
from symnet.model import Derivation, Distribution, Input, Model, Optimizer, Parameter, Training
from symnet.simplify.simplify import simplify
from tests.programs import CASES


def model_of(name: str) -> Model:
    """The case as a model with normal numbers; N is the batch where no parameter has it."""
    case = CASES[name]
    kinds = {n: Distribution("uniform", (low + 0.1, low + 0.9)) for n, low in case.low.items()}
    specs = [t for t in case.program.tensors.values() if t.role in ("parameter", "data", "label")]
    normal = Distribution("normal", (0.0, 1.0))
    parameters = tuple(Parameter(t, kinds.get(t.name, normal), t.name) for t in specs if t.role == "parameter")
    inputs = tuple(
        Input(t, Distribution("integers"), sp.Integer(case.classes[t.name]))
        if t.integer
        else Input(t, kinds.get(t.name, normal))
        for t in specs
        if t.role != "parameter"
    )
    fixed = {str(s) for p in parameters for s in p.spec.shape}
    sizes = {n: None if n == "N" and n not in fixed else size for n, size in case.sizes.items()}
    training = Training(Optimizer("SGD", {"lr": 0.1}), steps=1, samples=4)
    return Model(Path(f"{name}.py"), (), case.program, sizes, parameters, inputs, None, training)


def derivation_of(name: str) -> Derivation:
    """The case derived and simplified."""
    model = model_of(name)
    raw = derive(model.program, CASES[name].wrt)
    return Derivation(model, raw, simplify(raw, model.sizes).program, CASES[name].wrt)


def corrupted(derivation: Derivation, target: str, change: Callable[[Equation], Equation]) -> Derivation:
    """The derivation with every simplified equation of one tensor changed."""
    equations = [change(e) if e.target == target else e for e in derivation.program.equations]
    assert equations != list(derivation.program.equations)
    return replace(derivation, program=derivation.program.with_equations(equations))


def times(factor: object) -> Callable[[Equation], Equation]:
    """Multiply the body."""
    return lambda e: replace(e, body=sp.sympify(factor) * e.body)
