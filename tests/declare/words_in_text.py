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
from tests.declare import window_texts


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
    **window_texts.ARRAYS,
}


@dataclass(frozen=True)
class Case:
    """One use of a word: the same function on symnet and torch tensors, and the arrays it is tried on."""

    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    inputs: tuple[Any, ...] = (KINKS,)
    numpy: bool = False


def written(text: str, torchs: str | None = None) -> Case:
    """The case of a text, or of a text of ours with torch's beside it."""
    names = tuple(n for n in ARRAYS if re.search(rf"(?<![\w.]){n}(?!\w)", text))
    assert names, f"{text} uses no array"
    spaces = {"torch": torch, "F": F, "np": np, "sn": sn}

    def run(words: str) -> Callable[..., Any]:
        return lambda *tensors: eval(words, {**spaces, **dict(zip(names, tensors, strict=True))})

    return Case(run(text), run(torchs or text), tuple(ARRAYS[n] for n in names), torchs is not None)


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
    **{
        name: [f"torch.{name}(K)", f"X.{name}()", f"torch.{name}(S)"]
        for name in ("exp2", "expm1", "tan", "atan", "asinh", "erf", "erfc", "sinc", "deg2rad", "rad2deg", "frac")
    },
    **{name: [f"torch.{name}(P)"] for name in ("log2", "log10", "rsqrt", "reciprocal", "lgamma")},
    **{name: [f"torch.{name}(U)", f"torch.{name}(U - 0.5)"] for name in ("asin", "acos", "atanh", "erfinv")},
    **{name: [f"torch.{name}(2.5 * K) * K"] for name in ("floor", "ceil", "trunc", "round")},
    "acosh": ["torch.acosh(P + 1)"],
    "ndtr": ["torch.special.ndtr(K)"],
    "entr": ["torch.special.entr(P)"],
    "digamma": ["torch.digamma(P + 1)"],
    "polygamma": ["torch.polygamma(1, P + 1)", "torch.special.polygamma(2, P + 1)", "(P + 1).polygamma(1)"],
    "nan_to_num": ["torch.nan_to_num(K)"],
    "logit": ["torch.logit(U)", "torch.special.logit(U, eps=0.2)", "torch.logit(torch.sigmoid(K), 0.2)"],
    "pow": ["torch.pow(P, X)", "torch.pow(2.0, X)", "X.pow(2)", "K**3", "P**-0.5", "2**X", "torch.float_power(P, 1.5)"],
    "atan2": ["torch.atan2(X, Y)", "torch.arctan2(K + 0.1, L)"],
    "hypot": ["torch.hypot(X, Y)"],
    "logaddexp": ["torch.logaddexp(X, Y)", "torch.logaddexp(400 * K, -400 * L)"],
    "logaddexp2": ["torch.logaddexp2(X, Y)"],
    "xlogy": ["torch.xlogy(K, 2.0)", "torch.special.xlogy(X, P)", "torch.xlogy(2.0, P)"],
    "xlog1py": ["torch.special.xlog1py(X, P)"],
    "copysign": ["torch.copysign(K, L - 0.25)", "torch.copysign(X, -1.0)"],
    "remainder": ["torch.remainder(X, 0.7)", "torch.remainder(X, Y)", "X.remainder(-0.7)"],
    "fmod": ["torch.fmod(X, 0.7)", "torch.fmod(X, Y)"],
    "lerp": ["torch.lerp(X, Y, 0.3)", "torch.lerp(X, Y, P)"],
    "addcmul": ["torch.addcmul(X, Y, P, value=2)", "X.addcmul(Y, O)"],
    "addcdiv": ["torch.addcdiv(X, Y, P, value=0.5)"],
    "maximum": ["torch.maximum(K, L)", "torch.maximum(X, O)"],
    "minimum": ["torch.minimum(K, L)"],
    "fmax": ["torch.fmax(K, L)", "torch.fmax(X[:, :1], W)"],
    "fmin": ["torch.fmin(K, L)"],
    "clamp": [
        "torch.clamp(K, -0.5, 1.0)",
        "K.clip(min=0)",
        "torch.clamp(K, max=1.0)",
        "torch.clamp(X, 2 * Y, 2 * Y + 1)",
    ],
    "clamp_min": ["torch.clamp_min(K, -0.5)", "K.clamp_min(0)"],
    "clamp_max": ["torch.clamp_max(K, -0.5)"],
    "where": [
        "torch.where(K > L, K, 2.0)",
        "K.where(K > L, 3 * L)",
        "torch.where(torch.tensor([True, False, True]), X, Y)",
    ],
    **{
        name: [f"F.{name}(K)", f"F.{name}(3 * X)"]
        for name in (
            "relu",
            "relu6",
            "elu",
            "selu",
            "celu",
            "silu",
            "mish",
            "gelu",
            "softplus",
            "logsigmoid",
            "softsign",
        )
    },
    **{
        name: [f"F.{name}(K)", f"F.{name}(3 * K)", f"F.{name}(3 * X)"]
        for name in ("tanhshrink", "softshrink", "hardshrink", "hardtanh", "hardsigmoid", "hardswish")
    },
    "logsigmoid": ["F.logsigmoid(K)", "F.logsigmoid(30 * K)"],
    "leaky_relu": ["F.leaky_relu(K)", "F.leaky_relu(K, 0.2, inplace=False)"],
    "threshold": ["F.threshold(K, 0.5, 3.0)"],
    "prelu": ["F.prelu(K, S.reshape(1))", "F.prelu(X, W)", "F.prelu(A, torch.prelu(W, W[:1]))"],
    "glu": ["F.glu(X, 0)", "F.glu(B, dim=1)", "F.glu(A)"],
    "logical_not": ["K * torch.logical_not(K > 0)", "K * ~(K > 0)", "torch.where(~(K > 0), K, L)"],
    **window_texts.TEXTS,
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
    **{
        name: [(f"np.{name}(X)", f"torch.{name}(X)")] for name in ("exp2", "expm1", "tan", "sinc", "deg2rad", "rad2deg")
    },
    **{name: [(f"np.{name}(P)", f"torch.{name}(P)")] for name in ("log2", "log10", "reciprocal")},
    **{
        name: [(f"np.arc{name[1:]}({x})", f"torch.{name}({x})")]
        for name, x in (
            ("asin", "U"),
            ("acos", "U"),
            ("atan", "X"),
            ("asinh", "X"),
            ("acosh", "(P + 1)"),
            ("atanh", "U"),
        )
    },
    **{name: [(f"np.{name}(2.5 * X) * X", f"torch.{name}(2.5 * X) * X")] for name in ("floor", "ceil", "trunc")},
    "round": [
        ("np.rint(2.5 * K) * K", "torch.round(2.5 * K) * K"),
        ("np.round(X, 1) * X", "torch.round(X, decimals=1) * X"),
    ],
    "nan_to_num": [("np.nan_to_num(X)", "X * 1")],
    "atan2": [("np.arctan2(X, Y)", "torch.atan2(X, Y)")],
    "hypot": [("np.hypot(X, Y)", "torch.hypot(X, Y)")],
    "logaddexp": [("np.logaddexp(X, Y)", "torch.logaddexp(X, Y)")],
    "logaddexp2": [("np.logaddexp2(X, Y)", "torch.logaddexp2(X, Y)")],
    "copysign": [("np.copysign(X, Y)", "torch.copysign(X, Y)")],
    "remainder": [("np.mod(X, 0.7)", "torch.remainder(X, 0.7)")],
    "fmod": [("np.fmod(X, 0.7)", "torch.fmod(X, 0.7)")],
    "fmax": [("np.fmax(K, L)", "torch.fmax(K, L)")],
    "fmin": [("np.fmin(K, L)", "torch.fmin(K, L)")],
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
    "tril": [("np.tril(X)", "torch.tril(X)")],
    "triu": [("np.triu(X)", "torch.triu(X)")],
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
