"""The words for products of tensors and what is made of their diagonals; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import sympy as sp

from symnet.calculus.ir import Delta, Index, indices_for
from symnet.declare.functions.joining import stack
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.reductions import sum
from symnet.declare.functions.shapes import axis_of, flatten, known_size, listed, permute, reshape
from symnet.declare.functions.slices import select
from symnet.declare.tracing.primitives import number, readdressed, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


@word(torch=("mm", "mv", "dot", "bmm", "linalg.matmul", "vdot"), numpy=("matmul", "dot", "vdot", "linalg.matmul"))
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """y[i,j] = Σ_k a[i,k] b[k,j]"""
    return input @ other


@word(torch="linalg.vecdot", numpy=("vecdot", "linalg.vecdot"))
def vecdot(x: Tensor, y: Tensor, dim: int = -1) -> Tensor:
    """z[n] = Σ_k x[n,k] y[n,k]"""
    return sum(mapped("vecdot", lambda a, b: a * b, x, y), dim)


@word(torch="ger", numpy=("outer", "linalg.outer"))
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """y[i,j] = a[i] b[j]"""
    return einsum("i,j->ij", input, vec2)


@word(numpy="inner")
def inner(input: Tensor, other: Tensor) -> Tensor:
    """y[i,j] = Σ_k a[i,k] b[j,k]"""
    if not input.ndim or not other.ndim:
        return input * other
    return tensordot(input, other, ([-1], [-1]))


@word()
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """y[i,j] = Σ_k a[i,k] b[k,j] over several axes: the last of a with the first of b, or lists of axes"""
    if isinstance(dims, int):
        first, second = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        first = [axis_of(a, d, a.ndim) for d in listed((dims[0],))]
        second = [axis_of(b, d, b.ndim) for d in listed((dims[1],))]
    for p, q in zip(first, second, strict=True):  # torch: a single entry meets the sum of the others
        if a.shape[p] != 1 and b.shape[q] == 1:
            a = sum(a, p, True)
        elif a.shape[p] == 1 and b.shape[q] != 1:
            b = sum(b, q, True)
    left, right = list(indices_for(a.shape)), list(indices_for(b.shape))
    for p, q in zip(first, second, strict=True):
        if not a.own_trace.same_size(a.shape[p], b.shape[q]):
            raise mistake("SN101", f"axis {p} of {show(a.shape)} meets axis {q} of {show(b.shape)}: sizes differ")
        right[q] = left[p]
    out = [i for k, i in enumerate(left) if k not in first] + [i for k, i in enumerate(right) if k not in second]
    spec = a.own_trace.new_spec((i.size for i in out), "intermediate")
    a.own_trace.define(spec, Term(tuple(out), a.read(left) * b.read(right), tuple(left[p] for p in first)))
    return a.made(spec, "z")


@word(numpy="einsum", method=False)
def einsum(equation: str, *operands: Any) -> Tensor:
    """y[out] = Σ Π operands[letters], the letters of the equation as indices: "ij,jk->ik" """
    tensors = listed(operands)
    text = equation.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    groups = [_letters(g, t) for g, t in zip(inputs.split(","), tensors, strict=False)]
    if len(inputs.split(",")) != len(tensors):
        raise mistake("SN108", f"einsum {equation!r} has {len(inputs.split(','))} groups for {len(tensors)} tensors")
    sizes: dict[str, sp.Expr] = {}
    for group, tensor in zip(groups, tensors, strict=True):
        for letter, size in zip(group, tensor.shape, strict=True):
            if sizes.setdefault(letter, size) == 1:
                sizes[letter] = size
            if size != 1 and not tensor.own_trace.same_size(size, sizes[letter]):
                shapes = ", ".join(show(t.shape) for t in tensors)
                raise mistake(
                    "SN101", f"einsum {equation!r} of {shapes}: {letter[0]} is both {sizes[letter]} and {size}"
                )
    ends = _output(output, groups) if arrow else _implicit(groups)
    index = {letter: Index(letter[0], size) for letter, size in sizes.items()}
    if len(set(ends)) != len(ends) or not set(ends) <= set(index):
        raise mistake("SN108", f"einsum {equation!r}: each letter of the output once, and from the input")
    reads = [
        t.read([index[k] if s != 1 or sizes[k] == 1 else sp.S.Zero for k, s in zip(g, t.shape, strict=True)])
        for g, t in zip(groups, tensors, strict=True)
    ]
    trace, left = tensors[0].own_trace, tuple(index[k] for k in ends)
    spec = trace.new_spec((i.size for i in left), "intermediate")
    trace.define(spec, Term(left, sp.Mul(*reads), tuple(i for k, i in index.items() if k not in ends)))
    made: Tensor = tensors[0].made(spec, "z")
    return made


def _letters(group: str, tensor: Tensor) -> list[str]:
    """The letters of one operand; an ellipsis stands for axes counted from the right."""
    before, dots, after = group.partition("...")
    spare = tensor.ndim - len(before) - len(after)
    if (not (before + after).isalpha() and before + after) or spare < 0 or (not dots and spare):
        raise mistake("SN103", f"einsum {group!r} for a tensor {show(tensor.shape)}", "a letter for each axis")
    return [*before, *(f"n{k}" for k in range(spare, 0, -1)), *after]


def _output(text: str, groups: list[list[str]]) -> list[str]:
    before, dots, after = text.partition("...")
    batch = sorted({k for g in groups for k in g if len(k) > 1}, key=lambda k: -int(k[1:]))
    return [*before, *(batch if dots else []), *after]


def _implicit(groups: list[list[str]]) -> list[str]:
    """Without an arrow: the ellipsis, then the letters that stand once, in alphabetical order."""
    every = [k for g in groups for k in g]
    batch = sorted({k for k in every if len(k) > 1}, key=lambda k: -int(k[1:]))
    return batch + sorted(k for k in set(every) if len(k) == 1 and every.count(k) == 1)


@word(numpy="kron")
def kron(input: Tensor, other: Tensor) -> Tensor:
    """y[i P + k, j Q + l] = a[i,j] b[k,l]"""
    rank = max(input.ndim, other.ndim)
    a, b = (reshape(t, [1] * (rank - t.ndim) + list(t.shape)) for t in (input, other))
    left, right = indices_for(a.shape), indices_for(b.shape, "k")
    pairs = [i for pair in zip(left, right, strict=True) for i in pair]
    spec = a.own_trace.new_spec((i.size for i in pairs), "intermediate")
    a.own_trace.define(spec, Term(tuple(pairs), a.read(left) * b.read(right)))
    return reshape(a.made(spec, "z"), [i.size * k.size for i, k in zip(left, right, strict=True)])


@word(torch="linalg.cross", numpy=("cross", "linalg.cross"))
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """y = (a₁b₂ - a₂b₁, a₂b₀ - a₀b₂, a₀b₁ - a₁b₀) along an axis of size 3"""
    threes = [k for k, s in enumerate(input.shape) if s == 3]
    at = axis_of(input, dim, input.ndim) if dim is not None else (threes or [0])[0]
    if input.shape[at] != 3 or other.shape[at] != 3:
        raise mistake("SN103", f"cross of {show(input.shape)} and {show(other.shape)} needs an axis of size 3")
    a, b = ([select(t, at, k) for k in range(3)] for t in (input, other))
    return stack([a[(k + 1) % 3] * b[(k + 2) % 3] - a[(k + 2) % 3] * b[(k + 1) % 3] for k in range(3)], at)


@word(torch=("linalg.multi_dot", "chain_matmul"), numpy="linalg.multi_dot", method=False)
def multi_dot(*tensors: Any) -> Tensor:
    """y = A B C ..."""
    product: Tensor = reduce(lambda a, b: a @ b, listed(tensors))
    return product


@word(torch=("addmv", "baddbmm"))
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, beta: float = 1, alpha: float = 1) -> Tensor:
    """y[i,j] = beta c[i,j] + alpha Σ_k a[i,k] b[k,j]"""
    return _weighed(input, mat1 @ mat2, beta, alpha)


@word()
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, beta: float = 1, alpha: float = 1) -> Tensor:
    """y[i,j] = beta c[i,j] + alpha Σ_nk a[n,i,k] b[n,k,j]"""
    return _weighed(input, sum(batch1 @ batch2, 0), beta, alpha)


@word()
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, beta: float = 1, alpha: float = 1) -> Tensor:
    """y[i,j] = beta c[i,j] + alpha a[i] b[j]"""
    return _weighed(input, outer(vec1, vec2), beta, alpha)


def _weighed(c: Tensor, product: Tensor, beta: float, alpha: float) -> Tensor:
    first = c if beta == 1 else c * number(beta)
    return first + (product if alpha == 1 else product * number(alpha))


@word(method=False)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y[n,o] = Σ_i x[n,i] W[o,i] + b[o]"""
    z = input @ (weight.T if weight.ndim == 2 else weight)
    return z if bias is None else z + bias


