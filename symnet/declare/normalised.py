"""A tensor divided by a statistic of itself is a tensor of its own: ``x̂ = (x - mu) / sqrt(v + eps)``, ``x / ‖x‖``.

What was normalised comes back in its derivative, ``(G - x̂ (x̂·G)) / ‖x‖``; without a name for it the derivative goes
back through every statistic by itself.  So where nobody named it, it gets a name, over the axes of what was divided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

import sympy as sp

from symnet.calculus.detached import changing, stop_gradient
from symnet.calculus.ir import Access, Equation, Index, IntegerAccess, Program, TensorSpec, atoms, indices_for, sort_key
from symnet.calculus.loops import components
from symnet.calculus.scalars import jumps
from symnet.declare.equal import structure
from symnet.declare.tracing.trace import Trace

#: Functions of a quotient that are differences or quotients themselves: there it is better written out.
_OPENING = (sp.log, sp.exp, stop_gradient)


@dataclass(frozen=True)
class _Quotient:
    """Some factors of a product: what is divided, by which statistics, and the read that has all of the axes."""

    factors: tuple[sp.Expr, ...]
    lead: Access


def normalised_apart(trace: Trace, program: Program) -> Program:
    """The program with every such quotient in an equation of its own, each once."""
    return _Apart(trace, program).run()


class _Apart:
    def __init__(self, trace: Trace, program: Program) -> None:
        self.own_trace, self.program = trace, program
        self._looped = {name for component in components(program) for name in component}
        self._trained = changing(program, [n for n, spec in program.tensors.items() if spec.role == "parameter"])
        self._below: dict[str, frozenset[str]] = {}
        self._tensors: dict[str, TensorSpec] = dict(program.tensors)
        self._equations: list[Equation] = []
        self._named: dict[object, str] = {}

    def run(self) -> Program:
        for equation in self.program.equations:
            if equation.op == "+" and not equation.guard and equation.target not in self._looped:
                equation = replace(equation, body=self._written(equation.body, equation))
                if not equation.reduced and len(self.program.defining(equation.target)) == 1:
                    self._named.setdefault(structure(equation), equation.target)
            self._equations.append(equation)
        return replace(self.program, tensors=self._tensors, equations=tuple(self._equations))

    def _written(self, body: sp.Expr, equation: Equation) -> sp.Expr:
        """The body with quotients read under their names."""
        if isinstance(body, (Access, Index, *_OPENING)) or not body.args or jumps(type(body)):
            return body
        if isinstance(body, sp.Mul):
            while (found := self._quotient(body.args, equation)) is not None:
                rest = [f for f in body.args if f not in found.factors]
                body = sp.Mul(*rest, self._read(found, equation))
                if not isinstance(body, sp.Mul):
                    return body
        arguments = [self._written(a, equation) for a in body.args]
        return body if list(body.args) == arguments else body.func(*arguments)

    def _quotient(self, factors: tuple[sp.Expr, ...], equation: Equation) -> _Quotient | None:
        statistics = [f for f in factors if self._divides(f)]
        for top in factors if statistics else ():
            lead = self._lead(top)
            if lead is None:
                continue
            own = [f for f in statistics if f is not top and self._is_of(f, lead)]
            found = _Quotient((top, *own), lead)
            if own and not self._is_all(found, factors, equation):
                return found
        return None

    def _divides(self, factor: sp.Expr) -> bool:
        """Whether it is a power below the line, or the name of one: ``r = 1/sqrt(v + eps)``."""
        if isinstance(factor, Access):
            defining = self.program.defining(factor.name)
            body = defining[0].body if len(defining) == 1 and not defining[0].reduced else sp.S.One
            return any(isinstance(f, sp.Pow) and f.exp.is_negative for f in sp.Mul.make_args(body))
        return isinstance(factor, sp.Pow) and bool(factor.exp.is_Rational and factor.exp.is_negative)

    def _lead(self, top: sp.Expr) -> Access | None:
        """The read with every axis of a tensor or difference of tensors, if it is read as a whole."""
        terms = [t.as_independent(Access)[1] for t in sp.Add.make_args(top)]
        if not all(isinstance(t, Access) and not isinstance(t, IntegerAccess) for t in terms):
            return None
        lead = max(terms, key=lambda t: len(_places(t)))
        whole = all(_places(t) <= _places(lead) for t in terms) and self._is_whole(lead)
        return lead if whole and lead.name in self._trained else None

    def _is_whole(self, read: Access) -> bool:
        indices = sorted(atoms(read, Index), key=sort_key)
        shape = self._tensors[read.name].shape
        several = len({*read.addresses}) == len(read.addresses) and not read.has(IntegerAccess)
        return several and sp.expand(prod((i.size for i in indices), start=sp.S.One) - sp.Mul(*shape)) == 0

    def _is_of(self, factor: sp.Expr, lead: Access) -> bool:
        """Whether the factor is a statistic of the tensor: it has fewer axes, all its own, and depends on it."""
        reads = sorted(atoms(factor, Access), key=sort_key)
        places = frozenset[sp.Expr]().union(*map(_places, reads))
        depends = any(lead.name in self._ancestors(read.name) for read in reads)
        return depends and places < _places(lead) and not factor.has(stop_gradient)

    def _is_all(self, found: _Quotient, factors: tuple[sp.Expr, ...], equation: Equation) -> bool:
        """Whether the tensor defined is the quotient itself, up to a number: then it has a name."""
        rest = sp.Mul(*(f for f in factors if f not in found.factors))
        plain = all(isinstance(a, Index) or a.is_number for a in found.lead.addresses)
        return plain and not rest.has(Access) and equation.body.func is sp.Mul and equation.body.args == factors

    def _read(self, found: _Quotient, equation: Equation) -> Access:
        """The read of the tensor that is the quotient, defined where it is new."""
        addresses = [a for a in found.lead.addresses if not a.is_number]
        shape = [
            size
            for size, a in zip(self._tensors[found.lead.name].shape, found.lead.addresses, strict=True)
            if not a.is_number
        ]
        left = indices_for(shape)
        places = dict(zip(addresses, left, strict=True))
        body = sp.Mul(*(f.xreplace(_moved(f, places)) for f in found.factors))
        made = Equation(found.lead.name, left, body, source=equation.source)
        key = structure(made)
        if key not in self._named:
            self._named[key] = name = self._name(found, key, tuple(shape), equation)
            self._tensors[name] = self.own_trace.specs[name]
            self._equations.append(replace(made, target=name))
        return Access(self._named[key], *addresses)

    def _name(self, found: _Quotient, key: object, shape: tuple[sp.Expr, ...], equation: Equation) -> str:
        """A private name, the same in training and in evaluation."""
        if key not in self.own_trace.apart:
            name = self.own_trace.apart[key] = f"%{next(self.own_trace.counter)}"
            self.own_trace.specs[name] = TensorSpec(name, shape, "intermediate", source=None, given=False)
            self.own_trace.events[name] = self.own_trace.events.get(equation.target, 0)
            self.own_trace.hints[name] = "P" if self._is_share(found) else "xh"
        return self.own_trace.apart[key]

    def _is_share(self, found: _Quotient) -> bool:
        """Whether it is divided by its own sum: the shares sum to 1."""
        for read in (r for f in found.factors[1:] for r in f.atoms(Access)):
            sums = self.program.defining(read.name)
            if len(sums) == 1 and sums[0].reduced and isinstance(sums[0].body, Access):
                return sums[0].body.name == found.lead.name
        return False

    def _ancestors(self, name: str) -> frozenset[str]:
        if name not in self._below:
            self._below[name] = self.program.ancestors(name)
        return self._below[name]


def _places(read: Access) -> frozenset[sp.Expr]:
    """The addresses of a read that are no numbers."""
    return frozenset(a for a in read.addresses if not a.is_number)


def _moved(factor: sp.Expr, places: dict[sp.Expr, Index]) -> dict[Access, Access]:
    return {r: Access(r.name, *(places.get(a, a) for a in r.addresses)) for r in _reads(factor)}


def _reads(factor: sp.Expr) -> Iterator[Access]:
    yield from sorted(atoms(factor, Access), key=sort_key)
