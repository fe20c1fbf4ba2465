"""What a delta says of its variables: only what holds at all places, so that nothing is read outside of its axis."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Delta, Index, Program
from symnet.codegen.languages.numpy_target import NUMPY
from symnet.errors import InvariantError
from symnet.reading import normalise
from symnet.simplify.numerals import Numerals
from tests.calculus.exactly import draw, parameters, simplified
from tests.calculus.forward import Forward, N
from tests.codegen.running import derivation_of, functions_of

TWO, THREE, FOUR, SIX = map(sp.Integer, (2, 3, 4, 6))
i, j, l, r, u, n = (Index(*x) for x in (("i", FOUR), ("j", THREE), ("l", TWO), ("r", FOUR), ("u", FOUR), ("n", N)))


def no_entry_at_the_first_place() -> Program:
    """δ(j, 3 - i) over j < 3: nothing stands at i = 0."""
    f = Forward()
    x, c = f.parameter("x", 4, 3), f.parameter("c")
    z = f.put("z", [], Delta(j, 3 - i) * x(i, j) * c(), [i, j])
    f.put("loss", [], z() ** 2)
    return f.program()


def a_vector_against_another() -> Program:
    f = Forward()
    x, c = f.parameter("x", 3), f.parameter("c", 4)
    z = f.put("z", [], Delta(j, 3 - i) * x(j) * c(i), [i, j])
    f.put("loss", [], z() ** 2)
    return f.program()


def padded_and_reversed() -> Program:
    f = Forward()
    x, c = f.parameter("x", 4, 3), f.parameter("c")
    p = f.put("p", [r, u], Delta(u, j) * x(r, j) * c(), [j])
    z = f.put("z", [i], p(i, 3 - i))
    f.put("loss", [], z(i) ** 2, [i])
    return f.program()


def reversed_twice() -> Program:
    f = Forward()
    x, c = f.parameter("x", N, 4), f.parameter("c", 4)
    a = f.put("a", [n, i], x(n, 3 - i) * c(i))
    b = f.put("b", [n, u], sp.sin(a(n, 3 - u)))
    f.put("loss", [], b(n, r) * c(r), [n, r])
    return f.program()


def repeated_and_cut() -> Program:
    """A vector of 3 twice in a row, of which the places 4 and 5 are used: δ(3 l + j, k + 4)."""
    f = Forward()
    x, G = f.parameter("x", 3), f.parameter("G", 2)
    k, p = Index("k", TWO), Index("p", SIX)
    twice = f.put("twice", [p], Delta(p, 3 * l + j) * x(j), [l, j])
    part = f.put("part", [k], twice(k + 4))
    f.put("loss", [], part(k) * G(k) ** 2, [k])
    return f.program()


def wider_than_its_digits() -> Program:
    """δ(k, 3 l + j) over k < 7: no digits make the last place."""
    f = Forward()
    x, G, k = f.parameter("x", 3), f.parameter("G", 7), Index("k", sp.Integer(7))
    part = f.put("part", [k], Delta(k, 3 * l + j) * x(j), [l, j])
    f.put("loss", [], part(k) * G(k) ** 2, [k])
    return f.program()


def read_where_nothing_was_put() -> Program:
    """A program that hypothesis found: v1 is 0 at its last place, since no row 2 of x2 meets it."""
    f = Forward()
    x1, x2 = f.parameter("x1", 1, 3), f.parameter("x2", 2, 4)
    f.leaf("sizes", N)
    a, k, place = Index("a", sp.S.One), Index("k", sp.S.One), Index("i", THREE)
    body = Delta(place, l) * x1(a, j) * x2(l, 2 - place) ** 2
    v1 = f.put("v1", [n, place], body, [l, a, j], given=False)
    v2 = f.put("v2", [n, k], v1(n, 2) + x1(-k, -k), given=False)
    f.put("loss", [], v2(n, k) ** 2, [n, k])
    return f.program()


PROGRAMS = (
    read_where_nothing_was_put,
    no_entry_at_the_first_place,
    a_vector_against_another,
    padded_and_reversed,
    reversed_twice,
    repeated_and_cut,
    wider_than_its_digits,
)


@pytest.mark.parametrize("make", PROGRAMS)
def test_simplified_gradients_are_the_raw_ones(make: Callable[[], Program]) -> None:
    simplified(make())


@pytest.mark.parametrize("form", ["raw", "simplified"])
@pytest.mark.parametrize("make", PROGRAMS)
def test_code_gives_the_values_of_the_equations(make: Callable[[], Program], form: str) -> None:
    program = make()
    names = tuple(parameters(program))
    raw = derive(program, names)
    values = {name: np.asarray(value, dtype=float) for name, value in draw(raw, 5).items()}
    expected = evaluate(raw, values)
    _, found = functions_of(derivation_of(program, names, form), NUMPY).run(values)
    for name in names:
        np.testing.assert_allclose(found[name], expected[raw.adjoints[name]], rtol=1e-13, atol=1e-13)


def test_digits_of_a_shifted_place_are_a_plain_scatter() -> None:
    """``Σ_lk δ(3 l + j, k + 4) G[k]²`` says where each k goes: to the place (k + 4) mod 3, which is k + 1."""
    result = simplified(repeated_and_cut()).program
    (equation,) = result.defining(result.adjoints["x"])
    ((delta,), (k,)) = equation.body.atoms(Delta), equation.reduced
    assert delta.args == (equation.left[0], k + 1)


def test_a_place_that_is_not_shown_to_be_there_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Numerals, "within", lambda *_: True)
    with pytest.raises(InvariantError, match="not shown to lie within 3"):
        simplified(no_entry_at_the_first_place())


def test_code_reads_no_place_that_is_not_shown_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normalise, "takes", lambda *_: True)
    with pytest.raises((IndexError, ValueError, AssertionError)):
        test_code_gives_the_values_of_the_equations(a_vector_against_another, "raw")
