"""Central differences of the loss, and how near the numbers are to a kink that a difference could cross."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.detached import changing, held_apart
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import GIVEN, Access, Equation, Program, TensorSpec, sort_key
from symnet.model import Model

Array = Any

#: Both are tried, relative to the size of the parameter: the larger has less rounding, the smaller misses most kinks.
STEPS = (1e-4, 1e-6)
RTOL = 1e-6
NEAR = 100 * max(STEPS)  # a corner this near may be crossed by a difference


@dataclass(frozen=True)
class Slope:
    """A central difference along a direction: its value, the error to expect from rounding, and the step."""

    value: float
    rounding: float
    step: float


@dataclass(frozen=True)
class Kink:
    """The nearest that an argument comes to a corner of a function: ``|expression|``."""

    function: str
    expression: str
    distance: float

    @property
    def sentence(self) -> str:
        """As the screen shows it."""
        return f"nearest |{self.expression}| to the {self.function} corner: {self.distance:.1e}"


def slope_program(model: Model) -> tuple[Program, Callable[[Mapping[str, Array]], dict[str, Array]]]:
    """The forward equations for differences, with what is detached at its values at a point, and their inputs there."""
    program, held = held_apart(model.program, [p.spec.name for p in model.parameters])
    return program, lambda inputs: {**inputs, **{new: inputs[name] for name, new in held.items()}}


def moved_by(program: Program, name: str, values: Mapping[str, Array]) -> tuple[Program, dict[str, Array]]:
    """The equations that a parameter has a part in, and as inputs ``values`` of what it leaves as it is."""
    moving = changing(program, (name,))
    fixed = {e.target for e in program.equations} - moving
    tensors = {n: replace(t, role="data") if n in fixed else t for n, t in program.tensors.items()}
    equations = tuple(e for e in program.equations if e.target in moving)
    given = {n: values[n] for n, t in tensors.items() if t.role in GIVEN}
    return replace(program, equations=equations, tensors=tensors), given


def slopes(program: Program, inputs: Mapping[str, Array], name: str, direction: Array) -> tuple[Slope, ...]:
    """(L(p + h v) - L(p - h v)) / 2h for each step; ``program`` holds the forward equations."""
    found = []
    scale = max(1.0, float(np.max(np.abs(inputs[name]), initial=0.0)))
    for relative in STEPS:
        step = relative * scale
        up, down = (
            float(evaluate(program, {**inputs, name: inputs[name] + side * step * direction})[program.loss])
            for side in (1, -1)
        )
        found.append(Slope((up - down) / (2 * step), 1e-14 * (abs(up) + abs(down)) / step, step))
    return tuple(found)


def agree(along: float, size: float, found: tuple[Slope, ...]) -> tuple[bool, float]:
    """Whether one of the slopes is ``along``, up to RTOL of the size of its terms and rounding; and the least error."""
    errors = [abs(s.value - along) for s in found]
    good = any(e <= RTOL * size + s.rounding for e, s in zip(errors, found, strict=True))
    return good, min(errors) if all(map(np.isfinite, errors)) else float("inf")


def nearest_kinks(program: Program, inputs: Mapping[str, Array]) -> tuple[Kink, ...]:
    """For every corner that a parameter could cross the nearest that its argument comes, in the equations' order."""
    found: dict[tuple[str, str], Kink] = {}
    moving = changing(program, [n for n, t in program.tensors.items() if t.role == "parameter"])
    for equation in (e for e in program.equations if e.target in moving):
        if equation.op == "max":
            text = f"the two largest of {equation.target}"
            found["max", text] = Kink("max", text, _tie(program, equation, inputs))
        for function, gap in _gaps(equation, moving):
            distance = _smallest(program, equation, gap, inputs)
            key = (function, _plain(gap))
            if key not in found or distance < found[key].distance:
                found[key] = Kink(function, _plain(gap), distance)
    return tuple(found.values())


_FIRST_ARGUMENT = {"relu": 0, "leaky_relu": 0, "absolute": 0, "sign": 0}
_DIFFERENCE = ("maximum", "minimum", "greater", "greater_equal")


def _gaps(equation: Equation, moving: frozenset[str]) -> Iterator[tuple[str, sp.Expr]]:
    for call in sorted(equation.body.atoms(scalars.Scalar), key=sort_key):
        name = type(call).__name__
        if not any(a.name in moving for a in call.atoms(Access)):
            continue
        if name in _FIRST_ARGUMENT:
            yield name, call.args[0]
        elif name in _DIFFERENCE:
            yield name, call.args[0] - call.args[1]
        elif name == "clip":
            yield name, call.args[0] - call.args[1]
            yield name, call.args[0] - call.args[2]


def _tie(program: Program, equation: Equation, inputs: Mapping[str, Array]) -> float:
    """How near the largest term of a maximum comes to the next one."""
    terms = _measured(program, replace(equation, target="terms", left=equation.indices, reduced=()), inputs)
    rows = np.sort(np.asarray(terms, dtype=float).reshape(*terms.shape[: len(equation.left)], -1), axis=-1)
    gaps = rows[..., -1] - rows[..., -2] if rows.shape[-1] > 1 else np.array(np.inf)
    return float(np.min(gaps, initial=np.inf, where=np.isfinite(gaps)))


def _smallest(program: Program, equation: Equation, gap: sp.Expr, inputs: Mapping[str, Array]) -> float:
    name = "nearest_kink"
    closest = replace(equation, target=name, left=(), reduced=equation.indices, body=-scalars.absolute(gap), op="max")
    return -float(_measured(program, closest, inputs))


def _measured(program: Program, asked: Equation, inputs: Mapping[str, Array]) -> Array:
    """The tensor of an equation that asks about others; whole loops are run, so it stands behind them all."""
    spec = TensorSpec(asked.target, tuple(i.size for i in asked.left), "intermediate")
    equations = (*program.equations, asked)
    return evaluate(replace(program, equations=equations, tensors={**program.tensors, spec.name: spec}), inputs)[
        spec.name
    ]


def _plain(gap: sp.Expr) -> str:
    """The argument without its indices."""
    text = str(gap.xreplace({a: sp.Symbol(a.name) for a in gap.atoms(Access)}))
    return text
