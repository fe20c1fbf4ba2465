"""What simplifying costs: closed forms are cheaper than raw ones, and the work itself grows with depth linearly."""

from __future__ import annotations

import pytest

from symnet.calculus.derive import derive
from symnet.calculus.ir import Program
from symnet.simplify.adjoints import Adjoints
from symnet.simplify.normal import Algebra
from symnet.simplify.simplify import simplify
from tests.calculus import forward
from tests.calculus.exactly import parameters

SIZES = {"N": 2, "D": 3, "C": 5}


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
