"""Known tensors under canonical keys, so that equal sums and terms are found whatever their indices are called.

A key is the text of a monomial in which every variable is replaced by a colour: bound or free, its size, and then what
distinguishes it within the monomial.  A tie that is no symmetry would only miss a match, never make a false one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symnet.simplify.atoms import Address, Atom, Mono, Poly, Term, Var, free_of


def encode_mono(mono: Mono, names: Mapping[Var, str], symmetric: frozenset[str]) -> str:
    """The text of a monomial under names for its variables, the same for every order of its factors."""
    return "*".join(sorted(f"{_encode(a, names, symmetric)}^{e}" for a, e in mono))


def _encode_poly(poly: Poly, names: Mapping[Var, str], symmetric: frozenset[str]) -> str:
    return "+".join(sorted(f"{c}~{encode_mono(mono, names, symmetric)}" for mono, c in poly.items()))


def _encode_address(address: Address, names: Mapping[Var, str]) -> str:
    if isinstance(address, Var):
        return names.get(address) or f"b{address.level}.{address.serial}"
    return f"{address.text[:-1]}|{','.join(_encode_address(v, names) for v in address.parts)}>"


def _encode(atom: Atom, names: Mapping[Var, str], symmetric: frozenset[str]) -> str:
    if atom.kind == "read":
        addresses = [_encode_address(a, names) for a in atom.parts]
        if atom.head in symmetric:
            addresses[-2:] = sorted(addresses[-2:])
        return f"{atom.code}[{','.join(addresses)}]"
    if atom.kind in ("paren", "call"):
        head = atom.head.__name__ if atom.kind == "call" else ""
        return f"{head}({';'.join(_encode_poly(p, names, symmetric) for p in atom.parts)})"
    if atom.kind == "sum":
        bound, mono = atom.parts
        inner = {**names, **{v: f"b{v.level}.{k}:{v.code}" for k, v in enumerate(bound)}}
        return f"S{{{','.join(v.code for v in bound)}|{encode_mono(mono, inner, symmetric)}}}"
    if atom.kind in ("delta", "place"):
        return f"{atom.kind}({','.join(_encode_address(a, names) for a in atom.parts)})"
    return f"{atom.kind}:{atom.parts[0]}"


def label(
    bound: tuple[Var, ...], mono: Mono, symmetric: frozenset[str]
) -> tuple[str, tuple[Var, ...], tuple[Var, ...]]:
    """(key, free variables, bound variables), each in the canonical order."""
    outer = sorted(free_of(mono) - set(bound), key=lambda v: v.serial)
    colours = {v: f"f{v.code}" for v in outer} | {v: f"b{v.code}" for v in bound}
    for _ in range(2 * len(colours)):
        classes: dict[str, list[Var]] = {}
        for v, colour in colours.items():
            classes.setdefault(colour, []).append(v)
        tied = {colour: members for colour, members in classes.items() if len(members) > 1}
        if not tied:
            break
        refined = dict(colours)
        for colour, members in tied.items():
            texts = {v: encode_mono(mono, {**colours, v: "*"}, symmetric) for v in members}
            ranks = sorted(set(texts.values()))
            for v in members:
                refined[v] = f"{colour}.{ranks.index(texts[v])}"
        if len(set(refined.values())) == len(classes):  # nothing was told apart: single one out
            first = min(tied)
            refined[tied[first][0]] = f"{first}!"
        colours = refined
    order = sorted(colours, key=lambda v: colours[v])
    names = {v: f"{'b' if v in bound else 'f'}{k}:{v.code}" for k, v in enumerate(order)}
    key = f"{','.join(names[v] for v in order if v in bound)}|{encode_mono(mono, names, symmetric)}"
    return key, tuple(v for v in order if v not in bound), tuple(v for v in order if v in bound)


@dataclass(frozen=True)
class Entry:
    """A known tensor: ``value`` is a term over ``formals``; ``name`` is the tensor whose definition it comes from."""

    name: str
    formals: tuple[Var, ...]
    value: Term


class Table:
    """Canonical key -> known tensor.  The first entry of a key stays: the person's earlier name wins."""

    def __init__(self, symmetric: frozenset[str]) -> None:
        self.symmetric = symmetric
        self.entries: dict[str, Entry] = {}
        self._labels: dict[tuple[tuple[Var, ...], Mono], tuple[str, tuple[Var, ...], tuple[Var, ...]]] = {}

    def label(self, bound: tuple[Var, ...], mono: Mono) -> tuple[str, tuple[Var, ...], tuple[Var, ...]]:
        """``label`` remembered."""
        place = (bound, mono)
        if place not in self._labels:
            self._labels[place] = label(bound, mono, self.symmetric)
        return self._labels[place]

    def enter(self, name: str, bound: tuple[Var, ...], mono: Mono, value: Term) -> None:
        """Remember that ``Σ_bound mono`` is ``value``, if the sum has every variable of the value."""
        key, formals, _ = self.label(bound, mono)
        if key not in self.entries and free_of(value[1]) <= set(formals):
            self.entries[key] = Entry(name, formals, value)

    def find(self, bound: tuple[Var, ...], mono: Mono) -> tuple[Entry, dict[Var, Address]] | None:
        """The entry for ``Σ_bound mono`` and what its formals are here."""
        key, free, _ = self.label(bound, mono)
        entry = self.entries.get(key)
        return (entry, dict(zip(entry.formals, free, strict=True))) if entry else None
