"""A tensor recognised under another name stands for its own places only, and a copied form for what it was made of."""

from __future__ import annotations

import numpy as np
import pytest

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
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


def test_a_tensor_whose_value_is_put_in_counts_when_forms_are_copied() -> None:
    assert gap(program_of(*FACTOR, "N")) < 1e-12
