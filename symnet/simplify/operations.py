"""The operations of a program by the cost model, as a polynomial in its sizes: closed forms in numbers."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from symnet.calculus.ir import Program
from symnet.simplify.atoms import Var
from symnet.simplify.convert import Reader
from symnet.simplify.cost import Costs
from symnet.simplify.definitions import Definitions
from symnet.simplify.normal import Algebra
from symnet.simplify.sums import Sums
from symnet.simplify.table import Table


def operations(program: Program, wanted: Iterable[str], free: Iterable[str] = ()) -> sp.Expr:
    """Σ over the equations that the wanted tensors need of the cost of each, without those of the ``free`` tensors.

    Every equation is counted as it stands, in the factored form that is printed; a Kronecker δ under a sum is the place
    that it picks and costs nothing.  Raises NotUnderstood for a maximum or a guard.
    """
    given = frozenset(free)
    wanted_here = [name for name in wanted if name not in given]
    needed = Program(program.tensors, program.equations, program.loss).restricted_to(wanted_here)
    algebra = Algebra()
    sums = Sums(algebra, Table(frozenset()), frozenset())
    reader = Reader(sums)
    sums.size_term = reader.size
    definitions, costs = Definitions(sums, reader, program, {}), _Symbolic(algebra, {})
    total = sp.S.Zero
    for name in needed.targets():
        if name not in given:
            equations = program.defining(name)
            formals = definitions.formals(equations[0])
            total += costs.of(definitions.read(equations, formals, lambda name: False), formals)
    counted = sp.expand(total)
    return counted.xreplace({f: sp.Integer(int(f)) for f in counted.atoms(sp.Float)})


class _Symbolic(Costs):
    """Costs with the sizes as they are."""

    def number(self, size: sp.Expr) -> sp.Expr:
        return size

    def extent(self, variables: frozenset[Var] | tuple[Var, ...]) -> sp.Expr:
        return sp.Mul(*(v.size for v in variables))
