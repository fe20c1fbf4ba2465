"""Models whose generated code is held to a count of what it does, and how to count it."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from symnet import pipeline
from symnet.codegen.lowering.emit import bodies
from symnet.model import Derivation
from tests.codegen.running import LANGUAGES, Functions, functions_of

CONVOLUTION = """
import symnet as sn

N, C = sn.dims(N="batch", C=3)
X = sn.data(N, 2, 16, 16)
t = sn.labels(N, classes=C)
K, b = sn.param(4, 2, 3, 3), sn.param(4)
K2 = sn.param(5, 4, 3, 3)
W = sn.param(80, C)
h = sn.max_pool2d(sn.relu(sn.conv2d(X, K, b, padding=1)), 2)
g = sn.relu(sn.conv2d(h, K2, stride=2, padding=1))
loss = sn.cross_entropy(g.flatten(1) @ W, t)
"""


def derivation_of_text(folder: Path, text: str) -> Derivation:
    """The derivation of a model file with this text."""
    path = folder / "model.py"
    path.write_text(text, encoding="utf-8")
    model, _ = pipeline.load(path)
    return pipeline.derive_model(model)


def generated(derivation: Derivation, language: str) -> Functions:
    """The functions of a derivation in a language."""
    return functions_of(derivation, LANGUAGES[language])


def gradient_lines(derivation: Derivation, language: str = "numpy") -> tuple[str, ...]:
    """The body of loss_and_grads."""
    return bodies(derivation, LANGUAGES[language]).loss_and_grads


def calls(lines: tuple[str, ...]) -> Counter[str]:
    """How often each function, method and operator stands in the lines: ``transpose`` 3, ``@`` 6."""
    found: Counter[str] = Counter()
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.Call):
            found[node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)] += 1
        elif isinstance(node, ast.BinOp):
            found["@" if isinstance(node.op, ast.MatMult) else type(node.op).__name__] += 1
    return found


LSTM = """
import symnet as sn

T, N, D, H = sn.dims(T=5, N="batch", D=3, H=4)
x, y = sn.data(T, N, D), sn.data(T, N, H)
lstm = sn.LSTM(D, H)
output, _ = lstm(x)
loss = sn.mse_loss(output, y)
"""

HEADS = """
import symnet as sn

N = sn.dims(N="batch")
x, y = sn.data(N, 6, 4), sn.data(N, 6, 4)
Wq, Wk, Wv, Wo = (sn.param(4, 4) for _ in range(4))
Q, K, V = ((x @ W).reshape(N, 6, 2, 2).transpose(1, 2) for W in (Wq, Wk, Wv))
O = sn.scaled_dot_product_attention(Q, K, V, is_causal=True)
loss = sn.mse_loss(O.transpose(1, 2).reshape(N, 6, 4) @ Wo, y)
"""
