"""The hand-built programs, derived and simplified once in a process: what is made is immutable."""

from __future__ import annotations

from functools import cache

from symnet.calculus.derive import derive
from symnet.calculus.ir import Program
from symnet.calculus.verify import verify
from symnet.simplify.simplify import Simplified, simplify
from tests.calculus import forward, forward_wide
from tests.calculus.exactly import parameters

PROGRAMS: dict[str, Program] = {
    **forward_wide.WIDE,
    "MLP": forward.mlp(),
    "batch norm": forward.batch_norm(),
    "one-hot": forward.row_cross_entropy("one_hot"),
    "sigmoid layers": forward.sigmoid_layers(),
}


@cache
def raw(name: str) -> Program:
    """The program with the adjoints of the one rule."""
    return verify(derive(PROGRAMS[name], parameters(PROGRAMS[name])))


@cache
def short(name: str) -> Simplified:
    """What the simplifier makes of them."""
    result = simplify(raw(name), {})
    verify(result.program)
    return result
