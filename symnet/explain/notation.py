"""Formulas as strings: one writer, three spellings.

The writer decides parentheses once, by precedence, for every notation; a notation only spells.  Nothing is ever left
out: what is printed can be read back and has the value of the formula.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from symnet.explain.formula import (
    Add,
    At,
    Blocks,
    Bracket,
    Call,
    Chain,
    Entry,
    Formula,
    Hadamard,
    Inverse,
    KroneckerDelta,
    Letter,
    Name,
    Number,
    Ones,
    Over,
    Partial,
    Power,
    Quotient,
    Range,
    Remainder,
    Sliced,
    Times,
    Total,
    Transposed,
)

#: Precedence, loosest first.  A node is put in parentheses where a tighter one is needed.
ANY, SUM, TERM, FACTOR, ATOM = range(5)

_LEVELS: dict[type[Formula], int] = {
    Chain: ANY,
    Add: SUM,
    Times: TERM,
    Hadamard: TERM,
    Over: TERM,
    Total: TERM,
    Quotient: TERM,
    Remainder: TERM,
    Partial: FACTOR,
    Power: FACTOR,
    Transposed: FACTOR,
    Inverse: FACTOR,
}


class Notation(ABC):
    """Writes formulas; subclasses spell the symbols."""

    minus = "-"
    dot = "*"
    hadamard = ".*"
    separator = " "
    ones = "1"
    colon = ":"

    def write(self, formula: Formula, level: int = ANY) -> str:
        """The formula, in parentheses if it binds looser than ``level``."""
        text = self._plain(formula)
        return self.parenthesised(text) if self.level(formula) < level else text

    def level(self, formula: Formula) -> int:
        """How tightly the formula binds as this notation writes it."""
        return _LEVELS.get(type(formula), ATOM)

    def _plain(self, formula: Formula) -> str:
        match formula:
            case Number(digits):
                return self.number(digits)
            case Name(name):
                return self.name(name)
            case Letter(letter):
                return self.letter(letter)
            case At(name, addresses):
                return self.entry(name, addresses)
            case Add():
                return self._sum(formula)
            case Times(factors):
                return self._product(factors)
            case Hadamard(factors):
                return f" {self.hadamard} ".join(self.write(f, FACTOR) for f in factors)
            case Chain(left, right):
                return " = ".join(self.write(f) for f in (left, *right))
            case Ones():
                return self.ones
            case _:
                return self._spelled(formula)

    def _spelled(self, formula: Formula) -> str:
        match formula:
            case Over(top, bottom):
                return self.over(top, bottom)
            case Power(base, exponent):
                return self.power(base, exponent)
            case Call(function, arguments):
                return self.call(function, arguments)
            case Total(kind, letters, body):
                return self.total(kind, letters, body)
            case Bracket(parts, relations):
                return self.bracket(parts, relations)
            case KroneckerDelta(first, second):
                return self.delta(first, second)
            case Partial(of, by):
                return self.partial(of, by)
            case Transposed(base):
                return self.transposed(base)
            case Inverse(base):
                return self.inverse(base)
            case Entry(base, addresses):
                return self.entry_of(base, addresses)
            case Blocks(rows):
                return self.blocks(rows)
            case Sliced(base, keys):
                return f"{self.write(base, ATOM)}[{', '.join(map(self.key, keys))}]"
            case Quotient(top, bottom):
                return self.whole(top, bottom)
            case Remainder(top, bottom):
                return self.remainder(top, bottom)
        raise TypeError(f"{type(formula).__name__} has no notation")

    def _sum(self, formula: Add) -> str:
        first, *others = formula.terms
        text = (self.minus if first.negative else "") + self.write(first.term, TERM)
        for term in others:
            text += f" {self.minus if term.negative else '+'} {self.write(term.term, TERM)}"
        return text

    def _product(self, factors: Sequence[Formula]) -> str:
        text = ""
        for position, factor in enumerate(factors):
            last = position == len(factors) - 1
            # A sum sign reaches to the end of its term, so only the last factor may be one without parentheses.
            piece = self.write(factor, TERM if last and isinstance(factor, Total) else FACTOR)
            if position:
                wide = isinstance(factor, (Partial, Number)) or self.dots_always
                text += f" {self.dot} " if wide else self.separator
            text += piece
        return text

    @property
    def dots_always(self) -> bool:
        """Whether every product shows its sign."""
        return False

    def reaches_to_the_end(self, formula: Formula) -> bool:
        """Whether the formula ends in an open sum sign, which would swallow what follows."""
        if isinstance(formula, Times):
            return self.reaches_to_the_end(formula.factors[-1])
        return isinstance(formula, Total)

    def number(self, digits: str) -> str:
        """An integer or a decimal."""
        return digits

    def key(self, key: Formula | Range) -> str:
        """A place or a range of one axis."""
        if isinstance(key, Formula):
            return self.address(key)
        ends = ["" if end is None else self.address(end) for end in (key.start, key.stop)]
        step = f"{self.minus}{-key.step}" if key.step < 0 else str(key.step)
        return self.colon.join([*ends, *([step] if key.step != 1 else [])])

    def address(self, formula: Formula) -> str:
        """An address inside brackets."""
        return self.write(formula)

    @abstractmethod
    def parenthesised(self, text: str) -> str: ...
    @abstractmethod
    def name(self, name: str) -> str: ...
    @abstractmethod
    def letter(self, letter: str) -> str: ...
    @abstractmethod
    def entry(self, name: str, addresses: Sequence[Formula]) -> str: ...
    @abstractmethod
    def over(self, top: Formula, bottom: Formula) -> str: ...
    @abstractmethod
    def power(self, base: Formula, exponent: Formula) -> str: ...
    @abstractmethod
    def call(self, function: str, arguments: Sequence[Formula]) -> str: ...
    @abstractmethod
    def total(self, kind: str, letters: Sequence[str], body: Formula) -> str: ...
    @abstractmethod
    def bracket(self, parts: Sequence[Formula], relations: Sequence[str]) -> str: ...
    @abstractmethod
    def delta(self, first: str, second: str) -> str: ...
    @abstractmethod
    def partial(self, of: Formula, by: Formula) -> str: ...
    @abstractmethod
    def transposed(self, base: Formula) -> str: ...
    @abstractmethod
    def inverse(self, base: Formula) -> str: ...
    @abstractmethod
    def entry_of(self, base: Formula, addresses: Sequence[Formula]) -> str: ...
    @abstractmethod
    def blocks(self, rows: Sequence[Sequence[Formula]]) -> str: ...
    @abstractmethod
    def whole(self, top: Formula, bottom: Formula) -> str: ...
    @abstractmethod
    def remainder(self, top: Formula, bottom: Formula) -> str: ...


class Linear(Notation):
    """What the two one-line notations share."""

    functions: ClassVar[dict[str, str]] = {}
    relations: ClassVar[dict[str, str]] = {}

    def parenthesised(self, text: str) -> str:
        return f"({text})"

    def name(self, name: str) -> str:
        return name

    def letter(self, letter: str) -> str:
        return letter

    def over(self, top: Formula, bottom: Formula) -> str:
        # M 1/N would read as M times a quotient.
        by_ones = isinstance(top, Times) and isinstance(top.factors[-1], Ones)
        open_ended = by_ones or self.reaches_to_the_end(top) or isinstance(top, (Hadamard, Over))
        upper = self.write(top, FACTOR if open_ended else TERM)
        lower = self.write(bottom, FACTOR)
        return f"{upper}/{lower}"

    def call(self, function: str, arguments: Sequence[Formula]) -> str:
        return f"{self.functions.get(function, function)}({', '.join(self.write(a) for a in arguments)})"

    def bracket(self, parts: Sequence[Formula], relations: Sequence[str]) -> str:
        text = self.write(parts[0])
        for relation, part in zip(relations, parts[1:], strict=True):
            text += f" {self.relations.get(relation, relation)} {self.write(part)}"
        return f"[{text}]"

    def bracketed(self, name: str, addresses: Sequence[Formula]) -> str:
        """``name[i,j+1]``: the form that holds any address."""
        return f"{name}[{','.join(self.address(a) for a in addresses)}]"

    def address(self, formula: Formula) -> str:
        """An address, without spaces."""
        text = self.write(formula).replace(" + ", "+").replace(f" {self.minus} ", self.minus).replace(" * ", "*")
        return re.sub(r"(?<=\d) (?=[a-z])", "", text)

    def key(self, key: Formula | Range) -> str:
        return re.sub(r"(?<=\d) (?=[A-Za-z])", "", super().key(key))

    def blocks(self, rows: Sequence[Sequence[Formula]]) -> str:
        return f"[{'; '.join(', '.join(map(self.write, row)) for row in rows)}]"

    def whole(self, top: Formula, bottom: Formula) -> str:
        return f"{self.write(top, FACTOR)}//{self.write(bottom, FACTOR)}"

    def remainder(self, top: Formula, bottom: Formula) -> str:
        return f"{self.write(top, FACTOR)}%{self.write(bottom, FACTOR)}"
