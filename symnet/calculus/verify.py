"""The promises that every pass keeps, checked between passes."""

from __future__ import annotations

from symnet.calculus.ir import Access, Equation, Index, Program
from symnet.errors import InvariantError


def verify(program: Program) -> Program:
    """The same program, after checking shapes, names, order, and that every index is bound exactly once.

    Raises InvariantError with the equation printed; such an error is a defect of symnet.
    """
    written: set[str] = {n for n, t in program.tensors.items() if t.role in ("parameter", "data", "label")}
    remaining: dict[str, int] = {}
    for equation in program.equations:
        remaining[equation.target] = remaining.get(equation.target, 0) + 1
    owners: dict[Index, int] = {}
    for number, equation in enumerate(program.equations):
        _verify_left(program, equation)
        for index in equation.indices:
            if owners.setdefault(index, number) != number:
                raise InvariantError(f"index {index} is used in two equations: {equation}")
        _verify_reads(program, equation, written, remaining)
        remaining[equation.target] -= 1
        if remaining[equation.target] == 0:
            written.add(equation.target)
    for tensor, adjoint in program.adjoints.items():
        if adjoint not in written:
            raise InvariantError(f"the adjoint {adjoint} of {tensor} is never computed")
    return program


def _verify_left(program: Program, equation: Equation) -> None:
    spec = program.tensors.get(equation.target)
    if spec is None:
        raise InvariantError(f"{equation.target} has no shape: {equation}")
    if spec.role in ("parameter", "data", "label"):
        raise InvariantError(f"{equation.target} is given and cannot be computed: {equation}")
    if tuple(i.size for i in equation.left) != tuple(spec.shape):
        raise InvariantError(f"the left side does not have the shape {spec.shape}: {equation}")
    if len(set(equation.indices)) != len(equation.indices):
        raise InvariantError(f"an index is bound twice: {equation}")


def _verify_reads(program: Program, equation: Equation, written: set[str], remaining: dict[str, int]) -> None:
    bound = set(equation.indices)
    for expression in (equation.body, *equation.guard):
        unbound = expression.atoms(Index) - bound
        if unbound:
            raise InvariantError(f"{', '.join(map(str, unbound))} is bound nowhere: {equation}")
    for read in equation.body.atoms(Access):
        spec = program.tensors.get(read.name)
        if spec is None:
            raise InvariantError(f"{read.name} does not exist: {equation}")
        if len(read.addresses) != spec.rank:
            raise InvariantError(f"{read} has {len(read.addresses)} addresses, the tensor has rank {spec.rank}: {equation}")
        if read.name not in written:
            raise InvariantError(f"{read.name} is read before it is complete: {equation}")
        for address, size in zip(read.addresses, spec.shape, strict=True):
            if isinstance(address, Index) and address.size != size and not equation.guard:
                raise InvariantError(f"{address} runs to {address.size}, the axis of {read.name} has {size}: {equation}")
