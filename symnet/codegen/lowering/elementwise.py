"""Scalar bodies as array expressions: each part is computed at its own rank and broadcast as late as possible.

NumPy keeps float32 beside Python numbers only, so booleans and integers are cast before they meet a number.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import sympy as sp

from symnet.calculus import scalars, specials
from symnet.calculus.detached import stop_gradient
from symnet.calculus.ir import Delta
from symnet.codegen.lowering.parts import Part, at_first, expanded, number
from symnet.codegen.lowering.statements import Array, DType
from symnet.reading.maps import factors
from symnet.reading.nodes import Axes

COMPARISONS = {scalars.greater: ">", scalars.greater_equal: ">=", scalars.equal: "==", Delta: "=="}


Leaf = Callable[[sp.Symbol], Part]


@dataclass(frozen=True)
class Elementwise:
    """Lowers the bodies of one Map: ``axes`` are the Map's, ``leaf`` gives operands, ``like`` is a name of a float."""

    axes: Axes
    leaf: Leaf
    like: Array

    def lower(self, body: sp.Expr) -> Part:
        """The array expression of a body."""
        if not any(s.name.startswith("operand") for s in body.free_symbols):
            return Part(number(body), ())
        if body.is_Symbol:
            return self.leaf(body)
        if isinstance(body, sp.Add):
            return self._sum(body)
        if isinstance(body, sp.Mul):
            return self._product(body)
        if isinstance(body, sp.Pow) and not isinstance(body, sp.exp):
            return self._power(body)
        if isinstance(body, scalars.where):
            return self._where(body)
        if isinstance(body, scalars.within):
            x, lower, upper = body.args
            return self.lower(scalars.greater_equal(x, lower) * scalars.greater_equal(upper, x))
        if isinstance(body, sp.floor) and (quotient := self._quotient(body)) is not None:
            return quotient
        parts = [self.lower(a) for a in body.args]
        if type(body) in COMPARISONS:
            mixed = {"int", "float"} <= {p.array.dtype for p in parts}  # NumPy would compare in float64
            return self.joined("compare", self._floats(parts) if mixed else parts, COMPARISONS[type(body)], "bool")
        if isinstance(body, specials.is_number | specials.is_finite):
            return self.joined("call", self._floats(parts), type(body).__name__, "bool")
        if isinstance(body, stop_gradient):
            return self.joined("detach", self._floats(parts), None, "float")
        integer = all(p.array.dtype in ("int", "number") for p in parts) and type(body).__name__ in ("floor", "Mod")
        return self.joined(
            "call", parts if integer else self._floats(parts), type(body).__name__, "int" if integer else "float"
        )

    def _quotient(self, body: sp.floor) -> Part | None:
        """The floor of an integer over a size, in integers: a place may not pass through floats."""
        above, below = body.args[0].as_numer_denom()
        parts = [self.lower(above), self.lower(below)]
        whole = [p.array.dtype for p in parts] == ["int", "number"]
        return self.joined("call", parts, "floor_divide", "int") if whole and below != 1 else None

    def joined(self, kind: str, parts: Sequence[Part], attribute: Hashable, dtype: DType) -> Part:
        """One operation on parts broadcast against each other."""
        axes = tuple(i for i in self.axes if any(i in p.axes for p in parts))
        arrays = tuple(expanded(p, axes) for p in parts)
        return Part(Array(kind, arrays, attribute, len(axes), dtype), axes)

    def as_float(self, part: Part) -> Part:
        """The part as an array of floats."""
        if part.array.dtype in ("float", "number"):
            return part
        return Part(Array("cast", (part.array, self.like), None, part.array.rank, "float"), part.axes)

    def _floats(self, parts: Sequence[Part]) -> list[Part]:
        return [self.as_float(p) for p in parts]

    def _sum(self, body: sp.Add) -> Part:
        common = _common_coefficient(body)
        if common != 1:
            rest = sp.Add(*(t / common for t in body.args))
            if not isinstance(rest, sp.Add):  # w log(2) + (1 - w) log(2)
                return self.lower(common * rest)
            return self._product(sp.Mul(common, rest, evaluate=False))
        signed = [(_sign(t), t) for t in body.args]
        positive = [(s, t) for s, t in signed if s > 0]
        negative = [(s, t) for s, t in signed if s < 0]
        ordered = sorted(positive, key=_place_in_sum) + sorted(negative, key=_place_in_sum)
        parts = [self.lower(t if s > 0 else -t) for s, t in ordered]
        integer = all(p.array.dtype in ("int", "number") for p in parts)
        if not integer:
            parts = self._floats(parts)
        signs, parts = self._narrow_first([s for s, _ in ordered], parts, "int" if integer else "float")
        return self.joined("add", parts, tuple(signs), "int" if integer else "float")

    def _narrow_first(self, signs: list[int], parts: list[Part], dtype: DType) -> tuple[list[int], list[Part]]:
        """The terms, those of equal axes added before they meet a wider one: ``X @ W + (a + b)`` passes X @ W once."""
        whole = max(len(p.axes) for p in parts)
        groups: dict[Axes | int, list[Part]] = {}
        for place, (sign, part) in enumerate(zip(signs, parts, strict=True)):
            narrow = sign > 0 and 0 < len(part.axes) < whole
            groups.setdefault(part.axes if narrow else place, []).append(part)
        joined = [g[0] if len(g) == 1 else self.joined("add", g, (1,) * len(g), dtype) for g in groups.values()]
        return [signs[key] if isinstance(key, int) else 1 for key in groups], joined

    def _product(self, body: sp.Mul) -> Part:
        parts = factors(body)
        coefficient = sp.Mul(*(f for f in parts if _is_constant(f)))
        rest = [f for f in parts if not _is_constant(f)]
        above = [f for f in rest if not _is_reciprocal(f)]
        below = [1 / f for f in rest if _is_reciprocal(f)]
        selection = next((s for s in map(_selection, above) if s is not None), None)
        if selection is not None and len(above) + len(below) > 1:
            condition, if_true, if_false, factor = selection
            others = sp.Mul(coefficient, *(f for f in above if f != factor), *(1 / f for f in below))
            return self._where(scalars.where(condition, if_true * others, if_false * others))
        top, bottom = (
            sp.fraction(coefficient) if coefficient.is_number or coefficient.free_symbols else (coefficient, 1)
        )
        result = self._chain([self.lower(f) for f in sorted(above, key=_place_in_product)])
        divisor = self._chain([self.lower(f) for f in below])
        return self._scaled(result, divisor, top, bottom)

    def _scaled(self, result: Part | None, divisor: Part | None, top: sp.Expr, bottom: sp.Expr) -> Part:
        """``top · result / (bottom · divisor)`` with as few passes over memory as the ranks allow."""
        negative = bool(top.is_negative if top.is_number else top.could_extract_minus_sign())
        top = -top if negative else top
        if divisor is not None:
            divisor = self.as_float(divisor)
            if bottom != 1:
                divisor = self.joined("multiply", (Part(number(bottom), ()), divisor), None, "float")
            above = result if result is not None else Part(number(top), ())
            if result is not None and top != 1:
                above = self.joined("multiply", (Part(number(top), ()), self.as_float(result)), None, "float")
            whole = self.joined("divide", (above, divisor), None, "float")
        elif result is not None and top == 1 and bottom == 1:
            whole = result
        elif result is not None and top == 1:
            whole = self.joined("divide", (self.as_float(result), Part(number(bottom), ())), None, "float")
        else:
            assert result is not None
            if result.array.dtype == "int" and bottom == 1 and top.is_integer:
                whole = self.joined("multiply", (Part(number(top), ()), result), None, "int")
            else:
                scale = Part(number(top / bottom), ())
                whole = self.joined("multiply", (scale, self.as_float(result)), None, "float")
        if not negative:
            return whole
        kept = whole if whole.array.dtype == "int" else self.as_float(whole)
        return self.joined("negate", (kept,), None, "int" if kept.array.dtype == "int" else "float")

    def _chain(self, parts: list[Part]) -> Part | None:
        """The product of the parts, those of equal axes first, small ranks before large ones."""
        if not parts:
            return None
        if all(p.array.dtype == "bool" for p in parts):
            result = parts[0]
            for part in parts[1:]:
                result = self.joined("both", (result, part), None, "bool")
            return result
        parts = [
            self.as_float(p) if p.array.dtype == "int" and any(q.array.dtype != "int" for q in parts) else p
            for p in parts
        ]
        groups: dict[Axes, Part] = {}
        for part in parts:
            known = groups.get(part.axes)
            groups[part.axes] = part if known is None else self._times(known, part)
        ordered = sorted(groups.values(), key=lambda p: len(p.axes))
        result = ordered[0]
        for part in ordered[1:]:
            swap = bool(result.axes) and part.array.dtype != "bool"
            result = self._times(part, result) if swap else self._times(result, part)
        return result

    def _times(self, a: Part, b: Part) -> Part:
        for values, first in ((a, b), (b, a)):
            if (placed := at_first(values, first)) is not None:
                return placed
        if a.array.dtype == b.array.dtype == "bool":
            return self.joined("both", (a, b), None, "bool")
        dtype: DType = "int" if a.array.dtype == b.array.dtype == "int" else "float"
        return self.joined("multiply", (a, b), None, dtype)

    def _power(self, body: sp.Pow) -> Part:
        base, exponent = body.args
        if not _is_constant(exponent):
            pair = self._floats([self.lower(base), self.lower(exponent)])
            return self.joined("power", pair, None, "float")
        if _is_reciprocal(body):
            return self.joined(
                "divide", (Part(number(sp.S.One), ()), self.as_float(self.lower(1 / body))), None, "float"
            )
        below = self.lower(base)
        if exponent == sp.Rational(1, 2):
            return self.joined("call", (self.as_float(below),), "sqrt", "float")
        if not exponent.is_Integer:
            return self.joined("power", (self.as_float(below), Part(number(exponent), ())), None, "float")
        dtype: DType = "int" if below.array.dtype == "int" else "float"
        return self._integer_power(below if dtype == "int" else self.as_float(below), int(exponent), dtype)

    def _integer_power(self, base: Part, exponent: int, dtype: DType) -> Part:
        """x**n by products of lower powers, which other terms share: x**3 is x**2 * x."""
        if exponent == 1:
            return base
        if exponent == 2:
            return self.joined("power", (base,), 2, dtype)
        if exponent % 2 == 0:
            return self.joined("power", (self._integer_power(base, exponent // 2, dtype),), 2, dtype)
        lower = self._integer_power(base, exponent - 1, dtype)
        return self.joined("multiply", (lower, base), None, dtype)

    def _where(self, body: sp.Expr) -> Part:
        if not isinstance(body, scalars.where):
            return self.lower(body)
        condition, a, b = (self.lower(x) for x in body.args)
        if condition.array.dtype != "bool":
            condition = self.joined("compare", (condition, Part(number(sp.S.Zero), ())), ">", "bool")
        if a.array.dtype == b.array.dtype == "number":
            constant = self.as_float(condition)
            high, low = body.args[1], body.args[2]
            scaled = self.joined("multiply", (Part(number(high - low), ()), constant), None, "float")
            return self.joined("add", (Part(number(low), ()), scaled), (1, 1), "float") if low != 0 else scaled
        integer = all(p.array.dtype in ("int", "number") for p in (a, b))
        branches = (a, b) if integer else tuple(self._floats((a, b)))
        return self.joined("select", (condition, *branches), None, "int" if integer else "float")


def _is_constant(body: sp.Expr) -> bool:
    return not any(s.name.startswith("operand") for s in body.free_symbols)


def _is_reciprocal(body: sp.Expr) -> bool:
    return isinstance(body, sp.Pow) and _is_constant(body.exp) and bool(body.exp.could_extract_minus_sign())


def _sign(term: sp.Expr) -> int:
    """The sign that a term is written with."""
    leading = [f for f in factors(term) if f.is_number]
    return -1 if sp.Mul(*leading).is_negative else 1


def _place_in_sum(item: tuple[int, sp.Expr]) -> tuple[int, int, tuple[int, ...]]:
    """Terms by degree, so that a + b*x + c*x**2 stands as people write it; numbers last."""
    term = item[1]
    return (1 if _is_constant(term) else 0, _size(term), tuple(_operands(term)))


def _place_in_product(factor: sp.Expr) -> tuple[int, tuple[int, ...]]:
    return (0 if factor.is_Symbol else 1, tuple(_operands(factor)))


def _size(body: sp.Expr) -> int:
    if not body.args:
        return 0 if body.is_number else 1
    exponent = int(body.exp) if isinstance(body, sp.Pow) and body.exp.is_Integer and body.exp > 0 else 1
    return exponent * sum(_size(a) for a in body.args)


def _operands(body: sp.Expr) -> list[int]:
    return sorted(int(s.name.removeprefix("operand")) for s in body.free_symbols if s.name.startswith("operand"))


def _selection(factor: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr] | None:
    """``(condition, a, b, factor)`` for a factor that is a where the indicator is 1, else b, with numbers a and b."""
    if isinstance(factor, scalars.where) and all(_is_constant(a) for a in factor.args[1:]):
        return (*factor.args, factor)
    if not isinstance(factor, sp.Add):
        return None
    moving = [t for t in factor.args if not _is_constant(t)]
    fixed = sp.Add(*(t for t in factor.args if _is_constant(t)))
    if len(moving) != 1:
        return None
    indicators = [f for f in factors(moving[0]) if isinstance(f, scalars.Indicator)]
    slope = sp.Mul(*(f for f in factors(moving[0]) if not isinstance(f, scalars.Indicator)))
    if len(indicators) != 1 or not _is_constant(slope):
        return None
    return indicators[0], fixed + slope, fixed, factor


def _common_coefficient(body: sp.Add) -> sp.Expr:
    """The number that every term has as its factor, up to sign; 1 if they differ or a term is a number."""
    if any(_is_constant(t) for t in body.args):
        return sp.S.One
    found = {abs(sp.Mul(*(f for f in factors(t) if f.is_number))) for t in body.args}
    return found.pop() if len(found) == 1 else sp.S.One
