"""Reasons carry no formula of their own, and every index of a recognised sum has a letter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from symnet.explain.document import Reason
from symnet.explain.options import Options
from symnet.explain.outline import outline
from symnet.pipeline import derive_model, explain, load
from symnet.simplify.rewrites import Rewrite, with_names
from tests.closed_forms import derived

CUBE = "import symnet as sn\nD = sn.dims(D=3)\nA = sn.param(D, D)\nloss = sn.sum((A @ A.T) @ A)\n"
TWO_LAYERS = (
    "import symnet as sn\nX = sn.data(4, 3)\nA = sn.Linear(3, 3)\nB = sn.Linear(3, 1)\nloss = sn.mean(B(A(X)) ** 2)\n"
)


def test_a_reason_repeats_no_formula(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(CUBE)
    model, _ = load(tmp_path / "m.py")
    reasons = [r.reason for r in derive_model(model).rewrites]
    assert "from the definition of dz" in reasons
    assert not any("Σ" in r or "[" in r for r in reasons)


@pytest.mark.parametrize("order", [1, 2])
def test_two_layers_with_one_output_are_told_in_full(tmp_path: Path, order: int) -> None:
    (tmp_path / "m.py").write_text(TWO_LAYERS)
    model, _ = load(tmp_path / "m.py")
    assert "dA_bias = B_weightᵀ dB_bias" in explain(derive_model(model, (), order), Options(detail="full"), "text")


def page(folder: Path, text: str, form: str = "text") -> str:
    (folder / "m.py").write_text(f"import symnet as sn\n{text}\n")
    model, _ = load(folder / "m.py")
    return explain(derive_model(model), Options(), form)


def test_the_gradient_of_a_loss_that_is_a_parameter_is_1(tmp_path: Path) -> None:
    assert page(tmp_path, "x = sn.param()\nloss = x").endswith("RESULT\n   dx = 1\n")


def test_a_tensor_called_pi_is_told_from_the_constant(tmp_path: Path) -> None:
    text = "import math\n\npi = sn.param()\nloss = sn.gelu(pi) * math.sqrt(math.pi)"
    said = page(tmp_path, text)
    assert "L = sqrt(π) pi Φ(pi)" in said
    latex = page(tmp_path, text, "latex")
    assert r"\sqrt{\pi}" in latex and r"\mathrm{pi}" in latex


def test_an_adjoint_with_another_name_is_announced(tmp_path: Path) -> None:
    said = page(tmp_path, "x, dx = sn.param(3), sn.data(3)\nloss = sn.sum((x - dx) ** 2)")
    assert "  define  dx_2 = ∂L/∂x   (dx is another tensor of the model)\n" in said


def test_sums_stand_in_the_order_of_the_axes(tmp_path: Path) -> None:
    """However the chain rule or the simplifier nests them: no line differs from the one before in that alone."""
    text = "N, T = sn.dims(N=4, T=7)\nX, Y = sn.data(N, 2, T), sn.data(N, 2, 3)\nw = sn.param(2, 1)\nz = X * w\n"
    said = page(tmp_path, text + "c = sn.adaptive_avg_pool1d(z, 3)\nloss = sn.mean((c - Y) ** 2)")
    assert "= Σᵢ Σₖ Xᵢⱼₖ dzᵢⱼₖ\n" in said
    assert "Σₖ Σᵢ" not in said


def test_what_a_result_writes_out_it_writes_out_in_all_places_and_once(tmp_path: Path) -> None:
    """z is compared, so it has its name everywhere; the mean below the line, times 6, is the sum."""
    text = "w = sn.param(3)\nY = sn.data(6, 3)\nloss = sn.log(sn.mean(sn.exp(sn.clamp(Y @ w, -0.5, 0.5))))"
    result = page(tmp_path, text).split("RESULT")[1]
    assert "dz = (exp(clip(z, −1/2, 1/2)) ⊙ [−1/2 ≤ z ≤ 1/2])/sum(exp(clip(z, −1/2, 1/2)))\n" in result


FACTS = {
    "text": "Σₙ Wₙᵢ = 1",
    "markdown": r"$\sum_{i} W_{ni} = 1$ (W is declared simplex)",
    "latex": r"$\sum_{i} W_{ni} = 1$ (W is declared simplex)",
    "json": '"remark": "W is declared simplex"',
}


@pytest.mark.parametrize("form", FACTS)
def test_every_format_says_the_facts(tmp_path: Path, form: str) -> None:
    text = "N = sn.dims(N='batch')\nW, Z = sn.data(N, 3, simplex=True), sn.param(3)\n"
    text += "loss = sn.mean(sn.sum(-W * sn.log_softmax(Z, 0), 1))"
    said = page(tmp_path, text, form)
    assert FACTS[form].replace("Σₙ Wₙᵢ", "Σᵢ Wₙᵢ") in said
    if form == "text":
        assert "because  Σᵢ Wₙᵢ = 1   (W is declared simplex)" in said


def test_a_recurrence_says_in_which_order_it_runs() -> None:
    derivation = derive_model(load(Path(__file__).parents[2] / "examples" / "char_rnn.py")[0])
    said = explain(derivation, Options(), "text")
    assert said.count("(step by step: for t = 0, …, T − 1)") == 2
    assert said.count("back in time: for t = T − 1, …, 0") == 2
    assert "   note     back in time" in said.partition("dz [T,N,H]")[2].partition(" step ")[0]


ATTENTION = """
T, d = sn.dims(T={T}, d={d})
dO, Q, K, V = sn.data(T, d), sn.param(T, d), sn.param(T, d), sn.param(T, d)
P = sn.softmax(Q @ K.T / d**0.5, dim=1)
O = P @ V
loss = sn.sum(dO * O)
"""


def test_a_shorter_sum_is_told_beside_the_one_that_books_print(tmp_path: Path) -> None:
    """The row sums of attention are made of d terms where that is less than T, else of T."""
    few, same, many = (page(tmp_path, ATTENTION.format(T=6, d=d)) for d in (2, 9, 90))
    shorter = "Σₘ Pᵢₘ dPᵢₘ = Σⱼ dOᵢⱼ Oᵢⱼ   (from the definition of O and dP: d terms instead of T)"
    assert f"because  {shorter}" in few and "dz = P ⊙ (dP − rowsum(dO ⊙ O))" in few
    assert "instead of" not in same + many and "dz = P ⊙ (dP − rowsum(dP ⊙ P))" in many


@pytest.mark.parametrize("form", ["attention", "attention_key_bias", "batch_norm_bias", "softmax_entropy"])
def test_full_detail_shows_every_record(form: str) -> None:
    """The normal page has the records that led to a form, the full one also what each of them rests on."""
    derivation = derived(form)
    normal, full = (outline(derivation, Options(detail=detail)) for detail in ("normal", "full"))
    told = {(step.name, *why) for step in full.steps for reason in step.reasons for why in names_of(reason)}
    kept = {(step.name, *why) for step in normal.steps for reason in step.reasons for why in names_of(reason)}
    assert kept < told, "full detail shows no more"
    shown = {(name, text) for _, name, text in told}
    whole = [r for r in records(derivation.rewrites) if r.before != r.after and not r.terms]
    assert {(r.name, with_names(r.words, {"loss": "L"})) for r in whole} <= shown


def names_of(reason: Reason) -> Iterator[tuple[str, str]]:
    yield reason.name, "".join(part if isinstance(part, str) else "{}" for part in reason.reason)
    for child in reason.children:
        yield from names_of(child)


def records(rewrites: Iterable[Rewrite]) -> Iterator[Rewrite]:
    for rewrite in rewrites:
        yield rewrite
        yield from records(rewrite.children)


def test_a_reason_calls_the_loss_as_the_formulas_do(tmp_path: Path) -> None:
    quotient = "x = sn.param(3)\nA = sn.data(3, 3)\nB = sn.data(3, 3)\nloss = (x @ A @ x) / (x @ B @ x)"
    written = page(tmp_path, quotient)
    assert "(the product is L)" in written
    assert "the product is loss" not in written


def test_a_number_that_all_terms_share_stands_before_their_sum(tmp_path: Path) -> None:
    halves = page(tmp_path, "m = sn.param(3)\nv = sn.param(3)\nloss = sn.sum(m**2 + sn.exp(v) - 1 - v) / 2")
    assert "L = (1/2) Σᵢ (mᵢ² + exp(vᵢ) − 1 − vᵢ)" in halves
    shared = page(tmp_path, "m = sn.param(3)\nv = sn.param(3)\nloss = sn.sum(m / 2 + sn.exp(v) / 2 - v / 2)")
    assert "L = (1/2) Σᵢ (mᵢ + exp(vᵢ) − vᵢ)" in shared
    own = page(tmp_path, "m = sn.param(3)\nv = sn.param(3)\nloss = sn.sum(m / 2 + 0.75 * sn.exp(v))")
    assert "L = Σᵢ (mᵢ/2 + 3 exp(vᵢ)/4)" in own
