"""No time is worth anything before both sides are seen to compute the same."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

EXACT, ROUNDED = 1e-10, 1e-3  # allowed relative difference in float64 and in float32


class Unequal(Exception):
    """Two candidates compute different numbers: the benchmark says nothing about speed."""


def require_equal(
    reference: Mapping[str, NDArray[np.floating]],
    other: Mapping[str, NDArray[np.floating]],
    who: str,
    dtype: str,
) -> None:
    """Raise Unequal unless both hold the same names, shapes, the dtype asked for, and the same numbers.

    The numbers are the same if ``max |a - b| <= tolerance max |a|`` for the loss and for each gradient; a nan is not.
    """
    if set(reference) != set(other):
        raise Unequal(f"{who}: has {sorted(other)}, should have {sorted(reference)}")
    tolerance = EXACT if dtype == "float64" else ROUNDED
    for name, wanted in reference.items():
        found = other[name]
        if found.dtype != np.dtype(dtype):
            raise Unequal(f"{who}: {name} came out as {found.dtype}, not {dtype}")
        if found.shape != wanted.shape:
            raise Unequal(f"{who}: {name} has the shape {found.shape}, should have {wanted.shape}")
        error, scale = float(np.abs(found - wanted).max()), float(np.abs(wanted).max())
        if not error <= tolerance * scale:
            raise Unequal(f"{who}: {name} differs by {error:.1e}, allowed {tolerance:g} of {scale:.1e} ({dtype})")
