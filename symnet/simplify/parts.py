"""A sum over several axes as the sum of one over some of them that is computed anyway.

dbeta[c] = Σ_nl dY[n,c,l]   where  q[n,c] = Σ_l dY[n,c,l]  stands in dX:   dbeta[c] = Σ_n q[n,c]
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from symnet.simplify.adjoints import Adjoints
from symnet.simplify.atoms import ONE, Atom, Poly, Term
from symnet.simplify.cost import sums_of
from symnet.simplify.definitions import Definition
from symnet.simplify.moves import Step

MOST = 5  # bound variables of a sum whose parts are looked for


def sum_in_parts(adjoints: Adjoints) -> None:
    """Every shown sum that can be had from a part of it that another tensor stores."""
    needed = adjoints.live()
    live = [name for name in adjoints.finished if name in needed]
    stored = {key: name for name in live for key in _helpers(adjoints, adjoints.finished[name].poly)}
    for name in live:
        shown = adjoints.finished[name]
        single = next(iter(shown.poly.items()), None)
        sums = [a for a, e in single[0] if a.kind == "sum" and e == 1] if single and len(shown.poly) == 1 else []
        if single is None or len(sums) != 1 or len(sums_of(shown.poly)) != 1:
            continue
        for value in _in_parts(adjoints, sums[0], stored, name):
            rest = tuple((a, e) for a, e in single[0] if a is not sums[0])
            number, mono = adjoints.algebra.times((single[1], rest), value)
            poly = {mono: number}
            step = Step("sum in parts", "", shown.poly, poly)
            found = adjoints.candidates[name]
            adjoints.candidates[name] = replace(found, poly=poly, steps=(*found.steps, step))
            adjoints.finished[name] = Definition(name, shown.formals, poly)
            break


def _helpers(adjoints: Adjoints, poly: Poly) -> Iterator[str]:
    """The keys of the sums that become tensors of their own."""
    alone = len(poly) == 1 and len(next(iter(poly))) == 1
    for atom in () if alone else sums_of(poly):
        yield _key(adjoints, atom)


def _key(adjoints: Adjoints, atom: Atom) -> str:
    return adjoints.sums.table.label((), ((atom, 1),))[0]


def _in_parts(adjoints: Adjoints, atom: Atom, stored: dict[str, str], name: str) -> Iterator[Term]:
    bound, term = adjoints.sums.opened(atom)
    if not 1 < len(bound) <= MOST:
        return
    for count in range(len(bound) - 1, 0, -1):
        for inner in combinations(bound, count):
            number, mono = adjoints.sums.total(inner, term)
            parts = [a for a, _ in mono if a.kind == "sum"]
            if len(parts) == 1 and stored.get(_key(adjoints, parts[0]), name) != name:
                outer = tuple(v for v in bound if v not in inner)
                value = adjoints.sums.total(outer, (number, mono))
                if value[1] != ((atom, 1),) and value[1] != ONE:
                    yield value
