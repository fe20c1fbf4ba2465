"""What both languages spell alike: numbers, arithmetic, brackets.  A language is a table of such functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from symnet.codegen.lowering.statements import Add, AddWindows, Array, Assign, Statement, Zeros

ATOM, POWER, UNARY, TIMES, PLUS, AND, COMPARE = range(7)


@dataclass(frozen=True)
class Text:
    """Source text and how loosely its outermost operator binds."""

    text: str
    binding: int = ATOM

    def within(self, binding: int) -> str:
        """The text as an operand that must bind at least so tightly."""
        return self.text if self.binding <= binding else f"({self.text})"


Speller = Callable[[Array, tuple[Text, ...]], Text]


@dataclass(frozen=True)
class Language:
    """One table of spellings.  ``kinds`` and ``statements`` are total; ``helpers`` are functions that a call needs."""

    name: str
    kinds: Mapping[str, Speller]
    calls: Mapping[str, Callable[..., Text]]
    helpers: Mapping[str, tuple[str, ...]]
    add: Callable[[Add, tuple[str | None, ...], str, str], str]
    zeros: Callable[[Zeros, str], str]

    def spell(self, array: Array) -> Text:
        """The text of an expression."""
        return self.kinds[array.kind](array, tuple(self.spell(a) for a in array.arguments))

    def line(self, statement: Statement) -> str:
        """The text of a statement, without its comment."""
        match statement:
            case Assign():
                return f"{statement.target} = {self.spell(statement.value).text}"
            case AddWindows():
                return add_windows_text(statement, self.spell(statement.value).text)
            case Zeros():
                return f"{statement.target} = {self.zeros(statement, self.spell(statement.like).text)}"
            case Add():
                keys = tuple(None if k is None else self.spell(k).text for k in statement.keys)
                value, sign = statement.value, "+"
                if statement.sets:
                    return f"{places_text(statement, keys)[0]} = {self.spell(value).text}"
                if value.kind == "negate":
                    value, sign = value.arguments[0], "-"
                if value.kind == "number" and sp.sympify(value.attribute).could_extract_minus_sign():
                    return self.add(statement, keys, "-", number_text(-sp.sympify(value.attribute)).text)
                return self.add(statement, keys, sign, self.spell(value).text)


def number_text(value: sp.Expr) -> Text:
    """A SymPy number or an expression in sizes as Python text."""
    if value.is_Integer:
        digits = str(value) if abs(value) < 2**63 else repr(float(value))  # no array holds a larger integer
        return Text(digits, ATOM if value >= 0 else UNARY)
    if value.is_Symbol:
        return Text(value.name)
    if value.is_Rational:
        exact = repr(float(value))
        if Fraction(exact) == Fraction(int(value.p), int(value.q)):
            return Text(exact, ATOM if value >= 0 else UNARY)
        return Text(f"{value.p} / {value.q}", TIMES)
    if not value.free_symbols:
        if value in (sp.oo, -sp.oo):
            return Text('float("inf")') if value == sp.oo else Text('-float("inf")', UNARY)
        return Text(repr(float(value)), ATOM if value >= 0 else UNARY)
    if value.is_Add:
        first, *rest = sorted(value.args, key=lambda t: (t.could_extract_minus_sign(), t.is_number, str(t)))
        text = number_text(first).within(TIMES)
        for term in rest:
            negative = term.could_extract_minus_sign()
            text += f" - {number_text(-term).within(POWER)}" if negative else f" + {number_text(term).within(TIMES)}"
        return Text(text, PLUS)
    if value.is_Mul:
        top, bottom = sp.fraction(value)
        if bottom != 1:
            return Text(f"{number_text(top).within(UNARY)} / {number_text(bottom).within(POWER)}", TIMES)
        parts = sorted(value.args, key=lambda f: (not f.is_number, str(f)))
        return Text(" * ".join(number_text(p).within(UNARY) for p in parts), TIMES)
    if value.is_Pow:
        base, exponent = (number_text(a) for a in value.args)
        if value.exp.could_extract_minus_sign():
            return Text(f"1 / {number_text(1 / value).within(POWER)}", TIMES)
        return power_text(base, exponent)
    if isinstance(value, sp.floor):
        top, bottom = value.args[0].as_numer_denom()
        return Text(f"{number_text(top).within(UNARY)} // {number_text(bottom).within(POWER)}", TIMES)
    raise TypeError(f"{value} is no size")


def power_text(base: Text, exponent: Text) -> Text:
    """``x**2`` between names and numbers, ``f(x) ** 2`` otherwise, as ruff's formatter writes it."""
    simple = all(p.text.replace(".", "").replace("_", "").isalnum() for p in (base, exponent))
    return Text(f"{base.within(ATOM)}{'**' if simple else ' ** '}{exponent.within(ATOM)}", POWER)


