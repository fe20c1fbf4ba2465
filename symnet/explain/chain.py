"""One step in index form: from the chain rule, by the forward equation's own derivative, to the closed form.

Every line of a chain has the same value, the entry of the gradient; a remark may give a local derivative.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Delta, Equation, Index, atoms, sort_key
from symnet.calculus.matrix_rules import is_matrix_function
from symnet.explain.document import Line, Prose
from symnet.explain.formula import (
    ONE,
    Add,
    Chain,
    Formula,
    KroneckerDelta,
    Over,
    Partial,
    Signed,
    Times,
    Total,
    product_of,
    signed,
    summed,
    total_of,
)
from symnet.explain.picked import picked
from symnet.explain.rules import Use
from symnet.explain.scribe import Scribe


def uses_of(scribe: Scribe, adjoint: str) -> list[Use]:
    """The places where the adjoint's tensor is read, from the equations of the one rule."""
    raw = scribe.derivation.raw
    uses = list[Use]()
    for equation in raw.defining(adjoint):
        origin = equation.origin
        if origin is not None and origin.equation is not None and origin.access is not None:
            forward = raw.equations[origin.equation]
            if is_matrix_function(forward) and any(u.forward is forward for u in uses):
                continue  # several equations of one row of the table
            to_loss = forward.target == raw.loss
            uses.append(Use(forward, origin.access, equation, origin.derivative or sp.S.Zero, to_loss))
    return uses


def raw_chain(scribe: Scribe, adjoint: str, with_delta: bool, missing: str) -> list[Line]:
    """The adjoint by the one rule: the chain rule with named derivatives, then with their values; ``missing`` is what
    to say of one that nothing contributes to."""
    equations = scribe.derivation.raw.defining(adjoint)
    left = scribe.left_side(equations[0])
    uses = uses_of(scribe, adjoint)
    value = scribe.right_side(equations)
    plain = bool(uses) and all(map(has_plain_addresses, uses))
    unguarded = not any(use.forward.guard for use in uses)
    lines = _delta_lines(scribe, uses) if plain and with_delta and unguarded else []
    picked = any(_holds_delta(line.formula) for line in lines)
    if not picked:
        named = plain and not any(u.to_loss for u in uses) and _targets_differ(uses)
        lines = [_named_line(scribe, uses)] if named else []
    if not uses and equations[0].body == 0:
        return [Line(Chain(left, (value,)), (missing,))]
    if not lines:
        return [Line(Chain(left, (value,)))]
    first = lines[0]
    assert first.formula is not None
    chained = [replace(first, formula=Chain(left, (first.formula,))), *lines[1:]]
    return [*chained, Line(value, ("δ picks one term",) if picked else ())]


def _holds_delta(formula: Formula | None) -> bool:
    """Whether a δ of two letters stands in the formula."""
    match formula:
        case KroneckerDelta():
            return True
        case Add(terms):
            return any(_holds_delta(t.term) for t in terms)
        case Times(factors):
            return any(map(_holds_delta, factors))
        case Over(top, _):
            return _holds_delta(top)
        case Total(_, _, body):
            return _holds_delta(body)
        case _:
            return False


def closed_chain(scribe: Scribe, adjoint: str) -> Line:
    """The adjoint as the simplified program has it."""
    equations = picked(scribe.derivation.program.defining(adjoint))
    return Line(Chain(scribe.left_side(equations[0]), (scribe.right_side(equations),)))


def has_plain_addresses(use: Use) -> bool:
    """Whether every address is an index of its own, so that an entry is read at most once for each left side."""
    return not atoms(use.adjoint.body, Delta) and use.forward.op == "+"


def _targets_differ(uses: list[Use]) -> bool:
    """Whether no forward equation reads the tensor twice: then a local derivative is the whole one."""
    targets = [u.forward.target for u in uses]
    return len(set(targets)) == len(targets)


def _named_line(scribe: Scribe, uses: list[Use]) -> Line:
    """Σ dy · ∂y/∂x, the local derivatives as remarks."""
    terms: list[Signed] = []
    remark: list[str | Formula] = []
    for use in uses:
        incoming = _incoming(scribe, use)
        composer = scribe.composer(use.adjoint)
        places = [composer.letters[i] for i in incoming.addresses if isinstance(i, Index)]
        own = use.adjoint.left[len(use.adjoint.left) - len(use.read.addresses) :]
        read = scribe.entry(use.read.name, [composer.letters[i] for i in own])
        local = Partial(scribe.entry(use.forward.target, places[len(places) - len(use.forward.left) :]), read)
        body = product_of([composer.of(incoming), local])
        reduced = [i for i in use.adjoint.reduced if i in incoming.addresses]
        terms.append(Signed(False, summed([composer.letters[i] for i in reduced], body)))
        value = local_value(scribe, use, incoming, reduced)
        remark += [*([", "] if remark else []), Chain(local, (value,))]
    return Line(total_of(terms), tuple(remark))


