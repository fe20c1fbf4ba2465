"""Derivations in Chinese: no English word is left, and every formula is the one of the English page."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from symnet.calculus.matrices import MATRIX_FUNCTIONS
from symnet.explain import rules
from symnet.explain.chinese import PHRASES, TEMPLATES
from symnet.explain.document import Outline, Prose
from symnet.explain.formats import FORMATS, render_derivation
from symnet.explain.formula import Formula
from symnet.explain.language import CATALOGUES, translate
from symnet.explain.notation import Notation
from symnet.explain.numbers import NumberRow, Numbers
from symnet.explain.options import Options
from symnet.explain.outline import outline
from symnet.explain.phrases import ENGLISH, Phrases, columns
from symnet.explain.spellings import Ascii, Unicode
from symnet.explain.tex import Latex
from symnet.simplify.rewrites import RULES
from tests.explain.derivations import EXAMPLES, known
from tests.explain.page import page_of
from tests.explain.test_formats import unbalanced
from tests.programs import CASES

CHINESE = CATALOGUES["zh"]
SYMNET = Path(rules.__file__).parents[1]
WORD = re.compile(r"[A-Za-z][A-Za-z_]+")
SECOND = ("cubic", "quadratic", "softmax", "examples/cube_plus_bias", "examples/cotangent")
#: Words that a Chinese reader expects in Latin letters, and what LaTeX and Markdown call their own parts.
NAMES = {"PyTorch", "NumPy", "torch", "symnet", "pip", "install", "float", "delta", "cpu", "dV"}
NAMES |= {"one_hot", "simplex", "mask"}
NAMES |= {word for f in MATRIX_FUNCTIONS.values() for word in re.findall("[A-Za-z_]+", f"{f.name} {f.source}")}
FUNCTIONS = {name for name, _ in rules.DERIVATIVES.values()} | {"sign"}
SETTING = set(
    WORD.findall(
        "documentclass ctexart usepackage amsmath amssymb setlength parindent pt begin end document allowdisplaybreaks "
        "section subsection paragraph align aligned itemize item quad text texttt to partial frac mathrm top ne ge "
        "delta pm Phi sum landscape margin mm geometry"
    )
)


@cache
def english(name: str, order: int = 1, detail: Any = "full") -> Outline:
    return outline(known(name, True, order).derivation, Options(detail=detail))


def parts(node: Any) -> Iterator[Any]:
    """Everything in a document, formulas whole."""
    yield node
    if isinstance(node, tuple):
        for part in node:
            yield from parts(part)
    elif is_dataclass(node) and not isinstance(node, Formula):
        for field in fields(node):
            yield from parts(getattr(node, field.name))


def formulas(document: Outline) -> list[Any]:
    return [part for part in parts(document) if isinstance(part, Formula)]


def prose(document: Outline) -> Iterator[str]:
    """What is said in words: not the names, nor the code."""
    pieces: list[Prose] = [*document.second, *document.notes]
    yield from (value for _, value in document.sizes)
    lines = [*document.definitions, *document.result, *document.facts]
    for block in document.inner:
        pieces += block.notes
        lines += block.sought
    for step in (*document.steps, *(s for block in document.inner for s in block.steps)):
        yield from step.rules
        pieces += [*step.remarks, *(w.remark for w in step.where)]
        lines += [*step.chain, *(line for some in step.earlier for line in some)]
        for reason in step.reasons:
            yield from (part for part in parts(reason) if isinstance(part, str))
    pieces += [*(line.remark for line in lines), *(f.remark for f in document.forward)]
    yield from (part for piece in pieces for part in piece if isinstance(part, str))


def names(document: Outline) -> set[str]:
    """The words of formulas and names, in all notations."""
    notations: list[Notation] = [Unicode(), Ascii(), Latex(dict(document.adjoints))]
    written = [n.write(f) for f in formulas(document) for n in notations]
    written += [
        document.path,
        document.loss,
        f"d{document.loss}",
        *(step.name for step in document.steps),
        *(step.name for block in document.inner for step in block.steps),
        *(n for n, _ in document.sizes),
    ]
    written += [n for pair in document.adjoints for n in (*pair, f"d{pair[0]}", f"d{pair[1]}")]
    written += [d.name for d in (*document.data, *document.parameters)] + [s.code or "" for s in document.steps]
    rules_here = {rule for step in document.steps for rule in step.rules} & FUNCTIONS  # where is a heading too
    return {word for text in written for word in WORD.findall(text)} | (FUNCTIONS - {"where"}) | rules_here | NAMES


def left_over(text: str, allowed: set[str]) -> list[str]:
    return sorted({word for word in WORD.findall(text) if word not in allowed})


@pytest.mark.parametrize(("name", "order"), [*((n, 1) for n in [*CASES, *EXAMPLES]), *((n, 2) for n in SECOND)])
def test_no_english_word_is_left(name: str, order: int) -> None:
    for detail in ("brief", "normal", "full"):
        document = english(name, order, detail)
        chinese = translate(document, "zh")
        allowed = names(document)
        for text in prose(chinese):
            # A word that is prose here and a function there, such as sum and mean, is not let through by the latter.
            words = allowed - {*TEMPLATES, "is", "and", "by", "the", "of", "from"}
            assert left_over(text, words) == [], text
        for format in sorted(set(FORMATS) - {"ascii"}) if detail == "full" else ():
            assert left_over(_shown(format, FORMATS[format](chinese)), allowed | SETTING) == [], format


def _shown(format: str, page: str) -> str:
    """What a person reads on a page: JSON without its keys, names as they are without LaTeX's escapes."""
    if format != "json":
        return page.replace("\\_", "_")
    document = json.loads(page)
    assert document.pop("layout") == "shape"
    return "\n".join(_values(document))


