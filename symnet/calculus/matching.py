"""Atoms and products found again under other indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy as sp

from symnet.calculus.atoms import Address, Atom, Mono, Number, Poly, Term, Var, add_term
from symnet.calculus.interning import placeholder
from symnet.calculus.ir import Index, IntegerAccess
from symnet.calculus.ranges import lies_within
from symnet.calculus.sums import Sums

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
            return None
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


def exchanged(sums: Sums, poly: Poly, exchange: Exchange) -> Poly:
    """The polynomial with powers of atoms exchanged everywhere, inside sums, parentheses and functions too."""
    result: Poly = {}
    for mono, c in poly.items():
        k, m = _exchanged_term(sums, (c, mono), exchange)
        if k:
            add_term(result, m, k)
    return result


def _exchanged_term(sums: Sums, term: Term, exchange: Exchange) -> Term:
    c, mono = term
    parts: list[Term] = [(c, ())]
    for a, e in mono:
        whole = exchange(a, e)
        if whole is not None:
            parts.append(whole)
            continue
        new = _inside(sums, a, exchange)
        if new is None:
            parts.append((1, ((a, e),)))
        else:
            parts.append(sums.algebra.power({new[1]: new[0]} if new[0] else {}, e))
    return sums.algebra.times(*parts)


def _inside(sums: Sums, a: Atom, exchange: Exchange) -> Term | None:
    if a.kind == "paren":
        poly = exchanged(sums, a.parts[0], exchange)
        return None if poly == a.parts[0] else sums.algebra.enclose(poly)
    if a.kind == "call":
        arguments = [exchanged(sums, p, exchange) for p in a.parts]
        return None if arguments == list(a.parts) else sums.algebra.call(a.head, *arguments)
    if a.kind == "sum":
        bound, term = sums.opened(a)
        new = _exchanged_term(sums, term, exchange)
        return None if new == term else sums.total(bound, new)
    return None
