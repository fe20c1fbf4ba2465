"""Terms that depend on the side of 0 on which a number q lies: three values, below, at and above 0, say all of it.

[q > 0] + [q = 0]/2  =  (1 + sign(q))/2        [q ≥ 0] - [q = 0]  =  [q > 0]
sign(q) f(|q|)  =  f(q)  for odd f             sign(q) σ(|q|)  =  σ(q) - 1/2 + sign(q)/2
2 σ(2 q) - 1  =  tanh(q)
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

from symnet.calculus.scalars import absolute, equal, greater, greater_equal, sigmoid, sign
from symnet.simplify.atoms import ONE, Atom, Mono, Number, Poly, add_term, exact
from symnet.simplify.normal import ODD, Algebra

Three = tuple[Number, Number, Number]  # the values below, at and above 0

_HALF = Fraction(1, 2)
_COMPARED: dict[object, Three] = {greater: (0, 0, 1), greater_equal: (0, 1, 1), equal: (0, 1, 0)}


class Sides:
    """The other forms of a polynomial by the sides of its numbers."""

    def __init__(self, algebra: Algebra) -> None:
        self.algebra = algebra

    def forms(self, poly: Poly) -> Iterator[Poly]:
        """The polynomial with the terms of each number written by other brackets, and with tanh for 2 σ - 1."""
        numbers: dict[frozenset[tuple[Mono, Number]], Poly] = {}
        for mono in poly:
            for a, _ in mono:
                if (q := _number(a)) is not None:
                    numbers.setdefault(frozenset(q.items()), q)
        for q in numbers.values():
            for written in self._by_brackets(poly, q):
                yield written
                yield from self._as_tanh(written)
        yield from self._as_tanh(poly)

    def _by_brackets(self, poly: Poly, q: Poly) -> Iterator[Poly]:
        rest: Poly = {}
        groups: dict[Mono, Three] = {}
        for mono, c in self._opened(poly, q).items():
            found = [(a, three) for a, e in mono if e == 1 and (three := _three(a, q)) is not None]
            if len(found) == 1:
                cofactor = tuple((a, e) for a, e in mono if a is not found[0][0])
                low, at, high = groups.get(cofactor, (0, 0, 0))
                x, y, z = found[0][1]
                groups[cofactor] = low + c * x, at + c * y, high + c * z
            else:
                add_term(rest, mono, c)
        for cofactor in groups:
            constant = rest.pop(cofactor, 0)
            low, at, high = groups[cofactor]
            groups[cofactor] = low + constant, at + constant, high + constant
        for way in range(4):
            result = dict(rest)
            for cofactor, three in groups.items():
                for c, mono in self._written(q, three, way):
                    k, m = self.algebra.times((c, cofactor), (1, mono))
                    if k:
                        add_term(result, m, k)
            if result != poly:
                yield result

    def _opened(self, poly: Poly, q: Poly) -> Poly:
        """``sign(q) f(|q|)`` for odd f, and ``sign(q) σ(|q|)``, by f(q)."""
        result: Poly = {}
        for mono, c in poly.items():
            turned = next(
                (a for a, e in mono if e == 1 and a.kind == "call" and a.head is sign and a.parts[0] == q), None
            )
            inner = next((a for a, e in mono if e == 1 and turned is not None and _of_size(a, q) is not None), None)
            if turned is None or inner is None:
                add_term(result, mono, c)
                continue
            left = (c, tuple((a, e) for a, e in mono if a is not turned and a is not inner))
            argument = self.algebra.scaled(q, (_of_size(inner, q) or 1, ONE))
            parts = [self.algebra.times(left, self.algebra.call(inner.head, argument))]
            if inner.head is sigmoid:
                parts += [self.algebra.times(left, (-_HALF, ONE)), self.algebra.times(left, (_HALF, ((turned, 1),)))]
            for k, m in parts:
                if k:
                    add_term(result, m, k)
        return result

    def _written(self, q: Poly, three: Three, way: int) -> Iterator[tuple[Number, Mono]]:
        """Numbers times brackets that have the three values; four ways to begin."""
        low, at, high = three
        middle = exact(Fraction(low + high) / 2)
        first, slope, base = (
            ((sign, (q,)), exact(Fraction(high - low) / 2), middle),
            ((greater, (q, {})), high - low, low),
            ((greater_equal, (q, {})), high - low, low),
            ((greater, ({}, q)), low - high, high),
        )[way]
        there = high if way == 2 else base  # at 0, by what is written already
        yield base, ONE
        if slope:
            yield self.algebra.times((slope, ONE), self.algebra.call(first[0], *first[1]))
        if at != there:
            yield self.algebra.times((exact(at - there), ONE), self.algebra.call(equal, q, {}))

    def _as_tanh(self, poly: Poly) -> Iterator[Poly]:
        for mono, c in poly.items():
            logistic = next((a for a, e in mono if e == 1 and a.kind == "call" and a.head is sigmoid), None)
            if logistic is None:
                continue
            rest = tuple((a, e) for a, e in mono if a is not logistic)
            if poly.get(rest) != exact(Fraction(-c) / 2):
                continue
            result = {m: k for m, k in poly.items() if m not in (mono, rest)}
            tanh = self.algebra.call(sp.tanh, self.algebra.scaled(logistic.parts[0], (_HALF, ONE)))
            k, m = self.algebra.times((exact(Fraction(c) / 2), rest), tanh)
            add_term(result, m, k)
            yield result


def _number(a: Atom) -> Poly | None:
    """q of an atom that depends on its side of 0 alone."""
    if a.kind != "call":
        return None
    if a.head is sign:
        value: Poly = a.parts[0]
        return value
    if a.head in _COMPARED and bool(a.parts[0]) != bool(a.parts[1]):
        other: Poly = a.parts[0] or a.parts[1]
        return other
    return None


def _three(a: Atom, q: Poly) -> Three | None:
    """The three values of an atom, None where it depends on more than the side of q."""
    if _number(a) != q:
        return None
    if a.head is sign:
        return -1, 0, 1
    low, at, high = _COMPARED[a.head]
    return (low, at, high) if a.parts[0] else (high, at, low)


def _of_size(a: Atom, q: Poly) -> Number | None:
    """k of ``f(k |q|)`` for an odd function or σ."""
    if (
        a.kind != "call"
        or not (a.head is sigmoid or a.head.__name__ in ODD)
        or len(a.parts) != 1
        or len(a.parts[0]) != 1
    ):
        return None
    ((mono, k),) = a.parts[0].items()
    size = mono[0][0] if len(mono) == 1 and mono[0][1] == 1 else None
    if size is None or size.kind != "call" or size.head is not absolute or size.parts[0] != q:
        return None
    number: Number = k
    return number
