"""A derivation as a document: what is said, in which order; the formats only lay it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus.ir import Program, TensorSpec
from symnet.calculus.loops import loops_of
from symnet.explain.closed import result_lines
from symnet.explain.document import Declared, Forward, LetterUse, Line, Outline, Prose
from symnet.explain.formula import Call, Chain, Formula, Name, Partial
from symnet.explain.inner import inner_blocks
from symnet.explain.kept import without_kept_axes
from symnet.explain.modes import how_drawn, others
from symnet.explain.options import Options
from symnet.explain.picked import picked
from symnet.explain.scribe import Scribe, scribe_for
from symnet.explain.steps import Place, StepWriter
from symnet.model import Derivation


def outline(derivation: Derivation, options: Options | None = None) -> Outline:
    """The document of a derivation.  Raises ValueError when ``options.step`` is not a step."""
    chosen = options or Options()
    if chosen.step is not None and not 1 <= chosen.step <= len(derivation.steps):
        raise ValueError(f"there is no step {chosen.step}: the steps are 1 to {len(derivation.steps)}")
    squeezed = without_kept_axes(derivation)
    pairs = zip(_programs(derivation), _programs(squeezed), strict=True)
    shapes = {n: t.shape for own, left in pairs for n, t in own.tensors.items() if left.tensors[n].shape != t.shape}
    return _Writer(squeezed, chosen, shapes).document()


def _programs(derivation: Derivation) -> tuple[Program, ...]:
    """Those whose tensors are told with their shapes."""
    return derivation.model.program, derivation.program, *(i.program for i in derivation.model.inner)


@dataclass
class _Writer:
    """Builds one document."""

    derivation: Derivation
    options: Options
    shapes: Mapping[str, tuple[sp.Expr, ...]]

    def __post_init__(self) -> None:
        self.scribe: Scribe = replace(scribe_for(self.derivation), layout=self.options.layout, shapes=self.shapes)
        self.forward_names = self.derivation.model.program.targets()
        self.place = Place({name: k for k, name in enumerate(self.forward_names, 1)}, self._lines())
        self.writer = StepWriter(self.scribe, self.options, self.place)

    def _lines(self) -> tuple[int | None, ...]:
        sources = (self.derivation.model.program.tensors[name].source for name in self.forward_names)
        return tuple(source.line if source else None for source in sources)

    def document(self) -> Outline:
        model, program = self.derivation.model, self.derivation.program
        forward = self._forward()
        inner = inner_blocks(self.scribe, self.options, self.place) if self.options.step is None else ()
        steps = self.writer.steps()
        if self.options.step is not None:
            steps = (steps[self.options.step - 1],)
        whole = self.options.step is None and not self.options.hint
        result = result_lines(self.scribe, self.writer.matrix, self.options.form) if whole else ()  # before the legend
        facts = tuple(map(self.writer.fact, self.derivation.facts)) if whole else ()
        updates, evaluation = (others(self.scribe, p) if whole else () for p in (model.updates, model.evaluation))
        return Outline(
            path=model.path.as_posix() if not model.path.is_absolute() else model.path.name,
            summary=self._summary(forward),
            data=tuple(self._declared(i.spec, i.classes is not None) for i in model.inputs),
            drawn=tuple(replace(self._declared(i.spec, False), note=(how_drawn(i.values),)) for i in model.drawn),
            parameters=tuple(self._declared(p.spec, False) for p in model.parameters),
            buffers=tuple(self._declared(b.spec, False) for b in model.buffers),
            sizes=tuple((n, "from the data" if v is None else str(v)) for n, v in model.sizes.items()),
            letters=self._letters(),
            definitions=self._definitions(),
            second=self._second(),
            forward=forward if self.options.step is None else (),
            inner=inner,
            steps=steps,
            result=result,
            facts=facts,
            updates=updates,
            evaluation=evaluation,
            notes=(),
            numbers=self.options.numbers if whole else None,
            form=self.options.form,
            hint=self.options.hint,
            layout=self.options.layout,
            loss=self.scribe.words.name(program.loss),
            adjoints=tuple(self.scribe.tensors.items()),
        )

    def _summary(self, forward: tuple[Forward, ...]) -> tuple[Formula, ...]:
        given = [f for f in forward if self.derivation.model.program.tensors[self._tensor(f)].given]
        return tuple(f.matrix or f.index for f in given) if len(given) <= 4 else ()

    def _tensor(self, line: Forward) -> str:
        return self.forward_names[line.number - 1]

    def _declared(self, spec: TensorSpec, label: bool) -> Declared:
        classes = next((i.classes for i in self.derivation.model.inputs if i.spec.name == spec.name), None)
        bound = self.scribe.size(classes - 1) if label and classes is not None else None
        return Declared(spec.name, tuple(map(self.scribe.size, spec.shape)), bound)

    def _letters(self) -> tuple[LetterUse, ...]:
        return tuple(LetterUse(letters, self.scribe.size(size)) for letters, size in self.scribe.letters.legend())

    def _definitions(self) -> tuple[Line, ...]:
        rows = "row n is 0 but for a 1 at the label"
        one_hot = self.scribe.words.one_hot.items()
        lines = [Line(Chain(Name(name), (Call("onehot", (Name(label),)),)), (rows,)) for label, name in one_hot]
        loss = Name(self.scribe.words.name(self.derivation.raw.loss))
        chains = self.options.form != "matrix" and self.options.detail != "brief"  # also of adjoints that are put in
        shown = self.derivation.raw.tensors if chains else self.derivation.program.tensors
        for adjoint, tensor in self.scribe.tensors.items():
            if adjoint != f"d{tensor}" and adjoint in shown:
                renamed = Chain(Name(adjoint), (Partial(loss, Name(self.scribe.words.name(tensor))),))
                lines.append(Line(renamed, (f"d{tensor} is another tensor of the model",)))
        return tuple(lines)

    def _second(self) -> tuple[Prose, ...]:
        pairs = [(key.split(","), name) for key, name in self.derivation.raw.adjoints.items() if "," in key]
        loss = self.scribe.words.name(self.derivation.raw.loss)
        return tuple((f"{name} means ∂²{loss}/∂{p}∂{q}, the indices of {p} first",) for (p, q), name in pairs)

    def _forward(self) -> tuple[Forward, ...]:
        program, remarks = self.derivation.model.program, self.writer.remarks
        below = {name for inner in self.derivation.model.inner for name in inner.results.values()}
        timed = {name for loop in loops_of(program) for name in loop.tensors}
        lines = []
        for number, name in enumerate(self.forward_names, 1):
            form, own = self.writer.matrix.get(name), program.defining(name)
            lines.append(
                Forward(
                    number,
                    self.scribe.words.name(name),
                    self.scribe.equation(own if name in timed else picked(own)),
                    form.formula if form else None,
                    self.scribe.shape(name, program),
                    self.place.lines[number - 1],
                    remarks.get(name) or (("derived below",) if name in below else ()),
                )
            )
        return tuple(lines)
