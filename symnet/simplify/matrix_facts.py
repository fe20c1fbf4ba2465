"""What the simplifier knows of matrix functions: products with a known value, and which matrices are symmetric."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from symnet.calculus.ir import Access, Equation, Program
from symnet.calculus.matrices import MATRIX_FUNCTIONS
from symnet.calculus.matrix_rules import argument_of, is_matrix_function
from symnet.calculus.symmetry import Symmetry
from symnet.simplify.atoms import Mono, Term, Var
from symnet.simplify.sums import Sums


def symmetric_tensors(program: Program, declared: frozenset[str]) -> frozenset[str]:
    """The tensors declared symmetric, and those computed that are shown to be, such as ``S = BᵀB``.

    Asked is only where it matters: of what a function of a matrix reads or makes, and of what an adjoint multiplies by.
    """
    symmetry = Symmetry(program.defining, declared)
    asked: dict[str, None] = {}
    for equation in program.equations:
        if is_matrix_function(equation):
            asked.update(dict.fromkeys((argument_of(equation).name, equation.target)))
        elif program.tensors[equation.target].role == "adjoint":
            factors = (a for a in equation.accesses if program.tensors[a.name].role == "intermediate")
            asked.update((a.name, None) for a in factors if _multiplies(a, equation))
    return declared.union(name for name in asked if symmetry.holds(name))


def _multiplies(read: Access, equation: Equation) -> bool:
    """Whether what is read is a matrix in a product: the sum runs over one of its two last axes and over another tensor
    that lacks the other axis.  ``Σ_u P[t,u] G[t,u]`` is no such product."""
    summed = [a for a in read.addresses[-2:] if a in equation.reduced]
    if len(read.addresses) < 2 or len(summed) != 1:
        return False
    (kept,) = (a for a in read.addresses[-2:] if a not in summed)
    return any(other.has(*summed) and not other.has(kept) for other in equation.accesses)


def known_products(sums: Sums, equation: Equation) -> Iterator[tuple[tuple[Var, ...], Mono, Term]]:
    """(summed, product, value) of each fact in the function's row: ``Σ_k Y[i,k] A[k,j] = δ(i,j)`` of an inverse."""
    read = argument_of(equation)
    batch = equation.left[: len(read.addresses) - 2]
    tensors = {"Y": equation.target, "A": read.name}
    sizes = {"Y": [i.size for i in equation.left[len(batch) :]], "A": [i.size for i in equation.reduced]}
    for fact in MATRIX_FUNCTIONS[equation.op].facts:
        before, _, after = fact.partition(" = ")
        front = tuple(sums.algebra.variable(i.name, i.size) for i in batch)
        letters: dict[str, Var] = {}
        factors = []
        for node in ast.walk(ast.parse(before, mode="eval")):
            if isinstance(node, ast.Subscript):
                name, names = _parts(node)
                for letter, size in zip(names, sizes[name], strict=True):
                    letters.setdefault(letter, sums.algebra.variable(letter, size))
                factors.append(sums.read(tensors[name], *front, *(letters[k] for k in names)))
        value, free = _value(sums, after, letters, front, tensors)
        _, mono = sums.algebra.times(*factors)
        yield tuple(v for k, v in letters.items() if k not in free), mono, value


def _value(
    sums: Sums, text: str, letters: dict[str, Var], front: tuple[Var, ...], tensors: dict[str, str]
) -> tuple[Term, tuple[str, ...]]:
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.Subscript):
        name, names = _parts(node)
        return sums.read(tensors[name], *front, *(letters[k] for k in names)), names
    assert isinstance(node, ast.Call)
    names = tuple(n.id for n in node.args if isinstance(n, ast.Name))
    return sums.delta(*(letters[k] for k in names)), names


def _parts(node: ast.Subscript) -> tuple[str, tuple[str, ...]]:
    """(name, letters) of ``name[letters]``."""
    assert isinstance(node.value, ast.Name) and isinstance(node.slice, ast.Tuple)
    return node.value.id, tuple(n.id for n in node.slice.elts if isinstance(n, ast.Name))
