"""Reads printed matrix formulas back and evaluates them with NumPy, strictly: a vector is a column, and only what is
written with ``1ᵀ`` or ``1`` is repeated, save a row added to every row (``X W + b``) and a number, which fits all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.explain.parse import FUNCTIONS, HIGH, MATRICES, Unreadable

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:e[-+]?\d+)?)|(?P<turn>ᵀ|\^T\b)|(?P<inverse>⁻¹|⁻ᵀ)|(?P<high>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*|[πΦφ∞])|(?P<sign>>=|<=|\.\*|[-+−·*/^()\[\],;:=<>≥≤⊙]))"
)


@dataclass(frozen=True)
class Ones:
    """The column of ones, or its transpose."""

    turned: bool = False


@dataclass(frozen=True)
class Value:
    """A number (rank 0), or a matrix of rank 2; ``wide`` says that a side of length 1 stands for any length."""

    array: Any
    wide: bool = False


class MatrixParser:
    """One right side; ``parse`` gives its value."""

    def __init__(
        self, text: str, values: Mapping[str, Any], sizes: Mapping[str, int], shape: tuple[int, ...] = ()
    ) -> None:
        self.tokens: list[tuple[str, str, bool]] = []
        place = 0
        while place < len(text.rstrip()):
            match = _TOKEN.match(text, place)
            if match is None:
                raise Unreadable(text[place:])
            kind = match.lastgroup or ""
            self.tokens.append((kind, match[kind], match[0] != match[kind]))
            place = match.end()
        self.place, self.values, self.sizes, self.shape = 0, values, sizes, shape

    def parse(self) -> Any:
        value = self.sum()
        if self.place != len(self.tokens):
            raise Unreadable(str(self.tokens[self.place :]))
        return value.array

    def peek(self) -> tuple[str, str, bool]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("end", "", True)

    def take(self, text: str | None = None) -> str:
        kind, found, _ = self.peek()
        if kind == "end" or (text is not None and found != text):
            raise Unreadable(f"expected {text}, found {found!r}")
        self.place += 1
        return found

    def sum(self) -> Value:
        negative = self.peek()[1] in ("-", "−") and bool(self.take())
        total = self.term()
        total = Value(-total.array, total.wide) if negative else total
        while self.peek()[1] in ("+", "-", "−"):
            sign = 1 if self.take() == "+" else -1
            other = self.term()
            total = added(total, Value(sign * other.array, other.wide))
        return total

    def term(self) -> Value:
        factors: list[Value | Ones] = [self.factor(first=True)]
        result: Value | Ones = factors[0]
        while True:
            kind, text, _ = self.peek()
            if text in ("⊙", ".*"):
                self.take()
                result = Value(*entrywise(np.multiply, solid(result), solid(self.factor())))
            elif text == "/":
                self.take()
                result = Value(*entrywise(np.divide, solid(result), solid(self.factor(first=True))))
            elif text in ("·", "*"):
                self.take()
                result = times(result, self.factor())
            elif kind in ("number", "name") or text in ("(", "["):
                if isinstance(result, Value) and self.tokens[self.place - 1][1] == "1" and result.array.shape == ():
                    result = Ones()
                result = times(result, self.factor())
            else:
                return solid(result)

    def factor(self, first: bool = False) -> Value | Ones:
        kind, text, _ = self.peek()
        base = self.primary()
        if kind == "number" and text == "1" and (not first or self.peek()[0] == "turn" or self.ones_follow()):
            base = Ones()
        kind, text, spaced = self.peek()
        if text == "[" and not spaced and self.tokens[self.place - 1][1] in (")", "]"):
            array = solid(base).array[self.places()]
            base = Value(array[:, None] if array.ndim == 1 else array)
            kind, text, _ = self.peek()
        if kind == "turn":
            self.take()
            return Ones(True) if isinstance(base, Ones) else Value(solid(base).array.T, solid(base).wide)
        if kind == "inverse":
            self.take()
            inverse = np.linalg.inv(solid(base).array)
            return Value(inverse.T if text == "⁻ᵀ" else inverse)
        if kind == "high":
            self.take()
            return Value(np.asarray(solid(base).array, float) ** int("".join(HIGH[c] for c in text)), solid(base).wide)
        if text == "^":
            self.take()
            return Value(*entrywise(np.power, solid(base), solid(self.primary())))
        return base

    def ones_follow(self) -> bool:
        """Whether the 1 that was just read is multiplied by what follows: then it is the column of ones."""
        return self.peek()[0] == "name" or self.peek()[1] in ("(", "*")

    def primary(self) -> Value:
        kind, text, _ = self.tokens[self.place] if self.place < len(self.tokens) else ("end", "", True)
        self.take()
        if kind == "number":
            return Value(np.asarray(float(text)))
        if text == "(":
            inner = self.sum()
            self.take(")")
            return inner
        if text == "[":
            return self.bracket()
        if kind == "end":
            raise Unreadable("nothing")
        if kind == "name":
            return self.named(text)
        raise Unreadable(text)

    def bracket(self) -> Value:
        table = {"<": np.less, ">": np.greater, "≥": np.greater_equal, ">=": np.greater_equal, "=": np.equal,
                 "≤": np.less_equal, "<=": np.less_equal}  # fmt: skip
        parts, found = [self.sum()], []
        if self.peek()[1] in (",", ";", "]"):
            return Value(joined(self.blocks(parts[0]), self.shape))
        while self.peek()[1] in table:
            relation = table[self.take()]
            parts.append(self.sum())
            found.append(Value(*entrywise(relation, parts[-2], parts[-1])))
        self.take("]")
        result = found[0]
        for more in found[1:]:
            result = Value(*entrywise(np.logical_and, result, more))
        return Value(np.asarray(result.array, float), result.wide)

    def blocks(self, first: Value) -> list[list[Any]]:
        """The blocks of a grid, row by row; the first is read already."""
        rows = [[first.array]]
        while (sign := self.take()) != "]":
            if sign == ";":
                rows.append([])
            elif sign != ",":
                raise Unreadable(f"{sign} between blocks")
            rows[-1].append(self.sum().array)
        return rows

    def places(self) -> tuple[Any, ...]:
        """The places and slices between brackets, as Python has them."""
        self.take("[")
        found: list[Any] = []
        while not found or self.peek()[1] == ",":
            if found:
                self.take(",")
            ends: list[int | None] = [self.address()]
            while self.peek()[1] == ":":
                self.take()
                ends.append(self.address())
            found.append(slice(*ends) if len(ends) > 1 else ends[0])
        self.take("]")
        return tuple(found)

    def address(self) -> int | None:
        return None if self.peek()[1] in (":", ",", "]") else int(self.sum().array)

    def named(self, name: str) -> Value:
        _, text, spaced = self.peek()
        if text == "[" and not spaced and name in self.values:
            array = np.asarray(self.values[name], float)
            keys = self.places()
            if len(keys) != array.ndim:
                raise Unreadable(f"{name} has {array.ndim} axes, {len(keys)} are written")
            array = np.asarray(array[keys])
            return Value(array[:, None] if array.ndim == 1 else array)
        if text == "(" and not spaced:
            return self.call(name)
        if name in self.values:
            array = np.asarray(self.values[name], float)
            return Value(array[:, None] if array.ndim == 1 else array)
        if name in self.sizes:
            return Value(np.asarray(float(self.sizes[name])))
        if name in ("π", "pi"):
            return Value(np.asarray(np.pi))
        raise Unreadable(name)

    def call(self, name: str) -> Value:
        self.take("(")
        if name == "onehot":
            labels = self.values[self.take()]
            self.take(")")
            return Value((labels[:, None] == np.arange(self.sizes["classes"])).astype(float))
        if name == "stack":
            self.take("[")
            (parts,) = self.blocks(self.sum())
            self.take(",")
            axis = int(self.take())
            self.take(")")
            return Value(np.stack(parts, axis))
        arguments = [self.sum()]
        while self.peek()[1] == ",":
            self.take()
            arguments.append(self.sum())
        self.take(")")
        if name in ("zeros", "ones"):
            shape = tuple(int(a.array) for a in arguments)
            return Value(np.full(shape if len(shape) == 2 else (*shape, 1), float(name == "ones")))
        if name in MATRICES:
            found = np.asarray(MATRICES[name](np.asarray(arguments[0].array, float)))
            return Value(found[:, None] if found.ndim == 1 else found)
        if name == "sum":
            return Value(arguments[0].array.sum())
        if name in ("rowsum", "colsum"):
            (whole,) = (a.array for a in arguments)
            return Value(whole.sum(axis=int(name == "rowsum"), keepdims=True), wide=True)
        if name == "softmax":
            e = np.exp(arguments[0].array)
            return Value(e / e.sum(axis=1 if e.shape[1] > 1 else 0, keepdims=True))
        if name == "relu":
            return Value(np.maximum(arguments[0].array, 0.0), arguments[0].wide)
        result = arguments[0]
        for other in arguments[1:]:
            entrywise(np.add, result, other)
        function = np.frompyfunc(FUNCTIONS[name], len(arguments), 1)
        return Value(np.asarray(function(*(a.array for a in arguments)), float), any(a.wide for a in arguments))


def joined(rows: list[list[Any]], shape: tuple[int, ...]) -> Any:
    """The blocks of a grid as one matrix of the shape; numbers share what the others leave, in equal parts."""
    if len({len(row) for row in rows}) != 1:
        raise Unreadable("rows of different numbers of blocks")
    whole = shape if len(shape) == 2 else (*shape, 1)
    heights = _shared([[b.shape[0] for b in row if b.ndim] for row in rows], whole[0])
    columns = [list(column) for column in zip(*rows, strict=True)]
    widths = _shared([[b.shape[1] for b in column if b.ndim] for column in columns], whole[1])
    return np.block(
        [
            [b if b.ndim else np.full((h, w), float(b)) for b, w in zip(row, widths, strict=True)]
            for row, h in zip(rows, heights, strict=True)
        ]
    )


def _shared(sizes: list[list[int]], total: int) -> list[int]:
    """The size of each row of blocks: that of those that have one, else a part of what is left."""
    known = [own[0] if own else None for own in sizes]
    open_ended = known.count(None)
    left = total - sum(k for k in known if k is not None)
    if any(len(set(own)) > 1 for own in sizes) or (left < open_ended or left % open_ended if open_ended else left):
        raise Unreadable(f"blocks of sizes {sizes} on an axis of {total}")
    return [left // open_ended if k is None else k for k in known]


def solid(value: Value | Ones) -> Value:
    if isinstance(value, Ones):
        raise Unreadable("a column of ones of no length")
    return value


def times(left: Value | Ones, right: Value | Ones) -> Value | Ones:
    if isinstance(left, Ones):
        if isinstance(right, Ones):
            raise Unreadable("ones times ones")
        if left.turned:
            return Value(small(right.array.sum(axis=0, keepdims=True)))
        if right.array.ndim == 0 or right.array.shape[0] != 1:
            raise Unreadable("1 M for a matrix M")
        return Value(right.array, wide=True)
    if isinstance(right, Ones):
        if right.turned:
            if left.array.ndim == 0 or left.array.shape[1] != 1:
                raise Unreadable("M 1ᵀ for a matrix M")
            return Value(left.array, wide=True)
        return Value(small(left.array.sum(axis=1, keepdims=True)))
    if left.array.ndim == 0 or right.array.ndim == 0:
        return Value(left.array * right.array, left.wide or right.wide)
    return Value(small(left.array @ right.array))


def small(array: Any) -> Any:
    """A matrix of one entry is a number."""
    return array[0, 0] if array.shape == (1, 1) else array


def entrywise(function: Any, left: Value, right: Value) -> tuple[Any, bool]:
    a, b = left.array, right.array
    if a.ndim and b.ndim and a.shape != b.shape and not (left.wide or right.wide):
        raise Unreadable(f"{a.shape} and {b.shape} entry by entry")
    return function(a, b), left.wide and right.wide


def added(left: Value, right: Value) -> Value:
    a, b = left.array, right.array
    if b.ndim and a.ndim and a.shape != b.shape and not right.wide and b.shape == (a.shape[1], 1):
        return Value(a + b.T, left.wide)
    return Value(*entrywise(np.add, left, right))


def matrix_value(text: str, values: Mapping[str, Any], sizes: Mapping[str, int], shape: tuple[int, ...]) -> Any:
    """The value of a right side as an array of the shape that its left side has; I is the identity of that shape."""
    if len(shape) == 2 and shape[0] == shape[1]:
        values = {"I": np.eye(shape[0]), **values}
    value = np.asarray(MatrixParser(text, values, sizes, shape).parse(), float)
    if len(shape) == 1 and value.ndim == 2:
        if 1 not in value.shape:
            raise Unreadable(f"{value.shape} for a vector")
        value = value.reshape(-1)
    return np.broadcast_to(value, shape) if value.shape != shape else value
