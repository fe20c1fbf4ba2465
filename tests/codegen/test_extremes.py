"""Logits of ±800, in float32 and float64, warnings as errors: loss and gradients are finite and right."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate, multidigit
from symnet.calculus.ir import Program
from tests.codegen.running import FORMS, LANGUAGES, as_arrays, derivation_of, functions_of
from tests.programs import program_of

SOFTMAX = "s[n] += exp(Z[n,k])\nP[n,k] += exp(Z[n,k])/s[n]\n"
DECLARED = "parameter Z[N,C] data Y[N,C] label t[N] s[N] e[N] P[N,C] E[N,C] loss"
VECTOR = "parameter z[N] data y[N] p[N] l[N] loss"
LOSSES = {
    "labels": (DECLARED, "s[n] += exp(Z[n,k])\ne[n] += log(s[n]) - Z[n,t[n]]\nloss += e[n]/N"),
    "probabilities": (DECLARED, "s[n] += exp(Z[n,k])\ne[n] += Y[n,k]*(log(s[n]) - Z[n,k])\nloss += e[n]/N"),
    "log_of_softmax": (DECLARED, SOFTMAX + "loss += -Y[n,k]*log(P[n,k])/N"),
    "log_of_softmax_at_label": (DECLARED, SOFTMAX + "loss += -log(P[n,t[n]])/N"),
    "log_of_written_softmax": (DECLARED, "s[n] += exp(Z[n,k])\nloss += -Y[n,k]*log(exp(Z[n,k])/s[n])/N"),
    "softmax_squared_error": (DECLARED, SOFTMAX + "loss += (P[n,k] - Y[n,k])**2"),
    "named_exponentials": (DECLARED, "E[n,k] += exp(Z[n,k])\ns[n] += E[n,k]\nloss += Y[n,k]*E[n,k]/s[n]"),
    "bce": (VECTOR, "p[n] += sigmoid(z[n])\nloss += -(y[n]*log(p[n]) + (1 - y[n])*log(1 - p[n]))/N"),
    "bce_in_one": (VECTOR, "loss += -(y[n]*log(sigmoid(z[n])) + (1 - y[n])*log(1 - sigmoid(z[n])))/N"),
    "bce_written_out": (VECTOR, "p[n] += 1/(1 + exp(-z[n]))\nloss += -(y[n]*log(p[n]) + (1 - y[n])*log(1 - p[n]))/N"),
    "bce_with_logits": (VECTOR, "loss += (softplus(z[n]) - y[n]*z[n])/N"),
    "softplus_written_out": (VECTOR, "loss += log(1 + exp(z[n])) - y[n]*z[n]"),
    "log_sigmoid": (VECTOR, "loss += -log(sigmoid(z[n]))*y[n]"),
    "silu": (VECTOR, "l[n] += z[n]*sigmoid(z[n])\nloss += y[n]*l[n]"),
    "gelu": (VECTOR, "l[n] += z[n]*normal_cdf(z[n])\nloss += y[n]*l[n]"),
    "tanh": (VECTOR, "l[n] += tanh(z[n])\nloss += y[n]*l[n]"),
}


def inputs(declared: str) -> dict[str, Any]:
    Z = np.array([[800.0, -800.0, 3.0], [-800.0, 800.0, 799.0], [0.0, 1.0, -2.0], [-800.0, -800.0, -801.0]])
    Y = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.25, 0.5, 0.25]])
    z = np.array([800.0, -800.0, 0.5, -3.0, 800.0, -800.0])
    y = np.array([0.0, 0.0, 1.0, 0.0, 1.0, 1.0])
    matrix = {"Z": Z, "Y": Y, "t": np.array([1, 0, 2, 1])}
    return matrix if declared == DECLARED else {"z": z, "y": y}


@cache
def program_and_wrt(name: str) -> tuple[Program, tuple[str, ...]]:
    declared, lines = LOSSES[name]
    return program_of(declared, lines, "N C"), ("Z",) if declared == DECLARED else ("z",)


@cache
def truth(name: str) -> dict[str, Any]:
    """Every tensor of the raw program: 1 - sigmoid(800) is 1e-348."""
    return evaluate(derive(*program_and_wrt(name)), inputs(LOSSES[name][0]), multidigit(800))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", LOSSES)
def test_saturated_logits(name: str, form: str, language: str, dtype: str) -> None:
    program, wrt = program_and_wrt(name)
    values, exact = inputs(LOSSES[name][0]), truth(name)
    functions = functions_of(derivation_of(program, wrt, form), LANGUAGES[language])
    with warnings.catch_warnings(), np.errstate(over="raise", divide="raise", invalid="raise"):
        warnings.simplefilter("error")
        loss, grads = functions.run(as_arrays(values, language, dtype))
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    wanted = np.vectorize(float, otypes=[float])
    np.testing.assert_allclose(np.asarray(loss), wanted(exact["loss"]), rtol=tolerance)
    found, gradient = np.asarray(grads[wrt[0]]), wanted(exact[f"d{wrt[0]}"])
    np.testing.assert_allclose(found, gradient, rtol=tolerance, atol=tolerance)
