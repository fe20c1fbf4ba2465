"""``torch.zeros(n, 2)``, ``np.zeros((n, 2))``, ``len(x)`` and ``range(n)`` of sizes with a name.

Both libraries take a size by its number before they ask any protocol whose it is.  So while a model file runs, their
functions that make tensors of sizes look for such names first; for all other arguments they are what they were.
Python wants a number from ``len`` and for ``range``: the file has its own two, which know sizes without one.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import sympy as sp

from symnet.declare.tracing.comparing import NUMBERED, SIZED, numbered, sized
from symnet.declare.tracing.counting import arange
from symnet.declare.tracing.trace import Traced, current
from symnet.declare.tracing.words import TORCH, mistake

_RANDOM = ("rand", "randn")
_MAKERS = ("zeros", "ones", "full", "full_like", "eye", "arange", *_RANDOM)

#: For each file that is running: (library, name) -> the library's own function, where ours stands now.
_replaced: list[dict[tuple[str, str], Callable[..., Any]]] = []


@contextmanager
def makers_of_the_run() -> Iterator[None]:
    """While it lasts makers may be replaced; at its end the libraries have their own again."""
    _replaced.append({})
    try:
        yield
    finally:
        for (library, name), own in _replaced.pop().items():
            setattr(sys.modules[library], name, own)


def let_makers_ask(sizes: Iterable[object]) -> None:
    """Called where a person gets sizes: the makers of the libraries that are there by now look for those with a
    name."""
    if not _replaced or all(isinstance(size, int) for size in sizes):
        return
    before = _replaced[-1]
    for library in ("torch", "numpy"):
        for name in _MAKERS if library in sys.modules else ():
            own = getattr(sys.modules[library], name, None)
            if own is not None and (library, name) not in before:
                before[library, name] = own
                setattr(sys.modules[library], name, _asking(own, name, library))


def _asking(own: Callable[..., Any], name: str, library: str) -> Callable[..., Any]:
    @wraps(own)
    def made(*args: Any, **options: Any) -> Any:
        sizes = [size for given in (*args, *options.values()) for size in _each(given) if isinstance(size, sp.Expr)]
        bound_by_data = any(current().size_value(size) is None for size in sizes)
        if name in _RANDOM and bound_by_data:
            help = "declare them as data: eps = sn.data(N, 2)"
            raise mistake("SN110", f"{name} draws random numbers of a size that the data bring", help)
        if name == "arange" and len(args) == 1 and (bound_by_data or (sizes and library == "torch")):
            return arange(args[0])
        if name == "arange":
            return own(*map(current().counted, args), **options)
        keeps_names = library == "torch" and name not in _RANDOM
        return TORCH[name](*args, **options) if bound_by_data or (sizes and keeps_names) else own(*args, **options)

    return made


def python_of_the_run() -> dict[str, Any]:
    """What Python itself offers to a model file: its own names; ``len``, ``range`` and comparisons know named sizes."""
    return {**vars(builtins), "len": _length, "range": _Range, SIZED: sized, NUMBERED: numbered}


class PythonsOwn:
    """``with PythonsOwn() as own:`` what is assigned to Python's own names ends with it; ``own.changed`` are those."""

    changed: tuple[str, ...] = ()

    def __enter__(self) -> PythonsOwn:
        self._before = builtins.__dict__.copy()
        return self

    def __exit__(self, *_: object) -> None:
        now = builtins.__dict__.copy()
        builtins.__dict__.update(self._before)  # first of all: what follows may call any of them
        self.changed = tuple(name for name, own in self._before.items() if now.get(name) is not own and name != "_")


def _length(of: Any) -> Any:
    """``len(x)``; of a tensor whose first size the data bring, that size."""
    shape = of.shape if isinstance(of, Traced | arange) and of.shape else ()
    known = current().size_value(shape[0]) if shape else 0
    return shape[0] if known is None else len(of)


class _Ranges(type):
    """What Python's own ranges are instances of, too."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, range)


class _Range(metaclass=_Ranges):
    """``range(n)``; of a size that the data bring, its places."""

    def __new__(cls, *ends: Any) -> Any:
        known = [current().counted(end) for end in ends]
        return arange(ends[0]) if len(ends) == 1 and isinstance(known[0], sp.Expr) else range(*known)


def _each(given: object) -> Iterable[object]:
    return given if isinstance(given, tuple | list) else (given,)
