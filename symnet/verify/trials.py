"""The points of a check, and hand and automatic gradients at each of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp
from sympy.utilities.iterables import sift

from symnet.calculus import scalars
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Access, Delta, Equation, Program, size_symbol
from symnet.calculus.matrix_rules import walked
from symnet.calculus.norms import with_flat_norms
from symnet.model import Derivation, Model
from symnet.naming import Namer
from symnet.verify.draw import Point, own_point, random_point
from symnet.verify.hand import Hand

Array = Any
Oracle = Callable[[Program, Mapping[str, Array]], tuple[Mapping[str, Array], Mapping[str, Array]]]

_CELLS = 1_000_000  # values of the largest forward equation that is evaluated at once


@dataclass(frozen=True)
class Trial:
    """Both losses and gradients at one point; ``autograd`` holds every tensor's, None where torch was not run."""

    point: Point
    loss: float
    hand: Mapping[str, Array]
    other_loss: float | None
    autograd: Mapping[str, Array] | None

    @property
    def loss_is_finite(self) -> bool:
        """Whether both losses are finite numbers."""
        return math.isfinite(self.loss) and (self.other_loss is None or math.isfinite(self.other_loss))

    @property
    def finite(self) -> bool:
        """Whether there are gradients to compare: the losses are finite, and so is every gradient by autograd.

        A gradient that is finite by autograd and not by hand is a difference.
        """
        right = self.hand if self.autograd is None else {n: self.autograd[n] for n in self.hand}
        return self.loss_is_finite and all(bool(np.all(np.isfinite(g))) for g in right.values())


def samples_for(model: Model, wanted: int) -> int:
    """How many samples a dense evaluation of the forward equations can take: ``wanted`` or fewer."""
    numbers = {size_symbol(n): sp.Integer(1 if s is None else s) for n, s in model.sizes.items()}
    cells = [int(sp.Mul(*(i.size.xreplace(numbers) for i in walked(e)))) for e in model.program.equations]
    return max(1, min(wanted, _CELLS // max(cells, default=1)))


def as_computed(derivation: Derivation) -> Derivation:
    """The derivation with the equations that scripts compute, which have values where a norm is 0."""
    model = replace(derivation.model, program=with_flat_norms(derivation.model.program))
    raw, program = with_flat_norms(derivation.raw), with_flat_norms(derivation.program)
    return replace(derivation, model=model, raw=raw, program=program)


def points_of(model: Model, trials: int, seed: int) -> Iterator[Point]:
    """The model's own numbers first, then random ones with batches of 1 to 5."""
    yield own_point(model, seed, samples_for(model, model.training.samples))
    most = samples_for(model, 5)
    rng = np.random.default_rng([seed, 5])
    for _ in range(trials - 1):
        drawn = {n: int(rng.integers(1, most + 1)) for n, s in model.sizes.items() if s is None}
        sizes = {n: max(drawn[n], model.least.get(n, 1)) if s is None else s for n, s in model.sizes.items()}
        yield random_point(model, sizes, rng)


def trial_at(derivation: Derivation, point: Point, hand: Hand, oracle: Oracle | None) -> Trial:
    """The gradients at one point."""
    with np.errstate(all="ignore"):
        loss, gradients = hand.at(point)
    if oracle is None:
        return Trial(point, loss, gradients, None, None)
    values, autograd = oracle(derivation.model.program, point.inputs)
    return Trial(point, loss, gradients, float(values[derivation.model.program.loss]), autograd)


def rounding_floors(derivation: Derivation, point: Point) -> dict[str, float]:
    """For every tensor with an adjoint, what rounding may leave of a gradient that cancels.

    It is 1e-12 of the largest entry of the raw adjoint summed with every term taken positive, from the loss on.  A bias
    before a batch norm has the gradient 0, and autograd finds 1e-18: only the size of the terms tells that they agree.
    """
    raw = derivation.raw
    names = Namer.beside(raw.tensors)
    size = {adjoint: names.take(f"size_of_{adjoint}") for adjoint in raw.adjoints.values()}
    terms = [_positive(e, size) for e in raw.equations if e.target in size]
    tensors = {name: replace(raw.tensors[adjoint], name=name) for adjoint, name in size.items()}
    measured = replace(raw, equations=(*raw.equations, *terms), tensors={**raw.tensors, **tensors})
    values = evaluate(measured, point.inputs)
    return {t: 1e-12 * float(np.max(values[size[a]], initial=0.0)) for t, a in raw.adjoints.items()}


def _positive(equation: Equation, size: Mapping[str, str]) -> Equation:
    """The equation for sizes: every adjoint that is read is a size, and the body is taken positive.

    Deltas stay factors: by them a recurrence is ordered in time.
    """
    reads = {a: Access(size[a.name], *a.addresses) for a in equation.accesses if a.name in size}
    places, others = sift(sp.Mul.make_args(equation.body.xreplace(reads)), lambda f: isinstance(f, Delta), binary=True)
    body = sp.Mul(*places, scalars.absolute(sp.Mul(*others)))
    return replace(equation, target=size[equation.target], body=body, origin=None).fresh()
