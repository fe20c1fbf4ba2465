"""Cases written as text in torch's words, run twice: on tensors of a model through the protocols, and by torch.

``"torch.clamp(K, -0.5, 1.0)"`` is a whole case: the capital names are the arrays below, and those that the text uses
are the parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

import symnet as sn


def drawn(*shape: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


KINKS = np.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 0.0])
X, Y = drawn(4, 3), drawn(4, 3, seed=1)
TIED = np.array([[1.0, 2.0, 2.0], [1.0, 0.0, 1.0], [0.5, 2.0, 0.5], [1.0, -1.0, 1.0]])
#: K kinks, L beside them; X Y Z general, T with ties, P positive, U within 0..1; V W vectors; A B C of three axes;
#: M N square; S one number, O of size 1; E with zeros.
ARRAYS: Mapping[str, Any] = {
    "K": KINKS,
    "L": np.array([-2.0, 1.0, -0.5, 0.0, 2.0, -1.0, 0.5, 1.0]),
    "X": X,
    "Y": Y,
    "Z": drawn(4, 3, seed=2),
    "T": TIED,
    "P": np.abs(X) + 0.1,
    "U": 1 / (1 + np.exp(-drawn(4, 3, seed=3))),
    "V": drawn(4, seed=4),
    "W": drawn(3, seed=5),
    "A": drawn(2, 3, 4, seed=6),
    "B": drawn(2, 4, 3, seed=7),
    "C": drawn(2, 3, 4, seed=8),
    "M": drawn(3, 3, seed=9),
    "N": drawn(3, 3, seed=10),
    "S": np.array(0.7),
    "O": drawn(1, 3, seed=11),
    "E": np.array([[0.0, 1.5, -2.0], [0.0, 0.0, 3.0], [1.0, 0.0, -1.0], [2.0, 0.0, 0.0]]),
    "G": drawn(2, 4, 3, 3, seed=12),
}


@dataclass(frozen=True)
class Case:
    """One use of a word: the same function on symnet and torch tensors, and the arrays it is tried on."""

    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    inputs: tuple[Any, ...] = (KINKS,)


def written(text: str, torchs: str | None = None) -> Case:
    """The case of a text, or of a text of ours with torch's beside it."""
    names = tuple(n for n in ARRAYS if re.search(rf"(?<![\w.]){n}(?!\w)", text))
    assert names, f"{text} uses no array"
    spaces = {"torch": torch, "F": F, "np": np, "sn": sn}

    def run(words: str) -> Callable[..., Any]:
        return lambda *tensors: eval(words, {**spaces, **dict(zip(names, tensors, strict=True))})

    return Case(run(text), run(torchs or text), tuple(ARRAYS[n] for n in names))