def _add(array: Array, parts: tuple[Text, ...]) -> Text:
    signs = array.attribute
    assert isinstance(signs, tuple)
    text = parts[0].within(PLUS) if signs[0] > 0 else f"-{parts[0].within(ATOM)}"
    for sign, part in zip(signs[1:], parts[1:], strict=True):
        text += f" + {part.within(TIMES)}" if sign > 0 else f" - {part.within(TIMES)}"
    return Text(text, PLUS)


def _times(operator: str) -> Speller:
    def spell(array: Array, parts: tuple[Text, ...]) -> Text:
        left, right = parts
        chain = array.arguments[0].kind in ("multiply", "divide") or array.arguments[0].kind == "number"
        return Text(f"{left.within(TIMES if chain else UNARY)} {operator} {right.within(POWER)}", TIMES)

    return spell


def _power(array: Array, parts: tuple[Text, ...]) -> Text:
    exponent = Text(str(array.attribute)) if array.attribute is not None else parts[1]
    return power_text(parts[0], exponent)


def _slice_key(key: object) -> str:
    if not isinstance(key, tuple):
        return number_text(sp.sympify(key)).text
    start, stop, step = key
    low = "" if start == 0 else number_text(start).text
    high = "" if stop is None else number_text(stop).text
    colon = " : " if " " in low + high else ":"
    text = f"{low}{colon}{high}".strip()
    return f"{text}{colon}{step}" if step != 1 else text


def places_text(statement: Add, keys: tuple[str | None, ...]) -> tuple[str, bool]:
    """The places that an addition names, and whether no integer array is among the keys."""
    base = subscript(Text(statement.target), [_slice_key(v) for v in statement.view])
    return subscript(base, [":" if k is None else k for k in keys]).text, all(k is None for k in keys)


def add_windows_text(statement: AddWindows, value: str) -> str:
    """The call that adds overlapping windows; both languages have the helper."""
    target = subscript(Text(statement.target), [_slice_key(v) for v in statement.view]).text
    return f"add_windows({target}, {value}, {_slid(statement.axes, statement.strides, statement.dilations)})"


def _slid(axes: object, strides: object, dilations: object) -> str:
    """The arguments that say how windows slide; what is 1 everywhere is not said."""
    texts = [f"axes={axes}"]
    for name, values in (("strides", strides), ("dilations", dilations)):
        assert isinstance(values, tuple)
        texts += [f"{name}={values}"] if set(values) != {1} else []
    return ", ".join(texts)


def _windows(array: Array, parts: tuple[Text, ...]) -> Text:
    assert isinstance(array.attribute, tuple)
    axes, taps, strides, dilations = array.attribute
    return Text(f"windows({parts[0].text}, {shape_text(taps)}, {_slid(axes, strides, dilations)})")


def _at_first(array: Array, parts: tuple[Text, ...]) -> Text:
    return Text(f"at_first({', '.join(p.text for p in parts)}, axes={_tuple(array.attribute)})")


def _tuple(axes: object) -> str:
    assert isinstance(axes, tuple)
    return f"({', '.join(map(str, axes))}{',' * (len(axes) == 1)})"


def subscript(base: Text, keys: list[str]) -> Text:
    """``base[keys]`` without whole axes at the end."""
    while keys and keys[-1] == ":":
        keys = keys[:-1]
    return Text(f"{base.within(ATOM)}[{', '.join(keys)}]") if keys else base


def _slice(array: Array, parts: tuple[Text, ...]) -> Text:
    assert isinstance(array.attribute, tuple)
    return subscript(parts[0], [_slice_key(k) for k in array.attribute])


def _gather(array: Array, parts: tuple[Text, ...]) -> Text:
    assert isinstance(array.attribute, tuple)
    rest = list(parts[1:])
    return subscript(parts[0], [rest.pop(0).text if given else ":" for given in array.attribute])


