"""Parts of a matrix formula exchanged for others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symnet.explain.formula import (
    Add,
    Blocks,
    Call,
    Formula,
    Hadamard,
    Inverse,
    Name,
    Over,
    Power,
    Signed,
    Sliced,
    Times,
    Transposed,
    product_of,
    transposed,
)


def rewritten(formula: Formula, rule: Callable[[Formula], Formula | None]) -> Formula:
    """The matrix formula with every part exchanged, outermost first, for which the rule has another."""

    def again(part: Formula) -> Formula:
        return rewritten(part, rule)

    found = rule(formula)
    if found is not None:
        return found
    match formula:
        case Add(terms):
            return Add(tuple(Signed(t.negative, again(t.term)) for t in terms))
        case Times(factors):
            return product_of(list(map(again, factors)))
        case Hadamard(factors):
            return Hadamard(tuple(map(again, factors)))
        case Over(top, bottom):
            return Over(again(top), again(bottom))
        case Power(base, exponent):
            return Power(again(base), exponent)
        case Call(function, arguments):
            return Call(function, tuple(map(again, arguments)))
        case Inverse(base):
            return Inverse(again(base))
        case Blocks(rows, fitted):
            return Blocks(tuple(tuple(map(again, row)) for row in rows), fitted)
        case Sliced(base, keys):
            return Sliced(again(base), keys)
        case Transposed(base):
            return transposed(again(base))
    return formula


def substituted(formula: Formula, names: Mapping[str, Formula]) -> Formula:
    """The matrix formula with whole tensors exchanged for formulas."""
    return rewritten(formula, lambda part: names.get(part.name) if isinstance(part, Name) else None)
