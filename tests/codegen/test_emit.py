"""The text of generated bodies: tables of spellings, the formatter, the words of a script, ownership, helpers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import mpmath
import numpy as np
import pytest
import torch

from symnet.calculus import scalars, specials
from symnet.calculus.ir import Delta
from symnet.calculus.scalars import Scalar
from symnet.codegen.languages.numpy_target import NUMPY
from symnet.codegen.lowering.elementwise import COMPARISONS
from symnet.codegen.lowering.emit import bodies
from symnet.codegen.lowering.memory import own_outputs
from symnet.codegen.lowering.schedule import share
from symnet.codegen.lowering.statements import KINDS, Add, Array, Assign, name
from symnet.codegen.stable import stable_scalars
from symnet.naming import Namer
from tests.codegen.cases import ALL
from tests.codegen.running import FORMS, LANGUAGES, as_arrays, compiled, derivation_of, generated
from tests.programs import program_of

CUBIC = """\
a = params["a"]
b = params["b"]
c = params["c"]
d = params["d"]
x2 = x**2
x3 = x2 * x
yhat = a + b * x + c * x2 + d * x3  # (1) [N]
r = yhat - y  # (2) [N]
loss = r @ r  # (3) []
dr = 2 * r  # step 1: [N]
dyhat = dr  # step 2: [N]
da = dyhat.sum()  # step 3: []
db = x @ dyhat  # step 4: []
dc = dyhat @ x2  # step 5: []
dd = dyhat @ x3  # step 6: []"""

MLP = """\
W1 = params["W1"]
b1 = params["b1"]
W2 = params["W2"]
b2 = params["b2"]
N = X.shape[0]
Z1 = X @ W1 + b1  # (1) [N,H]
A = torch.relu(Z1)  # (2) [N,H]
Z = A @ W2 + b2  # (3) [N,C]
max_Z = Z.amax(dim=1)
exp_Z = torch.exp(Z - max_Z[:, None])
s = exp_Z.sum(dim=1)  # (4) [N]
rows = torch.arange(N, device=X.device)
e = max_Z + torch.log(s) - Z[rows, t]  # (5) [N]
loss = e.sum() / N  # (6) []
de = X.new_full((N,), 1 / N)  # step 1: [N]
ds = de / s  # step 2: [N]
dZ = exp_Z * ds[:, None]  # step 3: [N,C]
dZ[rows, t] -= de
db2 = dZ.sum(dim=0)  # step 4: [C]
dA = dZ @ W2.T  # step 5: [N,H]
dW2 = A.T @ dZ  # step 6: [H,C]
dZ1 = dA * (Z1 > 0)  # step 7: [N,H]
db1 = dZ1.sum(dim=0)  # step 8: [H]
dW1 = X.T @ dZ1  # step 9: [D,H]"""


@pytest.mark.parametrize(("case", "language", "text"), [("cubic", "numpy", CUBIC), ("mlp", "torch", MLP)])
def test_the_code_is_what_a_person_writes(case: str, language: str, text: str) -> None:
    derivation = derivation_of(ALL[case].program, ALL[case].wrt, "raw")
    assert "\n".join(bodies(derivation, LANGUAGES[language]).loss_and_grads) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_and_every_scalar_function_has_a_spelling(language: str) -> None:
    assert set(LANGUAGES[language].kinds) == set(KINDS)
    modules = (scalars, specials)
    functions = {c for m in modules for c in vars(m).values() if isinstance(c, type) and issubclass(c, Scalar)}
    functions |= {c for c in vars(stable_scalars).values() if isinstance(c, type) and issubclass(c, Scalar)}
    lowered = {Scalar, specials.Rounding, scalars.Indicator, scalars.within, scalars.where, *COMPARISONS}
    lowered.add(scalars.normal_pdf)  # written as exp
    assert {c.__name__ for c in functions - lowered} <= set(LANGUAGES[language].calls)


def test_only_functions_that_a_body_calls_are_written() -> None:
    def helpers(case: str) -> str:
        return "\n".join(bodies(derivation_of(ALL[case].program, ALL[case].wrt, "raw"), NUMPY).setup)

    assert "def sigmoid(" in helpers("layer_sigmoid") and "def erfc(" not in helpers("layer_sigmoid")
    assert "def erfc(" in helpers("layer_gelu")
    assert helpers("cubic") == ""