def _values(node: Any) -> Iterator[str]:
    """The texts of a JSON document without its keys."""
    if isinstance(node, str):
        yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _values(child)


def test_an_untranslated_word_is_found() -> None:
    document = english("mlp")
    lines = [text for text in prose(document) if left_over(text, names(document) - set(TEMPLATES))]
    assert len(lines) > 20


@pytest.mark.parametrize("name", [*CASES, *EXAMPLES])
def test_formulas_are_those_of_the_english_page(name: str) -> None:
    document = english(name)
    chinese = translate(document, "zh")
    assert formulas(chinese) == formulas(document)
    page, other = FORMATS["text"](document), _relabelled(FORMATS["text"](chinese))
    first, second = page_of(page), page_of(other)
    assert [e[:2] for e in second.equations] == [e[:2] for e in first.equations] != []
    assert (second.equalities, second.letters, second.one_hot) == (first.equalities, first.letters, first.one_hot)


def _relabelled(page: str) -> str:
    """A Chinese page with the English labels that its reader knows; the formulas are left alone."""
    lines = []
    for line in page.splitlines():
        for field in fields(Phrases):
            before, after = getattr(PHRASES, field.name), getattr(ENGLISH, field.name)
            if field.name in ("forward", "inner", "backward", "result") and line.split("   ")[0] == before:
                line = line.replace(before, after.upper())
            elif field.name in ("letters", "define") and line.startswith(f"  {before}  "):
                line = line.replace(before, after).replace(f" {PHRASES.over} ", f" {ENGLISH.over} ")
            elif field.name in ("index", "where", "because", "sought") and line.startswith(f"   {before} "):
                line = f"   {after:<9}" + line[12 - len(before) :]
        lines.append(re.sub(r"^( \(\d+\) \[[^\]]*\]) 第 (\d+) 行", r"\1 line \2", line))
    return "\n".join(lines)


def test_a_changed_formula_is_found() -> None:
    document = english("mlp")
    chinese = translate(document, "zh")
    steps = (replace(chinese.steps[0], chain=chinese.steps[1].chain), *chinese.steps[1:])
    changed = replace(chinese, steps=steps)
    assert formulas(changed) != formulas(document)
    pages = [page_of(_relabelled(FORMATS["text"](d))).equations for d in (chinese, changed)]
    assert pages[0] != pages[1]


def _constants() -> Iterator[str]:
    """Every phrase of the tables of rules and rewrites."""
    yield from RULES
    yield from (text for rule in RULES.values() for text in (rule.reason, rule.condition))
    yield from (name for name, _ in rules._RULES)
    yield from (text for _, text in rules.DERIVATIVES.values())


@pytest.mark.parametrize("phrase", sorted(set(_constants())))
def test_every_phrase_of_the_tables_is_translated(phrase: str) -> None:
    assert left_over(CHINESE.text(phrase), FUNCTIONS | NAMES) == []


def _spoken(module: str) -> Iterator[str]:
    """The phrases in the source of a module, in pieces between gaps: two words and more, no docstring, no error."""
    tree = ast.parse((SYMNET / module).read_text(encoding="utf-8"))
    silent = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    silent |= {id(n) for r in ast.walk(tree) if isinstance(r, ast.Raise) for n in ast.walk(r)}
    for node in ast.walk(tree):
        spoken = id(node) not in silent and isinstance(node, ast.Constant) and isinstance(node.value, str)
        if spoken and len(re.findall("[a-z]{2,}", node.value)) > 1 and " " in node.value.strip():
            yield node.value


SPEAKERS = ("explain/rules.py", "explain/chain.py", "explain/inner.py", "explain/along.py", "explain/steps.py",
            "explain/outline.py", "explain/softmax.py", "explain/closed.py", "explain/scribe.py",
            "explain/compose.py", "simplify/rewrites.py", "simplify/records.py",
            "verify/numbers.py", "verify/rational.py", "verify/differences.py")  # fmt: skip


