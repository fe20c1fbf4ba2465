"""What is detached: random models against torch, second derivatives, derivatives inside, recurrences, blocks, frozen
parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symnet import pipeline
from symnet.calculus.derive import derive
from symnet.calculus.detached import has_copies, held_apart
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.errors import SymnetError
from symnet.model import Derivation
from symnet.verify.check import check
from symnet.verify.report import Options
from tests.codegen.script_checks import run_within

HEAD = "import torch\nimport symnet as sn\n"
DECLARED = """X = sn.data(4, 3)
W = sn.param(3, 3)
v = sn.param(3)
"""
RNG = np.random.default_rng(8)
POINT = {"X": RNG.normal(size=(4, 3)), "W": RNG.normal(size=(3, 3)), "v": RNG.normal(size=3)}
MADE = (
    "torch.tanh({a})",
    "torch.relu({a}) + {b}",
    "{a} * {b}",
    "{a} + ({b} - {a}).detach()",
    "{a}.detach() * {b}",
    "2 * {a}.detach() - 3 * ({a} * {b}).detach() + {a}",
    "torch.softmax({a}, 1)",
    "torch.softmax({a}, 1).detach() * torch.log_softmax({b}, 1)",
    "{a} @ W.detach()",
    "{a}.detach() @ W",
    "{a} - {b}.mean(0).detach()",
    "{a} - {a}.detach().mean(0)",
    "{a} / ({b}.detach() ** 2 + 1)",
    "torch.where({a}.detach() > 0, {a}, {b}.detach())",
    "{a} * torch.no_grad()(lambda: torch.exp({b} / 9) @ W)()",
    "{a} * torch.no_grad()(lambda: ({b} * v).T)().T",
    "{a} * v.detach() + {b} * v",
    "{a}.detach()",
    "{a}.clone()",
    "{a}.detach().cumsum(0) * {b}",
    "{a} * {b}.amax(1, keepdim=True).detach()",
    "torch.cat([{a}[:2].detach(), {b}[2:]])",
    "{a}.flip(0).detach() * {b}[:, [2, 0, 1]]",
    "{a} @ torch.linalg.inv(3 * torch.eye(3).double() + (0.1 * torch.tanh({b}.T @ {b})).detach())",
    "{a} @ torch.autograd.grad((torch.tanh({b}) * W.sum()).sum(), W, create_graph=True)[0].tanh()",
    "{a} @ torch.autograd.grad((torch.tanh({b}) * W.sum()).sum(), W, retain_graph=True)[0].tanh()",
)


EVERY = "(W ** 3).sum() + (v * W[0]).sum() ** 2"  # something that every parameter is read by


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A model in torch's words, in which some parts are detached."""
    known, text = ["X @ W", "X"], []
    for number in range(draw(st.integers(1, 5))):
        a, b = (draw(st.sampled_from(known[-3:])) for _ in range(2))
        made = draw(st.sampled_from(MADE)).format(a=f"({a})", b=f"({b})")
        if draw(st.booleans()):
            text.append(f"h{number} = {made}")
            made = f"h{number}"
        known.append(made)
    last, other = known[-1], draw(st.sampled_from(known))
    loss = (
        f"(({last}) ** 2).mean() + (({other}) * ({last}).detach() / 3).sum() + (W ** 3).sum() + ((v * W[0]).sum()) ** 2"
    )
    return "\n".join((*text, f"loss = {loss}")) + "\n"


def derived(text: str, folder: Path, order: int = 1) -> Derivation:
    path = folder / "model.py"
    path.write_text(HEAD + DECLARED + text)
    return pipeline.derive_model(pipeline.load(path)[0], order=order)


def by_torch(text: str, point: Any = POINT) -> tuple[Any, dict[str, Any]]:
    """The loss and its gradients by autograd, from the same lines."""
    tensors = {n: torch.tensor(a, requires_grad=n != "X") for n, a in point.items()}
    space: dict[str, Any] = {"torch": torch, **tensors}
    exec(text, space)
    found = torch.autograd.grad(space["loss"], [tensors["W"], tensors["v"]], create_graph=True, allow_unused=True)
    return space["loss"], dict(zip("Wv", found, strict=True))


def close(found: Any, expected: Any) -> None:
    expected = np.asarray(expected.detach())
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10 * (1 + np.abs(expected).max()))


