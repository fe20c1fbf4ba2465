"""Norms that are 0: gradients as torch's words have them, finite in every target, form and dtype, without a warning."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from symnet import pipeline
from symnet.calculus.derive import derive, derive_second
from symnet.calculus.evaluate import evaluate
from symnet.calculus.norms import norms_of, with_flat_norms
from symnet.explain.options import Options
from symnet.model import Model
from symnet.verify.report import Options as CheckOptions
from tests.codegen.running import FORMS, LANGUAGES, as_arrays, derivation_of, functions_of
from tests.programs import program_of

X = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, -1.0], [0.0, 3.0, 0.0]])
DECLARED = "parameter X[N,D] data g[N] s[N] r[N] q[N,D] d[N] c[N] t[N] loss"
#: Equations, and the same in torch's words of X and g.
CASES: dict[str, tuple[str, Any]] = {
    "plain": ("s[n] += X[n,k]**2\nloss += g[n]*sqrt(s[n])", lambda x, g: g @ x.norm(dim=1)),
    "by_the_square": (
        "q[n,k] += X[n,k]**2\ns[n] += q[n,k]/D\nloss += g[n]*sqrt(D*s[n])",
        lambda x, g: g @ x.norm(dim=1),
    ),
    "named_root": (
        "s[n] += X[n,k]**2\nd[n] += 3*sqrt(s[n])\nloss += g[n]*exp(-d[n])",
        lambda x, g: g @ torch.exp(-3 * x.norm(dim=1)),
    ),
    "shared": (
        "s[n] += X[n,k]**2\nr[n] += X[n,k]**2\nloss += s[n]\nloss += g[n]*sqrt(r[n])",
        lambda x, g: (x**2).sum() + g @ x.norm(dim=1),
    ),
    "cubes": ("s[n] += absolute(X[n,k])**3\nloss += g[n]*s[n]**Rational(1,3)", lambda x, g: g @ x.norm(3, dim=1)),
    "roots": ("s[n] += sqrt(absolute(X[n,k]))\nloss += g[n]*s[n]**2", lambda x, g: g @ x.norm(0.5, dim=1)),
    "guarded": (
        "s[n] += X[n,k]**2 if k <= n\nloss += g[n]*sqrt(s[n])",
        lambda x, g: g @ (x * torch.ones(3, 3).tril()).norm(dim=1),
    ),
    "of_a_product": (
        "s[n] += X[n,k]**2*X[n,j]**2\nloss += g[n]*sqrt(s[n])",
        lambda x, g: g @ torch.linalg.matrix_norm(x[:, :, None] * x[:, None, :]),
    ),
    "counted": (
        "c[n] += Rational(2) if n >= 0\ns[n] += X[n,k]**2/c[n]\nloss += g[n]*sqrt(s[n])",
        lambda x, g: g @ x.norm(dim=1) / 2**0.5,
    ),
    "below_a_maximum": (
        "s[n] += X[n,k]**2\nd[n] += maximum(sqrt(s[n]), Rational(1,4))\nt[n] += X[n,k]\nloss += g[n]*t[n]/d[n]",
        lambda x, g: g @ (x.sum(1) / x.norm(dim=1).clamp_min(0.25)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_torchs(name: str) -> None:
    lines, theirs = CASES[name]
    program, g = program_of(DECLARED, lines), np.array([0.7, -1.3, 0.4])
    x = torch.tensor(X, requires_grad=True)
    value = theirs(x, torch.tensor(g))
    value.backward()
    for form in FORMS:
        for language, spelled in LANGUAGES.items():
            functions = functions_of(derivation_of(program, ("X",), form), spelled)
            for dtype, rtol in (("float64", 1e-13), ("float32", 1e-6)):
                arrays = as_arrays({"X": X, "g": g}, language, dtype)
                with warnings.catch_warnings(), np.errstate(all="raise"):
                    warnings.simplefilter("error")
                    loss, found = functions.run(arrays)
                assert np.asarray(found["X"]).dtype == dtype
                np.testing.assert_allclose(loss, value.item(), rtol=rtol)
                np.testing.assert_allclose(found["X"], x.grad, rtol=rtol, atol=rtol, err_msg=f"{form} {language}")
    parameter = torch.tensor(X, requires_grad=True)  # and what autograd makes of the code of the forward equations
    functions.compute_loss({"X": parameter}, torch.tensor(g)).backward()
    np.testing.assert_allclose(parameter.grad, x.grad, rtol=1e-13, atol=1e-14)


NO_NORMS = {
    "differences": "s[n] += X[n,k]**2 - X[n,0]**2",
    "signs": "s[n] += (k - 1)*X[n,k]**2",
    "weighed": "s[n] += X[n,k]**2*X[n,0]",
    "cubes": "s[n] += X[n,k]**3",
    "a sum of signs": "q[n,k] += (k - 1)*X[n,k]**2\ns[n] += q[n,k]",
    "maximum": "s[n] max= X[n,k]**2",
    "divided by": "s[n] += X[n,k]**2\nloss += 1/s[n]",
    "logarithm": "s[n] += X[n,k]**2\nd[n] += sqrt(s[n])\nloss += log(2*d[n])",
}


@pytest.mark.parametrize("name", NO_NORMS)
def test_what_is_no_norm_keeps_its_poles(name: str) -> None:
    program = derive(program_of(DECLARED, f"{NO_NORMS[name]}\nloss += g[n]*sqrt(s[n])"), ("X",))
    reads = {a for e in program.equations if e.target == "loss" for a in e.accesses if a.name == "s"}
    assert [norms_of(program).of(read) for read in reads] == [None] * len(reads) != []


def test_second_derivatives() -> None:
    """torch's are 0 for a power of 3 and no number for one of 2: 0 is taken for both."""
    for power, size in ((2, "X[n,k]**2"), (3, "absolute(X[n,k])**3")):
        program = program_of(DECLARED, f"s[n] += {size}\nloss += g[n]*s[n]**Rational(1,{power})")
        second = with_flat_norms(derive_second(derive(program, ("X",)), ("X",)))
        x, g = torch.tensor(X), torch.tensor([0.7, -1.3, 0.4], dtype=torch.float64)
        hessian = torch.autograd.functional.hessian(lambda x, p=power, g=g: g @ x.norm(p, dim=1), x)
        values = evaluate(second, {"X": X, "g": g.numpy()})
        found = values[second.adjoints["X,X"]]
        np.testing.assert_allclose(found, torch.nan_to_num(hessian, 0.0), rtol=1e-12, atol=1e-14)


