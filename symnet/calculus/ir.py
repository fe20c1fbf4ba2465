"""The one intermediate representation: the indexed equation.

    target[left] += body   over indices, where every guard expression is >= 0

``body`` is a SymPy scalar over accesses, indices, sizes and numbers; indices that are not on the left are
summed over (``op="max"``: maximised over; a function of whole matrices, ``op="inv"``: the matrix they run over).  One
flat sum per equation, never a sum inside a sum, and every index belongs to one equation only: together these make
variable capture impossible.

Everything here is immutable.  A pass is a function from Program to Program.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal

import sympy as sp
from sympy.core.symbol import Str

from symnet.calculus.closure import closure
from symnet.calculus.expressions import atoms as atoms
from symnet.calculus.expressions import exchange as exchange
from symnet.calculus.expressions import sort_key as sort_key
from symnet.calculus.labels import labelled
from symnet.calculus.sizes import size_symbol as size_symbol
from symnet.errors import Source

Role = Literal["parameter", "buffer", "data", "label", "intermediate", "adjoint"]
Operation = str  # "+", "max", or the name of a function of whole matrices (``matrices``)
Ties = Literal["share", "first"]

#: The roles of tensors that no equation makes; a buffer is state of the model that no gradient reaches.
GIVEN: tuple[Role, ...] = ("parameter", "buffer", "data", "label")

_serials = itertools.count(1)


class Index(sp.Symbol):
    """An index with its range ``0 <= index < size``.

    Only copies of one object are equal: ``serial`` is drawn once per index, in the order of creation, so sorting never
    depends on hashing.  The name is a hint for printing.
    """

    is_Dummy = True  # SymPy then sorts the i of -i and 2 i by ``sort_key`` as well, not by its name
    __slots__ = ("serial", "size")
    size: sp.Expr
    serial: int

    def __new__(cls, name: str, size: sp.Expr | int) -> Index:
        self: Index = sp.Symbol.__xnew__(cls, name, integer=True, nonnegative=True)
        self.size, self.serial = sp.sympify(size), next(_serials)
        return self

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.name, self.serial)

    def sort_key(self, order: Any = None) -> Any:
        return self.class_key(), (2, (self.name, self.serial)), sp.S.One.sort_key(), sp.S.One

    def fresh(self) -> Index:
        """Another index of the same range and name hint."""
        return Index(self.name, self.size)


class Access(sp.Expr):
    """The read ``name[addresses]``: a real scalar.  Rank 0 is ``Access("L")``.

    Addresses are integer expressions in indices, or an ``IntegerAccess`` (class labels, tokens).
    SymPy's own Indexed refuses rank 0 and is not real, hence this class.
    """

    is_commutative = True
    is_real = True

    def __new__(cls, name: str | Str, *addresses: sp.Expr | int) -> Access:
        access: Access = sp.Expr.__new__(cls, Str(name) if isinstance(name, str) else name, *map(sp.sympify, addresses))
        return access

    @property
    def name(self) -> str:
        return str(self.args[0].name)

    @property
    def addresses(self) -> tuple[sp.Expr, ...]:
        return tuple(self.args[1:])

    def _sympystr(self, printer: Any) -> str:
        return self.name + ("[" + ",".join(map(printer.doprint, self.addresses)) + "]" if self.addresses else "")


class IntegerAccess(Access):
    """A read of integer data, so it may stand in an address: ``Z[n, t[n]]``."""

    is_integer = True


class Delta(sp.Function):
    """Kronecker's delta of an index and an address: 1 where they are equal, else 0.

    It turns every left side plain: ``dZ[n, t[n]] += b`` is ``dZ[n, c] += Delta(c, t[n]) * b``.
    """

    nargs = 2
    is_integer = True
    is_nonnegative = True

    @classmethod
    def eval(cls, index: sp.Expr, address: sp.Expr) -> sp.Expr | None:
        if index == address:
            return sp.S.One
        difference = index - address
        return sp.S.Zero if difference.is_Integer and difference != 0 else None


@dataclass(frozen=True)
class TensorSpec:
    """What is known of one tensor.  ``given`` is true when the person chose its name."""

    name: str
    shape: tuple[sp.Expr, ...]
    role: Role
    integer: bool = False
    facts: frozenset[str] = frozenset()  # one_hot, simplex, mask, symmetric, positive, nonnegative, derivative
    source: Source | None = None
    given: bool = True
    classes: sp.Expr | None = None  # integer values are in 0..classes-1

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass(frozen=True)
class Origin:
    """Why an adjoint equation stands: the forward equation's number (None is the seed), the access differentiated."""

    equation: int | None
    access: Access | None = None
    derivative: sp.Expr | None = None  # the scalar derivative of the forward body, in the forward equation's indices


