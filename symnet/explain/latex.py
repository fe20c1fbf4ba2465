"""A derivation as a LaTeX document that compiles by itself; amsmath and amssymb are all it needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symnet.explain.document import Declared, Line, Outline, Prose, Reason, Shape, Step
from symnet.explain.formula import Chain, Formula
from symnet.explain.tex import Latex, words
from symnet.explain.text import number_lines

_HEAD = r"""\documentclass{article}
\usepackage{amsmath,amssymb}
\setlength{\parindent}{0pt}
\allowdisplaybreaks
\begin{document}
"""


def render(outline: Outline) -> str:
    """The document, ready for pdflatex."""
    return _HEAD + "\n".join(_Page(outline).lines()) + "\n\\end{document}\n"


class _Page:
    def __init__(self, outline: Outline) -> None:
        self.outline, self.notation = outline, Latex(dict(outline.adjoints))

    def lines(self) -> Iterable[str]:
        outline = self.outline
        yield rf"\section*{{{words(outline.path)}}}"
        yield from self._header()
        if outline.forward:
            yield r"\subsection*{Forward}"
            yield from self._forward()
        yield r"\subsection*{Backward}"
        yield rf"Start: ${self._adjoint(outline.loss)} = 1$."
        for step in outline.steps:
            yield from self._step(step)
        if outline.result:
            yield r"\subsection*{Result}"
            yield from self._aligned([self._row(line) for line in outline.result])
        if outline.facts:
            yield f"Facts used: {words('; '.join(outline.facts))}."
        if outline.numbers:
            yield r"\subsection*{Numbers}"
            yield r"\begin{footnotesize}\begin{verbatim}"
            yield from number_lines(outline.numbers, outline.loss)
            yield r"\end{verbatim}\end{footnotesize}"

    def _adjoint(self, tensor: str) -> str:
        return rf"\mathrm{{d}}{self.notation.name(tensor)}"

    def _header(self) -> Iterable[str]:
        outline, loss = self.outline, self.notation.name(self.outline.loss)
        for title, group in (("Data", outline.data), ("Parameters", outline.parameters)):
            if group:
                yield f"{title}: {', '.join(map(self._declared, group))}.\\\\"
        if outline.sizes:
            sizes = ", ".join(f"${self.notation.name(n)}$ = {words(v)}" for n, v in outline.sizes)
            yield f"Sizes: {sizes}.\\\\"
        derivative = rf"\frac{{\partial {loss}}}{{\partial V}}"
        yield rf"Read: $\mathrm{{d}}V$ means ${derivative}$ and has the shape of $V$, as in NumPy and PyTorch."
        if outline.letters and outline.form != "matrix":
            uses = (
                f"${', '.join(map(self.notation.letter, u.letters))}$ over ${self._formula(u.size)}$"
                for u in outline.letters
            )
            yield rf"\\ Index letters: {'; '.join(uses)}."
        for line in outline.definitions:
            yield rf"\\ Define ${self._formula(line.formula)}${self._remark(line.remark)}."

    def _declared(self, declared: Declared) -> str:
        shape = f" {self._shape(declared.shape)}" if declared.shape else ""
        bound = rf" in $0..{self._formula(declared.classes)}$" if declared.classes is not None else ""
        return f"${self.notation.name(declared.name)}${shape}{bound}"

    def _shape(self, shape: Shape) -> str:
        return rf"$[{', '.join(map(self._formula, shape))}]$"

    def _forward(self) -> Iterable[str]:
        rows = []
        for forward in self.outline.forward:
            at = f", line {forward.line}" if forward.line is not None else ""
            place = rf"\text{{({forward.number}) {self._shape(forward.shape)}{at}}}"
            forms = [forward.index]
            if forward.matrix is not None and self.outline.form != "index":
                forms = [forward.matrix, *([forward.index] if self.outline.form == "both" else [])]
            for position, form in enumerate(forms):
                first = position == 0
                rows.append(self._row(Line(form, forward.remark if first else ()), place if first else ""))
        yield from self._aligned(rows)

    def _step(self, step: Step) -> Iterable[str]:
        origin = f" from {', '.join(f'({k})' for k in step.origin)}" if step.origin else ""
        rules = words(", ".join(step.rules))
        title = f"Step {step.number}: ${self.notation.name(step.name)}$ {self._shape(step.shape)}{origin}"
        yield rf"\paragraph{{{title}}} Rules: {rules}."
        if self.outline.hint:
            return
        if self.outline.form != "matrix" or step.matrix is None:
            lines = [line for lines in (*step.earlier, step.chain) for line in lines]
            yield from self._aligned([self._row(line) for line in lines])
        for where in step.where:
            formula = where.matrix if self.outline.form == "matrix" and where.matrix is not None else where.index
            yield rf"Where ${self._formula(formula)}${self._remark(where.remark)}."
        if step.matrix is not None and self.outline.form != "index":
            operands = " ".join(map(self._shape, step.operands))
            shapes = rf" && \text{{{operands} $\to$ {self._shape(step.shape)}}}" if operands else ""
            code = rf" && \text{{code: \texttt{{{words(step.code)}}}}}" if step.code else ""
            yield from self._aligned([f"{self._sides(step.matrix)}{code}{shapes}"])
        remarks = [self._prose(r) for r in step.remarks] + [r for x in step.reasons for r in self._reason(x)]
        if remarks:
            yield r"\begin{itemize}"
            yield from (rf"\item {remark}" for remark in remarks)
            yield r"\end{itemize}"

    def _reason(self, reason: Reason) -> Iterable[str]:
        formula = f": ${self._formula(reason.line.formula)}$" if reason.line.formula is not None else ""
        yield f"{words(reason.name)}: {words(reason.reason)}{formula}"
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
