"""Attention heads by reshape: the digits of a flattened axis leave no delta, and each head has the form of one head."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from symnet import pipeline
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Delta
from symnet.explain.options import Options
from symnet.model import Derivation
from symnet.verify.autograd import autograd_of
from symnet.verify.draw import own_point
from tests.calculus.exactly import assert_equal

MODEL = """import symnet as sn

N, T, H, K = sn.dims(N="batch", T=4, H=2, K=3)
D = H * K
X, Y = sn.data(N, T, D), sn.data(N, T, D)
Wq, Wk, Wv, Wo = sn.param(D, D), sn.param(D, D), sn.param(D, D), sn.param(D, D)
bk = sn.param(D)
q = (X @ Wq).{split}
k = (X @ Wk + bk).{split}
v = (X @ Wv).{split}
S = q @ k.transpose(-2, -1) / K**0.5
P = sn.softmax({scores}, -1)
{output}
loss = ((O @ Wo - Y) ** 2).mean()
"""
CAUSAL = 'S.masked_fill(sn.triu(sn.ones(T, T), diagonal=1) == 1, float("-inf"))'
SPELLINGS = {
    "by view": MODEL.format(
        split="view(N, T, H, K).transpose(1, 2)",
        scores="S",
        output="O = (P @ v).transpose(1, 2).contiguous().view(N, T, D)",
    ),
    "by reshape and permute, masked": MODEL.format(
        split="reshape(N, T, H, K).permute(0, 2, 1, 3)",
        scores=CAUSAL,
        output="heads = P @ v\nO = heads.permute(0, 2, 1, 3).reshape(N, T, D)",
    ),
}
PRINTED = {
    "dPₙₗᵢₘ = Σᵣ vₙₗₘᵣ dO[n,i,r+K l]",
    "dvₙₗᵢᵣ = Σₘ Pₙₗₘᵢ dO[n,m,r+K l]",
    "dSₙₗᵢₘ = Pₙₗᵢₘ (dPₙₗᵢₘ − Σᵣ dO[n,i,r+K l] O[n,i,r+K l])",
    "dkₙₗᵢᵣ = (1/sqrt(K)) Σₘ qₙₗₘᵣ dSₙₗₘᵢ",
    "dqₙₗᵢᵣ = (1/sqrt(K)) Σₘ kₙₗₘᵣ dSₙₗᵢₘ",
    "dWvⱼₚ = Σₙ Σᵢ Xₙᵢⱼ dv[n,p//K,i,p%K]",
    "dWkⱼₚ = Σₙ Σᵢ Xₙᵢⱼ dk[n,p//K,i,p%K]",
    "dWqⱼₚ = Σₙ Σᵢ Xₙᵢⱼ dq[n,p//K,i,p%K]",
    "dbk = 0",
}


@cache
def derived(name: str, folder: Path) -> Derivation:
    path = folder / "model.py"
    path.write_text(SPELLINGS[name])
    return pipeline.derive_model(pipeline.load(path)[0])


@pytest.mark.parametrize("name", SPELLINGS)
def test_no_delta_is_left_and_nothing_else_changes(name: str, tmp_path: Path) -> None:
    derivation = derived(name, tmp_path)
    assert not any(e.body.has(Delta) for e in derivation.program.equations)
    assert_equal(derivation.raw, derivation.program, 0)


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_gradients_are_autograds(name: str, tmp_path: Path) -> None:
    derivation = derived(name, tmp_path)
    point = own_point(derivation.model, 0, 3)
    values = evaluate(derivation.program, point.inputs)
    _, expected = autograd_of(derivation.model.program, point.inputs)
    for parameter in derivation.wrt:
        found = values[derivation.program.adjoints[parameter]]
        np.testing.assert_allclose(found, expected[parameter], rtol=1e-10, atol=1e-15)


def test_the_printed_form_is_that_of_one_head(tmp_path: Path) -> None:
    text = pipeline.explain(derived("by view", tmp_path), Options(), "text")
    lines = {line.strip() for line in text.partition("RESULT\n")[2].splitlines()}
    assert PRINTED - lines == set(), text
    masked = pipeline.explain(derived("by reshape and permute, masked", tmp_path), Options(), "text")
    assert "dheadsₙₗᵢᵣ = dO[n,i,r+K l]" in masked
    assert "dWoⱼₚ = Σₙ Σᵢ Oₙᵢⱼ" in masked


def test_the_script_reshapes_and_gathers_nothing(tmp_path: Path) -> None:
    script = next(iter(pipeline.scripts(derived("by view", tmp_path), ("numpy",), tmp_path).values()))
    assert "np.arange" not in script
    assert "einsum" not in script
