"""The identity matrix, which δ of the two places of a square matrix is, and adjoints that need no second name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from symnet.explain import text
from symnet.explain.formats import render_derivation
from symnet.explain.options import Options
from symnet.explain.outline import outline
from tests.explain.derivations import known
from tests.explain.page import matrix_lines, wrong_formulas, wrong_matrix_forms

INFO_NCE = "examples/closed_forms/info_nce"
MASKED = "examples/closed_forms/matrix_factorisation_masked"
RENDERERS = {"text": text.render, "ascii": text.render_ascii}


@pytest.mark.parametrize("renderer", RENDERERS)
def test_contrastive_loss_ends_in_the_books_form(renderer: str) -> None:
    model = known(INFO_NCE)
    page = RENDERERS[renderer](outline(model.derivation, Options(form="matrix")))
    result = page[page.index("RESULT") :]
    minus, dot, turned = ("−", "", "ᵀ") if renderer == "text" else ("-", "* ", "^T")
    for line in (f"dz = (P {minus} I)/(N {dot}tau)", f"dU = dz {dot}V", f"dV = dz{turned} {dot}U"):
        assert line in result, page
    assert any("I" in right for _, right in matrix_lines(page, model))
    assert wrong_matrix_forms(page, model) == [], page
    index = RENDERERS[renderer](outline(model.derivation, Options(form="index", detail="full")))
    assert wrong_formulas(index, model) == [], index


def test_a_wrong_identity_is_found() -> None:
    model = known(INFO_NCE)
    page = text.render(outline(model.derivation, Options(form="matrix"))).replace("P − I)", "P − 2 I)")
    assert wrong_matrix_forms(page, model)


def test_every_format_writes_it() -> None:
    derivation = known(INFO_NCE).derivation
    assert r"\frac{P - I}{N\, \tau}" in render_derivation(derivation, "latex", Options(form="matrix"))
    assert "P - I" in render_derivation(derivation, "markdown", Options(form="matrix"))
    document = json.loads(render_derivation(derivation, "json", Options(form="matrix")))
    (dz,) = (step for step in document["steps"] if step["name"] == "dz")
    assert dz["matrix"]["ascii"]["right"] == ["(P - I)/(N * tau)"]


def test_a_tensor_called_so_keeps_its_name(tmp_path: Path) -> None:
    source = Path(f"{INFO_NCE}.py").read_text(encoding="utf-8")
    path = tmp_path / "taken.py"
    path.write_text(source.replace("U, V =", "I, V =").replace("U @", "I @").split("def expert")[0], encoding="utf-8")
    model = known(str(path.with_suffix("")))
    page = text.render(outline(model.derivation, Options(form="matrix")))
    assert "P − I" not in page
    assert "dI = dz V" in page
    assert wrong_matrix_forms(page, model) == [], page


def test_an_adjoint_that_is_another_has_no_second_name() -> None:
    model = known(MASKED)
    page = text.render(outline(model.derivation, Options(form="matrix")))
    result = page[page.index("RESULT") :]
    assert "dR = 2 R" in result
    assert "dX = dR Yᵀ" in result
    assert "dY = Xᵀ dR" in result
    assert "dz" not in page
