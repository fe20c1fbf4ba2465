"""Equations in matrix form, from their reading as array notation; where none exists, the index form stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symnet.explain.document import Shape
from symnet.explain.formula import Formula
from symnet.explain.scribe import Scribe


@dataclass(frozen=True)
class MatrixForm:
    """``formula`` is the whole line, ``code`` its array spelling where not obvious, ``operands`` the factors."""

    formula: Formula
    code: str | None
    operands: tuple[tuple[str, Shape], ...]
    transposed: bool


def matrix_forms(scribe: Scribe) -> Mapping[str, MatrixForm]:
    """The matrix form of every tensor that has one."""
    return {}
