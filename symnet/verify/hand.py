"""The gradients under test: those of the generated NumPy code, run as it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from symnet.calculus.evaluate import evaluate
from symnet.model import Derivation
from symnet.verify.draw import Point

Array = Any
Gradients = Mapping[str, Array]


@dataclass(frozen=True)
class Hand:
    """A way to compute (loss, gradients by the parameters' names) at a point, and its name on the screen."""

    origin: str
    at: Callable[[Point], tuple[float, Gradients]]


def hand_of(derivation: Derivation, script: str | None) -> Hand:
    """The gradients of a generated NumPy script, or of the simplified equations themselves if there is none."""
    return _equations(derivation) if script is None else _generated(derivation, script)


def _generated(derivation: Derivation, script: str) -> Hand:
    loss_and_grads, paths = _function(script), _paths(derivation)

    def at(point: Point) -> tuple[float, Gradients]:
        params = {path: np.array(point.inputs[name]) for name, path in paths.items()}
        inputs = (np.array(point.inputs[i.spec.name]) for i in derivation.model.arguments)
        try:
            loss, grads, *_ = loss_and_grads(params, *inputs)
        except np.linalg.LinAlgError:  # a matrix without an inverse or a factor: no value, as a division by 0
            return _no_value(derivation, point)
        return float(loss), {name: np.asarray(grads[paths[name]]) for name in derivation.wrt}

    return Hand("the generated NumPy code", at)


def _no_value(derivation: Derivation, point: Point) -> tuple[float, Gradients]:
    return float("nan"), {name: np.full(np.shape(point.inputs[name]), np.nan) for name in derivation.wrt}


def _function(script: str) -> Callable[..., Any]:
    """``loss_and_grads`` of a generated script, which is run as a module and not as a program."""
    namespace: dict[str, Any] = {"__name__": "generated", "__file__": "generated.py"}
    exec(compile(script, "generated.py", "exec", dont_inherit=True), namespace)  # our own output, its names are checked
    function: Callable[..., Any] = namespace["loss_and_grads"]
    return function


def _paths(derivation: Derivation) -> Mapping[str, str]:
    return {p.spec.name: p.path for p in derivation.model.owned}


def _equations(derivation: Derivation) -> Hand:
    program = derivation.program

    def at(point: Point) -> tuple[float, Gradients]:
        values = evaluate(program, point.inputs)
        return float(values[program.loss]), {n: values[program.adjoints[n]] for n in derivation.wrt}

    return Hand("the simplified equations", at)


def torch_hand_of(derivation: Derivation, script: str, device: str) -> Hand:
    """The gradients of a generated PyTorch script, computed in float64 on a device."""
    import torch  # takes a second to import

    loss_and_grads, paths = _function(script), _paths(derivation)

    def tensor(value: Array) -> Array:
        return torch.as_tensor(np.array(value), device=device)

    def at(point: Point) -> tuple[float, Gradients]:
        params = {path: tensor(point.inputs[name]) for name, path in paths.items()}
        inputs = (tensor(point.inputs[i.spec.name]) for i in derivation.model.arguments)
        try:
            loss, grads, *_ = loss_and_grads(params, *inputs)
        except torch.linalg.LinAlgError:
            return _no_value(derivation, point)
        return float(loss), {name: grads[paths[name]].cpu().numpy() for name in derivation.wrt}

    return Hand(f"the generated PyTorch code on {device}", at)
