"""Normalisations and attention as people write them: one formula, 0 for a bias that cannot matter, exactly equal."""

from __future__ import annotations

from pathlib import Path

import pytest

from symnet import pipeline
from tests.calculus.exactly import simplified

BATCH_OF_IMAGES = """N, C, H, W, K = sn.dims(N="batch", C=2, H=4, W=3, K=3)
X, F, b = sn.data(N, C, H, W), sn.param(K, C), sn.param(K)
gamma, beta, G = sn.param(K, 1, 1), sn.param(K, 1, 1), sn.data(N, K, H, W)
Z = (X.permute(0, 2, 3, 1) @ F.T + b).permute(0, 3, 1, 2)
"""
CONVOLUTION = """N, C, K = sn.dims(N="batch", C=2, K=3)
X, F, b = sn.data(N, C, 4, 3), sn.param(K, C, 2, 2), sn.param(K)
gamma, beta, G = sn.param(K, 1, 1), sn.param(K, 1, 1), sn.data(N, K, {places})
Z = sn.conv2d(X, F, b{padding})
"""
NAMED = """mu = Z.mean((0, 2, 3), keepdim=True)
v = ((Z - mu) ** 2).mean((0, 2, 3), keepdim=True)
xh = (Z - mu) / sn.sqrt(v + 0.001)
loss = (G * (gamma * xh + beta)).sum()
"""
UNNAMED = """c = (Z - Z.mean((0, 2, 3), keepdim=True))
loss = (G * (gamma * c / sn.sqrt((c**2).mean((0, 2, 3), keepdim=True) + 0.001) + beta)).sum()
"""
ATTENTION = """B, T, E, H, d = sn.dims(B=2, T=4, E=3, H=2, d=2)
X, Wq, Wk = sn.data(B, T, E), sn.param(E, H, d), sn.param(E, H, d)
bq, bk, V, G = sn.param(H, d), sn.param(H, d), sn.param(B, H, T, d), sn.data(B, T, H * d)
Q = (X @ Wq.reshape(E, H * d) + bq.reshape(H * d)).reshape(B, T, H, d).transpose(1, 2)
K = (X @ Wk.reshape(E, H * d) + bk.reshape(H * d)).reshape(B, T, H, d).transpose(1, 2)
S = Q @ K.transpose(-2, -1) / sn.sqrt(d)
P = sn.softmax({scores}, dim=-1)
loss = ((P @ V).transpose(1, 2).reshape(B, T, H * d) * G).sum()
"""
CAUSAL = 'S.masked_fill((sn.tril(sn.ones(T, T)) == 0)[None, None], float("-inf"))'
ROWS = """N, D = sn.dims(N="batch", D={size})
X, gamma, beta, G = sn.param(N, D), sn.param(D), sn.param(D), sn.data(N, D)
"""
LAYER = """Y = gamma * (X - X.mean(1, keepdim=True)) / sn.sqrt(
    ((X - X.mean(1, keepdim=True)) ** 2).mean(1, keepdim=True) + 0.001) + beta
loss = (Y * G).sum()
"""

#: model -> gradients that are proved 0, and the only other adjoints that stay as steps
CASES: dict[str, tuple[str, set[str], set[str]]] = {
    "a bias before batch norm of images": (BATCH_OF_IMAGES + NAMED, {"b"}, {"dZ"}),
    "the same with nothing named": (BATCH_OF_IMAGES + UNNAMED, {"b"}, {"dZ"}),
    "a bias of a convolution": (CONVOLUTION.format(padding="", places="3, 2") + NAMED, {"b"}, {"dZ"}),
    "a bias of a padded convolution, nothing named": (
        CONVOLUTION.format(padding=", padding=1", places="5, 4") + UNNAMED,
        {"b"},
        {"dZ"},
    ),
    "heads": (ATTENTION.format(scores="S"), {"bk"}, {"dP", "dS", "dK", "dQ"}),
    "heads with a causal mask": (ATTENTION.format(scores=CAUSAL), {"bk"}, {"dP", "dS", "dK", "dQ"}),
    "layer norm in one line, few rows": (ROWS.format(size=5) + LAYER, set(), {"dxh"}),
    "layer norm in one line": (ROWS.format(size=64) + LAYER, set(), {"dxh"}),
}


@pytest.mark.parametrize("name", CASES)
def test_form(name: str, tmp_path: Path) -> None:
    text, zeros, steps = CASES[name]
    path = tmp_path / "model.py"
    path.write_text("import symnet as sn\n\n" + text)
    model, _ = pipeline.load(path)
    program = simplified(model.program, model.sizes, points=1).program
    gradients = {p: program.adjoints[p] for p in model.program.tensors if p in {q.spec.name for q in model.parameters}}
    found = {p for p, g in gradients.items() if all(e.body == 0 for e in program.defining(g))}
    assert found == zeros
    adjoints = {t for t in program.targets() if program.tensors[t].role == "adjoint"}
    assert adjoints - {*gradients.values()} == steps


def test_a_sum_is_had_from_its_part(tmp_path: Path) -> None:
    path = Path(__file__).parents[2] / "examples" / "closed_forms" / "instance_norm.py"
    model, _ = pipeline.load(path)
    result = simplified(model.program, model.sizes)
    steps = [r for r in result.rewrites if r.name == "sum in parts"]
    assert {r.tensor for r in steps} == {"dbeta", "dgamma"}
    (gradient,) = result.program.defining("dbeta")
    (part,) = (e for a in gradient.accesses for e in result.program.defining(a.name))
    assert len(gradient.reduced) == len(part.reduced) == 1
