"""The proof obligation of every rewrite: what stood there before and what stands there after are equal, as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import EXACT, NotExact, evaluate, multidigit
from symnet.calculus.ir import Access, Equation, Index, Program, TensorSpec, sort_key
from symnet.calculus.scalars import absolute, greater, relu, where
from symnet.simplify.rewrites import RULES, Rewrite, Rule, Total
from symnet.simplify.simplify import Simplified, simplify
from tests.calculus import forward, forward_wide
from tests.calculus.exactly import draw, parameters
from tests.calculus.forward import D, H, N, d, n
from tests.simplify import hand_built
from tests.simplify.test_laws import programs


class Sides:
    """Both sides of records as tensors of a program that has every raw adjoint and every share."""

    def __init__(self, raw: Program, simplified: Program) -> None:
        self.tensors = dict(raw.tensors)
        self.equations = list(raw.equations)
        for equation in simplified.equations:
            if equation.target not in raw.tensors:
                self.tensors[equation.target] = simplified.tensors[equation.target]
                self.equations.append(equation.fresh())
        self.raw = raw

    def put(self, expression: sp.Expr, left: tuple[Index, ...], over: tuple[Index, ...] = ()) -> Access:
        """The read of a new tensor that is the expression; sums in it become tensors first."""
        totals = [
            t for t in expression.atoms(Total) if not any(t in s.body.atoms(Total) for s in expression.atoms(Total))
        ]
        table = {t: self.put(t.body, free(t), t.indices) for t in sorted(totals, key=sort_key)}
        name = f"side{len(self.tensors)}"
        self.tensors[name] = TensorSpec(name, tuple(i.size for i in left), "intermediate")
        self.equations.append(Equation(name, left, expression.xreplace(table), over).fresh())
        return Access(name, *left)

    def program(self) -> Program:
        return replace(self.raw, tensors=self.tensors, equations=tuple(self.equations))


def free(expression: sp.Expr) -> tuple[Index, ...]:
    """The indices that no sum binds."""
    if isinstance(expression, Total):
        return tuple(i for i in free(expression.body) if i not in expression.indices)
    inner = {i for a in expression.args for i in free(a)} if not isinstance(expression, Index) else {expression}
    return tuple(sorted(inner, key=lambda i: i.serial))


def records(rewrites: tuple[Rewrite, ...]) -> Iterator[Rewrite]:
    for rewrite in rewrites:
        yield rewrite
        yield from records(rewrite.children)


def prove(program: Program, seed: int) -> None:
    """Compare both sides of every rewrite of a program."""
    raw = derive(program, parameters(program))
    compare(raw, simplify(raw, {}), seed)


def compare(raw: Program, result: Simplified, seed: int) -> None:
    sides = Sides(raw, result.program)
    pairs: list[tuple[Rewrite, str, str]] = []
    for record in records(result.rewrites):
        left = tuple(dict.fromkeys((*free(record.before), *free(record.after))))
        pairs.append((record, *(sides.put(e, left).name for e in (record.before, record.after))))
    values = inputs = draw(raw, seed)
    tolerance = 0.0
    try:
        values = evaluate(sides.program(), inputs, EXACT)
    except NotExact:
        values, tolerance = evaluate(sides.program(), inputs, multidigit(50)), 10.0**-35
    for record, before, after in pairs:
        for a, b in zip(np.ravel(values[before]), np.ravel(values[after]), strict=True):
            assert abs(a - b) <= tolerance * (1 + abs(a)), (record.name, record.before, record.after)


@pytest.mark.parametrize("name", hand_built.PROGRAMS)
def test_both_sides_of_every_record_are_equal(name: str) -> None:
    for seed in range(2):
        compare(hand_built.raw(name), hand_built.short(name), seed)


def produced() -> set[str]:
    """The names of the rewrites that the programs come to."""
    results = [simplify(derive(p, parameters(p)), {}) for p in SINGLE.values()]
    results += map(hand_built.short, hand_built.PROGRAMS)
    return {record.name for result in results for record in records(result.rewrites)}


def elu_by_where() -> Program:
    return forward_wide.pointwise(lambda u: where(greater(u, 0), u, sp.exp(u) - 1))


def instance_norm() -> Program:
    """dx needs the sum of the cotangent over the last axis, dbeta over two axes."""
    f = forward.Forward()
    h = Index("h", H)
    x, G, beta = f.parameter("x", N, D, H), f.leaf("G", N, D, H), f.parameter("beta", D)
    mu = f.put("mu", [n, d], x(n, d, h) / H, [h])
    v = f.put("v", [n, d], (x(n, d, h) - mu(n, d)) ** 2 / H, [h])
    xh = f.put("xh", [n, d, h], (x(n, d, h) - mu(n, d)) * (v(n, d) + forward_wide.EPS) ** -forward_wide.HALF)
    f.put("loss", [], G(n, d, h) * (xh(n, d, h) + beta(d)), [n, d, h])
    return f.program()


def test_every_rule_is_used_by_some_program() -> None:
    assert produced() == set(RULES)


def logistic_loss_by_size() -> Program:
    return forward_wide.pointwise(lambda u: relu(u) + sp.log(1 + sp.exp(-absolute(u))))


SINGLE = {"elu": elu_by_where(), "norm": instance_norm(), "logistic loss": logistic_loss_by_size()}


@pytest.mark.parametrize("program", SINGLE.values(), ids=[*SINGLE])
def test_both_sides_are_equal_in_the_programs_of_single_rules(program: Program) -> None:
    prove(program, 0)


def test_a_rule_without_a_program_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "RULES", {**RULES, "common factor": Rule("shared", "always")})
    with pytest.raises(AssertionError):
        test_every_rule_is_used_by_some_program()


@settings(max_examples=60, deadline=None)
@given(programs())
def test_both_sides_are_equal_on_random_programs(program: Program) -> None:
    prove(program, 0)


def test_a_false_record_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = simplify

    def false(program: Program, sizes: object) -> object:
        result = honest(program, {})
        return replace(result, rewrites=tuple(replace(r, after=r.after + 1) for r in result.rewrites))

    monkeypatch.setitem(prove.__globals__, "simplify", false)
    with pytest.raises(AssertionError):
        prove(forward.batch_norm(), 0)
