"""A tensor recognised under another name stands for its own places only, and a copied form for what it was made of."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symnet import pipeline
from symnet.calculus.derive import derive
from symnet.calculus.evaluate import EXACT, evaluate
from symnet.calculus.ir import Program
from symnet.simplify.simplify import simplify
from tests.programs import program_of

#: Slices of one tensor, columns of size 1 among them, multiplied: each is a name of its own part and of no other.
SLICES = {
    "columns kept as axes of size 1": (
        "parameter x[N,3] a[N] b[N,1] c[N,1] loss",
        "a[i] += x[i,2]\nb[i,j] += x[i,j]\nc[i,j] += x[i,j+1]\nloss += a[i]*b[i,0]*c[i,0]",
    ),
    "halves": (
        "parameter x[6] a[3] b[3] loss",
        "a[i] += x[i]\nb[i] += x[i+3]\nloss += a[i]*b[i]*a[i]",
    ),
    "a part and the whole": (
        "parameter x[6] a[3] s loss",
        "a[i] += exp(x[i])\ns += exp(x[j])\nloss += a[i]*s",
    ),
    "one entry and all": (
        "parameter x[5] a q[5] loss",
        "a += x[2]\nq[i] += x[i]**2\nloss += a*q[i]",
    ),
}
#: A factor in front of all: the adjoint of q is the number s', not 1 as that of e.
FACTOR = (
    "parameter c[N] data V[N] data o[N] t[N] h[N] q[N] s w u g[N] e[N] loss",
    "t[i] += tanh(c[i])\nh[i] += o[i]*t[i]\nq[i] += c[i]**2\ns += q[i]\nw += 2*s\nu += w + 1\n"
    "g[i] += u*h[i]\ne[i] += g[i]*V[i]\nloss += e[i]",
)


def gap(program: Program) -> float:
    """The largest difference between raw and simplified gradients at drawn numbers."""
    names = [n for n, t in program.tensors.items() if t.role == "parameter"]
    raw = derive(program, names)
    short = simplify(raw, {}).program
    rng = np.random.default_rng(0)
    inputs = [t for t in program.tensors.values() if t.role in ("parameter", "data")]
    values = {t.name: rng.normal(size=[int(s) if s.is_Integer else 4 for s in t.shape]) for t in inputs}
    one, other = evaluate(raw, values), evaluate(short, values)
    return max(float(np.abs(one[raw.adjoints[n]] - other[short.adjoints[n]]).max()) for n in names)


@pytest.mark.parametrize("name", SLICES)
def test_a_slice_is_no_name_for_the_rest_of_its_tensor(name: str) -> None:
    assert gap(program_of(*SLICES[name], "N")) < 1e-12


@pytest.mark.parametrize(
    ("count", "rows", "place"),
    [(7, 3, "k//3"), (6, 2, "k//3"), (7, 3, "k%3"), (9, 2, "(k//2)%2"), (6, 4, "(k//2)%4"), ("N", 3, "k%3")],
)
def test_a_sum_that_reads_one_digit_has_an_axis_for_it(count: int | str, rows: int, place: str) -> None:
    """Also where the numbers end within a group, and the last digit is not reached."""
    text = f"loss += w[k]**2*x[{place},m]**3\nloss += w[k]*tanh(w[k])*x[{place},m]**3"
    assert gap(program_of(f"parameter w[{count}] data x[{rows},4] loss", text, "N")) < 1e-12


def test_a_tensor_whose_value_is_put_in_counts_when_forms_are_copied() -> None:
    assert gap(program_of(*FACTOR, "N")) < 1e-12


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_goes_to_parts_of_a_tensor_has_exactly_its_value(data: st.DataObject) -> None:
    """Row sums over parts that overlap, are the same, or begin elsewhere: what goes to one part is one sum."""
    size = data.draw(st.integers(2, 6))
    width = data.draw(st.integers(1, size))
    a, b, c = (data.draw(st.integers(0, size - width)) for _ in range(3))
    lines = (
        f"s[i] += h[k]*z[i,k+{a}]**2\nu[i,k] += z[i,k+{b}]\n"
        f"loss += g[i,k]*z[i,k+{c}]*s[i]\nloss += h[k]*z[i,k+{a}]\nloss += u[i,k]**2*g[i,k]"
    )
    declared = f"parameter z[2,{size}] data g[2,{width}] data h[{width}] s[2] u[2,{width}] loss"
    raw = derive(program_of(declared, lines), ("z",))
    shapes = {"z": (2, size), "g": (2, width), "h": (width,)}
    entry = st.fractions(-3, 3, max_denominator=5)
    values = {
        name: np.array([data.draw(entry) for _ in range(math.prod(shape))], dtype=object).reshape(shape)
        for name, shape in shapes.items()
    }
    one, other = (evaluate(p, values, EXACT) for p in (raw, simplify(raw, {}).program))
    assert (np.asarray(one["dz"]) == np.asarray(other["dz"])).all()


def test_a_sum_that_reads_one_digit_is_computed_once_for_each_of_its_values(tmp_path: Path) -> None:
    """Three channels share a mean; the sums over a group have an axis for the group, not for the channel."""
    path = tmp_path / "model.py"
    lines = "G = sn.data(5, 6, 4)", "X = sn.param(5, 6, 4)", "loss = (G * F.group_norm(X, 2)).sum()"
    path.write_text("\n".join(("import torch.nn.functional as F", "import symnet as sn", *lines)))
    program = pipeline.load(path)[0].program
    short = simplify(derive(program, ["X"]), {}).program
    helpers = [t for n, t in short.tensors.items() if n not in program.tensors and t.role == "intermediate"]
    assert [t.shape for t in helpers] == [(5, 2), (5, 2)]
    assert gap(program) < 1e-12
