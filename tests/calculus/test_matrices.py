"""Functions of whole matrices: each row of the table against autograd, exact numbers and second derivatives."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

import symnet as sn
from symnet.calculus.derive import derive, derive_second
from symnet.calculus.evaluate import EXACT, FLOAT, evaluate, multidigit
from symnet.calculus.ir import Program
from symnet.calculus.matrices import MATRIX_FUNCTIONS
from symnet.calculus.verify import verify
from symnet.model import Given, Model
from symnet.simplify.simplify import simplify
from tests.cases.matrix_functions import DATA, PARAMETERS, TEXTS, names_of, value_of
from tests.cases.running import model_of

#: Functions whose gradient needs eigenvectors or two solved systems lose a few digits more.
RTOL, ATOL = 1e-9, 1e-10


def program_of(text: str) -> Program:
    """The forward equations of a case."""
    return model_for(text).program


def model_for(text: str) -> Model:
    """A case as a model; C is declared symmetric."""

    def loss() -> Any:
        given = {n: sn.param(*PARAMETERS[n].shape, name=n) for n in names_of(text)}
        data = {n: sn.data(4, 4, values=v, name=n, symmetric=n == "C") for n, v in DATA.items()}
        return value_of(text, {**given, **data})

    model = model_of(loss)
    GIVEN.update({i.spec.name: np.asarray(i.values.values) for i in model.inputs if isinstance(i.values, Given)})
    return model


#: The numbers of data, those of arrays that stand in a case too.
GIVEN: dict[str, Any] = {}


def inputs_of(program: Program) -> dict[str, Any]:
    return {n: v for n, v in {**GIVEN, **PARAMETERS}.items() if n in program.tensors}


def by_autograd(text: str) -> tuple[float, dict[str, Any]]:
    tensors = {n: torch.tensor(PARAMETERS[n], requires_grad=True) for n in names_of(text)}
    loss = value_of(text, tensors)
    loss.backward()
    zero = {n: np.zeros(t.shape) for n, t in tensors.items()}
    return float(loss.detach()), {n: zero[n] if t.grad is None else t.grad.numpy() for n, t in tensors.items()}


@pytest.mark.parametrize("text", TEXTS)
def test_gradients_are_autograds(text: str) -> None:
    program, (loss, gradients) = program_of(text), by_autograd(text)
    raw = verify(derive(program, names_of(text)))
    short = verify(simplify(raw, {}).program)
    scale = max(1.0, *(float(np.abs(g).max()) for g in gradients.values()))
    for derived in (raw, short):
        found = evaluate(derived, inputs_of(program))
        np.testing.assert_allclose(found[program.loss], loss, rtol=RTOL, atol=ATOL)
        for name, gradient in gradients.items():
            np.testing.assert_allclose(found[derived.adjoints[name]], gradient, rtol=RTOL, atol=ATOL * scale)


#: A case for each function, so that the second derivative goes through its row again.
SECOND = {
    "inv": "a @ inv(X) @ b",
    "det": "det(X)",
    "logdet": "logdet(X.T @ X)",
    "logabsdet": "torch.linalg.slogdet(X)[1]",
    "signdet": "torch.linalg.slogdet(X)[0] * torch.sin(det(X))",
    "cholesky": "torch.sin(cholesky(sym(S))).sum()",
    "eigvalsh": "torch.sin(torch.linalg.eigvalsh(sym(S))).sum()",
    "eigenvectors": "torch.linalg.eigvalsh(X + X.T)[-1]",
    "svdvals": "torch.sin(torch.linalg.svdvals(Z)).sum()",
    "left_singular": "norm(Z, 'nuc')",
    "right_singular": "norm(Z.T, 2)",
    "matrix_exp": "torch.sin(matrix_exp(X / 3)).sum()",
    "pinv": "torch.sin(torch.linalg.pinv(Z)).sum()",
    "prod": "torch.sin(torch.prod(torch.cat([Z, Z * Z]), 0)).sum()",
    "prod_of_others": "torch.prod(torch.cat([X, X]), 0)[1] * torch.sin(X[0]).sum()",
}


@pytest.mark.parametrize("function", MATRIX_FUNCTIONS)
def test_second_derivatives_come_by_the_same_rule(function: str) -> None:
    text = SECOND[function]
    (name,) = [n for n in names_of(text) if n not in "ab"]
    program = program_of(text)
    second = verify(derive_second(derive(program, (name,)), (name,)))
    assert function in {e.op for e in second.equations}
    fixed = {n: torch.tensor(PARAMETERS[n]) for n in names_of(text)}
    hessian = torch.autograd.functional.hessian(
        lambda x: value_of(text, {**fixed, name: x}), torch.tensor(PARAMETERS[name])
    )
    for derived in (second, verify(simplify(second, {}).program)):
        found = evaluate(derived, inputs_of(program))[derived.adjoints[f"{name},{name}"]]
        scale = float(hessian.abs().max())
        np.testing.assert_allclose(found, hessian.numpy(), rtol=1e-7, atol=1e-9 * scale)


@pytest.mark.parametrize(
    "text", ["tr(A @ inv(X) @ B)", "det(X) * s", "a @ inv(X.T @ X) @ b", "torch.linalg.pinv(Z)[0, 1]"]
)
def test_exact_fractions(text: str) -> None:
    program = program_of(text)
    rng = np.random.default_rng(0)
    inputs = {
        n: np.array([Fraction(int(k), 5) for k in rng.integers(-9, 10, v.size)], dtype=object).reshape(v.shape)
        for n, v in inputs_of(program).items()
    }
    raw = derive(program, names_of(text))
    exact, short = evaluate(raw, inputs, EXACT), evaluate(simplify(raw, {}).program, inputs, EXACT)
    near = evaluate(raw, {n: v.astype(float) for n, v in inputs.items()})
    for name in names_of(text):
        gradient = exact[raw.adjoints[name]]
        assert (gradient == short[raw.adjoints[name]]).all()
        np.testing.assert_allclose(gradient.astype(float), near[raw.adjoints[name]], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("function", MATRIX_FUNCTIONS)
def test_fifty_digits_agree_with_floats(function: str) -> None:
    text = SECOND[function]
    program = derive(program_of(text), names_of(text))
    inputs = inputs_of(program)
    many, floats = evaluate(program, inputs, multidigit(50)), evaluate(program, inputs, FLOAT)
    for name in (program.loss, *(program.adjoints[n] for n in names_of(text))):
        np.testing.assert_allclose(np.asarray(many[name], dtype=float), floats[name], rtol=1e-8, atol=1e-10)


def test_there_are_enough_identities() -> None:
    assert len(TEXTS) >= 40 and SECOND.keys() == MATRIX_FUNCTIONS.keys()
