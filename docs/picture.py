"""Draws docs/derivation.svg: what ``symnet derive`` prints in a terminal.  Run: python docs/picture.py

The letters and their colours come from the command line itself, so the picture is what a reader will see; a test
compares it with the file.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

from rich.text import Text

from symnet import pipeline
from symnet.explain.options import Options
from symnet.terminal import Highlighter

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "derivation.svg"
MODEL = Path("examples/mlp.py")
COLORS = {"heading": "#ffffff", "step": "#7fd5ff", "label": "#8b98a5", "reason": "#9fe6a0"}
ADVANCE, LINE, MARGIN = 8.43, 19, 24  # of a 14 pixel monospaced face


def picture() -> str:
    """The SVG of the derivation of a 784-256-10 network, ending in a newline."""
    model, _ = pipeline.load(MODEL)
    text = pipeline.explain(pipeline.derive_model(model), Options(form="matrix"), "text")
    lines = [f"$ symnet derive {MODEL.as_posix()} --form matrix", *text.rstrip().splitlines()]
    width = round(2 * MARGIN + ADVANCE * max(map(len, lines)))
    height = 2 * MARGIN + LINE * len(lines)
    rows = "\n".join(_row(line, MARGIN + LINE * k + 14) for k, line in enumerate(lines))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">\n'
        f'<rect width="{width}" height="{height}" rx="8" fill="#10161d"/>\n'
        '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" fill="#d7dee5" '
        f'xml:space="preserve">\n{rows}\n</g>\n</svg>\n'
    )


def _row(line: str, y: int) -> str:
    """One line of text; its coloured parts are placed by column, so that no face can shift them."""
    marked = Highlighter()(Text(line))
    cuts = sorted({0, len(line), *(s.start for s in marked.spans), *(s.end for s in marked.spans)})
    parts = []
    for start, end in pairwise(cuts):
        style = next((str(s.style).removeprefix("symnet.") for s in marked.spans if s.start <= start < s.end), "")
        fill = f' fill="{COLORS[style]}"' if style in COLORS else ""
        bold = ' font-weight="bold"' if style in ("heading", "step") else ""
        parts.append(f'<tspan x="{MARGIN + ADVANCE * start:.2f}"{fill}{bold}>{escape(line[start:end])}</tspan>')
    return f'<text y="{y}">{"".join(parts)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
