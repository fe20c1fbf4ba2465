"""Which matrices of a program are symmetric, proved from their equations.

``S[i,j] = Σ_k X[i,k] X[j,k]`` is symmetric because its terms with i and j exchanged are its terms again, up to the
names of summed indices.  Definitions are put in as far as sums of products go; what cannot be decided is not symmetric.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.closure import closure
from symnet.calculus.ir import Access, Delta, Equation, Index, sort_key
from symnet.calculus.matrix_rules import argument_of, is_matrix_function

_MOST_TERMS, _MOST_SUMMED, _LONGEST = 24, 4, 200
_KEEP_SYMMETRY = frozenset(("inv", "matrix_exp", "pinv"))
Definitions = Callable[[str], Sequence[Equation]]


@dataclass(frozen=True)
class _Term:
    """One product under its sum."""

    reduced: tuple[Index, ...]
    body: sp.Expr


class Symmetry:
    """Answers for one program; ``known`` are the tensors that are declared symmetric."""

    def __init__(self, definitions: Definitions, known: frozenset[str]) -> None:
        self.definitions = definitions
        self._found: dict[str, bool] = dict.fromkeys(known, True)

    def holds(self, name: str) -> bool:
        """Whether the tensor is shown to be equal to its transpose in the two last axes."""
        if name not in self._found:
            self._found[name] = False  # a recurrence proves nothing
            self._found[name] = self._proved(self.definitions(name))
        return self._found[name]

    def _proved(self, equations: Sequence[Equation]) -> bool:
        if not equations or any(len(e.left) < 2 or e.left[-1].size != e.left[-2].size for e in equations):
            return False
        if is_matrix_function(equations[0]):
            return equations[0].op in _KEEP_SYMMETRY and self.holds(argument_of(equations[0]).name)
        if any(e.op != "+" or e.guard or self._one_sided(e, equations) for e in equations):
            return False
        left = equations[0].left
        terms = [t for e in equations for t in self._terms(e.renamed(dict(zip(e.left, left, strict=True))))]
        if len(terms) > _MOST_TERMS:
            return False
        i, j = left[-2:]
        turned = [_Term(t.reduced, self._ordered(t.body.xreplace({i: j, j: i}))) for t in terms]
        for term in terms:
            match = next((t for t in turned if _equal(_Term(term.reduced, self._ordered(term.body)), t)), None)
            if match is None:
                return False
            turned.remove(match)
        return True

    def _one_sided(self, equation: Equation, equations: Sequence[Equation]) -> bool:
        """Whether the body divides by a total of its rows alone, as a softmax, and no other tensor leads to that total.

        No definition that is put in changes what is below the line, so no term could have the total of the columns.
        """
        i, j = equation.left[-2:]
        below = [f.base for f in sp.Mul.make_args(equation.body) if f.is_Pow and f.exp.is_negative]
        for read in below:
            if not isinstance(read, Access) or read.has(i) == read.has(j):
                continue
            total = any(e.reduced for e in self.definitions(read.name))
            others = [a.name for e in equations for a in e.read if a != read]
            if total and read.name not in self._led_to(others):
                return True
        return False

    def _led_to(self, names: Sequence[str]) -> frozenset[str]:
        """The tensors, and all that they are computed from."""
        return closure(names, lambda name: (a.name for e in self.definitions(name) for a in e.read))

    def _terms(self, equation: Equation) -> list[_Term]:
        """The products of a tensor, with sums put in where they are factors."""
        waiting, done = [_Term(equation.reduced, equation.body)], list[_Term]()
        while waiting and len(done) + len(waiting) <= _MOST_TERMS:
            term = waiting.pop()
            term = _Term(term.reduced, self._written(term.body, equation.left))
            parts = _distributed(term.body)
            if len(parts) > 1:
                waiting += [_Term(term.reduced, p) for p in parts]
                continue
            opened = self._opened(term, equation.left)
            waiting, done = (waiting + opened, done) if opened else (waiting, [*done, term])
        return done + waiting

    def _written(self, body: sp.Expr, left: tuple[Index, ...]) -> sp.Expr:
        """The body with pointwise definitions put in wherever they are read, but for matrices shown symmetric."""
        while body.count_ops() < _LONGEST:
            for read in sorted(body.atoms(Access), key=sort_key):
                parts = self.definitions(read.name)
                pointwise = len(parts) == 1 and not parts[0].reduced and not parts[0].guard and parts[0].op == "+"
                known = set(read.addresses[-2:]) == set(left[-2:]) and self.holds(read.name)
                if pointwise and not known:
                    body = body.xreplace(
                        {read: parts[0].body.xreplace(dict(zip(parts[0].left, read.addresses, strict=True)))}
                    )
                    break
            else:
                return body
        return body

    def _opened(self, term: _Term, left: tuple[Index, ...]) -> list[_Term]:
        """The term with one factor replaced by its definition, once for each equation of it; none if there is none."""
        for factor in sorted(sp.Mul.make_args(term.body), key=sort_key):
            if not isinstance(factor, Access) or (
                set(factor.addresses[-2:]) == set(left[-2:]) and self.holds(factor.name)
            ):
                continue
            parts = self.definitions(factor.name)
            plain = all(e.op == "+" and not e.guard for e in parts)
            if not parts or not plain or len(term.reduced) + len(parts[0].reduced) > _MOST_SUMMED:
                continue
            opened = []
            for part in (p.fresh() for p in parts):
                body = part.body.xreplace(dict(zip(part.left, factor.addresses, strict=True)))
                opened.append(_Term(term.reduced + part.reduced, sp.Mul(term.body / factor, body)))
            return opened
        return []

    def _ordered(self, body: sp.Expr) -> sp.Expr:
        """The body with the addresses of symmetric tensors and of deltas in one order."""
        table: dict[sp.Basic, sp.Expr] = {}
        for read in body.atoms(Access):
            if len(read.addresses) > 1 and self.holds(read.name):
                table[read] = read.func(read.args[0], *read.addresses[:-2], *sorted(read.addresses[-2:], key=sort_key))
        for delta in body.atoms(Delta):
            table[delta] = Delta(*sorted(delta.args, key=sort_key))
        return _without_signs(body.xreplace(table))


def _distributed(body: sp.Expr) -> list[sp.Expr]:
    """The terms of a sum, or of a product by its first factor that is one."""
    if body.is_Add:
        return list(body.args)
    added = next((f for f in sp.Mul.make_args(body) if f.is_Add), None)
    return [body] if added is None else [sp.Mul(body / added, term) for term in added.args]


def _without_signs(body: sp.Expr) -> sp.Expr:
    """The body with ``(x - y)²`` and ``|x - y|`` in one of their two spellings."""
    if not body.args or isinstance(body, Access):
        return body
    body = body.func(*map(_without_signs, body.args))
    even_power = body.is_Pow and body.exp.is_Integer and body.exp % 2 == 0
    if not (even_power or isinstance(body, scalars.absolute | sp.cos | sp.cosh)) or not body.args[0].is_Add:
        return body
    first = min(body.args[0], -body.args[0], key=sort_key)
    return body.func(first, *body.args[1:])


def _equal(one: _Term, other: _Term) -> bool:
    """Whether two terms are the same up to the names of their summed indices."""
    if len(one.reduced) != len(other.reduced):
        return False
    for order in permutations(other.reduced):
        if all(a.size == b.size for a, b in zip(one.reduced, order, strict=True)):
            mapping: Mapping[sp.Basic, sp.Basic] = dict(zip(order, one.reduced, strict=True))
            if other.body.xreplace(dict(mapping)) == one.body:
                return True
    return False
