"""Sums that are alike: equal up to the names of tensors whose definitions are alike.

Twenty-four equal layers ask the same questions twenty-four times; a collapse that failed for one of two sums that are
alike is not tried for the other.  A false likeness would only miss a rewrite, never make a wrong one.
"""

from __future__ import annotations

import re

from symnet.simplify.atoms import Atom
from symnet.simplify.definitions import Definitions
from symnet.simplify.table import Table, encode_mono

_NAME = re.compile(r"(?:\d{5}\.)?(\w+)\[")  # with the place in the program before it


class Likeness:
    """Keys of sums in which a name stands for its definition, unrolled to a given depth."""

    def __init__(self, table: Table, definitions: Definitions) -> None:
        self.table, self.definitions = table, definitions
        self._texts: dict[str, str] = {}
        self._classes: dict[tuple[str, int], str] = {}
        self._numbers: dict[str, int] = {}

    def key(self, atom: Atom, depth: int, banned: frozenset[str]) -> tuple[str, int, tuple[str, ...]]:
        """The key of a stored sum whose definitions may be opened ``depth`` times, but for the banned ones."""
        text = self.table.label((), ((atom, 1),))[0]
        return self._anonymous(text, depth), depth, tuple(sorted(self._class(n, 1) for n in banned))

    def _anonymous(self, text: str, depth: int) -> str:
        order: dict[str, int] = {}

        def exchange(found: re.Match[str]) -> str:
            name = found.group(1)
            return f"{self._class(name, depth)}.{order.setdefault(name, len(order))}["

        return _NAME.sub(exchange, text)

    def _class(self, name: str, depth: int) -> str:
        if (name, depth) not in self._classes:
            text = self._text(name)
            full = _NAME.sub("[", text) if depth == 0 else self._anonymous(text, depth - 1)
            number = self._numbers.setdefault(full, len(self._numbers))
            self._classes[name, depth] = f"c{number}"
        return self._classes[name, depth]

    def _text(self, name: str) -> str:
        if name not in self._texts:
            definition = self.definitions.by_name.get(name)
            if definition is None:
                spec = self.definitions.program.tensors.get(name)
                return f"{spec.role} {spec.shape} {sorted(spec.facts)}" if spec else ""
            names = {v: f"f{k}:{v.code}" for k, v in enumerate(definition.formals)}
            terms = (f"{c}~{encode_mono(m, names, self.table.symmetric)}" for m, c in definition.poly.items())
            self._texts[name] = "+".join(sorted(terms))
        return self._texts[name]
