"""The files of ``examples/closed_forms``: derived, written by their experts, and drawn at random points."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.torch_words import run_file
from symnet import pipeline
from symnet.calculus.evaluate import EXACT, Arithmetic, NotExact, evaluate, multidigit
from symnet.calculus.ir import Program
from symnet.declare.loader import load_formulas
from symnet.model import Derivation
from symnet.verify.draw import Point, random_point, rational_point
from tests.models import ROOT

FOLDER = ROOT / "examples" / "closed_forms"
FORMS = sorted(path.stem for path in FOLDER.glob("*.py"))
DIGITS = 50


@cache
def derived(form: str) -> Derivation:
    """The derivation of a file."""
    model, warnings = pipeline.load(FOLDER / f"{form}.py")
    assert warnings == ()
    return pipeline.derive_model(model)


@cache
def expert(form: str) -> Program:
    """The gradients that the file's ``expert`` writes."""
    return load_formulas(FOLDER / f"{form}.py", "expert")


def sizes_for(derivation: Derivation, turn: int) -> dict[str, int]:
    """Small sizes, unequal in turn; other ones for another ``turn``."""
    return {name: 2 + (k + turn) % 3 for k, name in enumerate(derivation.model.sizes)}


def exact_values(programs: list[Program], derivation: Derivation, turn: int) -> tuple[Arithmetic, list[dict[str, Any]]]:
    """Every program at one random rational point, as fractions where its functions allow it, else to many digits."""
    point = rational_point(derivation.model, sizes_for(derivation, turn), np.random.default_rng([1, turn]))
    for arithmetic in (EXACT, multidigit(DIGITS + 10)):
        try:
            return arithmetic, [evaluate(p, point.inputs, arithmetic) for p in programs]
        except NotExact:
            continue
    raise NotExact("the program has a value in neither number system")


def float_point(derivation: Derivation, turn: int) -> Point:
    """A random point in floating-point numbers."""
    return random_point(derivation.model, sizes_for(derivation, turn), np.random.default_rng([2, turn]))


def autograd(path: Path, derivation: Derivation, point: Point) -> tuple[float, dict[str, Any]]:
    """The loss and what autograd says of every parameter when torch runs the file itself."""
    tensors = {n: torch.as_tensor(np.array(v)) for n, v in point.inputs.items()}
    parameters = {p.spec.name: tensors[p.spec.name].requires_grad_() for p in derivation.model.parameters}
    inputs = {i.spec.name: tensors[i.spec.name] for i in derivation.model.inputs}
    loss = run_file(path, point.sizes, inputs, parameters)["loss"]
    found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True, materialize_grads=True)
    return loss.detach().item(), {name: g.numpy() for name, g in zip(parameters, found, strict=True)}
