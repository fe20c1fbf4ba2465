"""Formulas as a person writes them: order, signs, parentheses, names and letters, in each notation."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Access, Delta, Index, IntegerAccess, size_symbol
from symnet.explain.compose import Composer, Words
from symnet.explain.formats import render_derivation
from symnet.explain.formula import (
    Add,
    At,
    Call,
    Formula,
    Letter,
    Name,
    Number,
    Over,
    Power,
    Signed,
    Times,
    Total,
)
from symnet.explain.letters import Letters
from symnet.explain.notation import Notation
from symnet.explain.options import Options
from symnet.explain.quotients import decimal_or_quotient
from symnet.explain.spellings import Ascii, Unicode
from symnet.explain.tex import Latex
from tests.explain.derivations import derivation_of, known, model_of
from tests.explain.page import wrong_formulas
from tests.programs import CASES, Case, program_of

N, C = size_symbol("N"), size_symbol("C")
n, k = Index("n", N), Index("k", C)
x, y, h, dh = (Access(name, n) for name in ("x", "y", "h", "dh"))
a, b, c, d = (Access(name) for name in "abcd")
WORDS = Words(
    {name: place for place, name in enumerate(["x", "y", "a", "b", "c", "d", "h", "Z", "t", "dh"])},
    one_hot={"t": "Y"},
    adjoints=frozenset({"dh"}),
)
COMPOSER = Composer(WORDS, {n: "n", k: "k"}, (n,))

ORDERED = {
    "a + b xₙ + c xₙ² + d xₙ³": a + b * x + c * x**2 + d * x**3,
    "2 (xₙ + 2)": sp.Mul(2, x + 2, evaluate=False),
    "2 (xₙ − yₙ)/N": (2 * x - 2 * y) / N,
    "1 − hₙ²": 1 - h**2,
    "dhₙ (1 − hₙ²)": dh * (1 - h**2),
    "1 + exp(xₙ)": 1 + sp.exp(x),
    "xₙ³ + b": x**3 + b,
    "−xₙ": -x,
    "−(xₙ + yₙ)": sp.Mul(-1, x + y, evaluate=False),
    "xₙ/2": x / 2,
    "2 xₙ/3": 2 * x / 3,
    "1/(N xₙ)": 1 / (N * x),
    "xₙ + 0.000001": x + sp.Rational(1, 10**6),
    "xₙ + 1e-8": x + sp.Rational(1, 10**8),
    "2.5e-12 xₙ": x * sp.Rational(25, 10**13),
    "1e12 xₙ": x * 10**12,
    "1.5e8 xₙ": x * 150_000_000,
    "1000000 xₙ": x * 10**6,
    "sqrt(xₙ)/yₙ²": sp.sqrt(x) / y**2,
    "1/sqrt(xₙ)": 1 / sp.sqrt(x),
    "(xₙ + yₙ)³": (x + y) ** 3,
    "xₙ^yₙ": x**y,
    "xₙ^(3/2)": x ** sp.Rational(3, 2),
    "tanh(xₙ)²": sp.tanh(x) ** 2,
    "exp(−xₙ)": sp.exp(-x),
    "max(xₙ, 0)": scalars.relu(x),
    "yₙ [xₙ > 0]": y * scalars.greater(x, sp.S.Zero),
    "[−1 ≤ xₙ ≤ 1]": scalars.within(x, sp.Integer(-1), sp.Integer(1)),
    "Z[n,tₙ]": Access("Z", n, IntegerAccess("t", n)),
    "Yₙₖ": Delta(k, IntegerAccess("t", n)),
    "δₙₖ": Delta(n, k),
    "[n = k + 1]": Delta(n, k + 1),
    "xₙ − (a + b)": sp.Add(x, sp.Mul(-1, a + b, evaluate=False), evaluate=False),
    "1/(1 + exp(−xₙ))": 1 / (1 + sp.exp(-x)),
}


@pytest.mark.parametrize("text", ORDERED)
def test_order_of_terms_and_factors(text: str) -> None:
    assert Unicode().write(COMPOSER.of(ORDERED[text])) == text


X, TWO = Name("x"), Number("2")
SUM = Add((Signed(False, X), Signed(True, Name("y"))))
PARENTHESES: list[tuple[Formula, str, str, str]] = [
    (Times((TWO, SUM)), "2 (x − y)", "2 * (x - y)", r"2\, \left(x - y\right)"),
    (Over(SUM, Times((TWO, X))), "(x − y)/(2 x)", "(x - y)/(2 * x)", r"\frac{x - y}{2\, x}"),
    (Times((Over(X, TWO), SUM)), "(x/2) (x − y)", "(x/2) * (x - y)", r"\frac{x}{2}\, \left(x - y\right)"),
    (Over(Over(X, TWO), X), "(x/2)/x", "(x/2)/x", r"\frac{\frac{x}{2}}{x}"),
    (Power(Over(X, TWO), TWO), "(x/2)²", "(x/2)^2", r"\left(\frac{x}{2}\right)^{2}"),
    (Power(Power(X, TWO), TWO), "(x²)²", "(x^2)^2", r"\left(x^{2}\right)^{2}"),
    (Add((Signed(True, SUM),)), "−(x − y)", "-(x - y)", r"-\left(x - y\right)"),
    (Times((Total("sum", ("n",), X), TWO)), "(Σₙ x) · 2", "(sum_n x) * 2", r"\left(\sum_{n} x\right) \cdot 2"),
    (Times((TWO, Total("sum", ("n",), SUM))), "2 Σₙ (x − y)", "2 * sum_n (x - y)", r"2\, \sum_{n} \left(x - y\right)"),
    (Over(Total("max", ("n",), X), TWO), "(maxₙ x)/2", "(max_n x)/2", r"\frac{\max_{n} x}{2}"),
    (Call("exp", (SUM,)), "exp(x − y)", "exp(x - y)", r"\exp\left(x - y\right)"),
    (At("W1", (Letter("i"), Letter("j"))), "W1ᵢⱼ", "W1[i,j]", r"{W_{1}}_{ij}"),
    (At("x", (Letter("i1"),)), "xᵢ₁", "x[i1]", r"x_{i_{1}}"),
]


@pytest.mark.parametrize(("formula", "unicode", "ascii", "latex"), PARENTHESES)
def test_parentheses(formula: Formula, unicode: str, ascii: str, latex: str) -> None:
    notations: list[tuple[Notation, str]] = [(Unicode(), unicode), (Ascii(), ascii), (Latex(), latex)]
    for notation, text in notations:
        assert notation.write(formula) == text


def test_latex_names() -> None:
    latex = Latex({"dW1": "W1", "dyhat": "yhat"})
    names = {"W1": "W_{1}", "dW1": r"\mathrm{d}W_{1}", "yhat": r"\hat{y}", "dyhat": r"\mathrm{d}\hat{y}", "mu": r"\mu",
             "fc1_weight": r"\mathrm{fc1\_weight}", "loss": r"\mathrm{loss}"}  # fmt: skip
    assert {name: latex.name(name) for name in names} == names


def test_letters_belong_to_sizes() -> None:
    letters = Letters([N, C], N, {"i", "k"})
    first, second, other = Index("i", N), Index("i", N), Index("i", C)
    assert letters.assign([first, other, second]) == {first: "n", other: "j", second: "m"}
    assert letters.assign([second]) == {second: "n"}
    assert letters.legend() == ((("n", "m"), N), (("j",), C))


def test_more_sizes_than_letters() -> None:
    """A network of fifteen layers, each of its own size: letters run out and get numbers, and all is read back."""
    sizes = " ".join(f"H{q}" for q in range(16))
    words, lines = ["data x0[H0]"], []
    for q in range(1, 16):
        words += [f"parameter w{q}[H{q},H{q - 1}]", f"x{q}[H{q}]"]
        lines.append(f"x{q}[i] += w{q}[i,j]*x{q - 1}[j]")
    program = program_of(" ".join([*words, "loss"]), "\n".join([*lines, "loss += x15[i]**2"]), sizes)
    CASES["deep"] = Case("deep", program, {f"H{q}": 2 for q in range(16)})
    try:
        model = known("deep")
        page = render_derivation(model.derivation, "text", Options(form="index"))
        assert "ᵢ₁" in page
        assert wrong_formulas(page, model) == []
    finally:
        del CASES["deep"]


def test_pages_do_not_depend_on_hashing() -> None:
    code = (
        "from tests.explain.derivations import known; from symnet.explain.formats import render_derivation as r; "
        "print(*(r(known(n).derivation, f) for n in ('layer_norm', 'mlp', 'piecewise') for f in ('text', 'latex')))"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(pages) == 1


def test_rules_and_remarks() -> None:
    page = render_derivation(known("mlp").derivation, "text")
    for words in (
        "rule     mean", "matmul, left factor", "matmul, right factor", "broadcast forward = sum backward",
        "elementwise, chain, relu", "gather forward = scatter backward", "sum over every place it is used",
        "relu'(z) = [z > 0], relu'(0) := 0 as PyTorch", "the 1/N of the mean is most often forgotten",
        "why the transpose: the sum runs over i, the first index of both",
        "the Jacobian is diagonal: elementwise product, not matmul",
    ):  # fmt: skip
        assert words in page, words
    assert "equal maxima share" in render_derivation(known("max_share").derivation, "text")
    assert "the first maximum takes it all" in render_derivation(known("max_first").derivation, "text")


def test_a_parameter_that_the_loss_does_not_read() -> None:
    page = render_derivation(known("copies").derivation, "text")
    assert "the loss does not depend on it" in page
    assert np.all(known("copies").values["dunused"] == 0)


def test_the_tutorial_derivation_of_a_mean_of_squares() -> None:
    """out = mean(3 (x + 2)²): the local derivatives 1/3, 6 y and 1, and the gradient 2 (x + 2)."""
    page = render_derivation(known("examples/mean_square").derivation, "text")
    for formula in ("∂out/∂zᵢ = 1/3", "∂zᵢ/∂yᵢ = 6 yᵢ", "∂yᵢ/∂xᵢ = 1", "2 (x + 2)"):
        assert formula in page, page


def test_the_raw_program_alone_is_a_derivation() -> None:
    derivation = derivation_of(model_of("bce"), simplified=False)
    page = render_derivation(derivation, "text", Options(form="index"))
    assert "∂L/∂pᵢ = ((1 − yᵢ)/(1 − pᵢ) − yᵢ/pᵢ)/N" in page


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("0.00001", "0.00001"),
        ("1.7580993408473768", "1.7580993408473768"),
        ("1.75809934084737685994021752081231934206", "1.7580993408473769"),
        ("0.99999999999999999999", "1"),
        ("1.23456789012345678901e-12", "1.2345678901234568e-12"),
        ("1.7976931348623157e308", "1.7976931348623157e308"),
    ],
)
def test_decimals_have_the_digits_of_a_float(value: str, written: str) -> None:
    number, below = decimal_or_quotient(sp.Rational(value))
    assert (number.digits, below.digits) == (written, "1") and float(written) == float(value)
