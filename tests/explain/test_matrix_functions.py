"""Derivations with functions of whole matrices: every printed formula is read back, in index and in matrix form."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from symnet.explain import text
from symnet.explain.language import CATALOGUES
from symnet.explain.options import Options
from symnet.explain.outline import outline
from symnet.explain.rules import MATRIX_RULES
from symnet.model import Model
from tests.calculus.test_matrices import inputs_of, model_for
from tests.explain.derivations import Known, derivation_of, valued
from tests.explain.page import wrong_formulas, wrong_matrix_forms

TEXTS = (
    "a @ inv(X) @ b",
    "det(X)",
    "logdet(X.T @ X)",
    "torch.linalg.slogdet(X)[1]",
    "tr(cholesky(sym(S)) @ A)",
    "torch.linalg.eigvalsh(X @ X.T)[0]",
    "torch.log(torch.linalg.svdvals(Z)).sum()",
    "tr(A @ matrix_exp(X) @ B)",
    "tr(torch.linalg.pinv(Z) @ A[:, :3])",
    "0.5 * a @ inv(sym(S)) @ a + 0.5 * logdet(sym(S))",
    "tr(inv(X) @ inv(X))",
)
RENDERERS = {"text": text.render, "ascii": text.render_ascii}


@cache
def known(case: str) -> Known:
    model: Model = model_for(case)
    inputs = {n: np.round(np.asarray(v) * 64) / 64 for n, v in inputs_of(model.program).items()}
    return valued(derivation_of(model), {}, inputs)


@pytest.mark.parametrize("renderer", RENDERERS)
@pytest.mark.parametrize("case", TEXTS)
def test_printed_formulas_have_the_value_of_the_gradient(case: str, renderer: str) -> None:
    model = known(case)
    page = RENDERERS[renderer](outline(model.derivation, Options(form="index", detail="full")))
    assert wrong_formulas(page, model) == [], page
    page = RENDERERS[renderer](outline(model.derivation, Options(form="matrix")))
    assert wrong_matrix_forms(page, model) == [], page


def test_an_inverse_is_written_as_one() -> None:
    page = text.render(outline(known("0.5 * a @ inv(sym(S)) @ a + 0.5 * logdet(sym(S))").derivation, Options()))
    assert "⁻¹" in page and "Giles 2008" in page and "it needs an invertible matrix" in page


def test_every_rule_has_chinese_words() -> None:
    assert all(CATALOGUES["zh"].find(rule) not in (None, rule) for rule in MATRIX_RULES.values())
