"""The lines of a derivation that a generated script repeats above its code."""

from __future__ import annotations

from symnet.explain.formats import render_derivation
from symnet.explain.options import Options
from symnet.explain.phrases import ENGLISH
from symnet.model import Derivation


def formulas(derivation: Derivation) -> tuple[str, ...]:
    """The result in plain characters: the lines that ``derive --form matrix --format ascii`` prints, and the facts."""
    page = render_derivation(derivation, "ascii", Options(form="matrix"))
    result, _, facts = page.partition("RESULT")[2].partition(ENGLISH.facts.upper())
    lines = [*_lines(result), *(f"{ENGLISH.because} {fact}" for fact in _lines(facts))]
    return tuple(lines)


def _lines(block: str) -> list[str]:
    return [line.strip() for line in block.splitlines() if line.strip()]
