"""Numbers drawn anew for every step, and whether the model trains or is evaluated.

What is drawn is data to the mathematics: a tensor that no parameter reaches.  A script draws it from its seed and the
number of the step, so every target and every resumed run sees the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Access, Equation, Program
from symnet.calculus.loops import sorted_by_need
from symnet.declare.functions.masks import where
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.inputs import Size, checked_size
from symnet.declare.tracing.primitives import number
from symnet.declare.tracing.tensor import Tensor, require_tensor
from symnet.declare.tracing.trace import Declared, Trace, current
from symnet.declare.tracing.words import mistake, word
from symnet.model import Distribution


def training_mode() -> Tensor:
    """``sn.training``: the number 1 while a script trains and 0 where it evaluates; a condition for ``sn.where``."""
    trace = current()
    if trace.mode is None:
        trace.mode = Tensor(trace, trace.new_spec((), "data", facts=("mask",)))
    mode: Tensor = trace.mode  # type: ignore[assignment]  # made here
    return mode


def by_mode(training: Any, trained: Tensor, evaluated: Tensor, word: str) -> Tensor:
    """One tensor in training and another in evaluation; ``training`` is True, False, or the mode itself (also None)."""
    if training is None:
        training = training_mode()
    if isinstance(training, Tensor) and training.own_trace.mode is training:
        return where(training, trained, evaluated)
    if not isinstance(training, bool):
        raise mistake("SN108", f"{word}: training is {training!r}", "True, False, or sn.training for either")
    return trained if training else evaluated


def in_mode(trace: Trace, equations: Iterable[Equation], training: bool) -> tuple[Equation, ...]:
    """The equations with 1 or 0 for ``sn.training``."""
    if trace.mode is None:
        return tuple(equations)
    table = {Access(trace.mode.spec.name): sp.Integer(int(training))}
    return tuple(replace(e, body=e.body.xreplace(table)) if e.body.has(*table) else e for e in equations)


def both_modes(trace: Trace, loss: str) -> tuple[Program, Program | None]:
    """What the file recorded, in training and in evaluation; None where the two are the same."""
    read = {a.name for e in trace.equations for a in e.read}
    gone = (trace.drawn - read) | ({trace.mode.spec.name} if trace.mode is not None else set())
    specs = {name: spec for name, spec in trace.specs.items() if name not in gone}
    trained, evaluated = (in_mode(trace, trace.equations, training) for training in (True, False))
    both = tuple(sorted_by_need(Program(specs, equations, loss)) for equations in (trained, evaluated))
    return both[0], None if trained == evaluated else both[1]


def drawn(*shape: Size, values: Distribution | None = None, name: str | None = None) -> Tensor:
    """Real data that a script draws anew for every step: normal numbers, or those of ``values``.

    ``eps = sn.drawn(N, D)``, ``u = sn.drawn(N, D, values=sn.uniform())``.
    """
    if values is not None and not isinstance(values, Distribution):
        raise mistake("SN108", f"drawn takes a distribution, not {type(values).__name__}", "values=sn.uniform()")
    sizes = tuple(map(checked_size, shape))
    return _drawn(sizes, values or Distribution("normal", (0.0, 1.0)), "eps", name)


def _drawn(sizes: Iterable[sp.Expr], values: Distribution, hint: str, name: str | None = None) -> Tensor:
    trace = current()
    if trace.begun:
        help = "draw for all times at once and scan over it: sn.scan(step, (x, sn.drawn(T, N, H)), h)"
        raise mistake("SN107", "numbers drawn inside a step of scan would be the same at every time", help)
    facts = ("mask",) if values.kind == "bernoulli" else ()
    spec = trace.new_spec(sizes, "data", facts=facts)
    trace.drawn.add(spec.name)
    trace.declared[spec.name] = Declared(values)
    trace.hints[spec.name] = hint
    if name is not None:
        trace.chosen_names[spec.name] = name
    return Tensor(trace, spec)


@word(method=False, of_torch=False)
def randn(*size: Any) -> Tensor:
    """y[i] drawn anew for every step, normal with mean 0 and standard deviation 1"""
    return drawn(*_sizes(size))


@word(method=False, of_torch=False)
def rand(*size: Any) -> Tensor:
    """y[i] drawn anew for every step, uniform in 0..1"""
    return drawn(*_sizes(size), values=Distribution("uniform", (0.0, 1.0)))


def _sizes(size: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(size[0]) if len(size) == 1 and isinstance(size[0], tuple | list) else size


@word(method=False)
def randn_like(input: Tensor, **_: Any) -> Tensor:
    """y[i] drawn anew for every step, normal with mean 0 and standard deviation 1, in the shape of x"""
    return _drawn(require_tensor(input, "randn_like").shape, Distribution("normal", (0.0, 1.0)), "eps")


@word(method=False)
def rand_like(input: Tensor, **_: Any) -> Tensor:
    """y[i] drawn anew for every step, uniform in 0..1, in the shape of x"""
    return _drawn(require_tensor(input, "rand_like").shape, Distribution("uniform", (0.0, 1.0)), "u")


def drawn_like(x: Tensor, values: Distribution, hint: str) -> Tensor:
    """Numbers in the shape of a tensor, drawn anew for every step."""
    return _drawn(x.shape, values, hint)


@word()
def bernoulli(input: Tensor, p: Any = None, generator: None = None) -> Tensor:
    """y[i] = [u[i] < p[i]], u uniform in 0..1 and drawn anew for every step; p is the input unless it is given"""
    x = require_tensor(input, "bernoulli")
    if isinstance(p, Tensor) or p is None:
        u = _drawn(x.shape, Distribution("uniform", (0.0, 1.0)), "u")
        return mapped("bernoulli", scalars.greater, x if p is None else p, u)
    return _drawn(x.shape, Distribution("bernoulli", (float(chance("bernoulli", p)),)), "M")


@word(torch="normal", of_torch=False, offered=False, method=False)
def normal_numbers(mean: Any, std: Any = 1.0, generator: None = None) -> Tensor:
    """y[i] = mean[i] + std[i] eps[i], eps normal and drawn anew for every step"""
    shape = mapped("normal", lambda a, b: a + b, mean, std).shape
    eps = _drawn(shape, Distribution("normal", (0.0, 1.0)), "eps")
    return mapped("normal", lambda m, s, e: m + s * e, mean, std, eps)


def chance(word: str, p: Any) -> sp.Expr:
    """A probability, exact; raises SymnetError for anything else."""
    value = None if isinstance(p, bool) else number(p)
    if value is None or not value.is_number or not 0 <= value <= 1:
        raise mistake("SN108", f"{word}: the probability is {p!r}", "write a number from 0 to 1: p=0.5")
    return as_exact(value)


def mask(word: str, p: sp.Expr, shape: Iterable[sp.Expr], scaled: bool) -> Tensor:
    """M[i] = 0 with probability p, else 1 or, scaled so that its mean is 1, 1/(1-p); drawn anew for every step."""
    kind = Distribution("dropout", (float(p),)) if scaled else Distribution("bernoulli", (float(1 - p),))
    return _drawn(shape, kind, "M")
