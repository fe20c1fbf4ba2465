"""Every printed formula is read back from the page and has the value of the gradient, for every model."""

from __future__ import annotations

import pytest

from symnet.explain import text
from symnet.explain.notation import Linear
from symnet.explain.options import Options
from symnet.explain.outline import outline
from tests.explain.derivations import EXAMPLES, known
from tests.explain.page import page_of, wrong_formulas
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
    for name in ("mean", "cubic", "bce", "one_hot", "softmax", "layer_norm", "tanh_net"):
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
