"""Why two gradients differ: the ratio that names a forgotten factor, the transpose, the first step that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from symnet.calculus.evaluate import evaluate
from symnet.model import Derivation
from symnet.verify.draw import Point

Array = Any


def differs(hand: Array, other: Array, rtol: float, floor: float) -> bool:
    """Whether some entry is off by more than ``rtol`` of the largest entry and ``floor``, or is not finite."""
    if np.shape(hand) != np.shape(other):
        return True
    error = np.max(np.abs(hand - other), initial=0.0)
    return not error <= rtol * np.max(np.abs(other), initial=0.0) + floor


def reasons(hand: Array, other: Array, sizes: Mapping[str, int], oracle: str = "autograd") -> tuple[str, ...]:
    """What can be said of ``hand`` where ``other`` is right: shape, finiteness, one factor everywhere, transpose."""
    return tuple(_reasons(np.asarray(hand, float), np.asarray(other, float), sizes, oracle))


def _reasons(hand: Array, other: Array, sizes: Mapping[str, int], oracle: str) -> Iterator[str]:
    if hand.shape != other.shape:
        yield f"the shape is {list(hand.shape)}, the parameter has {list(other.shape)}"
        if hand.shape == other.shape[::-1] and _close(hand.T, other):
            yield f"hand is the transpose of {oracle}"
        return
    if not np.all(np.isfinite(hand)):
        yield f"hand holds {np.sum(~np.isfinite(hand))} numbers that are not finite"
        return
    if not np.any(hand):
        yield "hand is 0 everywhere"
        return
    large = np.abs(other) > 1e-6 * np.max(np.abs(other), initial=0.0)
    ratios = (hand[large] / other[large]).ravel() if np.any(large) else np.array([])
    if ratios.size and np.ptp(ratios) <= 1e-6 * np.abs(ratios).max() and _close(hand, ratios[0] * other):
        yield f"hand / {oracle} = {ratios[0]:.3f} everywhere{_factor(float(ratios[0]), sizes)}"
    elif hand.ndim == 2 and hand.shape[0] == hand.shape[1] and _close(hand.T, other):
        yield f"hand is the transpose of {oracle}"
    elif hand.size > 1 and np.ptp(hand - other) <= 1e-6 * np.abs(hand - other).max():
        yield f"hand - {oracle} = {(hand - other).flat[0]:.6g} everywhere"
    elif hand.size > 1:
        wrong = np.abs(hand - other) > 1e-9 * np.abs(other).max()
        yield f"{np.sum(wrong)} of {hand.size} entries differ, the first at {list(map(int, np.argwhere(wrong)[0]))}"


def _close(one: Array, two: Array) -> bool:
    return bool(np.allclose(one, two, rtol=1e-6, atol=1e-9 * np.max(np.abs(two), initial=0.0)))


def _factor(ratio: float, sizes: Mapping[str, int]) -> str:
    sign = ": the sign is flipped" if ratio < 0 else ""
    size = abs(ratio)
    if np.isclose(size, 1, rtol=1e-6):
        return sign
    named = [name for name, value in sizes.items() if value > 1 and np.isclose(size, value, rtol=1e-6)]
    if named:
        means = "the 1/N of the mean" if named[0] == "N" else f"a factor 1/{named[0]}"
        return f", which is {' or '.join(named)}: {means} is missing" + (
            ", and the sign is flipped" if ratio < 0 else ""
        )
    inverse = [name for name, value in sizes.items() if value > 1 and np.isclose(1 / size, value, rtol=1e-6)]
    if inverse:
        return f", which is 1/{' or 1/'.join(inverse)}: a factor {inverse[0]} is missing, or a mean taken twice"
    known = {2.0: "a factor 2 too many", 0.5: "the factor 2 of a square is missing"}
    words = next((w for value, w in known.items() if np.isclose(size, value, rtol=1e-6)), "")
    return (f": {words}" if words else "") + sign


def first_wrong_step(
    derivation: Derivation,
    point: Point,
    right: Mapping[str, Array],
    rtol: float,
    floors: Mapping[str, float],
    oracle: str,
) -> tuple[str, ...]:
    """The notes on the first adjoint of the derivation that differs from the gradient of its tensor in ``right``."""
    program = derivation.program
    values = evaluate(program, point.inputs)
    tensor_of = {adjoint: tensor for tensor, adjoint in program.adjoints.items()}
    agreeing: list[int] = []
    for number, adjoint in enumerate(derivation.steps, 1):
        tensor = tensor_of.get(adjoint)
        if tensor is None or tensor not in right:
            continue
        if differs(values[adjoint], right[tensor], rtol, floors.get(tensor, 0.0)):
            before = f"; {_steps(agreeing)}" if agreeing else ""
            why = reasons(values[adjoint], right[tensor], point.sizes, oracle)
            return (
                f"first step that differs is step {number} ({adjoint}){before}.  Repeat with --step {number}",
                *(f"step {number}: {reason}" for reason in why),
            )
        agreeing.append(number)
    return (f"every step of the derivation agrees with {oracle}: the difference is in the generated code",)


def _steps(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"step {numbers[0]} agrees"
    return f"steps {numbers[0]} to {numbers[-1]} agree"
