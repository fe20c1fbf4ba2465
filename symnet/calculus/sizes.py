"""Symbolic sizes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, ClassVar

import sympy as sp


class Size(sp.Symbol):
    """A named size.  A function of torch that gets one asks ``answer``, for it is no int to torch."""

    __slots__ = ()
    answer: ClassVar[Callable[..., Any]]
    number_of: ClassVar[Callable[[sp.Expr], int | None]]

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return Size.answer(function, args, kwargs or {})

    def __float__(self) -> float:
        raise TypeError(f"{self} is a named size, no number yet")

    def __int__(self) -> int:
        """The number of the size for code that counts by it, ``np.ones((T, T))``; to SymPy it stays a symbol."""
        by_sympy = sys._getframe(1).f_globals.get("__name__", "").startswith("sympy.")
        known = None if by_sympy else Size.number_of(self)
        if known is None:
            raise TypeError(f"the data bring the size {self}, it is no number yet")
        return known

    __index__ = __int__

    def __mod__(self, other: Any) -> Any:
        """``T % 2`` of a person: its number; SymPy's own would look for several sizes in one."""
        if sys._getframe(1).f_globals.get("__name__", "").startswith(("sympy.", "symnet.")):
            return super().__mod__(other)
        return int(self) % other if isinstance(other, int) else int(self) % int(other)

    def sqrt(self) -> sp.Expr:
        """What ``np.sqrt`` asks an object for."""
        return sp.sqrt(self)

    def __iter__(self) -> Any:
        raise TypeError(f"{self} is one size, not several: no comma and no star belong to it")


def size_symbol(name: str) -> sp.Symbol:
    """A symbolic size, a positive integer."""
    return Size(name, integer=True, positive=True)
