"""The normal form of a tensor back to equations; a sum inside a product becomes a tensor of its own."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from symnet.calculus.ir import Access, Equation, TensorSpec, exchange
from symnet.errors import Source
from symnet.naming import Namer
from symnet.simplify.atoms import ONE, Atom, Mono, Poly, Term, Var, add_term, free_of
from symnet.simplify.convert import Writer
from symnet.simplify.cost import sums_of
from symnet.simplify.definitions import Definition
from symnet.simplify.places import by_digits, number_with, values_of
from symnet.simplify.rewrites import Total
from symnet.simplify.sums import Sums

_DERIVED = frozenset({"derivative"})


class Emitter:
    """Collects equations.  ``shares`` are definitions that appear only if they are used; each then gets a name."""

    def __init__(
        self, sums: Sums, integers: Mapping[str, sp.Expr | None], namer: Namer, shares: dict[str, Definition]
    ) -> None:
        self.sums, self.integers, self.namer, self.shares = sums, integers, namer, shares
        self.tensors: dict[str, TensorSpec] = {}
        self.share_names: dict[str, str] = {}
        self.share_equations: list[Equation] = []
        self.equations: list[Equation] = []
        self._helpers: dict[str, tuple[str, tuple[int, ...]]] = {}

    def writer(self) -> Writer:
        """A writer for one equation, which reads helper tensors for stored sums."""
        return Writer(self.sums.algebra, self.integers, self._helper, self.tensor_name)

    def record_writer(self) -> Writer:
        """A writer for records, where sums are shown as sums."""
        return Writer(self.sums.algebra, self.integers, self._shown, self.tensor_name)

    def _shown(self, atom: Atom, writer: Writer) -> Access:
        bound, (sign, mono) = self.sums.opened(atom)
        return Total(writer.poly({mono: sign}), *map(writer.index, bound))

    def _helper(self, atom: Atom, writer: Writer) -> sp.Expr:
        """The read of the tensor that holds a stored sum, defined on first use."""
        if digits := by_digits(atom):
            return self._at_digits(atom, digits, writer)
        key, free, _ = self.sums.table.label((), ((atom, 1),))
        if key not in self._helpers:
            places = sorted(range(len(free)), key=lambda k: free[k].serial)  # as in the tensor that asks for it
            name, order = self._helpers[key] = self.namer.take("q"), tuple(places)
            axes = tuple(free[k] for k in order)
            self.tensors[name] = TensorSpec(
                name, tuple(v.size for v in axes), "intermediate", facts=_DERIVED, given=False
            )
            bound, (c, mono) = self.sums.opened(atom)
            self._summed(name, axes, bound, {mono: c}, None)
        name, order = self._helpers[key]
        return Access(name, *(writer.index(free[k]) for k in order))

    def _at_digits(self, atom: Atom, digits: Mapping[Var, sp.Expr], writer: Writer) -> sp.Expr:
        """A sum that reads ``i//3`` and no other digit of i has an axis for ``i//3``, where it is read."""
        algebra = self.sums.algebra
        places = {v: algebra.variable(v.hint, values_of(digit, v)) for v, digit in digits.items()}
        numbers = {v: algebra.opaque(number_with(digits[v]), (place,)) for v, place in places.items()}
        c, mono = self.sums.rename((1, ((atom, 1),)), numbers)
        inner = self.writer()
        written = inner.poly({mono: c})
        back = {inner.index(place): writer.address(algebra.opaque(digits[v], (v,))) for v, place in places.items()}
        own = {inner.index(v): writer.index(v) for v in atom.free if v not in places}
        return exchange(written, {**own, **back})

    def tensor_name(self, name: str) -> str:
        """The name in the program; a share is defined on first use."""
        if name not in self.shares:
            return name
        if name not in self.share_names:
            definition = self.shares[name]
            taken = self.share_names[name] = self.namer.take(
                "Q" if "P" in self.namer and "Q" not in self.namer else "P"
            )
            shape = tuple(v.size for v in definition.formals)
            self.tensors[taken] = TensorSpec(taken, shape, "intermediate", facts=_DERIVED, given=False)
            writer = self.writer()
            body = writer.poly(definition.poly)
            self.share_equations.append(Equation(taken, tuple(map(writer.index, definition.formals)), body))
        return self.share_names[name]

    def write(self, name: str, formals: tuple[Var, ...], poly: Poly, source: Source | None) -> None:
        """The equations of one tensor: one without a sum, and one for each sum that stands by itself."""
        flat: list[tuple[Term, Atom]] = []
        pointwise: Poly = {}
        for mono, c in poly.items():
            atom = _own_sum(mono, alone=len(poly) == 1)
            if atom is None or (len(poly) > 1 and not atom.free >= frozenset(v for v in formals if v.code != "1")):
                add_term(pointwise, mono, c)
            else:
                flat.append(((c, mono), atom))
        if pointwise or not flat:
            writer = self.writer()
            body = writer.poly(pointwise)
            left = tuple(map(writer.index, formals))
            self.equations.append(Equation(name, left, body, source=source))
        placed: list[tuple[tuple[Var, ...], Poly]] = []
        for term, atom in flat:
            bound, inside = self._inside(term, atom)
            for one in placed:
                joined = self._joined(one, bound, inside)
                if joined is not None:
                    add_term(one[1], joined[1], joined[0])
                    break
            else:
                placed.append((bound, {inside[1]: inside[0]}))
        for bound, terms in placed:
            self._summed(name, formals, bound, terms, source)

    def _inside(self, term: Term, atom: Atom) -> tuple[tuple[Var, ...], Term]:
        """The variables of a stored sum, and the whole term inside of it."""
        c, mono = term
        bound, inner = self.sums.opened(atom)
        return bound, self.sums.algebra.times((c, tuple((a, e) for a, e in mono if a is not atom)), inner)

    def _joined(self, one: tuple[tuple[Var, ...], Poly], bound: tuple[Var, ...], term: Term) -> Term | None:
        """The term over the variables of another sum, if deltas move both to the same places: then they are one sum."""
        own, poly = one
        if len(own) != 1 or len(bound) != 1 or own[0].size != bound[0].size:
            return None
        renamed = self.sums.rename(term, {bound[0]: own[0]})
        deltas = _moves(own[0], renamed[1])
        return renamed if deltas and all(_moves(own[0], mono) == deltas for mono in poly) else None

    def _summed(
        self, name: str, formals: tuple[Var, ...], bound: tuple[Var, ...], poly: Poly, source: Source | None
    ) -> None:
        writer = self.writer()
        body = writer.poly(poly)
        left, reduced = tuple(map(writer.index, formals)), tuple(map(writer.index, bound))
        self.equations.append(Equation(name, left, body, reduced, source=source))


def _own_sum(mono: Mono, alone: bool) -> Atom | None:
    """The stored sum of a term that can be one flat equation: no other sum in it, and a rest that costs nothing.

    A sum with a delta only moves its values, so a factor is as cheap inside of it, another sum too.
    """
    top = [a for a, e in mono if a.kind == "sum" and e == 1]
    moving = [a for a in top if any(b.kind == "delta" for b, _ in a.parts[1])]
    own = moving if len(moving) == 1 else top
    if len(own) != 1 or (not moving and len(sums_of({mono: 1})) != 1):
        return None
    rest = tuple((a, e) for a, e in mono if a is not own[0])
    free = free_of(tuple((a, e) for a, e in rest if not _fixes_a_place(a)))
    return own[0] if not free or ((alone or moving) and free <= own[0].free) else None


def _moves(bound: Var, mono: Mono) -> set[Atom]:
    """The deltas that say where the values of a sum go."""
    return {a for a, _ in mono if a.kind == "delta" and bound in a.free}


def _fixes_a_place(a: Atom) -> bool:
    """Whether it is the delta of an index and a number: the term stands at one place alone."""
    return a.kind == "delta" and len(a.free) == 1


__all__ = ["ONE", "Emitter"]
