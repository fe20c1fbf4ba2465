"""Second derivatives of matrix functions: tangents, and what rests on them, against torch's double backward."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import symnet as sn
from symnet import pipeline
from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.calculus.matrices import MATRIX_FUNCTIONS
from symnet.calculus.matrix_rules import statements_of
from symnet.calculus.verify import verify
from symnet.declare.tracing.trace import Trace, recording
from symnet.verify.check import check
from symnet.verify.report import Options

RNG = np.random.default_rng(0)
_B = RNG.normal(size=(3, 3))
POINTS = {
    "square": (_B @ _B.T + 3 * np.eye(3) + 0.3 * _B, RNG.normal(size=(3, 3))),
    "tall": (RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))),
    "many": (np.stack([_B + 3 * np.eye(3), _B.T - 4 * np.eye(3)]), RNG.normal(size=(2, 3, 3))),
}
Function = Callable[[Any], Any]
#: Functions of a matrix in torch's words, and the functions of the table that each goes through.
FUNCTIONS: dict[str, tuple[Function, str, set[str]]] = {
    "inv": (torch.linalg.inv, "square", {"inv"}),
    "inverses": (torch.linalg.inv, "many", {"inv"}),
    "solve": (lambda m: torch.linalg.solve(m, m.T @ m), "square", {"inv"}),
    "det": (torch.linalg.det, "square", {"det"}),
    "determinants": (torch.linalg.det, "many", {"det"}),
    "logdet": (torch.logdet, "square", {"logdet"}),
    "logabsdet": (lambda m: torch.linalg.slogdet(m)[1] * torch.linalg.slogdet(m)[0], "square", {"logabsdet"}),
    "cholesky": (lambda m: torch.linalg.cholesky((m + m.T) / 2), "square", {"cholesky"}),
    "eigvalsh": (lambda m: torch.linalg.eigvalsh((m + m.T) / 2), "square", {"eigvalsh", "eigenvectors"}),
    "svdvals": (torch.linalg.svdvals, "square", {"svdvals", "left_singular", "right_singular"}),
    "svdvals of a tall one": (torch.linalg.svdvals, "tall", {"svdvals", "left_singular", "right_singular"}),
    "matrix_exp": (lambda m: torch.linalg.matrix_exp(m / 4), "square", {"matrix_exp"}),
    "exponentials": (lambda m: torch.linalg.matrix_exp(m / 4), "many", {"matrix_exp"}),
    "pinv": (torch.linalg.pinv, "tall", {"pinv"}),
    "products of rows": (lambda m: torch.prod(torch.cat([m, m * m], 1), 1), "tall", {"prod", "prod_of_others"}),
    "nuclear norm": (lambda m: torch.linalg.norm(m, "nuc"), "tall", {"svdvals"}),
    "spectral norm": (lambda m: torch.linalg.norm(m, 2), "tall", {"svdvals"}),
    "chain": (lambda m: torch.logdet(torch.linalg.matrix_exp(m / 9) @ torch.linalg.inv(m)), "square", {"matrix_exp"}),
}


def close(found: Any, wanted: torch.Tensor) -> None:
    size = float(wanted.detach().abs().max())
    np.testing.assert_allclose(np.asarray(found, float), wanted.detach(), rtol=1e-9, atol=1e-11 * size)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_tangents_and_their_gradients(name: str) -> None:
    """The tangent, and the gradient of a function of it by the matrix and by the way: third derivatives."""
    function, kind, _ = FUNCTIONS[name]
    point, way = POINTS[kind]
    trace = Trace()
    with recording(trace):
        M, W = sn.param(*point.shape), sn.param(*point.shape)
        y = function(M)
        t = sn.jvp(y, M, W)
        loss = sn.sum(t * sn.sin(t)) + sn.sum(y * t)
    trace.problems.raise_if_any()
    program = Program(trace.specs, tuple(trace.equations), loss.spec.name)
    derived = verify(derive(program, [M.spec.name, W.spec.name]))
    values = evaluate(derived, {M.spec.name: point, W.spec.name: way})
    m, w = (torch.tensor(a, requires_grad=True) for a in (point, way))
    value, tangent = torch.autograd.functional.jvp(function, m, w, create_graph=True)
    theirs = torch.autograd.grad((tangent * torch.sin(tangent)).sum() + (value * tangent).sum(), [m, w])
    close(values[t.spec.name], tangent)
    for tensor, gradient in zip((M, W), theirs, strict=True):
        close(values[derived.adjoints[tensor.spec.name]], gradient)


def test_every_function_with_a_derivative_is_among_them() -> None:
    moved = {name for name in MATRIX_FUNCTIONS if statements_of(name)}
    assert moved <= {op for _, _, through in FUNCTIONS.values() for op in through}


@pytest.mark.parametrize("factor", ["inverse", "cholesky"])
def test_second_derivatives_of_a_likelihood(factor: str, tmp_path: Path) -> None:
    """Newton's step of a Gaussian process: hessian and hvp inside of a model, as scripts and by autograd."""
    solved = "torch.linalg.solve_triangular(L, y[:, None], upper=False)"
    quadratic = {
        "inverse": "(y @ torch.linalg.solve(K, y) + torch.logdet(K)) / 2",
        "cholesky": f"({solved} ** 2).sum() / 2 + torch.log(torch.diagonal(L)).sum()",
    }[factor]
    path = tmp_path / "model.py"
    path.write_text(
        "import symnet as sn\nimport torch\n\nn = sn.dims(n=4)\n"
        "x = sn.data(n, values=sn.linspace(0.0, 2.0))\ny = sn.data(n)\n"
        "a, w = sn.param(2, init=[0.1, -0.3]), sn.param(2, init=[0.5, 0.2])\n"
        "D = (x[:, None] - x) ** 2\nK = torch.exp(a[0] - D) + torch.exp(a[1]) * torch.eye(n)\n"
        + ("L = torch.linalg.cholesky(K)\n" if factor == "cholesky" else "")
        + f"f = {quadratic}\nh = sn.hvp(f, a, w)\n"
        + ("loss = sn.sum(h * h) + f\n" if factor == "inverse" else "H = sn.hessian(f, a)\nloss = sn.sum(H @ h)\n")
    )
    model = pipeline.load(path)[0]
    inputs = {"x": np.linspace(0, 2, 4), "y": [0.3, -1.0, 0.5, 2.0], "a": [0.1, -0.3], "w": [0.5, 0.2]}
    point = {n: np.array(v) for n, v in inputs.items()}
    values = evaluate(model.program, point)
    x, y = torch.linspace(0, 2, 4, dtype=torch.float64), torch.tensor([0.3, -1.0, 0.5, 2.0], dtype=torch.float64)

    def likelihood(a: Any) -> Any:
        K = torch.exp(a[0] - (x[:, None] - x) ** 2) + torch.exp(a[1]) * torch.eye(4, dtype=torch.float64)
        return (y @ torch.linalg.solve(K, y) + torch.logdet(K)) / 2

    a, w = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in ([0.1, -0.3], [0.5, 0.2]))
    hessian = torch.autograd.functional.hessian(likelihood, a, create_graph=True)
    close(values["h"], hessian @ w)
    if factor == "cholesky":
        close(values["H"], hessian)
    else:  # a third derivative, and the generated code
        (gradient,) = torch.autograd.grad(((hessian @ w) ** 2).sum() + likelihood(a), a)
        derivation = pipeline.derive_model(model)
        close(evaluate(derivation.program, point)[derivation.gradients["a"]], gradient)
        assert check(derivation, Options(("autograd",), trials=1)).exit_code == 0


