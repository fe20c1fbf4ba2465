"""Equal layers are simplified once, and nothing shows it: programs, records and facts are the same without sharing."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Equation, Program
from symnet.simplify.fingerprints import Fingerprint, of_equations
from symnet.simplify.layers import Layers
from symnet.simplify.layers import Model as Shape
from symnet.simplify.moves import Moves
from symnet.simplify.simplify import simplify
from tests.calculus.exactly import parameters, simplified
from tests.calculus.forward import D, Forward, N, d, deep_mlp, n
from tests.calculus.forward_deep import PARTS, stack, transformer
from tests.programs import program_of


class Text(NamedTuple):
    """What a person reads: the equations and steps, and under each step what was found for it on the way."""

    lines: list[str]
    on_the_way: list[set[str]]


def text(program: Program) -> Text:
    result = simplify(derive(program, parameters(program)), {})
    records = [f"{r.tensor} {r.name}: {r.before} = {r.after}, {r.reason}" for r in result.rewrites]
    children = [{f"{c.name}: {c.before} = {c.after}, {c.reason}" for c in r.children} for r in result.rewrites]
    return Text([*map(str, result.program.equations), *records, *map(str, result.facts)], children)


def assert_same(shared: Text, alone: Text) -> None:
    """The same text; of what was found on the way, what did not pay in one layer is not looked for in the others."""
    assert shared.lines == alone.lines
    assert all(a <= b for a, b in zip(shared.on_the_way, alone.on_the_way, strict=True))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Callable[[Program], Text]:
    """The text with every adjoint simplified by itself."""

    def without_sharing(program: Program) -> Text:
        with monkeypatch.context() as patch:
            patch.setattr(Layers, "find", lambda *_: None)
            return text(program)

    return without_sharing


@example([PARTS[2], PARTS[6], PARTS[8]], 4)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=3), st.sampled_from((4, 5, 11)))
def test_the_text_is_the_same_without_sharing(alone: Callable[[Program], Text], parts: list, layers: int) -> None:
    program = stack(parts, layers if len(parts) == 1 else 4)
    assert_same(text(program), alone(program))


def test_a_transformer_is_the_same_without_sharing(alone: Callable[[Program], Text]) -> None:
    program = transformer(5)
    assert_same(text(program), alone(program))


@pytest.mark.parametrize("program", [stack(PARTS[:2], 4), stack(PARTS[2:4], 4), transformer(1)])
def test_copied_forms_are_equal_to_the_raw_adjoints(program: Program) -> None:
    simplified(program, points=1)


def searches(program: Program, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many forms are looked for."""
    count = 0
    kept = Moves.improve

    def counting(*arguments: object) -> object:
        nonlocal count
        count += 1
        return kept(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Moves, "improve", counting)
        text(program)
    return count


@pytest.mark.parametrize("build", [deep_mlp, transformer])
def test_one_more_layer_is_only_copied(build: Callable[[int], Program], monkeypatch: pytest.MonkeyPatch) -> None:
    """What is searched for each layer are the two adjoints that go into their two readers; none that do not pay."""
    seven, eight = (searches(build(layers), monkeypatch) for layers in (7, 8))
    assert eight - seven <= 4 if build is transformer else eight == seven


def two_biases() -> Program:
    """The second bias is removed by the mean, the first is not; the equations of both adjoints are alike."""
    f = Forward()
    x, G = f.leaf("X", N, D), f.leaf("G", N, D)
    b, c = f.parameter("b1", D), f.parameter("b2", D)
    z = f.put("z1", [n, d], x(n, d) + b(d))
    w = f.put("z2", [n, d], sp.tanh(z(n, d)) + c(d))
    mu = f.put("mu", [d], w(n, d) / N, [n])
    f.put("loss", [], G(n, d) * sp.tanh(w(n, d) - mu(d)), [n, d])
    return f.program()


def test_breaking_the_comparison_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    simplified(two_biases())
    monkeypatch.setattr(Layers, "_follow", lambda self, model, pairs, knowledge: True)
    monkeypatch.setattr(Layers, "_among", lambda self, names, known: {})
    monkeypatch.setattr(Layers, "remember", remembering_nothing)
    with pytest.raises(AssertionError):
        simplified(two_biases())


def remembering_nothing(self: Layers, name: str, equations: tuple[Equation, ...], touched: set[str]) -> None:
    own = of_equations(equations)
    self._models.setdefault(own.text, []).append(Shape(name, own, frozenset(), frozenset(), 0))


def test_equations_are_alike_up_to_names() -> None:
    first, second = (of_equations(deep_mlp(2).defining(name)) for name in ("A1", "A2"))
    assert (first.text, first.names, second.names) == (second.text, ("Z1",), ("Z2",))
    assert first != of_equations(deep_mlp(2).defining("Z1"))
    assert Fingerprint("#", ("a",)) != Fingerprint("#", ("b",))


def test_a_number_that_was_put_in_is_not_exchanged_for_a_tensor() -> None:
    """de[n] = dL = 1 and dv[n] = ds have one shape of equation, and different values."""
    program = program_of(
        "parameter x[N] parameter y[N] data g[N] h[N] v[N] s a b r[N] e[N] loss",
        "h[n] += tanh(x[n])*y[n]\nv[n] += x[n]**2\ns += v[n]\na += 2*s\nb += a + 1\nr[n] += b*h[n]\n"
        "e[n] += g[n]*r[n]\nloss += e[n]",
        "N",
    )
    derived = derive(program, ("x", "y"))
    simple = simplify(derived, {"N": 3}).program
    rng = np.random.default_rng(0)
    inputs = {name: rng.normal(size=3) for name in ("x", "y", "g")}
    raw, found = evaluate(derived, inputs), evaluate(simple, inputs)
    for name in ("x", "y"):
        np.testing.assert_allclose(found[simple.adjoints[name]], raw[derived.adjoints[name]], rtol=1e-12)
