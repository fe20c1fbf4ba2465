"""The derivatives that are part of a model, each with the steps that lead to its closed form.

They stand between the forward list and the backward steps: a result such as ``u_t = ∂s/∂t`` is a line of the forward
list, and what the one rule did on the way to it has names of its own, u_h for ∂s/∂h.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from symnet.calculus.apart import entries_apart
from symnet.calculus.ir import Access, Index, indices_for
from symnet.explain.along import along_rules, tangent_chain
from symnet.explain.chain import raw_chain
from symnet.explain.document import Derived, Line, Prose, Where
from symnet.explain.formula import Chain, Formula, Partial, Signed, Total, product_of, total_of
from symnet.explain.options import Options
from symnet.explain.rules import Use, remarks_of, rules_of
from symnet.explain.scribe import Scribe, scribe_for
from symnet.explain.steps import Place, StepWriter
from symnet.model import Derivation, Inner


def inner_blocks(scribe: Scribe, options: Options, place: Place) -> tuple[Derived, ...]:
    """Every derivative in the model with its steps; letters, names and numbers are those of the whole document."""
    return tuple(_block(scribe, options, place, inner) for inner in scribe.derivation.model.inner)


def _block(outer: Scribe, options: Options, place: Place, inner: Inner) -> Derived:
    writer = _InnerWriter(_scribe(outer, inner), options, place, inner=inner)
    results = [writer.sought(name) for name in dict.fromkeys(inner.results.values())]
    where = tuple(writer.beside_forward())
    steps = writer.steps()
    numbers = [place.numbers[n] for n in inner.results.values() if n in place.numbers]
    line = place.lines[min(numbers) - 1] if numbers else None
    return Derived(line, tuple(results), where, tuple(writer.notes()), steps)


def _scribe(outer: Scribe, inner: Inner) -> Scribe:
    """A scribe of the inner derivation with the letters and the words of the whole.

    The seed is 1 where one number is differentiated and nothing weighs it; else there is no loss to speak of.
    """
    ((output, weight), *others) = inner.outputs
    loss = output if inner.kind == "gradient" and weight is None and not others else ""
    model = replace(outer.derivation.model, program=inner.forward, inner=())
    raw, program = replace(inner.raw, loss=loss), replace(inner.program, loss=loss)
    own = scribe_for(Derivation(model, raw, program, (), inner.rewrites, inner.facts))
    words = replace(outer.words, order=own.words.order, adjoints=own.words.adjoints, symmetric=own.words.symmetric)
    return replace(own, words=words, letters=outer.letters, tensors={}, layout=outer.layout, shapes=outer.shapes)


@dataclass
class _InnerWriter(StepWriter):
    """Writes the steps of one derivative in the model; every chain begins with the name and with what it means."""

    inner: Inner = field(kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tensor = {adjoint: tensor for tensor, adjoint in self.inner.raw.adjoints.items()}

    def sought(self, result: str) -> Line:
        """``u_t[n] = ∂s/∂t[n]``"""
        left = indices_for(self.inner.raw.tensors[result].shape)
        letters = self.scribe.letters.assign(left)
        return Line(Chain(self.scribe.entry(result, [letters[i] for i in left]), (self._meaning(result, left),)))

    def beside_forward(self) -> Iterable[Where]:
        """The tensors on the way that the forward list of the model has not, such as an unnamed sum."""
        weights = [w for _, w in self.inner.outputs if w is not None] + list(self.inner.tangents.values())
        forward = self.inner.forward.restricted_to([*(o for o, _ in self.inner.outputs), *weights])
        for name in forward.targets():
            if name not in self.place.numbers:
                form = self.matrix.get(name)
                yield Where(name, self.scribe.equation(forward.defining(name)), form.formula if form else None)

    def notes(self) -> Iterable[Prose]:
        """Where every entry of an output depends on one entry of an input: then a sum of outputs mixes nothing."""
        for tensor, result in self.inner.results.items() if self.inner.kind == "gradient" else ():
            for output in self._added_up():
                if entries_apart(self.inner.forward, output, tensor):
                    left = indices_for(self.inner.forward.tensors[tensor].shape)
                    letters = list(self.scribe.letters.assign(left).values())
                    y, x, g = (self.scribe.entry(name, letters) for name in (output, tensor, result))
                    yield (y, " depends on ", x, " alone: ", Chain(g, (Partial(y, x),)))

    def _added_up(self) -> Iterable[str]:
        """The tensor whose sum is the only output, if it is one."""
        ((output, weight), *others) = self.inner.outputs
        equations = self.inner.forward.defining(output)
        if weight is None and not others and len(equations) == 1:
            (equation,) = equations
            plain = equation.op == "+" and not equation.guard and not equation.left
            read = equation.body
            if plain and isinstance(read, Access) and read.addresses == equation.reduced:
                yield read.name

    def _meaning(self, adjoint: str, left: Sequence[Index]) -> Formula:
        """What an adjoint or a tangent of this derivation is, in terms of outputs and inputs."""
        inner, forward, name = self.inner, self.inner.forward, self.tensor[adjoint]
        letters = self.scribe.letters.assign(left)
        if inner.kind == "jacobian":
            ((output, _),) = inner.outputs
            rank = forward.tensors[output].rank
            return Partial(
                self.scribe.entry(output, [letters[i] for i in left[:rank]]),
                self.scribe.entry(name, [letters[i] for i in left[rank:]]),
            )
        own = self.scribe.entry(name, [letters[i] for i in left])
        tangent = inner.kind == "tangent"
        terms = []
        for other, weight in inner.tangents.items() if tangent else inner.outputs:
            places = indices_for(forward.tensors[other].shape)
            at = self.scribe.letters.assign([*left, *places])
            entry = self.scribe.entry(other, [at[i] for i in places])
            part: Formula = Partial(own, entry) if tangent else Partial(entry, own)
            if weight is not None:
                part = product_of([self.scribe.entry(weight, [at[i] for i in places]), part])
                part = Total("sum", tuple(at[i] for i in places), part) if places else part
            terms.append(Signed(False, part))
        return total_of(terms)

    def _titled(self, name: str, lines: list[Line]) -> list[Line]:
        """The lines with the meaning of the name at their front."""
        first = lines[0].formula
        if name not in self.tensor or not isinstance(first, Chain):
            return lines
        left = self.inner.raw.defining(name)[0].left
        meant = Chain(first.left, (self._meaning(name, left), *first.right))
        return [replace(lines[0], formula=meant), *lines[1:]]

    def _chain(self, name: str) -> list[Line]:
        return self._titled(name, super()._chain(name))

    def _step_chain(self, adjoint: str) -> list[Line]:
        return self._titled(adjoint, super()._step_chain(adjoint))

    def _by_rule(self, adjoint: str, with_delta: bool) -> list[Line]:
        if self.inner.kind == "tangent":
            return tangent_chain(self.scribe, adjoint)
        return raw_chain(self.scribe, adjoint, with_delta and self.inner.kind == "gradient", "no output depends on it")

    def _rules(self, uses: list[Use]) -> tuple[str, ...]:
        return along_rules(uses) if self.inner.kind == "tangent" else rules_of(uses)

    def _said(self, uses: list[Use]) -> tuple[str, ...]:
        return () if self.inner.kind == "tangent" else remarks_of(uses)

    def _without_use(self, adjoint: str) -> str:
        return "the start" if adjoint in self.tensor else "a part of the next adjoint"
