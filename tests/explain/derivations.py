"""Derivations to print: every hand-built program and every example, with numbers to judge the printed formulas by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus.derive import derive, derive_second
from symnet.calculus.evaluate import EXACT, FLOAT, NotExact, evaluate
from symnet.calculus.ir import GIVEN, Program
from symnet.declare.loader import load_model
from symnet.model import Derivation, Distribution, Input, Model, Optimizer, Parameter, Training
from symnet.simplify.simplify import simplify
from tests.programs import CASES

#: Too many places for dense evaluation in fractions; their pages are golden, and CASES hold small ones of their kind.
_LARGE = frozenset({"char_gpt", "char_lstm", "char_rnn", "digits_conv", "gpt_block", "torch_module"})
EXAMPLES = tuple(sorted(f"examples/{p.stem}" for p in Path("examples").glob("*.py") if p.stem not in _LARGE))
#: Small numbers for the sizes of the examples; the formulas hold for all.
_SMALL = {"N": 3, "D": 2, "H": 4, "C": 3, "n_input": 3, "n_hidden": 2, "n_output": 2}


@dataclass(frozen=True)
class Known:
    """A derivation with the value of every tensor at drawn inputs, exact fractions where possible."""

    derivation: Derivation
    sizes: Mapping[str, int]
    values: Mapping[str, Any]


def model_of(name: str) -> Model:
    """A hand-built program as a model."""
    case = CASES[name]
    program = case.program
    parameters = tuple(Parameter(program.tensors[n], Distribution("normal", (0, 1)), n) for n in case.wrt)
    inputs = tuple(
        Input(t, Distribution("normal", (0, 1)), sp.Integer(case.classes[n]) if n in case.classes else None)
        for n, t in program.tensors.items()
        if t.role in ("data", "label")
    )
    sizes: dict[str, int | None] = dict(case.sizes)
    return Model(Path(f"{name}.py"), (), program, sizes, parameters, inputs, None, Training(Optimizer("SGD", {})))


def derivation_of(model: Model, simplified: bool = True, order: int = 1) -> Derivation:
    """The derivation of all parameters, by the one rule alone or simplified."""
    wrt = tuple(p.spec.name for p in model.parameters)
    raw = derive(model.program, wrt)
    raw = derive_second(raw, wrt) if order == 2 else raw
    if not simplified:
        return Derivation(model, raw, raw, wrt)
    found = simplify(raw, model.sizes)
    return Derivation(model, raw, found.program, wrt, found.rewrites, found.facts)


@cache
def known(name: str, simplified: bool = True, order: int = 1) -> Known:
    """A case of tests/programs.py or an example, by name."""
    rng = np.random.default_rng(7)
    if name in CASES:
        case = CASES[name]
        derivation = derivation_of(model_of(name), simplified, order)
        return valued(derivation, case.sizes, case.draw(rng))
    model, _ = load_model(Path(f"{name}.py"))
    sizes = {n: _SMALL.get(n, v or 3) for n, v in model.sizes.items()}
    derivation = derivation_of(model, simplified, order)
    return valued(derivation, sizes, _drawn(derivation.raw, sizes, rng, model))


def _drawn(program: Program, sizes: Mapping[str, int], rng: np.random.Generator, model: Model) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, spec in program.tensors.items():
        if spec.role in GIVEN:
            shape = tuple(int(s.subs({x: sizes[x.name] for x in s.free_symbols})) for s in spec.shape)
            values[name] = rng.integers(0, 2, shape) if spec.integer else rng.integers(-20, 20, shape) / 16
            if "mask" in spec.facts:
                values[name] = np.where(np.arange(values[name].size).reshape(shape) % 3, values[name] > 0, 1.0)
    return values


def valued(derivation: Derivation, sizes: Mapping[str, int], inputs: Mapping[str, Any]) -> Known:
    rounded = {n: v if v.dtype.kind == "i" else np.round(np.asarray(v) * 64) / 64 for n, v in inputs.items()}
    for arithmetic in (EXACT, FLOAT):
        try:
            values = evaluate(derivation.raw, rounded, arithmetic)
            values = {**evaluate(derivation.program, rounded, arithmetic), **values}
            for inner in derivation.model.inner:
                for program in (inner.forward, inner.program, inner.raw):
                    given = {n: values[n] for n, t in program.tensors.items() if not program.defining(n)}
                    values = {**evaluate(program, given, arithmetic), **values}
            return Known(derivation, sizes, values)
        except NotExact:
            continue
    raise AssertionError("float64 has a value for everything")
