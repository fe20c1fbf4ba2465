"""The numbers a derivation may carry: plain records, filled by the checks and only laid out here."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NumberRow:
    """One parameter's gradient at the drawn numbers: one entry, its norms, and how far the other methods are from it.

    ``entry`` is the place of the entry shown, empty for a scalar.  Errors are over the whole tensor; ``None`` means
    that the method was not run (torch is not installed, differences not asked for).
    """

    parameter: str
    shape: tuple[int, ...]
    entry: tuple[int, ...]
    hand: float
    autograd: float | None
    difference: float | None
    hand_norm: float
    autograd_norm: float | None
    autograd_error: float | None  # max |hand - autograd| / max |hand|
    difference_error: float | None  # max |hand - central difference| / max |hand|


@dataclass(frozen=True)
class Numbers:
    """What ``derive --numbers`` shows: where it was evaluated, the loss, a row per parameter, and the exact check."""

    seed: int
    dtype: str
    sizes: tuple[tuple[str, int], ...]
    loss: float
    rows: tuple[NumberRow, ...]
    scalars: tuple[tuple[str, float], ...] = ()  # values of the scalar parameters
    exact: str | None = None  # one sentence on the check with rational numbers
    notes: tuple[str, ...] = ()  # e.g. the distance to the nearest kink
