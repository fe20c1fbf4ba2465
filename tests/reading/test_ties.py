"""First places among equals: recognised where ranks say so in row-major order, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from symnet.calculus.ir import Program
from symnet.reading.nodes import First, walk
from symnet.reading.read import read_program
from symnet.reading.ties import FirstPlace, with_first_places
from tests.codegen.running import LANGUAGES, as_arrays, derivation_of, functions_of
from tests.programs import program_of

POOL = "y[i,j] max= x[2*i+p,2*j+q] over p=2 q=2\nloss += g[i,j]*y[i,j]"
OVERLAPPING = "y[i,j] max= relu(x[i+p,j+q]) over p=3 q=2\nloss += g[i,j]*y[i,j]"
TILED = "parameter x[4,6] data g[2,3] y[2,3] loss"
SLID = "parameter x[4,6] data g[2,5] y[2,5] loss"


def pool(declarations: str, lines: str) -> Program:
    return program_of(declarations, lines, "", "first")


def firsts(program: Program) -> list[First]:
    stores = read_program(program, {})
    return [n for s in stores for n in walk(s.node) if isinstance(n, First)]


@pytest.mark.parametrize("form", ["raw", "simplified"])
@pytest.mark.parametrize(("declarations", "lines"), [(TILED, POOL), (SLID, OVERLAPPING)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_ties_go_to_the_first_place_as_in_torch(declarations: str, lines: str, language: str, form: str) -> None:
    derivation = derivation_of(pool(declarations, lines), ("x",), form)
    assert len(firsts(derivation.program)) == 1
    functions = functions_of(derivation, LANGUAGES[language])
    assert "range" not in "\n".join(functions.bodies.loss_and_grads)  # no rank is computed
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, g = rng.integers(-1, 2, (4, 6)).astype(float), rng.normal(size=(2, 3) if lines == POOL else (2, 5))
        _, grads = functions.run(as_arrays({"x": x, "g": g}, language))
        leaf = torch.tensor(x, requires_grad=True)
        y = F.max_pool2d(leaf[None], 2)[0] if lines == POOL else F.max_pool2d(torch.relu(leaf)[None], (3, 2), 1)[0]
        (y * torch.tensor(g)).sum().backward()
        np.testing.assert_allclose(np.asarray(grads["x"]), leaf.grad.numpy(), rtol=1e-13, atol=0)


RANKED = "parameter x[4,6] data g[2,3] y[2,3] r[2,3] u[4,6] loss"
BY_HAND = """
y[i,j] max= x[2*i+p,2*j+q] over p=2 q=2
r[i,j] max= ({rank})*equal(x[2*i+p,2*j+q], y[i,j]) over p=2 q=2
u[s,t] += Delta(s,2*i+p)*Delta(t,2*j+q)*g[i,j]*equal({read},r[i,j])*equal(x[2*i+p,2*j+q], y[i,j]) over i=2 j=3 p=2 q=2
loss += x[s,t]*u[s,t]
"""


@pytest.mark.parametrize(
    ("rank", "read", "known"),
    [
        ("4-2*p-q", "4-2*p-q", True),
        ("4-p-2*q", "4-p-2*q", False),  # the first in column-major order
        ("5-2*p-q", "5-2*p-q", False),
        ("1+2*p+q", "1+2*p+q", False),  # the last one
        ("4-2*p-q", "4-p-2*q", False),  # another place than the first one
        ("4-2*p-q", "3-2*p-q", False),
    ],
)
def test_other_ranks_are_no_first_place(rank: str, read: str, known: bool) -> None:
    program = program_of(RANKED, BY_HAND.format(rank=rank, read=read).strip(), "")
    (equation,) = program.defining("u")
    assert bool(with_first_places(equation, program).body.atoms(FirstPlace)) == known
