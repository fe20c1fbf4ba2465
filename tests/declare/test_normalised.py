"""A quotient by a statistic of what is divided is a tensor of its own; nothing else becomes one."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

import pytest

from symnet import pipeline

START = """import torch
import symnet as sn

N, D = sn.dims(N=4, D=3)
G = sn.data(N, D)
other = sn.data(N)
X = sn.param(N, D)
r = torch.sqrt((X**2).sum(1))
"""
APART = {
    "by a root": ("loss = (G * X / torch.sqrt((X**2).mean(1, keepdim=True) + 1)).sum()", "xh"),
    "by a name": ("loss = (G * X / r[:, None]).sum()", "xh"),
    "times a reciprocal": ("s = 1 / r\nloss = (G * X * s[:, None]).sum()", "xh"),
    "a difference": ("mu = X.mean(0)\nloss = (G * (X - mu) / X.std(0)).sum()", "xh"),
    "twice": ("loss = (G * X / r[:, None]).sum() + torch.tanh(X / r[:, None]).sum()", "xh"),
    "by its own sum": ("E = torch.exp(X)\nloss = (G * E / E.sum(1, keepdim=True)).sum()", "P"),
    "in groups": ("R = X.reshape(2, 6)\nloss = (G * (R / (R**2).sum(1, keepdim=True)).reshape(4, 3)).sum()", "xh"),
}
WHOLE = {
    "named": "y = X / r[:, None]\nloss = (G * y).sum()",
    "by another tensor": "loss = (G * X / other[:, None]).sum()",
    "of a logarithm": "E = torch.exp(X)\nloss = (G * torch.log(E / E.sum(1, keepdim=True))).sum()",
    "a number by a number": "loss = (G * X).sum() / X.sum()",
    "place by place": "q = X**2 + 1\nloss = (G * X / q).sum()",
    "detached": "loss = (G * X / r.detach()[:, None]).sum()",
    "compared": "loss = (G * X * (X / r[:, None] > 0.5)).sum()",
    "of data alone": "loss = (G / (G**2).sum(1, keepdim=True) * X).sum()",
}


def made(text: str, tmp_path: Path) -> list[str]:
    path = tmp_path / "model.py"
    path.write_text(START + text + "\n")
    program = pipeline.load(path)[0].program
    return [t for t in program.targets() if t.startswith(("xh", "P"))]


@pytest.mark.parametrize("case", APART)
def test_it_is_apart(case: str, tmp_path: Path) -> None:
    text, expected = APART[case]
    assert made(text, tmp_path) == [expected]


@pytest.mark.parametrize("case", WHOLE)
def test_it_stays(case: str, tmp_path: Path) -> None:
    assert made(WHOLE[case], tmp_path) == []


def test_a_quotient_far_from_the_parameters_is_found_without_recursion(tmp_path: Path) -> None:
    """150 named tensors lie between; Python may go no deeper than 250 frames from here."""
    deep = "y, hs = X, []\nfor _ in range(150):\n    y = torch.sin(y) + G\n    hs.append(y)\n"
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 250)
    try:
        assert made(deep + "loss = (G * (y / (y**2).sum(1, keepdim=True))).sum()", tmp_path) == ["xh"]
    finally:
        sys.setrecursionlimit(limit)
