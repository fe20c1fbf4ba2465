"""Modules of the person's own that a model file imports: they are read as the file itself is, so that sizes with a name
are counted and compared by their numbers there, too."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

from symnet.declare.tracing.comparing import with_sizes_compared
from symnet.declare.tracing.makers import python_of_the_run

#: Where installed modules are; what lies elsewhere is the person's.
_LIBRARY = os.path.dirname(os.__file__) + os.sep
_INSTALLED = ("site-packages", "dist-packages")


@contextmanager
def own_modules_beside(folder: str) -> Iterator[None]:
    """While it lasts modules of the folder can be imported, and those of the person's own know named sizes."""
    finder = _Finder()
    sys.path.insert(0, folder)
    sys.meta_path.insert(sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        sys.path.remove(folder)


class _Finder(MetaPathFinder):
    """Finds what Python's own finder finds."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target)
        loader = None if spec is None else spec.loader
        if spec is not None and type(loader) is SourceFileLoader and _is_the_persons(name, loader.path):
            spec.loader = _Loader(loader.name, loader.path)
        return spec


def _is_the_persons(name: str, path: str) -> bool:
    """Asked for every module that a library brings, so without a look at the disk."""
    ours = name.partition(".")[0] == "symnet"
    return not (ours or path.startswith(_LIBRARY) or any(folder in path.split(os.sep) for folder in _INSTALLED))


class _Loader(SourceFileLoader):
    """Compiles a module as a model file is compiled; the code is not kept, for it is of use here alone."""

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:  # type: ignore[override]
        return compile(with_sizes_compared(ast.parse(data, path)), path, "exec", dont_inherit=True, optimize=_optimize)

    def path_stats(self, path: Any) -> Any:
        raise OSError("its compiled code is neither read nor written")

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = python_of_the_run()
        super().exec_module(module)
