"""Atoms and products found again under other indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import sympy as sp

from symnet.calculus.ir import Index, IntegerAccess
from symnet.calculus.ranges import lies_within
from symnet.calculus.scalars import jumps
from symnet.simplify.atoms import Address, Atom, Mono, Number, Opaque, Poly, Term, Var, add_term, factors_in
from symnet.simplify.interning import placeholder
from symnet.simplify.sums import Sums

Binding = dict[Var, Address]
Exchange = Callable[[Atom, Number], Term | None]  # what a power of an atom becomes; None leaves it


def match(sums: Sums, pattern: Atom, atom: Atom, binding: Binding) -> Binding | None:
    """The binding extended so that the pattern becomes the atom, or None.  Variables of the pattern bind addresses."""
    if pattern.kind != atom.kind or pattern.head != atom.head:
        return None
    if pattern.kind == "read":
        pairs = list(zip(pattern.parts, atom.parts, strict=True))
    else:
        key, formals, _ = sums.table.label((), ((pattern, 1),))
        other, actual, _ = sums.table.label((), ((atom, 1),))
        if key != other:
            return _match_arguments(sums, pattern, atom, binding)
        pairs = list(zip(formals, actual, strict=True))
    result = dict(binding)
    for axis, (formal, address) in enumerate(pairs):
        if not isinstance(formal, Var):
            if formal is not address:
                return None
            continue
        if pattern.kind == "read" and not _fits(sums, pattern.head, axis, formal, address):
            return None
        if result.setdefault(formal, address) is not address:
            return None
    return result


def _match_arguments(sums: Sums, pattern: Atom, atom: Atom, binding: Binding) -> Binding | None:
    """The binding for functions of one product each, whose reads may stand at digits: ``exp(z[i, j])`` is
    ``exp(z[k//4, k%4])`` for i = k//4 and j = k%4."""
    if pattern.kind != "call" or any(len(p) != 1 for p in (*pattern.parts, *atom.parts)):
        return None
    for one, other in zip(pattern.parts, atom.parts, strict=True):
        ((mono, c),), ((there, k),) = one.items(), other.items()
        if c != k or [e for _, e in mono] != [e for _, e in there]:
            return None
        for (a, _), (b, _) in zip(mono, there, strict=True):
            found = match(sums, a, b, binding)
            if found is None or any(isinstance(v, Opaque) and v.template.has(IntegerAccess) for v in found.values()):
                return None  # what is picked at a label has a name of its own, or is the cheaper without one
            binding = found
    return binding


def _fits(sums: Sums, name: str, axis: int, formal: Var, address: Address) -> bool:
    """Whether an address of a tensor's axis lies within a variable's range, which may be a slice of that axis."""
    if isinstance(address, Var) and address.code == formal.code:
        return True
    shape = sums.shapes.get(name)
    if shape is not None and shape[axis] == formal.size:
        return True
    if isinstance(address, Var):
        place: sp.Expr = Index(address.hint, address.size)
    else:
        indices = {placeholder(k): Index(v.hint, v.size) for k, v in enumerate(address.parts)}
        place = address.template.xreplace(indices)
    return lies_within(place, formal.size, ()) and not place.has(IntegerAccess)


def match_product(sums: Sums, pattern: Mono, mono: Mono, binding: Binding) -> Iterator[Binding]:
    """Every binding under which all factors of the pattern stand in the monomial with at least their exponents."""
    if not pattern:
        yield binding
        return
    first, exponent = pattern[0]
    for atom, e in mono:
        if e * exponent > 0 and (e - exponent) * exponent >= 0:
            found = match(sums, first, atom, binding)
            if found is not None:
                yield from match_product(sums, pattern[1:], mono, found)


@dataclass(frozen=True)
class Exchanging:
    """Powers of atoms exchanged everywhere: in sums, parentheses and functions.

    What stands in a comparison stays as it is, if the exchange is not ``exact``: the new text has the same value only
    up to rounding, and ``[u = m]`` compares the very numbers that the forward program has.  Only atoms that read all of
    the ``names`` are exchanged, and if ``shorter``, in the arguments of a function only where these get no longer:
    ``exp(z)`` does not become ``exp(s x̂)``.  ``linear`` exchanges leave every function as it is.
    """

    sums: Sums
    exchange: Exchange
    exact: bool = False
    linear: bool = False
    names: frozenset[str] = frozenset()
    shorter: bool = False
    _seen: dict[tuple[Atom, bool], Term | None] = field(default_factory=dict)

    def poly(self, poly: Poly) -> Poly:
        """The polynomial with the powers exchanged."""
        result: Poly = {}
        for mono, c in poly.items():
            k, m = self._term((c, mono))
            if k:
                add_term(result, m, k)
        return result

    def _term(self, term: Term) -> Term:
        c, mono = term
        same: list[tuple[Atom, Number]] = []
        parts: list[Term] = []
        for a, e in mono:
            if not self.names <= a.names:
                same.append((a, e))
                continue
            whole = self.exchange(a, e)
            if whole is None and (new := self._within(a)) is not None:
                whole = self.sums.algebra.power({new[1]: new[0]} if new[0] else {}, e)
            if whole is None:
                same.append((a, e))
            else:
                parts.append(whole)
        return self.sums.algebra.times((c, tuple(same)), *parts) if parts else term

    def _within(self, a: Atom) -> Term | None:
        """The atom with what stands in it exchanged, or None; the same atom stands in many terms."""
        if a.kind not in ("paren", "call", "sum"):
            return None
        key = a, self.sums.compared
        if key not in self._seen:
            self._seen[key] = self._inside(a)
        return self._seen[key]

    def _inside(self, a: Atom) -> Term | None:
        if a.kind == "paren":
            poly = self.poly(a.parts[0])
            return None if poly == a.parts[0] else self.sums.algebra.enclose(poly)
        if a.kind == "call" and not self.linear and (self.exact or not jumps(a.head)):
            with self.sums.arguments_of(a.head):
                arguments = [self.poly(p) for p in a.parts]
            longer = self.shorter and sum(map(factors_in, arguments)) > sum(map(factors_in, a.parts))
            return None if longer or arguments == list(a.parts) else self.sums.algebra.call(a.head, *arguments)
        if a.kind == "sum":
            bound, term = self.sums.opened(a)
            new = self._term(term)
            return None if new == term else self.sums.total(bound, new)
        return None
