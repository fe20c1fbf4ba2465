"""Every ``console`` block of the README is run and must print what it shows; ``--renew`` writes the output in."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from symnet.cli import main
from tests import closed_forms

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"```console\n\$ symnet (?P<command>[^\n]*)\n(?P<output>.*?)```", re.DOTALL)


def run(command: str) -> str:
    return CliRunner().invoke(main, command.split(), catch_exceptions=False).output


def masked(text: str) -> str:
    """The text without the digits of rounding errors, which differ between processors."""
    return re.sub(r"\d\.\de-\d\d", "error", text)


def test_readme_shows_what_the_commands_print(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    fresh = BLOCK.sub(lambda m: f"```console\n$ symnet {m['command']}\n{run(m['command'])}```", text)
    if request.config.getoption("--renew") and masked(fresh) != masked(text):
        readme.write_text(fresh, encoding="utf-8")
    assert len(BLOCK.findall(text)) >= 3
    assert masked(fresh) == masked(readme.read_text(encoding="utf-8"))


def document(name: str) -> Any:
    """A module of the docs folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_table_of_words_is_current(golden: Callable[[Path, str], None]) -> None:
    golden(ROOT / "docs" / "words.md", document("words").page())


def test_every_word_is_named() -> None:
    import symnet

    text = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "docs" / "words.md").read_text(encoding="utf-8")
    words = [w for w in symnet.__all__ if not w.startswith("_") and w != "Tensor"]
    missing = [w for w in words if not any(f"`{dot}{w}`" in text for dot in ("", "."))]
    assert missing == []


def test_readme_model_is_accepted(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    model = tmp_path / "model.py"
    model.write_text(text.split("```python\n")[1].split("```")[0])
    assert CliRunner().invoke(main, ["derive", str(model)], catch_exceptions=False).exit_code == 0


def test_picture_is_current(golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    golden(ROOT / "docs" / "derivation.svg", document("picture").picture())


def test_the_closed_forms_are_current(golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """To the letter where torch is the one that the page was traced by; another version may trace other statements."""
    monkeypatch.chdir(ROOT)
    forms, path = document("closed_forms"), ROOT / "docs" / "closed-forms.md"
    monkeypatch.setattr(forms, "derived", closed_forms.derived)  # other tests derive the same files
    page = forms.page()
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    if known and f"torch {forms.TORCH}." not in known:
        counts = re.compile(r"\d+ → \d+ \||torch [0-9.]+\.")
        assert counts.sub("", page) == counts.sub("", known)
    else:
        golden(path, page)


def test_every_closed_form_is_on_the_page() -> None:
    forms = document("closed_forms")
    shown = [name for row in forms.ROWS for name in row.forms]
    shown += [name for row in forms.ROWS for _, names in row.spellings for name in names]
    assert sorted(shown) == sorted(path.stem for path in forms.FOLDER.glob("*.py"))
