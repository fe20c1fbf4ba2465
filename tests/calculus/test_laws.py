"""Random programs: the one rule equals central differences of 60 digits, exact forward mode, and PyTorch's autograd."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from symnet.calculus.derive import derive, derive_second
from symnet.calculus.evaluate import EXACT, evaluate, multidigit
from symnet.calculus.ir import Program
from symnet.calculus.verify import verify
from symnet.verify.autograd import autograd_of
from symnet.verify.dual import dual
from tests.programs import program_of

SHAPES = {"x": "[N,D]", "w": "[D,H]", "v": "[H]", "c": "", "g": "[N,H]"}
SIZES = {"N": 2, "D": 3, "H": 2}
RATIONAL = [
    "{a}*{b}",
    "{a} - 2*{b}",
    "{a}**2*{b}",
    "relu({a}) + {b}",
    "maximum({a},{b})",
    "{a}*absolute({b})",
    "{a}**3",
]
SMOOTH = ["tanh({a})*{b}", "exp({a}/4) + {b}", "sigmoid({a} + {b})", "softplus({a})*{b}", "{a}/(2 + cos({b}))"]
SMOOTH += ["log(1 + {a}**2)*{b}", "sqrt(1 + {a}**2) - {b}", "where(greater({a},{b}),{a}*{b},{b}**2)"]


@st.composite
def programs(draw: st.DrawFn, bodies: list[str]) -> Program:
    """Three to six equations: elementwise, matmul, reduction, broadcast, maximum, prefix; then a sum as the loss."""
    known = dict(SHAPES)
    lines: list[str] = []
    for number in range(draw(st.integers(3, 6))):
        shape, line = draw(st.sampled_from(KINDS))(draw, known, bodies)
        name = f"z{number}"
        left = f"[{','.join(letters(shape))}]" if shape else ""
        lines.append(f"{name}{left} {line}")
        known[name] = shape
    last = draw(st.sampled_from([n for n in known if n.startswith("z")]))
    lines.append(f"loss += {read(last, known)}**2/3 + {body(draw, known, bodies, letters(known[last]))}")
    given_words = " ".join(f"parameter {n}{s}" for n, s in SHAPES.items())
    computed = " ".join(f"{n}{s}" for n, s in known.items() if n not in SHAPES)
    ties = draw(st.sampled_from(["share", "first"]))
    return program_of(f"{given_words} {computed} loss", "\n".join(lines), sizes="N D H", ties=ties)


def letters(shape: str) -> list[str]:
    """The index letter of each axis: n for N, d for D, h for H."""
    return [letter.lower() for letter in shape if letter.isalpha()]


def read(name: str, known: dict[str, str]) -> str:
    return f"{name}[{','.join(letters(known[name]))}]" if known[name] else name


def body(draw: st.DrawFn, known: dict[str, str], bodies: list[str], allowed: list[str]) -> str:
    """A scalar function of two tensors whose axes are all allowed."""
    fit = [n for n, s in known.items() if set(letters(s)) <= set(allowed)]
    a, b = (read(draw(st.sampled_from(fit)), known) for _ in range(2))
    return draw(st.sampled_from(bodies)).format(a=a, b=b)


def elementwise(draw: st.DrawFn, known: dict[str, str], bodies: list[str]) -> tuple[str, str]:
    shape = draw(st.sampled_from(["[N,H]", "[N,D]", "[N]", "[H]"]))
    return shape, "+= " + body(draw, known, bodies, letters(shape))


def matmul(draw: st.DrawFn, known: dict[str, str], bodies: list[str]) -> tuple[str, str]:
    left = draw(st.sampled_from([n for n, s in known.items() if s == "[N,D]"]))
    return "[N,H]", f"+= {left}[n,d]*w[d,h]"


def reduction(draw: st.DrawFn, known: dict[str, str], bodies: list[str]) -> tuple[str, str]:
    name = draw(st.sampled_from([n for n, s in known.items() if s == "[N,H]"]))
    return draw(
        st.sampled_from([("[N]", f"+= {name}[n,h]/H"), ("[H]", f"+= {name}[n,h]*v[h]"), ("", f"+= {name}[n,h]")])
    )


def maximum(draw: st.DrawFn, known: dict[str, str], bodies: list[str]) -> tuple[str, str]:
    name = draw(st.sampled_from([n for n, s in known.items() if s == "[N,H]"]))
    return "[N]", f"max= {name}[n,h]*2"


def prefix(draw: st.DrawFn, known: dict[str, str], bodies: list[str]) -> tuple[str, str]:
    name = draw(st.sampled_from([n for n, s in known.items() if s == "[N,H]"]))
    return "[N,H]", f"+= {name}[m,h]*v[h] if m <= n"


KINDS: list[Callable[..., tuple[str, str]]] = [elementwise, elementwise, matmul, reduction, maximum, prefix]
WRT = tuple(SHAPES)
LAW = settings(max_examples=30, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
ATTENTION = program_of(
    " ".join(f"parameter {n}{s}" for n, s in SHAPES.items()) + " z0[N,H] loss",
    "z0[n,h] += x[n,d]*w[d,h]\nloss += softplus(z0[n,h])*g[n,h] + c*v[h]",
    sizes="N D H",
)


def inputs_of(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    shapes = {n: tuple(SIZES[s] for s in text if s.isalpha()) for n, text in SHAPES.items()}
    fraction = np.vectorize(lambda v: Fraction(round(99_991 * v), 99_989), otypes=[object])
    return {n: fraction(rng.standard_normal(shape)) for n, shape in shapes.items()}


@LAW
@given(programs(RATIONAL), st.integers(0, 1000))
def test_the_rule_is_exact_forward_mode_on_fractions(program: Program, seed: int) -> None:
    inputs, ways = inputs_of(seed), inputs_of(seed + 1)
    derived = verify(derive(program, WRT))
    values = evaluate(derived, inputs, EXACT)
    slope = sum(np.sum(values[derived.adjoints[n]] * ways[n]) for n in WRT)
    loss = evaluate(program, {n: dual(inputs[n], ways[n]) for n in WRT}, EXACT)["loss"].item()
    assert getattr(loss, "slope", 0) == slope


@LAW
@given(programs(RATIONAL + SMOOTH), st.integers(0, 1000))
@example(ATTENTION, 0)
def test_the_rule_is_autograd(program: Program, seed: int) -> None:
    inputs = {n: np.asarray(v, dtype=float) for n, v in inputs_of(seed).items()}
    derived = derive(program, WRT)
    values = evaluate(derived, inputs)
    forward, wanted = autograd_of(program, inputs)
    np.testing.assert_allclose(values["loss"], forward["loss"], rtol=1e-11)
    scale = 1 + max(float(np.abs(v).max()) for v in values.values())
    for tensor, adjoint in derived.adjoints.items():
        if tensor in wanted:
            np.testing.assert_allclose(values[adjoint], wanted[tensor], rtol=1e-9, atol=1e-12 * scale, err_msg=tensor)


@settings(LAW, max_examples=15)
@given(programs(SMOOTH), st.integers(0, 1000))
@example(ATTENTION, 1)
def test_the_rule_is_the_limit_of_differences(program: Program, seed: int) -> None:
    inputs, ways, digits = inputs_of(seed), inputs_of(seed + 1), multidigit(60)
    derived = derive(program, WRT)
    values, step = evaluate(derived, inputs, digits), Fraction(1, 10**18)
    slope = sum(np.sum(values[derived.adjoints[n]] * to(ways[n], digits)) for n in WRT)
    up, down = (
        evaluate(program, {n: inputs[n] + side * step * ways[n] for n in WRT}, digits)["loss"].item()
        for side in (1, -1)
    )
    difference = (up - down) / (2 * digits.number(sp.Rational(step)))
    assert abs(difference - slope) <= 1e-20 * (1 + abs(slope))


@settings(LAW, max_examples=10)
@given(programs(SMOOTH[:6]), st.integers(0, 1000))
def test_second_derivatives_are_symmetric(program: Program, seed: int) -> None:
    chosen = ("v", "c")
    second = verify(derive_second(derive(program, chosen), chosen))
    swapped = verify(derive_second(derive(program, chosen[::-1]), chosen[::-1]))
    inputs = {n: np.asarray(v, dtype=float) for n, v in inputs_of(seed).items()}
    values, others = evaluate(second, inputs), evaluate(swapped, inputs)
    own = values[second.adjoints["v,v"]]
    scale = 1 + float(np.abs(own).max())
    np.testing.assert_allclose(own, own.T, atol=1e-11 * scale)
    mixed, other = values[second.adjoints["v,c"]], others[swapped.adjoints["c,v"]]
    np.testing.assert_allclose(mixed, other, rtol=1e-9, atol=1e-11 * scale)


def to(values: Any, digits: Any) -> Any:
    return np.frompyfunc(lambda v: digits.number(sp.Rational(v)), 1, 1)(values)
