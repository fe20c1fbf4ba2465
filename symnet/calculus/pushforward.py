"""Forward mode, from the same rule read the other way.

For ``y[I] += f(..., x[a], ...)`` and each read ``x[a]``:

    ty[I] += tx[a] · ∂f/∂x[a]

for every value of every index: a tangent is carried along every read, as an adjoint is carried back along it.

Source: Griewank & Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import sympy as sp

from symnet.calculus.derive import Seed, Sweep, adjoint_of, scalar_derivative, tie_weight, top_accesses
from symnet.calculus.ir import Access, Equation, Origin, Program, indices_for
from symnet.calculus.loops import sorted_by_need
from symnet.calculus.matrix_rules import argument_of, is_matrix_function, statements_of
from symnet.calculus.matrix_tangents import enter_tangent


def pushforward(
    program: Program, tangents: Mapping[str, str], outputs: tuple[str, ...], name: Callable[[str], str]
) -> Program:
    """The program followed by the tangent of every tensor between the inputs and the outputs.

    ``tangents`` maps each input to the tensor that is its tangent, and ``name`` says what the tangent of a tensor is
    called; ``adjoints`` of the result maps tensors to their tangents.  An output that depends on no input gets 0.
    """
    moving, seed = _moving(program, tangents), Seed(())
    needed = frozenset(program.restricted_to(outputs).tensors)
    done, counts = Sweep(dict(program.tensors), list(program.equations)), dict[str, Access]()
    for tensor, given in tangents.items():
        left = indices_for(program.tensors[tensor].shape)
        target = adjoint_of(done, program, seed, tensor, name)
        done.equations.append(Equation(target, left, Access(given, *left), origin=Origin(None)))
    for number, forward in enumerate(program.equations):
        for read in _moved(forward, moving) if forward.target in needed else ():
            if is_matrix_function(forward):
                source = adjoint_of(done, program, seed, read.name, name)
                target = adjoint_of(done, program, seed, forward.target, name)
                enter_tangent(done, program, number, source, target)
                continue
            weight = tie_weight(forward, program, done, counts) if forward.op == "max" else sp.S.One
            derivative = scalar_derivative(forward.body, read)
            source = adjoint_of(done, program, seed, read.name, name)
            target = adjoint_of(done, program, seed, forward.target, name)
            carried = Access(source, *read.addresses) * derivative * weight
            origin = Origin(number, read, derivative)
            done.equations.append(replace(forward, target=target, body=carried, op="+", origin=origin).fresh())
    for tensor in outputs:
        if tensor not in done.adjoints:
            left = indices_for(program.tensors[tensor].shape)
            target = adjoint_of(done, program, seed, tensor, name)
            done.equations.append(Equation(target, left, sp.S.Zero, origin=Origin(None)))
    swept = replace(program, tensors=done.tensors, equations=tuple(done.equations), adjoints=done.adjoints)
    return sorted_by_need(swept, len(program.equations))


def _moving(program: Program, inputs: Iterable[str]) -> frozenset[str]:
    """The inputs and what changes with them: a derivative that is 0 everywhere carries nothing on."""
    moving = frozenset(inputs)
    while True:
        more = moving | {e.target for e in program.equations if _moved(e, moving)}
        if more == moving:
            return moving
        moving = more


def _moved(equation: Equation, moving: frozenset[str]) -> tuple[Access, ...]:
    """The reads of moving tensors that the body changes with."""
    if is_matrix_function(equation):
        argument = argument_of(equation)
        return (argument,) if statements_of(equation.op) and argument.name in moving else ()
    reads = (r for r in top_accesses(equation.body) if r.name in moving)
    return tuple(r for r in reads if scalar_derivative(equation.body, r) != 0)
