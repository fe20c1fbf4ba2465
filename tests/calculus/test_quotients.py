"""Quotients and remainders of addresses against Python's own ``//`` and ``%`` at every value of the indices."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest
import sympy as sp

from symnet.calculus.ir import Index
from symnet.calculus.quotients import Mod, floor, simplified
from symnet.calculus.sizes import size_symbol

H, W = size_symbol("H"), size_symbol("W")
NUMBERS = {H: 3, W: 2}
Value = Callable[[Mapping[sp.Basic, int]], int]


def drawn(draw: random.Random, indices: list[Index], sizes: list[sp.Expr], depth: int) -> tuple[sp.Expr, Value]:
    """An address of nested sums, quotients and remainders, and what it means."""
    if depth == 0:
        index = draw.choice(indices)
        return index, lambda at: at[index]
    kind = draw.choice(("sum", "sum", "floor", "mod"))
    inner, of_inner = drawn(draw, indices, sizes, depth - 1)
    size = draw.choice(sizes)
    number = int(size.xreplace(NUMBERS))
    if kind == "floor":
        return floor(inner / size), lambda at: of_inner(at) // number
    if kind == "mod":
        return Mod(inner, size), lambda at: of_inner(at) % number
    other, of_other = drawn(draw, indices, sizes, draw.randrange(depth))
    factor = draw.choice((1, 1, -1, size))
    times, step = int(sp.sympify(factor).xreplace(NUMBERS)), draw.choice((0, 0, 1, 5, -2))
    return factor * inner + other + step, lambda at: times * of_inner(at) + of_other(at) + step


@pytest.mark.parametrize("sizes", [(2, 3, 4, 6, 12), (H, W, H * W, 2 * W, 4)], ids=["numbers", "named"])
def test_nested_quotients_and_remainders_have_the_values_that_python_gives(sizes: tuple[sp.Expr, ...]) -> None:
    draw = random.Random(7)
    steps = [sp.sympify(s) for s in sizes]
    for _ in range(250):
        indices = [Index(name, draw.choice(steps)) for name in "ijk"]
        address, value = drawn(draw, indices, steps, 4)
        plain = simplified(address)
        counts = [int(i.size.xreplace(NUMBERS)) for i in indices]
        for _ in range(12):
            at = {i: draw.randrange(n) for i, n in zip(indices, counts, strict=True)}
            assert plain.xreplace({**at, **NUMBERS}) == value(at), (address, plain, at)


def test_a_multiple_of_a_remainder_is_no_square() -> None:
    """SymPy 1.14 writes Mod(3*Mod(i, 5), 7) as Mod(3*Mod(i, 5)**2, 7)."""
    i = Index("i", 20)
    assert [Mod(3 * Mod(i, 5), 7).xreplace({i: sp.Integer(k)}) for k in range(20)] == [
        3 * (k % 5) % 7 for k in range(20)
    ]


def test_forms_are_the_simplest() -> None:
    i, j, wide = Index("i", 6), Index("j", 4), Index("w", 5)
    assert floor((4 * i + j) / 12) == floor(i / 3)
    assert Mod(4 * i + j, 12) == 4 * Mod(i, 3) + j
    assert Mod(4 * i + wide, 12).has(wide)  # w = 4 is carried
    assert floor((4 * i + j) / 10) == floor((4 * i + j) / 10, evaluate=False)  # 4 does not divide 10
    assert floor((j + 8) / 4) == 2
    assert Mod(Mod(i, 4), 2) == Mod(i, 2)
    assert floor(floor(i / 2) / 2) == floor(i / 4)
    number = Index("m", 60)
    assert simplified(20 * floor(number / 20) + 4 * Mod(floor(number / 4), 5) + Mod(number, 4)) == number
    n, k = Index("n", H), Index("k", W)
    assert floor((n * W + k) / (3 * W)) == floor(n / 3)
    assert Mod(n * W + k, W) == k
    assert simplified(W * floor(number / W) + Mod(number, W)) == number


def test_a_reshape_taken_apart_again_costs_no_search() -> None:
    """The digits of a number of eight digits: each is found among the terms, not by dividing polynomials."""
    digits = [Index(f"d{k}", 2 + k % 3) for k in range(8)]
    number, weights, weight = sp.S.Zero, [], 1
    for digit in digits:
        number, weight = number + weight * digit, weight * int(digit.size)
        weights.append(weight)
    for below, above, digit in zip([1, *weights], weights, digits, strict=False):
        assert Mod(floor(number / below), above // below) == digit
        assert floor(Mod(number, above) / below) == digit
