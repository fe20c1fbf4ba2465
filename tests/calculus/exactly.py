"""The comparison that every test of the simplifier makes: raw and simplified adjoints at random points, many digits."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import EXACT, Arithmetic, NotExact, evaluate, multidigit
from symnet.calculus.ir import Program, TensorSpec
from symnet.calculus.verify import verify
from symnet.simplify.simplify import Simplified, simplify


def remembering(arithmetic: Arithmetic) -> Arithmetic:
    """The number system with every function's values kept: many batches hold the same few numbers."""
    return replace(arithmetic, library={name: cache(function) for name, function in arithmetic.library.items()})


def parameters(program: Program) -> list[str]:
    """The names of the parameters, in order."""
    return [t.name for t in program.tensors.values() if t.role == "parameter"]


def simplified(program: Program, sizes: Mapping[str, int | None] | None = None, points: int = 3) -> Simplified:
    """The simplified derivation, after comparing it with the raw one at random points."""
    raw = verify(derive(program, parameters(program)))
    result = simplify(raw, sizes or {})
    verify(result.program)
    for seed in range(points):
        assert_equal(raw, result.program, seed)
    return result


def assert_equal(raw: Program, other: Program, seed: int) -> None:
    """Every adjoint that the other program has is equal to the raw one: as fractions, or to 38 of 50 digits.

    Random towers of exp lose more digits than that on both sides; then 400 digits decide.
    """
    inputs = draw(raw, seed)
    for tensor, adjoint in other.adjoints.items():
        assert raw.adjoints[tensor] == adjoint
    try:
        differing = _differing(raw, other, inputs, EXACT, 0)
    except NotExact:
        differing = _differing(raw, other, inputs, multidigit(50), 10.0**-38)
        if differing:
            differing = _differing(raw, other, inputs, multidigit(400), 1e-300)
    assert not differing, (seed, differing)


def _differing(
    raw: Program, other: Program, inputs: Mapping[str, Any], arithmetic: Arithmetic, tolerance: float
) -> list[tuple[str, Any, Any]]:
    left, right = evaluate(raw, inputs, arithmetic), evaluate(other, inputs, arithmetic)
    pairs = (
        (adjoint, a, b)
        for adjoint in other.adjoints.values()
        for a, b in zip(np.ravel(left[adjoint]), np.ravel(right[adjoint]), strict=True)
    )
    return [(adjoint, a, b) for adjoint, a, b in pairs if abs(a - b) > tolerance * (1 + abs(a))]


def draw(program: Program, seed: int) -> dict[str, Any]:
    """Small random rationals that keep the declared facts, at small random sizes."""
    rng = random.Random(seed)
    sizes: dict[sp.Symbol, int] = {}
    specs = [t for t in program.tensors.values() if t.role in ("parameter", "data", "label")]
    for spec in specs:
        for size in spec.shape:
            for symbol in sorted(size.free_symbols, key=str):
                sizes.setdefault(symbol, rng.choice((2, 3, 4)))
    return {spec.name: _tensor(spec, tuple(int(s.xreplace(sizes)) for s in spec.shape), rng) for spec in specs}


def _tensor(spec: TensorSpec, shape: tuple[int, ...], rng: random.Random) -> Any:
    if spec.integer:
        return np.array([rng.randrange(2) for _ in range(int(np.prod(shape)))], dtype=int).reshape(shape)
    values = np.empty(shape, dtype=object)
    for place in np.ndindex(*shape):
        values[place] = Fraction(rng.choice((-1, 1)) * rng.randint(1, 9), rng.randint(1, 7))
    if "one_hot" in spec.facts or "simplex" in spec.facts:
        for row in np.ndindex(*shape[:-1]):
            weights = [rng.randint(1, 5) for _ in range(shape[-1])]
            hot = rng.randrange(shape[-1])
            for k, weight in enumerate(weights):
                values[(*row, k)] = (
                    Fraction(int(k == hot)) if "one_hot" in spec.facts else Fraction(weight, sum(weights))
                )
    elif "mask" in spec.facts:
        values = np.vectorize(lambda v: Fraction(int(v > 0)), otypes=[object])(values)
    if "symmetric" in spec.facts:
        values = (values + values.T) / 2
    if spec.facts & {"positive", "nonnegative"}:
        values = np.vectorize(lambda v: abs(v) / 10, otypes=[object])(values)
    return values
