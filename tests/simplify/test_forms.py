"""The closed forms: each as text and as value."""

from __future__ import annotations

import pytest

from symnet.calculus.ir import Program
from tests.calculus import forward
from tests.calculus.exactly import simplified

FORMS: dict[str, tuple[Program, list[str]]] = {
    "mean, y and z named": (forward.mean_named(), ["dz[i] += 1/3", "dy[i] += 2*y[i]", "dx[i] += 2*y[i]"]),
    "mean in one line": (forward.mean_in_one_line(), ["dx[i] += 2*(x[i] + 2)"]),
    "textbook BCE, sum": (forward.textbook_bce(named=False, mean=False), ["dz[n] += sigmoid(z[n]) - y[n]"]),
    "textbook BCE, mean": (forward.textbook_bce(named=False), ["dz[n] += (sigmoid(z[n]) - y[n])/N"]),
    "textbook BCE, p named": (forward.textbook_bce(named=True), ["dz[n] += (p[n] - y[n])/N"]),
    "cross-entropy, integer labels": (
        forward.integer_cross_entropy(),
        [
            "P[n,k] += exp(Z[n,k])/s[n]",
            "dZ[n,k] += (-Delta(k, t[n]) + P[n,k])/N",
            "db[k] += Σ_n dZ[n,k]",
            "dW[d,k] += Σ_n X[n,d]*dZ[n,k]",
        ],
    ),
    "cross-entropy, one-hot rows": (
        forward.row_cross_entropy("one_hot"),
        ["de[n] += 1/N", "dZ[n,k] += (P[n,k] - Y[n,k])/N"],
    ),
    "cross-entropy, soft labels": (
        forward.row_cross_entropy(),
        ["de[n] += 1/N", "q[n] += Σ_k Y[n,k]", "dZ[n,k] += (q[n]*P[n,k] - Y[n,k])/N"],
    ),
    "a mask is its own power": (
        forward.masked("mask"),
        ["dq[n] += 1", "dz[n] += (V[n] + z[n])*W[n] - W[n] + 1"],
    ),
    "what is no mask keeps its powers": (
        forward.masked(),
        ["dq[n] += 1", "dz[n] += (1 - W[n])**4 + (V[n] + W[n]**(3/2)*z[n])*sqrt(W[n])"],
    ),
    "softmax with cotangent": (
        forward.softmax_with_cotangent(),
        ["q[n] += Σ_k G[n,k]*P[n,k]", "dZ[n,k] += (-q[n] + G[n,k])*P[n,k]"],
    ),
    "tanh network": (
        forward.tanh_network(),
        [
            "dyhat[n] += 2*(-y[n] + yhat[n])/N",
            "dw2[h] += Σ_n dyhat[n]*h[n,h]",
            "dh[n,h] += dyhat[n]*w2[h]",
            "da[n,h] += (1 - h[n,h]**2)*dh[n,h]",
            "dW1[d,h] += Σ_n X[n,d]*da[n,h]",
        ],
    ),
    "slope of a network": (  # the factor w2[h] is free of the sum over n, and s = w2 (1 - a²) is read all the same
        forward.slope_of_a_network(),
        [
            "dg[n,d] += 2*g[n,d]",
            "ds[n,h] += Σ_d W1[d,h]*dg[n,d]",
            "du[n,h] += -2*a[n,h]*ds[n,h]*s[n,h]",
            "dW1[d,h] += Σ_n dg[n,d]*s[n,h]",
            "dW1[d,h] += Σ_n X[n,d]*du[n,h]",
        ],
    ),
    "sigmoid layers": (
        forward.sigmoid_layers(),
        [
            "dh2[n,k] += 2*(h2[n,k] - y[n,k])",
            "da2[n,k] += (1 - h2[n,k])*dh2[n,k]*h2[n,k]",
            "dW2[h,k] += Σ_n da2[n,k]*h1[n,h]",
            "dh1[n,h] += Σ_k W2[h,k]*da2[n,k]",
            "da1[n,h] += (1 - h1[n,h])*dh1[n,h]*h1[n,h]",
            "dW1[d,h] += Σ_n X[n,d]*da1[n,h]",
        ],
    ),
    "cubic least squares": (
        forward.cubic(),
        [
            "dyhat[n] += 2*(-y[n] + yhat[n])",
            "da += Σ_n dyhat[n]",
            "db += Σ_n dyhat[n]*x[n]",
            "dc += Σ_n dyhat[n]*x[n]**2",
            "dd += Σ_n dyhat[n]*x[n]**3",
        ],
    ),
    "MLP": (
        forward.mlp(),
        [
            "P[n,k] += exp(Z2[n,k])/s[n]",
            "de[n] += 1/N",
            "dZ2[n,k] += (-Delta(k, t[n]) + P[n,k])/N",
            "db2[k] += Σ_n dZ2[n,k]",
            "dA[n,h] += Σ_k W2[h,k]*dZ2[n,k]",
            "dW2[h,k] += Σ_n A[n,h]*dZ2[n,k]",
            "dZ1[n,h] += greater(Z1[n,h], 0)*dA[n,h]",
            "db1[h] += Σ_n dZ1[n,h]",
            "dW1[d,h] += Σ_n X[n,d]*dZ1[n,h]",
        ],
    ),
    "batch norm": (
        forward.batch_norm(),
        [
            "dbeta[d] += Σ_n G[n,d]",
            "dgamma[d] += Σ_n G[n,d]*xh[n,d]",
            "dx[n,d] += (G[n,d] - (dbeta[d] + dgamma[d]*xh[n,d])/N)*gamma[d]*r[d]",
        ],
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_form_is_what_a_person_writes_and_equal_to_the_raw_adjoint(name: str) -> None:
    program, expected = FORMS[name]
    result = simplified(program)
    assert [str(e) for e in result.program.equations[len(program.equations) :]] == expected
    assert result.program.equations[: len(program.equations)] == program.equations


def test_a_declared_fact_is_reported() -> None:
    assert tuple(map(str, simplified(forward.row_cross_entropy("one_hot")).facts)) == (
        "Σ_k Y[n,k] = 1 (Y is declared one_hot)",
    )
    assert simplified(forward.row_cross_entropy()).facts == ()


def test_a_record_holds_both_sides_and_the_reason() -> None:
    records = simplified(forward.row_cross_entropy("one_hot")).rewrites
    (fact,) = (r for r in records if r.name == "declared fact")
    assert (str(fact.before), str(fact.after)) == ("Σ_k Y[n,k]", "1")
    assert fact.reason == "Y is declared one_hot"
