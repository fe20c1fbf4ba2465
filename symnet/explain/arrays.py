"""Array nodes in matrix notation: vectors are columns, ``1`` beside them is the column of ones.

rows summed     1ᵀ M        a column along the rows      s 1ᵀ        outer product   u vᵀ
columns summed  M 1         a row along the columns      1 bᵀ        dot product     uᵀ v
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from symnet.calculus.integers import same
from symnet.calculus.ir import Access
from symnet.calculus.products import substitute
from symnet.calculus.ranges import positive
from symnet.explain.compose import Composer, Words
from symnet.explain.entries import Piece, joined, spread
from symnet.explain.formula import (
    ONE,
    At,
    Call,
    Formula,
    Hadamard,
    Name,
    Number,
    Ones,
    Power,
    Range,
    Sliced,
    Times,
    Transposed,
    negated,
    product_of,
    transposed,
    whole_matrix,
)
from symnet.reading.nodes import (
    Axes,
    Counter,
    Gather,
    Map,
    MatMul,
    Matrix,
    Node,
    Outer,
    Reduce,
    Slice,
    Span,
    Tensor,
    Transpose,
    operand,
)

#: Axes on which a place is told from the front, the last one too; on longer ones ``x[:-1]`` says more.
_SHORT = (1, 2, 3)


class NoMatrixForm(Exception):
    """Matrices have no notation for the node."""


@dataclass(frozen=True)
class Matrices:
    """Turns nodes into formulas; ``one_hot`` names the one-hot rows of labels."""

    words: Words
    size: Callable[[sp.Expr], Formula]  # how a size is written
    scalar_sums: bool  # sum(r²) where the result is a number of the forward program, else 1ᵀ r²

    def whole(self, node: Node) -> Formula:
        """The formula of a right side: a sum of rows may stand as the row 1ᵀ M.  Raises NoMatrixForm."""
        match node:
            case Reduce("+", source, over) if len(source.axes) == 2 and over == source.axes[:1]:
                return Times((Transposed(Ones()), *_factors(self.of(source))))
        return self.of(node)

    def of(self, node: Node) -> Formula:
        """The formula of a part, vectors as columns.  Raises NoMatrixForm."""
        if len(node.axes) > 2 or len(set(node.axes)) != len(node.axes):
            raise NoMatrixForm
        match node:
            case Tensor(name):
                return Name(self.words.name(name))
            case Transpose(source):
                return self._across(source)
            case MatMul(left, right):
                return self._matmul(left, right)
            case Matrix(function, source):
                return whole_matrix(function, self.of(source))
            case Outer(left, right):
                return product_of([self.of(left), transposed(self.of(right))])
            case Reduce("+", source, over):
                return self._sum(source, over)
            case Map():
                return self._map(node)
            case Gather(source, keys):
                return self._gather(source, keys)
            case Slice(Tensor(name), keys, ()) if all(isinstance(k, sp.Integer) for k in keys):
                return At(self.words.name(name), tuple(Number(str(k)) for k in keys))
            case Slice(Tensor(name, axes), keys):
                parts = zip(keys, axes, strict=True)
                return Sliced(
                    Name(self.words.name(name)), tuple(slice_key(key, axis.size, self.size) for key, axis in parts)
                )
        raise NoMatrixForm

    def _across(self, node: Node) -> Formula:
        """The transpose; of a symmetric matrix itself."""
        symmetric = isinstance(node, Tensor) and node.name in (self.words.identity, *self.words.symmetric)
        return self.of(node) if symmetric else transposed(self.of(node))

    def _matmul(self, left: Node, right: Node) -> Formula:
        if self.scalar_sums and len(left.axes) == len(right.axes) == 1 and self.of(left) == self.of(right):
            return Call("sum", (Power(self.of(left), Number("2")),))
        if len(left.axes) == 1 and len(right.axes) == 1:
            first, second = sorted((left, right), key=self._is_adjoint)
            return Times((transposed(self.of(first)), *_factors(self.of(second))))
        if len(left.axes) == 1:
            return product_of([self._across(right), self.of(left)])
        return product_of([self.of(left), self.of(right)])

    def _is_adjoint(self, node: Node) -> bool:
        return isinstance(node, Tensor) and node.name in self.words.adjoints

    def _sum(self, source: Node, over: Axes) -> Formula:
        inner = self.of(source)
        if set(over) == set(source.axes) and self.scalar_sums:
            return Call("sum", (inner,))
        if len(source.axes) == 1:
            return Times((Transposed(Ones()), *_factors(inner)))
        if set(over) == set(source.axes):
            return Times((Transposed(Ones()), *_factors(inner), Ones()))
        return Times((*_factors(inner if source.axes[1] in over else transposed(inner)), Ones()))

    def _map(self, node: Map) -> Formula:
        pieces = [self._piece(leaf, node.axes) for leaf in node.operands]
        names = {operand(k): Access(f"@{k}", *leaf.axes) for k, leaf in enumerate(node.operands)}
        order = {f"@{k}": self._place(leaf) for k, leaf in enumerate(node.operands)}
        adjoints = frozenset(f"@{k}" for k, leaf in enumerate(node.operands) if self._is_adjoint(leaf))
        letters = {index: f"x{k}" for k, index in enumerate(node.axes)}
        composer = Composer(Words(order, adjoints=adjoints), letters, node.axes)
        formula = composer.of(substitute(node.body, names))
        whole = spread(formula, {f"@{k}": piece for k, piece in enumerate(pieces)})
        return joined(whole, len(node.axes))

    def _place(self, node: Node) -> int:
        match node:
            case Tensor(name):
                return self.words.order.get(name, 10**6)
            case Counter():
                return 10**6
            case Map(_, operands):
                return min(map(self._place, operands), default=10**6)
            case MatMul(left, right) | Outer(left, right):
                return min(self._place(left), self._place(right))
            case Transpose(source) | Reduce(_, source) | Matrix(_, source) | Gather(source) | Slice(source):
                return self._place(source)
        return 10**6

    def _piece(self, leaf: Node, axes: Axes) -> Piece:
        if isinstance(leaf, Reduce) and not leaf.axes and leaf.op == "+":  # 2 sum(x), not 2 1ᵀ x
            return Piece(Call("sum", (self.of(leaf.source),)), "number")
        formula = self.of(leaf)
        if not leaf.axes:
            return Piece(formula, "number")
        if leaf.axes == axes:
            return Piece(formula, "full")
        if len(axes) != 2 or len(leaf.axes) != 1:
            raise NoMatrixForm
        return Piece(formula, "column" if leaf.axes[0] == axes[0] else "row")

    def _gather(self, source: Node, keys: tuple[Node | None, ...]) -> Formula:
        """Rows picked by labels are ``Y E``; one entry picked in each row is ``(Y ⊙ Z) 1``."""
        match source, keys:
            case Tensor(name), (Tensor(label), None) if label in self.words.one_hot:
                return Times((Name(self.words.one_hot[label]), Name(self.words.name(name))))
            case Tensor(name), (Counter(index), Tensor(label, axes)) if label in self.words.one_hot and axes == (
                index,
            ):
                rows = Hadamard((Name(self.words.one_hot[label]), Name(self.words.name(name))))
                return Times((rows, Ones()))
        raise NoMatrixForm


def _factors(formula: Formula) -> tuple[Formula, ...]:
    return formula.factors if isinstance(formula, Times) else (formula,)


def slice_key(key: sp.Expr | Span, size: sp.Expr, write: Callable[[sp.Expr], Formula]) -> Formula | Range:
    """The places of one axis as a Python slice, without the ends that go without saying."""
    if not isinstance(key, Span):
        return write(key)
    last = sp.expand(key.start + key.step * (key.size - 1))
    first_end, last_end = (sp.S.Zero, size - 1) if key.step > 0 else (size - 1, sp.S.Zero)
    start = None if same(key.start, first_end) else write(key.start)
    over = key.step * (last + key.step - last_end)  # of the next place, were there one, beyond the end
    if same(last, last_end) or positive(over):
        return Range(start, None, key.step)
    stop = sp.expand(last + sp.sign(key.step))
    if same(stop, size - 1) and size not in _SHORT and not stop.is_Symbol:
        return Range(start, negated(ONE), key.step)
    return Range(start, write(stop), key.step)
