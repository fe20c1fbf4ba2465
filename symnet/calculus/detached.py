"""Copies through which no gradient flows, as torch's ``x.detach()``: sg(x) has the value of x and the derivative 0.

    y[I] += f(x[a], sg(x[a]))        dx[u] += Σ δ(u, a) dy[I] ∂f/∂x[a], sg(x[a]) kept fixed

While anything is still to be differentiated, sg stays in every equation: it is a scalar function with the derivative
0, so the one rule needs no second case, and no rewrite may use that its value is x.  After the last differentiation
only values matter, and ``as_values`` takes it away.  What it means is said by ``held_apart``: the loss is L(p, p') with
p' in what is detached, and its gradient is ∂L/∂p at p' = p.
"""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import replace

import sympy as sp

from symnet.calculus.closure import closure
from symnet.calculus.ir import Access, Delta, Equation, Index, IntegerAccess, Program, TensorSpec, atoms, exchange
from symnet.calculus.loops import sorted_by_need
from symnet.calculus.scalars import Indicator, Scalar, sign
from symnet.calculus.sizes import Size
from symnet.calculus.specials import Rounding
from symnet.naming import Namer

#: Functions whose derivative is 0 by themselves.
_FLAT = (Indicator, Rounding, sign)


class stop_gradient(Scalar):
    """x, with the derivative 0."""

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        if isinstance(x, _FLAT) or (not x.has(Access) and all(isinstance(s, Index | Size) for s in x.free_symbols)):
            return x
        if x.has(cls):
            return cls(plain(x))
        if x.is_Add and x.has(Delta):  # places are known of sums and products alone
            return sp.Add(*map(cls, x.args))
        fixed = [f for f in x.args if f.is_number or isinstance(f, (Delta, *_FLAT))] if x.is_Mul else []
        return sp.Mul(*fixed, cls(sp.Mul(*(f for f in x.args if f not in fixed)))) if fixed else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.S.Zero

    def _eval_is_positive(self) -> bool | None:
        return self.args[0].is_positive  # type: ignore[no-any-return]

    def _eval_is_nonnegative(self) -> bool | None:
        return self.args[0].is_nonnegative  # type: ignore[no-any-return]


def plain(body: sp.Expr) -> sp.Expr:
    """The body with every detached copy read as what it is a copy of."""
    found = atoms(body, stop_gradient)
    return exchange(body, {copy: plain(copy.args[0]) for copy in found}) if found else body


def flowing(body: sp.Expr) -> frozenset[Access]:
    """The reads of real tensors that stand outside of detached copies: what gradients may flow to."""
    if isinstance(body, (stop_gradient, *_FLAT)):
        return frozenset()
    if isinstance(body, Access):
        return frozenset() if isinstance(body, IntegerAccess) else frozenset((body,))
    return frozenset[Access]().union(*map(flowing, body.args))


def is_detached(body: sp.Expr) -> bool:
    """Whether no gradient flows through the body: every number that it reads stands in a detached copy."""
    return not flowing(body)


def with_factors_apart(body: sp.Expr) -> sp.Expr:
    """The copy of a product as the product of copies, so that each factor of a contraction is seen."""
    copies = [c for c in atoms(body, stop_gradient) if c.args[0].is_Mul]
    return exchange(body, {c: sp.Mul(*map(stop_gradient, c.args[0].args)) for c in copies})


def has_copies(program: Program) -> bool:
    """Whether something is detached in it."""
    return any(atoms(e.body, stop_gradient) for e in program.equations)


def as_values(program: Program) -> Program:
    """The program with the same values and nothing detached; it must not be differentiated any more."""
    if not has_copies(program):
        return program
    return program.with_equations(_replaced(e, plain(e.body)) for e in program.equations)


def with_copies_of(program: Program, marked: Program) -> Program:
    """The program with the equations of ``marked``, of which ``as_values`` took what they say to be detached."""
    known = {_replaced(e, plain(e.body)): e for e in marked.equations if atoms(e.body, stop_gradient)}
    return program.with_equations(known.get(e, e) for e in program.equations) if known else program


def reached(program: Program) -> frozenset[str]:
    """The tensors that a gradient of the loss may flow to."""
    return closure([program.loss], lambda name: (a.name for e in program.defining(name) for a in flowing(e.body)))


def without_needless(program: Program, names: Container[str]) -> Program:
    """The program in which the tensors of these names are detached only where a reader would let a gradient through."""
    read = {a.name for e in program.equations for a in flowing(e.body)} | {program.loss}
    free = {n for n in program.targets() if n in names and n not in read}
    free = {n for n in free if all(is_detached(e.body) for e in program.defining(n))}
    return program.with_equations(_replaced(e, plain(e.body)) if e.target in free else e for e in program.equations)


def held_apart(program: Program, moving: Collection[str]) -> tuple[Program, dict[str, str]]:
    """The program in which what is detached is computed from second inputs, and these by the names of the first.

    ``moving`` are the inputs that a loss is differentiated by.  The program has nothing detached, so that differences
    and forward mode in the first inputs give the gradient where the second have the same numbers.
    """
    if not has_copies(program):
        return program, {}
    needed = _needed(program, changing(program, moving))
    names = Namer.beside(program.tensors)
    held = {name: names.take(f"{name}_held") for name in program.tensors if name in needed}
    tensors = dict(program.tensors) | {new: _fixed(program.tensors[n], new) for n, new in held.items()}
    equations: list[Equation] = []
    for equation in program.equations:
        if equation.target in held:
            copy = replace(equation, target=held[equation.target], body=_read_from(plain(equation.body), held))
            equations.append(copy.fresh())
        copies = {c: _read_from(plain(c.args[0]), held) for c in atoms(equation.body, stop_gradient)}
        equations.append(_replaced(equation, exchange(equation.body, copies)) if copies else equation)
    own = {name: held[name] for name in moving if name in held}
    whole = sorted_by_need(replace(program, tensors=tensors, equations=tuple(equations)))
    return whole.restricted_to([program.loss]), own


def _fixed(spec: TensorSpec, name: str) -> TensorSpec:
    return replace(spec, name=name, role="data" if spec.role == "parameter" else spec.role)


def changing(program: Program, moving: Collection[str]) -> frozenset[str]:
    """The inputs that move and all that is computed from them, detached or not."""
    return closure(moving, lambda name: (e.target for e in program.readers.get(name, ())))


def _needed(program: Program, moving: frozenset[str]) -> frozenset[str]:
    """The moving tensors that some copy is made of."""
    copies = (c for e in program.equations for c in atoms(e.body, stop_gradient))
    copied = {a.name for c in copies for a in atoms(c, Access)}
    return closure(copied & moving, lambda name: program.reads(name) & moving)


def _read_from(body: sp.Expr, names: dict[str, str]) -> sp.Expr:
    """The body with reads of other tensors."""
    if isinstance(body, Access):
        return body.func(names.get(body.name, body.name), *(_read_from(a, names) for a in body.addresses))
    if not body.args or not atoms(body, Access):
        return body
    return exchange(body, {a: _read_from(a, names) for a in atoms(body, Access)})


def _replaced(equation: Equation, body: sp.Expr) -> Equation:
    return equation if body is equation.body else replace(equation, body=body)
