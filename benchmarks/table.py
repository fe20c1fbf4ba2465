"""The rows of the result, and how they are printed."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """``what`` beside ``against``: median seconds of both, and the ratio: median, lowest and highest over the rounds.

    ``target`` is what the ratio should not exceed, None where nothing is promised.
    """

    section: str
    what: str
    against: str
    seconds: float
    against_seconds: float
    ratio: float
    low: float
    high: float
    target: float | None = None

    @property
    def verdict(self) -> str:
        """ "yes", "NO", or "" where nothing is promised."""
        return "" if self.target is None else "yes" if self.ratio <= self.target else "NO"


def row(
    section: str, what: tuple[str, Sequence[float]], against: tuple[str, Sequence[float]], target: float | None = None
) -> Row:
    """The row of two named series of seconds; entry k of both comes from round k, and the ratio is taken per round.

    Raises ValueError if the series are empty or differ in length.
    """
    ratios = [one / other for one, other in zip(what[1], against[1], strict=True)]
    if not ratios:
        raise ValueError(f"nothing was measured for {what[0]}")
    seconds, base = statistics.median(what[1]), statistics.median(against[1])
    return Row(section, what[0], against[0], seconds, base, statistics.median(ratios), min(ratios), max(ratios), target)


def duration(seconds: float) -> str:
    """Three digits and a unit: 1.23 s, 45.6 ms, 789 us."""
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
        if seconds * factor >= 1 or unit == "us":
            return f"{seconds * factor:.3g} {unit}"
    raise ValueError(seconds)  # not reached: the last unit takes everything


def render(rows: Iterable[Row]) -> str:
    """The rows as aligned text, with a line between sections."""
    head = ("", "time", "beside", "its time", "ratio", "min..max", "target", "met")
    body: list[tuple[str, ...]] = [head]
    sections: list[str] = [""]
    for r in rows:
        target = "" if r.target is None else f"<= {r.target:g}"
        spread = f"{r.low:.2f}..{r.high:.2f}"
        times = (r.what, duration(r.seconds), r.against, duration(r.against_seconds))
        body.append((*times, f"{r.ratio:.2f}", spread, target, r.verdict))
        sections.append(r.section)
    widths = [max(len(line[k]) for line in body) for k in range(len(head))]
    lines: list[str] = []
    for section, line, before in zip(sections, body, ["", *sections], strict=False):
        if section != before:
            lines += ["", section]
        cells = [c.ljust(w) if k in (0, 2) else c.rjust(w) for k, (c, w) in enumerate(zip(line, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def to_json(rows: Iterable[Row], machine: dict[str, str]) -> str:
    """The same as JSON: {"machine": {...}, "rows": [...]}."""
    records = [{**asdict(r), "verdict": r.verdict} for r in rows]
    return json.dumps({"machine": machine, "rows": records}, indent=2) + "\n"
