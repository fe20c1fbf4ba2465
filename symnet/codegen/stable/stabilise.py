"""Equations that overflow nowhere that their true value is finite.  Only code sees them; the printed ones stay pure.

What is promised of the simplified program's loss and gradients, in NumPy and PyTorch, at logits up to ±800 (float64)
or ±80 (float32), without a warning for overflow, division or invalid values:

    |found - true| <= tolerance * max(|true|, terms) + tiny,    tolerance 1e-12 in float64, 1e-5 in float32

for every entry, tiny standing for underflow.  ``terms`` is 0 for functions of one logit (softplus, log cosh, silu,
gelu, mish, elu, ...), for Gaussian KL and binary focal loss: there the entry itself is right.  It is the size of the
terms of the last difference where an entry is one: p - y with y from data, P - δ, P (G - ΣGP), m + log s,
softplus(z) - y z.
A hidden layer's derivative 1 - h² or h (1 - h) is made of the stored h, so its terms are of size 1 as well.

    rewrite                                             condition                            where
    s = exp(m) s~, m the largest exponent               a log or quotient then loses m       shift
    exp(z - m)/s and exp(z - m')/r, never in one's m    sums along different axes            contested, shift
    m and exp(x - m) over unmasked entries alone        the sum has a mask or guard          shift, branches
    the mask once, before m is subtracted               it leaves one entry in each row      masking
    log p, poles of adjoints written out                p holds exp or σ                     inline
    1 - p = σ(-z), v - 1 = expm1(z)                     forward reads 1 - p; v = exp(z)      inline
    c exp(z) - c, c ± c tanh(z), ...                    two terms of one factor c            pairs
    log, powers and products of exp, σ, cosh, sinh      the identity holds for all reals     stable_scalars
    where(c, a, f(u)) with f's argument chosen first    f overflows or has a pole            branches
    adjoints divide by ∞ where a norm is 0              nothing forward divides by it        calculus.norms

Not covered: log Φ(z) where Φ underflows; sums of shares that underflow themselves, as in Sinkhorn's iteration; powers
and roots of differences; x/‖x‖ at 0 without an eps; differences of a person's own quantities; what a row masked whole
gives (nan, as in torch); underflow to 0, which is right.
"""

from __future__ import annotations

from dataclasses import dataclass

from symnet.calculus.ir import Program
from symnet.calculus.norms import with_flat_norms
from symnet.codegen.stable.branches import guard_branches, masks_of, selections_as_products
from symnet.codegen.stable.contested import side_by_side
from symnet.codegen.stable.inline import inline_hidden
from symnet.codegen.stable.masking import mask_once
from symnet.codegen.stable.shift import shift_sums
from symnet.codegen.stable.stable_scalars import stable
from symnet.simplify.density import with_open_densities


@dataclass(frozen=True)
class Stable:
    """The program as it is computed.  No value depends on the tensors ``shifts``, whatever they are.

    The values of ``sums`` are not below 1.
    """

    program: Program
    shifts: frozenset[str]
    sums: frozenset[str]


def stabilise(program: Program, outputs: frozenset[str]) -> Stable:
    """A program with the same outputs, finite in floats wherever their true values are."""
    masks = masks_of(program)
    seen = program.with_bodies(selections_as_products(with_open_densities(e.body), masks) for e in program.equations)
    shifted, shifts, sums = shift_sums(side_by_side(_scalars(inline_hidden(_scalars(seen)))), outputs)
    guarded = guard_branches(_scalars(shifted).restricted_to(outputs))
    return Stable(mask_once(with_flat_norms(guarded), shifts), shifts, sums)


def _scalars(program: Program) -> Program:
    return program.with_bodies(stable(e.body) for e in program.equations)
