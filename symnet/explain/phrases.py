"""The fixed words of the renderers: headings, labels, and the phrases between numbers and formulas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: From here on (CJK radicals, ideographs, full-width forms) a terminal gives every character two columns.
WIDE = "\u2e80"


@dataclass(frozen=True)
class Phrases:
    """English unless said otherwise.  Headings are in small letters; a renderer that wants capitals makes them."""

    forward: str = "forward"
    inner: str = "derivative in the model"
    sought: str = "sought"
    backward: str = "backward"
    result: str = "result"
    facts: str = "facts used"
    updates: str = "after each step"
    evaluation: str = "in evaluation"
    numbers: str = "numbers"
    start: str = "start"
    nothing: str = "nothing to derive"
    data: str = "data"
    drawn: str = "drawn for each step"
    parameters: str = "parameters"
    buffers: str = "buffers"
    sizes: str = "sizes"
    read: str = "read"
    reading: str = (
        "{adjoint} means {derivative}.  {adjoint} has the shape of {tensor}  (layout: shape, as in NumPy and PyTorch)"
    )
    numerator: str = (
        "{adjoint} means {derivative}.  The matrix form of a matrix gives {transposed}  (layout: numerator)"
    )
    letters: str = "index letters"
    over: str = "over"
    within: str = "in"
    define: str = "define"
    second: str = "second"
    step: str = "step {number}"
    origin: str = "from {numbers}"
    line: str = "line {numbers}"
    lines: str = "lines {numbers}"
    rule: str = "rule"
    rules: str = "rules"
    index: str = "index"
    matrix: str = "matrix"
    where: str = "where"
    note: str = "note"
    because: str = "because"
    code: str = "code"
    seed: str = "seed"
    table: tuple[str, ...] = (
        "param", "shape", "entry", "hand", "autograd", "rel err", "central diff", "rel err", "|hand|",
    )  # fmt: skip
    exact: str = "exact check"
    colon: str = ": "
    stop: str = "."
    joint: str = ", "  # between the names of rules
    document_class: str = "article"  # of LaTeX

    def from_lines(self, forward: Iterable[int]) -> str:
        """The numbers of forward lines that a step comes from."""
        return self.origin.format(numbers=", ".join(f"({k})" for k in forward))

    def at_lines(self, lines: Sequence[int]) -> str:
        """Lines of the person's file."""
        return (self.line if len(lines) == 1 else self.lines).format(numbers=", ".join(map(str, lines)))


ENGLISH = Phrases()


def columns(text: str) -> int:
    """How many columns of a terminal the text takes, ideographs two each."""
    return len(text) + sum(character >= WIDE for character in text if character < "\ufff0")


def padded(text: str, width: int) -> str:
    """The text with spaces behind it up to a width in columns."""
    return text + " " * (width - columns(text))


def led(text: str, width: int) -> str:
    """The text with spaces before it up to a width in columns."""
    return " " * (width - columns(text)) + text