def inputs_of(made: Derivation) -> dict[str, Any]:
    """The numbers of all inputs, constants among them."""
    own = {i.spec.name: np.asarray(getattr(i.values, "values", 0.0)) for i in made.model.inputs}
    return own | POINT


@settings(max_examples=10, deadline=None, print_blob=True)
@given(lines())
def test_random_models_have_the_gradients_of_torch(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    try:
        loss, gradients = by_torch(text)
    except RuntimeError:  # torch differentiates nothing inside of no_grad
        assume(False)
    made = derived(text, tmp_path_factory.mktemp("model"))
    inputs = inputs_of(made)
    raw, simplified = evaluate(made.raw, inputs), evaluate(made.program, inputs)
    close(simplified[made.program.loss], loss)
    for name, gradient in gradients.items():
        close(raw[made.raw.adjoints[name]], gradient)
        close(simplified[made.program.adjoints[name]], gradient)
        close(by_meaning(made.model.program, inputs)[name], gradient)
    for path, script in pipeline.scripts(made, ("numpy", "torch", "torch-autograd"), Path("m")).items():
        value, found = run(path.stem, script, made, inputs)
        close(value, loss)
        for name, gradient in gradients.items():
            close(found[name], gradient)


def by_meaning(program: Program, inputs: dict[str, Any]) -> dict[str, Any]:
    """The gradients by the definition: L(p, p') with p' in what is detached, differentiated by p, where p' = p."""
    apart, held = held_apart(program, ["W", "v"])
    assert not has_copies(apart)
    meant = derive(apart, ["W", "v"])
    values = evaluate(meant, inputs | {new: inputs[name] for name, new in held.items()})
    return {name: values[meant.adjoints[name]] for name in "Wv"}


def run(target: str, script: str, made: Derivation, inputs: dict[str, Any]) -> tuple[float, dict[str, Any]]:
    """The loss and the gradients of a generated script."""
    space: dict[str, Any] = {"__name__": target}
    exec(compile(script, target, "exec", dont_inherit=True), space)
    arrays = {n: inputs[n] if "numpy" in target else torch.tensor(inputs[n]) for n in inputs}
    params = {n: a.requires_grad_() if "autograd" in target else a for n, a in arrays.items() if n in "Wv"}
    value, found = space["loss_and_grads"](params, *(arrays[i.spec.name] for i in made.model.inputs))
    return float(value), {n: np.asarray(g) for n, g in found.items()}


SECOND = (
    "loss = (W ** 3 * W.detach()).sum() + (v * v.detach()).sum()",
    "h = torch.tanh(X @ W)\nloss = (h * (h * v).detach()).sum() + (h @ v).sum() ** 2",
    "g = torch.autograd.grad((W ** 3).sum(), W, create_graph=True)[0]\nloss = (g * g.detach()).sum() + (v ** 2).sum()",
    "g = torch.autograd.grad((W ** 3).sum(), W)[0]\nloss = (g * W).sum() + (v ** 2).sum()",
    "loss = ((X @ W) * torch.softmax(X @ W, 1).detach()).sum() ** 2 + (v ** 2).sum()",
)


@pytest.mark.parametrize("text", SECOND)
def test_second_derivatives_see_what_is_detached(text: str, tmp_path: Path) -> None:
    made, inputs = derived(text + "\n", tmp_path, order=2), POINT
    values = [evaluate(p, inputs) for p in (made.raw, made.program)]
    w, v = (torch.tensor(POINT[n]) for n in "Wv")
    space: dict[str, Any] = {"torch": torch, "X": torch.tensor(POINT["X"])}

    def loss(w: Any, v: Any) -> Any:
        exec(text, space | (own := {"W": w, "v": v}), own)
        return own["loss"]

    hessian = torch.autograd.functional.hessian(loss, (w, v))
    for number, program in enumerate((made.raw, made.program)):
        close(values[number][program.adjoints["W,W"]], hessian[0][0])
        close(values[number][program.adjoints["W,v"]], hessian[0][1])
        close(values[number][program.adjoints["v,v"]], hessian[1][1])


@pytest.mark.parametrize("inside", ("h.detach() @ W", "(h @ W).detach() + h", "torch.no_grad()(lambda: h @ W)() * h"))
def test_recurrences_cut_where_they_are_told(inside: str, tmp_path: Path) -> None:
    step = f"def step(x, h):\n    return torch.tanh(x + {inside})\n"
    ours = f"{step}hs = sn.scan(step, X, v)\nloss = (hs ** 2).sum()\n"
    theirs = f"{step}h, loss = v, 0\nfor x in X:\n    h = step(x, h)\n    loss = loss + (h ** 2).sum()\n"
    made, (loss, gradients) = derived(ours, tmp_path), by_torch(theirs)
    for path, script in pipeline.scripts(made, ("numpy", "torch", "torch-autograd"), Path("m")).items():
        value, found = run(path.stem, script, made, POINT)
        close(value, loss)
        for name, gradient in gradients.items():
            close(found[name], torch.zeros(POINT[name].shape) if gradient is None else gradient)
    assert check(made, Options(trials=2)).exit_code == 0


def test_tangents_of_what_is_detached_are_0(tmp_path: Path) -> None:
    text = "t = sn.jvp((X @ W) * torch.tanh(X @ W).detach(), W, sn.data(3, 3, name='D'))\nloss = (t ** 2).sum()\n"
    made = derived(text + "loss = loss + (v ** 2).sum()\n", tmp_path)
    way = np.random.default_rng(3).normal(size=(3, 3))
    w, x = torch.tensor(POINT["W"], requires_grad=True), torch.tensor(POINT["X"])
    expected = (((x @ torch.tensor(way)) * torch.tanh(x @ w).detach()) ** 2).sum()
    values = evaluate(made.program, POINT | {"D": way})
    close(values[made.program.loss], expected + (POINT["v"] ** 2).sum())
    assert not values[made.program.adjoints["W"]].any()  # the slope is detached, and the tangent reads no other W


def test_a_block_is_computed_and_nothing_flows_through_it(tmp_path: Path) -> None:
    block = "with {}.no_grad():\n    h = torch.tanh(X @ W)\n    t = h @ v\nloss = ((X @ W @ v - t) ** 2).sum()\n"
    ours, theirs = derived(block.format("sn"), tmp_path), by_torch(block.format("torch"))[1]
    assert ours.model.program == ours.model.program and str(ours.model.program).count("stop_gradient") == 1
    values = evaluate(ours.program, POINT)
    for name in "Wv":
        close(values[ours.program.adjoints[name]], theirs[name])


def test_the_check_compares_with_what_is_detached_held(tmp_path: Path) -> None:
    text = "z = X @ W\nq = z + (torch.sign(z) - z).detach()\nloss = ((q @ v) ** 2).sum() + (z.detach() * z).mean()\n"
    made = derived(text, tmp_path)
    assert check(made, Options(trials=3)).exit_code == 0
    wrong = derived(text.replace(".detach()", ""), tmp_path)  # z + (sign z - z) has no gradient
    swapped = replace(made, raw=wrong.raw, program=wrong.program)
    report = check(swapped, Options(trials=2))
    assert report.exit_code == 1 and {"autograd", "fd", "exact"} <= {m for r in report.rows for m in r.wrong}


def test_scripts_compare_with_what_is_detached_held(tmp_path: Path) -> None:
    made = derived("loss = ((X @ W) * torch.tanh(X @ W).detach()).sum() + (v * v.detach()).sum()\n", tmp_path)
    for path, script in pipeline.scripts(made, ("numpy", "torch-autograd", "torch-module"), tmp_path).items():
        path.write_text(script)
        done = run_within(tmp_path, path, "--check-grad")
        assert done.returncode == 0 and done.stdout.count(" ok") == 2, done.stdout + done.stderr


def test_a_parameter_that_is_read_only_where_it_is_detached_is_told(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(HEAD + DECLARED + "loss = (X @ W).sum() * v.detach().sum()\n")
    model, warnings = pipeline.load(path)
    assert [w.message for w in warnings] == ["the loss depends on v only where it is detached: its gradient is zero"]
    made = pipeline.derive_model(model)
    assert not evaluate(made.program, POINT)[made.program.adjoints["v"]].any()


@pytest.mark.parametrize("body", ("torch.sign(x)", "x.clone()", "x.view_as(x)", "2 * x"))
def test_a_function_with_a_backward_of_its_own_is_refused(body: str, tmp_path: Path) -> None:
    text = (
        "class Own(torch.autograd.Function):\n"
        "    @staticmethod\n    def forward(context, x):\n        return BODY\n"
        "    @staticmethod\n    def backward(context, g):\n        return g\n"
        "loss = (Own.apply(X @ W) ** 2).sum() + (v ** 2).sum()\n"
    )
    with pytest.raises(SymnetError, match="backward need not be the derivative"):
        derived(text.replace("BODY", body), tmp_path)
