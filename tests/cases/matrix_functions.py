"""The cases of matrix_functions.txt: each a function of inputs in torch's words, for torch and for symnet alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch

_LINES = (Path(__file__).parent / "matrix_functions.txt").read_text(encoding="utf-8").splitlines()
TEXTS = tuple(line for line in _LINES if line and not line.startswith("#"))


def _square(seed: int) -> Any:
    return np.random.default_rng(seed).normal(size=(4, 4)) + 2 * np.eye(4)


def _spd(seed: int) -> Any:
    return _square(seed) @ _square(seed).T + np.eye(4)


#: What is differentiated by, and what is given.
PARAMETERS = {
    "X": _square(0),
    "Y": _square(1),
    "Z": np.random.default_rng(2).normal(size=(4, 3)),
    "S": _spd(3),
    "a": np.random.default_rng(4).normal(size=4),
    "b": np.random.default_rng(5).normal(size=4),
    "s": np.array(0.7),
}
DATA = {"A": _square(6), "B": _square(7), "C": _spd(8)}
IDENTITY = torch.eye(4, dtype=torch.float64)


def _sym(x: Any) -> Any:
    return (x + x.T) / 2


def _woodbury(C: Any, Z: Any, b: Any) -> Any:
    """b (C + Z Zᵀ)⁻¹ b by the identity of Woodbury."""
    inverse = torch.linalg.inv(C)
    inner = torch.linalg.inv(IDENTITY[:3, :3] + Z.T @ inverse @ Z)
    return b @ (inverse - inverse @ Z @ inner @ Z.T @ inverse) @ b


WORDS = {
    "torch": torch,
    "I": IDENTITY,
    "tr": torch.trace,
    "inv": torch.linalg.inv,
    "det": torch.linalg.det,
    "logdet": torch.logdet,
    "solve": torch.linalg.solve,
    "cholesky": torch.linalg.cholesky,
    "matrix_exp": torch.linalg.matrix_exp,
    "matrix_power": torch.linalg.matrix_power,
    "norm": torch.linalg.norm,
    "sym": _sym,
    "y_woodbury": _woodbury,
}


def names_of(text: str) -> tuple[str, ...]:
    """The parameters that a case reads."""
    return tuple(n for n in PARAMETERS if re.search(rf"(?<![\w.]){n}(?!\w)", text))


def value_of(text: str, tensors: dict[str, Any]) -> Any:
    """The case on some tensors; what they lack of the data is torch's."""
    data = {n: torch.tensor(v) for n, v in DATA.items()}
    return eval(text, {**WORDS, **data, **tensors})
