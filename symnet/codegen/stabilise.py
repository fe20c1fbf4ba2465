"""Equations that overflow nowhere that their true value is finite.  Only code sees them; the printed ones stay pure.

The list: log Σ exp and softmax by the largest exponent, with the scale carried through tensors (shift); logarithms of
named sigmoids and softmaxes, and poles of their adjoints (inline); log σ, log(1 - σ), softplus, 1 - σ, log1p, expm1
(stable_scalars).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from symnet.calculus.ir import Program
from symnet.codegen.branches import guard_branches, masks_of, selections_as_products
from symnet.codegen.inline import inline_hidden
from symnet.codegen.shift import shift_sums
from symnet.codegen.stable_scalars import stable


@dataclass(frozen=True)
class Stable:
    """The program as it is computed.  No value depends on the tensors ``shifts``, whatever they are."""

    program: Program
    shifts: frozenset[str]


def stabilise(program: Program, outputs: frozenset[str]) -> Stable:
    """A program with the same outputs, finite in floats wherever their true values are."""
    masks = masks_of(program)
    seen = program.with_equations(replace(e, body=selections_as_products(e.body, masks)) for e in program.equations)
    shifted, shifts = shift_sums(_scalars(inline_hidden(_scalars(seen))), outputs)
    return Stable(guard_branches(_scalars(shifted).restricted_to(outputs)), shifts)


def _scalars(program: Program) -> Program:
    return program.with_equations(replace(e, body=stable(e.body)) for e in program.equations)
