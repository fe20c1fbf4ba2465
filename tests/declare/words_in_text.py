"""Cases written as text in torch's words, run twice: on tensors of a model through the protocols, and by torch.

``"torch.clamp(K, -0.5, 1.0)"`` is a whole case: the capital names are the arrays below, and those that the text uses
are the parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
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
ROWS = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, -1.0], [0.0, 3.0, 0.0], [1.0, 1.0, 1.0]])
#: K kinks, L beside them; X Y Z general, T with ties, P positive, U within 0..1; V W vectors; A B C of three axes;
#: M N square; S one number, O of size 1; E with zeros; R Q with rows that
#: are 0, or equal in both, or of equal entries.
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
    "R": ROWS,
    "Q": np.array([[0.0, 0.0, 0.0], [1.0, 2.0, -1.0], [0.0, 2.0, 0.0], [1.0, 0.0, -0.5]]),
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
    spaces = {"torch": torch, "F": F, "np": np, "sn": sn, "if_": bool}

    def run(words: str) -> Callable[..., Any]:
        return lambda *tensors: eval(words, {**spaces, **dict(zip(names, tensors, strict=True))})

    return Case(run(text), run(torchs or text), tuple(ARRAYS[n] for n in names), torchs is not None)


def _read() -> dict[str, list[Case]]:
    """The cases of words.txt by the word's name in the table."""
    found: dict[str, list[Case]] = {}
    name = ""
    for line in (Path(__file__).parent / "words.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            ours, pair, theirs = line.strip().partition("  ~  ")
            found[name].append(written(ours, theirs if pair else None))
        elif line and not line.startswith("#"):
            name = line
            found[name] = []
    for name, texts in window_texts.TEXTS.items():
        found.setdefault(name, []).extend(map(written, texts))
    return found


def refusals() -> dict[str, str]:
    """What is refused, and a part of the message."""
    lines = (Path(__file__).parent / "refused_words.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("  ~  ") for line in lines if line and not line.startswith("#"))
    return dict(pair for pair in pairs)


TEXTS = _read()
#: Words of NumPy's that have a case.
NUMPYS = {name for name, cases in TEXTS.items() if any(case.numpy for case in cases)}
