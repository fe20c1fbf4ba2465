"""The arrays of the data file that a model names, checked as a generated script checks them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus.ir import size_symbol
from symnet.declare.tracing.archives import UNREADABLE
from symnet.errors import Problem, SymnetError
from symnet.model import Input

Array = Any  # numpy.ndarray


def arrays_in(path: Path, inputs: Sequence[Input], sizes: Mapping[str, int | None]) -> dict[str, Array]:
    """The arrays of these inputs by name, float64 or int64; named sizes without a number are the file's, one each.

    Raises SymnetError where the file is none, is damaged, or holds what the model does not take.
    """
    found = {n: _checked(path, n, a, i) for i, (n, a) in zip(inputs, _read(path, inputs).items(), strict=True)}
    known = {name: size for name, size in sizes.items() if size is not None}
    for item in inputs:
        name, actual, shape = item.spec.name, found[item.spec.name].shape, item.spec.shape
        named = [_in_numbers(size, known) for size in shape]
        new = {size.name: n for size, n in zip(shape, actual, strict=False) if isinstance(size, sp.Symbol)}
        known = new | known
        if list(actual) != [_in_numbers(size, known) for size in shape]:
            raise _refused(path, f"{name} has shape {list(actual)}, it must be {named}")
        if item.classes is not None:
            count = int(_in_numbers(item.classes, known))
            outside = found[name][(found[name] < 0) | (found[name] >= count)]
            if outside.size:
                raise _refused(path, f"{name} holds {outside.flat[0]}, labels go from 0 to {count - 1}")
    return found


def _in_numbers(size: sp.Expr, known: Mapping[str, int]) -> sp.Expr:
    return size.xreplace({size_symbol(name): sp.Integer(number) for name, number in known.items()})


def _read(path: Path, inputs: Sequence[Input]) -> dict[str, Array]:
    name = "list"
    try:
        if not path.is_file():
            raise _refused(path, "there is no such file")
        if not zipfile.is_zipfile(path):
            raise _refused(path, "it is not a .npz file")
        arrays: dict[str, Array] = {}
        with np.load(path, allow_pickle=False) as archive:
            for name in (i.spec.name for i in inputs):
                if name not in archive:
                    raise _refused(path, f"the array {name} is missing")
                arrays[name] = np.asarray(archive[name])
    except PermissionError as error:
        raise _refused(path, str(error.strerror)) from error
    except UNREADABLE as error:
        message = f"the array {name} cannot be read: it is damaged or holds Python objects"
        raise _refused(path, message) from error
    return arrays


def _checked(path: Path, name: str, value: Array, item: Input) -> Array:
    kind, kinds, dtype = ("numbers", "biuf", np.float64) if item.classes is None else ("integers", "iu", np.int64)
    if value.dtype.kind not in kinds:
        raise _refused(path, f"{name} must hold {kind}, it holds {value.dtype}")
    if not value.size:
        raise _refused(path, f"{name} is empty")
    if not np.isfinite(value).all():
        raise _refused(path, f"{name} holds a number that is not finite")
    return value.astype(dtype)


def _refused(path: Path, message: str) -> SymnetError:
    return SymnetError(Problem("SN402", f"the data of the model cannot be used: {path}: {message}"))
