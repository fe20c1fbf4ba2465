"""Where in the person's own code an operation was called."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from types import FrameType

from symnet.errors import Source

_PACKAGE = str(Path(__file__).resolve().parents[2])


def person_frame(path: str) -> tuple[FrameType | None, FrameType | None]:
    """The innermost frame of the model file, and the frame of ours that it called."""
    inner: FrameType | None = None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name == path if path else not name.startswith(_PACKAGE):
            return frame, inner
        inner, frame = frame, frame.f_back
    return None, None


def span(frame: FrameType) -> Source:
    """The expression that a frame is evaluating."""
    positions = next(itertools.islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    line, end_line, column, end_column = positions
    start = line or frame.f_lineno
    return Source(frame.f_code.co_filename, start, end_line or start, column or 0, end_column or 0)


def asked_by_us() -> bool:
    """Whether the caller of the function that asks this is code of symnet."""
    name: str = sys._getframe(2).f_globals.get("__name__", "")
    return name.startswith("symnet.")
