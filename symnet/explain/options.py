"""What a person may ask of a printed derivation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from symnet.explain.numbers import Numbers

Form = Literal["both", "index", "matrix"]
Detail = Literal["brief", "normal", "full"]
Language = Literal["en", "zh"]
Layout = Literal["shape", "numerator"]


@dataclass(frozen=True)
class Options:
    """Which forms, how much detail, one step or all; ``hint`` prints only the names of the rules.

    brief is results only; normal shows the chain of each step and, the first time a rule occurs, its δ; full shows
    the δ in every step and the children of each rewrite.  ``layout`` numerator writes the matrix form of each dV
    transposed; index forms have no layout.
    """

    form: Form = "both"
    detail: Detail = "normal"
    step: int | None = None
    hint: bool = False
    numbers: Numbers | None = None
    language: Language = "en"
    layout: Layout = "shape"
