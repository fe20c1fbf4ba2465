"""The kept steps of the simplifier told to a person: both sides as expressions, and the reason in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus.atoms import Poly, Var, names_of
from symnet.calculus.definitions import Definition
from symnet.calculus.emit import Emitter
from symnet.calculus.ir import TensorSpec
from symnet.calculus.moves import Step
from symnet.calculus.rewrites import Rewrite
from symnet.calculus.sums import Event


@dataclass(frozen=True)
class Recorder:
    """Makes records for one program; the emitter knows the names of helper tensors."""

    emitter: Emitter
    tensors: Mapping[str, TensorSpec]
    products: Mapping[str, Definition]

    def records(
        self, name: str, formals: tuple[Var, ...], events: Iterable[Event], steps: Iterable[Step], result: Poly
    ) -> tuple[Rewrite, ...]:
        """The records of one adjoint, each once, in the order of the steps."""
        found = [self._event(name, formals, event) for event in events]
        found += [r for step in steps if (r := self._step(name, formals, step)) is not None]
        if not result:
            rule = "zero gradient"
            left = tuple(map(self.emitter.record_writer().index, formals))
            tensor = name.removeprefix("d")
            first = tensor in self.tensors  # not so for a second derivative
            cancel = f"the loss does not change with {tensor}: all contributions cancel"
            reason = cancel if first else f"all contributions to {name} cancel"
            found.append(Rewrite(name, left, rule, sp.S.Zero, sp.S.Zero, reason))
        return tuple({(r.name, r.reason): r for r in found}.values())

    def _event(self, name: str, formals: tuple[Var, ...], event: Event) -> Rewrite:
        writer = self.emitter.record_writer()
        left = tuple(map(writer.index, formals))
        before, after = writer.poly(event.before), writer.poly(event.after)
        if event.name == "declared fact":
            facts = sorted(self.tensors[event.tensor].facts & {"one_hot", "simplex"})
            reason = f"because {before} = {after}: {event.tensor} is declared {facts[0]}"
        elif event.name == "open the sum":
            reason = f"{before} = {after}{_from(event.before, event.after)}"
        else:
            reason = f"{before} is {after}"
        return Rewrite(name, left, event.name, before, after, reason)

    def _step(self, name: str, formals: tuple[Var, ...], step: Step) -> Rewrite | None:
        writer = self.emitter.record_writer()
        if step.name == "known product":
            if step.subject in self.emitter.shares and step.subject not in self.emitter.share_names:
                return None
            definition = self.products[step.subject]
            written = self.emitter.tensor_name(step.subject)
            left = tuple(map(writer.index, formals))
            before, after = writer.poly(step.before), writer.poly(step.after)
            reason = f"{writer.poly(definition.poly)} is {written}"
            return Rewrite(name, left, step.name, before, after, reason)
        left = tuple(map(writer.index, formals))
        before, after = writer.poly(step.before), writer.poly(step.after)
        reason = "multiplied out, terms cancel"
        if step.name == "open the sum":
            reason = f"{before} = {after}{_from(step.before, step.after)}"
        children = tuple(self._event(name, formals, event) for event in step.events)
        record = Rewrite(name, left, step.name, before, after, reason)
        return replace(record, children=tuple({c.reason: c for c in children}.values()))


def _from(before: Poly, after: Poly) -> str:
    opened = sorted(names_of(before) - names_of(after))
    return f", from the definition of {' and '.join(opened)}" if opened else ""
