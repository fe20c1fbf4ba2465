"""The kept steps of the simplifier told to a person: both sides as expressions, and the reason in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus.ir import Access, Index, Program
from symnet.simplify.atoms import Poly, Var, names_of
from symnet.simplify.emit import Emitter
from symnet.simplify.moves import Step
from symnet.simplify.rewrites import RULES, Rewrite, saying
from symnet.simplify.sums import Event
from symnet.simplify.zero import why_zero


@dataclass(frozen=True)
class Recorder:
    """Makes records for one program; the emitter knows the names of helper tensors."""

    emitter: Emitter
    program: Program

    def records(
        self, name: str, formals: tuple[Var, ...], events: Iterable[Event], steps: Iterable[Step], result: Poly
    ) -> tuple[Rewrite, ...]:
        """The records of one adjoint, each once, in the order of the steps."""
        found = [self._event(name, formals, event) for event in _once(events)]
        found += [r for step in steps if (r := self._step(name, formals, step)) is not None]
        if not result:
            found.append(self._zero(name, tuple(map(self.emitter.record_writer().index, formals)), found))
        return tuple({_identity(r): r for r in found}.values())

    def _zero(self, name: str, left: tuple[Index, ...], proof: list[Rewrite]) -> Rewrite:
        """Why all contributions cancel, where the proof says it."""
        tensor = name.removeprefix("d")
        if tensor not in self.program.tensors:  # a second derivative
            return Rewrite(name, left, "zero gradient", sp.S.Zero, sp.S.Zero, saying("zero", name))
        because = why_zero(self.program, tensor, proof)
        plainly = f"the loss does not change with {tensor}: all contributions cancel"
        total, reason, terms = because or (sp.S.Zero, plainly, ())
        return Rewrite(name, () if because else left, "zero gradient", total, sp.S.Zero, reason, terms=terms)

    def _event(self, name: str, formals: tuple[Var, ...], event: Event) -> Rewrite:
        writer = self.emitter.record_writer()
        left = tuple(map(writer.index, formals))
        before, after = writer.poly(event.before), writer.poly(event.after)
        if event.name == "declared fact":
            word = "one_hot" if "one_hot" in self.program.tensors[event.tensor].facts else "simplex"
            reason = saying("declared", event.tensor) + word
        elif event.name == "open the sum":
            reason = self._opening(event.before, event.after)
        else:
            simple = isinstance(after, Access)
            reason = saying("known sum", after.name) if simple else saying("definition", event.tensor)
        return Rewrite(name, left, event.name, before, after, reason)

    def _step(self, name: str, formals: tuple[Var, ...], step: Step) -> Rewrite | None:
        writer = self.emitter.record_writer()
        if step.name == "known product":
            if step.subject in self.emitter.shares and step.subject not in self.emitter.share_names:
                return None
            written = self.emitter.tensor_name(step.subject)
            left = tuple(map(writer.index, formals))
            before, after = writer.poly(step.before), writer.poly(step.after)
            reason = saying("known product", written)
            return Rewrite(name, left, step.name, before, after, reason)
        left = tuple(map(writer.index, formals))
        before, after = writer.poly(step.before), writer.poly(step.after)
        reason = "a part of the sum is computed already" if step.name == "sum in parts" else RULES[step.name].reason
        if step.name == "open the sum":
            reason = self._opening(step.before, step.after)
        children = tuple(self._event(name, formals, event) for event in _once(step.events))
        record = Rewrite(name, left, step.name, before, after, reason)
        return replace(record, children=tuple({_identity(c): c for c in children}.values()))

    def _opening(self, before: Poly, after: Poly) -> str:
        """The names that were replaced by their definitions.  The formula is left to the printers, which letter it."""
        opened = sorted(n for n in names_of(before) - names_of(after) if self.program.defining(n))
        return saying("definitions", *opened) if opened else "multiplied out"


def _once(events: Iterable[Event]) -> Iterable[Event]:
    """The events without those that are the same once more: writing one takes longer than all that led to it."""
    return {(e.name, e.tensor, *e.before.items(), None, *e.after.items()): e for e in events}.values()


def _identity(record: Rewrite) -> tuple[str, ...]:
    """What two records of one adjoint share where they say the same."""
    sides = (str(record.before), str(record.after)) if record.name not in ("known product", "cancel") else ()
    return (record.name, record.reason, *sides)
