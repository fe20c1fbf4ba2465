"""What simplifying costs: closed forms are cheaper than raw ones, and the work itself grows with depth linearly."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from symnet.calculus.derive import derive
from symnet.calculus.ir import Program
from symnet.simplify.adjoints import Adjoints
from symnet.simplify.normal import Algebra
from symnet.simplify.simplify import simplify
from tests.calculus import forward
from tests.calculus.exactly import parameters
from tests.closed_forms import FORMS, derived

SIZES = {"N": 2, "D": 3, "C": 5}


#: Products of terms that simplifying a closed form may make: 7000 and more take a second of one core.
MOST_PRODUCTS = 5000


def products_made(program: Program, monkeypatch: pytest.MonkeyPatch) -> int:
    return products_made_of(derive(program, parameters(program)), {}, monkeypatch)


def products_made_of(raw: Program, sizes: Mapping[str, int | None], monkeypatch: pytest.MonkeyPatch) -> int:
    count = 0
    kept = Algebra.times

    def counting(self: Algebra, *terms: object) -> object:
        nonlocal count
        count += 1
        return kept(self, *terms)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Algebra, "times", counting)
        simplify(raw, sizes)
    return count


def test_work_grows_linearly_with_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    small, middle, large = (products_made(forward.deep_mlp(layers), monkeypatch) for layers in (8, 16, 24))
    assert large - middle <= 1.05 * (middle - small)


@pytest.mark.parametrize("form", FORMS)
def test_a_closed_form_takes_less_than_a_second_of_work(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted and not timed, so that a busy machine changes nothing; the seconds are measured by the benchmark."""
    derivation = derived(form)
    assert 0 < products_made_of(derivation.raw, derivation.model.sizes, monkeypatch) <= MOST_PRODUCTS


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
