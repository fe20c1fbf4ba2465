"""LaTeX, Markdown and JSON: the same formulas, read back; documents that compile; prose without foreign signs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from symnet.explain.formats import FORMATS, format_for, render_derivation
from symnet.explain.numbers import NumberRow, Numbers
from symnet.explain.options import Options
from symnet.explain.outline import outline
from symnet.explain.tex import Latex
from tests.explain.derivations import EXAMPLES, known
from tests.explain.latex_reader import LatexReader
from tests.explain.page import Page, wrong_on_page
from tests.explain.parse import Unreadable
from tests.programs import CASES


def latex_page(name: str) -> Page:
    """The LaTeX formulas of a derivation as a page in the plain grammar."""
    document = json.loads(render_derivation(known(name).derivation, "json", Options(form="index", detail="full")))
    page = Page()
    for use in document["letters"]:
        page.letters.update(dict.fromkeys(use["letters"], use["size"]["ascii"]))
    for line in document["definitions"]:
        page.one_hot[line["formula"]["ascii"]["left"]] = line["formula"]["ascii"]["right"][0][len("onehot(") : -1]
    for line in [{"formula": f["index"], "remark": ""} for f in document["forward"]] + document["result"]:
        page.equations += list(_equations([line]))
    for step in document["steps"]:
        for lines in (*step["earlier"], step["chain"], [{"formula": w["index"], "remark": ""} for w in step["where"]]):
            page.equations += list(_equations(lines))
    return page


def _equations(lines: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    left = ""
    for line in lines:
        formula = line["formula"]["latex"]
        if isinstance(formula, dict):
            left = LatexReader(formula["left"]).plain().replace(" ", "")
        for side in formula["right"] if isinstance(formula, dict) else [formula]:
            yield left, LatexReader(side).plain(), ""


@pytest.mark.parametrize("name", [*CASES, *EXAMPLES])
def test_latex_formulas_have_the_value_of_the_gradient(name: str) -> None:
    page = latex_page(name)
    page.equations = [e for e in page.equations if "d(" not in e[1]]  # named derivatives are read in text and ASCII
    assert page.equations
    assert wrong_on_page(page, known(name)) == []


def test_a_dropped_parenthesis_in_latex_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Latex, "parenthesised", lambda self, text: text)
    found = 0
    for name in ("logits", "bce", "one_hot", "tanh_net"):
        try:
            page = latex_page(name)
            page.equations = [e for e in page.equations if "d(" not in e[1]]
            found += bool(wrong_on_page(page, known(name)))
        except (Unreadable, KeyError):
            found += 1
    assert found == 4


def unbalanced(document: str) -> str | None:
    """What does not match in a LaTeX document: braces, \\left and \\right, environments, dollars."""
    stack: list[str] = []
    pairs = {"}": "{", "right": "left"}
    plain = re.sub(r"\\[\\{}$&%#_,]", "", document)
    tokens = re.finditer(
        r"\\begin\{(?P<begin>[a-z*]+)\}|\\end\{(?P<end>[a-z*]+)\}|\\(?P<side>left|right)\b|(?P<brace>[{}$])",
        plain,
    )
    for match in tokens:
        if match["begin"]:
            stack.append(match["begin"])
        elif match["end"]:
            if not stack or stack.pop() != match["end"]:
                return f"\\end{{{match['end']}}}"
        elif match["brace"] == "$":
            if stack and stack[-1] == "$":
                stack.pop()
            else:
                stack.append("$")
        elif match["brace"] == "{" or match["side"] == "left":
            stack.append(match["brace"] or match["side"])
        elif not stack or stack.pop() != pairs[match["brace"] or match["side"]]:
            return match[0]
    return stack[-1] if stack else None


@pytest.mark.parametrize("form", ["both", "index", "matrix"])
@pytest.mark.parametrize("name", [*CASES, *EXAMPLES])
def test_latex_is_balanced(name: str, form: Any) -> None:
    document = render_derivation(known(name).derivation, "latex", Options(form=form, detail="full"))
    assert unbalanced(document) is None
    assert document.isascii()
    document = re.sub(r"\\begin\{bmatrix\}.*?\\end\{bmatrix\}", "B", document)  # it has columns and rows of its own
    for formula in re.findall(r"\\begin\{align\*\}(.*?)\\end\{align\*\}", document, re.S):
        for row in formula.split(" \\\\\n"):
            assert re.sub(r"\\&", "", row).count("&") in (1, 3, 5), row


def test_an_unbalanced_document_is_found() -> None:
    document = render_derivation(known("mlp").derivation, "latex")
    assert unbalanced(document.replace("{N}", "{N", 1)) is not None
    assert unbalanced(document.replace(r"\right)", ")", 1)) is not None
    assert unbalanced(document.replace(r"\end{itemize}", "", 1)) is not None


def test_latex_compiles_where_there_is_a_compiler(tmp_path: Path) -> None:
    compiler = shutil.which("pdflatex")
    document = render_derivation(known("examples/mlp").derivation, "latex", Options(detail="full"))
    if compiler is None:  # the balance of the document is what can be judged without one
        assert unbalanced(document) is None
        return
    (tmp_path / "page.tex").write_text(document)
    command = [compiler, "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", [*CASES, *EXAMPLES])
def test_json_is_complete_and_strict(name: str) -> None:
    model = known(name)
    document = json.loads(render_derivation(model.derivation, "json"))
    assert document["schema"] == 1
    assert [s["name"] for s in document["steps"]] == list(model.derivation.steps)
    assert all(s["chain"] and s["rules"] for s in document["steps"])
    assert [f["number"] for f in document["forward"]] == list(range(1, len(document["forward"]) + 1))


@pytest.mark.parametrize("name", ["cubic", "mlp", "examples/layers", "convolution"])
def test_every_format_says_the_same_steps(name: str) -> None:
    model = known(name)
    for format in FORMATS:
        page = render_derivation(model.derivation, format)
        places = [re.search(rf"(?i)(step {k}\b|\"number\": {k},\s+\"name\": \"{n}\")", page)
                  for k, n in enumerate(model.derivation.steps, 1)]  # fmt: skip
        assert all(places), (format, page)
        assert page.endswith("\n")
        assert not any(line != line.rstrip() for line in page.splitlines()), format


def test_ascii_holds_plain_characters_only() -> None:
    for name in [*CASES, *EXAMPLES]:
        page = render_derivation(known(name).derivation, "ascii", Options(detail="full"))
        assert page.isascii()
        assert "?" not in page, page


def test_the_format_follows_the_encoding() -> None:
    assert format_for("utf-8") == "text"
    assert [format_for(e) for e in ("ascii", "cp437", "latin-1", None, "no-such-encoding")] == ["ascii"] * 5


def test_one_step_and_hints() -> None:
    derivation = known("mlp").derivation
    page = render_derivation(derivation, "text", Options(step=5))
    assert " step 5 " in page and " step 4 " not in page and "FORWARD" not in page
    hints = render_derivation(derivation, "text", Options(hint=True))
    assert "rule" in hints and "index" not in hints.split("BACKWARD")[1] and "RESULT" not in hints
    with pytest.raises(ValueError, match=f"there is no step 99: the steps are 1 to {len(derivation.steps)}"):
        outline(derivation, Options(step=99))
    brief = render_derivation(derivation, "text", Options(detail="brief"))
    assert len(brief) < len(render_derivation(derivation, "text"))


def test_numbers_in_every_format() -> None:
    rows = (
        NumberRow("W1", (2, 64), (0, 1), -0.002363071722, -0.002363071722, -0.0023630717, 0.13, 0.13, 1.4e-16, 3e-12),
        NumberRow("a", (), (), 8938.9770037, None, 8938.977, 8938.9770037, None, None, 1.2e-12),
    )
    numbers = Numbers(3, "float64", (("N", 300),), 1.107547960049, rows, (("a", 0.5),), "24 points: equal", ("corner",))
    derivation = known("examples/mean_square").derivation
    page = render_derivation(derivation, "text", Options(numbers=numbers))
    table = page.partition("NUMBERS  ")[2].splitlines()
    assert table == [
        "seed 3, float64, N = 300, a = 0.500000,  out = 1.10754796005",
        "  param  shape   entry             hand         autograd  rel err   central diff  rel err       |hand|",
        "  W1     [2,64]  [0,1]  -0.002363071722  -0.002363071722  1.4e-16  -0.0023630717  3.0e-12         0.13",
        "  a      []                 8938.977004                                 8938.977  1.2e-12  8938.977004",
        "  exact check: 24 points: equal",
        "  corner",
    ]
    assert json.loads(render_derivation(derivation, "json", Options(numbers=numbers)))["numbers"]["rows"][1]["hand"]
    for format in ("latex", "markdown", "ascii"):
        assert table[3] in render_derivation(derivation, format, Options(numbers=numbers))
    assert "NUMBERS" not in render_derivation(derivation, "text", Options(numbers=numbers, step=1))
