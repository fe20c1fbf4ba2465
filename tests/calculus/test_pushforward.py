"""Tangents and adjoints of random programs: ⟨G, J v⟩ = ⟨Jᵀ G, v⟩ as fractions, raw and simplified."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symnet.calculus.derive import Seed, sweep
from symnet.calculus.evaluate import EXACT, evaluate
from symnet.calculus.ir import Program
from symnet.calculus.pushforward import pushforward
from symnet.calculus.single import with_single_sums, without_single_sums
from symnet.calculus.verify import verify
from symnet.simplify.simplify import simplify
from tests.calculus.test_laws import LAW, RATIONAL, SHAPES, inputs_of, programs
from tests.programs import program_of


def with_weights(program: Program, output: str) -> Program:
    """The program with data to weigh the output by and a way to go for each parameter."""
    letters = ", ".join(map(str, program.tensors[output].shape)).replace(" ", "")
    words = " ".join(f"data way_{n}{s}" for n, s in SHAPES.items()) + f" data weight[{letters}]"
    more = program_of(words.replace("[]", "") + " loss", "loss += way_c", sizes="N D H").tensors
    tensors = {**program.tensors, **{n: t for n, t in more.items() if n != "loss"}}
    return Program(tensors, program.equations, output)


def inner(a: Any, b: Any) -> Fraction:
    return Fraction(np.sum(np.asarray(a, object) * np.asarray(b, object)))


@LAW
@given(programs(RATIONAL), st.integers(0, 1000), st.data())
def test_tangents_and_adjoints_are_transposed(program: Program, seed: int, data: st.DataObject) -> None:
    output = data.draw(st.sampled_from(list(program.targets())))
    weighed, inputs = with_weights(program, output), inputs_of(seed)
    ways = {f"way_{n}": v for n, v in inputs_of(seed + 1).items()}
    shape = np.shape(evaluate(program, inputs, EXACT)[output])
    weight = np.vectorize(Fraction, otypes=[object])(np.random.default_rng(seed).integers(-5, 6, shape))
    point = {**inputs, **ways, "weight": weight}
    back = verify(sweep(weighed, Seed(((output, "weight"),)), tuple(SHAPES), lambda t: f"d{t}"))
    on = verify(pushforward(weighed, {n: f"way_{n}" for n in SHAPES}, (output,), lambda t: f"{t}_dot"))
    for pair in ((back, on), (simplify(back, {}).program, simplify(on, {}, (output,)).program)):
        adjoints, tangents = (evaluate(verify(p), point, EXACT) for p in pair)
        turned = sum((inner(adjoints[back.adjoints[n]], ways[f"way_{n}"]) for n in SHAPES), Fraction(0))
        assert inner(weight, tangents[on.adjoints[output]]) == turned


SINGLES = {
    "a network with one output": (
        "data x[N,1] parameter W[1,H] parameter V[H,1] parameter b[1] u[N,1] loss",
        "u[n,i] += W[k,j]*x[n,k]*V[j,i]*tanh(x[n,i])\nu[n,i] += b[i]\nloss += u[n,i]**2",
    ),
    "a column read at 0": (
        "data x[N,H] parameter V[H,1] m[N,1] y[N,H] loss",
        "m[n,i] += x[n,j]*V[j,i]\ny[n,j] += x[n,j]*m[n,0] + V[j,0]\nloss += y[n,j]**2*V[j,i]",
    ),
    "a delta of two places": (
        "parameter w[1] parameter a[1,1] y[1,1] loss",
        "y[i,k] += w[i]*Delta(i, k) + a[i,k]\nloss += y[i,k]*w[j]",
    ),
    "a maximum": ("data x[N,1] m[N] loss", "m[n] max= x[n,i]*2\nloss += m[n]*x[n,k]"),
}


@pytest.mark.parametrize("name", SINGLES)
def test_sums_of_one_place_go_and_come_without_a_trace(name: str) -> None:
    declared, lines = SINGLES[name]
    program = program_of(declared, lines, sizes="N H")
    plain = verify(without_single_sums(program))
    assert not any(a.addresses[k] != 0 for e in plain.equations for a in e.accesses for k in _single(plain, a.name))
    back = verify(plain.with_equations(with_single_sums(e, plain) for e in plain.equations))
    rng = np.random.default_rng(3)
    sizes = {"N": 3, "H": 2}
    inputs = {
        n: rng.normal(size=[sizes.get(str(s), 1) for s in t.shape])
        for n, t in program.tensors.items()
        if t.role != "intermediate"
    }
    wanted = evaluate(program, inputs)
    for other in (plain, back):
        found = evaluate(other, inputs)
        for target in program.targets():
            np.testing.assert_allclose(found[target], wanted[target], rtol=1e-14)


def _single(program: Program, name: str) -> list[int]:
    return [k for k, size in enumerate(program.tensors[name].shape) if size == 1]
