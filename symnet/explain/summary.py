"""The lines of a derivation that a generated script repeats above its code."""

from __future__ import annotations

from symnet.explain.formats import render_derivation
from symnet.explain.options import Options
from symnet.model import Derivation


def formulas(derivation: Derivation) -> tuple[str, ...]:
    """The result in plain characters: the same lines that ``derive --form matrix --format ascii`` prints."""
    page = render_derivation(derivation, "ascii", Options(form="matrix"))
    return tuple(line.strip() for line in page.partition("RESULT")[2].splitlines() if line.strip())
