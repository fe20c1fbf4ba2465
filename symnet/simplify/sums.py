"""The one constructor of sums; every rewrite goes through it.

sift   a delta removes its variable        count  a variable in no factor is multiplied by its size
pull   free factors go out                 split  parts without a common variable are sums of their own
look   a part that is a known tensor or a declared fact gets that value; the rest is one stored sum
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sympy as sp

from symnet.calculus.scalars import jumps
from symnet.simplify.atoms import (
    ONE,
    Address,
    Atom,
    Exchange,
    Mono,
    Opaque,
    Poly,
    Term,
    Var,
    add_term,
    components,
    free_of,
    variables,
)
from symnet.simplify.normal import Algebra
from symnet.simplify.numerals import Numerals
from symnet.simplify.table import Entry, Table


@dataclass(frozen=True)
class Event:
    """Something used on the way: a fact, or a tensor recognised.  ``before`` and ``after`` are equal."""

    name: str
    before: Poly
    after: Poly
    tensor: str


class Sums:
    """Sums over an algebra with a table of known tensors and declared facts.

    ``unit_rows`` are the tensors whose sum over the last axis is 1; ``kept`` has the axes of size 1 that a reduction
    left in place and the program reads at 0 (``keepdim``).  ``events`` collects what was used since the last
    time it was emptied; ``banned`` names are not looked up.
    """

    def __init__(self, algebra: Algebra, table: Table, unit_rows: frozenset[str]) -> None:
        self.algebra, self.table, self.unit_rows = algebra, table, unit_rows
        self.events: list[Event] = []
        self.banned: frozenset[str] = frozenset()
        self._open: dict[Atom, tuple[tuple[Var, ...], Term]] = {}
        self.hints: dict[Atom, tuple[str, ...]] = {}
        self._aliased: set[tuple[str, object]] = set()
        self.compared = False  # while the arguments of a function that jumps are written
        self.size_term: Callable[[sp.Expr], Term] = lambda size: (1, ((algebra.atom("size", "", size), 1),))
        self.kept: dict[str, frozenset[int]] = {}
        self.shapes: Mapping[str, tuple[sp.Expr, ...]] = {}
        self._first: Address = algebra.opaque(sp.S.Zero, ())
        self.numerals = Numerals(algebra)
        algebra.known = self._known

    # names of atoms

    def enter_alias(self, name: str, atom: Atom, value: Term) -> None:
        """From now on the atom is written as ``value``, an access to the tensor ``name`` with a factor or power."""
        self.table.enter(name, (), ((atom, 1),), value)
        self._aliased.add((atom.kind, atom.head))

    @contextmanager
    def arguments_of(self, head: Any) -> Iterator[None]:
        """While the arguments of a function are written: those of one that jumps get no other names.

        A tie is an equality of numbers in the computer.  ``[u = m]`` holds where m was taken from u, and might fail
        for ``[r² = m]``, although u = r² holds in mathematics.
        """
        outer = self.compared
        self.compared = outer or jumps(head)
        try:
            yield
        finally:
            self.compared = outer

    def _known(self, atom: Atom) -> Term | None:
        if self.compared or (atom.kind, atom.head) not in self._aliased:
            return None
        found = self.table.find((), ((atom, 1),))
        if found is None or found[0].name in self.banned:
            return None
        return self.rename(found[0].value, found[1])

    def places(self, name: str, formals: tuple[Var, ...]) -> frozenset[Var]:
        """The formals of a tensor that a read of it shows: not those of kept axes."""
        return frozenset(v for k, v in enumerate(formals) if k not in self.kept.get(name, ()))

    def read(self, name: str, *addresses: Address) -> Term:
        """The read of a tensor, under its other name if it has one; a kept axis is read at 0."""
        if name in self.kept:
            addresses = tuple(self._first if k in self.kept[name] else a for k, a in enumerate(addresses))
        if name in self.table.symmetric:
            addresses = (*addresses[:-2], *sorted(addresses[-2:], key=lambda a: a.serial))
        free = frozenset[Var]().union(*map(variables, addresses))
        return self.algebra.named(self.algebra.atom("read", name, *addresses, free=free))

    # renaming

    def rename(self, term: Term, names: Exchange) -> Term:
        """The term with variables exchanged for addresses."""
        c, mono = term
        parts: list[Term] = [(c, ONE)]
        for a, e in mono:
            if a.free.isdisjoint(names):
                parts.append((1, ((a, e),)))
            else:
                k, m = self._renamed(a, names)
                parts.append((k, m) if e == 1 else self.algebra.power({m: k} if k else {}, e))
        return self.algebra.times(*parts)

    def rename_poly(self, poly: Poly, names: Exchange) -> Poly:
        """The polynomial with variables exchanged for addresses."""
        result: Poly = {}
        for mono, c in poly.items():
            k, m = self.rename((c, mono), names)
            if k:
                add_term(result, m, k)
        return result

    def _renamed(self, atom: Atom, names: Exchange) -> Term:
        algebra = self.algebra
        if atom.kind == "read":
            return self.read(atom.head, *(algebra.address(a, names) for a in atom.parts))
        if atom.kind == "paren":
            return algebra.enclose(self.rename_poly(atom.parts[0], names))
        if atom.kind == "call":
            with self.arguments_of(atom.head):
                arguments = [self.rename_poly(p, names) for p in atom.parts]
            return algebra.call(atom.head, *arguments)
        if atom.kind == "delta":
            return self.delta(*(algebra.address(a, names) for a in atom.parts))
        if atom.kind == "place":
            (address,) = (algebra.address(a, names) for a in atom.parts)
            return 1, ((algebra.atom("place", "", address, free=variables(address)), 1),)
        bound, term = self.opened(atom)
        return self.total(bound, self.rename(term, names))

    def delta(self, place: Address, address: Address) -> Term:
        """Kronecker's delta of two addresses."""
        if place is address or (address is self._first and isinstance(place, Var) and place.code == "1"):
            return 1, ONE
        if self.numerals.never_meet(place, address):
            return 0, ONE
        free = variables(place) | variables(address)
        return 1, ((self.algebra.atom("delta", "", place, address, free=free), 1),)

    # sums

    def opened(self, atom: Atom) -> tuple[tuple[Var, ...], Term]:
        """The stored sum with variables of its own, the same ones each time."""
        if atom not in self._open:
            bound, mono = atom.parts
            own = tuple(self.algebra.variable(h, v.size) for h, v in zip(self.hints[atom], bound, strict=True))
            self._open[atom] = own, self.rename((1, mono), dict(zip(bound, own, strict=True)))
        return self._open[atom]

    def total(self, bound: tuple[Var, ...], term: Term) -> Term:
        """Σ_bound term, as one term."""
        bound, (c, mono) = self._sift(bound, term)
        algebra = self.algebra
        if not c:
            return 0, ONE
        result: list[Term] = [(c, ONE)]
        used = free_of(mono)
        for v in bound:
            if v not in used:
                result.append(self.size_term(v.size))
        left = tuple(v for v in bound if v in used)
        result.append((1, tuple((a, e) for a, e in mono if a.free.isdisjoint(left))))
        for group, factors in components(left, tuple((a, e) for a, e in mono if not a.free.isdisjoint(left))):
            result.append(self._component(group, factors))
        return algebra.times(*result)

    def sifted(self, term: Term) -> Term:
        """The product where a delta says that two places are one: ``δ(k, t[n]) P[n,k] / P[n,t[n]]`` is the delta."""
        return self.total((), term) if any(a.kind == "delta" for a, _ in term[1]) else term

    def _sift(self, bound: tuple[Var, ...], term: Term) -> tuple[tuple[Var, ...], Term]:
        """Each delta with a bound variable of the same range removed; free variables equal by a delta made one."""
        done: set[Atom] = set()
        while True:
            c, mono = term
            for a, _ in mono:
                if a.kind != "delta" or a in done:
                    continue
                rest = self.algebra.times((c, mono), (1, ((a, -1),)))
                if (solution := self.numerals.solve(a, bound)) is not None:
                    bound = (*(v for v in bound if v not in solution.values), *solution.new)
                    deltas = [self.delta(*places) for places in solution.left]
                    term = self.algebra.times(self.rename(rest, solution.values), *deltas)
                else:
                    done.add(a)
                    old, new = self.numerals.made_one(a, bound)
                    if old is None or all(old not in b.free for b, _ in rest[1]):
                        continue
                    term = self.algebra.times(self.rename(rest, {old: new}), (1, ((a, 1),)))
                break
            else:
                return bound, term

    def _component(self, bound: tuple[Var, ...], mono: Mono) -> Term:
        """A sum whose variables hang together: known values put in, else one stored sum."""
        known = self._value(bound, mono)
        if known is not None:
            return known
        if len(bound) > 1:
            for v in bound:
                factors = tuple((a, e) for a, e in mono if v in a.free)
                if len(factors) == len(mono):
                    continue
                value = self._value((v,), factors)
                if value is not None:
                    rest = tuple((a, e) for a, e in mono if v not in a.free)
                    others = tuple(u for u in bound if u is not v)
                    return self.total(others, self.algebra.times((1, rest), value))
        return self._stored(bound, mono)

    def _value(self, bound: tuple[Var, ...], mono: Mono) -> Term | None:
        if len(bound) == 1 and len(mono) == 1 and mono[0][1] == 1:
            a = mono[0][0]
            row = a.kind == "read" and a.head in self.unit_rows and a.parts[-1] is bound[0]
            if row and all(bound[0] not in variables(p) for p in a.parts[:-1]):
                self.events.append(Event("declared fact", _poly(self._stored(bound, mono)), {ONE: 1}, a.head))
                return 1, ONE
        found = self.table.find(bound, mono) or self._found_apart(bound, mono)
        if found is None or found[0].name in self.banned:
            return None
        after = self.rename(found[0].value, found[1])
        self.events.append(Event("known sum", _poly(self._stored(bound, mono)), _poly(after), found[0].name))
        return after

    def _found_apart(self, bound: tuple[Var, ...], mono: Mono) -> tuple[Entry, dict[Var, Address]] | None:
        """A known sum at a place that is no plain variable: ``Σ_j P[j//K, j]`` is 1 because ``Σ_j P[l, j]`` is."""
        places: dict[Address, Var] = {}
        for address, size in self._opaque_places(mono, frozenset(bound)):
            if address not in places:
                places[address] = self.algebra.variable("place", size)
        if not places:
            return None
        itself = {v: v for address in places for v in variables(address)}
        c, apart = self.rename((1, mono), {**itself, **places})
        found = self.table.find(bound, apart) if c == 1 else None
        if found is None:
            return None
        back = {v: address for address, v in places.items()}
        return found[0], {v: self.algebra.address(name, back) for v, name in found[1].items()}

    def _opaque_places(self, mono: Mono, bound: frozenset[Var]) -> Iterator[tuple[Opaque, sp.Expr]]:
        """Every address that is no plain variable and has none of the bound ones, with the size of its axis."""
        for a, _ in mono:
            if a.kind == "read":
                for part, size in zip(a.parts, self.shapes.get(a.head, ()), strict=False):
                    moved = isinstance(part, Opaque) and part.parts and not part.names
                    if moved and bound.isdisjoint(part.parts):
                        yield part, size
            elif a.kind in ("paren", "call"):
                for inner in (m for part in a.parts for m in part):
                    yield from self._opaque_places(inner, bound)
            elif a.kind == "sum":
                yield from self._opaque_places(a.parts[1], bound | frozenset(a.parts[0]))

    def _stored(self, bound: tuple[Var, ...], mono: Mono) -> Term:
        _, _, order = self.table.label(bound, mono)
        level = 1 + max(a.height for a, _ in mono)
        canonical = {v: self.algebra.bound(v.size, level, k, v.hint) for k, v in enumerate(order)}
        sign, inner = self.rename((1, mono), canonical)
        free = free_of(mono) - set(bound)
        atom = self.algebra.atom("sum", "", tuple(canonical[v] for v in order), inner, free=free)
        self.hints.setdefault(atom, tuple(v.hint for v in order))
        return sign, ((atom, 1),)


def _poly(term: Term) -> Poly:
    return {term[1]: term[0]} if term[0] else {}
