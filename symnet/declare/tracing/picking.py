"""What a subscript and the words ask of places that are computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symnet.declare.tracing.trace import Traced


class Picking:
    """Stands in a subscript and says itself what it picks; a word takes it as its tensor."""

    __slots__ = ()

    def tensor(self) -> Any:
        """The places as a tensor."""
        raise NotImplementedError

    def picked(self, x: Traced, axis: int) -> Any:
        """The entries along an axis, the axes of the places in its place."""
        raise NotImplementedError


_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
_COMPARED = ("lt", "le", "gt", "ge", "eq", "ne", "neg")


def passing_on(kind: type[Any], meant: Callable[[Any], Any]) -> None:
    """Operators and functions of torch on a class whose objects stand for a tensor; NumPy leaves operators to it."""

    def as_meant(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [as_meant(v) for v in value]
        return meant(value) if isinstance(value, kind) else value

    def called(cls: type[Any], function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return function(*map(as_meant, args), **{k: as_meant(v) for k, v in (kwargs or {}).items()})

    kind.__array_ufunc__ = None
    kind.__torch_function__ = classmethod(called)
    for name in (*_BINARY, *(f"r{n}" for n in _BINARY), *_COMPARED):
        setattr(kind, f"__{name}__", lambda self, *o, word=f"__{name}__": getattr(meant(self), word)(*o))
