"""Declared facts against the numbers: a gradient that rests on them is right only where they hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symnet.errors import Note, Problem
from symnet.model import Input, Model
from symnet.verify.draw import Point, classes, given

Array = Any

_FACTS: Mapping[str, tuple[str, Callable[[Array], bool]]] = {
    "one_hot": (
        "have one 1 in each row, and 0 elsewhere",
        lambda a: bool(np.all((a == 0) | (a == 1)) and np.all(a.sum(-1) == 1)),
    ),
    "simplex": ("have rows with the sum 1", lambda a: bool(np.allclose(a.sum(-1), 1))),
    "mask": ("hold 0 and 1 only", lambda a: bool(np.isin(a, (0, 1)).all())),
    "symmetric": ("be symmetric", lambda a: bool(np.allclose(a, np.swapaxes(a, -1, -2)))),
    "positive": ("be positive", lambda a: bool(np.all(a > 0))),
    "nonnegative": ("not be negative", lambda a: bool(np.all(a >= 0))),
}


def broken_facts(model: Model, point: Point) -> tuple[Problem, ...]:
    """One problem SN403 for every declared fact, or bound of labels, that the numbers do not keep."""
    problems: list[Problem] = []
    for item in given(model):
        value, spec = point.inputs[item.spec.name], item.spec
        places = (Note(spec.source),) if spec.source is not None else ()
        wrong = [
            f"{spec.name} must {_FACTS[f][0]}" for f in sorted(spec.facts) if f in _FACTS and not _FACTS[f][1](value)
        ]
        bound = classes(item, point.sizes) if isinstance(item, Input) else None
        if bound is not None and np.any((value < 0) | (value >= bound)):
            wrong.append(f"{spec.name} must hold labels in 0..{bound - 1}")
        problems += [Problem("SN403", f"the data do not keep what the model declares: {w}", places) for w in wrong]
    return tuple(problems)
