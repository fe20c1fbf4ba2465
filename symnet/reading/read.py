"""A program as stores of array notation, one tensor after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import sympy as sp

from symnet.calculus.integers import affine
from symnet.calculus.ir import Access, Equation, Index, Program, atoms
from symnet.calculus.loops import Loop, Step, loops_of
from symnet.calculus.matrix_rules import argument_of, is_matrix_function
from symnet.calculus.ranges import positive
from symnet.calculus.scalars import maximum
from symnet.calculus.scalars import where as select
from symnet.reading.apart import digits_apart
from symnet.reading.contract import Extent, total
from symnet.reading.maps import broadcast, mapped, substitute
from symnet.reading.nodes import Iteration, Key, Matrix, Node, Reduce, Reshape, Span, Store, Window, operand
from symnet.reading.normalise import Piece, normalise
from symnet.reading.reads import Surroundings, elementwise, inside, store_keys
from symnet.reading.refusal import NoNotation, refused
from symnet.reading.ties import with_first_places

UNKNOWN = 100  # places assumed for a size that only the data bring, when orders of contraction are compared


def read_program(program: Program, sizes: Mapping[str, int | None], time: str = "t") -> tuple[Store, ...]:
    """The stores of every computed tensor, in the order in which the tensors are complete.

    ``sizes`` only guides the choice between orders of contraction; the stores hold at any size.  ``time`` is what loops
    call their time.  Raises SymnetError with the equation where there is no notation for it.
    """
    loops = {name: loop for loop in loops_of(program) for name in loop.tensors}
    stores: list[Store] = []
    for place, name in enumerate(targets := program.targets()):
        if name not in loops:
            stores += read_target(program, name, sizes)
        elif loops[name].tensors.isdisjoint(targets[place + 1 :]):
            stores += read_loop(program, loops[name], sizes, time)
    return tuple(stores)


def read_target(program: Program, name: str, sizes: Mapping[str, int | None]) -> tuple[Store, ...]:
    """The stores of one tensor: at most one whole store, in which all dense contributions are joined, then scatters."""
    return read_equations(program, program.defining(name), sizes)


def read_equations(
    program: Program, equations: Iterable[Equation], sizes: Mapping[str, int | None]
) -> tuple[Store, ...]:
    """The stores of some equations of one tensor."""
    shapes = {n: t.shape for n, t in program.tensors.items()}
    extent = _extents(sizes)
    numbered = [(number_of(program, e), e) for e in equations]
    name = numbered[0][1].target
    dense: list[tuple[Piece, Node]] = []
    scattered: list[Store] = []
    left = numbered[0][1].left
    for number, equation in numbered:
        try:
            for piece in normalise(equation, number):
                whole = piece.places is None and piece.digits is None and piece.equation.op == "+"
                own = with_first_places(digits_apart(piece.equation) if whole else piece.equation, program)
                if piece.places is None and piece.digits is None and len(own.left) == len(left):
                    own = _with_left(own, left)
                    dense.append((piece, _dense(own, Surroundings(shapes, own.guard), extent)))
                elif piece.places is None:
                    node = broadcast(_dense(own, Surroundings(shapes, own.guard), extent), own.left)
                    dense.append((piece, Reshape(node, left)))
                else:
                    scattered.append(_scatter(replace(piece, equation=own), Surroundings(shapes, own.guard), extent))
        except NoNotation as reason:
            raise refused(equation, reason) from None
    stores: list[Store] = []
    if dense:
        nodes = [node for _, node in dense]
        numbers = tuple(dict.fromkeys(piece.number for piece, _ in dense))
        stores.append(Store(name, broadcast(_together(numbered[0][1], nodes), left), numbers, True))
    for store in scattered:
        stores.append(Store(name, store.node, store.equations, not stores, store.keys, store.unique))
    return tuple(stores)


def number_of(program: Program, equation: Equation) -> int:
    """The place of an equation, or of the one that it is a part of: they share their indices."""
    whole = next((k for k, e in enumerate(program.equations) if e is equation), None)
    if whole is not None:
        return whole
    own = (equation.target, equation.left)
    return next(k for k, e in enumerate(program.equations) if (e.target, e.left) == own)


def read_loop(program: Program, loop: Loop, sizes: Mapping[str, int | None], time: str) -> tuple[Store, ...]:
    """The stores of one recurrence: what is known before it, then the body of its loop."""
    iteration = Iteration(sp.Dummy(time, integer=True, nonnegative=True), loop.size, loop.backward)
    stores: list[Store] = []
    for name in dict.fromkeys(step.equation.target for step in loop.steps):
        own = [e for e in loop.before if e.target == name]
        stores += read_equations(program, own, sizes) if own else ()
    made = {store.target for store in stores}
    for step in loop.steps:
        for store in _read_step(program, step, loop.axes[step.equation.target], iteration, sizes):
            stores.append(replace(store, first=store.target not in made))
            made.add(store.target)
    return tuple(replace(s, sets=s.keys is not None and _alone(program, s, stores)) for s in stores)


def _read_step(
    program: Program, step: Step, axis: int, iteration: Iteration, sizes: Mapping[str, int | None]
) -> list[Store]:
    """What one equation stores at one time: its moving indices are the time plus a number."""
    now = {index: iteration.time + offset for index, offset in step.places.items()}
    equation = step.equation
    shapes, extent = {n: t.shape for n, t in program.tensors.items()}, _extents(sizes)
    try:
        if any(g.has(*now) for g in equation.guard):
            raise NoNotation("it holds at some times only")
        body = substitute(equation.body, now)
        fixed = replace(equation, body=body, reduced=tuple(i for i in equation.reduced if i not in now))
        found: list[Store] = []
        for piece in normalise(fixed, number_of(program, equation)):
            places = list(piece.places or piece.left)
            places[axis] = now[equation.left[axis]]
            placed = replace(piece, places=tuple(places))
            store = _scatter(placed, Surroundings(shapes, fixed.guard), extent)
            if any(isinstance(k, Window) for k in store.keys or ()):
                raise NoNotation("its windows overlap inside a loop")
            found.append(replace(store, loop=iteration))
    except NoNotation as reason:
        raise refused(equation, reason) from None
    return found


def _alone(program: Program, store: Store, stores: Sequence[Store]) -> bool:
    """Whether no earlier store of the target, nor the same one at another time, names one of its places."""
    shape = program.tensors[store.target].shape
    own = [_extent_of(k, store, size) for k, size in zip(store.keys or (), shape, strict=True)]
    before = stores[: next(k for k, s in enumerate(stores) if s is store)]
    after = stores[len(before) + 1 :]
    for other in [s for s in (*before, *after) if s.target == store.target]:
        if other.keys is None:
            return False
        later = any(other is s for s in after)
        if later and (store.loop is None or _same_time(store, other)):
            continue
        theirs = [_extent_of(k, other, size) for k, size in zip(other.keys, shape, strict=True)]
        if not any(_disjoint(a, b) for a, b in zip(own, theirs, strict=True)):
            return False
    return True


def _same_time(one: Store, other: Store) -> bool:
    """Whether two stores of one loop name the same place in time, so that none of an earlier time is in the way."""
    if one.loop is None or one.keys is None or other.keys is None:
        return False
    timed = [(a, b) for a, b in zip(one.keys, other.keys, strict=True) if _has_time(a, one) or _has_time(b, other)]
    return all(a == b for a, b in timed)


def _has_time(key: Key, store: Store) -> bool:
    return store.loop is not None and isinstance(key, sp.Expr) and key.has(store.loop.time)


def _extent_of(key: Key, store: Store, size: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """The first and the last place that a key may name, at any time."""
    if isinstance(key, sp.Expr) and store.loop is not None and key.has(store.loop.time):
        ends = {store.loop.time: sp.S.Zero}, {store.loop.time: store.loop.size - 1}
        return key.xreplace(ends[0]), key.xreplace(ends[1])
    if isinstance(key, sp.Expr):
        return key, key
    if isinstance(key, Span) and key.step > 0:
        return key.start, key.start + key.step * (key.size - 1)
    return sp.S.Zero, size - 1


def _disjoint(one: tuple[sp.Expr, sp.Expr], other: tuple[sp.Expr, sp.Expr]) -> bool:
    return positive(other[0] - one[1]) or positive(one[0] - other[1])


def _extents(sizes: Mapping[str, int | None]) -> Extent:
    def extent(index: Index) -> int:
        table = {s: sizes.get(s.name) or UNKNOWN for s in index.size.free_symbols}
        return int(index.size.xreplace(table))

    return extent


def _with_left(equation: Equation, left: tuple[Index, ...]) -> Equation:
    return equation.renamed(dict(zip(equation.left, left, strict=True)))


def _together(equation: Equation, nodes: list[Node]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    places = [operand(k) for k in range(len(nodes))]
    if equation.op == "+":
        return mapped(sp.Add(*places), nodes, equation.left)
    joined = places[0]
    for place in places[1:]:
        joined = maximum(joined, place)
    return mapped(joined, nodes, equation.left)


def _dense(equation: Equation, where: Surroundings, extent: Extent) -> Node:
    if equation.op == "+":
        return total(equation.body, equation.left, equation.reduced, where, extent)
    if is_matrix_function(equation):
        batch = equation.left[: len(argument_of(equation).addresses) - 2]
        places = (*batch, *equation.reduced)
        return Matrix(equation.op, broadcast(elementwise(equation.body, where, places), places), equation.left)
    body = select(inside(where.guard), equation.body, -sp.oo) if where.guard else equation.body
    node = elementwise(body, where, equation.indices)
    over = tuple(i for i in equation.reduced if i in node.axes)
    return Reduce("max", node, over, equation.ties) if over else node


def _scatter(piece: Piece, where: Surroundings, extent: Extent) -> Store:
    equation, places = piece.equation, piece.places
    assert places is not None
    keys, axes = store_keys(places, where, piece.left)
    summed = tuple(i for i in equation.reduced if i not in axes)
    if equation.op == "+":
        node = broadcast(total(equation.body, axes, summed, where, extent), axes)
    else:
        node = broadcast(_dense(replace(equation, left=axes, reduced=summed), where, extent), axes)
    return Store(equation.target, node, (piece.number,), False, keys, _unique(piece, axes))


def _unique(piece: Piece, axes: tuple[Index, ...]) -> bool:
    """Whether every label of the value can be told from the place it goes to, so that no place is named twice."""
    assert piece.places is not None
    forms = [affine(p) for p in piece.places if not atoms(p, Access)]
    told = {form.terms[0][0] for form in forms if form is not None and len(form.terms) == 1}
    return told.issuperset(axes)
