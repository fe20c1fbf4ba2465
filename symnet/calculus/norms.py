"""The derivative of a norm is 0 where the norm is 0, as PyTorch has it; the printed formulas are those of a norm > 0.

d[n] = √s[n],  s[n] = Σ_k X[n,k]²        dX[n,k] = dd[n] X[n,k] / d[n],  in code with where(d[n] = 0, ∞, d[n])

A norm is |x|, a sum of its powers or of even powers, and what is a root or multiple of that, however it is spelled:
PyTorch's words have this 0, of a root that a person writes out PyTorch gives no number there.  Only what the one rule
made is changed, and nothing where the person's equations divide by the norm or take its logarithm: those have no number
there already.  An infinite derivative of what reads a norm, as of √‖x‖, meets that 0 and is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Program, TensorSpec, atoms
from symnet.calculus.products import factors, rebuilt
from symnet.calculus.scalars import absolute, equal, greater, greater_equal, where


@dataclass(frozen=True)
class Norms:
    """``sums`` maps a tensor that is 0 where a norm is to the norm's sum; by the ``poles`` the person divides."""

    sums: Mapping[str, str]
    poles: frozenset[str] = frozenset()

    def of(self, base: sp.Expr) -> str | None:
        """The norm that an expression is a multiple of; one that is written out goes by what it reads."""
        found = _norm(base, self.sums)
        return found if found not in self.poles else None


def norms_of(program: Program) -> Norms:
    """The norms of a program."""
    found: dict[str, str] = {}
    signed: set[str] = set()  # whose entries may differ in sign: a sum of them may be 0 anywhere
    for name in program.targets():
        equations = program.defining(name)
        parts = _parts(equations[0]) if len(equations) == 1 else None
        total = parts and _vanishing(equations[0], parts[0], found, signed)
        if parts and total:
            found[name] = total
            signed |= {name} if any(map(_may_change_sign, parts[1])) or signed & program.reads(name) else set()
    own = (e for e in program.equations if not made_by_rule(program.tensors[e.target]))
    divided = (_norm(base, found) for e in own for base in _poles(e.body))
    return Norms(found, frozenset(name for name in divided if name is not None))


def with_flat_norms(program: Program) -> Program:
    """The same program but where a norm is 0, whose adjoints have no poles there."""
    norms = norms_of(program)

    def divided(body: sp.Expr) -> sp.Expr:
        return sp.Pow(_never_zero(body.base, norms), body.exp) if body.exp.is_negative else body

    return _with_powers(program, divided, made_by_rule)


def with_flat_roots(program: Program) -> Program:
    """The same values, by equations of which autograd too makes the derivative 0 where a norm is 0."""
    norms = norms_of(program)

    def chosen(body: sp.Expr) -> sp.Expr:
        if not 0 < body.exp < 1 or norms.of(body.base) is None:
            return body
        test = equal(body.base, sp.S.Zero)
        return where(test, sp.S.Zero, sp.Pow(where(test, sp.S.One, body.base), body.exp))

    return _with_powers(program, chosen, lambda spec: not made_by_rule(spec))


def divides_by_a_norm(equation: Equation, norms: Norms) -> bool:
    """Whether the equation holds only where one of the norms is not 0."""
    return any(norms.of(base) is not None for base in _poles(equation.body))


def made_by_rule(spec: TensorSpec) -> bool:
    """Whether the one rule made the tensor: an adjoint, a part of one, or a derivative that is part of the model."""
    return spec.role == "adjoint" or "derivative" in spec.facts


def _parts(equation: Equation) -> tuple[sp.Expr, list[sp.Expr]] | None:
    """The one factor with which the body vanishes, and the others; of even powers alone the first, as in Σ a² b²."""
    parts = factors(equation.body)
    variable = [f for f in parts if f.has(Access) and not _is_divisor(f, equation.reduced)]
    if equation.op == "+" and len(variable) > 1 and all(_is_size(*f.as_base_exp()) for f in variable):
        return variable[0], [f for f in parts if f is not variable[0]]
    others = [f for f in parts if f not in variable]
    mixed = any(atoms(f, Index).intersection(equation.reduced) for f in others if _may_change_sign(f))
    return (variable[0], others) if equation.op == "+" and len(variable) == 1 and not mixed else None