@dataclass(frozen=True)
class Equation:
    """``target[left] op= body`` over ``indices`` (left ones first) where every expression of ``guard`` is >= 0."""

    target: str
    left: tuple[Index, ...]
    body: sp.Expr
    reduced: tuple[Index, ...] = ()
    op: Operation = "+"
    guard: frozenset[sp.Expr] = frozenset()
    ties: Ties = "share"
    origin: Origin | None = None
    source: Source | None = None

    @property
    def indices(self) -> tuple[Index, ...]:
        return self.left + self.reduced

    @cached_property
    def accesses(self) -> tuple[Access, ...]:
        """Every distinct access of body and guard, nested ones included, in a fixed order."""
        return tuple(sorted(self.read, key=sort_key))

    @cached_property
    def read(self) -> frozenset[Access]:
        """The same in no order, for names alone: an order of expressions takes long to find."""
        return atoms(self.body, Access).union(*(atoms(g, Access) for g in self.guard))

    def renamed(self, mapping: Mapping[Index, sp.Expr]) -> Equation:
        """The same equation with reduced or left indices exchanged for other indices."""
        table = dict(mapping)
        return replace(
            self,
            left=tuple(table.get(i, i) for i in self.left),
            reduced=tuple(table.get(i, i) for i in self.reduced),
            body=exchange(self.body, table),
            guard=frozenset(g.xreplace(table) for g in self.guard),
        )

    def fresh(self) -> Equation:
        """The same equation with indices of its own."""
        return self.renamed({i: i.fresh() for i in self.indices})

    def __str__(self) -> str:
        left = f"{self.target}[{','.join(i.name for i in self.left)}]" if self.left else self.target
        sign = "Σ" if self.op == "+" else self.op
        total = f"{sign}_{','.join(i.name for i in self.reduced)} " if self.reduced else ""
        where = " if " + " and ".join(sorted(f"{g} >= 0" for g in self.guard)) if self.guard else ""
        return f"{left} {self.op}= {total}{self.body}{where}"


@dataclass(frozen=True)
class Program:
    """Equations in an order in which each tensor is complete before it is read, but for recurrences (``loops``).

    ``adjoints`` maps a tensor to the name of its adjoint once the program has been derived.  ``numbers`` are the named
    sizes as declared: the shapes of the inputs come first, but a shape ``[N, H*K]`` tells neither H nor K.
    """

    tensors: Mapping[str, TensorSpec]
    equations: tuple[Equation, ...]
    loss: str
    adjoints: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    numbers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def at(self, numbers: Mapping[str, int]) -> Program:
        """The program with other numbers for its named sizes."""
        return replace(self, numbers=MappingProxyType(dict(numbers)))

    def defining(self, name: str) -> tuple[Equation, ...]:
        """The equations that contribute to one tensor."""
        return self._by_target.get(name, ())

    @cached_property
    def _by_target(self) -> Mapping[str, tuple[Equation, ...]]:
        groups: dict[str, list[Equation]] = {}
        for equation in self.equations:
            groups.setdefault(equation.target, []).append(equation)
        return {target: tuple(group) for target, group in groups.items()}

    def targets(self) -> tuple[str, ...]:
        """Every computed tensor once, in the order in which it is complete."""
        return self._targets

    @cached_property
    def readers(self) -> Mapping[str, tuple[Equation, ...]]:
        """Tensor -> the equations that read it, in program order."""
        groups: dict[str, list[Equation]] = {}
        for equation in self.equations:
            for name in sorted({a.name for a in equation.read}):
                groups.setdefault(name, []).append(equation)
        return {name: tuple(group) for name, group in groups.items()}

    @cached_property
    def _targets(self) -> tuple[str, ...]:
        last = {e.target: k for k, e in enumerate(self.equations)}
        return tuple(sorted(last, key=last.__getitem__))

    def reads(self, name: str) -> frozenset[str]:
        """The names that the equations of one tensor read."""
        return frozenset(a.name for e in self.defining(name) for a in e.read)

    def ancestors(self, name: str) -> frozenset[str]:
        """What one tensor is computed from; the tensor itself in a recurrence alone."""
        return closure(self.reads(name), self.reads)

    def with_equations(self, equations: Iterable[Equation], tensors: Mapping[str, TensorSpec] | None = None) -> Program:
        """The same program with other equations, and tensors if given."""
        return replace(self, equations=tuple(equations), tensors=dict(tensors) if tensors is not None else self.tensors)

    def with_bodies(self, bodies: Iterable[sp.Expr]) -> Program:
        """The same program with other bodies, one for each equation; an equation that keeps its body stays the same."""
        pairs = zip(self.equations, bodies, strict=True)
        return self.with_equations(e if body == e.body else replace(e, body=body) for e, body in pairs)

    def restricted_to(self, wanted: Iterable[str]) -> Program:
        """Only the equations that the wanted tensors need; unused tensors go, declared ones stay."""
        need = closure(wanted, self.reads)
        kept = [e for e in self.equations if e.target in need]
        computed = {e.target for e in kept}
        tensors = {n: t for n, t in self.tensors.items() if n in computed or t.role in GIVEN}
        return replace(self, equations=tuple(kept), tensors=tensors)

    def __str__(self) -> str:
        return "\n".join(map(str, self.equations))


def indices_for(shape: Iterable[sp.Expr], name: str = "i") -> tuple[Index, ...]:
    """Fresh plain indices, one for each axis."""
    return tuple(Index(name, size) for size in shape)


def access(spec: TensorSpec, *addresses: sp.Expr | int) -> Access:
    """A read of the tensor, of the class that its data type asks for."""
    return (IntegerAccess if spec.integer else Access)(labelled(spec.name, spec.classes), *addresses)
