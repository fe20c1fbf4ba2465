"""The derivation as a document free of any format; a renderer lays it out and decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from symnet.explain.formula import Formula
from symnet.explain.numbers import Numbers
from symnet.explain.options import Layout
from symnet.explain.phrases import ENGLISH, Phrases

Prose = tuple[str | Formula, ...]  # words with formulas between them
Shape = tuple[Formula, ...]


@dataclass(frozen=True)
class Line:
    """A formula with a remark.  ``formula`` is None for a remark alone."""

    formula: Formula | None
    remark: Prose = ()


@dataclass(frozen=True)
class Declared:
    """A tensor that the person gave; ``classes`` bounds labels, ``note`` says how it is drawn."""

    name: str
    shape: Shape
    classes: Formula | None = None
    note: Prose = ()


@dataclass(frozen=True)
class LetterUse:
    """The letters of one size, and what the size counts."""

    letters: tuple[str, ...]
    size: Formula


@dataclass(frozen=True)
class Forward:
    """One tensor of the forward program: its number, both forms, its shape and the line that made it."""

    number: int
    name: str
    index: Formula
    matrix: Formula | None
    shape: Shape
    line: int | None
    remark: Prose = ()


@dataclass(frozen=True)
class Reason:
    """One rewrite of the simplifier: its name, both sides, why it holds, and the steps inside it."""

    name: str
    line: Line
    reason: Prose
    children: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Where:
    """A name that the simplifier gave, in both forms."""

    name: str
    index: Formula
    matrix: Formula | None
    remark: Prose = ()


@dataclass(frozen=True)
class Step:
    """One adjoint: what it is the derivative by, which rules made it, its chain of equal formulas, its matrix form.

    ``chain`` starts with the left side and goes on by equal right sides; ``earlier`` are adjoints on the way that got
    no step of their own, ``where`` names that the simplifier gave.
    """

    number: int
    name: str
    shape: Shape
    origin: tuple[int, ...]
    lines: tuple[int, ...]  # of the person's file, where the forward tensors of ``origin`` are made
    rules: tuple[str, ...]
    earlier: tuple[tuple[Line, ...], ...]
    chain: tuple[Line, ...]
    where: tuple[Where, ...]
    matrix: Formula | None
    code: str | None
    operands: tuple[Shape, ...]
    product: Shape
    remarks: tuple[Prose, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Derived:
    """A derivative that is part of the model: what is sought, what that needs beside the forward list, its steps.

    ``line`` is that of the person's file where it is taken.
    """

    line: int | None
    sought: tuple[Line, ...]
    where: tuple[Where, ...]
    notes: tuple[Prose, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Outline:
    """The whole document, top to bottom.

    ``result`` holds one chain for each gradient asked for and each name that they use; ``updates`` are the equations of
    the buffers after a step, ``evaluation`` those that are others when the model is evaluated; ``schema`` numbers the
    layout of the JSON form.
    """

    path: str
    summary: tuple[Formula, ...]
    data: tuple[Declared, ...]
    drawn: tuple[Declared, ...]
    parameters: tuple[Declared, ...]
    buffers: tuple[Declared, ...]
    sizes: tuple[tuple[str, str], ...]
    letters: tuple[LetterUse, ...]
    definitions: tuple[Line, ...]
    second: tuple[Prose, ...]
    forward: tuple[Forward, ...]
    inner: tuple[Derived, ...]
    steps: tuple[Step, ...]
    result: tuple[Line, ...]
    facts: tuple[Line, ...]
    updates: tuple[Line, ...]
    evaluation: tuple[Line, ...]
    notes: tuple[Prose, ...]
    numbers: Numbers | None
    form: str
    hint: bool
    layout: Layout
    loss: str
    adjoints: tuple[tuple[str, str], ...]  # every adjoint of the first order with its tensor
    phrases: Phrases = ENGLISH

    @property
    def declared(self) -> tuple[tuple[str, tuple[Declared, ...]], ...]:
        """What the person gave, group by group with its heading; a group may be empty."""
        phrases = self.phrases
        return (
            (phrases.data, self.data),
            (phrases.drawn, self.drawn),
            (phrases.parameters, self.parameters),
            (phrases.buffers, self.buffers),
        )

    @property
    def endings(self) -> tuple[tuple[str, tuple[Line, ...]], ...]:
        """What stands below the result, with its heading; any may be empty."""
        phrases = self.phrases
        return (
            (phrases.facts, self.facts),
            (phrases.updates, self.updates),
            (phrases.evaluation, self.evaluation),
        )

    @property
    def reading(self) -> str:
        """What dV means, with places for dV, dVᵀ, the derivative and V."""
        return self.phrases.reading if self.layout == "shape" else self.phrases.numerator
