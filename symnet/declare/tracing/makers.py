"""``torch.zeros(n, 2)`` and ``np.zeros((n, 2))`` of a size that the data bring.

Both libraries take a size by its number before they ask any protocol whose it is.  So while a model file runs, their
functions that make tensors of sizes look for such names first; for all other arguments they are what they were.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import sympy as sp

from symnet.declare.tracing.trace import current
from symnet.declare.tracing.words import TORCH, mistake

_RANDOM = ("rand", "randn")
_MAKERS = ("zeros", "ones", "full", "eye", *_RANDOM)

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
    """Called where a person gets sizes: the makers of the libraries that are there by now look for those without a
    number."""
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
        keeps_names = library == "torch" and (name == "eye" or not any(isinstance(a, sp.Expr) for a in args))
        if not any(keeps_names or current().size_value(size) is None for size in sizes):
            return own(*args, **options)
        if name in _RANDOM:
            help = "declare them as data: eps = sn.data(N, 2)"
            raise mistake("SN110", f"{name} draws random numbers of a size that the data bring", help)
        return TORCH[name](*args, **options)

    return made


def _each(given: object) -> Iterable[object]:
    return given if isinstance(given, tuple | list) else (given,)
