"""Declared facts against the numbers: a gradient that rests on them is right only where they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symnet.errors import Note, Problem
from symnet.model import Input, Model
from symnet.verify.draw import Point, classes, given

Array = Any

_OF_ONE_HOT = ("simplex", "mask")  # follow from one_hot and are not said again

#: What must hold, and where it does: one truth for each row, or for each entry.
_FACTS: Mapping[str, tuple[str, Callable[[Array], Array]]] = {
    "one_hot": (
        "have one 1 in each row, and 0 elsewhere",
        lambda a: ((a == 0) | (a == 1)).all(-1) & (a.sum(-1) == 1),
    ),
    "simplex": ("have rows of numbers from 0 up with the sum 1", lambda a: np.isclose(a.sum(-1), 1) & (a >= 0).all(-1)),
    "mask": ("hold 0 and 1 only", lambda a: np.isin(a, (0, 1))),
    "symmetric": ("be symmetric", lambda a: np.isclose(a, np.swapaxes(a, -1, -2)).all(-1)),
    "positive": ("be positive", lambda a: a > 0),
    "nonnegative": ("not be negative", lambda a: a >= 0),
}


def _first_bad(value: Array, good: Array) -> str | None:
    """The first row or entry for which a fact does not hold, in words."""
    bad = np.argwhere(~np.asarray(good))
    if not len(bad):
        return None
    place = tuple(map(int, bad[0]))
    what = "entry" if len(place) == np.ndim(value) else "row"
    return f"{f'{what} {list(place)}' if place else 'it'} is {np.asarray(value)[place].tolist()}"


def broken_facts(model: Model, point: Point) -> tuple[Problem, ...]:
    """One problem SN403 for every declared fact, or bound of labels, that the numbers do not keep."""
    problems: list[Problem] = []
    for item in given(model):
        value, spec = point.inputs[item.spec.name], item.spec
        places = (Note(spec.source),) if spec.source is not None else ()
        declared = [f for f in sorted(spec.facts) if f in _FACTS and not (f in _OF_ONE_HOT and "one_hot" in spec.facts)]
        found = ((f, _first_bad(value, _FACTS[f][1](value))) for f in declared)
        wrong = [f"{spec.name} must {_FACTS[f][0]} ({f}): {bad}" for f, bad in found if bad is not None]
        bound = classes(item, point.sizes) if isinstance(item, Input) else None
        if bound is not None and np.any((value < 0) | (value >= bound)):
            wrong.append(f"{spec.name} must hold labels in 0..{bound - 1}")
        problems += [Problem("SN403", f"the data do not keep what the model declares: {w}", places) for w in wrong]
    return tuple(problems)
