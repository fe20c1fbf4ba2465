"""A document in another language: the prose is exchanged, formulas, names, code and numbers stay as they are.

A catalogue is data: templates of the language in which symnet speaks (English) with the templates of the other one.
``{name}`` in a template stands for anything and is carried over; ``{name:prose}`` for something that is translated by
itself; ``{name:names}`` for names with "and" between them.  A phrase that the catalogue lacks stays in English, because
a person is better served by it than by an error; the tests prove that there is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from string import Formatter

from symnet.explain.chinese import PHRASES, TEMPLATES
from symnet.explain.document import Derived, Forward, Line, Outline, Prose, Reason, Step, Where
from symnet.explain.formula import Formula
from symnet.explain.numbers import Numbers
from symnet.explain.phrases import Phrases

#: Formulas inside prose, as characters that nothing else uses.
_FIRST = 0xE000
_SLOT = re.compile("([\ue000-\uf8ff])")


@dataclass(frozen=True)
class Template:
    """One phrase with gaps in both languages; ``kinds`` says what each gap holds: prose, names, or anything."""

    pattern: re.Pattern[str]
    kinds: Mapping[str, str]
    words: str


@dataclass(frozen=True)
class Catalogue:
    """The fixed words of a language, and its templates by the English ones, tried in their order."""

    phrases: Phrases
    templates: Mapping[str, str]

    @cached_property
    def gapped(self) -> tuple[Template, ...]:
        """The templates that have gaps; those without are found by their text."""
        return tuple(_template(english, words) for english, words in self.templates.items() if "{" in english)

    def find(self, text: str) -> str | None:
        """The text in the other language, None where the catalogue has no words for it."""
        if text in self.templates and "{" not in text:
            return self.templates[text]
        if not re.search("[A-Za-z]{2}", text):
            return text
        for template in self.gapped:
            match = template.pattern.fullmatch(text)
            if match is not None:
                gaps = {name: self._gap(template.kinds[name], part) for name, part in match.groupdict().items()}
                if None not in gaps.values():
                    return template.words.format_map(gaps)
        return None

    def _gap(self, kind: str, text: str) -> str | None:
        if kind == "prose":
            return self.find(text)
        return text.replace(" and ", self.templates[" and "]) if kind == "names" else text

    def text(self, text: str) -> str:
        """The text in the other language, else as it is."""
        found = self.find(text)
        return text if found is None else found

    def prose(self, prose: Prose) -> Prose:
        """Words translated as one sentence, the formulas where the sentence has them then."""
        formulas = [part for part in prose if not isinstance(part, str)]
        slots = (chr(_FIRST + k) for k in range(len(formulas)))
        text = self.text("".join(part if isinstance(part, str) else next(slots) for part in prose))
        return tuple(_part(part, formulas) for part in _SLOT.split(text) if part)


CATALOGUES = {"zh": Catalogue(PHRASES, TEMPLATES)}


def translate(outline: Outline, language: str) -> Outline:
    """The document with its prose in the language.  Raises KeyError for a language without a catalogue."""
    known = CATALOGUES[language]
    return replace(
        outline,
        sizes=tuple((name, known.text(value)) for name, value in outline.sizes),
        drawn=tuple(replace(d, note=known.prose(d.note)) for d in outline.drawn),
        definitions=_lines(known, outline.definitions),
        second=tuple(map(known.prose, outline.second)),
        forward=tuple(_forward(known, f) for f in outline.forward),
        inner=tuple(_derived(known, d) for d in outline.inner),
        steps=tuple(_step(known, s) for s in outline.steps),
        result=_lines(known, outline.result),
        facts=_lines(known, outline.facts),
        notes=tuple(map(known.prose, outline.notes)),
        numbers=_numbers(known, outline.numbers) if outline.numbers else None,
        phrases=known.phrases,
    )


def _template(english: str, words: str) -> Template:
    pattern, kinds = "", {}
    for literal, name, kind, _ in Formatter().parse(english):
        pattern += re.escape(literal)
        if name is not None:
            pattern += f"(?P<{name}>.+?)"
            kinds[name] = kind or ""
    return Template(re.compile(pattern, re.DOTALL), kinds, words)


def _part(part: str, formulas: list[Formula]) -> str | Formula:
    return formulas[ord(part) - _FIRST] if _SLOT.fullmatch(part) else part


def _lines(known: Catalogue, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    return tuple(_line(known, line) for line in lines)


def _line(known: Catalogue, line: Line) -> Line:
    return replace(line, remark=known.prose(line.remark))


def _forward(known: Catalogue, forward: Forward) -> Forward:
    return replace(forward, remark=known.prose(forward.remark))


def _where(known: Catalogue, where: Where) -> Where:
    return replace(where, remark=known.prose(where.remark))


def _step(known: Catalogue, step: Step) -> Step:
    return replace(
        step,
        rules=tuple(map(known.text, step.rules)),
        earlier=tuple(_lines(known, lines) for lines in step.earlier),
        chain=_lines(known, step.chain),
        where=tuple(_where(known, w) for w in step.where),
        remarks=tuple(map(known.prose, step.remarks)),
        reasons=tuple(_reason(known, r) for r in step.reasons),
    )


def _derived(known: Catalogue, derived: Derived) -> Derived:
    return replace(
        derived,
        sought=_lines(known, derived.sought),
        where=tuple(_where(known, w) for w in derived.where),
        notes=tuple(map(known.prose, derived.notes)),
        steps=tuple(_step(known, s) for s in derived.steps),
    )


def _reason(known: Catalogue, reason: Reason) -> Reason:
    return Reason(
        known.text(reason.name),
        _line(known, reason.line),
        known.prose(reason.reason),
        tuple(_reason(known, child) for child in reason.children),
    )


def _numbers(known: Catalogue, numbers: Numbers) -> Numbers:
    exact = None if numbers.exact is None else known.text(numbers.exact)
    return replace(numbers, exact=exact, notes=tuple(map(known.text, numbers.notes)))
