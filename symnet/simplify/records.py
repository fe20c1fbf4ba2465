"""The kept steps of the simplifier told to a person: both sides as expressions, and the reason in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus.ir import Access, Index, Program
from symnet.simplify.atoms import ONE, Atom, Poly, Term, Var, names_of
from symnet.simplify.cost import Costs
from symnet.simplify.emit import Emitter
from symnet.simplify.fold import Products
from symnet.simplify.moves import Step
from symnet.simplify.rewrites import RULES, Rewrite, Total, saying
from symnet.simplify.sums import Event
from symnet.simplify.zero import why_zero


@dataclass(frozen=True)
class Recorder:
    """Makes records for one program; the emitter knows the names of helper tensors, ``products`` those of products."""

    emitter: Emitter
    program: Program
    products: Products
    costs: Costs

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
        record = self._exchanged(name, formals, step) or Rewrite(name, left, step.name, before, after, reason)
        return replace(record, children=tuple({_identity(c): c for c in children}.values()))

    def _exchanged(self, name: str, formals: tuple[Var, ...], step: Step) -> Rewrite | None:
        """A sum that became another one: ``Σ exp(S) dP = s Σ dO O`` is told as ``Σ P dP = Σ dO O``, as books have it.

        What stands before the new sum divides both sides, if a tensor is defined as that quotient.
        """
        parted = _sum_and_rest(step.after)
        if step.name != "open the sum" or parted is None:
            return None
        new, rest = parted
        ((((old, _),), _),) = step.before.items()
        sums, algebra = self.emitter.sums, self.emitter.sums.algebra
        bound, inner = sums.opened(old)
        product = algebra.times(inner, algebra.power({rest[1]: rest[0]}, -1))
        known = self._under_names({product[1]: product[0]})
        if known is None or not all(self.products.definitions.unit(a) for a, _ in rest[1]):
            return None
        writer = self.emitter.record_writer()
        left = tuple(map(writer.index, formals))
        before = Total(writer.poly(known), *map(writer.index, bound))
        after = writer.poly({((new, 1),): 1})
        found = {e.tensor for e in step.events if e.name == "known sum"}
        opened = (names_of(known) & names_of(step.before)) - names_of(step.after)
        used = sorted(n for n in opened | found if self.program.defining(n))
        sizes = tuple(sp.Mul(*(v.size for v in variables)) for variables in (new.parts[0], bound))
        reason = saying("definitions", *used)
        if self.costs.extent(new.parts[0]) < self.costs.extent(bound):
            reason += ": " + " terms instead of ".join(("{0}", "{1}"))
        return Rewrite(name, left, step.name, before, after, reason, terms=sizes)

    def _under_names(self, poly: Poly) -> Poly | None:
        """A product with parts of it written under the names of forward tensors; None if there is no such part."""
        for definition in self.products.of(names_of(poly)):
            taken = definition.name in self.program.tensors or definition.name in self.emitter.share_names
            for result in self.products.written(poly, definition, names_of(poly)) if taken else ():
                if sum(map(len, result)) < sum(map(len, poly)):
                    return self._under_names(result) or result
        return None

    def _opening(self, before: Poly, after: Poly) -> str:
        """The names that were replaced by their definitions.  The formula is left to the printers, which letter it."""
        opened = sorted(n for n in names_of(before) - names_of(after) if self.program.defining(n))
        return saying("definitions", *opened) if opened else "multiplied out"


def _sum_and_rest(poly: Poly) -> tuple[Atom, Term] | None:
    """The only sum of a single product, and what stands before it; None where there is nothing, or more of either."""
    if len(poly) != 1:
        return None
    ((mono, c),) = poly.items()
    sums = [a for a, e in mono if a.kind == "sum" and e == 1]
    rest = tuple((a, e) for a, e in mono if a.kind != "sum")
    return (sums[0], (c, rest)) if len(sums) == 1 and len(rest) == len(mono) - 1 and rest != ONE else None


def _once(events: Iterable[Event]) -> Iterable[Event]:
    """The events without those that are the same once more: writing one takes longer than all that led to it."""
    return {(e.name, e.tensor, *e.before.items(), None, *e.after.items()): e for e in events}.values()


def _identity(record: Rewrite) -> tuple[str, ...]:
    """What two records of one adjoint share where they say the same."""
    sides = (str(record.before), str(record.after)) if record.name not in ("known product", "cancel") else ()
    return (record.name, record.reason, *sides)
