"""A factor of the learning rate as a program: what a person's function of t computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy as sp

from symnet.calculus.ir import Program
from symnet.calculus.verify import verify
from symnet.declare.inline import inline_unnamed, with_constants_written
from symnet.declare.names import renamed
from symnet.declare.tracing.numbers import refused
from symnet.declare.tracing.primitives import number
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term, Trace, current, recording


def factor_program(function: Callable[[Any], Any], kind: str) -> Program:
    """The program of ``factor`` as a function of the number ``t``, by calling the function with a symbolic t.

    ``kind`` is the schedule that takes it.
    Raises SymnetError where the function returns what is no number made of t alone.
    """
    if not callable(function):
        raise refused(f"{kind} is given {function!r:.40}", f"write a function of t: sn.{kind}(lambda t: 0.95**t)")
    outer = current()
    inner = Trace(path=outer.path, lines=outer.lines, counter=outer.counter)  # private names stay different
    with recording(inner):
        t = Tensor(inner, inner.new_spec((), "data"))
        result = function(t)
        for problem in inner.problems.found:
            outer.problems.add(problem)
        if isinstance(result, Tensor) and result.broken:
            return Program({}, (), "factor")  # told above
        body = _body(result, kind)
        factor = inner.new_spec((), "intermediate")
        inner.define(factor, Term((), body))
    recorded = Program(inner.specs, tuple(inner.equations), factor.name)
    if any(a.name not in inner.specs for e in recorded.equations for a in e.accesses):
        raise refused(f"the factor of {kind} depends on a tensor of the model", "write it in terms of t alone")
    roots = {factor.name}
    flat = inline_unnamed(with_constants_written(recorded, roots), roots).restricted_to([factor.name])
    others = [n for n in flat.tensors if n not in (t.spec.name, factor.name)]
    names = {t.spec.name: "t", factor.name: "factor"} | {n: f"part{k}" for k, n in enumerate(others, 1)}
    specs = {names[n]: replace(spec, name=names[n]) for n, spec in flat.tensors.items()}
    return verify(Program(specs, tuple(renamed(e, names) for e in flat.equations), "factor"))


def _body(result: Any, kind: str) -> sp.Expr:
    value = result.read(()) if isinstance(result, Tensor) and not result.ndim else number(result)
    if value is None:
        raise refused(f"the function of {kind} returns {result!r:.40}, which is no number", "lambda t: 0.95**t")
    return value