def test_the_series_of_erfc_has_the_digits_of_a_float() -> None:
    program = program_of(
        "parameter x[N] y[N] p[N] loss", "y[i] += erf(x[i])\np[i] += normal_cdf(x[i])\nloss += y[i]*p[i]", "N"
    )
    x = np.concatenate([np.linspace(-9.0, 9.0, 3001), [-800.0, 800.0, 0.0]])
    found = compiled(program, ("y", "p"), NUMPY)({"x": x})
    np.testing.assert_allclose(found["y"], torch.erf(torch.tensor(x)).numpy(), rtol=1e-12, atol=5e-16)
    np.testing.assert_allclose(found["p"], 0.5 * torch.erfc(-torch.tensor(x) / 2**0.5).numpy(), rtol=3e-14, atol=1e-320)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_logistic_function_has_the_digits_of_a_float_on_both_sides(dtype: type[np.floating]) -> None:
    program = program_of("parameter x[N] y[N] loss", "y[i] += sigmoid(x[i])\nloss += y[i]", "N")
    normal = -np.log(float(np.finfo(dtype).tiny))  # beyond, the value is below the least normal number
    x = np.concatenate([np.linspace(-normal, normal, 501), [-1e4, 1e4, -np.inf, np.inf]]).astype(dtype)
    found = compiled(program, ("y",), NUMPY)({"x": x})["y"]
    expected = [float(1 / (1 + mpmath.exp(-mpmath.mpf(float(v))))) for v in x]
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=8 * np.finfo(dtype).eps, atol=2 * np.finfo(dtype).tiny)


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_bodies_pass_the_formatter_and_the_linter(language: str, tmp_path: Path) -> None:
    text = ["import itertools", "", "import numpy as np" if language == "numpy" else "import torch"]
    text += [line for code in LANGUAGES[language].helpers.values() for line in ("", "", *code)]
    for number, (case, form) in enumerate(product(ALL, FORMS)):
        made = generated(case, form, language).bodies
        inputs = [n for n, t in ALL[case].program.tensors.items() if t.role in ("data", "label")]
        results = ", ".join((made.loss, *(expression for _, expression in made.gradients)))
        for kind, lines, result in (("f", made.compute_loss, made.loss), ("g", made.loss_and_grads, results)):
            text += ["", "", f"def {kind}{number}({', '.join(('params', *inputs))}):"]
            text += [f"    {line}" for line in (*lines, f"return {result}")]
    path = tmp_path / "bodies.py"
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    config = str(Path(__file__).parents[2] / "pyproject.toml")
    for command in (["format", "--diff"], ["check"]):
        run = [sys.executable, "-m", "ruff", *command, "--config", config, str(path)]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_written_in_place_owns_its_memory() -> None:
    program = program_of(
        "parameter P[N,N] parameter Q[N] Y[N,N] loss",
        "Y[i,j] += P[j,i]*Q[i]\nloss += Y[i,j]**2",
        "N",
    )
    first, last = program.equations
    P_ji, Q_i = sorted(first.accesses, key=lambda a: a.name)
    program = program.with_equations([replace(first, body=P_ji + Delta(*first.left) * Q_i), last])
    P, Q = np.arange(9.0).reshape(3, 3), np.array([1.0, -2.0, 3.0])
    for language in LANGUAGES:
        values = as_arrays({"P": P, "Q": Q}, language)
        found = compiled(program, ("Y",), LANGUAGES[language])(values)
        np.testing.assert_array_equal(np.asarray(found["Y"]), P.T + np.diag(Q))
        np.testing.assert_array_equal(np.asarray(values["P"]), P)


def test_the_guard_of_ownership_fails_without_the_copy() -> None:
    view = Assign("Y", Array("transpose", (name("P", 2),), (1, 0), 2, "float"))
    update = Add("Y", (), (name("rows", 1, "int"), name("rows", 1, "int")), name("Q", 1), True, 2)
    copied, _ = own_outputs((view, update), frozenset({"P"}), ())
    assert isinstance(copied, Assign) and copied.value.kind == "copy"
    (untouched,) = own_outputs((view,), frozenset({"P"}), ())
    assert untouched == view
    (given_away,) = own_outputs((view,), frozenset({"P"}), ("Y",))
    assert isinstance(given_away, Assign) and given_away.value.kind == "copy"


def test_a_shared_expression_is_named_before_its_first_use() -> None:
    x = name("x", 1)
    square = Array("power", (x,), 2, 1, "float")
    first = Assign("a", Array("call", (square,), "exp", 1, "float"))
    second = Assign("b", square)
    shared = share((first, second), Namer(("x", "a", "b")))
    assert [s.target for s in shared] == ["x2", "a", "b"]
    assert isinstance(shared[2], Assign) and shared[2].value == name("x2", 1)


def test_batch_sizes_are_read_from_arrays_and_parameters_by_path() -> None:
    made = bodies(derivation_of(ALL["mlp"].program, ("W1", "b2"), "simplified"), NUMPY)
    assert "N = X.shape[0]" in made.loss_and_grads
    assert made.gradients == (("W1", "dW1"), ("b2", "db2"))
    assert made.predict_inputs == ("X", "t")
    assert not any("dW2" in line for line in made.loss_and_grads)


def test_constants_for_autograd_are_detached_in_the_loss_only() -> None:
    made = bodies(derivation_of(ALL["mlp"].program, ALL["mlp"].wrt, "simplified"), LANGUAGES["torch"])
    assert "max_Z = Z.amax(dim=1).detach()" in made.compute_loss
    assert not any("detach" in line for line in made.loss_and_grads)
