"""``--layout numerator``: matrix forms of matrices transposed, and said so, with the values of the transposes."""

from __future__ import annotations

import re

import numpy as np
import pytest

from symnet.explain.formats import FORMATS, render_derivation
from symnet.explain.options import Options
from tests.explain.derivations import known
from tests.models import derived

NUMERATOR = Options(form="matrix", layout="numerator")


def test_formulas_of_the_network() -> None:
    page = render_derivation(derived("mlp"), "text", NUMERATOR)
    assert "dV means ∂L/∂V.  The matrix form of a matrix gives dVᵀ  (layout: numerator)" in page
    assert "dW2ᵀ = dZ2ᵀ A   [C,N] [N,H] -> [C,H]" in page
    assert "dAᵀ = W2 dZ2ᵀ   [H,C] [C,N] -> [H,N]" in page
    assert "dW1ᵀ = dZ1ᵀ X" in page and "db2 = 1ᵀ dZ2" in page
    assert "why the transpose" not in page


def test_values_of_the_network() -> None:
    """The printed right sides as NumPy expressions, against the transposes of what the shape layout computes."""
    rng = np.random.default_rng(0)
    sizes = {"N": 5, "D": 4, "H": 3, "C": 2}
    shapes = {"X": "ND", "A": "NH", "W2": "HC", "dZ2": "NC", "dZ1": "NH"}
    values = {name: rng.normal(size=[sizes[s] for s in shape]) for name, shape in shapes.items()}
    page = render_derivation(derived("mlp"), "text", NUMERATOR)
    expected = {
        "dW2": values["A"].T @ values["dZ2"],
        "dA": values["dZ2"] @ values["W2"].T,
        "dW1": values["X"].T @ values["dZ1"],
    }
    for name, value in expected.items():
        match = re.search(rf"matrix   {name}ᵀ = ([A-Za-z0-9]+)(ᵀ?) ([A-Za-z0-9]+)(ᵀ?)", page)
        assert match is not None
        left, turn_left, right, turn_right = match.groups()
        factors = [values[f].T if turn else values[f] for f, turn in ((left, turn_left), (right, turn_right))]
        np.testing.assert_allclose(factors[0] @ factors[1], value.T)


@pytest.mark.parametrize(
    ("name", "language"), [(n, k) for n in FORMATS for k in ("en", "zh") if (n, k) != ("ascii", "zh")]
)
def test_every_format_says_which_layout(name: str, language: str) -> None:
    pages = [
        render_derivation(derived("mlp"), name, Options(language=language, layout=layout))
        for layout in ("shape", "numerator")
    ]
    assert pages[0] != pages[1]
    said = {"en": ("layout: shape", "layout: numerator"), "zh": ("布局：按形状", "分子布局")}[language]
    if name != "json":
        assert said[0] in pages[0] and said[1] in pages[1]


def test_latex_of_the_numerator_layout_is_plain() -> None:
    page = render_derivation(known("mlp").derivation, "latex", Options(layout="numerator"))
    assert page.isascii() and r"gives $\mathrm{d}V^{\top}$  (layout: numerator)" in page