@pytest.mark.parametrize("module", SPEAKERS)
def test_every_phrase_in_the_source_is_in_the_catalogue(module: str) -> None:
    """Also those that no model here brings up."""
    assert _missing(module, TEMPLATES) == []


def _missing(module: str, templates: Iterable[str]) -> list[str]:
    known = list(templates)
    spoken = [phrase for phrase in _spoken(module) if left_over(phrase, FUNCTIONS)]
    return [phrase for phrase in spoken if not any(phrase in english for english in known)]


def test_a_phrase_that_the_catalogue_lacks_is_found() -> None:
    for module, phrase in (("explain/chain.py", "δ picks one term"), ("simplify/rewrites.py", RULES["cancel"].reason)):
        assert _missing(module, set(TEMPLATES) - {phrase}) == [phrase]


def test_templates_carry_every_gap_over() -> None:
    for original, words in TEMPLATES.items():
        gaps = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (original, words)]
        assert gaps[0] == gaps[1], original
        assert words != original and (re.search("[\u4e00-\u9fff]", words) or gaps[0] == {"first", "rest"} or gaps[0])
    for field in fields(Phrases):
        before, after = getattr(ENGLISH, field.name), getattr(PHRASES, field.name)
        assert before != after, field.name
        if isinstance(before, str):
            gaps = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (before, after)]
            assert gaps[0] == gaps[1], field.name
    assert len(PHRASES.table) == len(ENGLISH.table)


def test_an_unknown_phrase_stays() -> None:
    assert CHINESE.text("nobody ever said this") == "nobody ever said this"
    with pytest.raises(KeyError):
        translate(english("mean"), "xx")


def test_formulas_may_move_in_a_sentence() -> None:
    first, *_ = formulas(english("mean"))
    assert CHINESE.prose((first, " by rows")) == (first, "，按行计算")
    assert CHINESE.prose(("the 1/", first, " of the mean is most often forgotten")) == (
        "均值的 1/",
        first,
        " 最容易被遗漏",
    )


def test_numbers_are_told_and_aligned() -> None:
    row = NumberRow("W1", (2, 64), (0, 0), -0.25, -0.25, -0.25, 0.5, 0.5, 0.0, 1e-12)
    notes = (
        "nearest |Z1| to the relu corner: 1.2e-07; warning: a central difference could cross it",
        "autograd was not compared: torch is not installed (pip install 'symnet[torch]')",
    )
    exact = "2 random rational points, N = 3, D = 2: W1: the simplified gradient differs from that of the one rule"
    numbers = Numbers(0, "float64", (("N", 300),), 1.5, (row, replace(row, parameter="b")), (("a", 0.5),), exact, notes)
    chinese = translate(replace(english("mlp"), numbers=numbers), "zh")
    assert chinese.numbers is not None
    assert chinese.numbers.exact == "2 个随机有理点，N = 3, D = 2：W1：化简后的梯度与链式法则直接给出的梯度不同"
    assert chinese.numbers.notes == (
        "|Z1| 离 relu 的折点最近的距离：1.2e-07；警告：中心差分可能会跨过它",
        "未与自动微分比较：没有安装 torch（pip install 'symnet[torch]'）",
    )
    table = FORMATS["text"](chinese).split("数值  随机种子 0")[1].splitlines()[1:4]
    assert len({columns(line) for line in table}) == 1, table


def test_text_after_labels_stands_in_one_column() -> None:
    page = render_derivation(known("mlp").derivation, "text", Options(language="zh"))
    starts = {columns(m[0]) for m in re.finditer(r"(?m)^   (?:分量|矩阵|说明|其中|因为|法则) +", page)}
    assert starts == {12}
    heads = {columns(m[0]) for m in re.finditer(r"(?m)^ \(\d+\) \[[^\]]*\] (?:第 \d+ 行)? +", page)}
    assert heads == {25}


@pytest.mark.parametrize("name", ["mlp", "cubic", "max_share", "examples/layers"])
def test_latex_is_balanced_and_compiles(name: str, tmp_path: Path) -> None:
    document = render_derivation(known(name).derivation, "latex", Options(detail="full", language="zh"))
    assert document.startswith("\\documentclass{ctexart}") and unbalanced(document) is None and "?" not in document
    compiler = shutil.which("xelatex")
    if compiler is not None and shutil.which("kpsewhich") and _has_ctex():
        (tmp_path / "page.tex").write_text(document, encoding="utf-8")
        command = [compiler, "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0


def _has_ctex() -> bool:
    return subprocess.run(["kpsewhich", "ctexart.cls"], capture_output=True, check=False).returncode == 0
