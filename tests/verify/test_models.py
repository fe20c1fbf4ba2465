"""Models as people write them, from the file to generated code that agrees with every method."""

from __future__ import annotations

from pathlib import Path

import pytest

from symnet.testing import assert_gradients

MODELS = {
    "ridge with a parameter that is not used": """
        N, D = sn.dims(N="batch", D=3)
        X, y = sn.data(N, D), sn.data(N)
        w, unused = sn.param(D), sn.param(2)
        loss = sn.mean((X @ w - y) ** 2) + 0.1 * sn.sum(w**2)
    """,
    "batch norm, after a bias that it cancels": """
        N, D = sn.dims(N="batch", D=3)
        X, gain, shift = sn.data(N, D), sn.param(D), sn.param(D)
        W, bias = sn.param(D, D), sn.param(D)
        Z = X @ W + bias
        m = Z.mean(0)
        v = ((Z - m) ** 2).mean(0)
        loss = sn.sum(sn.tanh(gain * (Z - m) / sn.sqrt(v + 1e-5) + shift) ** 2)
    """,
    "a quadratic form with a symmetric matrix": """
        D = sn.dims(D=4)
        A, b, x = sn.data(D, D, symmetric=True), sn.data(D), sn.param(D)
        loss = x @ (A @ x) / 2 - b @ x
    """,
    "a bilinear form": """
        D, E = sn.dims(D=4, E=2)
        A, x, y = sn.param(D, E), sn.param(D), sn.param(E)
        loss = sn.exp(x @ A @ y) + sn.sum(A.T @ A)
    """,
    "self-attention": """
        N, D = sn.dims(N=4, D=3)
        X, Wq, Wk, Wv = sn.data(N, D), sn.param(D, D), sn.param(D, D), sn.param(D, D)
        Q, K, V = X @ Wq, X @ Wk, X @ Wv
        loss = sn.sum((sn.softmax(Q @ K.T / 3**0.5, 1) @ V) ** 2)
    """,
    "maxima and minima": """
        N, D = sn.dims(N="batch", D=3)
        X, w, v = sn.data(N, D), sn.param(D), sn.param(D)
        Z = X * w
        loss = sn.sum(sn.maximum(Z, v) + sn.minimum(Z, 2 * v)) + sn.sum(Z.amax(1))
    """,
    "a normal likelihood, divided by a parameter of rank 0": """
        N = sn.dims(N="batch")
        x, s, m = sn.data(N, positive=True), sn.param(init=1.5), sn.param()
        loss = sn.mean(sn.log(s) + (sn.log(x) - m) ** 2 / (2 * s**2))
    """,
    "soft labels that do not sum to 1": """
        N, D, C = sn.dims(N="batch", D=2, C=3)
        X, Y, W = sn.data(N, D), sn.data(N, C), sn.param(D, C)
        loss = sn.cross_entropy(X @ W, Y)
    """,
    "soft labels that do": """
        N, D, C = sn.dims(N="batch", D=2, C=3)
        X, Y, W = sn.data(N, D), sn.data(N, C, simplex=True), sn.param(D, C)
        loss = sn.cross_entropy(X @ W, Y)
    """,
    "sizes of one": """
        N, D, C = sn.dims(N="batch", D=1, C=1)
        X, t, W, b = sn.data(N, D), sn.labels(N, classes=C), sn.param(D, C), sn.param(C)
        loss = sn.cross_entropy(X @ W + b, t) + sn.sum(W**2)
    """,
    "a data term, a regulariser and a constant": """
        N = sn.dims(N="batch")
        x, w = sn.data(N), sn.param()
        loss = sn.sum(w * x) + w**2 + 7
    """,
}


@pytest.mark.parametrize("name", MODELS)
def test_every_gradient_agrees(name: str, tmp_path: Path) -> None:
    lines = [line.strip() for line in MODELS[name].strip().splitlines()]
    path = tmp_path / "model.py"
    path.write_text("\n".join(["import symnet as sn", *lines, ""]))
    report = assert_gradients(path, against=("autograd", "fd", "exact"), trials=3)
    assert report.trials == 3
    assert all(row.autograd_error is not None and row.autograd_error < 1e-9 for row in report.rows), report.rows


def test_a_gradient_that_cancels_is_0_and_agrees(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    name = "batch norm, after a bias that it cancels"
    path.write_text("import symnet as sn\n" + "\n".join(line.strip() for line in MODELS[name].strip().splitlines()))
    rows = {row.parameter: row for row in assert_gradients(path, trials=3).rows}
    assert rows["bias"].hand_norm == 0.0
    assert rows["bias"].autograd_norm is not None and rows["bias"].autograd_norm < 1e-12
