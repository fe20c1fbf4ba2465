"""The places of an axis, ``torch.arange(N)``, also of one whose size the data bring."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.calculus.ir import Index
from symnet.declare.tracing.constants import labels_of, refitted
from symnet.declare.tracing.picking import passing_on
from symnet.declare.tracing.trace import Term, Traced, current, mistake
from symnet.declare.tracing.words import METHODS


class arange:
    """``sn.arange(N)``: every row once in a subscript, ``Z[sn.arange(N), t]``; as labels, row n is of class n; in
    expressions the numbers 0, 1, ..."""

    def __init__(self, count: sp.Expr) -> None:
        self.count = sp.sympify(count)
        self.shape = (self.count,)

    @staticmethod
    def read(left: Sequence[Index]) -> Index:
        """The label of row n is n."""
        return left[-1]

    def __getattr__(self, word: str) -> Any:
        if word not in METHODS and word not in ("T", "data", "device", "dtype", "ndim"):
            raise AttributeError(f"the places of {self.count} have no {word!r}")
        return getattr(self.numbers(), word)

    def __getitem__(self, key: Any) -> Any:
        return self.numbers()[key]  # type: ignore[index]

    def __iter__(self) -> Any:
        if current().size_value(self.count) is None:
            help = "write what holds for all rows at once, X @ W + b, or sn.scan"
            raise mistake("SN106", f"a loop over {self.count} places, a number that only the data bring", help)
        return iter(self.numbers())  # type: ignore[call-overload]

    def numbers(self) -> Traced:
        """The places as a constant tensor of integers; of a size that the data bring, as labels of which row n is n."""
        trace = current()
        known = trace.fixed_size(self.count)
        if known is not None:
            return refitted(labels_of(trace, list(range(known)), (known,)), (self.count,))
        row, spec = Index("n", self.count), trace.new_spec((self.count,), "intermediate", self.count)
        trace.define(spec, Term((row,), row))
        return Traced.facing(trace, spec)

    tensor = numbers


passing_on(arange, arange.numbers)
