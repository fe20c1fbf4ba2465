"""The sizes of one model file: names, their numbers, and when two of them are one size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp


@dataclass
class Sizing:
    """What is known of the named sizes while a model file runs."""

    sizes: dict[sp.Symbol, int | None] = field(default_factory=dict)  # None where the data bring the number
    fixed: set[sp.Symbol] = field(default_factory=set)  # sizes whose numbers the equations rest on
    least: dict[sp.Symbol, int] = field(default_factory=dict)  # sizes that data bring, and the least they may be

    def size_value(self, size: sp.Expr) -> int | None:
        """The number of a size, or None where data bring it."""
        value = size.xreplace({s: sp.Integer(v) for s, v in self.sizes.items() if v is not None})
        return int(value) if value.is_Integer else None

    def fixed_size(self, size: sp.Expr) -> int | None:
        """The number of a size that the equations will rest on, or None where data bring it."""
        value = self.size_value(size)
        self.fixed |= set() if value is None else size.free_symbols
        return value

    def counted(self, value: Any) -> Any:
        """The number of a size where something counts by it; one that the data bring, and anything else, is itself."""
        known = self.fixed_size(value) if isinstance(value, sp.Expr) else None
        return value if known is None else known

    def same_size(self, a: sp.Expr, b: sp.Expr) -> bool:
        """Whether two sizes are equal: by name, or where one has numbers for names of the other, which are fixed then.

        Two names stay two sizes although their numbers are equal, unless the equations rest on these anyway.
        """
        more = a.free_symbols ^ b.free_symbols
        apart = bool(a.free_symbols - b.free_symbols) and bool(b.free_symbols - a.free_symbols)
        table = {s: sp.Integer(v) for s in (self.fixed if apart else self.fixed | more) if (v := self.sizes.get(s))}
        same = bool(a == b or (table and a.xreplace(table) == b.xreplace(table)))
        self.fixed |= more if same else set()
        return same

    def same_shape(self, a: Sequence[sp.Expr], b: Sequence[sp.Expr]) -> bool:
        """Whether two shapes have the same sizes."""
        return len(a) == len(b) and all(map(self.same_size, a, b))
