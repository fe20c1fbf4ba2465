"""Parts of a matrix formula exchanged for others."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symnet.explain.formula import (
    Add,
    Blocks,
    Bracket,
    Call,
    Formula,
    Hadamard,
    Inverse,
    Name,
    Number,
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
            return product_of(_without_one_number(list(map(again, factors))))
        case Hadamard(factors):
            return Hadamard(tuple(map(again, factors)))
        case Over(top, bottom):
            return Over(again(top), again(bottom))
        case Power(base, exponent):
            return Power(again(base), exponent)
        case Call(function, arguments):
            return Call(function, tuple(map(again, arguments)))
        case Bracket(parts, relations):
            return Bracket(tuple(map(again, parts)), relations)
        case Inverse(base):
            return Inverse(again(base))
        case Blocks(rows, fitted):
            return Blocks(tuple(tuple(map(again, row)) for row in rows), fitted)
        case Sliced(base, keys):
            return Sliced(again(base), keys)
        case Transposed(base):
            return transposed(again(base))
    return formula


def _without_one_number(factors: list[Formula]) -> list[Formula]:
    """``6 (s/6)``, where the mean m in ``6 m`` was written out, is s."""
    for number in (f for f in factors if isinstance(f, Number)):
        for k, factor in enumerate(factors):
            if isinstance(factor, Over) and factor.bottom == number:
                rest = [*factors[:k], factor.top, *factors[k + 1 :]]
                rest.remove(number)
                return rest
    return factors


def substituted(formula: Formula, names: Mapping[str, Formula]) -> Formula:
    """The matrix formula with whole tensors exchanged for formulas; what is compared keeps its name."""

    def rule(part: Formula) -> Formula | None:
        if isinstance(part, Bracket):
            return part
        return names.get(part.name) if isinstance(part, Name) else None

    return rewritten(formula, rule)
