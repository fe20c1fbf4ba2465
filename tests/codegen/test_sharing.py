"""What is computed twice gets one name: which, where it stands, and at what cost in calls."""

from __future__ import annotations

from functools import partial

import sympy as sp

from symnet.codegen.lowering.schedule import share
from symnet.codegen.lowering.statements import Array, Assign, Statement, name
from symnet.naming import Namer
from symnet.reading.nodes import Iteration
from tests.growth import calls

TIME = sp.Dummy("t", integer=True, nonnegative=True)
LOOP = Iteration(TIME, sp.Integer(5), False)


def called(function: str, *arguments: Array) -> Array:
    return Array("call", arguments, function, 1, "float")


def total(*terms: Array) -> Array:
    return Array("add", terms, (1,) * len(terms), 1, "float")


def shared(*statements: Statement) -> list[str]:
    return [
        f"{s.target} = {_text(s.value)}{' in a loop' if s.loop else ''}"
        for s in share(statements, Namer("abcdxyz"))
        if isinstance(s, Assign)
    ]


def _text(array: Array) -> str:
    if not array.arguments:
        return str(array.attribute)
    inside = (", " if array.kind == "call" else " + ").join(map(_text, array.arguments))
    return f"{array.attribute}({inside})" if array.kind == "call" else inside


X, Y = name("x", 1), name("y", 1)


def test_the_largest_gets_a_name_first_and_its_parts_stand_before_it() -> None:
    inner = called("exp", X)
    outer = called("log", total(inner, Y))
    lines = shared(Assign("a", total(outer, Y)), Assign("b", total(outer, inner)))
    assert lines == ["exp_x = exp(x)", "log_x = log(exp_x + y)", "a = log_x + y", "b = log_x + exp_x"]


def test_a_part_of_a_shared_expression_alone_gets_no_name() -> None:
    outer = called("log", called("exp", X))
    lines = shared(Assign("a", total(outer, X)), Assign("b", total(outer, Y)))
    assert lines == ["log_x = log(exp(x))", "a = log_x + x", "b = log_x + y"]


def test_a_variable_that_holds_it_already_is_read_also_where_the_parts_have_names() -> None:
    first, second = called("exp", X), called("log", called("exp", X))
    lines = shared(Assign("a", first), Assign("b", second), Assign("c", total(called("log", first), Y)))
    assert lines == ["a = exp(x)", "b = log(a)", "c = b + y"]


def test_what_moves_with_time_stands_in_its_loop_and_the_rest_before_it() -> None:
    moving = Array("slice", (X,), (TIME,), 0, "float")
    still, gate = called("exp", Y), called("tanh", moving)
    lines = shared(Assign("a", total(gate, still), LOOP), Assign("b", called("log", gate, still), LOOP))
    assert lines == [
        "exp_y = exp(y)",
        "tanh_x = tanh(x) in a loop",
        "a = tanh_x + exp_y in a loop",
        "b = log(tanh_x, exp_y) in a loop",
    ]


def _chain(steps: int) -> list[Statement]:
    """``h1 = f(h0) + g(f(h0))`` and so on: two expressions to share in each step."""
    found: list[Statement] = []
    for k in range(steps):
        state = called("tanh", name(f"h{k}", 1))
        found += [Assign(f"h{k + 1}", total(state, called("exp", state))), Assign(f"u{k}", called("exp", state))]
    return found


def test_calls_grow_as_the_statements() -> None:
    few, many = (calls(partial(share, _chain(steps), Namer(()))) for steps in (50, 200))
    assert many < 4.5 * few
