"""What went wrong in a prototype or could: each with its smallest example, as value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symnet.calculus.derive import derive, derive_second
from symnet.calculus.evaluate import FLOAT, evaluate
from symnet.calculus.ir import Delta, Index, Program, exchange, size_symbol
from symnet.simplify.definitions import Definitions
from symnet.simplify.normal import Algebra
from symnet.simplify.simplify import simplify
from tests.calculus import forward, forward_wide
from tests.calculus.exactly import assert_equal, draw, parameters, simplified
from tests.calculus.forward import D, Forward, N, d, n

HALF = sp.Rational(1, 2)


def adjoints(program: Program) -> list[str]:
    return [str(e) for e in program.equations if program.tensors[e.target].role == "adjoint"]


def root_of_square() -> Program:
    f = Forward()
    x, G = f.parameter("x", N), f.leaf("G", N)
    q = f.put("q", [n], x(n) ** 2)
    r = f.put("r", [n], sp.sqrt(q(n)))
    f.put("loss", [], r(n) * G(n), [n])
    return f.program()


def at(program: Program, **values: Any) -> dict[str, Any]:
    """The simplified adjoints at given numbers, other inputs drawn."""
    raw = derive(program, parameters(program))
    inputs = {k: np.asarray(v, float) for k, v in draw(raw, 1).items()} | {
        k: np.asarray(v, float) for k, v in values.items()
    }
    return evaluate(simplify(raw, {}).program, inputs, FLOAT)


def test_the_root_of_a_square_is_not_its_base() -> None:
    simplified(root_of_square())
    found = at(root_of_square(), x=[-2.0, 3.0], G=[1.0, 1.0])
    assert found["dx"].tolist() == [-1.0, 1.0]


def test_breaking_the_power_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Algebra.power

    def careless(self: Algebra, base: Any, exponent: Any) -> Any:
        if len(base) == 1:
            ((mono, c),) = base.items()
            if c == 1:
                return 1, tuple((a, Fraction(e) * exponent) for a, e in mono)
        return kept(self, base, exponent)

    monkeypatch.setattr(Algebra, "power", careless)
    with pytest.raises(AssertionError):
        simplified(root_of_square())


def quarter_power() -> Program:
    """dz0 is minus two fourths of exp(z4/4): solved for exp(z4), its fourth power would need a root of a negative."""
    f = Forward()
    f.leaf("sizes", N)
    c, v = f.parameter("c"), f.parameter("v", D)
    z0 = f.put("z0", [n], c() ** 2)
    z4 = f.put("z4", [n], c() - 2 * z0(n))
    f.put("loss", [], sp.exp(z4(n) / 4) + v(d) ** 2, [n, d])
    return f.program()


def test_a_negative_adjoint_is_not_the_root_of_its_power() -> None:
    result = simplified(quarter_power()).program
    assert [text for text in adjoints(result) if text.startswith("dc")] == [
        "dc += Σ_n -dz0[n]/2",
        "dc += Σ_n 2*c*dz0[n]",
    ]


@pytest.mark.parametrize("program", [root_of_square(), quarter_power()])
def test_sympys_own_absolute_value_never_comes_out(program: Program) -> None:
    """``sqrt(x**2)`` makes SymPy write Abs, whose kink is not PyTorch's and which no target can spell."""
    assert not any(e.body.has(sp.Abs) for e in simplified(program, points=0).program.equations)


def gated_sum() -> Program:
    """Two sums whose quotient is gamma: dividing by gamma would give one from the other."""
    f = Forward()
    x, gamma, delta, G = f.parameter("x", N, D), f.parameter("gamma", D), f.parameter("delta", D), f.leaf("G", N, D)
    r = f.put("r", [d], delta(d) * gamma(d))
    y = f.put("y", [n, d], gamma(d) * r(d) * x(n, d))
    f.put("loss", [], y(n, d) * G(n, d), [n, d])
    return f.program()


