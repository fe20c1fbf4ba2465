"""Bodies by cases of a condition, and the identities of functions: as text, and by value at the kinks too."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import example, given, settings
from hypothesis import strategies as st

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate, multidigit
from symnet.calculus.scalars import absolute, clip, greater, greater_equal, leaky_relu, relu, sigmoid, sign, where
from symnet.simplify.cost import Product, factored
from symnet.simplify.normal import Algebra
from symnet.simplify.simplify import simplify
from tests.calculus.exactly import simplified
from tests.calculus.forward import Forward, N, n

HALF, TENTH = sp.Rational(1, 2), sp.Rational(1, 10)
LIMIT = sp.Rational(3, 2)

#: name -> (the function, its derivative as it must be printed)
FORMS: dict[str, tuple[Callable[[sp.Expr], sp.Expr], str]] = {
    "elu": (lambda u: where(greater(u, 0), u, sp.exp(u) - 1), "where(greater(r[n], 0), 1, exp(r[n]))"),
    "elu with alpha": (
        lambda u: where(greater(u, 0), u, LIMIT * (sp.exp(u) - 1)),
        "where(greater(r[n], 0), 1, 3*exp(r[n])/2)",
    ),
    "selu": (
        lambda u: 3 * where(greater(u, 0), u, 2 * (sp.exp(u) - 1)),
        "where(greater(r[n], 0), 3, 6*exp(r[n]))",
    ),
    "leaky": (lambda u: where(greater(u, 0), u, TENTH * u), "where(greater(r[n], 0), 1, 1/10)"),
    "huber by cases": (
        lambda u: where(greater_equal(LIMIT, absolute(u)), u**2 / 2, LIMIT * (absolute(u) - LIMIT / 2)),
        "clip(r[n], -3/2, 3/2)",
    ),
    "huber by the other case": (
        lambda u: where(greater(absolute(u), LIMIT), LIMIT * (absolute(u) - LIMIT / 2), u**2 / 2),
        "clip(r[n], -3/2, 3/2)",
    ),
    "soft threshold": (
        lambda u: where(greater(u, HALF), u - HALF, where(greater(-HALF, u), u + HALF, 0)),
        "where(greater(r[n], 1/2), 1, greater(-1/2, r[n]))",
    ),
    "square of relu": (lambda u: relu(u) ** 2, "2*relu(r[n])"),
    "relu by cases, squared": (lambda u: where(greater(u, 0), u, 0) ** 2, "2*greater(r[n], 0)*r[n]"),
    "half a square, signed": (lambda u: u * absolute(u) / 2, "absolute(r[n])"),
    "tanh by exp(2 r)": (
        lambda u: (sp.exp(2 * u) - 1) / (sp.exp(2 * u) + 1),
        "4*(1 - sigmoid(2*r[n]))*sigmoid(2*r[n])",
    ),
    "logistic loss by |r|": (
        lambda u: (u + absolute(u)) / 2 + sp.log(1 + sp.exp(-absolute(u))),
        "sigmoid(r[n])",
    ),
    "logistic loss by |r| and relu": (
        lambda u: relu(u) + sp.log(1 + sp.exp(-absolute(u))),
        "-equal(r[n], 0)/2 + sigmoid(r[n])",
    ),
    "log cosh by |r|": (lambda u: absolute(u) + sp.log(1 + sp.exp(-2 * absolute(u))), "tanh(r[n])"),
    "log cosh by its exponential": (lambda u: sp.log(1 + sp.exp(2 * u)) - u, "tanh(r[n])"),
    "brackets of both sides": (
        lambda u: where(greater(u, 0), u, 0) - where(greater(0, u), u, 0) + 2 * u,
        "sign(r[n]) + 2",
    ),
    "brackets of the side with 0": (
        lambda u: absolute(u) + u - where(greater(u, 0), u, 0),
        "greater_equal(r[n], 0)",
    ),
    "one sided": (lambda u: u + where(greater(u, 0), u**2, 0), "2*greater(r[n], 0)*r[n] + 1"),
}


def derivative(function: Callable[[sp.Expr], sp.Expr]) -> tuple[Forward, str]:
    f = Forward()
    r = f.parameter("r", N)
    f.put("loss", [], function(r(n)), [n])
    (line,) = (str(e) for e in simplified(f.program(), points=2).program.equations if e.target == "dr")
    return f, line.removeprefix("dr[n] += ")


@pytest.mark.parametrize("name", FORMS)
def test_the_derivative_is_what_a_person_writes(name: str) -> None:
    function, expected = FORMS[name]
    assert derivative(function)[1] == expected


POINTS = [sp.Rational(k, 2) for k in range(-5, 6)]  # the kinks of every form among them


@pytest.mark.parametrize("name", FORMS)
def test_the_derivative_at_the_kinks_is_that_of_the_one_rule(name: str) -> None:
    f = Forward()
    r = f.parameter("r", N)
    f.put("loss", [], FORMS[name][0](r(n)), [n])
    raw = derive(f.program(), ["r"])
    inputs = {"r": np.array([Fraction(int(p.p), int(p.q)) for p in POINTS], dtype=object)}
    number = multidigit(50)
    left, right = (
        evaluate(program, inputs, number)["dr"] for program in (raw, simplify(raw, {"N": len(POINTS)}).program)
    )
    assert [abs(a - b) < 1e-40 for a, b in zip(left, right, strict=True)] == [True] * len(POINTS)


PIECES: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
    lambda u: u,
    lambda u: 2 - u,
    lambda u: u**2,
    sp.exp,
    sigmoid,
    relu,
    absolute,
    lambda u: u * sign(u),
    lambda u: clip(u, -1, LIMIT),
    lambda u: leaky_relu(u, TENTH),
    lambda u: sp.S.Zero,
    lambda u: sp.S.One,
)
CONDITIONS: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
    lambda u: greater(u, 0),
    lambda u: greater(0, u),
    lambda u: greater_equal(u, HALF),
    lambda u: greater_equal(LIMIT, absolute(u)),
    lambda u: greater(absolute(u), LIMIT),
    lambda u: greater(u, 0) * greater(1, u),
)
conditions, pieces = st.sampled_from(CONDITIONS), st.sampled_from(PIECES)
DRAWN = st.tuples(conditions, pieces, pieces, conditions, pieces, pieces)
JOINS: tuple[Callable[[sp.Expr, sp.Expr], sp.Expr], ...] = (
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - 2 * b,
)


@settings(max_examples=80, deadline=None)
@example((CONDITIONS[1], PIECES[6], PIECES[10], CONDITIONS[1], PIECES[7], PIECES[7]), JOINS[1], 0)  # |u| u sign(u)
@given(DRAWN, st.sampled_from(JOINS), st.integers(0, 1000))
def test_two_functions_by_cases_keep_their_derivative(
    drawn: tuple[Callable[[sp.Expr], sp.Expr], ...], join: Callable[[sp.Expr, sp.Expr], sp.Expr], seed: int
) -> None:
    c, a, b, d, p, q = drawn
    f = Forward()
    r = f.parameter("r", N)
    u = r(n)
    f.put("loss", [], join(c(u) * a(u) + (1 - c(u)) * b(u), where(greater(u, 1), p(u), q(u)) * d(u)), [n])
    raw = derive(f.program(), ["r"])
    points = [*POINTS, sp.Rational(seed - 500, 97)]
    inputs = {"r": np.array([Fraction(int(x.p), int(x.q)) for x in points], dtype=object)}
    number = multidigit(50)
    left, right = (evaluate(program, inputs, number)["dr"] for program in (raw, simplify(raw, {}).program))
    assert all(abs(x - y) < 1e-35 * (1 + abs(x)) for x, y in zip(left, right, strict=True))


def test_terms_that_are_one_behind_a_common_factor_are_added() -> None:
    """``|x| s + x s²`` with s = sign(x): taking s out leaves ``|x| + s x``, and s x is |x| again."""
    algebra = Algebra()
    x = algebra.atom("read", "x", free=frozenset())
    ((s, _),) = algebra.call(sign, {((x, 1),): 1})[1]
    ((size, _),) = algebra.call(absolute, {((x, 1),): 1})[1]
    apart = {((size, 1), (s, 1)): 1, ((x, 1), (s, 2)): 1}
    whole = algebra.times((2, ((size, 1), (s, 1))))
    assert factored(algebra, apart) == (Product(*whole),)
    assert algebra.enclose(apart) == whole
    assert algebra.power(apart, Fraction(1, 2)) == algebra.power({whole[1]: whole[0]}, Fraction(1, 2))
