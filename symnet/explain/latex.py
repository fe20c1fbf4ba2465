"""A derivation as a LaTeX document that compiles by itself; amsmath and amssymb are all it needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symnet.explain.document import Declared, Derived, Line, Outline, Prose, Reason, Shape, Step, Where
from symnet.explain.formula import Chain, Formula
from symnet.explain.tex import Latex, words
from symnet.explain.text import number_lines

_HEAD = r"""
\usepackage{amsmath,amssymb}
\usepackage[landscape,margin=12mm]{geometry}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
\begin{document}
"""


def render(outline: Outline) -> str:
    """The document, ready for pdflatex."""
    return (
        rf"\documentclass{{{outline.phrases.document_class}}}"
        + _HEAD
        + "\n".join(_Page(outline).lines())
        + "\n\\end{document}\n"
    )


class _Page:
    def __init__(self, outline: Outline) -> None:
        self.outline, self.notation, self.phrases = outline, Latex(dict(outline.adjoints)), outline.phrases

    def lines(self) -> Iterable[str]:
        outline, phrases = self.outline, self.phrases
        yield rf"\section*{{{words(outline.path)}}}"
        yield from self._header()
        if outline.forward:
            yield _section(phrases.forward)
            yield from self._forward()
        for derived in outline.inner:
            yield from self._derived(derived)
        yield _section(phrases.backward)
        yield rf"{phrases.start.capitalize()}{phrases.colon}${self._adjoint(outline.loss)} = 1${phrases.stop}"
        for step in outline.steps:
            yield from self._step(step)
        if outline.result:
            yield _section(phrases.result)
            yield from self._aligned([self._row(line) for line in outline.result])
        for title, ending in outline.endings:
            if ending:
                lines = "; ".join(f"${self._formula(line.formula)}${self._remark(line.remark)}" for line in ending)
                yield f"{title.capitalize()}{phrases.colon}{lines}{phrases.stop}"
        if outline.numbers:
            yield _section(phrases.numbers)
            yield r"\begin{footnotesize}\begin{verbatim}"
            yield from number_lines(outline.numbers, outline.loss, phrases)
            yield r"\end{verbatim}\end{footnotesize}"

    def _adjoint(self, tensor: str) -> str:
        return rf"\mathrm{{d}}{self.notation.name(tensor)}"

    def _header(self) -> Iterable[str]:
        outline, phrases, loss = self.outline, self.phrases, self.notation.name(self.outline.loss)
        for title, group in outline.declared:
            if group:
                declared = ", ".join(map(self._declared, group))
                yield f"{title.capitalize()}{phrases.colon}{declared}{phrases.stop}\\\\"
        if outline.sizes:
            sizes = ", ".join(f"${self.notation.name(n)}$ = {words(v)}" for n, v in outline.sizes)
            yield f"{phrases.sizes.capitalize()}{phrases.colon}{sizes}{phrases.stop}\\\\"
        derivative = rf"$\frac{{\partial {loss}}}{{\partial V}}$"
        signs = {"adjoint": r"$\mathrm{d}V$", "transposed": r"$\mathrm{d}V^{\top}$", "tensor": "$V$"}
        reading = outline.reading.format(derivative=derivative, **signs)
        yield rf"{phrases.read.capitalize()}{phrases.colon}{reading}{phrases.stop}"
        if outline.letters and outline.form != "matrix":
            uses = (
                f"${', '.join(map(self.notation.letter, u.letters))}$ {phrases.over} ${self._formula(u.size)}$"
                for u in outline.letters
            )
            letters = f"{phrases.letters.capitalize()}{phrases.colon}{'; '.join(uses)}"
            yield rf"\\ {letters}{phrases.stop}"
        for text in outline.second:
            yield rf"\\ {phrases.second.capitalize()}{phrases.colon}{self._prose(text)}{phrases.stop}"
        for line in outline.definitions:
            formula = f"${self._formula(line.formula)}$"
            yield rf"\\ {phrases.define.capitalize()} {formula}{self._remark(line.remark)}{phrases.stop}"

    def _declared(self, declared: Declared) -> str:
        shape = f" {self._shape(declared.shape)}" if declared.shape else ""
        bound = self._bound(declared.classes)
        return f"${self.notation.name(declared.name)}${shape}{bound}{self._remark(declared.note)}"

    def _bound(self, largest: Formula | None) -> str:
        return rf" {self.phrases.within} $0..{self._formula(largest)}$" if largest is not None else ""

    def _shape(self, shape: Shape) -> str:
        return rf"$[{', '.join(map(self._formula, shape))}]$"

    def _forward(self) -> Iterable[str]:
        rows = []
        for forward in self.outline.forward:
            at = f", {self.phrases.line.format(numbers=forward.line)}" if forward.line is not None else ""
            place = rf"\text{{({forward.number}) {self._shape(forward.shape)}{at}}}"
            forms = [forward.index]
            if forward.matrix is not None and self.outline.form != "index":
                forms = [forward.matrix, *([forward.index] if self.outline.form == "both" else [])]
            for position, form in enumerate(forms):
                first = position == 0
                rows.append(self._row(Line(form, forward.remark if first else ()), place if first else ""))
        yield from self._aligned(rows)

    def _derived(self, derived: Derived) -> Iterable[str]:
        phrases = self.phrases
        line = f"{phrases.colon}{phrases.line.format(numbers=derived.line)}" if derived.line is not None else ""
        yield _section(phrases.inner + line)
        yield from self._aligned([self._row(sought) for sought in derived.sought])
        yield from map(self._where, derived.where)
        yield from _items([self._prose(note) for note in derived.notes])
        for step in derived.steps:
            yield from self._step(step)

    def _step(self, step: Step) -> Iterable[str]:
        phrases = self.phrases
        origin = f" {phrases.from_lines(step.origin)}" if step.origin else ""
        rules = f"{phrases.rules.capitalize()}{phrases.colon}{words(phrases.joint.join(step.rules))}{phrases.stop}"
        number = phrases.step.format(number=step.number).capitalize()
        title = f"{number}{phrases.colon}${self.notation.name(step.name)}$ {self._shape(step.product)}{origin}"
        yield rf"\paragraph{{{title}}} {rules}"
        if self.outline.hint:
            return
        if self.outline.form != "matrix" or step.matrix is None:
            lines = [line for lines in (*step.earlier, step.chain) for line in lines]
            yield from self._aligned([self._row(line) for line in lines])
        yield from map(self._where, step.where)
        if step.matrix is not None and self.outline.form != "index":
            operands = " ".join(map(self._shape, step.operands))
            shapes = rf" && \text{{{operands} $\to$ {self._shape(step.product)}}}" if operands else ""
            code = rf" && \text{{{phrases.code}{phrases.colon}\texttt{{{words(step.code)}}}}}" if step.code else ""
            yield from self._aligned([f"{self._sides(step.matrix)}{code}{shapes}"])
        yield from _items([self._prose(r) for r in step.remarks] + [r for x in step.reasons for r in self._reason(x)])

    def _where(self, where: Where) -> str:
        formula = where.matrix if self.outline.form == "matrix" and where.matrix is not None else where.index
        line = f"${self._formula(formula)}${self._remark(where.remark)}"
        return f"{self.phrases.where.capitalize()} {line}{self.phrases.stop}"

    def _reason(self, reason: Reason) -> Iterable[str]:
        formula = f"${self._formula(reason.line.formula)}$ " if reason.line.formula is not None else ""
        yield f"{self.phrases.because} {formula}({self._prose(reason.reason)})"
        for child in reason.children:
            yield from self._reason(child)

    def _aligned(self, rows: Sequence[str]) -> Iterable[str]:
        yield r"\begin{align*}"
        yield " \\\\\n".join(rows)
        yield r"\end{align*}"

    def _row(self, line: Line, place: str = "") -> str:
        text = self._sides(line.formula)
        remark = rf"\text{{{self._prose(line.remark)}}}" if line.remark else ""
        beside = r" \quad ".join(part for part in (place, remark) if part)
        return f"{text} && {beside}" if beside else text

    def _sides(self, formula: Formula | None) -> str:
        if isinstance(formula, Chain):
            return (
                self._formula(formula.left)
                + "".join(f" &= {self._formula(side)}" for side in formula.right[:1])
                + ("".join(f" = {self._formula(side)}" for side in formula.right[1:]))
            )
        return f"&= {self._formula(formula)}"

    def _remark(self, remark: Prose) -> str:
        return f" ({self._prose(remark)})" if remark else ""

    def _prose(self, prose: Prose) -> str:
        return "".join(words(p) if isinstance(p, str) else f"${self._formula(p)}$" for p in prose)

    def _formula(self, formula: Formula | None) -> str:
        return self.notation.write(formula) if formula is not None else ""


def _section(title: str) -> str:
    return rf"\subsection*{{{title.capitalize()}}}"


def _items(remarks: Sequence[str]) -> Iterable[str]:
    """A list, if there is anything in it."""
    if remarks:
        yield r"\begin{itemize}"
        yield from (rf"\item {remark}" for remark in remarks)
        yield r"\end{itemize}"
