"""The catalogue of closed forms: every derived gradient is the expert's, costs no more, and prints as in a book.

``examples/closed_forms`` holds a model file for each form with ``expert()``, the gradients as an expert writes them.
"""

from __future__ import annotations

import numpy as np
import pytest

from symnet import pipeline
from symnet.calculus.evaluate import EXACT, FLOAT, evaluate
from symnet.explain.options import Options
from symnet.simplify.operations import operations
from tests.closed_forms import (
    DIGITS,
    FOLDER,
    FORMS,
    autograd,
    derived,
    exact_values,
    expert,
    float_point,
)

POINTS = 3
REPRESENTATIVE = 32  # a size that the data bring, in the cost model


@pytest.mark.parametrize("form", FORMS)
def test_the_derived_gradient_is_the_experts(form: str) -> None:
    derivation, written = derived(form), expert(form)
    assert set(written.adjoints) == set(derivation.wrt)
    for turn in range(POINTS):
        arithmetic, (ours, theirs, raw) = exact_values([derivation.program, written, derivation.raw], derivation, turn)
        for name, adjoint in written.adjoints.items():
            gradients = ours[derivation.program.adjoints[name]], raw[derivation.raw.adjoints[name]], theirs[adjoint]
            assert len({g.shape for g in gradients}) == 1
            mine, rule, other = (np.ravel(g) for g in gradients)
            if arithmetic is EXACT:
                assert (mine == other).all() and (rule == other).all()
            else:
                bound = 10.0**-DIGITS * (1 + max(map(abs, rule)))
                assert max(map(abs, (*(mine - other), *(rule - other)))) <= bound


@pytest.mark.parametrize("form", FORMS)
def test_the_derived_gradient_is_autograds(form: str) -> None:
    derivation = derived(form)
    for turn in range(POINTS):
        point = float_point(derivation, turn)
        values = evaluate(derivation.program, point.inputs, FLOAT)
        loss, gradients = autograd(FOLDER / f"{form}.py", derivation, point)
        assert float(values[derivation.program.loss]) == pytest.approx(loss, rel=1e-12, abs=1e-12)
        for name, gradient in gradients.items():
            ours = values[derivation.program.adjoints[name]]
            np.testing.assert_allclose(ours, gradient, rtol=1e-9, atol=1e-12 * (1 + np.abs(gradient).max()))


@pytest.mark.parametrize("form", FORMS)
def test_the_derived_gradient_costs_no_more_than_the_experts(form: str) -> None:
    derivation, written = derived(form), expert(form)
    free = derivation.model.program.targets()
    costs = [
        operations(program, [program.adjoints[name] for name in derivation.wrt], free)
        for program in (derivation.program, written)
    ]
    numbers = {s: derivation.model.sizes[s.name] or REPRESENTATIVE for c in costs for s in c.free_symbols}
    ours, theirs = (float(c.xreplace(numbers)) for c in costs)
    assert ours <= theirs, f"{costs[0]} against {costs[1]}"


