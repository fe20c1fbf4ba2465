"""One step of a derivation: an adjoint from the chain rule to its closed form, with the rules and the reasons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from symnet.calculus.ir import Equation, Index, atoms
from symnet.calculus.norms import divides_by_a_norm, norms_of
from symnet.explain.chain import closed_chain, raw_chain, uses_of
from symnet.explain.compose import Composer
from symnet.explain.document import Line, Prose, Reason, Step, Where
from symnet.explain.formula import Chain, Formula
from symnet.explain.matrix import MatrixForm, matrix_forms
from symnet.explain.options import Options
from symnet.explain.rules import WHERE_A_NORM_IS_0, Use, remarks_of, rules_of, why_transposed
from symnet.explain.scribe import Scribe
from symnet.explain.times import remarks_on_tensors
from symnet.simplify.facts import Fact
from symnet.simplify.rewrites import Rewrite, with_names
from symnet.simplify.rewrites import Total as Sum


@dataclass(frozen=True)
class Place:
    """Where the tensors of the forward list stand: their numbers, and the person's lines in that order."""

    numbers: Mapping[str, int]
    lines: tuple[int | None, ...]


@dataclass
class StepWriter:
    """Writes the steps of one derivation; ``told`` are the adjoints and names already explained, ``seen`` the rules
    shown with δ."""

    scribe: Scribe
    options: Options
    place: Place
    told: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.derivation = self.scribe.derivation
        self.matrix: Mapping[str, MatrixForm] = matrix_forms(self.scribe) if self.options.form != "index" else {}
        self.remarks = remarks_on_tensors(self.scribe)
        raw = self.derivation.raw
        self.targets, self.raw_targets = self.derivation.program.targets(), raw.targets()
        self.kept = {*self.targets, *self.derivation.model.program.targets(), raw.adjoints.get(raw.loss, "")}
        self.norms = norms_of(self.derivation.program)
        self.rewrites: dict[str, list[tuple[int, Rewrite]]] = {}  # of each adjoint, with their places among all
        for place, rewrite in enumerate(self.derivation.rewrites):
            self.rewrites.setdefault(rewrite.tensor, []).append((place, rewrite))

    def steps(self) -> tuple[Step, ...]:
        """Every step in its order."""
        return tuple(self.step(k, name) for k, name in enumerate(self.derivation.steps, 1))

    def step(self, number: int, adjoint: str) -> Step:
        program = self.derivation.program
        uses = uses_of(self.scribe, adjoint)
        rules = self._rules(uses) if uses else (self._without_use(adjoint),)
        earlier = self._earlier(adjoint)
        before = [use for name in earlier for use in uses_of(self.scribe, name)]
        if before:
            rules = tuple(dict.fromkeys((*self._rules(before), *rules)))
        uses = [*before, *uses]
        form = self.matrix.get(adjoint)
        numbers = tuple(sorted({self._forward_number(u.forward) for u in uses} - {0}))
        remarks: list[Prose] = [r for r in (self.remarks.get(adjoint), *((t,) for t in self._said(uses))) if r]
        remarks += self._why(program.defining(adjoint), form)
        names = tuple(self._where(adjoint))
        remarks += self._at_0((adjoint, *(w.name for w in names)))
        return Step(
            number,
            adjoint,
            self.scribe.shape(adjoint, program),
            numbers,
            tuple(sorted({line for k in numbers if (line := self.place.lines[k - 1]) is not None})),
            rules,
            tuple(tuple(self._chain(name)) for name in earlier),
            tuple(self._step_chain(adjoint)),
            names,
            form.formula if form else None,
            form.code if form else None,
            form.operands if form else (),
            form.product if form else self.scribe.shape(adjoint, program),
            tuple(remarks),
            _once(list(map(self._reason, self._rewrites_of((*earlier, adjoint)))), set()),
        )

    def _rules(self, uses: list[Use]) -> tuple[str, ...]:
        return rules_of(uses)

    def _said(self, uses: list[Use]) -> tuple[str, ...]:
        return remarks_of(uses)

    def _without_use(self, adjoint: str) -> str:
        """What to call the rule of an adjoint whose tensor nothing reads."""
        program = self.derivation.program
        if adjoint not in self.scribe.tensors and program.reads(adjoint):
            return "a part of the next adjoint"
        return "the loss itself" if adjoint == program.adjoints.get(program.loss) else "no path leads to it"

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

    def _at_0(self, names: Iterable[str]) -> list[Prose]:
        """What is to be said where the equations of the first of all steps divide by a norm."""
        program, key = self.derivation.program, WHERE_A_NORM_IS_0
        divided = any(divides_by_a_norm(e, self.norms) for name in names for e in program.defining(name))
        new = divided and key not in self.seen
        self.seen |= {key} if new else set()
        return [(key,)] if new else []

    def _forward_number(self, equation: Equation) -> int:
        return self.place.numbers.get(equation.target, 0)

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
        return self._by_rule(name, self.options.detail == "full")

    def _by_rule(self, adjoint: str, with_delta: bool) -> list[Line]:
        """The chain of an adjoint by the one rule."""
        if adjoint in self.scribe.tensors:
            return raw_chain(self.scribe, adjoint, with_delta, "the loss does not depend on it")
        return raw_chain(self.scribe, adjoint, False, "the first derivative does not depend on it")

    def _step_chain(self, adjoint: str) -> list[Line]:
        closed = closed_chain(self.scribe, adjoint)
        if self.options.detail == "brief" or not self.derivation.raw.defining(adjoint):
            return [closed]
        lines = self._by_rule(adjoint, self._shows_delta(adjoint))
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
        return Reason(rewrite.name, line, _filled(self._in_names(rewrite.reason), terms), children)

    def fact(self, fact: Fact) -> Line:
        before, after = self._sides(Rewrite("", (), "", fact.before, fact.after, ""), fact.before, fact.after)
        return Line(Chain(before, (after,)), (self._in_names(fact.reason),))

    def _in_names(self, reason: str) -> str:
        """The reason with the names that tensors have on the screen."""
        return with_names(reason, self.scribe.words.shown)

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
    """The reasons without those given before, and without cancelled and nested sums whose both sides are alike."""
    found = []
    for reason in reasons:
        nothing = reason.name in ("cancel", "sum in parts") and reason.line.formula is None
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