HEAD = "import torch, symnet as sn\nN, D = sn.dims(N=3, D=3)\n"
HEAD += "x, w = sn.data(N, D), sn.param(D, D)\nh = torch.relu(x @ w)\n"
MODELS = {
    "cdist": "loss = torch.cdist(h, h).mean()\n",
    "std": "loss = torch.std(h, 1).sum() + torch.var(h, 1).mean()\n",
    "penalty": "g = sn.grad(h.norm(dim=1).sum(), h)\nloss = ((g.norm(dim=1) - 1) ** 2).mean() + g.std(1).sum()\n",
    "tangent": "g = sn.jvp(h.norm(3, dim=1), h, x)\nloss = (g**2).sum()\n",
}


def model_of(tmp_path: Path, name: str) -> Model:
    path = tmp_path / f"{name}.py"
    path.write_text(HEAD + MODELS[name])
    return pipeline.load(path)[0]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_with_rows_of_0_is_checked_by_every_method(name: str, tmp_path: Path) -> None:
    report = pipeline.check(pipeline.derive_model(model_of(tmp_path, name)), CheckOptions(trials=3))
    assert report.exit_code == 0, report
    assert all(row.exact for row in report.rows)


def test_the_derivation_says_once_what_holds_at_0(tmp_path: Path) -> None:
    text = pipeline.explain(pipeline.derive_model(model_of(tmp_path, "cdist")), Options(), "text")
    assert text.count("a norm > 0; where it is 0 the scripts take 0 for its inverse, as PyTorch does") == 1
    assert "where(" not in text
