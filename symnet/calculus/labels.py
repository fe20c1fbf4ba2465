"""The names of integer data, with what bounds their values: a label is a place of one axis, not of each part of it."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.symbol import Str


class Bounded(Str):
    """The name of integer data whose values are in 0..below-1."""

    __slots__ = ("below",)

    def __new__(cls, name: str, below: sp.Expr | int) -> Bounded:
        self: Bounded = Str.__new__(cls, name)
        self.below = sp.sympify(below)
        return self

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.name, self.below)

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.name, self.below)


def labelled(name: str, below: sp.Expr | None) -> Str:
    """The name of integer data, with their bound where one was declared."""
    return Str(name) if below is None else Bounded(name, below)


def bound(label: sp.Basic) -> sp.Expr | None:
    """What all values of integer data are below, if that was declared."""
    return label.below if isinstance(label, Bounded) else None
