"""Reads printed index formulas back and evaluates them: a grammar of its own, independent of the printer.

    sum      := ['-'] term (('+' | '-') term)*
    term     := unary ((juxtaposition | '·' | '/' | '//' | '%') unary)*         left to right
    unary    := 'Σ' letter term-to-its-end | 'max' letter term-to-its-end | power
    power    := primary [superscript | '^' primary]
    primary  := number | name subscripts | name '[' addresses ']' | function '(' sums ')' | '(' sum ')' | bracket
              | 'δ' subscripts | partial

A bracket or a δ that is 0 is strongly 0: what stands beside it is not evaluated (Iverson's convention).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

LOW = dict(zip("ᵢⱼₖₗₘₙₚᵣₛₜᵤᵥ₀₁₂₃₄₅₆₇₈₉", "ijklmnprstuv0123456789", strict=True))
HIGH = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:e[-+]?\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*|[πΦφ∞])|(?P<low>[ᵢⱼₖₗₘₙₚᵣₛₜᵤᵥ₀-₉]+)"
    r"|(?P<high>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)|(?P<sign>>=|<=|//|[-+−·*/%^()\[\],=<>≥≤Σδ∂]))"
)
Evaluate = Callable[[Mapping[str, int]], Any]


class Unreadable(ValueError):
    """The text is not in the grammar."""


class StrongZero(Exception):
    """A bracket that is 0 met in a product."""


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    spaced: bool


@dataclass
class World:
    """What names mean: arrays, sizes, letters with their ranges, and local derivatives by their printed form."""

    values: Mapping[str, Any]
    sizes: Mapping[str, int]
    ranges: dict[str, int] = field(default_factory=dict)
    partials: dict[str, Evaluate] = field(default_factory=dict)


def tokens_of(text: str) -> list[Token]:
    found, place = [], 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise Unreadable(f"{text[place:]!r} in {text!r}")
        kind = match.lastgroup or ""
        found.append(Token(kind, match[kind], match[0] != match[kind]))
        place = match.end()
    return found


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": math.exp, "log": math.log, "tanh": math.tanh, "sin": math.sin, "cos": math.cos, "sqrt": lambda x: x**0.5,
    "erf": math.erf, "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "softplus": lambda x: math.log1p(math.exp(x)),
    "max": max, "min": min, "abs": abs, "sign": lambda x: (x > 0) - (x < 0),
    "clip": lambda x, low, high: min(max(x, low), high), "where": lambda c, a, b: a if c else b,
    "sg": lambda x: x, "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "huber": lambda r, d: r * r / 2 if abs(r) <= d else d * (abs(r) - d / 2),
    "φ": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "phi": lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi),
    "Φ": lambda x: 0.5 * (1 + math.erf(x / math.sqrt(2))), "Phi": lambda x: 0.5 * (1 + math.erf(x / math.sqrt(2))),
}  # fmt: skip
#: Functions of whole matrices as the pages call them.
MATRICES: dict[str, Callable[[Any], Any]] = {
    "inv": np.linalg.inv, "det": np.linalg.det, "logdet": lambda a: np.linalg.slogdet(a)[1],
    "logabsdet": lambda a: np.linalg.slogdet(a)[1], "signdet": lambda a: np.linalg.slogdet(a)[0],
    "cholesky": np.linalg.cholesky, "eigvalsh": np.linalg.eigvalsh, "pinv": np.linalg.pinv,
    "eigenvectors": lambda a: np.linalg.eigh(a)[1], "svdvals": lambda a: np.linalg.svd(a, compute_uv=False),
    "left_singular": lambda a: np.linalg.svd(a, full_matrices=False)[0],
    "right_singular": lambda a: np.linalg.svd(a, full_matrices=False)[2].T,
    "matrix_exp": lambda a: sum((np.linalg.matrix_power(a, k) / math.factorial(k) for k in range(60)), 0 * a),
    "prod": lambda a: a.prod(-1),
    "prod_of_others": lambda a: np.array([[np.delete(row, k).prod() for k in range(len(row))] for row in a]),
}  # fmt: skip
RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "≥": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b, "≤": lambda a, b: a <= b, "=": lambda a, b: a == b,
}  # fmt: skip


class Parser:
    """One formula; ``parse`` gives a function from letters to a value."""

    def __init__(self, text: str, world: World) -> None:
        self.tokens, self.place, self.world = tokens_of(text), 0, world

    def parse(self) -> Evaluate:
        result = self.sum()
        if self.place != len(self.tokens):
            raise Unreadable(f"left over: {[t.text for t in self.tokens[self.place :]]}")
        return result

    def peek(self, ahead: int = 0) -> Token:
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else Token("end", "", True)

    def take(self, text: str | None = None) -> Token:
        token = self.peek()
        if token.kind == "end" or (text is not None and token.text != text):
            raise Unreadable(f"expected {text!r}, found {token.text!r}")
        self.place += 1
        return token

    def sum(self) -> Evaluate:
        parts: list[tuple[int, Evaluate]] = []
        negative = self.peek().text in "-−" and self.take().kind == "sign" if self.peek().kind == "sign" else False
        parts.append((-1 if negative else 1, self.term()))
        while self.peek().kind == "sign" and self.peek().text in "+-−":
            sign = 1 if self.take().text == "+" else -1
            parts.append((sign, self.term()))
        return lambda at: sum(sign * strongly(part, at) for sign, part in parts)

    def term(self) -> Evaluate:
        factors = [("*", self.unary())]
        while True:
            token = self.peek()
            if token.kind == "sign" and token.text in ("·", "*", "/", "//", "%"):
                operation = "*" if self.take().text in "·*" else token.text
                factors.append((operation, self.unary()))
            elif token.kind in ("number", "name") or token.text in ("(", "[", "Σ", "δ", "∂"):
                factors.append(("*", self.unary()))
            else:
                break
        return lambda at: product(factors, at)

    def unary(self) -> Evaluate:
        token, following = self.peek(), self.peek(1)
        if token.text == "Σ" or (token.text == "max" and following.kind == "low"):
            self.take()
            return self.total("sum" if token.text == "Σ" else "max", letters_in(self.take().text))
        kind, _, letter = token.text.partition("_")
        if kind in ("sum", "max") and letter in self.world.ranges and token.text not in self.world.values:
            self.take()
            return self.total(kind, [letter])
        return self.power()

    def total(self, kind: str, letters: list[str]) -> Evaluate:
        (letter,) = letters
        body = self.term()
        values = range(self.world.ranges[letter])
        combine = sum if kind == "sum" else max
        return lambda at: combine(strongly(body, {**at, letter: value}) for value in values)

    def power(self) -> Evaluate:
        base = self.primary()
        token = self.peek()
        if token.kind == "high":
            self.take()
            exponent = int("".join(HIGH[c] for c in token.text))
            return lambda at: raised(base(at), exponent)
        if token.text == "^":
            self.take()
            other = self.primary()
            return lambda at: raised(base(at), strongly(other, at))
        return base

    def primary(self) -> Evaluate:
        token = self.take()
        if token.kind == "number":
            number = Fraction(token.text) if token.text.isdigit() else float(token.text)
            return lambda at: number
        if token.text == "(" and self.peek(1).text == "⁻¹" and self.peek(2).text == ")":
            matrix = self.take().text
            self.take("⁻¹")
            self.take(")")
            return self.of_matrix("inv", matrix)
        if token.text == "(":
            inner = self.sum()
            self.take(")")
            return inner
        if token.text == "[":
            return self.bracket()
        if token.text == "δ":
            first, second = letters_in(self.take().text)
            return lambda at: indicator(at[first] == at[second])
        if token.text == "∂" or (token.text == "d" and self.at_call()):
            return self.partial(token.text)
        if token.kind == "name":
            return self.named(token.text)
        raise Unreadable(f"{token.text!r} starts no factor")

    def at_call(self) -> bool:
        return self.peek().text == "(" and not self.peek().spaced

    def bracket(self) -> Evaluate:
        parts, relations = [self.sum()], []
        while self.peek().text in RELATIONS:
            relations.append(RELATIONS[self.take().text])
            parts.append(self.sum())
        self.take("]")
        return lambda at: indicator(
            all(r(a(at), b(at)) for r, a, b in zip(relations, parts[:-1], parts[1:], strict=True))
        )

    def partial(self, sign: str) -> Evaluate:
        start = self.place - 1
        for part in range(2):
            if part:
                self.take("/")
                self.take(sign)
            self.primary()
        key = "".join(t.text for t in self.tokens[start : self.place])
        return lambda at: self.world.partials[key](at)

    def named(self, name: str) -> Evaluate:
        following = self.peek()
        numbered = name + "".join(LOW[c] for c in following.text) if following.kind == "low" else ""
        if numbered in self.world.ranges and name not in self.world.values:  # the index m₁ in an address
            self.take()
            return self.letter(numbered)
        if following.kind == "low":
            return self.entry(name, [self.letter(x) for x in letters_in(self.take().text)])
        if following.text == "[" and not following.spaced:
            self.take()
            if name == "delta":
                first, second = self.arguments("]")
                return lambda at: indicator(first(at) == second(at))
            return self.entry(name, self.arguments("]"))
        if self.at_call() and name in MATRICES:
            self.take()
            matrix = self.take().text
            self.take(")")
            return self.of_matrix(name, matrix)
        if self.at_call() and name in FUNCTIONS:
            self.take()
            arguments = self.arguments(")")
            return lambda at: FUNCTIONS[name](*(strongly(a, at) for a in arguments))
        return self.plain(name)

    def plain(self, name: str) -> Evaluate:
        constants = {"π": math.pi, "pi": math.pi, "∞": math.inf, "inf": math.inf}
        if name in self.world.values:
            value = self.world.values[name]
            if np.ndim(value):
                raise Unreadable(f"{name} without its indices")
            return lambda at: np.asarray(value)[()]
        if name in self.world.sizes:
            return lambda at: self.world.sizes[name]
        if name in self.world.ranges:
            return self.letter(name)
        if name in constants:
            return lambda at: constants[name]
        raise Unreadable(f"{name} is nothing")

    def letter(self, letter: str) -> Evaluate:
        return lambda at: at[letter]

    def of_matrix(self, function: str, name: str) -> Evaluate:
        """A function of a whole matrix, or an entry of it."""
        value = MATRICES[function](np.asarray(self.world.values[name], float))
        if self.peek().kind == "low":
            return self.at(name, value, [self.letter(x) for x in letters_in(self.take().text)])
        if self.peek().text == "[" and not self.peek().spaced:
            self.take()
            return self.at(name, value, self.arguments("]"))
        return self.at(name, value, [])

    def entry(self, name: str, addresses: list[Evaluate]) -> Evaluate:
        return self.at(name, self.world.values[name], addresses)

    def at(self, name: str, value: Any, addresses: list[Evaluate]) -> Evaluate:
        if np.ndim(value) != len(addresses):
            raise Unreadable(f"{name} has {np.ndim(value)} axes, {len(addresses)} addresses are written")

        def read(at: Mapping[str, int]) -> Any:
            place = tuple(int(a(at)) for a in addresses)
            if any(p < 0 for p in place):
                raise IndexError(place)
            return value[place]

        return read

    def arguments(self, end: str) -> list[Evaluate]:
        found = [self.sum()]
        while self.peek().text == ",":
            self.take()
            found.append(self.sum())
        self.take(end)
        return found


def letters_in(text: str) -> list[str]:
    return re.findall(r"[a-z]\d*", "".join(LOW[c] for c in text))


def indicator(holds: bool) -> int:
    if not holds:
        raise StrongZero
    return 1


def strongly(part: Evaluate, at: Mapping[str, int]) -> Any:
    try:
        return part(at)
    except StrongZero:
        return 0


def raised(base: Any, exponent: Any) -> Any:
    return base ** (int(exponent) if exponent == int(exponent) else float(exponent))


def product(factors: list[tuple[str, Evaluate]], at: Mapping[str, int]) -> Any:
    """A bracket that is 0 makes the product 0 wherever it stands, also beside an entry that does not exist."""
    result: Any = 1  # addresses are whole numbers, and quick to compute as such
    missing: IndexError | None = None
    for operation, factor in factors:
        try:
            value = factor(at) if operation == "*" else strongly(factor, at)
        except IndexError as error:
            missing = error
            continue
        if operation == "*":
            result = result * value
        elif operation == "/":
            result = result / (Fraction(value) if isinstance(value, (int, np.integer)) else value)
        elif operation == "//":
            result = result // value
        else:
            result = result % value
    if missing is not None:
        raise missing
    return result


def places(letters: list[str], world: World) -> Iterator[dict[str, int]]:
    """Every assignment of values to the letters."""
    for values in np.ndindex(*(world.ranges[x] for x in letters)):
        yield dict(zip(letters, values, strict=True))
