"""What differs from step to step, and between training and evaluation, for the document."""

from __future__ import annotations

from collections.abc import Iterable

from symnet.calculus.ir import Equation, Program
from symnet.explain.document import Line
from symnet.explain.scribe import Scribe
from symnet.model import Distribution, Values


def others(scribe: Scribe, program: Program | None) -> tuple[Line, ...]:
    """The equations that the forward pass has not, or has otherwise."""
    if program is None:
        return ()
    own = scribe.derivation.model.program
    other = [n for n in program.targets() if _said(program.defining(n)) != _said(own.defining(n))]
    return tuple(Line(scribe.equation(program.defining(name))) for name in other)


def _said(equations: Iterable[Equation]) -> list[str]:
    return list(map(str, equations))


def how_drawn(values: Values) -> str:
    """What a person reads of the numbers that are drawn for every step."""
    assert isinstance(values, Distribution)
    given = [f"{a:.6g}" for a in values.arguments]
    if values.kind == "dropout":
        return f"0 with probability {given[0]}, else {1 / (1 - values.arguments[0]):.6g}; mean 1"
    if values.kind == "bernoulli":
        return f"1 with probability {given[0]}, else 0"
    if values.kind == "uniform":
        return f"uniform in {given[0]}..{given[1]}"
    return f"normal, mean {given[0]}, standard deviation {given[1]}"
