"""A derivation as Markdown with $$ blocks, as GitHub, Jupyter and most note programs show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symnet.explain.document import Declared, Derived, Line, Outline, Prose, Reason, Shape, Step, Where
from symnet.explain.formula import Chain, Formula
from symnet.explain.spellings import Unicode
from symnet.explain.tex import Latex
from symnet.explain.text import number_lines


def render(outline: Outline) -> str:
    """The document, ending in a newline."""
    return "\n".join(_Page(outline).lines()).rstrip() + "\n"


class _Page:
    def __init__(self, outline: Outline) -> None:
        self.outline, self.notation, self.plain = outline, Latex(dict(outline.adjoints)), Unicode()
        self.phrases = outline.phrases

    def lines(self) -> Iterable[str]:
        outline, phrases = self.outline, self.phrases
        yield f"# `{outline.path}`\n"
        yield from self._header()
        if outline.forward:
            yield f"\n## {phrases.forward.capitalize()}\n"
            for forward in outline.forward:
                at = f", {phrases.line.format(numbers=forward.line)}" if forward.line is not None else ""
                yield f"**({forward.number})** `{self._shape(forward.shape)}`{at}{self._remark(forward.remark)}\n"
                forms = [forward.index]
                if forward.matrix is not None and outline.form != "index":
                    forms = [forward.matrix, *([forward.index] if outline.form == "both" else [])]
                yield from self._block([Line(f) for f in forms])
        for derived in outline.inner:
            yield from self._derived(derived)
        yield f"\n## {phrases.backward.capitalize()}\n"
        yield f"{phrases.start.capitalize()}{phrases.colon}`d{outline.loss} = 1`\n"
        for step in outline.steps:
            yield from self._step(step)
        if outline.result:
            yield f"## {phrases.result.capitalize()}\n"
            yield from self._block(outline.result)
        for title, ending in outline.endings:
            if ending:
                yield f"## {title.capitalize()}\n"
                yield from (f"- ${self._formula(line.formula)}${self._remark(line.remark)}" for line in ending)
        if outline.numbers:
            yield f"## {phrases.numbers.capitalize()}\n\n```text"
            yield from number_lines(outline.numbers, outline.loss, phrases)
            yield "```"

    def _header(self) -> Iterable[str]:
        outline, phrases = self.outline, self.phrases
        for title, group in outline.declared:
            if group:
                yield f"- {title}{phrases.colon}{', '.join(map(self._declared, group))}"
        if outline.sizes:
            yield f"- {phrases.sizes}{phrases.colon}" + ", ".join(
                f"`{name}` = {value}" for name, value in outline.sizes
            )
        reading = outline.reading.format(
            adjoint="`dV`", derivative=f"∂{outline.loss}/∂V", tensor="V", transposed="`dVᵀ`"
        )
        yield f"- {phrases.read}{phrases.colon}{reading}"
        if outline.letters and outline.form != "matrix":
            uses = (f"`{', '.join(u.letters)}` {phrases.over} `{self.plain.write(u.size)}`" for u in outline.letters)
            yield f"- {phrases.letters}{phrases.colon}" + "; ".join(uses)
        for text in outline.second:
            yield f"- {phrases.second}{phrases.colon}{self._prose(text)}"
        for line in outline.definitions:
            yield f"- {phrases.define} ${self._formula(line.formula)}${self._remark(line.remark)}"

    def _declared(self, declared: Declared) -> str:
        shape = self._shape(declared.shape) if declared.shape else ""
        bound = (
            f" {self.phrases.within} 0..{self.plain.address(declared.classes)}" if declared.classes is not None else ""
        )
        return f"`{declared.name}{shape}`{bound}{self._remark(declared.note)}"

    def _shape(self, shape: Shape) -> str:
        return f"[{','.join(map(self.plain.address, shape))}]"

    def _derived(self, derived: Derived) -> Iterable[str]:
        phrases = self.phrases
        line = f"{phrases.colon}{phrases.line.format(numbers=derived.line)}" if derived.line is not None else ""
        yield f"\n## {phrases.inner.capitalize()}{line}\n"
        yield from self._block(derived.sought)
        yield from map(self._where, derived.where)
        if derived.notes:
            yield from (*(f"- {self._prose(note)}" for note in derived.notes), "")
        for step in derived.steps:
            yield from self._step(step)

    def _where(self, where: Where) -> str:
        formula = where.matrix if self.outline.form == "matrix" and where.matrix is not None else where.index
        return f"{self.phrases.where} ${self._formula(formula)}${self._remark(where.remark)}\n"

    def _step(self, step: Step) -> Iterable[str]:
        phrases = self.phrases
        origin = f", {phrases.from_lines(step.origin)}" if step.origin else ""
        title = phrases.step.format(number=step.number).capitalize()
        yield f"### {title}{phrases.colon}`{step.name}` `{self._shape(step.product)}`{origin}\n"
        yield f"{phrases.rules.capitalize()}{phrases.colon}{phrases.joint.join(step.rules)}\n"
        if self.outline.hint:
            return
        if self.outline.form != "matrix" or step.matrix is None:
            for lines in (*step.earlier, step.chain):
                yield from self._block(lines)
        yield from map(self._where, step.where)
        if step.matrix is not None and self.outline.form != "index":
            yield from self._block([Line(step.matrix)])
            operands = " ".join(map(self._shape, step.operands))
            beside = [f"`{operands} -> {self._shape(step.product)}`"] if operands else []
            beside += [f"{phrases.code}{phrases.colon}`{step.code}`"] if step.code else []
            if beside:
                yield ", ".join(beside) + "\n"
        remarks = [f"- {self._prose(remark)}" for remark in step.remarks]
        remarks += [line for reason in step.reasons for line in self._reason(reason, 0)]
        if remarks:
            yield from (*remarks, "")

    def _reason(self, reason: Reason, depth: int) -> Iterable[str]:
        formula = f"${self._formula(reason.line.formula)}$ " if reason.line.formula is not None else ""
        yield f"{'  ' * depth}- {self.phrases.because} {formula}({self._prose(reason.reason)})"
        for child in reason.children:
            yield from self._reason(child, depth + 1)

    def _block(self, lines: Sequence[Line]) -> Iterable[str]:
        """One display of equal signs one under the other; local derivatives below it."""
        rows = [self._row(line.formula) for line in lines if line.formula is not None]
        yield "$$\n\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}\n$$\n"
        remarks = [self._prose(line.remark) for line in lines if line.remark]
        if remarks:
            yield "; ".join(remarks) + "\n"

    def _row(self, formula: Formula) -> str:
        if isinstance(formula, Chain):
            first, *others = (self._formula(side) for side in formula.right)
            return " = ".join([f"{self._formula(formula.left)} &= {first}", *others])
        return f"&= {self._formula(formula)}"

    def _remark(self, remark: Prose) -> str:
        return f" ({self._prose(remark)})" if remark else ""

    def _prose(self, prose: Prose) -> str:
        return "".join(part if isinstance(part, str) else f"${self._formula(part)}$" for part in prose)

    def _formula(self, formula: Formula | None) -> str:
        return self.notation.write(formula) if formula is not None else ""
