"""Sums of exponentials without overflow: s = exp(m) s~ with m the largest exponent, carried through every reader.

A tensor whose whole body carries exp(c m) is stored without it, and its own readers get the factor; so the adjoint of
a softmax's sum, which stands in another equation than the exponentials, stays finite as well.  m is a constant: the
values do not depend on it, so neither do derivatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Program, TensorSpec, sort_key
from symnet.calculus.scalars import where
from symnet.codegen.stable.branches import chosen, conditions, guard_tests, masks_of
from symnet.codegen.stable.contested import contested_sums, exponent_of, summed_read
from symnet.naming import Namer
from symnet.reading.maps import factors, product, rebuilt

Factor = tuple[sp.Expr, tuple[int | None, ...]]  # the exponent, and for each axis of m its place on the left (None: 0)
Scale = dict[Access, sp.Expr]  # the value is exp(Σ exponent · m) times the rest


def shift_sums(program: Program, outputs: frozenset[str]) -> tuple[Program, frozenset[str], frozenset[str]]:
    """The program with every sum of exponentials shifted, the names of the shifts, and of sums not below 1 by them."""
    shifts: dict[str, str] = {}  # by their sums
    sums: set[str] = set()
    contested = contested_sums(program)
    for name in program.targets():
        equations = program.defining(name)
        alone = len(equations) == 1 and name not in outputs
        exponent = exponent_of(equations[0]) if alone else None
        if exponent is None or any(a.name in shifts.values() for a in exponent.atoms(Access)):
            continue
        rivals = {r for r in contested.keys() - {name} if contested[r] == contested.get(name)}
        earlier = frozenset(shifts[r] for r in rivals if r in shifts)
        work = _Shift(program, equations[0], exponent, outputs, frozenset(rivals - shifts.keys()), earlier)
        shifted = work.program()
        if shifted is not None:
            program = shifted
            shifts[name] = work.shift.name
            bare = len(conditions(work.sum.body, masks_of(program))[1]) == 1  # its largest term is exp(0)
            sums |= {name} if bare else set()
    return program, frozenset(shifts.values()), frozenset(sums)


@dataclass
class _Shift:
    """One sum and its shift on the way through the program.

    ``rivals`` are sums of the same exponentials along other axes that have no shift yet, ``earlier`` are the shifts of
    those that have one.
    """

    source: Program
    sum: Equation
    exponent: sp.Expr
    outputs: frozenset[str]
    rivals: frozenset[str]
    earlier: frozenset[str]
    scaled: dict[str, Factor] = field(default_factory=dict)
    explicit: int = 0  # factors exp(c m) that found nothing to cancel with
    joined: int = 0  # logarithms and quotients that lost theirs

    def __post_init__(self) -> None:
        self.read = read = summed_read(self.exponent, self.sum)
        self.numbers: dict[str, list[int]] = {}
        for number, equation in enumerate(self.source.equations):
            self.numbers.setdefault(equation.target, []).append(number)
        numbered = enumerate(self.source.equations)
        self.early = {a.name for k, e in numbered for a in e.read if self.numbers.get(a.name, [-1])[-1] >= k}
        name = Namer.beside(self.source.tensors).take(f"max_{read.name}")
        self.shift = TensorSpec(name, self.source.tensors[self.sum.target].shape, "intermediate", given=False)

    def program(self) -> Program | None:
        """The shifted program, or None where the shift helps nobody."""
        bodies: dict[int, sp.Expr] = {}
        needed, first = self._needed(), self.source.equations.index(self.sum)
        for name in self.source.targets():
            numbered = [(k, self.source.equations[k]) for k in self.numbers[name]]
            known = name in needed or numbered[0][0] < first  # there is no m yet where they are computed
            moved = {self.read.name, *self.scaled}  # other equations have no factor, and stay as they are
            if not known and any(a.name in moved for _, e in numbered for a in e.read):
                bodies |= self._tensor(name, numbered)
        if not self.joined or self.sum.target not in self.scaled:
            return None
        tests, unguarded = guard_tests(self.sum)
        tests += [c for c in conditions(self.sum.body, masks_of(self.source))[0] if c[0].has(*self.sum.reduced)]
        largest = chosen(tests, self.exponent, -sp.oo)
        left, over = self.sum.left, self.sum.reduced
        maximum = Equation(self.shift.name, left, largest, over, op="max", guard=unguarded.guard).fresh()
        equations: list[Equation] = []
        for number, equation in enumerate(self.source.equations):
            equations += [maximum] if equation is self.sum else []
            equations.append(replace(equation, body=bodies[number]) if number in bodies else equation)
        return self.source.with_equations(equations, {**self.source.tensors, self.shift.name: self.shift})

    def _needed(self) -> set[str]:
        """What must be known before m is: none of it can be said in terms of m.  What is read of an earlier time, in a
        recurrence, is read before it is complete and does not count."""
        needed: set[str] = set()
        queue = [self.source.equations.index(self.sum)]
        while queue:
            number = queue.pop()
            reads = {a.name for a in self.source.equations[number].read}
            new = {n for n in reads - needed if self.numbers.get(n, [number])[-1] < number}
            needed |= new
            queue += [k for name in sorted(new) for k in self.numbers[name]]
        return needed

    def _tensor(self, name: str, numbered: list[tuple[int, Equation]]) -> dict[int, sp.Expr]:
        """The new bodies of one tensor's equations; the tensor is stored without a factor that all of them carry."""
        pulled = {number: self._pull(e.body) for number, e in numbered}
        common = {self._factor(e, pulled[number][0]) for number, e in numbered}
        if len(common) == 1:
            (only,) = common
            if only == (sp.S.Zero, ()):
                return {number: rest for number, (_, rest) in pulled.items()}
            if only is not None and name not in self.outputs | self.early and all(e.op == "+" for _, e in numbered):
                self.scaled[name] = only
                return {number: rest for number, (_, rest) in pulled.items()}
        return {number: self._with(scale, rest) for number, (scale, rest) in pulled.items()}

    def _factor(self, equation: Equation, scale: Scale) -> Factor | None:
        """The exponent and the places of m's indices on the left side; None when it is no function of the left side."""
        if not scale:
            return sp.S.Zero, ()
        if len(scale) > 1:
            return None
        ((access, exponent),) = scale.items()
        if not all(a in equation.left or a == 0 for a in access.addresses):
            return None
        return exponent, tuple(None if a == 0 else equation.left.index(a) for a in access.addresses)

    def _with(self, scale: Scale, rest: sp.Expr) -> sp.Expr:
        """The rest with its factor written out, joined with exponentials that it has."""
        if not scale:
            return rest
        self.explicit += 1
        exponent = sp.Add(*(c * m for m, c in scale.items()))
        parts = factors(rest)
        inner = [p.args[0] for p in parts if isinstance(p, sp.exp)]
        return product([*(p for p in parts if not isinstance(p, sp.exp)), sp.exp(sp.expand(sp.Add(exponent, *inner)))])

    def _pull(self, body: sp.Expr) -> tuple[Scale, sp.Expr]:
        """The body as exp(scale) · rest."""
        if isinstance(body, Access):
            known = self.scaled.get(body.name)
            if known is None:
                return {}, body
            exponent, places = known
            where_read = (sp.S.Zero if p is None else body.addresses[p] for p in places)
            return {Access(self.shift.name, *where_read): exponent}, body
        if not body.args or isinstance(body, Index):
            return {}, body
        if isinstance(body, sp.exp):
            return self._exponential(body)
        if isinstance(body, sp.Mul):
            return self._product(factors(body))
        if isinstance(body, sp.Pow) and body.exp.is_number:
            scale, rest = self._pull(body.base)
            return {m: c * body.exp for m, c in scale.items()}, rest**body.exp
        if isinstance(body, sp.log):
            scale, rest = self._pull(body.args[0])
            self.joined += bool(scale)
            return {}, sp.Add(*(c * m for m, c in scale.items()), sp.log(rest))
        return self._several(body)

    def _product(self, parts: Sequence[sp.Expr]) -> tuple[Scale, sp.Expr]:
        pairs = [self._pull(f) for f in parts]
        scale, rest = _sum_of(s for s, _ in pairs), product([rest for _, rest in pairs])
        own = _sum_of(s for f, (s, _) in zip(parts, pairs, strict=True) if isinstance(f, sp.exp))
        theirs = {m: min(c, claimed) for m, c in own.items() if c > 0 and (claimed := self._claimed(parts)) > 0}
        if theirs:
            scale, rest = _sum_of((scale, {m: -c for m, c in theirs.items()})), self._with(theirs, rest)
        self.joined += any(s for s, _ in pairs) and not scale
        return scale, rest

    def _claimed(self, parts: Sequence[sp.Expr]) -> sp.Expr:
        """How many of the exponentials of a product the rivals divide, or have taken already."""
        below = [(f.base, f.exp) for f in parts if isinstance(f, sp.Pow) and isinstance(f.base, Access)]
        taken = [sp.expand(f.args[0]) for f in parts if isinstance(f, sp.exp)]
        shifts = [(a, t) for t in taken for a in t.atoms(Access) if a.name in self.earlier]
        counts = [*(n for sum, n in below if sum.name in self.rivals), *(t.coeff(a) for a, t in shifts)]
        return -sp.Add(*(n for n in counts if n.is_number))

    def _several(self, body: sp.Expr) -> tuple[Scale, sp.Expr]:
        """Sums and branches keep a factor that all of them carry; other functions get it written out."""
        pairs = [self._pull(a) for a in body.args]
        branches = isinstance(body, where)
        moving = [(s, r) for s, r in pairs[branches:] if r != 0]
        same = all(s == moving[0][0] for s, _ in moving)
        if moving and same and (isinstance(body, sp.Add) or branches):
            return moving[0][0], rebuilt(body, [r for _, r in pairs])
        parts = [self._with(s, r) for s, r in pairs]
        if isinstance(body, sp.Add):  # z - (m + log s) as z - m - log s: the large terms meet first
            parts = [sp.Add(*(-t for t in factors(p)[1].args)) if _negated_sum(p) else p for p in parts]
        return {}, rebuilt(body, parts)

    def _exponential(self, body: sp.Expr) -> tuple[Scale, sp.Expr]:
        """exp(p u + r) as exp(p m) · exp(p (u - m) + r) where u is the summed exponent at other addresses."""
        argument = body.args[0]
        if argument == self.exponent:  # the sum's own equation
            own = Access(self.shift.name, *(sp.S.Zero if i.size == 1 else i for i in self.sum.left))
            return {own: sp.S.One}, sp.exp(argument - own)
        argument = self._with(*self._pull(argument))
        for read in sorted((a for a in argument.atoms(Access) if a.name == self.read.name), key=sort_key):
            table = _match(self.read, read)
            if table is None:
                continue
            exponent = self.exponent.xreplace(table)
            multiple = _multiple(argument, exponent, read)
            table |= {i: sp.S.Zero for i in self.sum.left if i.size == 1}
            shift = Access(self.shift.name, *(table.get(i, i) for i in self.sum.left))
            if multiple.is_number and multiple != 0 and all(i in table for i in self.sum.left):
                rest = sp.expand(argument - multiple * exponent)
                if not rest.has(read):
                    return {shift: multiple}, sp.exp(multiple * (exponent - shift) + rest)
        return {}, sp.exp(argument)


def _multiple(argument: sp.Expr, exponent: sp.Expr, read: Access) -> sp.Expr:
    """How many times the exponent stands in the argument, by the first of its terms that reads this."""
    term = next(t for t in sp.Add.make_args(sp.expand(exponent)) if t.has(read))
    own, rest = term.as_coeff_Mul()
    return sp.expand(argument).coeff(rest) / own


def _match(pattern: Access, read: Access) -> dict[Index, sp.Expr] | None:
    """The addresses that make the pattern the read; None where they differ in a fixed place."""
    table: dict[Index, sp.Expr] = {}
    for own, other in zip(pattern.addresses, read.addresses, strict=True):
        if not isinstance(own, Index):
            if own != other:
                return None
        elif table.setdefault(own, other) != other:
            return None
    return table


def _negated_sum(body: sp.Expr) -> bool:
    parts = factors(body)
    return len(parts) == 2 and parts[0] == -1 and isinstance(parts[1], sp.Add)


def _sum_of(scales: Iterable[Scale]) -> Scale:
    total: Scale = {}
    for scale in scales:
        for m, c in scale.items():
            total[m] = total.get(m, sp.S.Zero) + c
    return {m: c for m, c in total.items() if c != 0}
