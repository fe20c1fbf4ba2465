"""The normal form: sums of products of interned atoms with rational exponents.

A sum of several terms inside a product is an atom of its own (``paren``), with number, sign and common factors taken
out; so ``p (1-p) (-y/p + (1-y)/(1-p))`` cancels by adding exponents, and nothing is multiplied out unasked.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import sympy as sp

from symnet.calculus.scalars import sigmoid
from symnet.simplify.atoms import ONE, Atom, Mono, Number, Poly, Term, Var, add_term, exact
from symnet.simplify.identities import Identities
from symnet.simplify.interning import describe, structure


class NotUnderstood(Exception):
    """A body that the normal form cannot hold; the equation is then left as it is."""


_COMPARISONS = frozenset(("greater", "greater_equal", "equal"))
_OF_SIGN = frozenset(("sign", "absolute", "relu"))
ODD = frozenset({"tanh", "sinh", "erf", "sin", "atan", "sign"})
_EVEN = frozenset({"cosh", "cos", "absolute"})


class Algebra(Identities):
    """The atoms of one run of the simplifier and the arithmetic on them.

    ``signs`` maps a tensor to "positive" or "nonnegative" where that is known; ``known`` may give another name of an
    atom (a tensor that is defined as it), and is asked whenever a new atom is made.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[tuple[str, str]] = set()
        self.known: Callable[[Atom], Term | None] = lambda atom: None

    # products

    def times(self, *terms: Term) -> Term:
        """The product: exponents add, roots of integers are reduced, a factor that is 0 or 1 is its own power."""
        coefficient: Number = 1
        powers: dict[Atom, Number] = {}
        for c, mono in terms:
            coefficient = coefficient * c
            for a, e in mono:
                total = powers.get(a, 0) + e
                if total:
                    powers[a] = exact(total)
                else:
                    del powers[a]
        return self._tidy(coefficient, powers)

    def _tidy(self, coefficient: Number, powers: dict[Atom, Number]) -> Term:
        for a, e in list(powers.items()):
            if a.kind == "const" and a.parts[0].is_Integer and not 0 < e < 1:
                whole = e.numerator // e.denominator
                coefficient = coefficient * Fraction(int(a.parts[0])) ** whole
                del powers[a]
                if e - whole:
                    powers[a] = e - whole
                continue
            if a.idempotent and e > 0:
                powers[a] = e = 1
            self.fold(a, e, powers)
        if not coefficient:
            return 0, ONE
        return exact(coefficient), tuple(sorted(powers.items(), key=_serial))

    def power(self, base: Poly, exponent: Number) -> Term:
        """``base ** exponent`` as one term; (a^p)^q is a^(pq) only for whole q or where a is nonnegative."""
        exponent = exact(exponent)
        if not base:
            if exponent > 0:
                return 0, ONE
            raise NotUnderstood("a power of zero")
        if isinstance(exponent, int):
            c, mono = self.enclose(base)
            factors: list[Term] = [(exact(Fraction(c) ** exponent), ONE)]
            for a, e in mono:
                inside = self.logistic_exponent(a) if exponent < 0 and isinstance(e, int) else None
                if inside is None:
                    factors.append((1, ((a, exact(e * exponent)),)))
                else:
                    k, m = self.call(sigmoid, self.scaled(inside, (-1, ONE)))
                    factors.append(self.power({m: k}, -e * exponent))
            return self.times(*factors)
        if len(base) == 1:
            ((single, one),) = base.items()
            if one == 1 and len(single) == 1 and single[0][1] == 1:
                return self.times((1, ((single[0][0], exponent),)))
        number, common, rest = self.content(base)
        kept = tuple((a, e) for a, e in common if not (a.nonnegative or not isinstance(e, int)))
        outer = tuple((a, exact(e * exponent)) for a, e in common if a.nonnegative or not isinstance(e, int))
        if kept:
            rest = self.scaled(rest, (1, kept))
        root = self._root(number, exponent)
        if rest == {ONE: 1}:
            return self.times((1, outer), root)
        if len(rest) < len(base):
            return self.times((1, outer), root, self.power(rest, exponent))
        if root[1]:
            root, rest = (1, ONE), {mono: exact(c * number) for mono, c in rest.items()}
        result = self.times((1, outer), root)
        k, mono = self.named(self._paren(rest))
        if len(mono) == 1 and mono[0][0].kind == "paren":
            return self.times(result, (1, ((mono[0][0], exponent),)))
        return self.times(result, self.power({mono: k}, exponent))

    def _root(self, number: Number, exponent: Number) -> Term:
        value = sp.Rational(number.numerator, number.denominator) ** sp.Rational(
            exponent.numerator, exponent.denominator
        )
        terms: list[Term] = []
        for factor in sp.Mul.make_args(value):
            if factor.is_Rational:
                terms.append((exact(Fraction(int(factor.p), int(factor.q))), ONE))
            else:
                base, power = factor.as_base_exp()
                if base.is_Rational and not base.is_Integer:
                    raise NotUnderstood("a root of a fraction")
                terms.append((1, ((self.atom("const", "", base), Fraction(int(power.p), int(power.q))),)))
        return self.times(*terms)

    # sums of several terms

    def content(self, poly: Poly) -> tuple[Number, Mono, Poly]:
        """(positive number, common factors, rest) with ``poly = number · factors · rest``.

        A fraction that stands alone, the eps of ``v + eps``, is not brought to a common denominator.  The rest has
        fewer terms where two differ by an identity that the common factors hid: ``sign(x) |x| + sign(x)² x``.
        """
        numerators = gcd(*(abs(c.numerator) for c in poly.values()))
        number = exact(Fraction(numerators, lcm(*(c.denominator for mono, c in poly.items() if mono))))
        first, *others = poly
        common: dict[Atom, Number] = {}
        for a, e in first:
            exponents = [e, *(next((f for b, f in mono if b is a), 0) for mono in others)]
            if all(f > 0 for f in exponents):
                common[a] = min(exponents)
            elif all(f < 0 for f in exponents):
                common[a] = max(exponents)
        shared = tuple(sorted(common.items(), key=_serial))
        if not shared and number == 1:
            return 1, ONE, poly
        inverse = tuple((a, -e) for a, e in shared)
        return number, shared, self.scaled(poly, (exact(Fraction(1) / number), inverse))

    def enclose(self, poly: Poly) -> Term:
        """The polynomial as one term: number, sign and common factors outside, the rest one atom."""
        if not poly:
            return 0, ONE
        if len(poly) == 1:
            ((mono, c),) = poly.items()
            return c, mono
        number, common, rest = self.content(poly)
        if len(rest) < len(poly):
            return self.times((number, common), self.enclose(rest))
        if rest[min(rest, key=_leading)] < 0:
            number, rest = -number, {mono: -c for mono, c in rest.items()}
        atom = self._paren(rest)
        return self.times((number, common), self.named(atom))

    def _paren(self, poly: Poly) -> Atom:
        return self.atom("paren", "", poly, free=frozenset[Var]().union(*(a.free for mono in poly for a, _ in mono)))

    def named(self, atom: Atom) -> Term:
        """The atom as a term, under the name of the tensor that is defined as it, if there is one."""
        return self.known(atom) or (1, ((atom, 1),))

    def scaled(self, poly: Poly, term: Term) -> Poly:
        """The polynomial times one term."""
        result: Poly = {}
        for mono, c in poly.items():
            k, m = self.times((c, mono), term)
            if k:
                add_term(result, m, k)
        return result

    def plus(self, *polys: Poly) -> Poly:
        """The sum of polynomials."""
        result: Poly = {}
        for poly in polys:
            for mono, c in poly.items():
                add_term(result, mono, c)
        return result

    # functions

    def call(self, head: Any, *arguments: Poly) -> Term:
        """A function value.  exp is kept as exp(q)^c with the number c outside; odd, even and logistic signs too."""
        name = head.__name__
        if name == "exp":
            return self._exp(arguments[0])
        if name == "where" and (arguments[0] in ({}, {ONE: 1}) or arguments[1] == arguments[2]):
            return self.enclose(arguments[1] if arguments[0] else arguments[2])
        if name in _COMPARISONS and (holds := self.compared(head, *arguments)) is not None:
            return int(holds), ONE
        if name == "xlogy" and self.sign(arguments[1]) == "positive":
            return self.times(self.enclose(arguments[0]), self.call(sp.log, arguments[1]))
        if name == "entr" and self.sign(arguments[0]) == "positive":
            return self.times((-1, ONE), self.enclose(arguments[0]), self.call(sp.log, arguments[0]))
        if name in _OF_SIGN and arguments[0] and (known := self.sign(arguments[0])) is not None:
            if name != "sign":
                return self.enclose(arguments[0])
            if known == "positive":
                return 1, ONE
        if len(arguments) == 1 and arguments[0]:
            turn, argument = self._signed(head, arguments[0])
            if turn < 0 and name in ODD:
                return self.times((-1, ONE), self._call(head, argument))
            if turn < 0 and name in _EVEN:
                return self._call(head, argument)
            if name == "sigmoid":
                c, mono = self._call(head, argument)
                self.enter_logistic(argument)
                return self.enclose({ONE: 1, mono: -c}) if turn < 0 else (c, mono)
        return self._call(head, *arguments)

    def _signed(self, head: Any, argument: Poly) -> tuple[int, Poly]:
        negated = {mono: -c for mono, c in argument.items()}
        if all(c < 0 for c in argument.values()):
            return -1, negated
        if any(c < 0 for c in argument.values()):
            if (head.__name__, describe(negated)) in self._seen:
                return -1, negated
            self._seen.add((head.__name__, describe(argument)))
        return 1, argument

    def _call(self, head: Any, *arguments: Poly) -> Term:
        free = frozenset[Var]().union(*(a.free for p in arguments for mono in p for a, _ in mono))
        return self.named(self.atom("call", head, *arguments, free=free))

    def _exp(self, argument: Poly) -> Term:
        logs: list[Term] = []
        rest: Poly = {}
        for mono, c in argument.items():
            if len(mono) == 1 and mono[0][0].kind == "call" and mono[0][0].head is sp.log and mono[0][1] == 1:
                logs.append(self.power(mono[0][0].parts[0], c))
            else:
                rest[mono] = c
        if not rest:
            return self.times(*logs)
        number = gcd(*(abs(c.numerator) for c in rest.values()))
        scale = exact(Fraction(number, lcm(*(c.denominator for c in rest.values()))))
        if rest[min(rest, key=structure)] < 0:
            scale = -scale
        rest = {mono: exact(Fraction(c) / scale) for mono, c in rest.items()}
        c, mono = self._call(sp.exp, rest)
        return self.times(*logs, self.power({mono: c}, scale))


def _leading(mono: Mono) -> tuple[bool, tuple[str, ...]]:
    """The first in this order is written positive: N of N - 1, but 1 of 1 - p."""
    only_sizes = bool(mono) and all(a.kind == "size" for a, _ in mono)
    return not only_sizes, structure(mono)


def _serial(item: tuple[Atom, Number]) -> int:
    return item[0].serial
