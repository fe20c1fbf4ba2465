"""Python text that ruff's formatter leaves as it is: on one line, or one item a line with a comma after the last."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Any

LINE = 120


def bracketed(head: str, opening: str, items: Iterable[str], closing: str, tail: str = "", indent: int = 0) -> str:
    """``head(items)tail`` on one line, or with one item a line; the first line's own indent is left to the caller."""
    parts = tuple(items)
    flat = f"{head}{opening}{', '.join(parts)}{closing}{tail}"
    if indent + len(flat) <= LINE and "\n" not in flat:
        return flat
    inner = " " * (indent + 4)
    return f"{head}{opening}\n" + "".join(f"{inner}{part},\n" for part in parts) + f"{' ' * indent}{closing}{tail}"


def number(value: float) -> str:
    """The shortest text that Python reads back as exactly this number."""
    return repr(value if isinstance(value, int) else float(value))


def nested_list(values: Any, head: str, tail: str, indent: int) -> str:
    """``head[...]tail`` for nested tuples of numbers, broken into lines where it is too long."""
    flat = head + _flat(values) + tail
    if indent + len(flat) <= LINE or not isinstance(values, tuple):
        return flat
    return bracketed(head, "[", (nested_list(v, "", "", indent + 4) for v in values), "]", tail, indent)


def array_call(head: str, values: Any, options: str, tail: str, indent: int) -> str:
    """``head`` np.array(values, options) ``tail``, broken into lines where it is too long."""
    flat = f"{head}np.array({_flat(values)}{', ' + options if options else ''}){tail}"
    if indent + len(flat) <= LINE:
        return flat
    items = (nested_list(values, "", "", indent + 4), *((options,) if options else ()))
    inner, outer = " " * (indent + 4), " " * indent
    if not options:
        return f"{head}np.array(\n{inner}{items[0]}\n{outer}){tail}"
    return f"{head}np.array(\n" + "".join(f"{inner}{item},\n" for item in items) + f"{outer}){tail}"


def docstring_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """Lines of any text, safe inside a docstring and no longer than a line may be."""
    found: list[str] = []
    for line in lines:
        plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line.rstrip())
        safe = plain.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
        indent = " " * (len(safe) - len(safe.lstrip()) + 4)
        found += textwrap.wrap(safe, LINE, subsequent_indent=indent, break_on_hyphens=False) or [""]
    return tuple(found)


def quoted(text: str) -> str:
    """A string literal with the quotes that ruff's formatter gives it: double ones unless they need more escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{quote}{escaped(text, quote)}{quote}"


def escaped(text: str, quote: str = '"') -> str:
    """The inside of a string literal in these quotes that has this text as its value."""
    special = {quote: f"\\{quote}", "\\": "\\\\"}
    return "".join(special.get(c) or (c if c.isprintable() else ascii(c)[1:-1]) for c in text)


def _flat(values: Any) -> str:
    return "[" + ", ".join(map(_flat, values)) + "]" if isinstance(values, tuple) else number(values)
