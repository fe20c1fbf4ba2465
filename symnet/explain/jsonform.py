"""A derivation as JSON: every formula in all three notations, for programs that lay it out themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from symnet.explain.document import Declared, Derived, Line, Outline, Prose, Reason, Shape, Step, Where
from symnet.explain.formula import Chain, Formula
from symnet.explain.notation import Notation
from symnet.explain.spellings import Ascii, Unicode
from symnet.explain.tex import Latex

#: Raised by one when a reader of the old layout would misread the new one.
SCHEMA = 1


def render(outline: Outline) -> str:
    """The document as indented JSON, ending in a newline."""
    return json.dumps(_Page(outline).document(), indent=2, ensure_ascii=False) + "\n"


class _Page:
    def __init__(self, outline: Outline) -> None:
        self.outline = outline
        self.notations: dict[str, Notation] = {
            "text": Unicode(),
            "ascii": Ascii(),
            "latex": Latex(dict(outline.adjoints)),
        }

    def document(self) -> dict[str, Any]:
        outline = self.outline
        return {
            "schema": SCHEMA,
            "path": outline.path,
            "loss": outline.loss,
            "layout": outline.layout,
            "data": [self._declared(d) for d in outline.data],
            "drawn": [self._declared(d) for d in outline.drawn],
            "parameters": [self._declared(d) for d in outline.parameters],
            "buffers": [self._declared(d) for d in outline.buffers],
            "sizes": dict(outline.sizes),
            "letters": [{"letters": list(u.letters), "size": self._formula(u.size)} for u in outline.letters],
            "definitions": self._lines(outline.definitions),
            "second": [self._prose(text) for text in outline.second],
            "forward": [
                {
                    "number": f.number,
                    "name": f.name,
                    "shape": self._shape(f.shape),
                    "line": f.line,
                    "index": self._formula(f.index),
                    "matrix": self._formula(f.matrix),
                    "remark": self._prose(f.remark),
                }
                for f in outline.forward
            ],
            "inner": [self._derived(d) for d in outline.inner],
            "steps": [self._step(s) for s in outline.steps],
            "result": self._lines(outline.result),
            "facts": self._lines(outline.facts),
            "updates": self._lines(outline.updates),
            "evaluation": self._lines(outline.evaluation),
            "numbers": asdict(outline.numbers) if outline.numbers else None,
        }

    def _declared(self, declared: Declared) -> dict[str, Any]:
        bound = {} if declared.classes is None else {"largest": self._formula(declared.classes)}
        note = {"note": self._prose(declared.note)} if declared.note else {}
        return {"name": declared.name, "shape": self._shape(declared.shape), **bound, **note}

    def _derived(self, derived: Derived) -> dict[str, Any]:
        return {
            "line": derived.line,
            "sought": self._lines(derived.sought),
            "where": [self._where(w) for w in derived.where],
            "notes": [self._prose(note) for note in derived.notes],
            "steps": [self._step(s) for s in derived.steps],
        }

    def _where(self, where: Where) -> dict[str, Any]:
        return {
            "name": where.name,
            "index": self._formula(where.index),
            "matrix": self._formula(where.matrix),
            "remark": self._prose(where.remark),
        }

    def _step(self, step: Step) -> dict[str, Any]:
        head = {"number": step.number, "name": step.name, "shape": self._shape(step.shape), "rules": list(step.rules)}
        if self.outline.hint:
            return head
        return {
            **head,
            "from": list(step.origin),
            "lines": list(step.lines),
            "earlier": [self._lines(lines) for lines in step.earlier],
            "chain": self._lines(step.chain),
            "where": [self._where(w) for w in step.where],
            "matrix": self._formula(step.matrix),
            "code": step.code,
            "operands": [self._shape(shape) for shape in step.operands],
            "remarks": [self._prose(remark) for remark in step.remarks],
            "reasons": [self._reason(reason) for reason in step.reasons],
        }

    def _reason(self, reason: Reason) -> dict[str, Any]:
        return {
            "name": reason.name,
            "formula": self._formula(reason.line.formula),
            "reason": self._prose(reason.reason),
            "children": [self._reason(child) for child in reason.children],
        }

    def _lines(self, lines: Sequence[Line]) -> list[dict[str, Any]]:
        return [{"formula": self._formula(line.formula), "remark": self._prose(line.remark)} for line in lines]

    def _formula(self, formula: Formula | None) -> dict[str, Any] | None:
        if formula is None:
            return None
        if isinstance(formula, Chain):
            return {
                kind: {"left": n.write(formula.left), "right": [n.write(side) for side in formula.right]}
                for kind, n in self.notations.items()
            }
        return {kind: notation.write(formula) for kind, notation in self.notations.items()}

    def _shape(self, shape: Shape) -> list[str]:
        return [self.notations["text"].write(size) for size in shape]

    def _prose(self, prose: Prose) -> str:
        return "".join(part if isinstance(part, str) else self.notations["text"].write(part) for part in prose)
