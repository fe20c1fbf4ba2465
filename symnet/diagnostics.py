"""Problems as text: the sentence, the person's line with a caret, a shape table, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from symnet.errors import Note, Problem, Source

_WIDE, _BEFORE = 120, 20  # a longer line is shown from a little before the carets on


def render_problems(problems: Iterable[Problem], lines: Mapping[str, tuple[str, ...]] | None = None) -> str:
    """Every problem, one blank line between; lines of a file are read once unless given."""
    cache: dict[str, tuple[str, ...]] = dict(lines or {})
    return "\n\n".join("\n".join(_problem(p, cache)) for p in problems) + "\n"


def _problem(problem: Problem, cache: dict[str, tuple[str, ...]]) -> list[str]:
    kind = "warning" if problem.warning else "error"
    out = [f"{kind}[{problem.code}]: {problem.message}"]
    if problem.places:
        main = problem.places[-1].source
        out.append(f"  --> {main.path}:{main.line}:{main.column + 1}")
        width = max(len(str(n.source.line)) for n in problem.places)
        out.append(f"{'':{width}} |")
        for note in problem.places:
            out += _excerpt(note, width, cache)
        out += [f"{'':{width}} |   {row}" for row in problem.table]
    else:
        out += [f"  {row}" for row in problem.table]
    out += [f"  = help: {text}" for text in problem.help]
    out += [f"  = note: {text}" for text in problem.notes]
    return out


def _excerpt(note: Note, width: int, cache: dict[str, tuple[str, ...]]) -> list[str]:
    """The person's line, and carets under the expression; columns count bytes in Python, characters on the screen."""
    source = note.source
    line = _line(source, cache)
    if line is None:
        return []
    raw = line.encode()
    start = len(raw[: source.column].decode(errors="ignore"))
    end = len(raw[: source.end_column].decode(errors="ignore")) if source.end_line == source.line else len(line)
    line, start, end = _window(line, start, end)
    carets = "^" * max(end - start, 1)
    said = f" {note.text}" if note.text else ""
    return [f"{source.line:>{width}} | {line}", f"{'':{width}} | {' ' * start}{carets}{said}"]


def _window(line: str, start: int, end: int) -> tuple[str, int, int]:
    """What a screen has room for of a long line, around the carets."""
    if len(line) <= _WIDE:
        return line, start, end
    first = max(min(start - _BEFORE, len(line) - _WIDE), 0)
    last = min(first + _WIDE, len(line))
    left, right = "… " * (first > 0), " …" * (last < len(line))
    moved = len(left) - first
    return left + line[first:last] + right, start + moved, min(end, last) + moved


def _line(source: Source, cache: dict[str, tuple[str, ...]]) -> str | None:
    if source.path not in cache:
        try:
            cache[source.path] = tuple(Path(source.path).read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError):
            cache[source.path] = ()
    lines = cache[source.path]
    return lines[source.line - 1].expandtabs(1) if 0 < source.line <= len(lines) else None
