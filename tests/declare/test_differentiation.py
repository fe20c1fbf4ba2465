"""Derivatives inside a model: random functions against torch, recurrences, names, and what a person reads of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import symnet as sn
from symnet import pipeline
from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.calculus.verify import verify
from symnet.declare.tracing.trace import Trace, recording
from symnet.explain.options import Options
from symnet.model import Model
from symnet.verify.check import check
from tests.declare.words_in_text import ARRAYS

UNARY = [
    "torch.tanh({})",
    "torch.sigmoid({})",
    "({})**2",
    "torch.sin({})",
    "torch.exp(({}) / 4)",
    "torch.sqrt(1 + ({})**2)",
]
VECTORS = ["(X @ W)", "(M @ W)", "W", "torch.softmax(W, 0)", "torch.cumsum(W, 0)", "torch.logsumexp(X * W, 1)"]
SCALARS = ["({}).sum()", "({}).mean()", "torch.logsumexp({}, 0)", "(({})**3).sum() / 5"]


@st.composite
def functions(draw: st.DrawFn) -> str:
    """A number made of W, in torch's words."""
    terms = []
    for _ in range(draw(st.integers(1, 3))):
        vector = draw(st.sampled_from(UNARY)).format(draw(st.sampled_from(VECTORS)))
        if draw(st.booleans()):
            vector = draw(st.sampled_from(UNARY)).format(
                f"{vector} * {draw(st.sampled_from(['0.5', 'W[0]', 'W[1:2].sum()']))}"
            )
        terms.append(draw(st.sampled_from(SCALARS)).format(vector))
    return draw(st.sampled_from([" + ", " * "])).join(terms)


def both(text: str, names: str, weights: Any) -> tuple[Any, Any]:
    """The value of a text of ours and ∂/∂W of it weighed, by the equations."""
    trace = Trace()
    with recording(trace):
        tensors = {n: sn.param(*ARRAYS[n].shape) for n in names}
        result = eval(text, {"torch": torch, "sn": sn, **tensors})
        loss = sn.sum(result * sn.data(*weights.shape, values=weights))
    trace.problems.raise_if_any()
    program = Program(trace.specs, tuple(trace.equations), loss.spec.name)
    derived = verify(derive(program, [tensors["W"].spec.name]))
    inputs = {t.spec.name: ARRAYS[n] for n, t in tensors.items()}
    inputs |= {k: np.asarray(getattr(d.values, "values", 0.0)) for k, d in trace.declared.items() if k not in inputs}
    values = evaluate(derived, inputs)
    return values[result.spec.name], values[derived.adjoints[tensors["W"].spec.name]]


