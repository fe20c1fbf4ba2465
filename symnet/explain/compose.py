"""SymPy bodies as formulas, in the order in which a person writes them.

In a product numbers and sizes come first, then scalars, then entries; in a sum the terms follow the order of
declaration, negative ones last.  Content is never distributed: ``2 (x + 2)`` stays as it was found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Access, Delta, Equation, Index, IntegerAccess, atoms
from symnet.calculus.matrix_rules import argument_of, is_matrix_function
from symnet.explain.factors import (
    Kind,
    content_of,
    degree_of,
    factors_of,
    is_negative,
    is_polynomial,
    is_power_with_logarithm,
    kind_of,
)
from symnet.explain.formula import (
    ONE,
    Add,
    At,
    Bracket,
    Call,
    Entry,
    Formula,
    KroneckerDelta,
    Letter,
    Name,
    Number,
    Over,
    Power,
    Quotient,
    Remainder,
    Signed,
    Total,
    negated,
    product_of,
    signed,
    summed,
    total_of,
    whole_matrix,
)
from symnet.explain.letters import along_axes
from symnet.explain.quotients import decimal_or_quotient, written_number
from symnet.explain.spellings import Ascii
from symnet.simplify.rewrites import Total as Sum

_FUNCTIONS = {scalars.relu: "max", scalars.maximum: "max", scalars.minimum: "min", scalars.absolute: "abs"}
_RELATIONS: dict[type, Literal[">", ">=", "="]] = {
    scalars.greater: ">",
    scalars.greater_equal: ">=",
    scalars.equal: "=",
}


@dataclass(frozen=True)
class Words:
    """What a derivation calls its tensors: order of declaration, names on the screen, one-hot rows of label tensors.

    ``identity`` is the name of the identity matrix, None where the person calls something else so; ``symmetric`` are
    matrices known to be their transposes.
    """

    order: Mapping[str, int]
    shown: Mapping[str, str] = field(default_factory=dict)
    one_hot: Mapping[str, str] = field(default_factory=dict)
    adjoints: frozenset[str] = frozenset()
    identity: str | None = None
    symmetric: frozenset[str] = frozenset()

    def name(self, tensor: str) -> str:
        """The name on the screen."""
        return self.shown.get(tensor, tensor)


@dataclass(frozen=True)
class Composer:
    """Turns bodies of one equation into formulas; ``letters`` names its indices, ``left`` are those of its target."""

    words: Words
    letters: Mapping[Index, str]
    left: tuple[Index, ...] = ()
    contracted: bool = False

    def of(self, expression: sp.Expr) -> Formula:
        """The formula of a body or an address."""
        if isinstance(expression, Index):
            return Letter(self.letters[expression])
        if isinstance(expression, Access):
            return self._entry(expression)
        if expression.is_Symbol:
            return Name(expression.name)
        if expression.is_Number:
            return written_number(expression)
        if expression.is_Add and content_of(expression) == 1:
            return self._sum(expression)
        if expression.is_Add or expression.is_Mul or is_power_with_logarithm(expression):
            return self._product(expression)
        if expression.is_Pow:
            return self._power(expression)
        return self._function(expression)

    def _entry(self, access: Access) -> Formula:
        name = self.words.name(access.name)
        return At(name, tuple(map(self.of, access.addresses))) if access.addresses else Name(name)

    def _sum(self, expression: sp.Expr) -> Formula:
        terms = [(signed(self.of(arg)), arg) for arg in expression.args]
        plain = all(is_polynomial(arg) for arg in expression.args)
        terms.sort(key=lambda pair: self._term_key(pair[0], pair[1], plain))
        return total_of([term for term, _ in terms])

    def _term_key(self, term: Signed, expression: sp.Expr, plain: bool) -> tuple[object, ...]:
        number = expression.is_number
        reads = {a.name for a in atoms(expression, Access)}
        places = sorted((self.words.order.get(n, 10**6) for n in reads), reverse=True)
        constants_first = number and not plain
        return (term.negative, not constants_first, number, places, degree_of(expression), Ascii().write(term.term))

    def _product(self, expression: sp.Expr) -> Formula:
        coefficient, factors = factors_of(expression)
        top = [self._raised(b, e) for b, e in factors if not is_negative(e)]
        bottom = [self._raised(b, -e) for b, e in factors if is_negative(e)]
        return self._assembled(coefficient, sorted(top), sorted(bottom))

    def _assembled(self, coefficient: sp.Expr, top: list[_Keyed], bottom: list[_Keyed]) -> Formula:
        size = abs(coefficient)
        upper, lower = [k.formula for k in top], [k.formula for k in bottom]
        if size.is_Rational:
            number, divisor = decimal_or_quotient(size)
            upper, lower = [number, *upper], [divisor, *lower]
        else:
            upper = [written_number(size), *upper]
        quotient = product_of(upper)
        if (under := product_of(lower)) != ONE:
            quotient = Over(quotient, under)
        return negated(quotient) if coefficient.is_negative else quotient

    def _raised(self, base: sp.Expr, exponent: sp.Expr) -> _Keyed:
        formula = self.of(base) if exponent == 1 else self._power_of(base, exponent)
        return _Keyed(self._factor_key(base), formula)

    def _factor_key(self, base: sp.Expr) -> tuple[Any, ...]:
        reads = [a for a in atoms(base, Access) if not isinstance(a, IntegerAccess)]
        places = sorted(self.words.order.get(a.name, 10**6) for a in reads) or [-1]
        kind = kind_of(base)
        if kind in (Kind.SIZE, Kind.SCALAR):
            return (kind, 0, places)
        if self.contracted:  # the order of a matrix product: by the place of the index on the left side
            own = atoms(base, Index)
            where = min((k for k, i in enumerate(self.left) if i in own), default=len(self.left))
            return (Kind.INDICATOR if kind == Kind.INDICATOR else Kind.ENTRY, where, places, kind)
        foreign = kind == Kind.ENTRY and not any(a.name in self.words.adjoints for a in reads)
        return (Kind.FUNCTION if kind == Kind.SUM else kind, foreign, places, kind)

    def _power(self, expression: sp.Expr) -> Formula:
        base, exponent = expression.base, expression.exp
        if is_negative(exponent):
            under = self.of(base) if exponent == -1 else self._power_of(base, -exponent)
            return Over(ONE, under)
        return self._power_of(base, exponent)

    def _power_of(self, base: sp.Expr, exponent: sp.Expr) -> Formula:
        if exponent == sp.Rational(1, 2):
            return Call("sqrt", (self.of(base),))
        return Power(self.of(base), self.of(exponent))

    def _function(self, expression: sp.Expr) -> Formula:
        kind = type(expression)
        if isinstance(expression, Sum):
            return summed(self._letters(expression.indices, expression.body), self.of(expression.body))
        if isinstance(expression, Delta):
            return self._delta(expression)
        if kind in _RELATIONS:
            left, right = map(self.of, expression.args)
            return Bracket((left, right), (_RELATIONS[kind],))
        if isinstance(expression, scalars.within):
            x, lower, upper = map(self.of, expression.args)
            return Bracket((lower, x, upper), ("<=", "<="))
        if isinstance(expression, sp.floor):
            top, bottom = expression.args[0].as_numer_denom()
            return Quotient(self.of(top), self.of(bottom))
        if isinstance(expression, sp.Mod):
            return Remainder(*map(self.of, expression.args))
        if expression.is_NumberSymbol:
            return Call("exp", (ONE,)) if expression is sp.E else Name("π" if expression is sp.pi else str(expression))
        arguments = tuple(map(self.of, expression.args))
        if isinstance(expression, scalars.relu):
            arguments = (*arguments, Number("0"))
        return Call(_FUNCTIONS.get(kind, kind.__name__), arguments)

    def _delta(self, delta: Delta) -> Formula:
        for index, address in (delta.args, delta.args[::-1]):
            if isinstance(index, Index) and isinstance(address, IntegerAccess) and address.name in self.words.one_hot:
                rows = tuple(map(self.of, address.addresses))
                return At(self.words.one_hot[address.name], (*rows, self.of(index)))
        first, second = map(self.of, sorted(delta.args, key=lambda a: a not in self.left))
        if isinstance(first, Letter) and isinstance(second, Letter):
            return KroneckerDelta(first.letter, second.letter)
        return Bracket((first, second), ("=",))

    def contribution(self, equation: Equation, body: sp.Expr | None = None) -> Formula:
        """Σ over the reduced indices of the body, with what does not depend on them in front."""
        if is_matrix_function(equation):
            whole = whole_matrix(equation.op, Name(self.words.name(argument_of(equation).name)))
            places = tuple(Letter(self.letters[i]) for i in equation.left)
            return Entry(whole, places) if places else whole
        body = equation.body if body is None else body
        guards = _between([self._guard(g) for g in sorted(equation.guard, key=sp.default_sort_key)])
        letters = self._letters(equation.reduced, body)
        if equation.op == "+" and not guards and letters:
            return self._pulled(body, letters, frozenset(equation.reduced))
        inner = self.of(body)
        if guards and equation.op == "max":  # where the guard fails there is no term, and the largest of none is −∞
            inner = Call("where", (product_of(guards), inner, negated(Name("inf"))))
        elif guards:
            outer = signed(inner)
            product = product_of([outer.term, *guards])
            inner = negated(product) if outer.negative else product
        return Total("max" if equation.op == "max" else "sum", letters, inner) if letters else inner

    def _letters(self, indices: Iterable[Index], body: sp.Expr) -> tuple[str, ...]:
        return tuple(self.letters[i] for i in along_axes(indices, body))

    def _pulled(self, body: sp.Expr, letters: tuple[str, ...], reduced: frozenset[Index]) -> Formula:
        coefficient, factors = factors_of(body)
        free = [(b, e) for b, e in factors if not atoms(b, Index) & reduced and not atoms(e, Index) & reduced]
        bound = [f for f in factors if f not in free]
        front = self._assembled(
            coefficient,
            sorted(self._raised(b, e) for b, e in free if not is_negative(e)),
            sorted(self._raised(b, -e) for b, e in free if is_negative(e)),
        )
        inner = self._assembled(
            sp.S.One,
            sorted(self._raised(b, e) for b, e in bound if not is_negative(e)),
            sorted(self._raised(b, -e) for b, e in bound if is_negative(e)),
        )
        outer, total = signed(front), Total("sum", letters, inner)
        product = product_of([outer.term, total])
        return negated(product) if outer.negative else product

    def _guard(self, guard: sp.Expr) -> Bracket:
        """``g >= 0`` with its negative terms moved to the other side."""
        above, below = self._sides(guard)
        if isinstance(below, Letter):
            return Bracket((below, above), ("<=",))
        strictly, index = self._sides(guard + 1)
        if isinstance(index, Letter):
            return Bracket((index, strictly), ("<",))
        return Bracket((above, below), (">=",))

    def _sides(self, difference: sp.Expr) -> tuple[Formula, Formula]:
        """The terms with a plus and those with a minus."""
        formula = self.of(difference)
        terms = formula.terms if isinstance(formula, Add) else (Signed(False, formula),)
        below = [Signed(False, t.term) for t in terms if t.negative]
        return total_of([t for t in terms if not t.negative]), total_of(below)


def _between(guards: list[Bracket]) -> list[Formula]:
    """The guards, ``[i ≥ 1] [i ≤ 4]`` as ``[1 ≤ i ≤ 4]``."""
    found = list(guards)
    for low in [g for g in guards if isinstance(g.parts[0], Letter) and g.relations == (">=",)]:
        index, least = low.parts
        high = next((g for g in found if g.parts[0] == index and g.relations[0] in ("<", "<=")), None)
        if high is not None:
            found[found.index(high)] = Bracket((least, *high.parts), ("<=", *high.relations))
            found.remove(low)
    return [*found]


def right_side(composer: Composer, equations: Iterable[Equation]) -> Formula:
    """The sum of the contributions of several equations, the letters of all of them known to the composer."""
    terms = [signed(composer.contribution(e)) for e in equations]
    return total_of(sorted(terms, key=lambda term: term.negative))


@dataclass(frozen=True)
class _Keyed:
    """A factor with its place in the order; at equal keys the written text decides."""

    key: tuple[Any, ...]
    formula: Formula

    def __lt__(self, other: _Keyed) -> bool:
        if self.key != other.key:
            return self.key < other.key
        return Ascii().write(self.formula) < Ascii().write(other.formula)
