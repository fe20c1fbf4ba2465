"""What a check found: one row a parameter, sentences on the other methods, and what is wrong with why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from symnet.errors import Problem

Method = Literal["autograd", "fd", "exact"]
METHODS: tuple[Method, ...] = ("autograd", "fd", "exact")


@dataclass(frozen=True)
class Options:
    """How to check.  ``against`` None: every method that this installation has; a method that is named must run."""

    against: tuple[Method, ...] | None = None
    trials: int = 20
    seed: int = 0
    rtol: float = 1e-9
    device: str = "cpu"

    @property
    def methods(self) -> tuple[Method, ...]:
        """The methods to run."""
        return METHODS if self.against is None else self.against


@dataclass(frozen=True)
class Row:
    """One parameter: norms at the first point, and the largest relative errors over all points.

    An error is max |hand - other| / max |other|; None means that the method was not run.
    """

    parameter: str
    shape: tuple[str, ...]
    numbers: tuple[int, ...]
    hand_norm: float
    autograd_norm: float | None = None
    autograd_error: float | None = None
    difference_error: float | None = None
    exact: bool | None = None
    wrong: tuple[Method, ...] = ()


@dataclass(frozen=True)
class Report:
    """The outcome of ``check`` for one model."""

    model: str
    origin: str
    options: Options
    trials: int
    sizes: Mapping[str, tuple[int, int]]  # smallest and largest over the points
    loss: float
    rows: tuple[Row, ...]
    exact: str | None = None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 all agrees, 1 a difference was found, 3 a method that was asked for could not decide."""
        if self.problems:
            return 1
        return 3 if self.undecided else 0
