"""Equations as array notation: the trees that people expect, for every pattern."""

from __future__ import annotations

from itertools import product

import pytest
import sympy as sp

from symnet.calculus.derive import derive
from symnet.calculus.integers import digits, radix
from symnet.calculus.ir import Index, size_symbol
from symnet.calculus.quotients import Mod, floor
from symnet.reading.nodes import (
    Counter,
    Einsum,
    Gather,
    Map,
    MatMul,
    Node,
    Outer,
    Reduce,
    Reshape,
    Slice,
    Span,
    Store,
    Tensor,
    Transpose,
    children,
    walk,
)
from symnet.reading.read import read_program
from tests.codegen.cases import ALL
from tests.programs import program_of


def spelled(node: Node) -> str:
    """A tree on one line; axes by the names of their indices."""
    match node:
        case Tensor():
            return node.name
        case Counter():
            return f"count({node.index.size})"
        case Transpose():
            return f"{spelled(node.source)}.T"
        case MatMul():
            return f"({spelled(node.left)} @ {spelled(node.right)})"
        case Outer():
            return f"outer({spelled(node.left)}, {spelled(node.right)})"
        case Reduce():
            return f"{'sum' if node.op == '+' else 'max'}{len(node.over)}({spelled(node.source)})"
        case Map():
            text = str(node.body)
            for number, operand in reversed(list(enumerate(node.operands))):
                text = text.replace(f"operand{number}", spelled(operand))
            return f"<{text}>"
        case Gather():
            keys = ",".join(":" if k is None else spelled(k) for k in node.keys)
            return f"{spelled(node.source)}[{keys}]"
        case Reshape():
            return f"reshape{len(node.axes)}({spelled(node.source)})"
        case Slice():
            keys = ",".join(f"{k.start}+{k.step}*" if isinstance(k, Span) else str(k) for k in node.keys)
            return f"{spelled(node.source)}[{keys}]"
        case Einsum():
            return f"einsum({', '.join(map(spelled, node.operands))})"


def stores(name: str) -> dict[str, list[Store]]:
    case = ALL[name]
    found: dict[str, list[Store]] = {}
    for store in read_program(derive(case.program, case.wrt), case.sizes):
        found.setdefault(store.target, []).append(store)
    return found


@pytest.mark.parametrize(
    ("case", "target", "tree"),
    [
        ("mlp", "Z1", "<(X @ W1) + b1>"),
        ("mlp", "dW2", "(A.T @ dZ)"),
        ("mlp", "dA", "(dZ @ W2.T)"),
        ("mlp", "db2", "sum1(dZ)"),
        ("mlp", "dW1", "(X.T @ dZ1)"),
        ("torch_linear", "z", "<(x @ W.T) + b>"),
        ("torch_linear", "dW", "(dz.T @ x)"),
        ("bce", "z", "<(X @ w) + b>"),
        ("bce", "dw", "(dz @ X)"),
        ("layer_tanh", "dW", "outer(dz, a)"),
        ("cubic", "loss", "(r @ r)"),
        ("cubic", "dc", "(dyhat @ <x**2>)"),
        ("quadratic", "dA", None),
        ("max_share", "m", "max1(x)"),
        ("embedding", "e", "E[t,:]"),
        ("flatten", "f", "reshape2(x)"),
        ("flatten", "z", "(f @ V)"),
        ("unflatten", "f", "reshape3(x)"),
        ("unflatten", "dx", "reshape2(df)"),
        ("batched", "Z", "(X @ W)"),
        ("batched", "dW", "(reshape2(X).T @ reshape2(dZ))"),
        ("batched_products", "Z", "(A @ B)"),
        ("batched_products", "dB", "(A.T @ dZ)"),
        ("bilinear", "loss", "(((x @ A) @ B) @ y)"),
        ("flipped", "y", "<x[N - 1+-1*]**2>"),
        ("row_vectors", "db", "<sum1(dz)>"),
    ],
)
def test_trees(case: str, target: str, tree: str | None) -> None:
    found = stores(case).get(target)
    if tree is None:
        assert found is None
        return
    assert found is not None and len(found) == 1 and found[0].keys is None
    assert spelled(found[0].node) == tree


def test_a_label_gather_and_its_scatter() -> None:
    found = stores("mlp")
    assert "Z[count(N),t]" in spelled(found["e"][0].node)
    whole, scatter = found["dZ"]
    assert whole.first and whole.keys is None
    assert not scatter.first and scatter.unique
    assert scatter.keys is not None
    assert [spelled(k) for k in scatter.keys if isinstance(k, (Counter, Tensor))] == ["count(N)", "t"]
    assert spelled(scatter.node) == "<-de>"


