"""The equations themselves: identity of indices, order without hashing, printing, and the queries of a program."""

from __future__ import annotations

import os
import subprocess
import sys

import sympy as sp

from symnet.calculus.derive import derive
from symnet.calculus.ir import Access, Delta, Equation, Index, IntegerAccess, TensorSpec, access, size_symbol, sort_key
from tests.programs import CASES, program_of


def test_indices_of_one_name_are_different() -> None:
    i, other = Index("i", 3), Index("i", 3)
    assert i != other and i.fresh() != i
    assert i + other != 2 * i
    for form in (lambda k: k, lambda k: -k, lambda k: 8 - k, lambda k: 2 * k + 1, lambda k: Access("x", k) ** 2):
        assert sorted([form(other), form(i)], key=sort_key) == [form(i), form(other)]


def test_an_index_keeps_its_range_through_sympy() -> None:
    size = size_symbol("N")
    i = Index("i", size)
    (found,) = sp.expand((2 * i + 1) ** 2).atoms(Index)
    assert found is i and found.size == size


def test_no_capture_between_equations() -> None:
    """The trap of nested Sums: an index with the name of another equation's index stays its own."""
    program = program_of("parameter u[N] loss", "loss += u[i]**2", sizes="N")
    derived = derive(program, ("u",))
    assert str(derived.equations[-1]) == "du[i] += 2*dloss*u[i]"
    assert not set(derived.equations[0].indices) & set(derived.equations[-1].indices)


def test_an_access_is_a_real_number() -> None:
    i = Index("i", 3)
    assert Access("x", i).is_real and Access("L").is_real
    assert Access("L").addresses == () and str(Access("L")) == "L"
    assert str(Access("x", i, 2 * i)) == "x[i,2*i]"
    assert sp.sqrt(Access("x", i) ** 2) != Access("x", i)
    assert Access("x", i) == Access("x", i) != Access("y", i)


def test_an_integer_access_may_stand_in_an_address() -> None:
    n = Index("n", 4)
    label = access(TensorSpec("t", (sp.Integer(4),), "label", integer=True), n)
    assert isinstance(label, IntegerAccess) and label.is_integer
    assert str(Access("Z", n, label)) == "Z[n,t[n]]"
    assert type(access(TensorSpec("x", (sp.Integer(4),), "data"), n)) is Access


def test_delta_of_what_is_known() -> None:
    i, j = Index("i", 4), Index("j", 4)
    assert Delta(i, i) == 1
    assert Delta(i, i + 1) == 0
    assert Delta(sp.Integer(2), sp.Integer(2)) == 1
    assert isinstance(Delta(i, j), Delta)


def test_names_that_sympy_takes_for_functions_stay_names() -> None:
    for name in ("N", "S", "I", "E", "Q", "beta"):
        assert Access(name).name == name
        assert size_symbol(name).is_positive


def test_fresh_equations_share_no_index() -> None:
    equation = CASES["mlp"].program.equations[0]
    again = equation.fresh()
    assert str(again) == str(equation)
    assert not set(again.indices) & set(equation.indices)
    assert not again.body.atoms(Index) & set(equation.indices)


def test_equations_as_text() -> None:
    i, k = Index("i", 3), Index("k", 3)
    assert str(Equation("y", (i,), Access("x", k), (k,), guard=frozenset({i - k}))) == "y[i] += Σ_k x[k] if i - k >= 0"
    i, k = Index("i", 3), Index("k", 3)
    assert str(Equation("y", (i,), Access("x", i, k), (k,), "max")) == "y[i] max= max_k x[i,k]"
    assert str(Equation("L", (), sp.S.One)) == "L += 1"


def test_queries_of_a_program() -> None:
    program = CASES["mlp"].program
    assert program.targets() == ("Z1", "A", "Z", "s", "e", "loss")
    assert program.reads("Z1") == {"X", "W1", "b1"}
    assert program.reads("e") == {"s", "Z", "t"}
    assert len(program.defining("Z")) == 2
    assert [str(a) for a in program.equations[6].accesses] == ["s[n]", "Z[n,t[n]]", "t[n]"]


def test_restricting_keeps_what_is_needed() -> None:
    program = CASES["mlp"].program.restricted_to(["A"])
    assert program.targets() == ("Z1", "A")
    assert "s" not in program.tensors and "W2" in program.tensors


SCRIPT = """
from symnet.calculus.derive import derive, derive_second
from tests.programs import CASES
for case in CASES.values():
    derived = derive(case.program, case.wrt)
    print(derived, *map(repr, derived.adjoints.items()), *(sorted(map(str, e.guard)) for e in derived.equations))
print(derive_second(derive(CASES["power"].program, ("x", "y")), ("x", "y")))
"""


def test_nothing_depends_on_the_hash_seed() -> None:
    command = [sys.executable, "-c", SCRIPT]
    outputs = {
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "12345")
    }
    assert len(outputs) == 1 and outputs.pop().count("\n") > 100


def test_the_ancestors_of_a_tensor_are_all_that_it_is_computed_from() -> None:
    program = program_of(
        "parameter x[3] data g[3] y[3] z[3] w[3] loss", "y[i] += x[i]\nz[i] += y[i]*g[i]\nw[i] += g[i]\nloss += z[i]"
    )
    assert program.ancestors("z") == {"y", "x", "g"}
    assert program.ancestors("w") == {"g"}
    assert program.ancestors("x") == frozenset()
