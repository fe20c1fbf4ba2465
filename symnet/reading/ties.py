"""The first of equal maxima, recognised where an adjoint asks for it by ranks, and read as what it is.

    first_y[i] max= r(p) [f[i,p] = y[i]]                   r falls by 1 from place to place, in row-major order
    dx[..] += g [r(p) = first_y[i]] [f[i,p] = y[i]]        becomes        dx[..] += g FirstPlace(f[i,p], y[i], p)

So no ranks are computed and compared.  Where only the positive places of a maximum of relus count, neither are they:
``FirstPlace(relu(u), y, p) [u > 0]`` is ``FirstPlace(u, y, p) [y > 0]``.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import sympy as sp

from symnet.calculus.integers import affine, radix, same
from symnet.calculus.ir import Access, Equation, Index, Program
from symnet.calculus.products import factors, product, substitute
from symnet.calculus.scalars import Indicator, equal, greater, relu

MOST = 32  # places up to which arrays are visited place by place


class FirstPlace(Indicator):
    """[the indices p are the first place, in row-major order, where f equals y], written (f, y, p1, p2, ...)."""


def with_first_places(equation: Equation, program: Program) -> Equation:
    """The equation with a first place instead of a comparison of ranks, where the program defines such ranks."""
    parts = factors(equation.body)
    comparisons = [p for p in parts if isinstance(p, equal)]
    if equation.op != "+" or equation.guard:
        return equation
    for by_rank, hit in permutations(comparisons, 2):
        rest = [p for p in parts if p not in (by_rank, hit)]
        found = _first_place(by_rank, hit, rest, program)
        if found is not None:
            return replace(equation, body=product(_of_positive(found, rest)))
    return equation


def _of_positive(first: FirstPlace, rest: list[sp.Expr]) -> list[sp.Expr]:
    """The factors with the place of a relu's maximum as that of its argument, if only positive ones count."""
    f, y, *places = first.args
    if not isinstance(f, relu) or (positive := greater(f.args[0], sp.S.Zero)) not in rest:
        return [*rest, first]
    return [*(greater(y, sp.S.Zero) if p == positive else p for p in rest), FirstPlace(f.args[0], y, *places)]


def _first_place(by_rank: equal, hit: equal, rest: list[sp.Expr], program: Program) -> FirstPlace | None:
    """The place that ``[r = first_y] [f = y]`` names; None unless the program defines first_y by these ranks and f.

    ``[u = y]`` says the same as ``[relu(u) = y]`` beside the factor ``[u > 0]``.
    """
    reads = [a for a in by_rank.args if isinstance(a, Access)]
    definition = program.defining(reads[0].name) if len(reads) == 1 else ()
    if len(definition) != 1 or definition[0].op != "max" or definition[0].guard:
        return None
    (ranked,) = definition
    (rank,) = (a for a in by_rank.args if a != reads[0])
    ties = [p for p in factors(ranked.body) if isinstance(p, equal)]
    if len(ties) != 1:
        return None
    own_rank = product(p for p in factors(ranked.body) if p != ties[0])
    places = _places(rank, own_rank, ranked)
    if places is None:
        return None
    table = {**dict(zip(ranked.left, reads[0].addresses, strict=True)), **places}
    taps = tuple(places.values())
    sides = [(f, y) for f, y in permutations(substitute(ties[0], table).args) if isinstance(y, Access)]
    for f, y in sides:
        said = {f, y} == set(hit.args) or (isinstance(f, relu) and {f.args[0], y} == set(hit.args))
        positive = f in hit.args or greater(f.args[0], sp.S.Zero) in rest
        if said and positive and all(f.has(p) and not y.has(p) for p in taps):
            return FirstPlace(f, y, *taps)
    return None


def _places(rank: sp.Expr, own_rank: sp.Expr, ranked: Equation) -> dict[Index, Index] | None:
    """Each index that the definition goes over -> the one that stands for it in ``rank``.

    None unless the ranks fall by 1 from place to place, in row-major order, down to 1 at the last of few places.
    """
    count = sp.Mul(*(i.size for i in ranked.reduced))
    order = radix(sp.expand(count - own_rank), count)
    if order != ranked.reduced or not count.is_Integer or count > MOST:
        return None
    forms = affine(sp.expand(count - rank)), affine(sp.expand(count - own_rank))
    if any(form is None or form.constant != 0 for form in forms):
        return None
    weights = [{weight: index for index, weight in form.terms} for form in forms if form is not None]
    if weights[0].keys() != weights[1].keys() or len(weights[1]) != len(ranked.reduced):
        return None
    places = {own: weights[0][weight] for weight, own in weights[1].items()}
    return {i: places[i] for i in ranked.reduced} if all(same(i.size, p.size) for i, p in places.items()) else None
