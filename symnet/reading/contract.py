"""A flat sum of products as array notation: dense groups of factors, contracted pair by pair in the cheapest order.

Factors with the same indices form one elementwise operand.  A sum is not expanded where its terms fit one operand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import combinations

import sympy as sp

from symnet.calculus.detached import is_detached, plain, stop_gradient, with_factors_apart
from symnet.calculus.ir import Index, atoms, sort_key
from symnet.calculus.scalars import where as select
from symnet.reading.maps import aligned, factors, mapped, product
from symnet.reading.nodes import Axes, Einsum, Map, MatMul, Node, Outer, Reduce, Reshape, operand
from symnet.reading.reads import Surroundings, elementwise, inside

Extent = Callable[[Index], int]  # the number of places of an index, for judging costs
EXHAUSTIVE = 5  # operands up to which every order is tried


def total(body: sp.Expr, out: Axes, reduced: Axes, where: Surroundings, extent: Extent) -> Node:
    """Σ over ``reduced`` of ``body`` where the guard holds.  Axes are some of ``out``, in any order."""
    if reduced and atoms(body, stop_gradient):
        if is_detached(body):  # the copy of a sum is the sum of copies
            return mapped(stop_gradient(operand(0)), [total(plain(body), out, reduced, where, extent)], out)
        body = with_factors_apart(body)
    labels = atoms(body, Index).union(*(atoms(g, Index) for g in where.guard))
    repeats = sp.Mul(*(i.size for i in reduced if i not in labels))
    body = product([repeats, body]) if repeats != 1 else body
    reduced = tuple(i for i in reduced if i in labels)
    if isinstance(body, sp.Add) and reduced and _worth_splitting(body):
        parts = [total(term, out, reduced, where, extent) for term in body.args]
        return mapped(sp.Add(*(operand(k) for k in range(len(parts)))), parts, out)
    masked, outside = _masked(factors(body), reduced, where)
    inner = [f for f in masked if f.has(*reduced)] if reduced else []
    outer = [f for f in masked if f not in inner]
    if not inner:
        return _outer(masked, where, out) or elementwise(product(masked), where, out)
    node = _contracted(_groups(inner, where, out), frozenset(out), out, extent)
    if outer:
        node = mapped(product([operand(0), operand(1)]), [elementwise(product(outer), where, out), node], out)
    if outside is None:
        return node
    return mapped(select(operand(0), operand(1), sp.S.Zero), [elementwise(outside, where, out), node], out)


def _outer(parts: list[sp.Expr], where: Surroundings, out: Axes) -> Node | None:
    """The outer product of two vectors that are read as they are, times numbers."""
    vectors = [elementwise(p, where, out) for p in parts if atoms(p, Index)]
    if len(vectors) != 2 or any(isinstance(v, Map) or len(v.axes) != 1 for v in vectors):
        return None
    first, second = sorted(vectors, key=lambda v: _first(v.axes, out))
    if first.axes == second.axes:
        return None
    scale = [p for p in parts if not atoms(p, Index)]
    node = Outer(first, second)
    return (
        mapped(product([operand(0), operand(1)]), [elementwise(product(scale), where, out), node], out)
        if scale
        else node
    )


def _worth_splitting(body: sp.Add) -> bool:
    """Whether some term is a product that a contraction can take apart and the terms have different indices."""
    sets = [frozenset(atoms(t, Index)) for t in body.args]
    if len(set(sets)) == 1:
        return False
    return any(len(_maximal([frozenset(atoms(f, Index)) for f in factors(t)])) > 1 for t in body.args)


def _maximal(sets: Sequence[frozenset[Index]]) -> set[frozenset[Index]]:
    return {s for s in sets if not any(s < other for other in sets)}


def _masked(parts: list[sp.Expr], reduced: Axes, where: Surroundings) -> tuple[list[sp.Expr], sp.Expr | None]:
    """The factors with the guard put into the smallest group that has its indices, or else a mask of the sum."""
    if not where.guard:
        return parts, None
    condition = inside(where.guard)
    needed = atoms(condition, Index)
    if not needed & set(reduced) and reduced:
        return parts, condition
    sets = sorted({frozenset(atoms(f, Index)) for f in parts}, key=lambda s: (len(s), sorted(map(sort_key, s))))
    for labels in sets:
        if needed <= labels:
            chosen = [f for f in parts if atoms(f, Index) == labels]
            rest = [f for f in parts if atoms(f, Index) != labels]
            return [*rest, select(condition, product(chosen), sp.S.Zero)], None
    return [select(condition, product(parts), sp.S.Zero)], None


def _groups(parts: list[sp.Expr], where: Surroundings, out: Axes) -> list[Node]:
    grouped: dict[frozenset[Index], list[sp.Expr]] = {}
    for part in parts:
        grouped.setdefault(frozenset(atoms(part, Index)), []).append(part)
    if len(grouped) == 1:
        ((labels, only),) = grouped.items()
        pair = _as_dot(only) if len(labels) == 1 and not labels & set(out) else None
        if pair is not None:
            return [elementwise(p, where, out) for p in pair]
    return [elementwise(product(group), where, out) for group in grouped.values()]


def _as_dot(parts: list[sp.Expr]) -> tuple[sp.Expr, sp.Expr] | None:
    """Two vectors whose dot product is the sum: two factors, or the base of a square twice."""
    if len(parts) > 1:
        return parts[0], product(parts[1:])
    base, exponent = parts[0].as_base_exp() if isinstance(parts[0], sp.Pow) else (parts[0], sp.S.One)
    return (base, base) if exponent == 2 else None


def _contracted(nodes: list[Node], out: frozenset[Index], order: Axes, extent: Extent) -> Node:
    """All operands as one node, summed over every label that is not in ``out``."""
    if len(nodes) == 1:
        return _reduced(nodes[0], tuple(i for i in nodes[0].axes if i not in out))
    if len(nodes) > EXHAUSTIVE:
        return _greedily(nodes, out, order, extent)
    plan = _cheapest([frozenset(n.axes) for n in nodes], out, extent)[1]
    work = list(nodes)
    for a, b in plan:
        work = _joined(work, a, b, out, order)
    return _reduced(work[0], tuple(i for i in work[0].axes if i not in out))


def _joined(nodes: list[Node], a: int, b: int, out: frozenset[Index], order: Axes) -> list[Node]:
    rest = [n for k, n in enumerate(nodes) if k not in (a, b)]
    keep = out.union(*(n.axes for n in rest))
    return [*rest, contract_pair(nodes[a], nodes[b], keep, order)]


def _greedily(nodes: list[Node], out: frozenset[Index], order: Axes, extent: Extent) -> Node:
    while len(nodes) > 1:
        costs = {
            (a, b): _cost(set(nodes[a].axes) | set(nodes[b].axes), extent)
            for a, b in combinations(range(len(nodes)), 2)
        }
        a, b = min(costs, key=lambda pair: (costs[pair], pair))
        nodes = _joined(nodes, a, b, out, order)
    return _reduced(nodes[0], tuple(i for i in nodes[0].axes if i not in out))


def _cost(labels: set[Index] | frozenset[Index], extent: Extent) -> int:
    return reduce(lambda cost, i: cost * extent(i), labels, 1)


def _cheapest(
    sets: list[frozenset[Index]], out: frozenset[Index], extent: Extent
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """The least number of products, and the pairs in order; the result of a pair goes to the end of the list."""
    if len(sets) == 1:
        return 0, ()
    best: tuple[int, tuple[tuple[int, int], ...]] | None = None
    for a, b in combinations(range(len(sets)), 2):
        rest = [s for k, s in enumerate(sets) if k not in (a, b)]
        union = sets[a] | sets[b]
        result = union & out.union(*rest)
        cost, plan = _cheapest([*rest, result], out, extent)
        cost += _cost(union, extent) + _cost(result, extent)
        if best is None or cost < best[0]:
            best = cost, ((a, b), *plan)
    assert best is not None
    return best


def contract_pair(a: Node, b: Node, keep: frozenset[Index], order: Axes) -> Node:
    """The product of two nodes, summed over the labels that are not in ``keep``."""
    a = _reduced(a, tuple(i for i in a.axes if i not in keep and i not in b.axes))
    b = _reduced(b, tuple(i for i in b.axes if i not in keep and i not in a.axes))
    shared = [i for i in a.axes if i in b.axes]
    summed = [i for i in shared if i not in keep]
    batch = tuple(i for i in shared if i in keep)
    left, right = (tuple(i for i in n.axes if i not in shared) for n in (a, b))
    if not summed:
        return _unsummed(a, b, order)
    if _first(right, order) < _first(left, order):
        a, b, left, right = b, a, right, left
    if len(summed) == 1 and not batch:
        matrices = _matmul(a, b, summed[0], left, right)
        if matrices is not None:
            return matrices
    if len(summed) == 1 and len(left) == len(right) == 1:
        k = summed[0]
        return MatMul(aligned(a, (*batch, *left, k)), aligned(b, (*batch, k, *right)))
    if not left and not right:
        return _reduced(mapped(product([operand(0), operand(1)]), [a, b], order), tuple(summed))
    if not batch and len(left) <= 1 and len(right) <= 1:
        k = Index(summed[0].name, sp.Mul(*(i.size for i in summed)))
        chosen = next((n for n in (a, b) if _beside(summed, n)), a)
        joint = tuple(i for i in chosen.axes if i in summed)
        matrices = _matmul(_merged(a, joint, k), _merged(b, joint, k), k, left, right)
        if matrices is not None:
            return matrices
    labels = (*batch, *left, *right)
    return Einsum((a, b), tuple(sorted(labels, key=lambda i: order.index(i) if i in order else len(order))))


def _beside(summed: Sequence[Index], node: Node) -> bool:
    """Whether the labels are neighbours in the node, so that making one axis of them moves nothing."""
    places = sorted(node.axes.index(i) for i in summed)
    return places == list(range(places[0], places[-1] + 1))


def _merged(node: Node, joint: Axes, k: Index) -> Node:
    """The node with the labels ``joint`` as one, in front or at the end."""
    rest = tuple(i for i in node.axes if i not in joint)
    if node.axes[-1] in joint and node.axes[0] not in joint:
        return Reshape(aligned(node, (*rest, *joint)), (*rest, k))
    return Reshape(aligned(node, (*joint, *rest)), (k, *rest))


def _matmul(a: Node, b: Node, k: Index, left: Axes, right: Axes) -> Node | None:
    if not left and not right and (_is_reciprocal(a) or _is_reciprocal(b)):
        return Reduce("+", mapped(product([operand(0), operand(1)]), [a, b], (k,)), (k,))
    if not left or not right:  # a vector on one side or on both: no transpose is needed
        if len(left) > 1 or len(right) > 1:
            return MatMul(aligned(a, (*left, k)), b) if not right else MatMul(aligned(b, (*right, k)), a)
        matrix, vector = (a, b) if left else (b, a)
        return MatMul(vector, matrix) if matrix.axes[0] == k and len(matrix.axes) == 2 else MatMul(matrix, vector)
    if len(right) == 1:
        return MatMul(aligned(a, (*left, k)), aligned(b, (k, *right)))
    return None


def _is_reciprocal(node: Node) -> bool:
    return isinstance(node, Map) and isinstance(node.body, sp.Pow) and bool(node.body.exp.could_extract_minus_sign())


def _first(labels: Axes, order: Axes) -> int:
    return min((order.index(i) for i in labels if i in order), default=len(order))


def _unsummed(a: Node, b: Node, order: Axes) -> Node:
    vectors = len(a.axes) == len(b.axes) == 1 and a.axes != b.axes
    if vectors and not isinstance(a, Map) and not isinstance(b, Map):
        return Outer(a, b) if _first(a.axes, order) <= _first(b.axes, order) else Outer(b, a)
    return mapped(product([operand(0), operand(1)]), [a, b], order)


def _reduced(node: Node, over: Axes) -> Node:
    return Reduce("+", node, over) if over else node