#: What must be printed, as a book has it: lines of the result, with ``;`` between those of one form.
PRINTED = {
    "binary_cross_entropy": "dz = sigmoid(z) − y",
    "binary_cross_entropy_named": "dz = (p − y)/N",
    "cross_entropy_labels": "dZ = (P − Y)/N = (softmax(Z) − onehot(t))/N",
    "cross_entropy_one_hot": "dZ = (P − Y)/N = (softmax(Z) − Y)/N",
    "cross_entropy_simplex": "dZ = (P − Y)/N",
    "cross_entropy_soft": "dZ = (P ⊙ rowsum(Y) − Y)/N",
    "softmax": "dZ = P ⊙ (G − rowsum(G ⊙ P))",
    "log_softmax": "dZ = G − P ⊙ rowsum(G) = G − softmax(Z) ⊙ rowsum(G)",
    "logsumexp": "dz = P = softmax(z)",
    "batch_norm": "dbeta = 1ᵀ dY; dgamma = 1ᵀ (dY ⊙ xh); dXₙᵢ = gammaᵢ rᵢ (dYₙᵢ − (dbetaᵢ + dgammaᵢ xhₙᵢ)/N)",
    "batch_norm_bessel": "dXₙᵢ = gammaᵢ rᵢ (dYₙᵢ − dbetaᵢ/N − dgammaᵢ xhₙᵢ/(N − 1))",
    "batch_norm_mean_and_xhat": "dXₙᵢ = gammaᵢ (dYₙᵢ − (dbetaᵢ + dgammaᵢ xhₙᵢ)/N)/sqrt(zᵢ)",
    "batch_norm_bias": "dbeta = 1ᵀ dY; dgamma = 1ᵀ (dY ⊙ xh); db = 0; dW = Xᵀ dZ",
    "batch_norm_convolution": "dZₙₖₗ = gammaₖ rₖ (dYₙₖₗ − (dbetaₖ + dgammaₖ xhₙₖₗ)/(5 N)); db = 0",
    "batch_norm_unnamed": "dbeta = 1ᵀ dY; dXₙᵢ = gammaᵢ (dYₙᵢ − (dbetaᵢ + dgammaᵢ xhₙᵢ)/N)/sqrt(z_2ᵢ)",
    "group_norm": "dbetaᵢⱼ = Σₙ Σₖ dYₙᵢⱼₖ; dgammaᵢⱼ = Σₙ Σₖ dYₙᵢⱼₖ xhₙᵢⱼₖ; dxhₙᵢⱼₖ = dYₙᵢⱼₖ gammaᵢⱼ; "
    "dXₙᵢⱼₖ = rₙᵢ (dxhₙᵢⱼₖ − (Σₛ gammaᵢₛ Σᵤ dYₙᵢₛᵤ + xhₙᵢⱼₖ Σₚ Σₘ dxhₙᵢₚₘ xhₙᵢₚₘ)/(L S)) = "
    "rₙᵢ (dYₙᵢⱼₖ gammaᵢⱼ − (Σₛ gammaᵢₛ Σᵤ dYₙᵢₛᵤ + xhₙᵢⱼₖ Σₚ Σₘ dxhₙᵢₚₘ xhₙᵢₚₘ)/(L S))",
    "layer_norm": "dXₙᵢ = rₙ (dxhₙᵢ − (Σₚ dxhₙₚ + xhₙᵢ Σₘ dxhₙₘ xhₙₘ)/D)",
    "rms_norm": "dXₙᵢ = rₙ (dxhₙᵢ − (xhₙᵢ Σₘ dxhₙₘ xhₙₘ)/D)",
    "instance_norm": "dXₙᵢⱼ = gammaᵢ rₙᵢ (dYₙᵢⱼ − (Σₚ dYₙᵢₚ + xhₙᵢⱼ Σₘ dYₙᵢₘ xhₙᵢₘ)/L)",
    "attention": "dV = Pᵀ dO; dS = P ⊙ (dP − rowsum(dO ⊙ O)); dK = dSᵀ Q/sqrt(d); dQ = dS K/sqrt(d)",
    "attention_causal": "dV = Pᵀ dO; dS = P ⊙ (dP − rowsum(dO ⊙ O)); dK = dSᵀ Q/sqrt(d); dQ = dS K/sqrt(d)",
    "attention_key_bias": "dS = P ⊙ (dP − rowsum(dO ⊙ O)); dbk = 0",
    "ridge": "dw = 2 (Xᵀ (X w − y) + lam w)",
    "elastic_net": "dw = 2 Xᵀ r + lam1 sign(w) + 2 lam2 w",
    "quadratic_form": "dx = A x + Aᵀ x",
    "quadratic_form_symmetric": "dx = 2 A x",
    "log_cosh": "dr = tanh(r)",
    "softplus": "dz = sigmoid(z)",
    "huber": "dyhat = clip(r, −3/2, 3/2)",
    "huber_word": "dyhat = clip(yhat − y, −1, 1)",
    "silu": "dz = G ⊙ (sigmoid(z) + y ⊙ (1 − sigmoid(z)))",
    "gelu": "dz = G ⊙ (Φ(z) + z ⊙ φ(z))",
    "gelu_tanh": "dz = (G ⊙ (u + 0.7978845608 (z ⊙ (0.134145 z² + 1) ⊙ (1 − u²)) + 1))/2",
    "mish": "dz = G ⊙ (w + sigmoid(z) ⊙ (z − w ⊙ y))",
    "elu": "dz = G ⊙ where([z > 0], 1, exp(z)/2)",
    "selu": "dz = G ⊙ where([z > 0], 1.0507009874, 1.7580993408 exp(z))",
    "softsign": "dz = G/(1 + abs(z))²",
    "variance": "dx = 2 (x − mu)/N",
    "unit_vector": "dx = (G − L y)/u",
    "cosine_similarity": "da = (bh − L ah)/na; db = (ah − L bh)/nb",
    "standardised": "dx = (G − (L xh + sum(G))/N)/sigma",
    "kl_normal": "dmu = mu; dlv = (exp(lv) − 1)/2",
    "softmax_entropy": "dz = −P ⊙ (log(P) + L)",
    "kl_softmax": "da = P ⊙ (log(P) − log(Q) − L); db = Q − P",
    "info_nce": "dz = (P − I)/(N tau); dU = dz V; dV = dzᵀ U",
    "focal_loss": "dz = (1 − p)² ⊙ (p + 2 (p ⊙ log(p)) − 1)",
    "focal_loss_binary": "dz = p² ⊙ (1 − y) ⊙ (p + 2 (log(1 − p) ⊙ (p − 1))) + y ⊙ (1 − p)² ⊙ (p + 2 (p ⊙ log(p)) − 1)",
    "label_smoothing": "dZ = (P − S)/N = (P − 1/(10 C) − 9 Y/10)/N",
    "temperature": "dZ = (P − Y)/(N tau)",
    "matrix_factorisation": "dX = dR Yᵀ = 2 R Yᵀ; dY = Xᵀ dR = 2 Xᵀ R",
    "matrix_factorisation_masked": "dR = 2 R; dX = dR Yᵀ = 2 R Yᵀ; dY = Xᵀ dR = 2 Xᵀ R",
    "trace_product": "dA = B; dB = A",
    "trace_quadratic": "dX = A X + Aᵀ X",
    "two_layer_tanh": "dA = dR W2ᵀ; dW2 = Aᵀ dR = 2 Aᵀ R; dz = dA ⊙ (1 − A²); dW1 = Xᵀ dz",
}
SPELLINGS = {
    "cross_entropy_labels": ("log_softmax", "logsumexp", "nll", "word", "one_hot"),
    "cross_entropy_one_hot": ("log_softmax", "logsumexp", "word"),
}


def result(form: str) -> list[str]:
    text = pipeline.explain(derived(form), Options(), "text")
    return [line.strip() for line in text.partition("RESULT\n")[2].partition("\n\n")[0].splitlines()]


@pytest.mark.parametrize("form", PRINTED)
def test_the_printed_form_is_the_books(form: str) -> None:
    lines = result(form)
    assert [line for line in PRINTED[form].split("; ") if line not in lines] == [], lines


@pytest.mark.parametrize("form", SPELLINGS)
def test_every_spelling_ends_in_the_same_text(form: str) -> None:
    expected = result(form)
    assert [s for s in SPELLINGS[form] if result(f"{form}_{s}") != expected] == []