@pytest.mark.parametrize("program", [gated_sum(), forward.batch_norm(), forward_wide.rms_norm()])
def test_a_parameter_that_is_zero_is_never_divided_by(program: Program) -> None:
    names = [p for p in parameters(program) if p in ("gamma", "delta", "g")]
    raw = derive(program, parameters(program))
    inputs = {k: np.asarray(v, float) for k, v in draw(raw, 3).items()}
    inputs |= {p: 0 * inputs[p] for p in names}
    with np.errstate(all="raise"):
        found = evaluate(simplify(raw, {}).program, inputs, FLOAT)
        expected = evaluate(raw, inputs, FLOAT)
    for adjoint in (f"d{p}" for p in parameters(program)):
        np.testing.assert_allclose(found[adjoint], expected[adjoint], rtol=1e-12, atol=1e-12)


def scaled_square() -> Program:
    f = Forward()
    x, g = f.parameter("x", N), f.parameter("g")
    a = f.put("a", [], g() * x(n) ** 2, [n])
    f.put("loss", [], a() ** 2 + a())
    return f.program()


def test_a_sum_is_not_recovered_by_dividing_by_a_parameter() -> None:
    simplified(scaled_square())
    assert at(scaled_square(), g=0.0, x=[1.0, 2.0])["dg"] == 5.0


def test_breaking_the_unit_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Definitions, "unit", lambda self, atom: True)
    with np.errstate(all="ignore"):
        assert at(scaled_square(), g=0.0, x=[1.0, 2.0])["dg"] != 5.0


def test_an_index_that_vanishes_is_counted() -> None:
    f = Forward()
    x, c = f.parameter("x", N), f.parameter("c")
    f.put("loss", [], x(n) - c(), [n])
    assert adjoints(simplified(f.program()).program) == ["dc += -N", "dx[n] += 1"]


def test_a_size_that_is_a_sum_cancels_as_one() -> None:
    f = Forward()
    J, H = size_symbol("J"), size_symbol("H")
    i, p = Index("i", J - H + 1), Index("p", H)
    x, w, G = f.leaf("x", J), f.parameter("w", H), f.leaf("G", J - H + 1)
    b = f.parameter("b")
    z = f.put("z", [i], x(i + p) * w(p), [p])
    f.put("z", [i], b())
    mu = f.put("mu", [], z(i) / (J - H + 1), [i])
    f.put("loss", [], sp.tanh(z(i) - mu()) * G(i), [i])
    raw = derive(f.program(), ["w", "b"])
    result = simplify(raw, {})
    assert "db += 0" in adjoints(result.program)
    inputs = {"x": np.arange(5.0) / 3, "w": np.array([1.0, -2.0]), "G": np.array([1.0, 2, 3, 5]), "b": np.array(0.5)}
    found, expected = evaluate(result.program, inputs), evaluate(raw, inputs)
    np.testing.assert_allclose(found["dw"], expected["dw"], rtol=1e-13)


def test_names_that_sympy_knows_are_only_names() -> None:
    f = Forward()
    S, I, E, Q, O = (f.parameter(letter, N) for letter in "SIEQO")
    C = f.put("C", [n], S(n) * I(n) + E(n) * Q(n))
    f.put("loss", [], C(n) * O(n), [n])
    assert adjoints(simplified(f.program()).program)[:2] == ["dC[n] += O[n]", "dO[n] += C[n]"]


def test_sums_of_equal_form_over_other_ranges_differ() -> None:
    f = Forward()
    M = size_symbol("M")
    x, y, m = f.parameter("x", N), f.parameter("y", M), Index("m", M)
    a = f.put("a", [], x(n) ** 2, [n])
    b = f.put("b", [], y(m) ** 2, [m])
    f.put("loss", [], a() * b() + a() ** 2)
    simplified(f.program())


def test_a_diagonal_is_not_the_whole() -> None:
    f = Forward()
    A, j = f.parameter("A", N, N), Index("j", N)
    f.put("loss", [], A(n, n) ** 2, [n])
    f.put("loss", [], A(n, j) / 3, [n, j])
    simplified(f.program())


