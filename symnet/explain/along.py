"""A tangent in index form: how a tensor changes with what it is made of, read along the equations."""

from __future__ import annotations

from symnet.calculus.ir import Access, Index
from symnet.calculus.matrix_rules import is_matrix_function
from symnet.explain.chain import has_plain_addresses, local_value, uses_of
from symnet.explain.document import Line
from symnet.explain.formula import Chain, Formula, Partial, Signed, product_of, summed, total_of
from symnet.explain.rules import Use, rules_of
from symnet.explain.scribe import Scribe

#: Rules that are named after what happens to adjoints.
_BACKWARD = ("broadcast forward = sum backward", "gather forward = scatter backward", "each place it was moved to")
_EVERY_PLACE, _EVERY_READ = "sum over every place it is used", "sum over all that it depends on"


def along_rules(uses: list[Use]) -> tuple[str, ...]:
    """The names of the rules that one tangent needs."""
    names = [_EVERY_READ if n == _EVERY_PLACE else n for n in rules_of(uses) if n not in _BACKWARD]
    return tuple(names) or ("addition",)


def tangent_chain(scribe: Scribe, tangent: str) -> list[Line]:
    """Σ dx/dε · ∂y/∂x over all that y reads, then with the values of the local derivatives."""
    equations = scribe.derivation.raw.defining(tangent)
    left, value = scribe.equation(equations).left, scribe.right_side(equations)
    uses = uses_of(scribe, tangent)
    reads = [(u.forward.target, u.read.name) for u in uses]
    of_matrix = any(is_matrix_function(u.forward) for u in uses)  # the row says it, no derivative of an entry does
    if not uses or of_matrix or not all(map(has_plain_addresses, uses)) or len(set(reads)) < len(reads):
        return [Line(Chain(left, (value,)))]
    terms: list[Signed] = []
    remark: list[str | Formula] = []
    for use in uses:
        carried = _carried(scribe, use)
        composer = scribe.composer(use.adjoint)
        target = scribe.entry(use.forward.target, [composer.letters[i] for i in use.adjoint.left])
        local = Partial(target, composer.of(Access(use.read.name, *carried.addresses)))
        reduced = [i for i in use.adjoint.reduced if i in carried.atoms(Index)]
        body = product_of([composer.of(carried), local])
        terms.append(Signed(False, summed([composer.letters[i] for i in reduced], body)))
        remark += [*([", "] if remark else []), Chain(local, (local_value(scribe, use, carried, reduced),))]
    return [Line(Chain(left, (total_of(terms),)), tuple(remark)), Line(value)]


def _carried(scribe: Scribe, use: Use) -> Access:
    """The tangent of what the forward equation reads, as the equation of its own tangent reads it."""
    name = scribe.derivation.raw.adjoints[use.read.name]
    (carried,) = (a for a in use.adjoint.accesses if a.name == name)
    return carried
