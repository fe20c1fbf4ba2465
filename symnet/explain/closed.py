"""The result: each gradient as one closed form, with names put in where the formula still reads well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, IntegerAccess, Program, atoms
from symnet.explain.chain import equations_of
from symnet.explain.document import Line
from symnet.explain.exchange import substituted
from symnet.explain.formula import Call, Chain, Formula, Name
from symnet.explain.matrix import MatrixForm, matrix_side
from symnet.explain.scribe import Scribe
from symnet.explain.softmax import softmax_of, softmaxes
from symnet.explain.unnamed import names_in, spreads, unnamed_forms, with_sums_written, written_out

Table = Mapping[str, Formula]

#: A formula with more operations than this is better read with names in it.
_READABLE = 8


def result_lines(scribe: Scribe, matrix: Mapping[str, MatrixForm], form: str) -> tuple[Line, ...]:
    """Every adjoint in its shortest form, and the gradients asked for in terms of what the person wrote.

    A tensor that nobody named is written out in all lines or in none: what one line has to name has its name in each.
    """
    kept: set[str] = set()
    while True:
        unnamed = unnamed_forms(scribe, matrix, kept)
        lines = _lines(scribe, matrix, form, (_known_words(scribe), unnamed))
        sides = (side for line in lines if isinstance(line.formula, Chain) for side in line.formula.right)
        named = set[str]().union(*map(names_in, sides))
        if named.isdisjoint(unnamed):
            return lines
        kept |= named


def _lines(
    scribe: Scribe, matrix: Mapping[str, MatrixForm], form: str, tables: tuple[Table, Table]
) -> tuple[Line, ...]:
    program = scribe.derivation.program
    wanted = set(scribe.derivation.gradients.values())
    unnamed = tables[1]
    helpers = {scribe.words.name(n) for n in _helpers(scribe) if any(e.reduced for e in program.defining(n))}
    lines: list[Line] = []
    for name in scribe.derivation.steps:
        equations = equations_of(scribe, name)
        unfolded = unfold(program, equations) if name in wanted else equations
        short, opened = (scribe.equation(with_sums_written(scribe, e)) for e in (equations, unfolded))
        known = matrix[name].formula if name in matrix and form != "index" else None
        written = known and Chain(known.left, tuple(written_out(side, unnamed) for side in known.right))
        if written is not None and (form == "matrix" or not helpers.intersection(*map(names_in, written.right))):
            found = _matrix_lines(scribe, written, unfolded if opened != short else (), tables, form)
            alone = form == "both" and name in wanted and len(found) == 1
            lines += [*found, Line(short)] if alone and any(map(spreads, written.right)) else found
        else:
            lines.append(Line(short if opened == short else Chain(short.left, (*short.right, *opened.right))))
    return tuple(lines)


def _matrix_lines(
    scribe: Scribe, known: Chain, unfolded: tuple[Equation, ...], tables: tuple[Table, Table], form: str
) -> list[Line]:
    """The matrix form, then the unfolded one: as matrices where entry meets entry, else in index form."""
    left, right = known.left, known.right
    words, unnamed = tables
    side = matrix_side(scribe, unfolded[0]) if len(unfolded) == 1 else None
    if side is not None and not (unfolded[0].reduced and unfolded[0].body.has(sp.Add)):
        side = written_out(side, unnamed)
        return [Line(Chain(left, (*right, _known(side, words) or side)))]
    named = _known(right[-1], words)
    line = Chain(left, right if named is None else (*right, named))
    if not unfolded or form == "matrix" or _reads_helpers(scribe, unfolded):
        return [Line(line)]
    opened = scribe.equation(unfolded)
    if not unfolded[0].left:
        return [Line(Chain(left, (*line.right, *opened.right)))]
    return [Line(line), Line(opened)]


def _reads_helpers(scribe: Scribe, equations: tuple[Equation, ...]) -> bool:
    """Whether tensors stand there that only the simplifier named: the line with their names says less."""
    return not _helpers(scribe).isdisjoint(a.name for e in equations for a in e.read)


def _helpers(scribe: Scribe) -> set[str]:
    program, forward = scribe.derivation.program, scribe.derivation.model.program
    return {n for n, s in program.tensors.items() if n not in forward.tensors and s.role == "intermediate"}


def _known(formula: Formula, words: Table) -> Formula | None:
    """The formula with known words put in, None if it holds none."""
    named = substituted(formula, words)
    return named if named != formula else None


def _known_words(scribe: Scribe) -> dict[str, Formula]:
    """softmax(Z) and onehot(t) for the names that stand for them."""
    words: dict[str, Formula] = {}
    for p, read in softmaxes(scribe.derivation.program).items():
        if p not in scribe.derivation.model.program.tensors:
            words[p] = softmax_of(scribe, read)
    for label, rows in scribe.words.one_hot.items():
        words[rows] = Call("onehot", (Name(scribe.words.name(label)),))
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
        reads = [program.tensors[a.name] for a in definition.accesses]
        if program.tensors[read.name].role == "intermediate" and any(r.role == "intermediate" for r in reads):
            continue  # a name of the person's says more than names of theirs beneath it
        exchange: dict[sp.Basic, sp.Expr] = dict(zip(definition.left, read.addresses, strict=True))
        body = equation.body.xreplace({read: definition.body.xreplace(exchange)})
        if sp.count_ops(body) <= _READABLE and not atoms(body, sp.Function):
            return replace(equation, body=body)
    return None


def _pointwise(program: Program, read: Access) -> Equation | None:
    equations = program.defining(read.name)
    if len(equations) != 1 or isinstance(read, IntegerAccess):
        return None
    (equation,) = equations
    plain = not equation.reduced and not equation.guard and all(isinstance(a, Index) for a in read.addresses)
    return equation if plain else None