#: By the word's name in the table.
TEXTS: dict[str, list[str]] = {
    "add": ["torch.add(X, Y, alpha=2)", "torch.add(K, 3.0)", "X.add(O)", "torch.add(1.0, K)"],
    "sub": ["torch.sub(X, Y, alpha=0.5)", "torch.sub(X[:, :1], V)", "torch.subtract(X, 1.0)", "torch.rsub(X, Y)"],
    "mul": ["torch.mul(X, O)", "X.multiply(2.0)", "torch.tensor([1.0, 2.0, 3.0]) * X"],
    "div": ["torch.div(X, P)", "torch.true_divide(X, 4)", "torch.tensor([1.0, 2.0, 3.0]) / P"],
    "neg": ["torch.neg(K)"],
    "positive": ["torch.positive(K)"],
    "gt": ["K * torch.gt(K, L)", "K * (K > 0)", "torch.greater(T, 1.0) * T"],
    "lt": ["K * torch.lt(K, L)", "K.less(0.5) * K"],
    "ge": ["K * torch.ge(K, L)", "K * (torch.zeros(8) >= K)"],
    "le": ["K * torch.le(K, L)", "K * K.less_equal(0)"],
    "eq": ["K * torch.eq(K, L)", "K * (K == 0)"],
    "ne": ["K * torch.ne(K, L)", "K * (K != 0)"],
    "logical_and": ["K * torch.logical_and(K > 0, L > 0)", "K * ((K > 0) & (L > 0))", "K * torch.logical_and(K, L)"],
    "logical_or": [
        "K * torch.logical_or(K > 0, L > 0)",
        "K * ((K > 0) | (L > 0))",
        "torch.where((K < 0) | (K > 1), K, L)",
    ],
    "logical_xor": ["K * torch.logical_xor(K > 0, L > 0)", "K * ((K > 0) ^ (L > 0))"],
    "logical_not": ["K * torch.logical_not(K > 0)", "K * ~(K > 0)", "torch.where(~(K > 0), K, L)"],
}
#: NumPy's words: by the word's name, NumPy's text and torch's.
NUMPYS: dict[str, list[tuple[str, str]]] = {
    "add": [("np.add(X, Y)", "X + Y"), ("np.array([1.0, 2.0, 3.0]) + X", "torch.tensor([1.0, 2.0, 3.0]) + X")],
    "sub": [("np.subtract(X, Y)", "X - Y"), ("np.array([1.0, 2.0, 3.0]) - X", "torch.tensor([1.0, 2.0, 3.0]) - X")],
    "mul": [("np.multiply(X, Y)", "X * Y")],
    "div": [("np.divide(X, P)", "X / P"), ("np.array([1.0, 2.0, 3.0]) / P", "torch.tensor([1.0, 2.0, 3.0]) / P")],
    "neg": [("np.negative(X)", "-X")],
    "positive": [("np.positive(X)", "X * 1")],
    "gt": [("np.greater(K, L) * K", "(K > L) * K"), ("(np.zeros(8) > K) * K", "(K < 0) * K")],
    "lt": [("np.less(K, L) * K", "(K < L) * K")],
    "ge": [("np.greater_equal(K, L) * K", "(K >= L) * K")],
    "le": [("np.less_equal(K, L) * K", "(K <= L) * K")],
    "eq": [("np.equal(K, L) * K", "(K == L) * K")],
    "ne": [("np.not_equal(K, L) * K", "(K != L) * K")],
    "logical_and": [("np.logical_and(K > 0, L > 0) * K", "((K > 0) & (L > 0)) * K")],
    "logical_or": [("np.logical_or(K > 0, L > 0) * K", "((K > 0) | (L > 0)) * K")],
    "logical_xor": [("np.logical_xor(K > 0, L > 0) * K", "((K > 0) ^ (L > 0)) * K")],
    "logical_not": [("np.logical_not(K > 0) * K", "~(K > 0) * K")],
    "exp": [("np.exp(X)", "torch.exp(X)")],
    "log": [("np.log(P)", "torch.log(P)")],
    "log1p": [("np.log1p(P)", "torch.log1p(P)")],
    "sqrt": [("np.sqrt(P)", "torch.sqrt(P)")],
    "square": [("np.square(X)", "torch.square(X)")],
    "pow": [("np.power(P, 3)", "P**3"), ("np.array([1.0, 2.0, 3.0]) ** X", "torch.tensor([1.0, 2.0, 3.0]) ** X")],
    "sin": [("np.sin(X)", "torch.sin(X)")],
    "cos": [("np.cos(X)", "torch.cos(X)")],
    "tanh": [("np.tanh(X)", "torch.tanh(X)")],
    "sinh": [("np.sinh(X)", "torch.sinh(X)")],
    "cosh": [("np.cosh(X)", "torch.cosh(X)")],
    "abs": [("np.abs(K)", "torch.abs(K)")],
    "sign": [("np.sign(K) * K", "torch.sign(K) * K")],
    "maximum": [("np.maximum(K, L)", "torch.maximum(K, L)")],
    "minimum": [("np.minimum(K, 0.5)", "torch.minimum(K, torch.tensor(0.5))")],
    "clamp": [("np.clip(K, -0.5, 1.0)", "torch.clamp(K, -0.5, 1.0)")],
    "where": [("np.where(X > Y, X, 0.0)", "torch.where(X > Y, X, 0.0)")],
    "sum": [("np.sum(A, axis=(0, 2), keepdims=True)", "torch.sum(A, (0, 2), keepdim=True)")],
    "mean": [("np.mean(X, axis=1)", "torch.mean(X, 1)"), ("np.mean(X)", "torch.mean(X)")],
    "amax": [("np.max(T, axis=0)", "torch.amax(T, 0)")],
    "reshape": [("np.reshape(X, (2, 6))", "X.reshape(2, 6)")],
    "squeeze": [("np.squeeze(O, 0)", "O.squeeze(0)")],
    "stack": [("np.stack([X, Y], axis=1)", "torch.stack([X, Y], 1)")],
    "matmul": [("np.matmul(X, M)", "X @ M"), ("np.ones((2, 4)) @ X", "torch.ones(2, 4).double() @ X")],
    "outer": [("np.outer(V, W)", "torch.outer(V, W)")],
}
