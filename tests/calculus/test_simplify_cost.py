"""The cost model on counted operations, and the work of the simplifier itself, which grows with depth linearly."""

from __future__ import annotations

import pytest
import sympy as sp

from symnet.calculus.adjoints import Adjoints
from symnet.calculus.derive import derive
from symnet.calculus.ir import Index, Program
from symnet.calculus.normal import Algebra
from symnet.calculus.scalars import greater, where
from symnet.calculus.simplify import simplify
from tests.calculus import forward
from tests.calculus.exactly import parameters
from tests.calculus.forward import C, D, Forward, N, Read, d, k, n

SIZES = {"N": 2, "D": 3, "C": 5}


def one_equation(body: sp.Expr, over: tuple[Index, ...] = ()) -> float:
    f = Forward()
    f.leaf("x", N)
    f.leaf("X", N, D)
    f.leaf("Y", N, C)
    f.put("loss", [n], body, over)
    adjoints = Adjoints(f.program(), SIZES, {})
    adjoints.run()
    definition = adjoints.definitions.by_name["loss"]
    return adjoints.costs.of(definition.poly, definition.formals)


def reads() -> tuple[Read, Read, Read]:
    f = Forward()
    return f.leaf("x", N), f.leaf("X", N, D), f.leaf("Y", N, C)


x, X, Y = reads()
COUNTED: list[tuple[sp.Expr, tuple[Index, ...], float]] = [
    (x(n) + 1, (), 2),  # an addition for each of N = 2
    (2 * x(n) ** 2, (), 2 * 2),
    (2 * x(n) / N, (), 2),  # the number 2/N is one number
    (sp.exp(x(n)), (), 2 * 10),
    (sp.exp(x(n)) * (1 + sp.exp(x(n))), (), 2 * (10 + 2)),  # a function value is computed once
    (sp.sqrt(x(n) ** 2 + 1), (), 2 * (1 + 1 + 10)),
    (where(greater(x(n), 0), 1, 3 * x(n)), (), 2 * (1 + 1 + 1)),  # a comparison, a product, a choice
    (x(n) / 10 + 2 * x(n) ** 2 / 5, (), 2 * 3),  # (1/10 + 2 x/5) x, not (1/2 + 2 x) x/5
    (X(n, d), (d,), 2 * 3),  # a sum of D = 3 terms
    (X(n, d) * Y(n, k), (d, k), 2 * 3 + 2 * 5 + 2),  # two sums and their product, not D·C products
    (x(n) * X(n, d), (d,), 2 * 3 + 2),  # a free factor goes out of the sum
]


@pytest.mark.parametrize(("body", "over", "operations"), COUNTED, ids=[str(c[0]) for c in COUNTED])
def test_operations_are_those_counted_by_hand(body: sp.Expr, over: tuple[Index, ...], operations: float) -> None:
    assert one_equation(body, over) == operations


def products_made(program: Program, monkeypatch: pytest.MonkeyPatch) -> int:
    raw = derive(program, parameters(program))
    count = 0
    kept = Algebra.times

    def counting(self: Algebra, *terms: object) -> object:
        nonlocal count
        count += 1
        return kept(self, *terms)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Algebra, "times", counting)
        simplify(raw, {})
    return count


def test_work_grows_linearly_with_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    small, middle, large = (products_made(forward.deep_mlp(layers), monkeypatch) for layers in (8, 16, 24))
    assert large - middle <= 1.05 * (middle - small)


def test_a_closed_form_costs_less_than_the_raw_one() -> None:
    for program in (forward.batch_norm(), forward.row_cross_entropy("one_hot"), forward.textbook_bce(named=True)):
        raw = derive(program, parameters(program))
        simplified = simplify(raw, SIZES).program
        assert operations(simplified) < operations(raw)


def operations(program: Program) -> float:
    """The cost of the equations as they stand."""
    adjoints = Adjoints(program, SIZES, {})
    total = 0.0
    for name in program.targets():
        equations = program.defining(name)
        formals = adjoints.definitions.formals(equations[0])
        total += adjoints.costs.of(adjoints.definitions.read(equations, formals, lambda _: False), formals)
    return total
