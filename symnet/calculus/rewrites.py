"""The rewrites that a person may read about: each a name, and the reason in words.

The records hold SymPy expressions, so every printer styles them as it styles equations.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sympy as sp

from symnet.calculus.ir import Index


class Total(sp.Expr):
    """``Σ_indices body`` inside a record.  Equations carry their sum themselves and never contain one of these."""

    is_commutative = True
    is_real = True

    def __new__(cls, body: sp.Expr, *indices: Index) -> Total:
        total: Total = sp.Expr.__new__(cls, body, *indices)
        return total

    @property
    def body(self) -> sp.Expr:
        body: sp.Expr = self.args[0]
        return body

    @property
    def indices(self) -> tuple[Index, ...]:
        return tuple(self.args[1:])

    def _sympystr(self, printer: Any) -> str:
        body = printer.doprint(self.body)
        return f"Σ_{','.join(i.name for i in self.indices)} {f'({body})' if self.body.is_Add else body}"


@dataclass(frozen=True)
class Rewrite:
    """One kept step of the simplifier in the equation of one tensor.

    ``before`` and ``after`` are equal expressions over the indices ``left`` of the tensor; sums in them are ``Total``.
    ``name`` is a key of ``RULES``; ``reason`` says in words why the step holds, here, with the names of the program;
    {0}, {1}, ... in it stand for ``terms``.
    """

    tensor: str
    left: tuple[Index, ...]
    name: str
    before: sp.Expr
    after: sp.Expr
    reason: str
    children: tuple[Rewrite, ...] = ()
    terms: tuple[sp.Expr, ...] = ()

    @property
    def words(self) -> str:
        """The reason with the terms in it, in plain characters."""
        return self.reason.format(*self.terms)


#: Every rewrite by name, with the general reason it holds.
RULES = MappingProxyType(
    {
        "declared fact": "the person declared it",
        "known sum": "the sum is a tensor that is already there",
        "known product": "the product is a tensor that is already there",
        "open the sum": "a name in the sum is replaced by its definition, and the parts are sums already known",
        "by cases": "where the condition holds its bracket is 1, else 0",
        "sum in parts": "a sum over several axes is the sum of one over some of them, which is computed already",
        "cancel": "multiplied out, terms cancel",
        "zero gradient": "all contributions cancel",
        "common factor": "the distributive law: a factor that the terms share stands once",
    }
)
