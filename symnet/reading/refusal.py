"""What symnet says where it has no array notation for an equation: it refuses, it never guesses."""

from __future__ import annotations

from symnet.calculus.ir import Equation
from symnet.errors import Note, Problem, SymnetError


class NoNotation(Exception):
    """The reason, raised inside; ``refused`` adds the equation and its place."""


def refused(equation: Equation, reason: NoNotation) -> SymnetError:
    """The error a person sees: the equation, the reason, the place in the model file."""
    places = (Note(equation.source),) if equation.source is not None else ()
    return SymnetError(Problem("SN601", f"there is no array code for  {equation}: {reason}", places))
