"""Whether each entry of one tensor is made from one entry of another: then a sum over the first mixes nothing.

An axis of a tensor keeps to an axis of the input where an entry depends on the input only at its own place along it.
The input's axes keep to themselves; those of ``y[I] += f(x[a], ...)`` that stand in ``a`` as they are keep to what
the axes of x keep to, if all reads agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symnet.calculus.derive import depending_on
from symnet.calculus.ir import Equation, Program
from symnet.calculus.loops import loops_of
from symnet.calculus.matrix_rules import is_matrix_function

Kept = Mapping[int, int]  # axis of the input -> axis of the tensor


def entries_apart(program: Program, output: str, given: str) -> bool:
    """Whether each entry of ``output`` depends on the entry of ``given`` at the same place alone; both have one shape.

    True is proved; False says nothing.
    """
    shape = program.tensors[given].shape
    if program.tensors[output].shape != shape or loops_of(program):
        return False
    moving = depending_on(program, (given,))
    kept: dict[str, Kept] = {given: {k: k for k in range(len(shape))}}
    for equation in program.equations:
        if equation.target in moving and equation.target != given:
            for alike in _kept(equation, kept, moving):
                kept[equation.target] = _both(kept.get(equation.target, alike), alike)
    return all(size == 1 or kept.get(output, {}).get(k) == k for k, size in enumerate(shape)) and output in moving


def _kept(equation: Equation, kept: Mapping[str, Kept], moving: frozenset[str]) -> Iterator[Kept]:
    """For each read that depends on the input, the axes of the input that the equation's target keeps to by it."""
    places = {index: k for k, index in enumerate(equation.left)}
    for read in equation.accesses:
        if read.name in moving:
            own = kept[read.name] if not is_matrix_function(equation) else {}
            yield {axis: places[a] for axis, k in own.items() if (a := read.addresses[k]) in places}


def _both(one: Kept, other: Kept) -> Kept:
    return {axis: k for axis, k in one.items() if other.get(axis) == k}
