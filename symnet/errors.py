"""The one family of errors.

The inner layers raise the fact; the layer that knows the person's file adds place, caret and remedy, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Source:
    """A span of the person's file; lines count from 1, columns from 0."""

    path: str
    line: int
    end_line: int
    column: int
    end_column: int

    @property
    def span(self) -> tuple[int, int, int, int]:
        """First and last line, first and last column."""
        return (self.line, self.end_line, self.column, self.end_column)


@dataclass(frozen=True)
class Note:
    """One place in the person's file with what is to be said there."""

    source: Source
    text: str = ""


@dataclass(frozen=True)
class Problem:
    """One mistake in the person's words: a stable code, a sentence, places, and concrete edits."""

    code: str
    message: str
    places: tuple[Note, ...] = ()
    table: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warning: bool = False


class SymnetError(Exception):
    """A person's mistake, or something symnet refuses to do; the command line exits with ``exit_code``."""

    exit_code = 2

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(p.message for p in problems))
        self.problems: tuple[Problem, ...] = problems


class Difference(SymnetError):
    """The tool worked and found that two things which should agree do not."""

    exit_code = 1


class Undecided(SymnetError):
    """A check that was asked for could not be made."""

    exit_code = 3


class InvariantError(AssertionError):
    """A pass broke a promise: a defect of symnet, never of the model."""


@dataclass
class Problems:
    """Collects the problems of one run, so that a person sees all of them at once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        if problem not in self.found:
            self.found.append(problem)

    def raise_if_any(self) -> None:
        errors: Sequence[Problem] = [p for p in self.found if not p.warning]
        if errors:
            raise SymnetError(*self.found)


def shortened(text: str, length: int = 40) -> str:
    """The text, or its two ends where it is longer: a sentence has room for a name, not for a page."""
    half = (length - 3) // 2
    return text if len(text) <= length else f"{text[:half].rstrip()} … {text[-half:].lstrip()}"