def test_a_number_before_a_sum_stays_there() -> None:
    (equation,) = (e for e in simplified(forward.mean_in_one_line()).program.equations if e.target == "dx")
    assert str(equation.fresh().body) == "2*(x[i] + 2)"
    (i,) = equation.left
    assert str(exchange(equation.body, {i: Index("k", i.size)})) == "2*(x[k] + 2)"


@pytest.mark.parametrize("name", ["BN bias", "key bias"])
def test_a_bias_that_is_removed_gets_zero_and_a_reason(name: str) -> None:
    result = simplified(forward_wide.WIDE[name], points=1)
    assert "db[d] += 0" in adjoints(result.program)
    assert any(r.tensor == "db" and r.name == "zero gradient" for r in result.rewrites)


def test_a_variance_is_not_opened_into_a_difference_of_large_sums() -> None:
    f = Forward()
    x, mu, a = f.leaf("x", N), f.leaf("mu"), f.parameter("a")
    f.put("sx", [], x(n), [n])
    q = f.put("q", [], x(n) ** 2, [n])
    f.put("loss", [], a() * (x(n) - mu()) ** 2, [n])
    f.put("loss", [], q())
    assert adjoints(simplified(f.program()).program) == ["da += Σ_n (-mu + x[n])**2"]


PASSED: dict[str, Callable[[], Program]] = {}


def kept_as_it_is(function: Callable[[], Program]) -> Callable[[], Program]:
    PASSED[function.__name__] = function
    return function


@kept_as_it_is
def maximum_over_windows() -> Program:
    f = Forward()
    i, p = Index("i", sp.Integer(3)), Index("p", sp.Integer(2))
    x, w = f.parameter("x", 6), f.parameter("w")
    k = Index("k", sp.Integer(6))
    z = f.put("z", [k], x(k) * w())
    m = f.put("m", [i], z(2 * i + p), [p])
    f.equations[-1] = replace(f.equations[-1], op="max")
    f.put("loss", [], m(i) ** 2, [i])
    return f.program()


@kept_as_it_is
def causal_sum() -> Program:
    f = Forward()
    x, i, k = f.parameter("x", N), Index("i", N), Index("k", N)
    y = f.put("y", [i], x(k) ** 2, [k])
    last = f.equations[-1]
    f.equations[-1] = replace(last, guard=frozenset({last.left[0] - last.reduced[0]}))
    f.put("loss", [], y(n) ** 2, [n])
    return f.program()


@kept_as_it_is
def windows() -> Program:
    f = Forward()
    i, p = Index("i", sp.Integer(4)), Index("p", sp.Integer(3))
    x, w, b = f.parameter("x", 6), f.parameter("w", 3), f.parameter("b")
    z = f.put("z", [i], x(i + p) * w(p), [p])
    y = f.put("y", [i], sp.tanh(z(i) + b()))
    f.put("loss", [], y(i) ** 2, [i])
    return f.program()


@pytest.mark.parametrize("name", PASSED)
def test_what_is_not_understood_passes_unharmed(name: str) -> None:
    program = PASSED[name]()
    raw = derive(program, parameters(program))
    result = simplify(raw, {}).program
    rng = np.random.default_rng(0)
    sizes = {N: 4}
    inputs = {
        t.name: rng.normal(size=tuple(int(s.xreplace(sizes)) for s in t.shape))
        for t in program.tensors.values()
        if t.role == "parameter"
    }
    found, expected = evaluate(result, inputs), evaluate(raw, inputs)
    for p in parameters(program):
        np.testing.assert_allclose(found[f"d{p}"], expected[f"d{p}"], rtol=1e-12, atol=1e-14)


