"""Derivatives that are part of a model, as printed: each name means what the page says, and its steps lead there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symnet import pipeline
from symnet.calculus.apart import entries_apart
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.explain import text
from symnet.explain.formats import render_derivation
from symnet.explain.language import translate
from symnet.explain.options import Options
from symnet.explain.outline import outline
from symnet.model import Inner
from tests.explain.derivations import Known, valued
from tests.explain.page import left_of, page_of, world_of, wrong_formulas
from tests.explain.parse import LOW, Parser, letters_in, places

#: Every kind: a gradient of a sum, cotangents, tangents, a Jacobian, a second derivative, a mean that keeps its axis.
EVERY_KIND = """
N, D, H = sn.dims(N=2, D=3, H=2)
x, v, G = sn.data(N, D), sn.data(D), sn.data(N)
W, a = sn.param(D, H), sn.param(H)
h = sn.tanh(x @ W)
f = (h - h.mean(1, keepdim=True)) @ a + h[:, 0]
g = sn.vjp(f, x, G)
w = sn.tanh(W @ a)
t = sn.jvp(w, a, a)
J = sn.jacobian(w, a)
K = sn.hessian(w.sum(), a)
c = sn.hvp((w**2).mean(), a, sn.sin(a))
b = sn.grad(sn.softmax(v, 0)[0] * w.sum(), v)
loss = sn.mean((g * v) ** 2) + sn.sum(t**2) + sn.sum(J**2) + sn.sum(K**2) + sn.sum(c * a) + sn.sum(b**2)
"""


@cache
def known_of(source: str) -> Known:
    rng = np.random.default_rng(3)
    path = Path(source) if source.endswith(".py") else Path("/tmp") / f"inner_{abs(hash(source))}.py"
    if path.name.startswith("inner_"):
        path.write_text("import symnet as sn\n" + source)
    model = pipeline.load(path)[0]
    sizes = {n: {"H": 2}.get(n, v or 3) for n, v in model.sizes.items()}
    derivation = pipeline.derive_model(model)
    inputs = {}
    for spec in (*(i.spec for i in model.inputs), *(p.spec for p in model.parameters)):
        shape = tuple(int(s.subs({x: sizes[x.name] for x in s.free_symbols})) for s in spec.shape)
        inputs[spec.name] = rng.integers(-20, 20, shape) / 16
    return valued(derivation, sizes, inputs)


#: Tangents of functions of a matrix.
MATRICES = """
n = sn.dims(n=2)
A, B, w = sn.param(n, n), sn.data(n, n), sn.data(n)
S = A @ A.T + 3 * sn.eye(n)
y = sn.inv(S) @ w
t = sn.jvp(y, A, B)
d = sn.jvp(sn.logdet(S), A, B)
L = sn.jvp(sn.cholesky(S), A, B)
E = sn.jvp(sn.matrix_exp(A / 4), A, B)
loss = sn.sum(t**2) + d + sn.sum(L**2) + sn.sum(E * B)
"""
MODELS = {"every kind": EVERY_KIND, "oscillator": "examples/oscillator.py"}


@pytest.mark.parametrize("detail", ["brief", "normal", "full"])
@pytest.mark.parametrize("model", MODELS)
def test_the_steps_have_the_value_of_what_they_lead_to(model: str, detail: Any) -> None:
    known = known_of(MODELS[model])
    page = text.render(outline(known.derivation, Options(form="index", detail=detail)))
    told = {left for left, _ in page_of(page).meanings}
    results = {r for inner in known.derivation.model.inner for r in inner.results.values()}
    assert results <= {re.split("[ᵢ-ᵥⱼₖ-ₜ]", left)[0] for left in told}, page
    assert wrong_formulas(page, known) == [], page


class Slopes(dict[str, Callable[[Mapping[str, int]], Any]]):
    """∂yₙ/∂xᵢ by central differences of the equations between x and y, for whatever y and x a page names."""

    def __init__(self, known: Known, inner: Inner) -> None:
        super().__init__()
        self.known, self.inner = known, inner

    def __missing__(self, key: str) -> Callable[[Mapping[str, int]], Any]:
        y, x = (part.removeprefix("∂") for part in key.split("/"))
        (one, of), (other, by) = self.place(y), self.place(x)
        table = slopes(self.inner.forward, self.known.values, one, other)
        return lambda at: table[tuple(at[i] for i in (*of, *by))]

    def place(self, entry: str) -> tuple[str, list[str]]:
        name = entry.rstrip("".join(LOW))
        while name not in self.inner.forward.tensors:  # a subscript 2 may end a name that has no other
            name += entry[len(name)]
        return name, letters_in(entry[len(name) :])


def slopes(forward: Program, values: Mapping[str, Any], y: str, x: str, step: float = 1e-6) -> Any:
    cut = forward.with_equations(
        (e for e in forward.equations if e.target != x),
        {**forward.tensors, x: replace(forward.tensors[x], role="data")},
    )
    given = {n: np.asarray(values[n], float) for n, t in cut.tensors.items() if not cut.defining(n)}
    shape = np.shape(values[x])
    found = np.zeros((*np.shape(values[y]), *shape))
    for at in np.ndindex(*shape):
        ends = []
        for sign in (1, -1):
            moved = np.array(given[x])
            moved[at] += sign * step
            ends.append(np.asarray(evaluate(cut, {**given, x: moved})[y] if y != x else moved, float))
        found[(..., *at)] = (ends[0] - ends[1]) / (2 * step)
    return found


@pytest.mark.parametrize("model", MODELS)
def test_each_name_means_what_the_page_says(model: str) -> None:
    known = known_of(MODELS[model])
    page = page_of(text.render(outline(known.derivation, Options(form="index"))))
    world = world_of(page, known)
    assert len(page.meanings) >= 10
    for left, meaning in page.meanings:
        value, letters = left_of(left, known)
        name = left.rstrip("".join(LOW))
        inner = next(i for i in known.derivation.model.inner if name in i.raw.adjoints.values())
        world.partials = Slopes(known, inner)
        formula = Parser(meaning, world).parse()
        for at in places(letters, world):
            np.testing.assert_allclose(
                float(formula(at)), float(np.asarray(value)[tuple(at[x] for x in letters)]), rtol=1e-6, atol=1e-7
            )


def test_a_physicist_reads_how_the_derivative_came_about() -> None:
    page = text.render(outline(known_of("examples/oscillator.py").derivation))
    for line in (
        "DERIVATIVE IN THE MODEL   line 15\n   sought   u_tₙᵢ = ∂s/∂tₙᵢ\n   where    s = Σₙ Σᵢ uₙᵢ\n"
        "   note     uₙᵢ depends on tₙᵢ alone: u_tₙᵢ = ∂uₙᵢ/∂tₙᵢ\n",
        "u_hₙⱼ = ∂s/∂hₙⱼ = Σᵢ u_z_2ₙᵢ · ∂z_2ₙᵢ/∂hₙⱼ   (∂z_2ₙᵢ/∂hₙⱼ = W2ⱼᵢ)",
        "u_t = t ⊙ (2 z_2 + t ⊙ (q 1ᵀ))",
    ):
        assert line in page, page
    assert page.index("FORWARD") < page.index("DERIVATIVE IN THE MODEL") < page.index("BACKWARD")


def test_tangents_of_functions_of_a_matrix_read_as_in_a_textbook() -> None:
    """d(A⁻¹) = -A⁻¹ dA A⁻¹, d(A Aᵀ) = dA Aᵀ + A dAᵀ and d log det = tr(A⁻¹ dA)."""
    page = text.render(outline(known_of(MATRICES).derivation))
    for line in (
        "S_dot = B Aᵀ + A Bᵀ",
        "Sinv_dot = −Sinv S_dot Sinv",
        "t = Sinv_dot w",
        "L = L_2 L_dot_M_L",
    ):
        assert line in page, page


def test_every_format_has_the_steps() -> None:
    derivation = known_of(EVERY_KIND).derivation
    count = len(derivation.model.inner)
    assert count == 8  # of the Hessian and its product with a vector the first derivatives, too
    assert render_derivation(derivation, "markdown").count("## Derivative in the model") == count
    assert render_derivation(derivation, "latex").count(r"\subsection*{Derivative in the model") == count
    blocks = json.loads(render_derivation(derivation, "json"))["inner"]
    assert [len(b["steps"]) > 0 and len(b["sought"]) == 1 for b in blocks] == [True] * count
    assert render_derivation(derivation, "ascii").isascii()
    chinese = translate(outline(derivation), "zh").inner
    assert not any(re.search("[a-z]{4}", word.replace("tanh", "").replace("softmax", ""))
                   for block in chinese for step in block.steps for word in step.rules)  # fmt: skip


def test_names_in_reasons_are_those_of_the_model() -> None:
    """What was found while the file ran is told under the names that came later: what was z is z_2."""
    page = text.render(outline(known_of(EVERY_KIND).derivation))
    derivation = known_of(EVERY_KIND).derivation
    tensors = {n for i in derivation.model.inner for p in (i.raw, i.program) for n in p.tensors}
    said = re.findall(r"\((?:the (?:sum|product) is|by the definition of) (\w+)\)", page)
    assert said and set(said) <= {*tensors, *derivation.program.tensors}
    assert "Σₖ Wⱼₖ aₖ = z_2ⱼ   (the sum is z_2)" in page, page


def test_a_sum_mixes_nothing_only_where_each_entry_is_made_from_its_own() -> None:
    model = pipeline.load(Path("examples/oscillator.py"))[0]
    first = model.inner[0].forward
    assert entries_apart(first, "u", "t") and not entries_apart(first, "h", "t")
    mixed = known_of("""
N = sn.dims(N=3)
t, w = sn.data(N), sn.param()
u = sn.softmax(w * t, 0)
y = t[::-1] * w
g = sn.grad(u.sum(), t)
k = sn.grad((y**2).sum(), t)
loss = sn.sum(g**2) + sn.sum(k**2)
""")
    one, other = mixed.derivation.model.inner
    assert not entries_apart(one.forward, "u", "t") and not entries_apart(other.forward, "y", "t")
    assert "alone" not in text.render(outline(mixed.derivation))


def test_a_wrong_step_is_found() -> None:
    """The guard above must be able to fail."""
    known = known_of(EVERY_KIND)
    page = text.render(outline(known.derivation, Options(form="index")))
    begin, end = page.index("DERIVATIVE"), page.index("BACKWARD")
    for right, wrong in (("= −2 wⱼ)", "= 2 wⱼ)"), ("(1 −", "(2 −"), ("= Wⱼₖ)", "= Wⱼₖ²)")):
        broken = page[:begin] + page[begin:end].replace(right, wrong) + page[end:]
        assert broken != page and wrong_formulas(broken, known) != []