@word(method=False)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y[n,o] = Σ_ij a[n,i] W[o,i,j] b[n,j] + c[o]"""
    z = einsum("...i,oij,...j->...o", input1, weight, input2)
    return z if bias is None else z + bias


@word(numpy="trace")
def trace(input: Tensor) -> Tensor:
    """y = Σ_i x[i,i]"""
    return sum(diagonal(input))


@word(torch="linalg.diagonal", numpy="diagonal")
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """y[i] = x[i,i+offset], the new axis last"""
    first, second = axis_of(input, dim1, input.ndim), axis_of(input, dim2, input.ndim)
    rows, columns = input.shape[first], input.shape[second]
    length = rows if rows == columns and not offset else None
    if length is None:
        below, right = -min(offset, 0), max(offset, 0)
        length = min(known_size(input, first, "diagonal") - below, known_size(input, second, "diagonal") - right)
        if length < 1:
            raise mistake("SN104", f"{show(input.shape)} has no diagonal {offset}")
    rest = [Index("i", s) for k, s in enumerate(input.shape) if k not in (first, second)]
    i = Index("i", length)
    free = iter(rest)
    row, column = i - min(offset, 0), i + max(offset, 0)
    places = [row if k == first else column if k == second else next(free) for k in range(input.ndim)]
    return readdressed(input, (*rest, i), places)


@word(numpy="diag")
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """The diagonal of a matrix as a vector, a vector as the diagonal of a matrix"""
    return diag_embed(input, diagonal) if input.ndim == 1 else diagonal_of(input, diagonal)


diagonal_of = diagonal


@word(numpy="diagflat")
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """All entries, row by row, as the diagonal of a matrix"""
    return diag_embed(flatten(input), offset)


@word()
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """y[n,i,j] = [j = i + offset] x[n,i]"""
    size = input.shape[-1] + abs(offset)
    spec = input.own_trace.new_spec((*input.shape[:-1], size, size), "intermediate")
    left, own = indices_for(spec.shape), Index("k", input.shape[-1])
    row, column = own - min(offset, 0), own + max(offset, 0)
    body = Delta(left[-2], row) * Delta(left[-1], column) * input.read((*left[:-2], own))
    input.own_trace.define(spec, Term(left, body, (own,)))
    made: Tensor = input.made(spec, "v")
    first, second = (axis_of(made, d, made.ndim) for d in (dim1, dim2))
    if (first, second) == (made.ndim - 2, made.ndim - 1):
        return made
    rest = iter(range(made.ndim - 2))
    order = [made.ndim - 2 if k == first else made.ndim - 1 if k == second else next(rest) for k in range(made.ndim)]
    return permute(made, order)


__all__: Sequence[str] = ("diagonal_of", "einsum", "matmul", "outer")