def _expand(array: Array, parts: tuple[Text, ...]) -> Text:
    assert isinstance(array.attribute, tuple)
    return Text(f"{parts[0].within(ATOM)}[{', '.join('None' if new else ':' for new in array.attribute)}]")


def shape_text(sizes: object) -> str:
    """A tuple of sizes."""
    assert isinstance(sizes, tuple)
    texts = [number_text(s).text for s in sizes]
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


def axes_text(axes: object) -> str:
    """One axis as a number, several as a tuple."""
    assert isinstance(axes, tuple)
    return str(axes[0]) if len(axes) == 1 else "(" + ", ".join(map(str, axes)) + ")"


def _compare(array: Array, parts: tuple[Text, ...]) -> Text:
    operator, (left, right) = str(array.attribute), parts
    if array.arguments[0].dtype == "number":  # x < 1 rather than 1 > x
        operator, left, right = operator.replace(">", "<"), right, left
    return Text(f"{left.within(PLUS)} {operator} {right.within(PLUS)}", COMPARE)


def call(function: str) -> Callable[..., Text]:
    """The spelling ``function(a, b, ...)``."""
    return lambda *parts: Text(f"{function}({', '.join(p.text for p in parts)})")


def huber_text(library: str, r: Text, delta: Text) -> Text:
    """r²/2 where |r| <= delta, else delta (|r| - delta/2)."""
    size, square = f"{library}.abs({r.text})", power_text(r, Text("2")).text
    if delta.text == "1":
        return Text(f"{library}.where({size} <= 1, 0.5 * {square}, {size} - 0.5)")
    bound = delta.within(UNARY)
    return Text(f"{library}.where({size} <= {bound}, 0.5 * {square}, {bound} * ({size} - 0.5 * {bound}))")


def log_cosh_lines(library: str) -> tuple[str, ...]:
    """The helper for log cosh: no sum of large terms near 0, no large exponent far from it."""
    return (
        "def log_cosh(x):",
        '    """log(cosh(x)), without overflow, to all digits near 0."""',
        f"    size = {library}.abs(x)",
        f"    small = {library}.where(size < 1, size, 0)",
        f"    far = size + {library}.log1p({library}.exp(-2 * size)) - 0.6931471805599453",
        f"    return {library}.where(size < 1, -0.5 * {library}.log1p(-({library}.tanh(small) ** 2)), far)",
    )


#: The kinds that NumPy and PyTorch spell alike.
SHARED: dict[str, Speller] = {
    "name": lambda array, parts: Text(str(array.attribute)),
    "number": lambda array, parts: number_text(sp.sympify(array.attribute)),
    "add": _add,
    "multiply": _times("*"),
    "divide": _times("/"),
    "matmul": lambda array, parts: Text(f"{parts[0].within(UNARY)} @ {parts[1].within(POWER)}", TIMES),
    "negate": lambda array, parts: Text(f"-{parts[0].within(ATOM)}", UNARY),
    "power": _power,
    "compare": _compare,
    "both": lambda array, parts: Text(f"{parts[0].within(AND)} & {parts[1].within(PLUS)}", AND),
    "expand": _expand,
    "slice": _slice,
    "gather": _gather,
    "windows": _windows,
    "at_first": _at_first,
}


def wrapped(line: str, limit: int) -> tuple[str, ...]:
    """A statement, on three lines if it is too long, as ruff's formatter breaks it: in its last call or in brackets."""
    if len(line) <= limit:
        return (line,)
    target, equals, value = line.partition(" = ")
    opening = _last_bracket(line)
    if opening is not None and (not equals or _calls_of_chain(value) in (1, 2)):
        return (line[: opening + 1], f"    {line[opening + 1 : -1]}", line[-1])
    return (f"{target} = (", f"    {value}", ")") if equals else (line,)


def _last_bracket(text: str) -> int | None:
    """Where the bracket that closes at the end opens."""
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += (text[place] in ")]") - (text[place] in "([")
        if depth == 0:
            return place if place < len(text) - 1 else None
    return None


def _calls_of_chain(text: str) -> int:
    """The number of calls in ``f(..)`` or ``x.f(..).g(..)``, where nothing else stands outside of brackets; else 0."""
    depth, outside = 0, ""
    for character in text:
        depth += (character in "([") - (character in ")]")
        outside += character if depth == 0 else ""
    plain = outside.replace(")", "").replace(".", "").replace("_", "")
    return outside.count(")") if plain.isalnum() and text.endswith(")") else 0