def test_an_embedding_is_scattered_with_repeats() -> None:
    (store,) = stores("embedding")["dE"]
    assert store.first and not store.unique and store.keys is not None
    assert spelled(store.keys[0]) == "t" and store.keys[1] is None  # type: ignore[arg-type]


def test_spans_are_places_of_a_store() -> None:
    even, odd = (s.keys[0] for s in stores("strided")["dx"] if s.keys is not None)
    assert isinstance(even, Span) and (even.start, even.step) == (0, 2)
    assert isinstance(odd, Span) and (odd.start, odd.step) == (1, 2)


def test_the_cheapest_order_of_a_chain_follows_the_sizes() -> None:
    program = program_of(
        "parameter P[N,D] parameter Q[D,N] parameter v[N] y[N] loss",
        "y[i] += P[i,k]*Q[k,j]*v[j]\nloss += y[i]",
        "N D",
    )
    store = read_program(program, {"N": 50, "D": 40})[0]
    assert spelled(store.node) == "(P @ (Q @ v))"


def test_one_sum_is_not_split_where_its_terms_fit_one_operand() -> None:
    program = program_of(
        "parameter P[N,D] parameter m[N] parameter W[D,H] Y[N,H] loss",
        "Y[n,j] += (P[n,k] - m[n])*W[k,j]\nloss += Y[n,j]",
        "N D H",
    )
    (store, _) = read_program(program, {})
    assert spelled(store.node) in ("(<P - m> @ W)", "(<-m + P> @ W)", "(<m*-1 + P> @ W)")


def test_factored_forms_stay_factored() -> None:
    program = program_of("parameter x[N] y[N] loss", "y[i] += x[i]\nloss += y[i]", "N")
    equation = program.equations[0]
    read = equation.accesses[0]
    factored = sp.Mul(2, read + 2, evaluate=False)
    changed = program.with_equations([type(equation)("y", equation.left, factored), program.equations[1]])
    (store, _) = read_program(changed, {})
    assert isinstance(store.node, Map) and isinstance(store.node.body, sp.Mul)


def test_every_tree_has_the_targets_axes() -> None:
    for name in ALL:
        for target, parts in stores(name).items():
            for store in parts:
                if store.keys is None:
                    case = ALL[name]
                    shape = derive(case.program, case.wrt).tensors[target].shape
                    assert tuple(i.size for i in store.node.axes) == tuple(shape), (name, target)
                for node in walk(store.node):
                    assert len(set(node.axes)) == len(node.axes), (name, target)
                    assert all(child in list(walk(store.node)) for child in children(node))


N, H, W = (size_symbol(n) for n in "NHW")


def test_digits_and_radix() -> None:
    k, i, j = Index("k", H * W), Index("i", H), Index("j", W)
    assert digits([floor(k / W), Mod(k, W)], [H, W]) == k
    assert digits([floor(k / H), Mod(k, W)], [H, W]) is None
    assert radix(i * W + j, H * W) == (i, j)
    assert radix(i * H + j, H * W) is None
    assert radix(i * W + j + 1, H * W) is None


def test_numbers_made_of_digits_are_what_they_were_when_simplified() -> None:
    i, j = Index("i", 7), Index("j", 6)
    for unit, size, base, step in product((2, 3, 4, 6), (2, 4, 6), (2, 6, 8, 12), (0, 1)):
        k = Index("k", size)
        quotient, rest = floor((unit * i + k + step) / base), Mod(unit * i + 2 * unit * j + k + step, base)
        for a, b, c in product((0, 3, 6), (0, 5), range(size)):
            at = {i: a, j: b, k: c}
            assert quotient.xreplace(at) == (unit * a + c + step) // base, (quotient, at)
            assert rest.xreplace(at) == (unit * a + 2 * unit * b + c + step) % base, (rest, at)


def test_floors_of_sums_are_resolved_only_when_the_ranges_prove_it() -> None:
    i, j, far = Index("i", H), Index("j", W), Index("j", 2 * W)
    assert floor((i * W + j) / W) == i
    assert Mod(i * W + j, W) == j
    assert floor((i * W + far) / W) != i
    three = Index("j", 3)
    assert floor((i * 4 + three) / 4) == i
