"""The contract of stabilise: loss and gradients at extreme inputs, warnings as errors, against 820 digits.

The rule is ``|found - true| <= tolerance * max(|true|, terms) + tiny``, for each entry of each batch.
"""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate, multidigit
from symnet.calculus.ir import Program
from symnet.codegen.lowering.emit import bodies
from symnet.explain.options import Options
from symnet.model import Derivation
from symnet.pipeline import derive_model, explain, load
from tests.calculus.exactly import remembering
from tests.codegen.running import FORMS, LANGUAGES, Functions, as_arrays, derivation_of, functions_of
from tests.codegen.stable_cases import CASES, LOGITS, NORMS, SMALL_LOGITS, Extreme, Inputs, inputs_of
from tests.programs import program_of

DTYPES = {"float64": (LOGITS, 1e-12, 1e-300), "float32": (SMALL_LOGITS, 1e-5, 1e-36)}
#: 1 - tanh(800) is 1e-695, 1 - tanh(80) is 1e-69.
DIGITS = {"float64": remembering(multidigit(820)), "float32": remembering(multidigit(200))}


def program_and_wrt(case: Extreme) -> tuple[Program, tuple[str, ...]]:
    program = program_of(case.declared, case.lines, "N C")
    return program, tuple(n for n, t in program.tensors.items() if t.role == "parameter")


@cache
def batches(name: str, dtype: str) -> list[tuple[Inputs, dict[str, np.ndarray]]]:
    """The inputs of a case, rounded to the dtype, with loss and gradients of the raw program as exact as float64 is."""
    case = (CASES | NORMS)[name]
    program, wrt = program_and_wrt(case)
    raw = derive(program, wrt)
    outputs = {"loss": "loss"} | {n: raw.adjoints[n] for n in wrt}
    given = [n for n, t in program.tensors.items() if t.role in ("parameter", "data", "label")]
    as_float = np.vectorize(float, otypes=[float])
    found = []
    for drawn in inputs_of(case, DTYPES[dtype][0]):
        rounded = {n: v.astype(dtype).astype(float) if v.dtype.kind == "f" else v for n, v in drawn.items()}
        inputs = {n: rounded.get(n, np.zeros(())) for n in given}
        exact = evaluate(raw, inputs, DIGITS[dtype])
        with np.errstate(under="ignore"):
            found.append((inputs, {n: as_float(exact[o]) for n, o in outputs.items()}))
    return found


@cache
def derived(name: str, form: str) -> Derivation:
    return derivation_of(*program_and_wrt((CASES | NORMS)[name]), form)


@cache
def generated(name: str, form: str, language: str) -> Functions:
    return functions_of(derived(name, form), LANGUAGES[language])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", CASES | NORMS)
def test_extreme_inputs(name: str, form: str, language: str, dtype: str) -> None:
    case = (CASES | NORMS)[name]
    terms = case.terms if form == "simplified" else max(1.0, case.terms)
    functions = generated(name, form, language)
    _, tolerance, tiny = DTYPES[dtype]
    for inputs, exact in batches(name, dtype):
        arrays = as_arrays(inputs, language, dtype)
        with warnings.catch_warnings(), np.errstate(over="raise", divide="raise", invalid="raise"):
            warnings.simplefilter("error")
            loss, gradients = functions.run(arrays)
        for output, true in exact.items():
            found = np.asarray(loss if output == "loss" else gradients[output])
            assert found.dtype == dtype and np.isfinite(found).all(), (output, inputs)
            bound = tolerance * np.maximum(np.abs(true), terms) + tiny
            assert (np.abs(found - true) <= bound).all(), (output, inputs, found, true)


ALONG_BOTH = (
    "parameter Z[N,N] data Y[N,N] s[N] r[N] P[N,N] E[N,N] loss",
    "s[k] += exp(Z[n,k])\nP[n,k] += exp(Z[n,k])/s[k]\nr[n] += exp(Z[n,k])\n",
)
#: Exponentials that are read before their sum is known, and sums of the same ones along different axes.
SHARED_EXPONENTIALS = {
    "before the sum": (
        "parameter Z[N,N] data Y[N,N] E[N,N] s[N] loss",
        "E[n,k] += exp(Z[n,k])*Y[n,k]\ns[n] += exp(Z[n,k])\nloss += tanh(E[n,k])\nloss += log(s[n])",
    ),
    "a share and a logarithm": (
        ALONG_BOTH[0],
        ALONG_BOTH[1] + "loss += log(r[n])\nloss += -Y[n,k]*log(P[n,k])",
    ),
    "two shares": (ALONG_BOTH[0], ALONG_BOTH[1] + "E[n,k] += exp(Z[n,k])/r[n]\nloss += Y[n,k]*P[n,k]*E[n,k]"),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SHARED_EXPONENTIALS)
def test_shared_exponentials_have_their_values(name: str, form: str, language: str) -> None:
    program = program_of(*SHARED_EXPONENTIALS[name], "N")
    raw = derive(program, ("Z",))
    rng = np.random.default_rng(0)
    inputs = {"Z": rng.normal(size=(4, 4)), "Y": rng.normal(size=(4, 4))}
    exact = evaluate(raw, inputs)
    functions = functions_of(derivation_of(program, ("Z",), form), LANGUAGES[language])
    loss, gradients = functions.run(as_arrays(inputs, language, "float64"))
    np.testing.assert_allclose(np.asarray(loss), exact["loss"], rtol=1e-13)
    np.testing.assert_allclose(np.asarray(gradients["Z"]), exact[raw.adjoints["Z"]], rtol=0, atol=1e-13)


def test_what_a_mask_hides_is_not_computed() -> None:
    """The mask stands inside the exponential and inside the maximum, for both ways of masking."""
    for name in ("causal_softmax", "chosen_softmax"):
        text = "\n".join(generated(name, "simplified", "numpy").bodies.loss_and_grads)
        assert text.count("np.exp(") == 1
        if name == "causal_softmax":  # one entry of each row is left, so the mask is laid on once for both
            assert "masked_Z = np.where(" in text
            assert "np.exp(masked_Z - " in text and "masked_Z.max(axis=1)" in text
        else:
            assert "np.exp(np.where(" in text and ', Z, -float("inf")).max(axis=1)' in text


def test_the_printed_mathematics_stays_naive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing never asks stabilise, and generating code leaves the derivation as it was."""
    derivation = derive_model(load(Path("examples/sigmoid_neuron.py"))[0])
    before = explain(derivation, Options(), "text")
    bodies(derivation, LANGUAGES["numpy"])
    monkeypatch.setattr("symnet.codegen.lowering.emit.stabilise", None)
    assert explain(derivation, Options(), "text") == before
    for hidden in ("softplus", "log1p", "max_"):
        assert hidden not in before