@pytest.mark.parametrize("columns", [1, 2])
def test_a_jacobian_behind_a_column_that_kept_its_axis(columns: int) -> None:
    """An axis of size 1 of a tensor is one of its adjoint, but of a Jacobian not at the same place."""
    text = "torch.cumsum(torch.tanh(w)[:, None] * c, 0)[:, :1]"
    numbers, point = np.array([[0.5, -1.0][:columns]]), np.array([0.3, -0.7, 1.1])
    trace = Trace()
    with recording(trace):
        w, c = sn.param(3), sn.data(1, columns)
        z = eval(text, {"torch": torch, "w": w, "c": c})
        g = sn.grad(sn.sum((z * z.T) ** 2), w)
        J = sn.jacobian(g, w)
    trace.problems.raise_if_any()
    program = Program(trace.specs, tuple(trace.equations), g.spec.name)
    found = evaluate(program, {w.spec.name: point, c.spec.name: numbers})[J.spec.name]

    def function(w: Any) -> Any:
        z = eval(text, {"torch": torch, "w": w, "c": torch.tensor(numbers)})
        return ((z * z.T) ** 2).sum()

    close(found, torch.autograd.functional.hessian(function, torch.tensor(point)))


def test_order_two_of_the_gaussian_process_is_torchs_hessian() -> None:
    derivation = pipeline.derive_model(pipeline.load(Path("examples/gaussian_process.py"))[0], order=2)
    X, y = np.linspace(0, 3, 5), np.array([0.3, -1.0, 0.5, 2.0, 0.1])
    point = {"log_scale": 0.2, "log_length": -0.4, "log_noise": -1.0}
    values = evaluate(derivation.program, {"X": X, "y": y, **{n: np.array(v) for n, v in point.items()}})
    names = [p.spec.name for p in derivation.model.parameters]

    def likelihood(*p: Any) -> Any:
        of = dict(zip(names, p, strict=True))
        x, t = torch.tensor(X), torch.tensor(y)
        distance = (x[:, None] - x) / of["log_length"].exp()
        K = (of["log_scale"] - distance**2 / 2).exp() + of["log_noise"].exp() * torch.eye(5, dtype=torch.float64)
        return -torch.distributions.MultivariateNormal(torch.zeros_like(t), K).log_prob(t)

    leaves = tuple(torch.tensor(point[n], dtype=torch.float64) for n in names)
    wanted = torch.autograd.functional.hessian(likelihood, leaves)
    for pair, adjoint in derivation.program.adjoints.items():
        if "," in pair:
            p, q = (names.index(n) for n in pair.split(","))
            close(values[adjoint], wanted[p][q])
    assert sum("," in pair for pair in derivation.program.adjoints) == 6
