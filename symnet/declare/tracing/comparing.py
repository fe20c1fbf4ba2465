"""Comparisons of named sizes in a model file and the person's modules, ``if t == T - 1``: by the sizes' numbers.

To SymPy two expressions are equal where they are written alike, so ``3 == T - 1`` would be False whatever T is.  What
the file compares, and what it decides by, is therefore handed to ``sized``, which gives sizes as ``Sized``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.declare.tracing.trace import current, mistake

#: What the file calls ``sized`` and ``numbered``: no names of a person's.
SIZED, NUMBERED = "<sized>", "<numbered>"


def with_sizes_compared(tree: ast.Module) -> ast.Module:
    """The file with what it compares in the hands of ``sized``, each at its own place."""
    changed: ast.Module = _Comparisons().visit(tree)
    return ast.fix_missing_locations(changed)


class _Comparisons(ast.NodeTransformer):
    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if not any(isinstance(sign, ast.Is | ast.IsNot) for sign in node.ops):
            node.left, *node.comparators = map(_handed_over, (node.left, *node.comparators))
        return node

    def _decision(self, node: Any) -> Any:
        self.generic_visit(node)
        node.test = _handed_over(node.test) if isinstance(node.test, ast.BinOp) else node.test
        return node

    visit_If = visit_While = visit_IfExp = visit_Assert = _decision

    def visit_Match(self, node: ast.Match) -> ast.Match:
        self.generic_visit(node)
        node.subject = _handed_over(node.subject, NUMBERED)
        return node


def _handed_over(value: ast.expr, to: str = SIZED) -> ast.expr:
    if isinstance(value, ast.Constant):
        return value
    return ast.copy_location(ast.Call(ast.copy_location(ast.Name(to, ast.Load()), value), [value], []), value)


def numbered(value: Any) -> Any:
    """What ``match`` looks at: sizes and shapes as numbers, on which the equations then rest."""
    if isinstance(value, tuple | list):
        return type(value)(map(numbered, value)) if type(value) in (tuple, list) else value
    if not isinstance(value, sp.Expr) or not value.free_symbols <= current().sizes.keys():
        return value
    known = current().fixed_size(value)
    if known is None:
        raise mistake("SN104", f"which case {value} is only the data say", "write what holds for every batch")
    return known


def sized(value: Any) -> Any:
    """An expression of sizes, or a shape, as something that is compared by numbers; anything else is itself."""
    parts = value if isinstance(value, tuple | list) else (value,)
    return Sized(value) if any(isinstance(size, sp.Expr) for size in parts) else value


class Sized:
    """A size, or several, in a comparison."""

    __slots__ = ("value",)
    __hash__ = None  # type: ignore[assignment]  # it lives for one comparison

    def __init__(self, value: Any) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self != 0 if isinstance(self.value, sp.Expr) else bool(self.value)

    def __eq__(self, other: object) -> Any:
        mine, theirs = self.value, other.value if isinstance(other, Sized) else other
        if not isinstance(mine, tuple | list):
            return _compared("==", operator.eq, mine, theirs)
        if type(mine) is not type(theirs) or len(mine) != len(theirs):
            return mine == theirs
        return all(sized(a) == sized(b) for a, b in zip(mine, theirs, strict=True))

    def __ne__(self, other: object) -> Any:
        equal = self == other
        return not equal if isinstance(equal, bool) else equal.logical_not()

    def __lt__(self, other: Any) -> Any:
        return _compared("<", operator.lt, self.value, other)

    def __le__(self, other: Any) -> Any:
        return _compared("<=", operator.le, self.value, other)

    def __gt__(self, other: Any) -> Any:
        return _compared(">", operator.gt, self.value, other)

    def __ge__(self, other: Any) -> Any:
        return _compared(">=", operator.ge, self.value, other)

    def __contains__(self, item: Any) -> bool:
        return any(sized(part) == item for part in self.value)


def _compared(sign: str, function: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Two sizes by their numbers, on which the equations then rest.  Raises SymnetError where only the data say."""
    b = b.value if isinstance(b, Sized) else b
    if not isinstance(b, sp.Expr | int | float):
        return function(a, b)
    difference = sp.sympify(a) - sp.sympify(b)
    known = current().fixed_size(difference) if difference.free_symbols else None
    found = function(difference if known is None else sp.Integer(known), 0)
    if sign == "==" and difference.free_symbols and known is None:
        found = None if difference.is_zero is None else difference.is_zero
    if found not in (True, False, sp.true, sp.false):
        raise mistake("SN104", f"whether {a} {sign} {b} only the data say", "write what holds for every batch")
    return bool(found)
