"""The numbers of ``derive --numbers``: every gradient at drawn numbers, beside autograd and central differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symnet.calculus.evaluate import NotExact
from symnet.explain.numbers import NumberRow, Numbers
from symnet.model import Derivation
from symnet.verify.differences import NEAR, nearest_kinks, slope_program, slopes
from symnet.verify.draw import own_point
from symnet.verify.hand import hand_of
from symnet.verify.oracle import oracle_on
from symnet.verify.rational import check_exactly
from symnet.verify.trials import Trial, as_computed, samples_for, trial_at

Array = Any
_ENTRIES = 20
_CELLS = 4_000_000  # values of the largest equation over all evaluations that differences of one parameter take


def numbers_of(derivation: Derivation, seed: int, script: str | None = None) -> Numbers:
    """The gradients at the numbers that the generated scripts draw with this seed.

    ``script`` is the text of the generated NumPy script, whose gradients are then shown; else the simplified equations
    are evaluated.  The batch is cut where a dense evaluation would take too long; ``sizes`` says what it was.
    """
    derivation = as_computed(derivation)
    model = derivation.model
    point = own_point(model, seed, samples_for(model, model.training.samples))
    oracle, reason = oracle_on("cpu", derivation.model.inner)
    trial = trial_at(derivation, point, hand_of(derivation, script), oracle)
    notes = [] if oracle is not None else [f"autograd was not compared: {reason}"]
    forward, with_held = slope_program(model)
    for kink in nearest_kinks(forward, with_held(point.inputs)):
        near = "; warning: a central difference could cross it" if kink.distance < NEAR else ""
        notes.append(f"{kink.sentence}{near}")
    try:
        exact = check_exactly(derivation, seed).sentence
    except NotExact as error:
        exact = f"not made: {error}"
    paths = {p.spec.name: p.path for p in model.parameters}
    return Numbers(
        seed,
        "float64",
        tuple(point.sizes.items()),
        trial.loss,
        tuple(_row(derivation, trial, name, paths[name]) for name in derivation.wrt),
        tuple((paths[n], float(point.inputs[n])) for n in paths if np.shape(point.inputs[n]) == ()),
        exact,
        tuple(notes),
    )


def _row(derivation: Derivation, trial: Trial, name: str, path: str) -> NumberRow:
    hand = np.asarray(trial.hand[name], dtype=float)
    entry = tuple(int(i) for i in np.argwhere(hand)[0]) if np.any(hand) else (0,) * hand.ndim
    other = None if trial.autograd is None else np.asarray(trial.autograd[name])
    scale = float(np.max(np.abs(hand), initial=0.0))
    differences = _differences(derivation, trial, name, entry, hand)
    return NumberRow(
        path,
        hand.shape,
        entry,
        float(hand[entry]),
        None if other is None else float(other[entry]),
        differences[entry],
        float(np.linalg.norm(hand)),
        None if other is None else float(np.linalg.norm(other)),
        None if other is None else _relative(float(np.max(np.abs(hand - other), initial=0.0)), scale),
        _relative(max(abs(float(hand[e]) - d) for e, d in differences.items()), scale),
    )


def _relative(error: float, scale: float) -> float:
    return error / scale if scale else error


def _differences(
    derivation: Derivation, trial: Trial, name: str, entry: tuple[int, ...], hand: Array
) -> Mapping[tuple[int, ...], float]:
    """Central differences at the entry and at some more, each with the better of the steps."""
    program, with_held = slope_program(derivation.model)
    inputs = with_held(trial.point.inputs)
    cells = max(max((np.size(v) for v in inputs.values()), default=1), 1)
    count = max(2, min(_ENTRIES, _CELLS // (4 * cells)))
    others = np.random.default_rng(0).permutation(hand.size)[:count]
    found: dict[tuple[int, ...], float] = {}
    for place in (entry, *(tuple(int(i) for i in np.unravel_index(o, hand.shape)) for o in others)):
        direction = np.zeros(hand.shape)
        direction[place] = 1.0
        errors = {abs(s.value - float(hand[place])): s.value for s in slopes(program, inputs, name, direction)}
        found[place] = errors[min(errors)]
    return found
