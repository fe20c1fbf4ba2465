"""Bodies that differ by a condition: ``[c] a + (1 - [c]) b`` as ``where([c], a, b)``.

Where the condition holds its bracket is 1, everywhere in the body, else 0; so the body falls into two cases, each
simplified by itself, and what both share stands in front.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symnet.calculus.scalars import Indicator, absolute, clip, greater, greater_equal, relu, sign, where
from symnet.simplify.atoms import ONE, Atom, Mono, Number, Poly, Term, add_term, exact
from symnet.simplify.matching import Exchanging
from symnet.simplify.normal import NotUnderstood
from symnet.simplify.sums import Sums


class Cases:
    """The cases of a polynomial."""

    def __init__(self, sums: Sums) -> None:
        self.sums, self.algebra = sums, sums.algebra

    def by_condition(self, poly: Poly) -> Iterator[Poly]:
        """The polynomial by cases of each of its conditions: the whole of it, or the terms that have the condition."""
        conditions: dict[Atom, None] = {}
        for mono in poly:
            _collect(mono, conditions)
        for condition in conditions:
            with_it = {mono: c for mono, c in poly.items() if _holds(mono, condition)}
            whole = 2 * len(with_it) >= len(poly)  # else most terms would stand in both cases
            for part in ((poly,) if whole else ()) + ((with_it,) if len(with_it) < len(poly) else ()):
                try:
                    term = self._cases(part, condition)
                except NotUnderstood:  # one case would divide by zero
                    continue
                rest = {mono: c for mono, c in poly.items() if mono not in part}
                result = dict(rest)
                if term[0]:
                    add_term(result, term[1], term[0])
                yield result

    def _cases(self, poly: Poly, condition: Atom) -> Term:
        on, off = self._where(poly, condition, 1), self._where(poly, condition, 0)
        if on == off:
            return self.algebra.enclose(on)
        if not off:
            return self.algebra.times(self.algebra.enclose(on), (1, ((condition, 1),)))
        if not on:
            return self.algebra.call(where, {((condition, 1),): 1}, on, off)
        number, common = self._shared(on, off)
        inverse = (exact(Fraction(1) / number), tuple((a, -e) for a, e in common))
        on, off = self.algebra.scaled(on, inverse), self.algebra.scaled(off, inverse)
        value = self._clipped(condition, on, off) or self.algebra.call(where, {((condition, 1),): 1}, on, off)
        return self.algebra.times((number, common), value)

    def _where(self, poly: Poly, condition: Atom, holds: int) -> Poly:
        """The polynomial where the condition is 1 or 0."""

        def exchange(a: Atom, e: Number) -> Term | None:
            value = self._settled(a, condition, holds)
            return None if value is None else self.algebra.power({value[1]: value[0]} if value[0] else {}, e)

        return Exchanging(self.sums, exchange, exact=True).poly(poly)

    def _settled(self, a: Atom, condition: Atom, holds: int) -> Term | None:
        """What an atom is where the condition is 1 or 0: the condition, and relu, |·| and sign of x under x > 0."""
        if a is condition:
            return holds, ONE
        if a.kind != "call" or condition.head is not greater or condition.parts[1] or a.parts[0] != condition.parts[0]:
            return None
        if a.head is sign:
            return (1, ONE) if holds else None  # at 0 it is 0
        if a.head is relu:
            return self.algebra.enclose(a.parts[0]) if holds else (0, ONE)
        if a.head is not absolute:
            return None
        value: Poly = a.parts[0]
        return self.algebra.enclose(value if holds else self.algebra.scaled(value, (-1, ONE)))

    def _shared(self, on: Poly, off: Poly) -> Term:
        """The factors that all terms of both cases share, and the number if it is the same in both."""
        terms = [*on, *off]
        common: dict[Atom, Number] = {}
        for a, e in terms[0]:
            exponents = [e, *(dict(mono).get(a, 0) for mono in terms[1:])]
            if all(f > 0 for f in exponents):
                common[a] = min(exponents)
            elif all(f < 0 for f in exponents):
                common[a] = max(exponents)
        sizes: set[Number] = {c if c > 0 else -c for c in (*on.values(), *off.values())}
        number: Number = sizes.pop() if len(sizes) == 1 else 1
        return number, tuple(sorted(common.items(), key=lambda item: item[0].serial))

    def _clipped(self, condition: Atom, on: Poly, off: Poly) -> Term | None:
        """``q where k >= |q|, else k sign(q)`` is q clipped to ±k; which case has the bound itself is all the same."""
        if condition.head not in (greater, greater_equal):
            return None
        bound, size = condition.parts
        if _argument(size) is None:
            bound, size, on, off = size, bound, off, on
        argument = _argument(size)
        if argument is None or set(bound) != {ONE} or bound[ONE] <= 0 or len(on) != 1:
            return None
        c, mono = self.algebra.enclose(argument)
        (factors,) = on
        powers: dict[Atom, Number] = dict(factors)
        if any(powers.get(a, 0) < e for a, e in mono):
            return None
        k, turned = self.algebra.call(sign, argument)
        ratio = self.algebra.times(self.algebra.enclose(on), (exact(Fraction(1) / c), _inverse(mono)))
        limit = self.algebra.times(ratio, (bound[ONE], ONE), (k, turned))
        if self.algebra.enclose(off) != limit:
            return None
        value = self.algebra.call(clip, argument, {ONE: -bound[ONE]}, dict(bound))
        return self.algebra.times(ratio, value)


def _argument(poly: Poly) -> Poly | None:
    """q of ``|q|``."""
    if len(poly) != 1:
        return None
    ((mono, c),) = poly.items()
    if c != 1 or len(mono) != 1 or mono[0][1] != 1 or mono[0][0].kind != "call" or mono[0][0].head is not absolute:
        return None
    argument: Poly = mono[0][0].parts[0]
    return argument


def _inverse(mono: Mono) -> Mono:
    return tuple((a, -e) for a, e in mono)


def _is_condition(a: Atom) -> bool:
    return a.kind == "call" and issubclass(a.head, Indicator)


def _collect(mono: Mono, found: dict[Atom, None]) -> None:
    for a, _ in mono:
        if _is_condition(a):
            found[a] = None
        elif a.kind in ("paren", "call"):
            for part in a.parts:
                for inner in part:
                    _collect(inner, found)


def _holds(mono: Mono, condition: Atom) -> bool:
    found: dict[Atom, None] = {}
    _collect(mono, found)
    return condition in found
