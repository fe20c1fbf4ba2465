"""The promises that every pass keeps, checked between passes."""

from __future__ import annotations

import sympy as sp

from symnet.calculus.ir import GIVEN, Access, Equation, Index, Program, atoms
from symnet.calculus.loops import components, loops_of
from symnet.calculus.matrices import MATRIX_FUNCTIONS
from symnet.calculus.matrix_rules import result_shape
from symnet.calculus.ranges import lies_within
from symnet.errors import InvariantError


def verify(program: Program) -> Program:
    """The same program, after checking shapes, names, order, ranges, and that every index is bound exactly once.

    A tensor is complete before it is read; tensors that depend on themselves have an order in time, and are complete
    together before another reads them.

    Raises InvariantError with the equation printed; such an error is a defect of symnet.
    """
    written: set[str] = {n for n, t in program.tensors.items() if t.role in GIVEN}
    remaining: dict[str, int] = {}
    for equation in program.equations:
        remaining[equation.target] = remaining.get(equation.target, 0) + 1
    owners: dict[Index, int] = {}
    operations: dict[str, tuple[str, str]] = {}
    sizes = frozenset(s for t in program.tensors.values() for size in t.shape for s in size.free_symbols)
    group = {name: component for component in components(program) for name in component}
    for number, equation in enumerate(program.equations):
        _verify_left(program, equation)
        for index in equation.indices:
            if owners.setdefault(index, number) != number:
                raise InvariantError(f"index {index} is used in two equations: {equation}")
        if operations.setdefault(equation.target, (equation.op, equation.ties)) != (equation.op, equation.ties):
            raise InvariantError(f"{equation.target} is both summed and maximised, or has two policies: {equation}")
        own = group.get(equation.target, frozenset((equation.target,)))
        _verify_reads(program, equation, written | own if equation.target in group else written, sizes)
        remaining[equation.target] -= 1
        if not any(remaining[name] for name in own):
            written |= own
    _verify_results(program, written)
    loops_of(program)
    return program


def _verify_results(program: Program, written: set[str]) -> None:
    if program.loss not in written:
        raise InvariantError(f"the loss {program.loss} is never computed")
    for tensor, adjoint in program.adjoints.items():
        if adjoint not in written:
            raise InvariantError(f"the adjoint {adjoint} of {tensor} is never computed")
        spec, own = program.tensors.get(tensor), program.tensors[adjoint]
        if spec is not None and own.shape[own.rank - spec.rank :] != spec.shape:
            raise InvariantError(f"the adjoint {adjoint} of {tensor} has the shape {own.shape}, not {spec.shape}")


def _verify_left(program: Program, equation: Equation) -> None:
    spec = program.tensors.get(equation.target)
    if spec is None:
        raise InvariantError(f"{equation.target} has no shape: {equation}")
    if spec.role in GIVEN:
        raise InvariantError(f"{equation.target} is given and cannot be computed: {equation}")
    if tuple(i.size for i in equation.left) != tuple(spec.shape):
        raise InvariantError(f"the left side does not have the shape {spec.shape}: {equation}")
    if len(set(equation.indices)) != len(equation.indices):
        raise InvariantError(f"an index is bound twice: {equation}")


def _verify_reads(program: Program, equation: Equation, written: set[str], sizes: frozenset[sp.Symbol]) -> None:
    bound = set(equation.indices)
    for expression in (equation.body, *equation.guard):
        unbound = atoms(expression, Index) - bound
        if unbound:
            raise InvariantError(f"{', '.join(map(str, unbound))} is bound nowhere: {equation}")
        strangers = {s for s in expression.free_symbols - bound - sizes if isinstance(s, sp.Symbol)}
        if strangers:
            raise InvariantError(f"{', '.join(sorted(map(str, strangers)))} is no size of a tensor: {equation}")
    if equation.op not in ("+", "max"):
        _verify_matrix(program, equation)
    for read in equation.accesses:
        spec = program.tensors.get(read.name)
        if spec is None:
            raise InvariantError(f"{read.name} does not exist: {equation}")
        if len(read.addresses) != spec.rank:
            raise InvariantError(
                f"{read} has {len(read.addresses)} addresses, the tensor has rank {spec.rank}: {equation}"
            )
        if read.name not in written:
            raise InvariantError(f"{read.name} is read before it is complete: {equation}")
        for address, size in zip(read.addresses, spec.shape, strict=True):
            if not lies_within(address, size, equation.guard):
                raise InvariantError(f"{address} of {read.name} is not shown to lie within {size}: {equation}")


def _verify_matrix(program: Program, equation: Equation) -> None:
    """One equation alone takes a known function of whole matrices, batches first: ``y[n,..] = f A[n,p,q]``."""
    function, read = MATRIX_FUNCTIONS.get(equation.op), equation.body
    if function is None or not isinstance(read, Access) or equation.guard:
        raise InvariantError(f"{equation.op} is no function of a whole matrix: {equation}")
    batch = equation.left[: len(read.addresses) - 2]
    if read.addresses != (*batch, *equation.reduced) or len(equation.reduced) != 2:
        raise InvariantError(f"{equation.op} does not take whole matrices: {equation}")
    rows, columns = (i.size for i in equation.reduced)
    if (*(i.size for i in batch), *result_shape(function, rows, columns)) != tuple(i.size for i in equation.left):
        raise InvariantError(f"{equation.op} does not give the shape of {equation.target}: {equation}")
    if len(program.defining(equation.target)) != 1:
        raise InvariantError(f"{equation.target} is a matrix function and something else: {equation}")
