"""The cost model: scalar operations, counted on the factored form at representative sizes.

An addition or multiplication of two numbers is 1, a comparison or the choice of an argument (where, relu, clip) is 1, a
whole power |e| - 1, a root or another function 10; sizes and numbers of a product are one number together, and an entry
without an index joins it at a cost of 1 once. An operation of an expression over variables counts once for each of
their values; a function or root once for each of its own, however often it stands there; a stored sum once however
often it is used, at the extent of its free and bound variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

import sympy as sp

from symnet.calculus.scalars import (
    Indicator,
    absolute,
    clip,
    leaky_relu,
    maximum,
    minimum,
    relu,
    sign,
    where,
)
from symnet.simplify.atoms import ONE, Atom, Mono, Number, Poly, Var, add_term, exact
from symnet.simplify.interning import structure
from symnet.simplify.normal import Algebra
from symnet.simplify.places import by_digits, values_of

FUNCTION = 10.0
SELECTION = 1.0  # a comparison, or one of its arguments chosen
#: Functions that compare, or choose one of their arguments.
SELECTIONS = (Indicator, where, relu, leaky_relu, absolute, sign, clip, maximum, minimum)
BRANCHED = 4  # terms of a sum that is factored in more than one way
_SMALL = 4  # the largest common denominator that is taken out for a sum of unlike fractions
REPRESENTATIVE = 32  # for a size that only the data bring


@dataclass(frozen=True)
class Product:
    """``number · Π atom^exponent · (inner)``; ``inner`` is None where there is no parenthesis."""

    number: Number
    factors: Mono
    inner: tuple[Product, ...] | None = None


Tree = tuple[Product, ...]
Dear = dict[tuple[Atom, str], float]  # functions and roots met: each is computed once, at its own variables


def factored(algebra: Algebra, poly: Poly) -> Tree:
    """The polynomial with common factors taken out greedily, the factor that most terms share first (Horner).

    Of a long one, ``y`` is tried as the first where ``1 - y`` is a factor too: these two may part the terms better than
    a factor that stands in most of them.
    """
    tree = _greedy(algebra, poly, _most_shared(poly))
    others = _with_complement(poly) if len(poly) >= BRANCHED else []
    if not others:
        return tree
    costs = Costs(algebra, {})
    least = costs.tree(tree)
    for first in others:
        other = _greedy(algebra, poly, first)
        if (cost := costs.tree(other)) < least:
            tree, least = other, cost
    return tree


def _greedy(algebra: Algebra, poly: Poly, best: tuple[Atom, Number] | None) -> Tree:
    if len(poly) <= 1:
        return tuple(Product(c, mono) for mono, c in poly.items())
    if best is None:
        return _without_number(tuple(Product(c, mono) for mono, c in _ordered(poly)))
    atom, exponent = best
    inside: Poly = {}
    outside: Poly = {}
    for mono, c in _ordered(poly):
        if any(a is atom and e * exponent > 0 for a, e in mono):
            k, m = algebra.times((c, mono), (1, ((atom, -exponent),)))
            add_term(inside, m, k)  # an identity that the factor hid may make two terms one, or none
        else:
            outside[mono] = c
    if not inside:
        return _greedy(algebra, outside, _most_shared(outside))
    (group,) = _as_one(_greedy(algebra, inside, _most_shared(inside)))
    number, factors = algebra.times((group.number, group.factors), (1, ((atom, exponent),)))
    merged = Product(number, factors, group.inner)
    if not outside:
        return (merged,)
    return _without_number((merged, *_greedy(algebra, outside, _most_shared(outside))))


def _as_one(tree: Tree) -> Tree:
    """The sum as one product with a parenthesis."""
    return tree if len(tree) == 1 else (Product(1, ONE, tree),)


def _without_number(tree: Tree) -> Tree:
    """``2 a + 4 b`` as ``2 (a + 2 b)``, and the sign out where every term is negative."""
    sign = -1 if all(p.number < 0 for p in tree) else 1
    whole = gcd(*(abs(p.number.numerator) for p in tree))
    number = exact(sign * Fraction(whole, gcd(*(p.number.denominator for p in tree))))
    if len(tree) == 1:
        return tree
    cleared = exact(sign * Fraction(whole, lcm(*(p.number.denominator for p in tree))))
    small = cleared.denominator <= _SMALL and all(-1 <= p.number <= 1 for p in tree)
    if small and _numbers(_divided(tree, cleared)) < _numbers(tree):  # p/2 + q/2 - 1 is (p + q - 2)/2
        number = cleared
    if number == 1:
        return tree
    inner = _divided(tree, number)
    if number != sign and _numbers(inner) >= _numbers(tree):  # 0.1 a + 0.4 b is no (a/2 + 2 b)/5
        return tree if sign == 1 else (Product(sign, ONE, _divided(tree, sign)),)
    return (Product(number, ONE, inner),)


def _divided(tree: Tree, number: Number) -> Tree:
    return tuple(Product(exact(Fraction(p.number) / number), p.factors, p.inner) for p in tree)


def _numbers(tree: Tree) -> int:
    """How many terms have a number."""
    return sum(p.number not in (1, -1) for p in tree)


def _ordered(poly: Poly) -> list[tuple[Mono, Number]]:
    """Positive terms first, then by structure, so that equal things are written alike."""
    return sorted(poly.items(), key=lambda item: (item[1] < 0, structure(item[0]), [a.serial for a, _ in item[0]]))


Shared = tuple[int, Atom, bool, list[Number]]  # how many terms, of what, above the line, with which exponents


def _most_shared(poly: Poly) -> tuple[Atom, Number] | None:
    shared = _shared(poly)
    return _as_factor(max(shared, key=_rank)) if shared else None


def _with_complement(poly: Poly) -> list[tuple[Atom, Number]]:
    """Every factor ``y`` that several terms have, where several others have ``1 - y``."""
    shared = sorted(_shared(poly), key=_rank, reverse=True)
    parens = [s[1].parts[0] for s in shared if s[1].kind == "paren"]
    return [_as_factor(s) for s in shared if {ONE: 1, ((s[1], 1),): -1} in parens]


def _rank(shared: Shared) -> tuple[object, ...]:
    number, atom, positive, _ = shared
    return number, atom.text, -atom.serial, positive


def _as_factor(shared: Shared) -> tuple[Atom, Number]:
    _, atom, positive, exponents = shared
    return atom, min(exponents) if positive else max(exponents)


def _shared(poly: Poly) -> list[Shared]:
    counts: dict[tuple[Atom, bool], list[Number]] = {}
    for mono in poly:
        for a, e in mono:
            counts.setdefault((a, e > 0), []).append(e)
    return [(len(e), a, positive, e) for (a, positive), e in counts.items() if len(e) > 1]


class Costs:
    """Costs at given numbers for the sizes; a size without a number counts as ``REPRESENTATIVE``."""

    def __init__(self, algebra: Algebra, sizes: Mapping[str, int | None]) -> None:
        self.algebra, self.sizes = algebra, sizes
        self._extents: dict[str, float] = {}
        self._sums: dict[Atom, float] = {}
        self._wholes: dict[Atom, float] = {}
        self._trees: dict[frozenset[tuple[Mono, Number]], Tree] = {}

    def extent(self, variables: frozenset[Var] | tuple[Var, ...]) -> float:
        """The number of combinations of values of the variables."""
        total = 1.0
        for v in variables:
            if v.code not in self._extents:
                self._extents[v.code] = self.number(v.size)
            total *= self._extents[v.code]
        return total

    def _places(self, atom: Atom) -> float:
        """At how many places an atom is computed: once for each value of ``i//3``, if it reads no other digit of i."""
        if atom not in self._wholes:
            whole = self.extent(atom.free)
            for v, digit in by_digits(atom).items():
                whole *= self.number(values_of(digit, v)) / self.extent((v,))
            self._wholes[atom] = whole
        return self._wholes[atom]

    def number(self, size: sp.Expr) -> float:
        """A size at the numbers given for the named ones."""
        numbers = {
            s: max(self.sizes.get(s.name) or REPRESENTATIVE, 2) for s in size.free_symbols if isinstance(s, sp.Symbol)
        }
        return float(size.xreplace(numbers))

    def of(self, poly: Poly, left: tuple[Var, ...]) -> float:
        """The cost of ``poly`` at every value of ``left``, stored sums included once each."""
        return self._at(self._factored(poly), self.extent(left)) + sum(self.sum(s) for s in sums_of(poly))

    def tree(self, tree: Tree) -> float:
        """The cost of a factored sum at one place, its stored sums known."""
        dear: Dear = {}
        return self._tree(tree, dear) + sum(dear.values())

    def _factored(self, poly: Poly) -> Tree:
        key = frozenset(poly.items())
        if key not in self._trees:
            self._trees[key] = factored(self.algebra, poly)
        return self._trees[key]

    def sum(self, atom: Atom) -> float:
        """The cost of one stored sum at all values of its free variables."""
        if atom not in self._sums:
            bound, mono = atom.parts
            extent = self._places(atom) * self.extent(bound)
            own = self._at((Product(1, mono),), extent) + extent
            self._sums[atom] = own + sum(self.sum(s) for s in sums_of({mono: 1}))
        return self._sums[atom]

    def _at(self, tree: Tree, extent: float) -> float:
        dear: Dear = {}
        count = self._tree(tree, dear)
        return count * extent + sum(cost * self._places(a) for (a, _), cost in dear.items())

    def _tree(self, tree: Tree, dear: Dear) -> float:
        return sum(self._product(product, dear) for product in tree) + max(len(tree) - 1, 0)

    def _product(self, product: Product, dear: Dear) -> float:
        count = 0.0
        parts = 0
        above = False  # whether a factor stands over the line
        number = product.number not in (1, -1)
        counted = number or any(a.kind in ("size", "const") or a.solid for a, _ in product.factors)
        for a, e in product.factors:
            if a.kind in ("size", "const") or a.solid:
                number = True
                continue
            if counted and a.kind == "read" and not a.free and isinstance(e, int):
                dear[a, "joined"] = float(abs(e))
                continue
            parts += 1
            count += self._atom(a, dear)
            if isinstance(e, int):
                count += abs(e) - 1
            elif a.kind == "call" and a.head is sp.exp:
                count += 1  # exp(x)^e is written exp(e x)
            else:
                dear[a, "root"] = FUNCTION
            above = above or e > 0 or not isinstance(e, int)
        if product.inner is not None:
            count += self._tree(product.inner, dear)
            parts += 1
        reciprocal = parts > 0 and not (above or number or product.inner)
        return count + max(parts + number - 1, 0) + reciprocal

    def _atom(self, a: Atom, dear: Dear) -> float:
        if a.kind == "paren":
            return self._tree(self._factored(a.parts[0]), dear)
        if a.kind == "call" and (a, "value") not in dear:
            own = SELECTION if issubclass(a.head, SELECTIONS) else FUNCTION
            dear[a, "value"] = own + sum(self._tree(self._factored(p), dear) for p in a.parts)
        return 1.0 if a.kind == "delta" else 0.0


def sums_of(poly: Poly) -> dict[Atom, None]:
    """Every stored sum of a polynomial that stands in no other stored sum, in order."""
    found: dict[Atom, None] = {}
    _collect_sums(poly, found)
    return found


def _collect_sums(poly: Poly, found: dict[Atom, None]) -> None:
    for mono in poly:
        for a, _ in mono:
            if a.kind == "sum":
                found[a] = None
            elif a.height:
                for part in a.parts:
                    _collect_sums(part, found)
