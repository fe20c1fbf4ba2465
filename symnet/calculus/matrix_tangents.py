"""Tangents of matrix functions, from the table of their adjoints.

An adjoint is linear in the adjoint of the value, dA = Jᵀ dY, and its equations are linear in it too.  So by the one
rule the adjoint of dY in ``dA`` seeded with the tangent of A is J tA, the tangent of Y.  For a power series of the
matrix the row is linear by a theorem only; there the change along E is what the row gives at the transpose of A.

Source: Higham, Functions of Matrices, SIAM (2008), section 3.2: the adjoint of L(A, ·) is L(Aᵀ, ·).
"""

from __future__ import annotations

from dataclasses import replace

from symnet.calculus.derive import Seed, Sweep, sweep
from symnet.calculus.ir import Access, Equation, Index, Origin, Program, TensorSpec
from symnet.calculus.matrices import MATRIX_FUNCTIONS
from symnet.calculus.matrix_rules import Place, argument_of, enter_adjoint
from symnet.naming import Namer


def enter_tangent(done: Sweep, program: Program, number: int, source: str, target: str) -> None:
    """The equations of ``target``, the tangent of a matrix function's value, from ``source``, that of its argument."""
    forward = program.equations[number]
    origin = Origin(number, argument_of(forward))
    by = _at_the_transpose if MATRIX_FUNCTIONS[forward.op].series else _turned
    for equation in by(done, forward, source, target):
        done.equations.append(replace(equation, origin=origin if equation.target == target else None))


def _turned(done: Sweep, forward: Equation, source: str, target: str) -> tuple[Equation, ...]:
    """The transpose of the row: the adjoint of its weight, which no longer depends on the weight."""
    names = Namer.beside(done.tensors)
    pulled, weight = names.take(f"{target}_pulled"), names.take(f"{target}_weight")
    tensors = {
        **done.tensors,
        pulled: replace(done.tensors[source], name=pulled),
        weight: replace(done.tensors[target], name=weight),
    }
    place = Place(tensors, list(done.equations), names, (), forward.source)
    enter_adjoint(place, forward, 0, weight, pulled)
    row = tuple(place.equations[len(done.equations) :])
    called = {weight: target, pulled: names.take(source)}
    seed = Seed(((pulled, source),))
    swept = sweep(
        Program(tensors, row, pulled), seed, (weight,), lambda t: called.get(t) or names.take(f"{target}_{t}")
    )
    turned = swept.restricted_to([target])
    done.tensors.update({e.target: swept.tensors[e.target] for e in turned.equations if e.target not in done.tensors})
    return turned.equations


def _at_the_transpose(done: Sweep, forward: Equation, source: str, target: str) -> tuple[Equation, ...]:
    """The row for a turned argument, weighed by the tangent."""
    names, read = Namer.beside(done.tensors), argument_of(forward)
    spec = done.tensors[read.name]
    turned = names.take(f"{read.name}_turned")
    done.tensors[turned] = TensorSpec(turned, spec.shape, "intermediate", source=forward.source, given=False)
    left = tuple(Index("i", size) for size in spec.shape)
    equation = Equation(turned, left, Access(read.name, *left[:-2], left[-1], left[-2]), source=forward.source)
    before = len(done.equations)
    place = Place(done.tensors, list(done.equations), names, (), forward.source)
    own = replace(forward, body=Access(turned, *read.addresses))
    enter_adjoint(place, own, 0, source, target)
    return (equation, *place.equations[before:])
