"""The facts that closed forms rest on: declared by the person or proved on the way, each said as an equation.

Whether a declared fact is used is found by leaving it out: a step rests on it if the step is another one without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import sympy as sp

from symnet.calculus.ir import Access, Index, Program, TensorSpec, atoms, sort_key
from symnet.calculus.scalars import greater, greater_equal
from symnet.simplify.matrix_facts import symmetric_tensors
from symnet.simplify.rewrites import Rewrite, Total, saying

Facts = Mapping[str, frozenset[str]]  # tensor -> what is known of it

#: What follows from each word beyond itself; the simplifier asks for what follows, never for ``one_hot``.
_IMPLIED: Mapping[str, frozenset[str]] = {
    "one_hot": frozenset({"simplex", "mask", "nonnegative"}),
    "simplex": frozenset({"nonnegative"}),
    "mask": frozenset({"nonnegative"}),
    "positive": frozenset({"nonnegative"}),
}


@dataclass(frozen=True)
class Fact:
    """``before = after``, why it holds, and the adjoints that would be written otherwise without it."""

    before: sp.Expr
    after: sp.Expr
    reason: str
    steps: tuple[str, ...] = ()

    @property
    def sides(self) -> tuple[sp.Expr, sp.Expr]:
        """Both sides of the equation."""
        return self.before, self.after

    def __str__(self) -> str:
        return f"{self.before} = {self.after} ({self.reason})"


def known_facts(program: Program) -> Facts:
    """What is known of tensors: the declared facts with what follows from them, but for the words one_hot and
    derivative, and the matrices that are shown to be symmetric."""
    found = {}
    for name, spec in program.tensors.items():
        known = spec.facts.union(*(_IMPLIED.get(fact, frozenset()) for fact in spec.facts)) - {"one_hot", "derivative"}
        if known:
            found[name] = known
    for name in symmetric_tensors(program, holding(found, "symmetric")):
        found[name] = found.get(name, frozenset()) | {"symmetric"}
    return found


def holding(facts: Facts, fact: str) -> frozenset[str]:
    """The tensors of which a fact is known."""
    return frozenset(name for name, known in facts.items() if fact in known)


def facts_used(
    program: Program, known: Facts, simplified: Program, without: Callable[[Facts], Program]
) -> tuple[Fact, ...]:
    """The known facts on which the simplified program rests; ``without`` simplifies knowing only the facts given.

    The facts are left out one after the other; one that changes nothing stays out, so what is left is enough.
    """
    if not known:
        return ()
    wanted = _texts(simplified)
    if _texts(without({})) == wanted:
        return ()
    found: list[tuple[str, str]] = []
    for tensor, facts in known.items():
        for fact in sorted(facts, key=("nonnegative", "positive", "mask", "symmetric", "simplex").index):
            fewer = {**known, tensor: known[tensor] - {fact}}
            if _texts(without(fewer)) == wanted:
                known = fewer
            else:
                found.append((tensor, fact))
    return tuple(_fact(program, known, tensor, fact, wanted, without) for tensor, fact in found)


def _fact(
    program: Program,
    known: Facts,
    tensor: str,
    fact: str,
    wanted: Mapping[str, list[str]],
    without: Callable[[Facts], Program],
) -> Fact:
    others = _texts(without({**known, tensor: known[tensor] - {fact}}))
    adjoints = [n for n in wanted if n in program.tensors and program.tensors[n].role == "adjoint"]
    steps = tuple(n for n in adjoints if others.get(n) != wanted[n])
    spec = program.tensors[tensor]
    word = next((w for w in sorted(spec.facts) if w == fact or fact in _IMPLIED.get(w, ())), None)
    reason = saying("declared", tensor) + word if word else saying("definitions", tensor)
    return Fact(*_equation(spec, fact, _indices(program, spec)), reason, steps)


def _texts(program: Program) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for equation in program.equations:
        found.setdefault(equation.target, []).append(str(equation))
    return found


def _indices(program: Program, spec: TensorSpec) -> tuple[Index, ...]:
    """An index for each axis, called as where the program first reads the tensor by plain different indices."""
    for equation in program.equations:
        for access in equation.accesses:
            plain = all(isinstance(a, Index) for a in access.addresses)
            if access.name == spec.name and plain and len({a.name for a in access.addresses}) == spec.rank:
                return tuple(access.addresses)
    return tuple(Index("ijkmnpqrst"[k], size) for k, size in enumerate(spec.shape))


def _equation(spec: TensorSpec, fact: str, indices: tuple[Index, ...]) -> tuple[sp.Expr, sp.Expr]:
    entry = Access(spec.name, *indices)
    if fact == "simplex":
        return Total(entry, indices[-1]), sp.S.One
    if fact == "mask":
        return entry**2, entry
    if fact == "symmetric":
        return entry, Access(spec.name, *indices[:-2], indices[-1], indices[-2])
    return (greater if fact == "positive" else greater_equal)(entry, sp.S.Zero), sp.S.One


def facts_proved(rewrites: Iterable[Rewrite], program: Program) -> tuple[Fact, ...]:
    """The sums of forward tensors that were shown to be a number, such as Σ (z - mu) = 0."""
    found: dict[str, Fact] = {}
    for rewrite in _all(rewrites):
        reads = atoms(rewrite.before, Access)
        forward = not any(a.name in program.tensors and program.tensors[a.name].role == "adjoint" for a in reads)
        if isinstance(rewrite.before, Total) and forward and not rewrite.after.has(Access, Total, Index):
            letters = _lettered(rewrite.before)
            found.setdefault(str(letters), Fact(letters, rewrite.after, rewrite.reason, (rewrite.tensor,)))
    return tuple(fact for fact in found.values() if "declared" not in fact.reason)


def told(rewrites: Iterable[Rewrite], facts: Iterable[Fact]) -> tuple[Rewrite, ...]:
    """The rewrites with each declared fact in the steps that rest on it, before what was done with it."""
    declared = [f for f in facts if "declared" in f.reason]
    uses = [Rewrite(step, (), "declared fact", f.before, f.after, f.reason) for f in declared for step in f.steps]
    known = [r for r in rewrites if r.name != "declared fact"]
    order = {r.tensor: k for k, r in reversed(list(enumerate(known)))}
    return tuple(sorted([*uses, *known], key=lambda r: order.get(r.tensor, len(order))))


def _all(rewrites: Iterable[Rewrite]) -> Iterator[Rewrite]:
    for rewrite in rewrites:
        yield rewrite
        yield from _all(rewrite.children)


def _lettered(expression: sp.Expr) -> sp.Expr:
    """The expression with a letter of its own for each index; the first of a name keeps it."""
    letters: dict[str, Index] = {}
    names: dict[sp.Basic, sp.Basic] = {}
    for index in sorted(atoms(expression, Index), key=sort_key):
        letter = next(c for c in (index.name, *"ijkmnpqrstuv", f"i{index.serial}") if c not in letters)
        letters[letter] = names[index] = index if letter == index.name else Index(letter, index.size)
    return expression.xreplace(names)