def _vanishing(equation: Equation, part: sp.Expr, found: Mapping[str, str], signed: Collection[str]) -> str | None:
    """The norm that is 0 with the whole body: its own, or that of the one tensor whose multiple or root it is."""
    base, power = part.as_base_exp()
    if not (power.is_number and power.is_positive):
        return None
    if isinstance(base, Access) and base.name in found:
        whole = not equation.reduced and not equation.guard
        return found[base.name] if whole else None if base.name in signed else equation.target
    return equation.target if _is_size(base, power) or _is_sum_of_sizes(base) else None


def _is_divisor(factor: sp.Expr, reduced: Collection[Index]) -> bool:
    """Whether a factor is a tensor that each sum is divided by as a whole: never 0."""
    return bool(isinstance(factor, sp.Pow) and factor.exp.is_negative and not factor.has(*reduced))


def _may_change_sign(factor: sp.Expr) -> bool:
    return bool(atoms(factor, Index)) and not factor.is_nonnegative


def _is_size(base: sp.Expr, power: sp.Expr) -> bool:
    """Whether the power is not below 0, and 0 only where the base is."""
    return bool((power.is_Integer and power > 0 and power % 2 == 0) or (isinstance(base, absolute) and power > 0))


def _is_sum_of_sizes(base: sp.Expr) -> bool:
    if not isinstance(base, sp.Add):
        return False
    terms = (a.as_independent(Access, as_Add=False) for a in base.args)
    return all(number.is_positive and _is_size(*part.as_base_exp()) for number, part in terms)


def _norm(base: sp.Expr, sums: Mapping[str, str]) -> str | None:
    if isinstance(base, Access):
        return sums.get(base.name)
    if isinstance(base, sp.Mul):
        variable = [f for f in factors(base) if f.has(Access)]
        return _norm(variable[0], sums) if len(variable) == 1 else None
    written = isinstance(base, absolute) or _is_sum_of_sizes(base)
    return " ".join(sorted({a.name for a in atoms(base, Access)})) if written else None


def _poles(body: sp.Expr) -> Iterator[sp.Expr]:
    """What a body divides by, or takes the logarithm of."""
    yield from (p.base for p in atoms(body, sp.Pow) if p.exp.is_number and p.exp.is_negative)
    yield from (f.args[0] for f in atoms(body, sp.log))


def _with_powers(
    program: Program, exchanged: Callable[[sp.Expr], sp.Expr], chosen: Callable[[TensorSpec], bool]
) -> Program:
    """The program with other powers in the equations of the chosen tensors."""

    def written(body: sp.Expr) -> sp.Expr:
        if not body.args or isinstance(body, Access | Index) or not atoms(body, sp.Pow):
            return body
        body = rebuilt(body, [written(a) for a in body.args])
        return exchanged(body) if isinstance(body, sp.Pow) and body.exp.is_number else body

    return program.with_equations(
        replace(e, body=written(e.body)) if chosen(program.tensors[e.target]) else e for e in program.equations
    )


def _never_zero(base: sp.Expr, norms: Norms) -> sp.Expr:
    """The base with ∞ for a norm that is 0, unless a test of the same norm has chosen already."""
    if norms.of(base) is not None:
        return where(equal(base, sp.S.Zero), sp.oo, base)
    if not isinstance(base, where):
        return base
    test, a, b = base.args
    if isinstance(test, greater | greater_equal) and test.args[0] == a and test.args[1].is_positive:
        return base
    return where(test, _never_zero(a, norms), _never_zero(b, norms))
