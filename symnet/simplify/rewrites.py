"""The rewrites that a person may read about: each a name, and the reason in words.

The records hold SymPy expressions, so every printer styles them as it styles equations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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


#: The reasons that hold names of tensors: what is said before and behind them.
_SAID = MappingProxyType(
    {
        "known sum": ("the sum is ", ""),
        "known product": ("the product is ", ""),
        "definition": ("by the definition of ", ""),
        "definitions": ("from the definition of ", ""),
        "declared": ("", " is declared "),
        "zero": ("all contributions to ", " cancel"),
    }
)


def saying(what: str, *names: str) -> str:
    """A reason with names of tensors in it."""
    before, behind = _SAID[what]
    return f"{before}{' and '.join(names)}{behind}"


def with_names(reason: str, names: Mapping[str, str]) -> str:
    """A reason as it is said when the tensors have other names."""
    for before, behind in _SAID.values():
        match = re.fullmatch(rf"{before}(\w+(?: and \w+)*){behind}(\w*|: .*)", reason)
        if match is not None:
            named = " and ".join(names.get(n, n) for n in match[1].split(" and "))
            return f"{before}{named}{behind}{match[2]}"
    return reason


@dataclass(frozen=True)
class Rule:
    """Why a rewrite holds, and under which condition it is done.

    The proof obligation is the same for all: both sides of every record are equal at every point.
    ``tests/simplify/test_rewrites.py`` evaluates them, as fractions or to 50 digits, and wants a program for each rule.
    """

    reason: str
    condition: str


#: Every rewrite by name.
RULES = MappingProxyType(
    {
        "declared fact": Rule(
            "the person declared it",
            "a sum over the last axis of a tensor declared one_hot or simplex",
        ),
        "known sum": Rule(
            "the sum is a tensor that is already there",
            "the sum equals the definition of a tensor up to a number and the names of indices",
        ),
        "known product": Rule(
            "the product is a tensor that is already there",
            "a tensor is defined as the product, it is computed before, and naming it is cheaper",
        ),
        "open the sum": Rule(
            "a name in the sum is replaced by its definition, and the parts are sums already known",
            "the parts are cheaper together, and no difference becomes terms of both signs",
        ),
        "by cases": Rule(
            "where the condition holds its bracket is 1, else 0",
            "the terms depend on one condition, and a choice between two cases is cheaper",
        ),
        "by sides": Rule(
            "both are the same below 0, at 0 and above 0",
            "the terms depend on the sign of one number, or are a logistic and its half, and fewer say the same",
        ),
        "sum in parts": Rule(
            "a sum over several axes is the sum of one over some of them, which is computed already",
            "another formula has the sum over some of the axes",
        ),
        "cancel": Rule(
            "multiplied out, terms cancel",
            "a whole power of a sum of terms, and what is left is cheaper",
        ),
        "zero gradient": Rule("all contributions cancel", "no term is left of the gradient"),
    }
)
