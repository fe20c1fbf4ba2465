"""Whole pages in every format and with the options that change a page, as last read and approved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from symnet.explain.formats import render_derivation
from symnet.explain.options import Options
from tests.explain.derivations import known

GOLDEN = Path(__file__).parent / "golden"
PAGES = {
    "mean_square.txt": ("examples/mean_square", "text", Options(detail="full")),
    "cubic.txt": ("examples/cubic", "text", Options()),
    "mlp.txt": ("examples/mlp", "text", Options()),
    "mlp_ascii.txt": ("examples/mlp", "ascii", Options(form="index")),
    "layers_matrix.txt": ("examples/layers", "text", Options(form="matrix")),
    "cubic.tex": ("examples/cubic", "latex", Options()),
    "mlp.md": ("examples/mlp", "markdown", Options()),
    "mlp_zh.txt": ("examples/mlp", "text", Options(language="zh")),
    "mean_square_zh.tex": ("examples/mean_square", "latex", Options(language="zh")),
    "cube_plus_bias.json": ("examples/cube_plus_bias", "json", Options()),
}


@pytest.mark.parametrize("file", PAGES)
def test_page_is_as_approved(file: str, golden: Callable[[Path, str], None]) -> None:
    name, format, options = PAGES[file]
    golden(GOLDEN / file, render_derivation(known(name).derivation, format, options))


def test_no_page_is_left_over() -> None:
    assert {p.name for p in GOLDEN.iterdir()} == set(PAGES)
