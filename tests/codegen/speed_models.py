"""Models whose generated code is held to a count of what it does, and how to count it."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from symnet import pipeline
from symnet.codegen.emit import bodies
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
