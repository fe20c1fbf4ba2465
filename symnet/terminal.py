"""Colour for people who read in a terminal; everyone else gets the same characters without it."""

from __future__ import annotations

from typing import IO, ClassVar, Literal

from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.theme import Theme

Color = Literal["auto", "always", "never"]

THEME = Theme(
    {
        "symnet.heading": "bold",
        "symnet.step": "bold cyan",
        "symnet.label": "dim",
        "symnet.reason": "green",
        "symnet.error": "bold red",
        "symnet.warning": "bold yellow",
        "symnet.caret": "red",
    }
)


class Highlighter(RegexHighlighter):
    """Marks headings, steps, the labels of lines, and reasons; and, in messages, what is wrong and where."""

    base_style = "symnet."
    highlights: ClassVar[list[str]] = [
        r"(?m)^(?P<heading>FORWARD|BACKWARD|RESULT|NUMBERS)\b",
        r"(?m)^ (?P<step>step \d+   \S+)",
        r"(?m)^ +(?P<label>index letters|index|matrix|note|where|data|parameters|sizes|read|define)(?= )",
        r"(?m)^   (?P<reason>because.*)$",
        r"(?m)^(?P<error>error\[SN\d+\]):",
        r"(?m)^(?P<warning>warning\[SN\d+\]):",
        r"(?m)^ *\| *(?P<caret>\^+.*)$",
    ]


def console(file: IO[str], color: Color) -> Console:
    """A console that never wraps a line; NO_COLOR and a dumb terminal are obeyed under ``auto``."""
    forced = {"auto": None, "always": True, "never": False}[color]
    # FORCE_COLOR means colour, not a terminal; here it is not needed, --color always says it.
    terminal = forced if forced is not None else file.isatty()
    return Console(
        file=file,
        theme=THEME,
        force_terminal=terminal,
        no_color=None if color != "never" else True,
        highlighter=Highlighter(),
        soft_wrap=True,
        legacy_windows=False,
    )
