"""Entries of -inf, settled before differentiation: exp of one is 0, so a masked softmax is exact.

    exp(a where c else -inf)        =  [c] exp(a)
    exp((a where c else -inf) + b)  =  [c] exp(a + b)

A tensor with such entries is never stored.  It is written into its readers, and there the rules above leave real
numbers; only a maximum and a plain sum keep it, where it has its usual meaning.  Everything else, such as 0 times
-inf, is refused.  Limits at -inf: exp, sigmoid, softplus, relu and the normal distribution are 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.detached import stop_gradient
from symnet.calculus.ir import Access, Equation, Index, Program, TensorSpec
from symnet.declare.tracing.trace import Trace
from symnet.errors import Note, Problem, Source

_ZERO_AT_MINUS_INFINITY = (sp.exp, scalars.sigmoid, scalars.softplus, scalars.relu, scalars.normal_cdf)


class NotSettled(ArithmeticError):
    """The value where the mask is has no limit, or it is a product of 0 and infinity."""


@dataclass(frozen=True)
class Masked:
    """``value`` where the condition holds, else ``limit``, which is oo or -oo; plus ``rest``."""

    condition: sp.Expr
    value: sp.Expr
    limit: sp.Expr
    rest: sp.Expr = sp.S.Zero

    @property
    def total(self) -> sp.Expr:
        """The value where the condition holds."""
        return self.value + self.rest

    def expression(self) -> sp.Expr:
        """The same as a scalar of the calculus."""
        if isinstance(self.condition, sp.Integer):
            return self.total if self.condition == 1 else self.limit
        return scalars.where(self.condition, self.value, self.limit) + self.rest


def without_infinities(trace: Trace, program: Program) -> Program:
    """The program with every entry of -inf settled; notes each use that has no value."""
    if not any(e.body.has(sp.oo, -sp.oo) for e in program.equations):
        return program
    masked: dict[str, tuple[tuple[Index, ...], Masked]] = {}
    equations: list[Equation] = []
    tensors = dict(program.tensors)
    for equation in program.equations:
        body = _written(equation.body, masked)
        try:
            settled = settle(body)
        except NotSettled as error:
            _refuse(trace, str(error), equation.source)
            settled = sp.S.Zero
        if isinstance(settled, Masked):
            if not equation.reduced and equation.op == "+":
                settled = _with_tensors(trace, equation, settled, tensors, equations)
                masked[equation.target] = (equation.left, settled)
            settled = settled.expression()
        equations.append(replace(equation, body=settled))
    return replace(program, tensors=tensors, equations=tuple(equations))


def _written(body: sp.Expr, masked: dict[str, tuple[tuple[Index, ...], Masked]]) -> sp.Expr:
    """The body with masked tensors written out."""
    table = {}
    for read in body.atoms(Access):
        if read.name in masked:
            left, definition = masked[read.name]
            table[read] = definition.expression().xreplace(dict(zip(left, read.addresses, strict=True)))
    return body.xreplace(table)


def _with_tensors(
    trace: Trace, equation: Equation, masked: Masked, tensors: dict[str, TensorSpec], equations: list[Equation]
) -> Masked:
    """A condition and a value that are no plain reads become tensors, so that no reader repeats them."""

    def stored(part: sp.Expr) -> sp.Expr:
        if not part.has(Access) or isinstance(part, Access):
            return part
        spec = tensors[equation.target]
        own = trace.new_spec(spec.shape, "intermediate")
        tensors[own.name] = own
        equations.append(Equation(own.name, equation.left, part, source=equation.source).fresh())
        return Access(own.name, *equation.left)

    return replace(masked, condition=stored(masked.condition), value=stored(masked.value), rest=stored(masked.rest))


def settle(body: sp.Expr) -> sp.Expr | Masked:
    """The body as a scalar without infinities, or as one masked value."""
    if body in (sp.oo, -sp.oo):
        return Masked(sp.S.Zero, sp.S.Zero, body)
    if not body.has(sp.oo, -sp.oo):
        return body
    parts = [settle(a) for a in body.args]
    if not any(isinstance(p, Masked) for p in parts):
        return body.func(*parts)
    if isinstance(body, stop_gradient):
        (part,) = parts
        assert isinstance(part, Masked)
        return replace(part, value=stop_gradient(part.value), rest=stop_gradient(part.rest))
    if isinstance(body, scalars.where):
        return _chosen(parts)
    if isinstance(body, sp.Add):
        return _sum(parts)
    if isinstance(body, sp.Mul):
        return _product(parts)
    if isinstance(body, _ZERO_AT_MINUS_INFINITY):
        (part,) = parts
        if isinstance(part, Masked) and part.limit == -sp.oo:
            return part.condition * body.func(part.total)
    raise NotSettled(f"{_word(body)} of an entry that is infinite")


def settled_away(body: sp.Expr) -> sp.Expr:
    """The body without the infinities that may stay, those of the other branch of a choice."""
    choices = {w for w in body.atoms(scalars.where) if w.args[2] in (sp.oo, -sp.oo)}
    return body.xreplace({w: w.args[1] for w in choices})


def _chosen(parts: list[sp.Expr | Masked]) -> sp.Expr | Masked:
    condition, *branches = parts
    if isinstance(condition, Masked):
        raise NotSettled("a comparison with an entry that is infinite")
    limits = {p.limit for p in branches if isinstance(p, Masked)}
    if len(limits) > 1:
        raise NotSettled("inf and -inf in one tensor")
    (allowed_a, a), (allowed_b, b) = (
        (p.condition, p.total) if isinstance(p, Masked) else (sp.S.One, p) for p in branches
    )
    allowed = _either(condition, allowed_a, allowed_b)
    if allowed_a == 0 or allowed_b == 0:
        return Masked(allowed, b if allowed_a == 0 else a, limits.pop())
    return Masked(allowed, scalars.where(condition, a, b), limits.pop())


def _either(condition: sp.Expr, a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """``condition a + (1 - condition) b`` of masks."""
    if b == 0:
        return condition * a
    if a == 0:
        return scalars.negated(condition) * b
    return a if a == b else scalars.where(condition, a, b)


def _sum(parts: list[sp.Expr | Masked]) -> Masked:
    masked = [p for p in parts if isinstance(p, Masked)]
    if len({p.limit for p in masked}) != 1:
        raise NotSettled("inf - inf")
    rest = sp.Add(*(p.rest if isinstance(p, Masked) else p for p in parts))
    condition = sp.Mul(*(p.condition for p in masked))
    return Masked(condition, sp.Add(*(p.value for p in masked)), masked[0].limit, rest)


def _product(parts: list[sp.Expr | Masked]) -> Masked:
    masked = [p for p in parts if isinstance(p, Masked)]
    scale = sp.Mul(*(p for p in parts if not isinstance(p, Masked)))
    if len(masked) != 1 or not (scale.is_positive or scale.is_negative):
        raise NotSettled("a product with an entry that is infinite, which may be 0 times infinity")
    (only,) = masked
    limit = only.limit if scale.is_positive else -only.limit
    return Masked(only.condition, only.value * scale, limit, only.rest * scale)


def _word(body: sp.Expr) -> str:
    return "a power" if isinstance(body, sp.Pow) else type(body).__name__


def _refuse(trace: Trace, what: str, source: Source | None) -> None:
    places = (Note(source),) if source else ()
    help = ("-inf goes under exp, softmax, log_softmax, logsumexp or amax; elsewhere fill with a finite number",)
    trace.problems.add(Problem("SN105", what, places, help=help))
