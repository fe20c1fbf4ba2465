"""The result: each gradient as one closed form, with names put in where the formula still reads well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, IntegerAccess, Program
from symnet.explain.chain import equations_of
from symnet.explain.document import Line
from symnet.explain.formula import Call, Chain, Formula, Name, substituted
from symnet.explain.matrix import MatrixForm
from symnet.explain.scribe import Scribe
from symnet.explain.softmax import softmaxes

#: A formula with more operations than this is better read with names in it.
_READABLE = 8


def result_lines(scribe: Scribe, matrix: Mapping[str, MatrixForm], form: str) -> tuple[Line, ...]:
    """Every adjoint in its shortest form, and the gradients asked for in terms of what the person wrote."""
    program = scribe.derivation.program
    wanted = set(scribe.derivation.gradients.values())
    words = _known_words(scribe)
    lines: list[Line] = []
    for name in scribe.derivation.steps:
        equations = equations_of(scribe, name)
        short = scribe.equation(equations)
        opened = scribe.equation(unfold(program, equations)) if name in wanted else short
        more = opened.right if opened != short else ()
        if name in matrix and form != "index":
            formula = matrix[name].formula
            named = substituted(formula.right[-1], words)
            lines.append(Line(formula if named == formula.right[-1] else Chain(formula.left, (*formula.right, named))))
            lines += [Line(opened)] if more and form == "both" else []
        else:
            lines.append(Line(Chain(short.left, (*short.right, *more))))
    return tuple(lines)


def _known_words(scribe: Scribe) -> dict[str, Formula]:
    """softmax(Z) and onehot(t) for the names that stand for them."""
    name = scribe.words.name
    words: dict[str, Formula] = {}
    for p, z in softmaxes(scribe.derivation.program).items():
        if p not in scribe.derivation.model.program.tensors:
            words[p] = Call("softmax", (Name(name(z)),))
    for label, rows in scribe.words.one_hot.items():
        words[rows] = Call("onehot", (Name(name(label)),))
    return words


def unfold(program: Program, equations: tuple[Equation, ...]) -> tuple[Equation, ...]:
    """The equations with pointwise tensors replaced by their definitions while that stays readable."""
    if len(equations) != 1:
        return equations
    (equation,) = equations
    if equation.body.has(sp.Function):
        return equations
    while True:
        opened = _opened_once(program, equation)
        if opened is None:
            return (equation,)
        equation = opened


def _opened_once(program: Program, equation: Equation) -> Equation | None:
    for read in equation.accesses:
        definition = _pointwise(program, read)
        if definition is None or definition.body.has(sp.Function) or any(read in a.args for a in equation.accesses):
            continue
        exchange: dict[sp.Basic, sp.Expr] = dict(zip(definition.left, read.addresses, strict=True))
        body = equation.body.xreplace({read: definition.body.xreplace(exchange)})
        if sp.count_ops(body) <= _READABLE and not body.atoms(sp.Function):
            return replace(equation, body=body)
    return None


def _pointwise(program: Program, read: Access) -> Equation | None:
    equations = program.defining(read.name)
    if len(equations) != 1 or isinstance(read, IntegerAccess):
        return None
    (equation,) = equations
    plain = not equation.reduced and not equation.guard and all(isinstance(a, Index) for a in read.addresses)
    return equation if plain else None
