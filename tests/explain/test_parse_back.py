"""Every printed formula is read back from the page and has the value of the gradient, for every model."""

from __future__ import annotations

import pytest

from symnet.explain import text
from symnet.explain.notation import ATOM, Linear
from symnet.explain.options import Options
from symnet.explain.outline import outline
from symnet.explain.spellings import Unicode
from tests.explain.derivations import EXAMPLES, known
from tests.explain.page import page_of, wrong_formulas, wrong_matrix_forms
from tests.explain.parse import Unreadable
from tests.programs import CASES

RENDERERS = {"text": text.render, "ascii": text.render_ascii}


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("simplified", [False, True], ids=["raw", "simplified"])
@pytest.mark.parametrize("name", [*CASES, *EXAMPLES])
def test_printed_formulas_have_the_value_of_the_gradient(name: str, simplified: bool, renderer: str) -> None:
    model = known(name, simplified)
    page = RENDERERS[renderer](outline(model.derivation, Options(form="index", detail="full")))
    steps = [left for left, _, _ in page_of(page).equations if left.startswith(("∂", "d("))]
    assert len(set(steps)) >= len(model.derivation.steps), page
    assert wrong_formulas(page, model) == [], page


@pytest.mark.parametrize("renderer", RENDERERS)
def test_a_dropped_parenthesis_is_found(renderer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard above must be able to fail: the printer is broken on purpose, one kind of parenthesis at a time."""
    found = 0
    for name in ("mean", "logits", "bce", "one_hot", "softmax", "layer_norm", "tanh_net"):
        model = known(name)
        document = outline(model.derivation, Options(form="index", detail="full"))
        monkeypatch.setattr(Linear, "parenthesised", lambda self, text: text)
        page = RENDERERS[renderer](document)
        monkeypatch.undo()
        try:
            found += bool(wrong_formulas(page, model))
        except (Unreadable, KeyError):
            found += 1
    assert found == 7


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("name", [*CASES, *EXAMPLES])
def test_printed_matrix_forms_have_the_value_of_the_gradient(name: str, renderer: str) -> None:
    model = known(name)
    page = RENDERERS[renderer](outline(model.derivation, Options(form="matrix")))
    assert wrong_matrix_forms(page, model) == [], page


def test_matrix_forms_are_found() -> None:
    page = text.render(outline(known("mlp").derivation, Options(form="matrix")))
    for formula in (
        "Z1 = X W1 + b1", "A = relu(Z1)", "dZ = (P − Y)/N = (softmax(Z) − onehot(t))/N",
        "db2 = 1ᵀ dZ   code: dZ.sum(0)",
        "dA = dZ W2ᵀ", "dW2 = Aᵀ dZ   [H,N] [N,C] -> [H,C]", "dZ1 = dA ⊙ [Z1 > 0]", "dW1 = Xᵀ dZ1",
    ):  # fmt: skip
        assert formula in page, page


def test_a_dropped_transpose_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = 0
    for name in ("mlp", "one_hot", "attention", "examples/layers"):
        model = known(name)
        document = outline(model.derivation, Options(form="matrix"))
        monkeypatch.setattr(Unicode, "transposed", lambda self, base: self.write(base, ATOM))
        page = text.render(document)
        monkeypatch.undo()
        try:
            found += bool(wrong_matrix_forms(page, model))
        except ValueError:
            found += 1
    assert found == 4


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("simplified", [False, True], ids=["raw", "simplified"])
@pytest.mark.parametrize(
    "name", ["mean", "cubic", "logits", "quadratic", "softmax", "examples/cube_plus_bias", "examples/cotangent"]
)
def test_printed_second_derivatives(name: str, simplified: bool, renderer: str) -> None:
    model = known(name, simplified, 2)
    for form in ("index", "matrix"):
        page = RENDERERS[renderer](outline(model.derivation, Options(form=form, detail="full")))
        assert wrong_formulas(page, model) == [] if form == "index" else wrong_matrix_forms(page, model) == [], page
    assert any(left.startswith("d2") for left, _, _ in page_of(page).equations) or "d2" in page


def test_each_form_and_detail_is_read_back() -> None:
    for name in ("mlp", "attention", "examples/layers"):
        model = known(name)
        for detail in ("brief", "normal", "full"):
            page = text.render(outline(model.derivation, Options(form="index", detail=detail)))
            assert wrong_formulas(page, model) == [], page
        for step in range(1, len(model.derivation.steps) + 1):
            page = text.render(outline(model.derivation, Options(form="index", step=step)))
            assert page_of(page).equations and wrong_formulas(page, model) == [], page


def test_no_two_indices_of_a_formula_share_a_letter() -> None:
    """Letters are given per equation, and none is the name of a tensor or a size."""
    for name in [*CASES, *EXAMPLES]:
        model = known(name)
        document = outline(model.derivation, Options(form="index", detail="full"))
        letters = [letter for use in document.letters for letter in use.letters]
        assert len(set(letters)) == len(letters)
        assert not set(letters) & {*model.derivation.raw.tensors, *model.sizes}
