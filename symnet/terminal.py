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
        r"(?m)^(?P<heading>FORWARD|BACKWARD|RESULT|NUMBERS|前向传播|反向传播|结果|数值)(?=\s|$)",
        r"(?m)^ (?P<step>(?:step \d+|第 \d+ 步)   \S+)",
        r"(?m)^ +(?P<label>index letters|index|matrix|rules|rule|note|where|data|parameters|sizes|read|define)(?= )",
        r"(?m)^ +(?P<label>下标字母|分量|矩阵|说明|其中|数据|参数|大小|读法|定义)(?= )",
        r"(?m)^   (?P<reason>(?:because|因为).*)$",
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
