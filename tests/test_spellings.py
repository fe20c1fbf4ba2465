"""Confluence: however a person spells a closed form, its printed gradient is the same, and equal to the raw rule's.

Each ``spellings/NAME.txt`` has what all models of the file begin with, after ``=>`` what each must print, and after
every ``--`` one spelling of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from symnet import pipeline
from symnet.calculus.evaluate import FLOAT, evaluate
from symnet.explain.options import Options
from tests.closed_forms import float_point

FOLDER = Path(__file__).parent / "spellings"
IMPORTS = """import math

import numpy as np
import torch
import torch.nn.functional as F

import symnet as sn
"""


class Spelling(NamedTuple):
    """One model and the lines that its derivation must print."""

    printed: tuple[str, ...]
    text: str


def spellings(path: Path) -> dict[str, Spelling]:
    """The models of a file by their own first lines."""
    shared, *own = path.read_text(encoding="utf-8").split("\n--\n")
    beginning = "\n".join(line for line in shared.splitlines() if not line.startswith("=> "))
    printed = tuple(line[3:] for line in shared.splitlines() if line.startswith("=> "))
    return {
        f"{path.stem} {k}: {text.splitlines()[-1]}": Spelling(printed, f"{IMPORTS}{beginning}\n{text}\n")
        for k, text in enumerate(own, 1)
    }


SPELLINGS = {name: s for path in sorted(FOLDER.glob("*.txt")) for name, s in spellings(path).items()}


@pytest.mark.parametrize("name", SPELLINGS)
def test_a_spelling_ends_in_the_form_of_its_row(name: str, tmp_path: Path) -> None:
    file = tmp_path / "model.py"
    file.write_text(SPELLINGS[name].text, encoding="utf-8")
    model, _ = pipeline.load(file)
    derivation = pipeline.derive_model(model)
    text = pipeline.explain(derivation, Options(), "text")
    lines = [line.strip() for line in text.partition("RESULT\n")[2].partition("\n\n")[0].splitlines()]
    assert [line for line in SPELLINGS[name].printed if line not in lines] == [], lines
    point = float_point(derivation, 0)
    ours, raw = (evaluate(p, point.inputs, FLOAT) for p in (derivation.program, derivation.raw))
    for tensor in derivation.wrt:
        mine, rule = ours[derivation.program.adjoints[tensor]], raw[derivation.raw.adjoints[tensor]]
        np.testing.assert_allclose(mine, rule, rtol=1e-9, atol=1e-12 * (1 + np.abs(rule).max()))
