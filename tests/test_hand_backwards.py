"""The layers whose backward pass people write by hand, the set of llm.c, beside that hand-made pass in loops.

Each is a model file with a given cotangent; the derived form has the values of the loops and the looks of a book.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symnet import pipeline
from symnet.calculus.evaluate import evaluate
from symnet.explain.options import Options

Arrays = Mapping[str, Any]
N, T, V, D, H = 2, 3, 4, 4, 2  # samples, places, letters, channels, heads

ENCODER = """
import symnet as sn
N, T, V, D = sn.dims(N="batch", T=3, V=4, D=4)
t = sn.labels(N, T, classes=V)
dout = sn.data(N, T, D)
wte, wpe = sn.param(V, D), sn.param(T, D)
out = wte[t] + wpe
out.backward(gradient=dout)
"""


def encoder(a: Arrays) -> Arrays:
    dwte, dwpe = np.zeros((V, D)), np.zeros((T, D))
    for n in range(N):
        for i in range(T):
            dwte[a["t"][n, i]] += a["dout"][n, i]
            dwpe[i] += a["dout"][n, i]
    return {"wte": dwte, "wpe": dwpe}


LAYERNORM = """
import symnet as sn
N, T, D = sn.dims(N="batch", T=3, D=4)
dout = sn.data(N, T, D)
x, w, b = sn.param(N, T, D), sn.param(D), sn.param(D)
out = sn.layer_norm(x, (D,), w, b)
out.backward(gradient=dout)
"""


def layernorm(a: Arrays) -> Arrays:
    dx, dw, db = np.zeros((N, T, D)), np.zeros(D), np.zeros(D)
    for n in range(N):
        for i in range(T):
            x, dout = a["x"][n, i], a["dout"][n, i]
            mean = sum(x) / D
            rstd = 1 / math.sqrt(sum((x - mean) ** 2) / D + 1e-5)
            norm, dnorm = (x - mean) * rstd, a["w"] * dout
            dnorm_mean, dnorm_norm_mean = sum(dnorm) / D, sum(dnorm * norm) / D
            for j in range(D):
                db[j] += dout[j]
                dw[j] += norm[j] * dout[j]
                dx[n, i, j] = (dnorm[j] - dnorm_mean - norm[j] * dnorm_norm_mean) * rstd
    return {"x": dx, "w": dw, "b": db}


MATMUL = """
import symnet as sn
N, T, D, V = sn.dims(N="batch", T=3, D=4, V=4)
dout = sn.data(N, T, V)
x, w, b = sn.param(N, T, D), sn.param(V, D), sn.param(V)
out = sn.linear(x, w, b)
out.backward(gradient=dout)
"""


def matmul(a: Arrays) -> Arrays:
    dx, dw, db = np.zeros((N, T, D)), np.zeros((V, D)), np.zeros(V)
    for n in range(N):
        for i in range(T):
            for o in range(V):
                d = a["dout"][n, i, o]
                db[o] += d
                for k in range(D):
                    dx[n, i, k] += a["w"][o, k] * d
                    dw[o, k] += a["x"][n, i, k] * d
    return {"x": dx, "w": dw, "b": db}


ATTENTION = """
import math
import symnet as sn
N, T, D, H = sn.dims(N="batch", T=3, D=4, H=2)
dout = sn.data(N, T, D)
x = sn.param(N, T, 3 * D)
q, k, v = (part.view(N, T, H, D // H).transpose(1, 2) for part in x.split(D, dim=2))
S = q @ k.transpose(2, 3) / (D // H) ** 0.5
ahead = sn.triu(sn.ones(T, T), diagonal=1) > 0
P = sn.softmax(S.masked_fill(ahead, -math.inf), dim=3)
O = P @ v
out = O.transpose(1, 2).reshape(N, T, D)
out.backward(gradient=dout)
"""


def attention(a: Arrays) -> Arrays:
    """Query, key and value of a head stand beside each other in x; each place sees those before it and itself."""
    dx, size = np.zeros((N, T, 3 * D)), D // H
    for n in range(N):
        for h in range(H):
            q, k, v = (slice(part * D + h * size, part * D + (h + 1) * size) for part in range(3))
            x = a["x"][n]
            for i in range(T):
                scores = [x[i, q] @ x[j, k] / math.sqrt(size) for j in range(i + 1)]
                total = sum(math.exp(s - max(scores)) for s in scores)
                P = [math.exp(s - max(scores)) / total for s in scores]
                dout = a["dout"][n, i, h * size : (h + 1) * size]
                dP = [dout @ x[j, v] for j in range(i + 1)]
                for j in range(i + 1):
                    dx[n, j, v] += P[j] * dout
                    dS = sum(P[m] * ((m == j) - P[j]) * dP[m] for m in range(i + 1)) / math.sqrt(size)
                    dx[n, i, q] += dS * x[j, k]
                    dx[n, j, k] += dS * x[i, q]
    return {"x": dx}


GELU = """
import symnet as sn
N = sn.dims(N="batch")
dout = sn.data(N)
x = sn.param(N)
out = sn.gelu(x, approximate="tanh")
out.backward(gradient=dout)
"""


def gelu(a: Arrays) -> Arrays:
    scale, dx = math.sqrt(2 / math.pi), np.zeros(N)
    for n in range(N):
        x = a["x"][n]
        inner = scale * (x + 0.044715 * x**3)
        local = 0.5 * (1 + math.tanh(inner)) + x * 0.5 / math.cosh(inner) ** 2 * scale * (1 + 3 * 0.044715 * x**2)
        dx[n] = local * a["dout"][n]
    return {"x": dx}


CROSS_ENTROPY = """
import symnet as sn
N, T, V = sn.dims(N="batch", T=3, V=4)
t = sn.labels(N, T, classes=V)
logits = sn.param(N, T, V)
P = sn.softmax(logits, dim=2)
losses = -sn.log(P.gather(2, t[:, :, None]))
loss = sn.mean(losses)
"""


def cross_entropy(a: Arrays) -> Arrays:
    dlogits = np.zeros((N, T, V))
    for n in range(N):
        for i in range(T):
            z = a["logits"][n, i]
            P = [math.exp(e - max(z)) / sum(math.exp(f - max(z)) for f in z) for e in z]
            for k in range(V):
                dlogits[n, i, k] = (P[k] - (k == a["t"][n, i])) / (N * T)
    return {"logits": dlogits}


#: The model file, the hand-made backward pass, and what is printed as the result.
LAYERS: dict[str, tuple[str, Callable[[Arrays], Arrays], list[str]]] = {
    "encoder": (ENCODER, encoder, ["dwpeᵢⱼ = Σₙ doutₙᵢⱼ", "dwteₖⱼ = Σₙ Σᵢ doutₙᵢⱼ Yₙᵢₖ"]),
    "layernorm": (
        LAYERNORM,
        layernorm,
        [
            "dbⱼ = Σₙ Σᵢ doutₙᵢⱼ",
            "dwⱼ = Σₙ Σᵢ doutₙᵢⱼ xhₙᵢⱼ",
            "dxhₙᵢⱼ = doutₙᵢⱼ wⱼ",
            "dxₙᵢⱼ = (dxhₙᵢⱼ − (Σᵤ dxhₙᵢᵤ + xhₙᵢⱼ Σₘ dxhₙᵢₘ xhₙᵢₘ)/D)/sqrt(vₙᵢ + 0.00001)",
        ],
    ),
    "matmul": (
        MATMUL,
        matmul,
        ["dbⱼ = Σₙ Σᵢ doutₙᵢⱼ", "dwⱼₖ = Σₙ Σᵢ doutₙᵢⱼ xₙᵢₖ", "dxₙᵢₖ = Σⱼ doutₙᵢⱼ wⱼₖ"],
    ),
    "attention": (
        ATTENTION,
        attention,
        [
            "dPₙᵣᵢₚ = Σₘ dout[n,i,2r+m] vₙᵣₚₘ",
            "dvₙᵣᵢₘ = Σₚ dout[n,p,2r+m] Pₙᵣₚᵢ",
            "dSₙᵣᵢₚ = Pₙᵣᵢₚ (dPₙᵣᵢₚ − Σₘ dout[n,i,2r+m] Oₙᵣᵢₘ)",
            "dkₙᵣᵢₘ = (sqrt(2)/2) Σₚ qₙᵣₚₘ dSₙᵣₚᵢ",
            "dqₙᵣᵢₘ = (sqrt(2)/2) Σₚ kₙᵣₚₘ dSₙᵣᵢₚ",
        ],
    ),
    "gelu": (
        GELU,
        gelu,
        [
            "dxₙ = doutₙ (1 + tanh(sqrt(2) xₙ (0.044715 xₙ² + 1)/sqrt(π)) + sqrt(2) xₙ (0.134145 xₙ² + 1)"
            " (1 − tanh(sqrt(2) xₙ (0.044715 xₙ² + 1)/sqrt(π))²)/sqrt(π))/2",
        ],
    ),
    "cross_entropy": (CROSS_ENTROPY, cross_entropy, ["dlogitsₙᵢⱼ = (Pₙᵢⱼ − Yₙᵢⱼ)/(N T)"]),
}


@pytest.mark.parametrize("layer", LAYERS)
def test_the_derived_form_is_the_one_made_by_hand(layer: str, tmp_path: Path) -> None:
    text, by_hand, forms = LAYERS[layer]
    file = tmp_path / f"{layer}.py"
    file.write_text(text, encoding="utf-8")
    model, _ = pipeline.load(file)
    derivation = pipeline.derive_model(model)
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for name, spec in derivation.program.tensors.items():
        if spec.role in ("parameter", "data", "label"):
            shape = [int(s) if s.is_Integer else {"N": N, **model.sizes}[str(s)] or N for s in spec.shape]
            arrays[name] = rng.integers(0, V, shape) if spec.integer else rng.normal(size=shape)
    found = evaluate(derivation.program, arrays)
    for name, gradient in by_hand(arrays).items():
        np.testing.assert_allclose(found[derivation.gradients[name]], gradient, rtol=1e-12, atol=1e-14, err_msg=name)
    page = pipeline.explain(derivation, Options(form="index"), "text")
    result = page[page.index("RESULT") :].splitlines()
    assert not [form for form in forms if f"   {form}" not in result], "\n".join(result)
