"""Concatenation, padding, stacking and slices as blocks: printed as a person writes them, read back, equal."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest

from symnet.explain import text
from symnet.explain.formats import render_derivation
from symnet.explain.options import Options
from symnet.explain.outline import outline
from tests.explain import matrices
from tests.explain.derivations import Known, known
from tests.explain.latex_reader import LatexReader
from tests.explain.matrices import matrix_value
from tests.explain.page import wrong_formulas, wrong_matrix_forms
from tests.explain.parse import Unreadable

HEAD = """import symnet as sn
import torch
import torch.nn.functional as F
N, D, K = sn.dims(N=4, D=3, K=2)
X, U = sn.data(N, D), sn.data(N, K)
A = sn.param(D, D)
"""

#: A model, and what its page says.
MODELS = {
    "side by side": (
        "G, H = sn.data(N, D + K), torch.cat([X @ A, U], 1)\nloss = (H * G).sum()",
        ["H = [X A, U]", "dA = Xᵀ G[:, :D]", "[l < D]"],
    ),
    "below each other": (
        "V, G = sn.data(K, D), sn.data(N + K, D)\nH = torch.cat([X @ A, V], 0)\nloss = (H * G).sum()",
        ["H = [X A; V]", "dA = Xᵀ G[:N, :]"],
    ),
    "vectors": (
        "a, b = sn.param(D), sn.param(K)\nv = torch.cat([a, b])\nloss = (X @ A @ a).sum() + (v**2).sum()",
        ["v = [a; b]", "db = dv[D:]"],
    ),
    "one border": (
        "G, H = sn.data(N, D + 2), F.pad(X @ A, (0, 2))\nloss = (H * G).sum()",
        ["H = [X A, 0]", "dA = Xᵀ G[:, :D]"],
    ),
    "equal borders": (
        "G, H = sn.data(N, D + 2), F.pad(X @ A, (1, 1))\nloss = (H * G).sum()",
        ["H = [0, X A, 0]", "dA = Xᵀ G[:, 1:−1]"],
    ),
    "borders": (
        "G, H = sn.data(N, D + 3), F.pad(X @ A, (1, 2))\nloss = (H * G).sum()",
        ["H = [zeros(N, 1), X A, zeros(N, 2)]", "dA = Xᵀ G[:, 1:D+1]"],
    ),
    "borders on both axes": (
        "G, H = sn.data(N + 2, D + 1), F.pad(X @ A, (0, 1, 1, 1))\nloss = (H * G).sum()",
        ["H = [0, 0; X A, 0; 0, 0]", "dA = Xᵀ G[1:−1, :D]"],
    ),
    "a border of another number": (
        "G, H = sn.data(N, D + 2), F.pad(X @ A, (0, 2), value=0.5)\nloss = (H * G).sum()",
        ["H = [X A, 1/2]"],
    ),
    "a column of ones": (
        "W, G = sn.param(D + 1, K), sn.data(N, K)\nE = torch.cat([torch.ones((N, 1)), X @ A], 1)\n"
        "loss = (E @ W * G).sum()",
        ["E = [1, X A]", "dA = Xᵀ dE[:, 1:]"],
    ),
    "a column": (
        "a, G = sn.param(N), sn.data(N, 1 + K)\nE = torch.cat([a[:, None], U], 1)\nloss = (E * G).sum() + A.sum()",
        ["E = [a, U]", "da = G[:, 0]"],
    ),
    "columns": (
        "a, b, G = sn.param(N), sn.param(N), sn.data(N, 2)\nE = torch.stack([a, b], 1)\nloss = (E * G).sum() + A.sum()",
        ["E = [a, b]", "da = G[:, 0]", "db = G[:, 1]"],
    ),
    "rows": (
        "a, b, G = sn.param(N), sn.param(N), sn.data(2, N)\nE = torch.stack([a, b])\nloss = (E * G).sum() + A.sum()",
        ["E = [aᵀ; bᵀ]", "da = G[0, :]", "db = G[1, :]"],
    ),
    "matrices on a new axis": (
        "B, Y = sn.param(D, D), sn.data(N, 3, D)\nS = torch.stack([X @ A, X @ B, X], 1)\nloss = ((S - Y)**2).sum()",
        ["S = stack([X A, X B, X], 1)", "dA = Xᵀ dS[:, 0, :]", "dB = Xᵀ dS[:, 1, :]"],
    ),
    "a grid": (
        "B, C, G = sn.param(N, K), sn.param(D, K), sn.data(N + D, D + K)\nH = torch.cat([torch.cat([X @ A, B], 1), "
        "torch.cat([A, 2 * C], 1)], 0)\nloss = (H * G).sum()",
        ["H = [X A, B; A, 2 C]", "dB = G[:N, D:]"],
    ),
    "a block diagonal": (
        "B, G = sn.param(N, K), sn.data(D + N, D + K)\nH = torch.block_diag(A, B)\nloss = (H * G).sum()",
        ["H = [A, 0; 0, B]", "dA = G[:D, :D]", "dB = G[D:, D:]"],
    ),
    "a shortcut with more features": (
        "W, y = sn.param(D, D + 2), sn.data(N, D + 2)\nH = torch.tanh(X @ A)\nY = F.pad(H, (0, 2)) + H @ W\n"
        "loss = ((Y - y)**2).sum()",
        ["Y = H W + [H, 0]", "dH = dY Wᵀ + dY[:, :D]"],
    ),
    "a part of the data": (
        "W, y = sn.param(2, K), sn.data(N, K)\nY = X[:, :2] @ W\nloss = ((Y - y)**2).sum() + A.sum()",
        ["Y = X[:, :2] W", "dW = X[:, :2]ᵀ dY"],
    ),
    "differences": (
        "x, a = sn.param(6), sn.data(6)\nloss = ((x - a)**2).sum() + ((x[1:] - x[:-1])**2).sum() / 2 + A.sum()",
        ["sum((x[1:] − x[:−1])²)/2", "dx = 2 (x − a) + [x[:−1] − x[1:]; 0] + [0; x[1:] − x[:−1]]"],
    ),
    "every other": (
        "G = sn.data(N, 2)\nH = X @ A\nloss = (H[:, ::2] * G).sum()",
        ["sum(G ⊙ H[:, ::2])"],
    ),
    "backwards": (
        "G = sn.data(N, D)\nH = X @ A\nloss = (torch.flip(H, [1]) * G).sum()",
        ["dA = Xᵀ G[:, ::−1]"],
    ),
    "a roll": (
        "G = sn.data(N, 6)\nB = sn.param(D, 6)\nH = X @ B\nR = torch.roll(H, 2, 1)\nloss = (R * G).sum() + A.sum()",
        ["R = [H[:, 4:], H[:, :4]]", "dH = [G[:, 2:], G[:, :2]]"],
    ),
    "gates": (
        "W, c0, y = sn.param(D, 8), sn.data(N, 2), sn.data(N, 2)\nZ = X @ W\ni, f, g, o = torch.chunk(Z, 4, 1)\n"
        "c = torch.sigmoid(f) * c0 + torch.sigmoid(i) * torch.tanh(g)\nh = torch.sigmoid(o) * torch.tanh(c)\n"
        "loss = ((h - y)**2).sum() + A.sum()",
        ["f = Z[:, 2:4]", "dZ = [di, df, dg, do]"],
    ),
    "softmax over a concatenation": (
        "G, H = sn.data(N, D + K), torch.cat([X @ A, U], 1)\nP = torch.softmax(H, 1)\nloss = (P * G).sum()",
        ["H = [X A, U]", "dH = P ⊙ (G − rowsum(G ⊙ P))", "dA = Xᵀ dH[:, :D]"],
    ),
    "log softmax of a part": (
        "B, G = sn.param(D, 6), sn.data(N, 4)\nZ = X @ B\nlp = torch.log_softmax(Z[:, :4], 1)\n"
        "loss = (lp * G).sum() + A.sum()",
        ["dZ = [G − P ⊙ rowsum(G), 0] = [G − softmax(Z[:, :4]) ⊙ rowsum(G), 0]"],
    ),
    "log softmax of a later part": (
        "B, G = sn.param(D, 6), sn.data(N, 4)\nZ = X @ B\nlp = torch.log_softmax(Z[:, 1:5], 1)\n"
        "loss = (lp * G).sum() + A.sum()",
        ["dZ = [0, G − P ⊙ rowsum(G), 0] = [0, G − softmax(Z[:, 1:−1]) ⊙ rowsum(G), 0]"],
    ),
    "batch norm after a border": (
        "G, H = sn.data(N, D + 1), F.pad(X @ A, (0, 1))\nmu = H.mean(0)\nr = (((H - mu)**2).mean(0) + 1e-5) ** -0.5\n"
        "xh = (H - mu) * r\nloss = (xh * G).sum()",
        ["dH = (G − (colsum(G) + xh ⊙ colsum(G ⊙ xh))/N) ⊙ (1 rᵀ)", "dA = Xᵀ dH[:, :D]"],
    ),
    "two heads": (
        "Wq, Wk, Wv, y = sn.param(D, 4), sn.param(D, 4), sn.param(D, 4), sn.data(N, 4)\n"
        "Q, K_, V = X @ Wq, X @ Wk, X @ Wv\n"
        "o1 = torch.softmax(Q[:, :2] @ K_[:, :2].T, 1) @ V[:, :2]\n"
        "q2, k2, v2 = Q[:, 2:], K_[:, 2:], V[:, 2:]\nP2 = torch.softmax(q2 @ k2.T, 1)\no2 = P2 @ v2\n"
        "O = torch.cat([o1, o2], 1)\nloss = ((O - y)**2).sum() + A.sum()",
        ["O = [o1, o2]", "do1 = dO[:, :2]", "do2 = dO[:, 2:]", "dP2 = do2 v2ᵀ", "dQ = [", ", dq2]"],
    ),
}


def model(name: str, folder: Path) -> Known:
    path = folder / "model.py"
    path.write_text(HEAD + MODELS[name][0] + "\n", encoding="utf-8")
    return known(str(path.with_suffix("")))


@pytest.mark.parametrize("name", MODELS)
def test_blocks_are_printed_as_a_person_writes_them(name: str, tmp_path: Path) -> None:
    found = model(name, tmp_path)
    for renderer in (text.render, text.render_ascii):
        for form in ("both", "matrix"):
            page = renderer(outline(found.derivation, Options(form=form)))
            assert wrong_matrix_forms(page, found) == [], page
        page = renderer(outline(found.derivation, Options(form="index", detail="full")))
        assert wrong_formulas(page, found) == [], page
    page = text.render(outline(found.derivation, Options()))
    for line in MODELS[name][1]:
        assert line in page, page


@pytest.mark.parametrize("name", MODELS)
def test_blocks_in_latex_have_the_value_of_the_tensor(name: str, tmp_path: Path) -> None:
    found = model(name, tmp_path)
    document = json.loads(render_derivation(found.derivation, "json"))
    forms = [f["matrix"] for f in (*document["forward"], *document["steps"]) if f["matrix"]]
    values = {**found.values, "L": found.values[found.derivation.raw.loss]}
    for form in forms:
        left = form["ascii"]["left"]
        true = np.asarray(values[left], float)
        for side in form["latex"]["right"]:
            assert np.allclose(matrix_value(LatexReader(side).plain(), values, found.sizes, true.shape), true), side


def test_a_wrong_end_and_blocks_in_another_order_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = model("side by side", tmp_path)
    page = text.render(outline(found.derivation, Options(form="matrix")))
    blocks, part = "[X A, U]", "[:, :D]"
    for right, wrong in ((blocks, "[U, X A]"), (blocks, "[X A; U]"), (part, "[:, 1:D]"), (part, "[:, K:]")):
        assert right in page
        with contextlib.suppress(Unreadable, ValueError):
            assert wrong_matrix_forms(page.replace(right, wrong), found)
    with pytest.raises(Unreadable):
        matrices.joined([[np.zeros((2, 2)), np.zeros(())]], (2, 2))
    with pytest.raises(Unreadable):
        matrices.joined([[np.zeros(()), np.zeros((2, 2)), np.zeros(())]], (2, 5))
