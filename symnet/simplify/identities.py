"""Identities of scalar functions that hold in every product: what the derivative rules leave is folded back.

sinh(x)/cosh(x) = tanh(x)              sign(x) x = |x|               relu(x) [x > 0] = relu(x)
exp(-x) σ(x) = 1 - σ(x)                exp(x) (1 - σ(x)) = σ(x)      1/(1 + exp(x)) = σ(-x)
[p > 0] = 1     [p = 0] = 0     sign(p) = 1     |p| = p     relu(p) = p     xlogy(x, p) = x log(p)
entr(p) = -p log(p), where p is shown to be positive
"""

from __future__ import annotations

from abc import abstractmethod
from fractions import Fraction
from typing import Any

import sympy as sp

from symnet.calculus.scalars import absolute, equal, greater, greater_equal, relu, sigmoid, sign
from symnet.simplify.atoms import ONE, Atom, Mono, Number, Poly, Term, exact
from symnet.simplify.interning import Atoms

Powers = dict[Atom, Number]


class Identities(Atoms):
    """The atoms of one run with the identities between them."""

    def __init__(self) -> None:
        super().__init__()
        self._logistic: dict[Atom, dict[Number, Poly]] = {}  # exp(q) = a^e where sigmoid(q) is about: a -> e -> q

        self._entered: set[frozenset[tuple[Mono, Number]]] = set()

    @abstractmethod
    def call(self, head: Any, *arguments: Poly) -> Term:
        """A function value."""

    @abstractmethod
    def enclose(self, poly: Poly) -> Term:
        """The polynomial as one term."""

    @abstractmethod
    def scaled(self, poly: Poly, term: Term) -> Poly:
        """The polynomial times one term."""

    def fold(self, a: Atom, e: Number, powers: Powers) -> None:
        """Apply to a product the identity that a power of an atom begins, if all it needs stands there."""
        if a in self._logistic:
            for scale, q in tuple(self._logistic[a].items()):  # to fold one may enter another
                if (units := exact(Fraction(e) / scale)) and isinstance(units, int):
                    self._fold_logistic(a, scale, units, q, powers)
        if a.kind != "call":
            return
        if a.head is sp.sinh:
            cosh, tanh = (self.atom("call", f, a.parts[0], free=a.free) for f in (sp.cosh, sp.tanh))
            below = -powers.get(cosh, 0)
            if isinstance(e, int) and below > 0 and e > 0:
                both = min(e, below)
                _change(powers, (a, -both), (cosh, both), (tanh, both))
        elif a.head is sign and isinstance(e, int) and len(a.parts[0]) == 1:
            ((mono, c),) = a.parts[0].items()
            both = min(e, powers.get(mono[0][0], 0) // 1) if c == 1 and len(mono) == 1 and mono[0][1] == 1 else 0
            if both > 0:
                size = self.atom("call", absolute, a.parts[0], free=a.free)
                _change(powers, (a, -both), (mono[0][0], -both), (size, both))
        elif a.head is greater and e == 1 and a.parts[0] and not a.parts[1]:
            c, mono = self.call(relu, a.parts[0])
            if c == len(mono) == 1 and mono[0][1] == 1 and powers.get(mono[0][0], 0) > 0:
                _change(powers, (a, -1))

    def compared(self, head: Any, left: Poly, right: Poly) -> bool | None:
        """Whether a comparison with 0 holds, where the sign of the other side says so."""
        if bool(left) == bool(right):
            return None
        known = self.sign(left or right)
        if head is equal:
            return False if known == "positive" else None
        if head is (greater if left else greater_equal) and known == "positive":
            return bool(left)
        if head is (greater_equal if left else greater) and known is not None:
            return bool(left)
        return None

    def enter_logistic(self, argument: Poly) -> None:
        """From now on exp(q) is known beside sigmoid(q)."""
        key = frozenset(argument.items())
        if key in self._entered:
            return
        self._entered.add(key)
        c, mono = self.call(sp.exp, argument)
        if c == len(mono) == 1:
            self._logistic.setdefault(mono[0][0], {}).setdefault(mono[0][1], argument)

    def _fold_logistic(self, a: Atom, scale: Number, units: int, q: Poly, powers: Powers) -> None:
        rising = self.call(sigmoid, q)
        falling = self.enclose({ONE: 1, rising[1]: -rising[0]})
        if not all(c == len(mono) == mono[0][1] == 1 for c, mono in (rising, falling)):
            return
        (up, _), (down, _) = rising[1][0], falling[1][0]
        taken, given = (down, up) if units > 0 else (up, down)
        both = min(abs(units), powers.get(taken, 0))
        if both >= 1 and isinstance(both, int):
            _change(powers, (a, -both * scale if units > 0 else both * scale), (taken, -both), (given, both))

    def logistic_exponent(self, a: Atom) -> Poly | None:
        """q where the atom is ``1 + exp(q)``."""
        if a.kind != "paren" or len(a.parts[0]) != 2 or a.parts[0].get(ONE) != 1:
            return None
        (mono,) = (m for m in a.parts[0] if m)
        if len(mono) != 1 or a.parts[0][mono] != 1 or mono[0][0].kind != "call" or mono[0][0].head is not sp.exp:
            return None
        return self.scaled(mono[0][0].parts[0], (mono[0][1], ONE))


def _change(powers: Powers, *changes: tuple[Atom, Number]) -> None:
    for atom, change in changes:
        total = exact(powers.get(atom, 0) + change)
        if total:
            powers[atom] = total
        else:
            powers.pop(atom, None)
