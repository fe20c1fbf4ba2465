"""Sums of the same exponentials along different axes, as in a softmax along rows times one along columns.

Each sum has its own shift, and exp(Z - m) of one of them may overflow beside the other.  So every exponential is
brought to where it is divided, exp(Z)/r and exp(2 Z)/(s r), and each shift then takes what its own sum divides.
"""

from __future__ import annotations

from collections.abc import Callable, Container

import sympy as sp

from symnet.calculus.ir import Access, Equation, Program, sort_key
from symnet.codegen.stable.inline import definitions, is_endless, multiplied_out, replaced
from symnet.reading.maps import factors, product


def exponent_of(equation: Equation) -> sp.Expr | None:
    """u of ``s += c exp(u)`` summed over indices of u."""
    if equation.op != "+" or not equation.reduced:
        return None
    exponents = [f.args[0] for f in factors(equation.body) if isinstance(f, sp.exp)]
    total = sp.Add(*exponents)
    return total if any(a.has(*equation.reduced) for a in total.atoms(Access)) else None


def summed_read(exponent: sp.Expr, equation: Equation) -> Access:
    """The first tensor in the exponent that the sum runs over."""
    reads: list[Access] = [a for a in exponent.atoms(Access) if a.has(*equation.reduced)]
    return min(reads, key=sort_key)


def contested_sums(program: Program) -> dict[str, str]:
    """Sums that have others of the same exponentials beside them, along other axes -> the tensor in the exponent.

    A sum that reads another one, as Sinkhorn's row sums of what the columns divided, needs no shift of its own.
    """
    along: dict[str, dict[tuple[int, ...], set[str]]] = {}
    found: dict[str, str] = {}
    for equation in program.equations:
        exponent = exponent_of(equation)
        if exponent is None:
            continue
        read = summed_read(exponent, equation)
        if not any(found.get(a) == read.name for a in program.ancestors(equation.target)):
            found[equation.target] = read.name
            places = tuple(k for k, a in enumerate(read.addresses) if a.has(*equation.reduced))
            along.setdefault(read.name, {}).setdefault(places, set()).add(equation.target)
    return {name: read for name, read in found.items() if len(along[read]) > 1}


def side_by_side(program: Program) -> Program:
    """The program with contested exponentials beside their divisors: no tensor and no sum of products hides one."""
    contested = contested_sums(program)
    if not contested:
        return program
    exponents = frozenset(contested.values())

    def holds(body: sp.Expr) -> bool:
        return any(isinstance(f, sp.exp) and _reads(f, exponents) for f in factors(body))

    opened = _opened(program, holds)
    divided = definitions(opened, lambda body: any(_divides(t, contested) for t in sp.Add.make_args(body)))
    after = {name for name in opened.targets() if not opened.ancestors(name).isdisjoint(contested)} | {*contested}

    def beside(term: sp.Expr) -> sp.Expr:
        """A product with an exponential, and with what is divided written out."""
        if not holds(term):
            return term
        return product([replaced(f, divided) if isinstance(f, Access) else f for f in factors(term)])

    def meet(term: sp.Expr, rest: list[sp.Expr]) -> bool:
        return _reads(term, after) and holds(sp.Mul(*rest))

    written = (sp.Add(*map(beside, sp.Add.make_args(e.body))) for e in opened.equations)
    bodies = [multiplied_out(body, meet) for body in written]
    if any(map(is_endless, bodies)):
        return program
    return opened.with_bodies(bodies)


def _opened(program: Program, holds: Callable[[sp.Expr], bool]) -> Program:
    """The program with every tensor that holds an exponential written out in its readers, and those in theirs."""
    for _ in program.equations:
        hidden = definitions(program, holds)
        opened = program.with_bodies(replaced(e.body, hidden) for e in program.equations)
        if opened.equations == program.equations or any(is_endless(e.body) for e in opened.equations):
            break
        program = opened
    return program


def _divides(term: sp.Expr, sums: Container[str]) -> bool:
    below = [f.base for f in factors(term) if isinstance(f, sp.Pow) and f.exp.is_number and f.exp.is_negative]
    return any(isinstance(base, Access) and base.name in sums for base in below)


def _reads(body: sp.Expr, names: Container[str]) -> bool:
    return any(a.name in names for a in body.atoms(Access))
