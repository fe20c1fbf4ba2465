"""The printed derivation of every example, to the letter; ``--renew`` writes the files again.

``tests/golden/derivations`` holds the text, ``docs/derivations`` the Markdown that people read.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from symnet import pipeline
from symnet.codegen.header import is_edited
from symnet.explain.options import Options
from tests.models import EXAMPLES, ROOT, TARGETS

TEXTS, PAGES, SCRIPTS = ROOT / "tests" / "golden" / "derivations", ROOT / "docs" / "derivations", ROOT / "generated"


@pytest.mark.parametrize("example", EXAMPLES)
def test_derivation(example: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    model, _ = pipeline.load(Path("examples") / f"{example}.py")
    derivation = pipeline.derive_model(model)
    golden(TEXTS / f"{example}.txt", pipeline.explain(derivation, Options(), "text"))
    golden(PAGES / f"{example}.md", pipeline.explain(derivation, Options(), "markdown"))


def test_no_golden_file_is_left_over() -> None:
    assert sorted(p.stem for p in TEXTS.iterdir()) == EXAMPLES
    assert sorted(p.stem for p in PAGES.iterdir()) == EXAMPLES


def test_every_example_has_its_scripts_unedited() -> None:
    names = sorted(f"{e}_{t.replace('-', '_')}.py" for e in EXAMPLES for t in TARGETS)
    assert sorted(p.name for p in SCRIPTS.glob("*.py")) == names
    assert [p.name for p in SCRIPTS.glob("*.py") if is_edited(p.read_text(encoding="utf-8"))] == []
