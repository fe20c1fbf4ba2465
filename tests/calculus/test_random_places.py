"""Laws of places: axes of size 1, shifted and fixed addresses, windows and paddings, in random programs."""

from __future__ import annotations

import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from symnet.calculus.ir import Delta, Index, Program
from tests.calculus.exactly import simplified
from tests.calculus.forward import Forward, N, Read
from tests.simplify.test_laws import BINARY, POINTWISE, Draw

ONE, TWO, THREE, FOUR = map(sp.Integer, (1, 2, 3, 4))
SHAPES = ((N, THREE), (THREE,), (N, ONE), (ONE, THREE), (FOUR,), (N, FOUR), (TWO, FOUR), (ONE,), (N, TWO))
Shaped = tuple[tuple[sp.Expr, ...], Read]


def random_program(draw: Draw) -> Program:
    """Pointwise maps and sums whose reads are at plain, shifted, fixed, reversed or windowed addresses."""
    f = Forward()
    tensors: list[Shaped] = []
    for number in range(draw(st.integers(2, 3))):  # type: ignore[call-overload]
        shape = draw(st.sampled_from(SHAPES))
        tensors.append((shape, f.parameter(f"x{number}", *shape)))  # type: ignore[misc, arg-type]
    f.leaf("sizes", N)  # every size must be read off some input
    for number in range(draw(st.integers(1, 6))):  # type: ignore[call-overload]
        tensors.append(_one_equation(draw, f, tensors, f"v{number}"))
    shape, read = tensors[-1]
    own = [Index("i", s) for s in shape]
    f.put("loss", [], draw(st.sampled_from(POINTWISE[:6]))(read(*own)), own)  # type: ignore[operator]
    return f.program()


def _one_equation(draw: Draw, f: Forward, tensors: list[Shaped], name: str) -> Shaped:
    left = [Index("i", s) for s in draw(st.sampled_from(SHAPES))]  # type: ignore[attr-defined]
    over: list[Index] = []

    def operand() -> sp.Expr:
        shape, read = draw(st.sampled_from(tensors))  # type: ignore[misc]
        value = read(*(_place(draw, size, left, over) for size in shape))
        return draw(st.sampled_from(POINTWISE))(value) if draw(st.booleans()) else value  # type: ignore[operator, no-any-return]

    if draw(st.booleans()):  # a view, as a slice records it
        shape, read = draw(st.sampled_from(tensors))  # type: ignore[misc]
        body: sp.Expr = read(*(_place(draw, size, left, over) for size in shape))
        return tuple(i.size for i in left), f.put(name, left, body, over, given=bool(draw(st.booleans())))
    body = operand()
    if draw(st.booleans()):
        body = body * operand() * operand()
    elif draw(st.integers(0, 3)):
        body = draw(st.sampled_from(BINARY))(body, operand())  # type: ignore[operator]
    padded = [i for i in over if any(j.size == i.size + 1 for j in left)]
    if padded and draw(st.booleans()):
        place = next(j for j in left if j.size == padded[0].size + 1)
        body *= Delta(place, padded[0] + draw(st.integers(0, 1)))  # type: ignore[operator]
    given_by_person: bool = draw(st.booleans())  # type: ignore[assignment]
    return tuple(i.size for i in left), f.put(name, left, body, over, given=given_by_person)


def _place(draw: Draw, size: sp.Expr, left: list[Index], over: list[Index]) -> sp.Expr:
    """An address that lies within the axis for every value of its indices."""
    known = [i for i in (*left, *over) if i.size == size or (size.is_Integer and i.size.is_Integer and i.size < size)]
    if not known or draw(st.integers(0, 4)) == 0:
        over.append(Index("j", size))
        return over[-1]
    if size.is_Integer and draw(st.integers(0, 5)) == 0:
        return sp.Integer(draw(st.integers(0, int(size) - 1)))  # type: ignore[call-overload]
    index: Index = draw(st.sampled_from(known))  # type: ignore[assignment]
    if not size.is_Integer:
        return index
    room = int(size - index.size)
    beside = [i for i in known if i is not index and i.size.is_Integer and int(i.size) - 1 <= room]
    if beside and draw(st.booleans()):
        return index + draw(st.sampled_from(beside))  # type: ignore[operator, no-any-return]
    if draw(st.integers(0, 4)) == 0:
        return index.size - 1 - index + draw(st.integers(0, room))  # type: ignore[operator, no-any-return]
    return index + draw(st.integers(0, room))  # type: ignore[operator, no-any-return]


programs = st.composite(random_program)


@settings(max_examples=60, deadline=None)
@given(programs())
def test_random_places_keep_their_gradients(program: Program) -> None:
    try:
        simplified(program, points=1)
    except OverflowError:  # exp of exp of exp: no number of digits holds it
        assume(False)
