"""SymPy bodies to the normal form and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

import sympy as sp

from symnet.calculus.ir import Access, Delta, Index, IntegerAccess, atoms
from symnet.calculus.labels import labelled
from symnet.calculus.scalars import normal_pdf, without_sympy_kinks
from symnet.simplify.atoms import ONE, Address, Atom, Number, Opaque, Poly, Term, Var, add_term, exact, variables
from symnet.simplify.cost import Product, Tree, factored
from symnet.simplify.density import density_apart
from symnet.simplify.interning import placeholder
from symnet.simplify.normal import Algebra, NotUnderstood
from symnet.simplify.sums import Sums

Names = Mapping[Index, Var]
Inline = Callable[[str, tuple[Address, ...]], Poly | None]


class Reader:
    """From SymPy to the normal form.  ``integers`` are the tensors whose values are integers."""

    def __init__(self, sums: Sums) -> None:
        self.sums, self.algebra = sums, sums.algebra

    def body(self, expression: sp.Expr, names: Names, inline: Inline) -> Poly:
        """The polynomial of a body; ``inline`` may give a definition to put in for a read."""
        if expression.is_Rational:
            value = exact(Fraction(int(expression.p), int(expression.q)))
            return {ONE: value} if value else {}
        if expression.is_Add:
            return self.algebra.plus(*(self.body(a, names, inline) for a in expression.args))
        if expression.is_Mul:
            return _as_poly(self._product(expression, names, inline))
        if isinstance(expression, Access):
            addresses = tuple(self.address(a, names) for a in expression.addresses)
            found = inline(expression.name, addresses)
            return _as_poly(self.sums.read(expression.name, *addresses)) if found is None else found
        if expression.is_Pow and expression.exp.is_Rational:
            base = self.body(expression.base, names, inline)
            return _as_poly(self.algebra.power(base, exact(Fraction(int(expression.exp.p), int(expression.exp.q)))))
        return _as_poly(self._special(expression, names))

    def _product(self, expression: sp.Expr, names: Names, inline: Inline) -> Poly | Term:
        parts = [self.body(a, names, inline) for a in expression.args]
        many = [p for p in parts if len(p) > 1]
        single = self.algebra.times(*(self.algebra.enclose(p) for p in parts if len(p) <= 1))
        if len(many) == 1 and not single[1]:
            return self.algebra.scaled(many[0], single)
        return self.algebra.times(single, *map(self.algebra.enclose, many))

    def _special(self, expression: sp.Expr, names: Names) -> Term:
        if isinstance(expression, Delta):
            return self.sums.delta(*(self.address(a, names) for a in expression.args))
        if isinstance(expression, Index):
            place = names[expression]
            return 1, ((self.algebra.atom("place", "", place, free=frozenset((place,))), 1),)
        if isinstance(expression, normal_pdf):
            return self.algebra.enclose(self.body(expression.opened, names, _nothing))
        if isinstance(expression, sp.Symbol):
            return 1, ((self.algebra.atom("size", "", expression), 1),)
        if expression.is_number and not atoms(expression, sp.Symbol, Access):
            if not expression.is_real:
                raise NotUnderstood(str(expression))
            return 1, ((self.algebra.atom("const", "", expression), 1),)
        if isinstance(expression, sp.Function) and not expression.has(sp.Piecewise):
            with self.sums.arguments_of(type(expression)):
                arguments = [self.body(a, names, _nothing) for a in expression.args]
            return self.algebra.call(type(expression), *arguments)
        raise NotUnderstood(str(expression))

    def address(self, expression: sp.Expr, names: Names) -> Address:
        """An address: a variable, or a template filled by variables."""
        if isinstance(expression, Index):
            return names[expression]
        indices = sorted(atoms(expression, Index), key=lambda i: i.serial)
        template = expression.xreplace({i: placeholder(k) for k, i in enumerate(indices)})
        return self.algebra.opaque(template, tuple(names[i] for i in indices))

    def size(self, expression: sp.Expr) -> Term:
        """A size as a term; a sum of sizes is one atom, known to be positive."""
        c, mono = self.algebra.enclose(self.body(expression, {}, _nothing))
        for a, _ in mono:
            a.positive = a.nonnegative = True
        return c, mono


def _nothing(name: str, addresses: tuple[Address, ...]) -> Poly | None:
    return None


def _as_poly(value: Poly | Term) -> Poly:
    if isinstance(value, dict):
        return value
    return {value[1]: value[0]} if value[0] else {}


class Writer:
    """From the normal form to SymPy.  ``stored`` says how a stored sum is written: a helper's read, or a ``Total``."""

    def __init__(
        self,
        algebra: Algebra,
        integers: Mapping[str, sp.Expr | None],
        stored: Callable[[Atom, Writer], sp.Expr],
        name: Callable[[str], str],
    ) -> None:
        self.algebra, self.integers, self.stored, self.name = algebra, integers, stored, name
        self.indices: dict[Var, Index] = {}

    def index(self, v: Var) -> Index:
        """The index of the equation that a variable becomes."""
        if v not in self.indices:
            self.indices[v] = Index(v.hint, v.size)
        return self.indices[v]

    def poly(self, poly: Poly) -> sp.Expr:
        """The factored expression."""
        return self.tree(factored(self.algebra, poly))

    def tree(self, tree: Tree) -> sp.Expr:
        """A factored sum."""
        return sp.Add(*map(self.product, tree))

    def product(self, product: Product) -> sp.Expr:
        """A product; a number in front of a parenthesis stays there, which SymPy would multiply in."""
        product, density = density_apart(self.algebra, _with_plain_ones(product))
        number = sp.Rational(product.number.numerator, product.number.denominator)
        turned = next((a for a, e in product.factors if _turns(a, e)), None) if number < 0 else None
        if turned is not None:
            number = -number
        factors: list[sp.Expr] = [] if density is None else [normal_pdf(self.poly(density))]
        for a, e in product.factors:
            constant: Number = a.parts[0].get(ONE, 1) if a.kind == "paren" and e in (1, -1) and a is not turned else 1
            if abs(Fraction(constant)) < _WRITTEN:
                factors.append(self.factor(a, e) if a is not turned else self._turned(a, e))
                continue
            number = number * sp.Rational(constant.numerator, constant.denominator) ** int(e)
            plain = self.poly({mono: exact(Fraction(c) / constant) for mono, c in a.parts[0].items()})
            factors.append(sp.Pow(plain, int(e)))
        if product.inner is not None:
            factors.append(self.tree(product.inner))
        if number == 1:
            return sp.Mul(*factors)
        plain = sp.Mul(*factors)
        if plain.is_Add:
            return sp.Mul(number, plain, evaluate=False)
        return number * plain

    def _turned(self, a: Atom, e: Number) -> sp.Expr:
        """``-(y - yhat)`` written ``(yhat - y)``."""
        return sp.Pow(self.poly({mono: -c for mono, c in a.parts[0].items()}), sp.Integer(int(e)))

    def factor(self, a: Atom, e: Number) -> sp.Expr:
        """One power of an atom."""
        exponent = sp.Rational(e.numerator, e.denominator)
        if a.kind == "call" and a.head is sp.exp:
            return sp.exp(self.poly(self.algebra.scaled(a.parts[0], (e, ONE))))
        return without_sympy_kinks(sp.Pow(self.atom(a), exponent))

    def atom(self, a: Atom) -> sp.Expr:
        """One atom."""
        if a.kind == "read":
            name, addresses = self.name(a.head), map(self.address, a.parts)
            if a.head in self.integers:
                return IntegerAccess(labelled(name, self.integers[a.head]), *addresses)
            return Access(name, *addresses)
        if a.kind == "paren":
            return self.poly(a.parts[0])
        if a.kind == "call":
            return a.head(*map(self.poly, a.parts))
        if a.kind == "delta":
            return Delta(*map(self.address, a.parts))
        if a.kind == "sum":
            return self.stored(a, self)
        return self.address(a.parts[0]) if a.kind == "place" else a.parts[0]

    def address(self, address: Address) -> sp.Expr:
        """A plain index, or the template filled with indices."""
        if isinstance(address, Var):
            return self.index(address)
        return address.template.xreplace({placeholder(k): self.index(v) for k, v in enumerate(address.parts)})


_WRITTEN = 1000  # a larger number is the common denominator of decimals


def _with_plain_ones(product: Product) -> Product:
    """``k (1 + 0.044715 u²)`` for ``k/200000 (200000 + 8943 u²)``: the parenthesis as it was written."""
    inner = product.inner or ()
    constant = next((p.number for p in inner if not p.factors and p.inner is None), None)
    if constant is None or abs(Fraction(constant)) < _WRITTEN:
        return product
    scaled = tuple(Product(exact(Fraction(p.number) / constant), p.factors, p.inner) for p in inner)
    return Product(exact(product.number * constant), product.factors, scaled)


def _turns(a: Atom, e: Number) -> bool:
    return (
        a.kind == "paren"
        and not a.solid
        and isinstance(e, int)
        and e % 2 == 1
        and any(c < 0 for c in a.parts[0].values())
    )


__all__ = ["Inline", "Names", "Opaque", "Reader", "Writer", "add_term", "variables"]
