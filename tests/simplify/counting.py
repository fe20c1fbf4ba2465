"""The cost model carried out: equations in their factored form, number by number, each operation counted when done.

The values must be those of the dense evaluator; then the count is that of a computation that really gives the result.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from typing import Any

import sympy as sp

from symnet.calculus.evaluate import FLOAT, sizes_of
from symnet.calculus.ir import Access, Program
from symnet.calculus.scalars import Indicator, absolute, clip, leaky_relu, maximum, minimum, relu, sign, where
from symnet.simplify.adjoints import Adjoints
from symnet.simplify.atoms import Address, Atom, Poly, Var
from symnet.simplify.cost import FUNCTION, SELECTION, Product, Tree, factored
from symnet.simplify.interning import placeholder

Place = Mapping[Var, int]
CHOICES = (Indicator, where, relu, leaky_relu, absolute, sign, clip, maximum, minimum)


class Counted:
    """One program at given values of all its tensors."""

    def __init__(self, program: Program, values: Mapping[str, Any]) -> None:
        self.adjoints = Adjoints(program, {}, {})
        self.program, self.values = program, values
        self.sizes = sizes_of(program, {t.name: values[t.name].shape for t in program.tensors.values()})

    def equation(self, name: str) -> tuple[float, dict[tuple[int, ...], float]]:
        """The operations that one tensor's equations take, and every entry.  Raises NotUnderstood as the model does."""
        definitions = self.adjoints.definitions
        equations = self.program.defining(name)
        formals = definitions.formals(equations[0])
        statement = _Statement(self, definitions.read(equations, formals, lambda _: False))
        entries = {tuple(place[v] for v in formals): statement.at(place) for place in self.places(formals)}
        return statement.count, entries

    def places(self, variables: tuple[Var, ...]) -> Iterator[Place]:
        """Every combination of values of the variables."""
        extents = (range(int(v.size.xreplace(dict(self.sizes)))) for v in variables)
        for numbers in itertools.product(*extents):
            yield dict(zip(variables, numbers, strict=True))

    def address(self, address: Address, place: Place) -> int:
        """The number that an address is."""
        if isinstance(address, Var):
            return place[address]
        numbers = {placeholder(k): sp.Integer(place[v]) for k, v in enumerate(address.parts)}
        return int(self._integer(address.template.xreplace(numbers).xreplace(dict(self.sizes))))

    def _integer(self, expression: sp.Expr) -> sp.Expr:
        reads = expression.atoms(Access)
        return expression.xreplace(
            {a: sp.Integer(int(self.values[a.name][tuple(int(self._integer(i)) for i in a.addresses)])) for a in reads}
        )


class _Statement:
    """One sum of products, stored once for each place: what it computes once is kept until it is complete."""

    def __init__(self, counted: Counted, poly: Poly) -> None:
        self.counted, self.count = counted, 0.0
        self.algebra = counted.adjoints.sums.algebra
        self.tree = factored(self.algebra, poly)
        self._kept: dict[Any, float] = {}
        self._sums: dict[Atom, dict[tuple[int, ...], float]] = {}
        self._joined: set[Atom] = set()

    def at(self, place: Place) -> float:
        return self._tree(self.tree, place)

    def _tree(self, tree: Tree, place: Place) -> float:
        self.count += max(len(tree) - 1, 0)
        return math.fsum(self._product(p, place) for p in tree)

    def _product(self, product: Product, place: Place) -> float:
        number = float(product.number)
        is_number = product.number not in (1, -1)
        fixed = [(a, e) for a, e in product.factors if a.kind in ("size", "const") or a.solid]
        is_number = is_number or bool(fixed)
        for a, e in fixed:  # numbers before anything runs
            number *= self._fixed(a) ** float(e)
        above: list[float] = []
        below: list[float] = []
        for a, e in product.factors:
            if (a, e) in fixed:
                continue
            value = self._power(a, e, place, is_number)
            if is_number and a.kind == "read" and not a.free and isinstance(e, int):
                number *= value ** (1 if e > 0 else -1)
            else:
                (above if e > 0 or not isinstance(e, int) else below).append(value)
        if product.inner is not None:
            above.append(self._tree(product.inner, place))
        operands = len(above) + len(below) + is_number
        self.count += operands - 1 if above or is_number else len(below)  # 1/x is a division too
        return number * math.prod(above) / math.prod(below)

    def _fixed(self, a: Atom) -> float:
        if a.kind == "paren":
            return math.fsum(
                float(c) * math.prod(self._fixed(b) ** float(e) for b, e in mono) for mono, c in a.parts[0].items()
            )
        return float(a.parts[0].xreplace(dict(self.counted.sizes)))

    def _power(self, a: Atom, e: Any, place: Place, joins: bool) -> float:
        """``a^|e|`` of a whole power, ``a^e`` of another."""
        value = self._atom(a, place)
        if isinstance(e, int):
            if joins and a.kind == "read" and not a.free:
                self.count += 0 if a in self._joined else abs(e)  # once, before the first place
                self._joined.add(a)
            else:
                self.count += abs(e) - 1
            return value ** abs(e)
        if a.kind == "call" and a.head is sp.exp:
            self.count += 1
            return value ** float(e)
        return self._once((a, "root", *self._own(a, place)), FUNCTION, lambda: value ** float(e))

    def _own(self, a: Atom, place: Place) -> tuple[int, ...]:
        return tuple(place[v] for v in sorted(a.free, key=lambda v: v.serial))

    def _once(self, key: Any, cost: float, value: Any) -> float:
        if key not in self._kept:
            self.count += cost
            self._kept[key] = value()
        return self._kept[key]

    def _atom(self, a: Atom, place: Place) -> float:
        counted = self.counted
        if a.kind == "read":
            return float(counted.values[a.head][tuple(counted.address(p, place) for p in a.parts)])
        if a.kind == "delta":
            self.count += 1
            left, right = (counted.address(p, place) for p in a.parts)
            return float(left == right)
        if a.kind == "place":
            return float(counted.address(a.parts[0], place))
        if a.kind == "paren":
            return self._tree(factored(self.algebra, a.parts[0]), place)
        if a.kind == "call":
            return self._once((a, *self._own(a, place)), *self._call(a, place))
        return self._stored(a)[self._own(a, place)]

    def _call(self, a: Atom, place: Place) -> tuple[float, Any]:
        def value() -> float:
            arguments = [self._tree(factored(self.algebra, p), place) for p in a.parts]
            return float(FLOAT.call(a.head.__name__, *arguments))

        return SELECTION if issubclass(a.head, CHOICES) else FUNCTION, value

    def _stored(self, a: Atom) -> dict[tuple[int, ...], float]:
        """Every value of a stored sum, computed as a statement of its own."""
        if a not in self._sums:
            bound, mono = a.parts
            inner = _Statement(self.counted, {mono: 1})
            free = tuple(sorted(a.free, key=lambda v: v.serial))
            totals: dict[tuple[int, ...], float] = {}
            for place in self.counted.places(free):
                terms = [inner.at({**place, **at}) for at in self.counted.places(bound)]
                self.count += len(terms)  # each is added to the total
                totals[tuple(place[v] for v in free)] = math.fsum(terms)
            self.count += inner.count
            self._sums[a] = totals
        return self._sums[a]
