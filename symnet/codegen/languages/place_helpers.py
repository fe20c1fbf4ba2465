"""Helper functions that go from tap to tap, the same in both languages but for the names of a few calls."""

from __future__ import annotations

Lines = tuple[str, ...]

ADD_WINDOWS: Lines = (
    "def add_windows(target, values, axes, strides=(1, 1, 1), dilations=(1, 1, 1)):",
    '    """Add values[.., i, .., p] to target[.., stride * i + dilation * p, ..], tap by tap."""',
    "    for taps in itertools.product(*map(range, values.shape[values.ndim - len(axes) :])):",
    "        keys = [slice(None)] * target.ndim",
    "        for axis, tap, stride, dilation in zip(axes, taps, strides, dilations, strict=False):",
    "            start = dilation * tap",
    "            keys[axis] = slice(start, start + stride * (values.shape[axis] - 1) + 1, stride)",
    "        target[tuple(keys)] += values[(..., *taps)]",
)


def at_first_lines(library: str, truth: str, in_front: str) -> Lines:
    """The helper that puts values where a maximum is reached first; ``in_front`` spells the axes of ``a`` put there."""
    return (
        "def at_first(values, x, largest, axes):",
        '    """values at the first place along axes, in row-major order, where x equals largest; 0 at all others."""',
        f"    result = {library}.empty_like(x)",
        f"    x, places = ({in_front} for a in (x, result))",
        f"    free = {library}.ones_like(largest, dtype={truth})",
        "    for place in itertools.product(*map(range, x.shape[: len(axes)])):",
        "        hit = free & (x[place] == largest)",
        "        free ^= hit",
        "        places[place] = values * hit",
        "    return result",
    )
