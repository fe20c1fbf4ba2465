"""Calls of one function on neighbouring places are one call, and only those."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp

from symnet.calculus.ir import size_symbol
from symnet.codegen.lowering.side_by_side import side_by_side
from symnet.codegen.lowering.statements import Add, Array, Assign, Statement, Zeros, name
from symnet.naming import Namer
from symnet.reading.nodes import Iteration

T, N, H = (size_symbol(letter) for letter in "TNH")
TIME = sp.Dummy("t", integer=True, nonnegative=True)
LOOP = Iteration(TIME, T, False)
WHOLE = (sp.S.Zero, None, 1)


def gate(target: str, span: tuple[Any, ...], function: str = "sigmoid", source: str = "z", now: Any = TIME) -> Add:
    """``target[t] = function(source[now, :, span])``"""
    read = Array("slice", (name(source, 3),), (now, WHOLE, span), 2, "float")
    value = Array("call", (read,), function, 2, "float")
    return Add(target, (TIME, WHOLE, WHOLE), (None, None), value, True, 3, LOOP, True)


def room(target: str, unset: bool = True, size: sp.Expr = H) -> Zeros:
    return Zeros(target, Array("empty", (name("x", 3),), (T, N, size), 3, "float"), unset)


def joined(*body: Statement, outputs: tuple[str, ...] = (), unset: bool = True) -> tuple[Statement, ...]:
    rooms = [room("i", unset), room("f", unset)]
    return side_by_side([*rooms, *body], Namer(("i", "f", "z", "x")), outputs)


LOW, HIGH = (sp.S.Zero, H, 1), (H, 2 * H, 1)


def test_two_neighbours_are_one_call_whose_views_keep_their_names() -> None:
    for body in ((gate("i", LOW), gate("f", HIGH)), (gate("f", HIGH), gate("i", LOW))):
        made, first, second, call = joined(*body)
        assert made == room("sigmoid_z", size=2 * H)
        views = {s.target: s.value.attribute for s in (first, second) if isinstance(s, Assign)}
        assert views == {"i": (WHOLE, WHOLE, (sp.S.Zero, H, 1)), "f": (WHOLE, WHOLE, (H, None, 1))}
        assert call == gate("sigmoid_z", (sp.S.Zero, 2 * H, 1))


@pytest.mark.parametrize(
    "body",
    [
        (gate("i", LOW), gate("f", HIGH, "tanh")),
        (gate("i", LOW), gate("f", HIGH, source="y")),
        (gate("i", LOW), gate("f", HIGH, now=TIME + 1)),
        (gate("i", LOW), gate("f", (H + 1, 2 * H + 1, 1))),  # a place is left out
        (gate("i", LOW), gate("f", (sp.S.Zero, H, 1))),  # the same places
        (gate("i", (sp.S.Zero, H, 2)), gate("f", (H, 2 * H, 2))),
        (gate("i", LOW), Add("z", (), (), name("x", 3), True, 3, LOOP), gate("f", HIGH)),  # z is another one by then
        (gate("i", LOW), gate("f", HIGH), Add("f", (), (), name("x", 3), True, 3, LOOP)),  # f is added to
    ],
)
def test_what_is_no_neighbour_stays(body: tuple[Statement, ...]) -> None:
    assert joined(*body) == (room("i"), room("f"), *body)


def test_what_is_returned_or_holds_zeros_keeps_its_memory() -> None:
    body = gate("i", LOW), gate("f", HIGH)
    assert joined(*body, outputs=("f",)) == (room("i"), room("f"), *body)
    assert joined(*body, unset=False) == (room("i", False), room("f", False), *body)