def local_value(scribe: Scribe, use: Use, incoming: Access, outer: list[Index]) -> Formula:
    """The local derivative: what stands beside the incoming adjoint, summed over the other reduced indices."""
    rest = tuple(i for i in use.adjoint.reduced if i not in outer)
    equation = replace(
        use.adjoint, body=scribe.without_seed(use.adjoint.body.xreplace({incoming: sp.S.One})), reduced=rest
    )
    composer = scribe.composer(use.adjoint)
    return replace(composer, contracted=bool(rest)).contribution(equation)


def _incoming(scribe: Scribe, use: Use) -> Access:
    """The adjoint of the forward equation's tensor, as the adjoint equation reads it."""
    raw = scribe.derivation.raw
    makers = {name for name in atoms(use.adjoint.body, Access) if raw.tensors[name.name].role == "adjoint"}
    known = [a for a in makers if raw.adjoints.get(use.forward.target) == a.name]
    if not known:  # a second sweep: its adjoints follow the equation that they differentiate
        known = [a for a in makers if a.name not in {x.name for x in use.forward.accesses}]
    incoming: Access = min(known, key=sort_key)
    return incoming


def _delta_lines(scribe: Scribe, uses: list[Use]) -> list[Line]:
    """Σ over all entries of y of dy · ∂y/∂x, then with ∂y/∂x = f' δ: the whole Jacobian, most of it 0."""
    named: list[Signed] = []
    valued: list[Signed] = []
    remark: list[str | Formula] = []
    for target, group in _by_target(uses).items():
        place = _Place(scribe, group)
        to_loss = group[0].to_loss
        letters = [] if to_loss else [place.letters[i] for i in place.outer]
        adjoint = scribe.derivation.raw.adjoints[target]
        incoming = ONE if to_loss else scribe.entry(adjoint, letters)
        local = Partial(scribe.entry(target, letters), place.read)
        jacobian = total_of([signed(place.jacobian(use)) for use in group])
        if not to_loss:
            named.append(Signed(False, summed(letters, product_of([incoming, local]))))
            remark += [*([", "] if remark else []), Chain(local, (jacobian,))]
        valued.append(Signed(False, summed(letters, product_of([incoming, jacobian]))))
    lines = [Line(total_of(named), tuple(remark))] if len(named) == len(valued) else []
    return [*lines, Line(total_of(valued), () if lines else _delta_remark(uses))]


def _delta_remark(uses: Iterable[Use]) -> Prose:
    return () if not any(u.forward.reduced for u in uses) else ("the derivative of one entry by another is δ",)


def _by_target(uses: list[Use]) -> dict[str, list[Use]]:
    groups: dict[str, list[Use]] = {}
    for use in uses:
        groups.setdefault(use.forward.target, []).append(use)
    return groups


class _Place:
    """Letters for one group of uses: the entry u of the tensor, then every entry I of the forward tensor."""

    def __init__(self, scribe: Scribe, group: list[Use]) -> None:
        first = group[0]
        self.scribe = scribe
        self.entry = first.adjoint.left[len(first.adjoint.left) - len(first.read.addresses) :]
        self.outer = tuple(i.fresh() for i in first.forward.left)
        self.letters = scribe.letters.assign([*self.entry, *self.outer])
        self.read = scribe.entry(first.read.name, [self.letters[i] for i in self.entry])

    def jacobian(self, use: Use) -> Formula:
        """∂f/∂a · Π δ of the left indices; summed indices are put equal at once, unless nothing else has a δ."""
        forward = use.forward.renamed(dict(zip(use.forward.left, self.outer, strict=True)))
        mapping: dict[sp.Basic, sp.Expr] = dict(zip(use.forward.left, self.outer, strict=True))
        derivative = use.derivative.xreplace(mapping)
        pairs = list(zip(self.entry, (a.xreplace(mapping) for a in use.read.addresses), strict=True))
        loss_only = not self.outer
        if not loss_only:
            sift = {a: u for u, a in pairs if a in forward.reduced}
            derivative = derivative.xreplace(sift)
            pairs = [(u, a) for u, a in pairs if a not in sift]
            forward = replace(forward, reduced=tuple(i for i in forward.reduced if i not in sift))
        body = sp.Mul(derivative, *(Delta(a, u) for u, a in pairs), evaluate=True)
        letters = self.scribe.letters.assign(forward.indices, self.letters)
        composer = replace(self.scribe.composer(forward, letters), left=self.outer or forward.reduced, contracted=False)
        return composer.contribution(replace(forward, left=self.outer, body=self.scribe.without_seed(body)))


def equations_of(scribe: Scribe, name: str) -> tuple[Equation, ...]:
    """The equations of a tensor in the simplified program, else in the raw one."""
    return picked(scribe.derivation.program.defining(name) or scribe.derivation.raw.defining(name))
