"""Models that must be refused, with the exact text that the person reads.

Each ``refusals/NAME.py`` is a model with a mistake, ``refusals/NAME.txt`` the whole message.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from symnet import pipeline
from symnet.diagnostics import render_problems
from symnet.errors import SymnetError

FOLDER = Path(__file__).parent / "refusals"
CASES = sorted(path.stem for path in FOLDER.glob("*.py"))


def message(name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(SymnetError) as caught:
        model, _ = pipeline.load(Path(f"{name}.py"))
        pipeline.derive_model(model)
    assert caught.value.exit_code == 2
    return render_problems(caught.value.problems)


@pytest.mark.parametrize("name", CASES)
def test_refusal(name: str, golden: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    golden(FOLDER / f"{name}.txt", message(name, monkeypatch))


def test_every_message_has_a_model() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == CASES
    assert len(CASES) > 25


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SymnetError) as caught:
        pipeline.load(tmp_path / "nothing.py")
    assert render_problems(caught.value.problems) == f"error[SN001]: there is no file {tmp_path / 'nothing.py'}\n"


def test_not_text(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SymnetError) as caught:
        pipeline.load(path)
    assert render_problems(caught.value.problems) == f"error[SN001]: {path} is not UTF-8 text\n"


def test_unused_parameter_is_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("import symnet as sn\n\nx = sn.param(3)\nq = sn.param(3)\nloss = sn.sum(x**2)\n")
    _, warnings = pipeline.load(path)
    assert render_problems(warnings) == (
        f"warning[SN302]: the loss does not depend on q: its gradient is zero\n  --> {path}:4:5\n  |\n"
        "4 | q = sn.param(3)\n  |     ^^^^^^^^^^^\n"
    )
