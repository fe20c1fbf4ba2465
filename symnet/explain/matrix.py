"""Equations in matrix form, from their reading as array notation; where none exists, the index form stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus.ir import Access, Delta, Equation, Index, IntegerAccess, Program, TensorSpec, atoms
from symnet.calculus.products import linear_in, substitute
from symnet.errors import SymnetError
from symnet.explain.arrays import Matrices, NoMatrixForm
from symnet.explain.blocks import blocks_of
from symnet.explain.document import Shape
from symnet.explain.formula import Chain, Formula, Name, Transposed
from symnet.explain.scribe import Scribe
from symnet.explain.spellings import Unicode
from symnet.reading.nodes import MatMul, Node, Reduce, Tensor, Transpose
from symnet.reading.read import read_target

#: A longer formula says less than the index form.
_READABLE = 100


@dataclass(frozen=True)
class MatrixForm:
    """``formula`` is the whole line, ``code`` its array spelling if not obvious, ``operands`` the factors' shapes."""

    formula: Chain
    code: str | None
    operands: tuple[Shape, ...]
    product: Shape
    transposed: bool


def matrix_forms(scribe: Scribe) -> Mapping[str, MatrixForm]:
    """The matrix form of every computed tensor that has one."""
    derivation = scribe.derivation
    forms: dict[str, MatrixForm] = {}
    for program in (derivation.program, derivation.model.program):
        named = _with_constants(program, scribe)
        for name in program.targets():
            if name not in forms:
                form = _form(scribe, named, name)
                if form is not None:
                    forms[name] = form
    return forms


def matrix_side(scribe: Scribe, equation: Equation) -> Formula | None:
    """The right side of one equation of the simplified program, rewritten, in matrix form if it has one."""
    derivation = scribe.derivation
    tensors = {**derivation.model.program.tensors, **derivation.program.tensors}
    program = _with_constants(Program(tensors, (equation,), derivation.raw.loss), scribe)
    form = _form(scribe, program, equation.target)
    return form.formula.right[-1] if form is not None else None


def _form(scribe: Scribe, program: Program, name: str) -> MatrixForm | None:
    spec = program.tensors[name]
    adjoint = spec.role == "adjoint"
    turned = scribe.layout == "numerator" and adjoint and spec.rank == 2
    alone = _turned(_alone(program, name), name) if turned else _alone(program, name)
    try:
        stores = read_target(alone, name, scribe.derivation.model.sizes)
        matrices = Matrices(scribe.words, scribe.size, scalar_sums=not adjoint)
        node = stores[0].node if len(stores) == 1 and stores[0].keys is None else None
        if node is None and name in alone.reads(name):
            return None  # a recurrence: each part is made from the one before
        formula = matrices.whole(node) if node is not None else blocks_of(stores, _axes(alone, name), matrices)
    except (NoMatrixForm, SymnetError):
        return None
    if len(Unicode().write(formula)) > _READABLE:
        return None
    own = Name(scribe.words.name(name))
    operands, transposed = _operands(scribe, node) if node is not None else ((), False)
    product = scribe.shape(name, alone)
    return MatrixForm(
        Chain(Transposed(own) if turned else own, (formula,)),
        _code(node) if node is not None else None,
        operands,
        product,
        transposed and not turned,
    )


def _axes(program: Program, name: str) -> tuple[Index, ...]:
    return program.defining(name)[0].left


def _turned(program: Program, name: str) -> Program:
    """The equations of one matrix as those of its transpose."""
    spec = program.tensors[name]
    tensors = {**program.tensors, name: replace(spec, shape=spec.shape[::-1])}
    return program.with_equations((replace(e, left=e.left[::-1]) for e in program.equations), tensors)


def _alone(program: Program, name: str) -> Program:
    """Only the equations of one tensor: reading it looks at no other."""
    equations = program.defining(name)
    read = {name: None} | dict.fromkeys(a.name for e in equations for a in e.accesses)
    return program.with_equations(equations, {n: program.tensors[n] for n in read})


def _operands(scribe: Scribe, node: Node) -> tuple[tuple[Shape, ...], bool]:
    """The shapes of the two factors of a matrix product as they stand in the formula, and whether one is transposed."""
    if not isinstance(node, MatMul):
        return (), False
    left, right = (tuple(scribe.size(i.size) for i in side.axes) for side in (node.left, node.right))
    if len(left) == 1 and len(right) == 2:  # written Mᵀ v, or M v where the node has the transpose already
        return (right[::-1], left), not isinstance(node.right, Transpose)
    return (left, right), isinstance(node.left, Transpose) or isinstance(node.right, Transpose)


def _code(node: Node) -> str | None:
    """A sum over one axis, as arrays spell it."""
    match node:
        case Reduce("+", Tensor(name, axes), over) if len(axes) > 1 and len(over) == 1:
            return f"{name}.sum({axes.index(over[0])})"
    return None


def _with_constants(program: Program, scribe: Scribe) -> Program:
    """The program with δ(k, t[n]) read from the one-hot rows Y[n, k], and δ(i, j) from the identity matrix."""
    tensors = dict(program.tensors)
    equations: list[Equation] = []
    for equation in program.equations:
        table: dict[sp.Basic, sp.Expr] = {}
        for delta in atoms(equation.body, Delta):
            found = _label(delta)
            if found is not None and found[1].name in scribe.words.one_hot:
                index, read = found
                name = scribe.words.one_hot[read.name]
                shape = (*program.tensors[read.name].shape, index.size)
                tensors[name] = TensorSpec(name, shape, "data", given=False)
                table[delta] = Access(name, *read.addresses, index)
            elif scribe.words.identity is not None and _is_identity(delta, equation):
                name = scribe.words.identity
                tensors[name] = TensorSpec(name, (delta.args[0].size, delta.args[0].size), "data", given=False)
                table[delta] = Access(name, *equation.left)
        body = scribe.without_seed(substitute(equation.body, table))
        equations.append(replace(equation, body=body))
    return program.with_equations(equations, tensors)


def _label(delta: Delta) -> tuple[Index, IntegerAccess] | None:
    for index, address in (delta.args, delta.args[::-1]):
        if isinstance(index, Index) and isinstance(address, IntegerAccess):
            return index, address
    return None


def _is_identity(delta: Delta, equation: Equation) -> bool:
    """Whether the delta is the identity matrix times a number; times something with indices it is a diagonal."""
    if set(delta.args) != set(equation.left) or len(equation.left) != 2 or delta.args[0].size != delta.args[1].size:
        return False
    found = linear_in(equation.body, delta)
    return found is not None and not atoms(found[0], Index)
