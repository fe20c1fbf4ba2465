"""Models that must be refused, with the exact text that the person reads.

Each ``refusals/NAME.py`` is a model with a mistake, ``refusals/NAME.txt`` the whole message.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
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


SYMNET = Path(pipeline.__file__).parent
#: Functions that refuse, and which of their arguments is the message.
REFUSING = {"Problem": 1, "mistake": 1, "fail": 1, "_refuse": 2, "refused": 0, "_refused": 0}


def words_of(text: str) -> list[str]:
    return re.findall(r"[\w']+", text)


def messages() -> Iterator[tuple[str, list[list[str]]]]:
    """Where symnet refuses, and the words of the message between what is put in."""
    for path in sorted(SYMNET.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if name in REFUSING and len(node.args) > REFUSING[name]:  # type: ignore[attr-defined]
                said = node.args[REFUSING[name]]  # type: ignore[attr-defined]
                parts = [p.value for p in ast.walk(said) if isinstance(p, ast.Constant) and isinstance(p.value, str)]
                yield f"{path.relative_to(SYMNET)}:{node.lineno}", [w for w in map(words_of, parts) if w]  # type: ignore[attr-defined]


def test_every_refusal_has_a_test() -> None:
    """Three words of each message that stand side by side, or its longest part, stand in some test."""
    folder = Path(__file__).parent.parent
    read = [p for p in folder.rglob("*") if p.suffix in (".py", ".txt") and "golden" not in p.parts]
    tested = words_of(" ".join(p.read_text(encoding="utf-8", errors="replace") for p in sorted(read)))
    runs = {n: set(zip(*(tested[k:] for k in range(n)), strict=False)) for n in (1, 2, 3)}
    found = list(messages())
    lost = [
        place
        for place, parts in found
        if parts
        and (n := min(3, max(map(len, parts))))
        and not any(tuple(part[k : k + n]) in runs[n] for part in parts for k in range(len(part) - n + 1))
    ]
    assert len(found) > 300 and lost == []