def test_a_body_with_an_unknown_node_is_left_alone() -> None:
    f = Forward()
    x, w = f.parameter("x", N), f.parameter("w")
    z = f.put("z", [n], w() * x(n))
    y = f.put("y", [n], sp.Piecewise((z(n) ** 2, z(n) > 0), (0, True)))
    f.put("loss", [], y(n) ** 3, [n])
    raw = derive(f.program(), ["x", "w"])
    result = simplify(raw, {}).program
    (kept,), (own,) = (tuple(e.body for e in p.defining("dz")) for p in (result, raw))
    assert kept == own


def test_second_derivatives_are_simplified_with_the_identity_put_in() -> None:
    f = Forward()
    x, b = f.parameter("x", N), f.parameter("b")
    z = f.put("z", [n], x(n) ** 3 + b())
    f.put("loss", [], z(n), [n])
    raw = derive_second(derive(f.program(), ["x", "b"]), ["x", "b"])
    result = simplify(raw, {}).program
    assert_equal(raw, result, 0)
    (second,) = (e for e in result.equations if e.target == "d2x")
    p, q = second.left
    assert second.body == 6 * x(p) * Delta(p, q)
    assert "d2x_dx" not in result.tensors


def test_the_hessian_of_least_squares() -> None:
    f = Forward()
    X, y, w = f.leaf("X", N, D), f.leaf("y", N), f.parameter("w", D)
    yhat = f.put("yhat", [n], X(n, d) * w(d), [d])
    f.put("loss", [], (yhat(n) - y(n)) ** 2, [n])
    raw = derive_second(derive(f.program(), ["w"]), ["w"])
    result = simplify(raw, {}).program
    for seed in range(3):
        assert_equal(raw, result, seed)
    assert "dloss" not in result.tensors


def greatest_by_root() -> Program:
    """A maximum of s beside its root r: r² is s, but not to the last digit."""
    f = Forward()
    s = f.parameter("s", N)
    r = f.put("r", [n], sp.sqrt(s(n)))
    m = f.put("m", [], s(n), [n], op="max")
    f.put("loss", [], m() * r(n), [n])
    return f.program()


def greatest_by_least() -> Program:
    """The greatest by the least, which the adjoint of the greatest knows, too: dm is -c/l."""
    f = Forward()
    s = f.parameter("s", N)
    m = f.put("m", [], s(n), [n], given=False, op="max")
    least = f.put("l", [], -s(n), [n], given=False, op="max")
    turned = f.put("t", [], -least(), given=False)
    q = f.put("q", [], m() / turned(), given=False)
    f.put("loss", [], sp.Rational("0.955336489125606") * q())
    return f.program()


def greatest_by_triple() -> Program:
    """The greatest s beside v = 3 s, which is shorter in the exponential and in the sine."""
    f = Forward()
    s = f.parameter("s", N)
    v = f.put("v", [n], 3 * s(n))
    m = f.put("m", [], s(n), [n], op="max")
    f.put("loss", [], m() * sp.exp(3 * s(n)) * sp.sin(3 * s(n)) + v(n), [n])
    return f.program()


TIES = [greatest_by_root, greatest_by_least, greatest_by_triple]


@pytest.mark.parametrize("program", TIES)
def test_a_tie_compares_the_numbers_of_which_the_maximum_was_taken(program: Callable[[], Program]) -> None:
    raw = derive(program(), ["s"])
    short = simplify(raw, {}).program
    for s in np.random.default_rng(0).uniform(0.5, 2.0, (20, 2)):
        expected, found = evaluate(raw, {"s": s}, FLOAT), evaluate(short, {"s": s}, FLOAT)
        np.testing.assert_allclose(found["ds"], expected["ds"], rtol=1e-12, err_msg=str(s))


@pytest.mark.parametrize(("module", "program"), [("sums", TIES[0]), ("matching", TIES[2])])
def test_comparing_other_names_of_the_numbers_is_noticed(
    module: str, program: Callable[[], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"symnet.simplify.{module}.jumps", lambda head: False)
    with pytest.raises(AssertionError):
        test_a_tie_compares_the_numbers_of_which_the_maximum_was_taken(program)
