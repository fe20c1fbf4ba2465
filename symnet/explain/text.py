"""A derivation for the terminal.

Nothing is aligned after a symbol whose width differs between terminals, and no box is closed on the right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symnet.explain.document import Declared, Derived, Forward, Line, Outline, Prose, Reason, Shape, Step, Where
from symnet.explain.formula import Chain, Formula
from symnet.explain.notation import Linear
from symnet.explain.numbers import NumberRow, Numbers
from symnet.explain.phrases import Phrases, columns, led, padded
from symnet.explain.spellings import Ascii, Unicode

#: Words and signs of the prose in plain characters.
ASCII_SIGNS = str.maketrans(
    {
        "−": "-", "·": "*", "⊙": ".*", "∂": "d", "Σ": "sum", "δ": "delta", "ᵀ": "^T", "²": "^2", "³": "^3", "ᵏ": "^k",
        "⁻": "-", "¹": "1", "≥": ">=", "≤": "<=", "≠": "!=", "Φ": "Phi", "φ": "phi", "π": "pi", "√": "sqrt", "±": "+-",
        "→": "->", "×": "x", "∈": "in", "’": "'", "…": "...",
    } | dict(zip("ᵢⱼₖₗₘₙₚᵣₛₜᵤᵥ₀₁₂₃₄₅₆₇₈₉", "ijklmnprstuv0123456789", strict=True))
)  # fmt: skip


def render(outline: Outline) -> str:
    """The document as Unicode text, ending in a newline."""
    return _Page(Unicode(), outline).text()


def render_ascii(outline: Outline) -> str:
    """The document in plain characters, for output that cannot encode the symbols."""
    text = _Page(Ascii(), outline).text().translate(ASCII_SIGNS)
    return text.encode("ascii", "replace").decode("ascii")


class _Page:
    def __init__(self, notation: Linear, outline: Outline) -> None:
        self.notation, self.outline, self.phrases = notation, outline, outline.phrases

    def text(self) -> str:
        outline, phrases = self.outline, self.phrases
        blocks = [self._header()]
        if outline.forward:
            blocks.append([phrases.forward.upper(), *(line for f in outline.forward for line in self._forward(f))])
        blocks += [list(self._derived(derived)) for derived in outline.inner]
        blocks.append([self._start(), *(line for s in outline.steps for line in self._step(s))])
        if outline.result:
            blocks.append([phrases.result.upper(), *(f"   {self._line(r)}" for r in outline.result)])
        for title, ending in outline.endings:
            if ending:
                blocks.append([title.upper(), *(f"   {self._line(line)}" for line in ending)])
        if outline.numbers:
            blocks.append(number_lines(outline.numbers, outline.loss, phrases))
        return "\n\n".join("\n".join(line.rstrip() for line in block) for block in blocks) + "\n"

    def _start(self) -> str:
        phrases = self.phrases
        seed = f"{phrases.start}{phrases.colon}d{self.outline.loss} = 1"
        return f"{phrases.backward.upper()}   {seed if self.outline.steps else phrases.nothing}"

    def _header(self) -> list[str]:
        outline, phrases = self.outline, self.phrases
        summary = " ,  ".join(self._formula(f) for f in outline.summary)
        lines = [f"{outline.path}   {summary}" if len(summary) <= 100 else outline.path]
        lines += [f"  {title}  {'  '.join(map(self._declared, group))}" for title, group in outline.declared if group]
        if outline.sizes:
            lines.append(f"  {phrases.sizes}  " + "  ".join(f"{name} = {value}" for name, value in outline.sizes))
        reading = outline.reading.format(adjoint="dV", derivative=f"∂{outline.loss}/∂V", tensor="V", transposed="dVᵀ")
        lines.append(f"  {phrases.read}  {reading}")
        if outline.letters and outline.form != "matrix":
            uses = (f"{', '.join(u.letters)} {phrases.over} {self._formula(u.size)}" for u in outline.letters)
            lines.append(f"  {phrases.letters}  " + "   ".join(uses))
        lines += [f"  {phrases.define}  {self._line(line)}" for line in outline.definitions]
        lines += [f"  {phrases.second}  {self._prose(text)}" for text in outline.second]
        return lines

    def _declared(self, declared: Declared) -> str:
        shape = self._shape(declared.shape) if declared.shape else ""
        largest = self.notation.address(declared.classes) if declared.classes is not None else None
        bound = f" {self.phrases.within} 0..{largest}" if largest is not None else ""
        note = f" ({self._prose(declared.note)})" if declared.note else ""
        return f"{declared.name}{shape}{bound}{note}"

    def _forward(self, forward: Forward) -> Iterable[str]:
        line = self.phrases.line.format(numbers=forward.line) if forward.line is not None else ""
        head = padded(f" ({forward.number}) {self._shape(forward.shape)} {line}", 24)
        formulas = []
        if forward.matrix is not None and self.outline.form != "index":
            formulas.append(self._formula(forward.matrix))
        if not formulas or (self.outline.form != "matrix" and forward.index != forward.matrix):
            formulas.append(self._formula(forward.index))
        remark = f"   ({self._prose(forward.remark)})" if forward.remark else ""
        formulas[-1] += remark
        yield f"{head} {formulas[0]}"
        for formula in formulas[1:]:
            yield " " * 25 + formula

    def _derived(self, derived: Derived) -> Iterable[str]:
        phrases = self.phrases
        line = f"   {phrases.line.format(numbers=derived.line)}" if derived.line is not None else ""
        yield phrases.inner.upper() + line
        for sought in derived.sought:
            yield self._labelled(phrases.sought) + self._line(sought)
        for where in derived.where:
            yield from self._where(where)
        for note in derived.notes:
            yield f"{self._labelled(phrases.note)}{self._prose(note)}"
        for step in derived.steps:
            yield from self._step(step)

    def _step(self, step: Step) -> Iterable[str]:
        phrases = self.phrases
        source = f"   {phrases.from_lines(step.origin)}" if step.origin else ""
        source += f" {phrases.at_lines(step.lines)}" if step.lines else ""
        yield f" {phrases.step.format(number=step.number)}   {step.name} {self._shape(step.product)}{source}"
        title = phrases.rule if len(step.rules) == 1 else phrases.rules
        yield self._labelled(title) + phrases.joint.join(step.rules)
        if self.outline.hint:
            return
        if self.outline.form != "matrix" or step.matrix is None:
            yield from self._index(step)
        for where in step.where:
            yield from self._where(where)
        if step.matrix is not None and self.outline.form != "index" and not _told(step):
            yield f"{self._labelled(phrases.matrix)}{self._formula(step.matrix)}{self._beside(step)}"
        for remark in step.remarks:
            yield f"{self._labelled(phrases.note)}{self._prose(remark)}"
        for reason in step.reasons:
            yield from self._reason(reason, 0)

    def _beside(self, step: Step) -> str:
        operands = " ".join(self._shape(shape) for shape in step.operands)
        code = f"   {self.phrases.code}{self.phrases.colon}{step.code}" if step.code else ""
        return code + (f"   {operands} -> {self._shape(step.product)}" if operands else "")

    def _index(self, step: Step) -> Iterable[str]:
        label = self._labelled(self.phrases.index)
        for lines in (*step.earlier, step.chain):
            for line in lines:
                chained = isinstance(line.formula, Chain)
                yield label + ("" if chained else "    = ") + self._line(line)
                label = " " * 12

    def _where(self, where: Where) -> Iterable[str]:
        remark = f"   ({self._prose(where.remark)})" if where.remark else ""
        if self.outline.form != "matrix" or where.matrix is None:
            yield f"{self._labelled(self.phrases.where)}{self._formula(where.index)}{remark}"
        elif where.matrix is not None:
            yield f"{self._labelled(self.phrases.where)}{self._formula(where.matrix)}{remark}"

    def _reason(self, reason: Reason, depth: int) -> Iterable[str]:
        indent = self._labelled(self.phrases.because) + "  " * depth
        yield indent + self._line(Line(reason.line.formula, reason.reason)).strip()
        for child in reason.children:
            yield from self._reason(child, depth + 1)

    def _labelled(self, label: str) -> str:
        """The start of a line of a step: what follows stands in the same column everywhere."""
        return padded(f"   {label}", 11) + " "

    def _line(self, line: Line) -> str:
        text = self._formula(line.formula) if line.formula is not None else ""
        return text + (f"   ({self._prose(line.remark)})" if line.remark else "")

    def _prose(self, prose: Prose) -> str:
        return "".join(part if isinstance(part, str) else self._formula(part) for part in prose)

    def _formula(self, formula: Formula) -> str:
        return self.notation.write(formula)

    def _shape(self, shape: Shape) -> str:
        return f"[{','.join(self.notation.address(s) for s in shape)}]"


def _told(step: Step) -> bool:
    """Whether the index form of a number says the same already."""
    last, matrix = step.chain[-1].formula, step.matrix
    value = last.right[-1] if isinstance(last, Chain) else last
    return isinstance(matrix, Chain) and not step.shape and matrix.right[-1] == value


def number_lines(numbers: Numbers, loss: str, phrases: Phrases) -> list[str]:
    """The table of numbers; every column holds plain characters, so it may be aligned."""
    sizes = "".join(f", {name} = {value}" for name, value in numbers.sizes)
    scalars = "".join(f", {name} = {value:.6f}" for name, value in numbers.scalars)
    head = f"{phrases.numbers.upper()}  {phrases.seed} {numbers.seed}"
    lines = [f"{head}, {numbers.dtype}{sizes}{scalars},  {loss} = {numbers.loss:.12g}"]
    rows = [phrases.table, *map(_row, numbers.rows)]
    widths = [max(columns(row[k]) for row in rows) for k in range(len(phrases.table))]
    lines += [
        "  " + "  ".join(_aligned(cell, width, k) for k, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    lines += [f"  {phrases.exact}{phrases.colon}{numbers.exact}"] if numbers.exact else []
    return lines + [f"  {note}" for note in numbers.notes]


def _aligned(cell: str, width: int, column: int) -> str:
    return padded(cell, width) if column < 3 else led(cell, width)


def _row(row: NumberRow) -> Sequence[str]:
    return (
        row.parameter,
        f"[{','.join(map(str, row.shape))}]",
        f"[{','.join(map(str, row.entry))}]" if row.entry else "",
        f"{row.hand:.10g}",
        "" if row.autograd is None else f"{row.autograd:.10g}",
        "" if row.autograd_error is None else f"{row.autograd_error:.1e}",
        "" if row.difference is None else f"{row.difference:.10g}",
        "" if row.difference_error is None else f"{row.difference_error:.1e}",
        f"{row.hand_norm:.10g}",
    )
