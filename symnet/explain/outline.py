"""A derivation as a document: what is said, in which order; the formats only lay it out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from symnet.calculus.facts import Fact
from symnet.calculus.ir import Equation, Index, TensorSpec, atoms
from symnet.calculus.rewrites import Rewrite
from symnet.calculus.rewrites import Total as Sum
from symnet.explain.chain import closed_chain, raw_chain, uses_of
from symnet.explain.closed import result_lines
from symnet.explain.compose import Composer
from symnet.explain.document import Declared, Forward, LetterUse, Line, Outline, Prose, Reason, Step, Where
from symnet.explain.formula import Call, Chain, Formula, Name, Partial
from symnet.explain.kept import without_kept_axes
from symnet.explain.matrix import MatrixForm, matrix_forms
from symnet.explain.modes import how_drawn, others
from symnet.explain.options import Options
from symnet.explain.rules import remarks_of, rules_of, why_transposed
from symnet.explain.scribe import Scribe, scribe_for
from symnet.explain.times import remarks_on_tensors
from symnet.model import Derivation


def outline(derivation: Derivation, options: Options | None = None) -> Outline:
    """The document of a derivation.  Raises ValueError when ``options.step`` is not a step."""
    chosen = options or Options()
    if chosen.step is not None and not 1 <= chosen.step <= len(derivation.steps):
        raise ValueError(f"there is no step {chosen.step}: the steps are 1 to {len(derivation.steps)}")
    squeezed = without_kept_axes(derivation)
    pairs = ((derivation.model.program, squeezed.model.program), (derivation.program, squeezed.program))
    shapes = {n: t.shape for own, left in pairs for n, t in own.tensors.items() if left.tensors[n].shape != t.shape}
    return _Writer(squeezed, chosen, shapes).document()


@dataclass
class _Writer:
    """Builds one document; ``told`` are the adjoints and names already explained, ``seen`` the rules shown with δ."""

    derivation: Derivation
    options: Options
    shapes: Mapping[str, tuple[sp.Expr, ...]]
    told: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.scribe: Scribe = replace(scribe_for(self.derivation), layout=self.options.layout, shapes=self.shapes)
        self.matrix: Mapping[str, MatrixForm] = matrix_forms(self.scribe) if self.options.form != "index" else {}
        self.forward_names = self.derivation.model.program.targets()
        self.remarks = remarks_on_tensors(self.scribe)
        raw = self.derivation.raw
        self.targets, self.raw_targets = self.derivation.program.targets(), raw.targets()
        self.kept = {*self.targets, *self.forward_names, raw.adjoints.get(raw.loss, "")}
        self.numbers = {name: k for k, name in enumerate(self.forward_names, 1)}
        self.rewrites: dict[str, list[tuple[int, Rewrite]]] = {}  # of each adjoint, with their places among all
        for place, rewrite in enumerate(self.derivation.rewrites):
            self.rewrites.setdefault(rewrite.tensor, []).append((place, rewrite))

    def document(self) -> Outline:
        model, program = self.derivation.model, self.derivation.program
        forward = self._forward()
        steps = tuple(self._step(k + 1, name) for k, name in enumerate(self.derivation.steps))
        if self.options.step is not None:
            steps = (steps[self.options.step - 1],)
        whole = self.options.step is None and not self.options.hint
        result = result_lines(self.scribe, self.matrix, self.options.form) if whole else ()  # before the legend
        facts = tuple(map(self._fact, self.derivation.facts)) if whole else ()
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
        for adjoint, tensor in self.scribe.tensors.items():
            if adjoint != f"d{tensor}" and adjoint in self.derivation.program.tensors:
                renamed = Chain(Name(adjoint), (Partial(loss, Name(self.scribe.words.name(tensor))),))
                lines.append(Line(renamed, (f"d{tensor} is another tensor of the model",)))
        return tuple(lines)

    def _second(self) -> tuple[Prose, ...]:
        pairs = [(key.split(","), name) for key, name in self.derivation.raw.adjoints.items() if "," in key]
        loss = self.scribe.words.name(self.derivation.raw.loss)
        return tuple((f"{name} means ∂²{loss}/∂{p}∂{q}, the indices of {p} first",) for (p, q), name in pairs)

    def _forward(self) -> tuple[Forward, ...]:
        program = self.derivation.model.program
        lines = []
        for number, name in enumerate(self.forward_names, 1):
            equations = program.defining(name)
            form = self.matrix.get(name)
            lines.append(
                Forward(
                    number,
                    self.scribe.words.name(name),
                    self.scribe.equation(equations),
                    form.formula if form else None,
                    self.scribe.shape(name, program),
                    self._line_of(name),
                    self.remarks.get(name, ()),
                )
            )
        return tuple(lines)

    def _line_of(self, tensor: str) -> int | None:
        source = self.derivation.model.program.tensors[tensor].source
        return source.line if source else None

    def _step(self, number: int, adjoint: str) -> Step:
        program = self.derivation.program
        uses = uses_of(self.scribe, adjoint)
        none = "the loss itself" if adjoint == program.adjoints.get(program.loss) else "no path leads to it"
        none = none if adjoint in self.scribe.tensors or not program.reads(adjoint) else "a part of the next adjoint"
        rules = rules_of(uses) if uses else (none,)
        earlier = self._earlier(adjoint)
        before = [use for name in earlier for use in uses_of(self.scribe, name)]
        if before:
            rules = tuple(dict.fromkeys((*rules_of(before), *rules)))
        uses = [*before, *uses]
        form = self.matrix.get(adjoint)
        numbers = tuple(sorted({self._forward_number(u.forward) for u in uses} - {0}))
        remarks: list[Prose] = [r for r in (self.remarks.get(adjoint), *((t,) for t in remarks_of(uses))) if r]
        remarks += self._why(program.defining(adjoint), form)
        return Step(
            number,
            adjoint,
            self.scribe.shape(adjoint, program),
            numbers,
            tuple(sorted({line for k in numbers if (line := self._line_of(self.forward_names[k - 1])) is not None})),
            rules,
            tuple(tuple(self._chain(name)) for name in earlier),
            tuple(self._step_chain(adjoint)),
            tuple(self._where(adjoint)),
            form.formula if form else None,
            form.code if form else None,
            form.operands if form else (),
            form.product if form else self.scribe.shape(adjoint, program),
            tuple(remarks),
            _once(list(map(self._reason, self._rewrites_of((*earlier, adjoint)))), set()),
        )

    def _rewrites_of(self, adjoints: Iterable[str]) -> list[Rewrite]:
        """The rewrites of several adjoints in their order."""
        found = [placed for name in dict.fromkeys(adjoints) for placed in self.rewrites.get(name, ())]
        return [rewrite for _, rewrite in sorted(found, key=lambda placed: placed[0])]

    def _why(self, equations: Sequence[Equation], form: MatrixForm | None) -> list[Prose]:
        if form is None or not form.transposed or len(equations) != 1:
            return []
        letters = self.scribe.letters.assign(equations[0].indices)
        text = why_transposed(equations[0], letters.__getitem__)
        return [(f"why the transpose: {text}",)] if text else []

    def _forward_number(self, equation: Equation) -> int:
        return self.numbers.get(equation.target, 0)

    def _earlier(self, adjoint: str) -> list[str]:
        """Tensors of the one rule that the simplified program no longer has and that no earlier step has told."""
        raw = self.derivation.raw
        wanted: set[str] = set()
        open_names = [adjoint]
        while open_names:
            for name in sorted(raw.reads(open_names.pop())):
                if raw.defining(name) and not any(name in known for known in (self.kept, self.told, wanted)):
                    wanted.add(name)
                    open_names.append(name)
        self.told |= wanted
        return [name for name in self.raw_targets if name in wanted] if wanted else []

    def _chain(self, name: str) -> list[Line]:
        if self.derivation.raw.tensors[name].role != "adjoint":
            return [Line(self.scribe.equation(self.derivation.raw.defining(name)))]
        return raw_chain(self.scribe, name, self.options.detail == "full")

    def _step_chain(self, adjoint: str) -> list[Line]:
        closed = closed_chain(self.scribe, adjoint)
        if self.options.detail == "brief" or not self.derivation.raw.defining(adjoint):
            return [closed]
        lines = raw_chain(self.scribe, adjoint, self._shows_delta(adjoint))
        assert isinstance(closed.formula, Chain)
        (value,) = closed.formula.right
        last = lines[-1].formula
        if value != (last.right[-1] if isinstance(last, Chain) else last):
            names = dict.fromkeys(r.name for r in self._rewrites_of((adjoint,)))
            lines.append(Line(value, (", ".join(names),) if names else ()))
        return lines

    def _shows_delta(self, adjoint: str) -> bool:
        """δ in every step when in full, else where a sum or a matrix product is met for the first time."""
        if self.options.detail == "full" or self.options.step is not None:
            return True
        kinds = {r for r in rules_of(uses_of(self.scribe, adjoint)) if r == "sum" or r.startswith("matmul")}
        new = {k.split(",")[0] for k in kinds} - self.seen
        self.seen |= new
        return bool(new)

    def _where(self, adjoint: str) -> Iterable[Where]:
        """Definitions of the names that the simplifier gave and that this step is the first to use."""
        program, model = self.derivation.program, self.derivation.model.program
        wanted: set[str] = set()
        open_names = [adjoint]
        while open_names:
            for name in sorted(program.reads(open_names.pop())):
                new = not any(name in known for known in (model.tensors, self.told, wanted))
                if new and program.defining(name) and program.tensors[name].role == "intermediate":
                    wanted.add(name)
                    open_names.append(name)
        self.told |= wanted
        for name in self.targets if wanted else ():
            if name in wanted:
                form = self.matrix.get(name)
                index = self.scribe.equation(program.defining(name))
                yield Where(name, index, form.formula if form else None, self.remarks.get(name, ()))

    def _reason(self, rewrite: Rewrite) -> Reason:
        before, after, *terms = self._sides(rewrite, rewrite.before, rewrite.after, *rewrite.terms)
        line = Line(Chain(before, (after,)) if before != after else None)
        children = tuple(map(self._reason, rewrite.children)) if self.options.detail == "full" else ()
        return Reason(rewrite.name, line, _filled(rewrite.reason, terms), children)

    def _fact(self, fact: Fact) -> Line:
        before, after = self._sides(Rewrite("", (), "", fact.before, fact.after, ""), fact.before, fact.after)
        return Line(Chain(before, (after,)), (fact.reason,))

    def _sides(self, rewrite: Rewrite, *sides: sp.Expr) -> list[Formula]:
        """The expressions of a record as formulas; an index that is free in one of them has one letter in all."""
        summed = [[i for t in sp.preorder_traversal(side) for i in _bound(t)] for side in sides]
        free = {i for side, bound in zip(sides, summed, strict=True) for i in atoms(side, Index) - {*bound}}
        outer = [*rewrite.left, *sorted(free - {*rewrite.left}, key=lambda i: i.serial)]
        letters = (self.scribe.letters.assign([*outer, *bound]) for bound in summed)
        composers = [
            Composer(self.scribe.words, at, rewrite.left, any(b)) for at, b in zip(letters, summed, strict=True)
        ]
        return [c.of(self.scribe.without_seed(side)) for c, side in zip(composers, sides, strict=True)]


def _once(reasons: Sequence[Reason], said: set[tuple[Line, Prose]]) -> tuple[Reason, ...]:
    """The reasons without those that were given before, or say that something cancels where both sides are alike."""
    found = []
    for reason in reasons:
        nothing = reason.name == "cancel" and reason.line.formula is None
        if not nothing and (reason.line, reason.reason) not in said:
            said.add((reason.line, reason.reason))
            found.append(replace(reason, children=_once(reason.children, said)))
    return tuple(found)


def _filled(words: str, terms: Sequence[Formula]) -> Prose:
    """The words with the terms in their gaps."""
    parts = re.split(r"\{(\d+)\}", words)
    return tuple(terms[int(part)] if k % 2 else part for k, part in enumerate(parts) if part)


def _bound(expression: sp.Basic) -> tuple[Index, ...]:
    return expression.indices if isinstance(expression, Sum) else ()