@settings(max_examples=6, deadline=None, print_blob=True)
@given(functions(), st.integers(0, 100))
def test_second_and_third_derivatives_of_random_functions(text: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, way = rng.normal(size=(3, 3)), rng.normal(size=3)
    theirs = {n: torch.tensor(ARRAYS[n], requires_grad=n == "W") for n in "XMW"}

    def function(w: Any) -> Any:
        return eval(text, {"torch": torch, **theirs, "W": w})

    hessian = torch.autograd.functional.hessian(function, theirs["W"], create_graph=True)
    (third,) = torch.autograd.grad(
        (hessian * torch.tensor(weights)).sum(), theirs["W"], allow_unused=True, materialize_grads=True
    )
    value, gradient = both(f"sn.hessian({text}, W)", "XMW", weights)
    hessian = hessian.detach()
    scale = 1 + float(hessian.abs().max())
    np.testing.assert_allclose(value, hessian, rtol=1e-9, atol=1e-11 * scale)
    np.testing.assert_allclose(gradient, third, rtol=1e-8, atol=1e-10 * (scale + float(third.abs().max())))
    product, _ = both(f"sn.hvp({text}, W, M[0])", "XMW", way)
    np.testing.assert_allclose(product, value @ ARRAYS["M"][0], rtol=1e-9, atol=1e-11 * scale)


def model_of(tmp_path: Path, text: str) -> Model:
    path = tmp_path / "model.py"
    path.write_text("import symnet as sn\n\n" + text)
    return pipeline.load(path)[0]


def gradients_of(model: Model, inputs: dict[str, Any]) -> dict[str, Any]:
    derivation = pipeline.derive_model(model)
    values = evaluate(derivation.program, inputs)
    return {"loss": values[derivation.program.loss], **{p: values[a] for p, a in derivation.gradients.items()}}


def test_a_step_of_descent_inside_of_a_recurrence(tmp_path: Path) -> None:
    """Learning to learn: every step of a scan takes the gradient of that step's own loss by its state."""
    model = model_of(
        tmp_path,
        "x = sn.data(3, 4, 2)\ny = sn.data(3, 4)\nw0, rate = sn.param(2), sn.param()\n"
        "def step(x, y, w):\n    error = sn.mean((sn.tanh(x @ w) - y) ** 2)\n"
        "    return w - rate * sn.grad(error, w), error\n"
        "w, errors = sn.scan(step, (x, y), w0)\nloss = sn.sum(errors) + sn.sum(w[-1] ** 2)\n",
    )
    rng = np.random.default_rng(0)
    inputs = {
        "x": rng.normal(size=(3, 4, 2)),
        "y": rng.normal(size=(3, 4)),
        "w0": rng.normal(size=2),
        "rate": np.array(0.3),
    }
    theirs = {n: torch.tensor(v, requires_grad=True) for n, v in inputs.items()}
    w, total = theirs["w0"], torch.zeros((), dtype=torch.float64)
    for x, y in zip(theirs["x"], theirs["y"], strict=True):
        error = torch.mean((torch.tanh(x @ w) - y) ** 2)
        total = total + error
        w = w - theirs["rate"] * torch.autograd.grad(error, w, create_graph=True)[0]
    (total + torch.sum(w**2)).backward()
    found = gradients_of(model, inputs)
    for name in ("w0", "rate"):
        np.testing.assert_allclose(found[name], theirs[name].grad, rtol=1e-12)


def test_back_through_all_times_of_a_recurrence(tmp_path: Path) -> None:
    """How much the last state changes with the first inputs, as a penalty."""
    model = model_of(
        tmp_path,
        "x = sn.data(5, 3)\nU = sn.param(3, 3)\nh = sn.scan(lambda x, h: sn.tanh(x + U @ h), x, sn.zeros(3))\n"
        "J = sn.jacobian(h[-1], x)\nd = sn.jvp(h[-1], x, x)\nloss = sn.sum(J[:, 0] ** 2) + sn.sum(d**2)\n",
    )
    rng = np.random.default_rng(0)
    inputs = {"x": rng.normal(size=(5, 3)), "U": rng.normal(size=(3, 3))}
    theirs = {n: torch.tensor(v, requires_grad=True) for n, v in inputs.items()}

    def last(x: Any) -> Any:
        h = torch.zeros(3, dtype=torch.float64)
        for one in x:
            h = torch.tanh(one + theirs["U"] @ h)
        return h

    jacobian = torch.autograd.functional.jacobian(last, theirs["x"], create_graph=True)
    loss = (jacobian[:, 0] ** 2).sum() + ((jacobian * theirs["x"]).sum((1, 2)) ** 2).sum()
    loss.backward()
    found = gradients_of(model, inputs)
    np.testing.assert_allclose(found["loss"], loss.detach(), rtol=1e-12)
    np.testing.assert_allclose(found["U"], theirs["U"].grad, rtol=1e-11)


@pytest.mark.parametrize(
    "line",
    [
        "u_x = sn.grad(u.sum(), x)",
        "(u_x,) = torch.autograd.grad(u.sum(), x, create_graph=True)",
        "u_x = torch.autograd.grad(u, x, ones, create_graph=True)[0]",
        "u_x, *_ = torch.autograd.grad(u.sum(), [x, W], create_graph=True)",
        "u_W, u_x = torch.autograd.grad(u.sum(), [W, x], create_graph=True)",
    ],
)
def test_a_derivative_is_called_as_its_variable(tmp_path: Path, line: str) -> None:
    text = "import torch\nx, W, ones = sn.data(8, 1), sn.param(1, 4), sn.ones(8, 1)\nu = sn.tanh(x @ W).sum(1, True)\n"
    model = model_of(tmp_path, f"{text}{line}\nloss = sn.sum(u_x**2)\n")
    assert "u_x" in model.program.targets()
    text = pipeline.explain(pipeline.derive_model(model), Options(), "text")
    assert "u_x = u_z Wᵀ" in text or "u_x = (1 − tanh(z)²) Wᵀ" in text


def test_autograd_forms_a_derivative_of_the_model_itself(tmp_path: Path) -> None:
    """A wrong formula inside the model is found, although the gradients of that model are right."""
    text = (
        "x, W, V = sn.data(5, 2), sn.param(2, 3), sn.param(3)\nh = sn.tanh(x @ W)\nu = h @ V\n"
        "u_x = sn.grad(u.sum(), x)\nt = sn.jvp(u, x, x)\nJ = sn.jacobian(u_x[0], V)\n"
        "u_h = sn.vjp(u, h, u)\nloss = sn.sum(u_x**2) + sn.sum(t * u) + sn.sum(J**3) + sn.sum(u_h**2 * h)\n"
    )
    model = model_of(tmp_path, text)
    assert len(model.inner) == 4
    assert check(pipeline.derive_model(model)).exit_code == 0
    for name in ("u_x", "t", "J", "u_h"):
        equations = (replace(e, body=2 * e.body) if e.target == name else e for e in model.program.equations)
        wrong = replace(model, program=model.program.with_equations(equations))
        report = check(pipeline.derive_model(wrong))
        assert report.exit_code == 1, name


def test_a_derivative_through_drawn_numbers_is_that_of_training(tmp_path: Path) -> None:
    text = (
        "import torch.nn.functional as F\nN = sn.dims(N='batch')\nx, W = sn.data(N, 2), sn.param(2, 3)\n"
        "h = F.dropout(sn.tanh(x @ W), 0.5, training=sn.training)\nu_x = sn.grad(h.sum(), x)\nloss = sn.mean(u_x**2)\n"
    )
    derivation = pipeline.derive_model(model_of(tmp_path, text))
    assert derivation.model.drawn and check(derivation).exit_code == 0
