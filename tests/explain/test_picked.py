"""Sums of shifted places: printed as a person writes them, equal at every place, and read back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import EXACT, evaluate
from symnet.explain import text
from symnet.explain.options import Options
from symnet.explain.outline import outline
from symnet.explain.picked import picked
from symnet.simplify.simplify import simplify
from tests.explain.derivations import known
from tests.explain.page import wrong_formulas, wrong_matrix_forms
from tests.programs import program_of

MODELS = {
    "differences": ("sn.sum((x[1:] - x[:-1])**2)", ["dxᵢ = 2 (xᵢ − x[i+1]) [i ≤ 3] + 2 (xᵢ − x[i−1]) [i ≥ 1]"]),
    "rosenbrock": (
        "sn.sum(100 * (x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2)",
        ["dxᵢ = 2 (xᵢ (200 (xᵢ² − x[i+1]) + 1) − 1) [i ≤ 3] + 200 (xᵢ − x[i−1]²) [i ≥ 1]"],
    ),
    "products of neighbours": ("sn.sum(x[2:] * x[:-2])", ["dxᵢ = x[i+2] [i ≤ 2] + x[i−2] [i ≥ 2]"]),
}


@pytest.mark.parametrize("name", MODELS)
def test_shifted_slices_print_what_a_person_writes(name: str, tmp_path: Path) -> None:
    loss, lines = MODELS[name]
    path = tmp_path / "shifted.py"
    path.write_text(f"import symnet as sn\nx = sn.param(5)\nloss = {loss}\n", encoding="utf-8")
    model = known(str(path.with_suffix("")))
    for renderer in (text.render, text.render_ascii):
        page = renderer(outline(model.derivation, Options(form="index", detail="full")))
        assert wrong_formulas(page, model) == [], page
        assert wrong_matrix_forms(renderer(outline(model.derivation, Options())), model) == []
    page = text.render(outline(model.derivation, Options(form="index")))
    for line in lines:
        assert line in page[page.index("RESULT") :], page


@settings(max_examples=40, deadline=None)
@given(size=st.integers(2, 6), data=st.data())
def test_the_picked_equations_are_equal_at_every_place(size: int, data: st.DataObject) -> None:
    shift = data.draw(st.integers(0, size - 1))
    width = data.draw(st.integers(1, size - shift))
    declared, line = f"parameter x[{size}] parameter w[{width}] loss", f"loss += w[j]*x[j + {shift}]**2 + x[j]*w[j]"
    sliced = program_of(declared, line)
    raw = derive(sliced, ("x", "w"))
    values = {
        name: np.array([data.draw(st.fractions(-3, 3, max_denominator=5)) for _ in range(n)], dtype=object)
        for name, n in (("x", size), ("w", width))
    }
    for derived in (raw, simplify(raw, {}).program):
        resolved = replace(derived, equations=picked(derived.equations))
        first, second = (evaluate(p, values, EXACT) for p in (derived, resolved))
        for adjoint in derived.adjoints.values():
            assert (np.asarray(first[adjoint]) == np.asarray(second[adjoint])).all()
