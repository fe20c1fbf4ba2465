"""A printed page taken apart: which formulas stand where, as the text has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.explain.derivations import Known
from tests.explain.matrices import matrix_value
from tests.explain.parse import Parser, Unreadable, World, letters_in, places, strongly, tokens_of

_FORWARD = re.compile(r" \(\d+\) \[[^\]]*\] (?:line \d+)? *(?P<formula>\S.*)\Z")
_REMARK = re.compile(r" {3}\((?P<remark>.*)\)\Z")
_LEFT_UNICODE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<low>[ᵢⱼₖₗₘₙₚᵣₛₜᵤᵥ₀-₉]*)\Z")
_LEFT_ASCII = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\[(?P<plain>[a-z0-9,]*)\])?\Z")


@dataclass
class Page:
    """The formulas of one page: (left side, right side, local derivatives in the remark); ``meanings`` are what the
    names of derivatives in the model stand for."""

    equations: list[tuple[str, str, str]] = field(default_factory=list)
    meanings: list[tuple[str, str]] = field(default_factory=list)
    equalities: list[tuple[str, str]] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    one_hot: dict[str, str] = field(default_factory=dict)


def page_of(text: str) -> Page:
    """Reads the text of a page, line by line."""
    page, block, left = Page(), "", ""
    for line in text.splitlines():
        if line and not line.startswith(" "):
            block = line.split()[0]
        if line.startswith("  index letters  "):
            for use in re.split(r" {3,}", line.strip().removeprefix("index letters  ")):
                names, _, size = use.partition(" over ")
                page.letters.update(dict.fromkeys(names.split(", "), size))
        elif match := re.match(r"  define  (\w+) = onehot\((\w+)\)", line):
            page.one_hot[match[1]] = match[2]
        elif block == "FORWARD" and (match := _FORWARD.match(line)):
            formula, _ = _split(match["formula"])
            _equations(page, formula, "")
        elif block == "RESULT" and line.startswith("   "):
            _equations(page, _split(line.strip())[0], "")
        elif line.startswith("   where    "):
            _equations(page, _split(line.strip().removeprefix("where").strip())[0], "")
        elif line.startswith("   index    ") or (
            line.startswith(" " * 12) and left and block in ("BACKWARD", "DERIVATIVE")
        ):
            formula, remark = _split(line.removeprefix("   index").strip())
            left = formula.split(" = ")[0] if not formula.startswith("= ") else left
            right = formula.removeprefix("= ") if formula.startswith("= ") else formula.partition(" = ")[2]
            sides = _sides(right)
            if block == "DERIVATIVE" and not formula.startswith("= "):
                page.meanings.append((left, sides.pop(0)))
            page.equations += [(left, part, remark) for part in sides]
        elif line.startswith("   sought   "):
            page.meanings.append(tuple(_sides(line.removeprefix("   sought").strip())))
        elif line.startswith("   because  ") and " = " in (
            formula := _split(line.removeprefix("   because").strip())[0]
        ):
            first, second = _sides(formula)
            page.equalities.append((first, second))
        if not line.startswith(("   index", " " * 12)):
            left = ""
    return page


def _sides(text: str) -> list[str]:
    """The members of a chain of equalities; the sign inside a bracket is none of them."""
    found, depth, start = [], 0, 0
    for place, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and text.startswith(" = ", place):
            found.append(text[start:place])
            start = place + 3
    return [*found, text[start:]]


def _equations(page: Page, formula: str, remark: str) -> None:
    left, *right = _sides(formula)
    page.equations += [(left, side, remark) for side in right]


def _split(text: str) -> tuple[str, str]:
    match = _REMARK.search(text)
    return (text[: match.start()], match["remark"]) if match else (text, "")


def world_of(page: Page, known: Known) -> World:
    """Names and values for the formulas of a page."""
    values = dict(known.values)
    if "L" not in values:
        values["L"] = values[known.derivation.raw.loss]
    world = World(values, known.sizes)
    for letter, size in page.letters.items():
        world.ranges[letter] = int(Parser(size, world).parse()({}))
    for name, label in page.one_hot.items():
        values[name] = one_hot(known, label).astype(int)
    return world


def one_hot(known: Known, label: str) -> Any:
    """The rows that stand for labels."""
    return np.asarray(known.values[label])[..., None] == np.arange(classes_of(known, label))


def classes_of(known: Known, label: str) -> int:
    """The number of classes of a label tensor."""
    classes = next(i.classes for i in known.derivation.model.inputs if i.spec.name == label)
    assert classes is not None
    return int(classes.xreplace({s: known.sizes[s.name] for s in classes.free_symbols}))


def left_of(text: str, known: Known) -> tuple[Any, list[str]]:
    """The value that a left side names, and its letters: ``∂L/∂W1ᵢⱼ``, ``d(L)/d(W1[i,j])``, ``Z1ₙⱼ``, ``L``."""
    derivative = re.match(r"∂\w+/∂(?P<u>.+)\Z|d\(\w+\)/d\((?P<a>.+)\)\Z", text)
    name = (derivative["u"] or derivative["a"]) if derivative else text
    match = _LEFT_UNICODE.match(name) or _LEFT_ASCII.match(name)
    if match is None:
        raise Unreadable(text)
    raw = known.derivation.raw
    tensor = raw.loss if match["name"] == "L" and "L" not in known.values else match["name"]
    groups = match.groupdict()
    letters = re.findall(r"[a-z]\d*", (groups.get("plain") or "").replace(",", " "))
    if groups.get("low"):
        table = str.maketrans("ᵢⱼₖₗₘₙₚᵣₛₜᵤᵥ₀₁₂₃₄₅₆₇₈₉", "ijklmnprstuv0123456789")
        letters = re.findall(r"[a-z]\d*", groups["low"].translate(table))
    return known.values[raw.adjoints[tensor] if derivative else tensor], letters


def wrong_formulas(text: str, known: Known) -> list[str]:
    """Every printed formula whose value is not that of its left side, with the first place where it differs."""
    return wrong_on_page(page_of(text), known)


def wrong_on_page(page: Page, known: Known) -> list[str]:
    """The wrong formulas of a page that was taken apart, and of the two sides of each rewrite."""
    world = world_of(page, known)
    wrong = []
    for left, right, remark in page.equations:
        value, letters = left_of(left, known)
        world.partials = _partials(remark, world)
        formula = Parser(right, world).parse()
        for at in places(letters, world):
            printed, true = formula_value(formula, at), np.asarray(value)[tuple(at[x] for x in letters)]
            if not agree(printed, true):
                wrong.append(f"{left} = {right}: {float(printed)} for {float(true)} at {at}")
                break
    for before, after in page.equalities:
        letters = _free_letters(before, world) | _free_letters(after, world)
        both = [Parser(side, world).parse() for side in (before, after)]
        for at in places(sorted(letters), world):
            printed, true = (formula_value(side, at) for side in both)
            if not agree(printed, true):
                wrong.append(f"{before} = {after}: {float(printed)} and {float(true)} at {at}")
                break
    return wrong


def _partials(remark: str, world: World) -> dict[str, Any]:
    found = {}
    for part in re.split(r", (?=∂|d\()", remark):
        left, equals, right = part.partition(" = ")
        if equals and left.startswith(("∂", "d(")):
            found[left.replace(" ", "")] = Parser(right, world).parse()
    return found


def formula_value(formula: Any, at: dict[str, int]) -> Any:
    """The value of a whole right side; a lone bracket that fails is 0."""
    return strongly(formula, at)


def agree(printed: Any, true: Any) -> bool:
    """Equal as fractions, or to 1e-9 where floats are in play."""
    if not isinstance(printed, float) and not isinstance(true, float) and not isinstance(true, np.floating):
        return bool(printed == true)
    return bool(abs(float(printed) - float(true)) <= 1e-9 * max(1.0, abs(float(true))))


def matrix_lines(text: str, known: Known) -> Iterator[tuple[str, str]]:
    """Every printed matrix formula: its left side and one right side."""
    block = ""
    for line in text.splitlines():
        block = line.split()[0] if line and not line.startswith(" ") else block
        formula = ""
        if block == "FORWARD" and (match := _FORWARD.match(line)):
            formula = match["formula"]
        elif block == "RESULT" and line.startswith("   "):
            formula = line.strip()
        elif line.startswith(("   matrix   ", "   where    ")):
            formula = line[12:]
        left, *sides = _sides(re.split(r" {3,}", formula)[0])
        if re.fullmatch(r"[A-Za-z_]\w*", left) and (left in known.values or left == "L"):
            yield from ((left, side) for side in sides)


def wrong_matrix_forms(text: str, known: Known) -> list[str]:
    """Every printed matrix formula whose value is not that of its left side."""
    page = page_of(text)
    values = dict(known.values)
    loss = known.derivation.raw.loss
    values.setdefault("L", values[loss])
    sizes = dict(known.sizes)
    for name, label in page.one_hot.items():
        sizes["classes"] = classes_of(known, label)
        values[name] = one_hot(known, label).astype(float)
    wrong = []
    for left, right in matrix_lines(text, known):
        if re.search("[ᵢⱼₖₗₘₙₚᵣₛₜᵤᵥ]|Σ|sum_|delta\\[", right):
            continue  # an index form, where no matrix form exists
        true = np.asarray(values[left], float)
        printed = matrix_value(right, values, sizes, true.shape)
        if not np.allclose(printed, true, rtol=1e-9, atol=1e-9):
            wrong.append(f"{left} = {right}: {printed} for {true}")
    return wrong


def _free_letters(text: str, world: World) -> set[str]:
    """Every index letter of a formula; one that is summed in it does no harm."""
    return {t for token in tokens_of(text) for t in _letters_of(token.text, token.kind) if t in world.ranges}


def _letters_of(text: str, kind: str) -> list[str]:
    return letters_in(text) if kind == "low" else [text]
