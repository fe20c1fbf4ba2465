"""Each promise of ``verify`` is broken once on purpose, and verify says which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sympy as sp

from symnet.calculus.derive import derive
from symnet.calculus.ir import Access, Equation, Index, Program, TensorSpec
from symnet.calculus.matrix_rules import matrix_equation
from symnet.calculus.verify import verify
from symnet.errors import InvariantError
from tests.programs import CASES, program_of

MLP = derive(CASES["mlp"].program, CASES["mlp"].wrt)


def edit(number: int, change: Callable[[Equation], Equation], program: Program = MLP) -> Program:
    equations = list(program.equations)
    equations[number] = change(equations[number])
    return program.with_equations(equations)


def without(name: str) -> Program:
    return replace(MLP, tensors={n: t for n, t in MLP.tensors.items() if n != name})


def body_with(change: Callable[[Equation], sp.Expr]) -> Callable[[Equation], Equation]:
    return lambda e: replace(e, body=change(e))


BROKEN: dict[str, tuple[Program, str]] = {
    "an index of another equation": (
        edit(1, lambda e: e.renamed({e.left[0]: MLP.equations[0].left[0]})),
        "used in two equations",
    ),
    "a target without a tensor": (edit(0, lambda e: replace(e, target="Q")), "Q has no shape"),
    "a computed parameter": (edit(0, lambda e: replace(e, target="W1")), "W1 is given"),
    "a transposed left side": (edit(0, lambda e: replace(e, left=e.left[::-1])), "does not have the shape"),
    "an index bound twice": (edit(0, lambda e: replace(e, reduced=e.left[:1])), "bound twice"),
    "an unbound index": (edit(0, lambda e: replace(e, reduced=())), "bound nowhere"),
    "an unbound index in the guard": (edit(0, lambda e: replace(e, guard=frozenset({Index("q", 3)}))), "bound nowhere"),
    "a read of nothing": (edit(0, body_with(lambda e: e.body + Access("Q", e.left[0]))), "Q does not exist"),
    "a read of nothing in the guard": (
        edit(0, lambda e: replace(e, guard=frozenset({Access("Q")}))),
        "Q does not exist",
    ),
    "a read of too few axes": (edit(0, body_with(lambda e: Access("X", e.left[0]))), "has 1 addresses"),
    "a read of itself": (edit(2, body_with(lambda e: Access("A", *e.left))), "read before it is complete"),
    "a read before the last part": (
        MLP.with_equations((MLP.equations[0], MLP.equations[2], MLP.equations[1], *MLP.equations[3:])),
        "Z1 is read before it is complete",
    ),
    "a transposed factor": (
        edit(0, body_with(lambda e: Access("X", *e.left) * Access("W1", e.reduced[0], e.left[1]))),
        "j of X is not shown to lie within D",
    ),
    "a forgotten adjoint": (
        MLP.with_equations(e for e in MLP.equations if e.target != "dW2"),
        "the adjoint dW2 of W2 is never computed",
    ),
    "an adjoint of another shape": (
        replace(MLP, adjoints=dict(MLP.adjoints) | {"W1": "dW2"}),
        "the adjoint dW2 of W1 has the shape",
    ),
    "sums and maxima of one target": (edit(1, lambda e: replace(e, op="max")), "both summed and maximised"),
    "an unknown size": (edit(0, body_with(lambda e: e.body * sp.Symbol("x"))), "x is no size of a tensor"),
    "no loss": (replace(MLP, loss="L"), "the loss L is never computed"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_found(name: str) -> None:
    program, message = BROKEN[name]
    with pytest.raises(InvariantError, match=message):
        verify(program)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_honest_programs_pass(case) -> None:
    assert verify(case.program) is case.program
    derived = derive(case.program, case.wrt)
    assert verify(derived) is derived


OUTSIDE = [
    ("y[i] += x[i+1]", "x[N] y[N]"),
    ("y[i] += x[i-1]", "x[N] y[N]"),
    ("y[i] += x[2*i]", "x[N] y[N]"),
    ("y[i] += x[i-1] if 0 <= i", "x[N] y[N]"),
    ("y[i] += x[i+k-1] if 0 <= i+k-1 over k=3", "x[N] y[N]"),
    ("y[i] += x[i//2]", "x[N] y[2*N+1]"),
    ("y[i] += x[i+k] over k=3", "x[N] y[N-1]"),
    ("y[k] += M[k//N,k%N]", "M[D,D] x[N] y[N*D]"),
]


@pytest.mark.parametrize(("line", "shapes"), OUTSIDE)
def test_an_address_outside_its_axis_is_found(line: str, shapes: str) -> None:
    first, second = shapes.replace(" y", "|y").split("|")
    names = " ".join(f"parameter {word}" for word in first.split())
    with pytest.raises(InvariantError, match="is not shown to lie within"):
        program_of(f"{names} {second} loss", f"{line}\nloss += y[i]", sizes="N D")


INSIDE = [
    ("y[i] += x[i-1] if 0 <= i-1", "x[N] y[N]"),
    ("y[i] += x[i+k-1] if 0 <= i+k-1 < N over k=3", "x[N] y[N]"),
    ("y[i] += x[i//2]", "x[N] y[2*N]"),
    ("y[i] += x[2*i+k] over k=3", "x[N] y[(N-3)//2+1]"),
    ("y[i] += x[i+k] over k=3", "x[N] y[N-2]"),
    ("y[i] += x[N-1-i]", "x[N] y[N]"),
    ("y[k] += M[k//N,k%N]", "M[D,N] y[N*D]"),
    ("y[i,j] += x[i*D+j]", "x[N*D] y[N,D]"),
    ("y[i,j] += x[i-j] if j <= i", "x[N] y[N,N]"),
]


@pytest.mark.parametrize(("line", "shapes"), INSIDE)
def test_an_address_inside_its_axis_is_shown(line: str, shapes: str) -> None:
    first, second = shapes.replace(" y", "|y").split("|")
    loss = "loss += y[i,j]" if "[i,j]" in line else "loss += y[i]"
    program_of(f"parameter {first} {second} loss", f"{line}\n{loss}", sizes="N D")


def test_the_error_prints_the_equation() -> None:
    program = edit(0, lambda e: replace(e, reduced=()))
    with pytest.raises(InvariantError) as error:
        verify(program)
    assert str(error.value) == "k is bound nowhere: Z1[n,j] += W1[k,j]*X[n,k]"


def test_a_constant_address_is_checked() -> None:
    tensors = {"x": TensorSpec("x", (sp.Integer(3),), "parameter"), "loss": TensorSpec("loss", (), "intermediate")}
    verify(Program(tensors, (Equation("loss", (), Access("x", 2)),), "loss"))
    for place in (3, -1):
        with pytest.raises(InvariantError, match="is not shown to lie within"):
            verify(Program(tensors, (Equation("loss", (), Access("x", place)),), "loss"))


@pytest.mark.parametrize("wrong", ["a part of a matrix", "a scaled matrix", "another order of rows and columns"])
def test_a_function_of_a_matrix_reads_whole_matrices(wrong: str) -> None:
    size = sp.Symbol("N", integer=True, positive=True)
    tensors = {n: TensorSpec(n, (size, size), role) for n, role in (("A", "parameter"), ("Y", "intermediate"))}
    equation = matrix_equation("Y", "inv", "A", (size, size))
    assert verify(Program(tensors, (equation,), "Y"))
    p, q = equation.reduced
    body = {
        "a part of a matrix": Access("A", sp.S.Zero, q),
        "a scaled matrix": 2 * Access("A", p, q),
        "another order of rows and columns": Access("A", q, p),
    }[wrong]
    with pytest.raises(InvariantError, match="whole matri"):
        verify(Program(tensors, (replace(equation, body=body),), "Y"))
