"""The record of one model file while it runs: every operation becomes an equation of a tensor with a private name.

Mistakes are noted and answered with a broken tensor, so one run of the file lists all of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Operation, Role, TensorSpec, Ties, access, size_symbol
from symnet.declare.tracing.places import person_frame, span
from symnet.declare.tracing.predicted import Predicted
from symnet.declare.tracing.sizing import Sizing
from symnet.declare.tracing.untracked import cut, is_untracked
from symnet.declare.tracing.writes import Writes
from symnet.errors import Note, Problem, Problems, Source, SymnetError, shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from symnet.model import Inner, Values


@dataclass(frozen=True)
class Declared:
    """What a declaring word said beyond the tensor itself."""

    values: Values | Traced
    classes: sp.Expr | None = None


@dataclass(frozen=True)
class Constant:
    """An array of NumPy or torch that stands in the model; ``owners`` are the objects that hold these numbers."""

    tensor: Traced
    owners: list[Any]


@dataclass(frozen=True)
class Formed:
    """A derivative that was formed: ``private`` maps its own names to those of the trace, ``rests_on`` are the tensors
    of the trace whose definitions its formulas may use.  One formed inside a step of scan is not ``told``: the model
    holds it for all times."""

    inner: Inner
    private: Mapping[str, str]
    rests_on: frozenset[str]
    told: bool = True


@dataclass
class Trace(Sizing):
    """Everything that one run of a model file declared, in order."""

    path: str = ""
    lines: tuple[str, ...] = ()
    assigned: Mapping[tuple[int, int, int, int], tuple[str, ...]] = field(default_factory=dict)  # span -> names it gets
    picked: Mapping[tuple[int, int, int, int], tuple[str, ...]] = field(default_factory=dict)  # of calls with [k]
    tensors: dict[str, Traced] = field(default_factory=dict)
    specs: dict[str, TensorSpec] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    declared: dict[str, Declared] = field(default_factory=dict)
    chosen_names: dict[str, str] = field(default_factory=dict)  # private name -> explicit name=
    positions: dict[str, int] = field(default_factory=dict)  # private name -> place in the tuple that a call returned
    hints: dict[str, str] = field(default_factory=dict)  # private name -> what to call it if the person did not
    kept: set[str] = field(default_factory=set)  # private names of tensors that stay although nobody named them
    objective: Traced | None = None
    predictions: list[Predicted] = field(default_factory=list)  # what losses are told of
    problems: Problems = field(default_factory=Problems)
    events: dict[str, int] = field(default_factory=dict)  # private name -> the person's call that made it
    newest: dict[int, str] = field(default_factory=dict)  # call -> the last tensor that it made, the one it returned
    calls: dict[int, tuple[FrameType, int]] = field(default_factory=dict)  # frames are kept so that no id comes twice
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    constants: dict[Any, Constant] = field(default_factory=dict)  # by kind, shape and numbers
    given: set[str] = field(default_factory=set)  # private names of data that came as such arrays
    outer: set[str] = field(default_factory=set)  # private names of tensors to which a person added an axis of size 1
    begun: list[int] = field(default_factory=list)  # of each step of a scan that is running: its first tensor's number
    derivatives: list[Formed] = field(default_factory=list)
    train_call: Source | None = None  # where the file says how to train
    adopted: dict[int, Any] = field(default_factory=dict)  # modules of torch that became parts of the model
    owners: dict[int, tuple[Any, Traced]] = field(default_factory=dict)  # their parameters: torch's own, and ours
    modes_told: bool = False  # whether a module of torch is being run in both modes
    writes: Writes = field(default_factory=Writes)  # what was changed in place
    mode: Traced | None = None  # 1 in training and 0 in evaluation, if the file asks for it
    drawn: set[str] = field(default_factory=set)  # private names of data that a script draws for every step
    updates: dict[str, Traced] = field(default_factory=dict)  # private name of a buffer -> what it becomes
    frozen: set[str] = field(default_factory=set)  # private names of parameters that are not trained, so buffers
    cut: set[str] = field(default_factory=set)  # private names of tensors made where no gradient flows
    apart: dict[object, str] = field(default_factory=dict)  # quotients that got a private name of their own
    depth: int = 0  # how many words are being answered, one inside the other
    free: int = 0  # how many calls of a library's own word are being answered

    def new_spec(
        self, shape: Iterable[sp.Expr], role: Role, classes: sp.Expr | None = None, facts: Iterable[str] = ()
    ) -> TensorSpec:
        """A tensor with a private name, which no person can write, and the place in the model file that made it."""
        key, whole = f"%{next(self.counter)}", classes is not None
        spec = TensorSpec(key, tuple(shape), role, whole, frozenset(facts), self.here(), False, classes)
        self.specs[spec.name] = spec
        event = self.call_of_person()
        self.events[spec.name] = event
        self.newest[event] = spec.name
        return spec

    def call_of_person(self) -> int:
        """A number for the call in the person's code that is being answered; one call may make several tensors."""
        _, caller = person_frame(self.path)
        if caller is None:
            return 0
        return self.calls.setdefault(id(caller), (caller, len(self.calls) + 1))[1]

    def new_size(self, name: str, value: int | None) -> sp.Symbol:
        """A named size; None means that the data bring it."""
        symbol = size_symbol(name)
        self.sizes[symbol] = value
        if self.adopted and value is not None:
            self.fixed.add(symbol)  # torch has numbers
        return symbol

    @contextmanager
    def broadcasting_freely(self) -> Iterator[None]:
        """While a word of torch or NumPy is answered, which stretches axes of size 1 without asking."""
        self.free += 1
        try:
            yield
        finally:
            self.free -= 1

    def define(self, spec: TensorSpec, *terms: Term) -> None:
        """The equations of a new tensor, one for each term."""
        for term in terms:
            body = cut(self, spec, term) if is_untracked() else term.body
            guard = frozenset(term.guard)
            equation = Equation(spec.name, term.left, body, term.reduced, term.op, guard, term.ties)
            self.equations.append(replace(equation, source=spec.source))

    def of_one_time(self, names: Iterable[str]) -> bool:
        """Whether some tensors stand for one time of a scan that is running: they are there, and nothing makes them."""
        made = {e.target for e in self.equations}
        return any(self.specs[n].role == "intermediate" and n not in made for n in names)

    def person_name(self, spec: TensorSpec) -> str | None:
        """The name that the person gave a tensor: ``name=``, or the assignment of the expression that made it."""
        if spec.name in self.chosen_names or spec.name in self.given:
            return self.chosen_names.get(spec.name)
        several = spec.name in self.positions
        declared = spec.role != "intermediate" and spec.name not in self.drawn
        returned = several or declared or self.newest.get(self.events[spec.name]) == spec.name
        if spec.source is None or not returned:
            return None
        names = self.assigned.get(spec.source.span, ()) or (several and self.picked.get(spec.source.span)) or ()
        position = self.positions.get(spec.name, 0)
        return names[position] or None if position < len(names) else None

    def text_of(self, spec: TensorSpec) -> str:
        """What a message calls a tensor: its name, else the person's expression."""
        name = self.person_name(spec)
        if name is not None or spec.source is None or spec.source.line != spec.source.end_line:
            return name or "the tensor"
        line = self.lines[spec.source.line - 1].encode() if spec.source.line <= len(self.lines) else b""
        return shortened(line[spec.source.column : spec.source.end_column].decode()) or "the tensor"

    def here(self) -> Source | None:
        """The person's expression that is being evaluated."""
        frame, _ = person_frame(self.path)
        return span(frame) if frame is not None else None

    def fail(
        self,
        code: str,
        message: str,
        *,
        table: tuple[str, ...] = (),
        help: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
        because: tuple[Note, ...] = (),
        caret: str = "",
    ) -> None:
        """Note a mistake at the person's expression."""
        source = self.here()
        places = (*because, Note(source, caret)) if source is not None else because
        self.problems.add(Problem(code, message, places, table, help, notes))


@dataclass(frozen=True)
class Term:
    """One contribution to a tensor: left indices, body, indices summed over, and where (every guard >= 0)."""

    left: tuple[Index, ...]
    body: sp.Expr
    reduced: tuple[Index, ...] = ()
    op: Operation = "+"
    guard: tuple[sp.Expr, ...] = ()
    ties: Ties = "share"


class Traced:
    """A tensor of a trace, without the operators that a person sees; the operations are written for these."""

    __slots__ = ("__weakref__", "broken", "own_trace", "spec")
    facing: ClassVar[type[Traced]]  # the class that a person sees

    def __init_subclass__(cls, facing: bool = True) -> None:
        Traced.facing = cls if facing else Traced.facing

    def __init__(self, trace: Trace, spec: TensorSpec, broken: bool = False) -> None:
        self.own_trace = trace
        self.spec = spec
        self.broken = broken
        trace.tensors[spec.name] = self

    def made(self, spec: TensorSpec, hint: str = "") -> Self:
        """A new tensor of the same trace; ``hint`` is its name if the person gives none."""
        if hint:
            self.own_trace.hints[spec.name] = hint
        return type(self)(self.own_trace, spec)

    def as_broken(self) -> Self:
        """Stands for the result of a mistake; every use of it is silent."""
        return type(self)(self.own_trace, self.own_trace.new_spec((), "intermediate"), broken=True)

    def read(self, addresses: Sequence[sp.Expr]) -> Access:
        """The access at the addresses; of a view of labels, the read of the labels themselves."""
        if self.spec.integer and self.spec.role == "intermediate":
            view = next(e for e in self.own_trace.equations if e.target == self.spec.name)
            read: Access = view.body.xreplace(dict(zip(view.left, addresses, strict=True)))
            return read
        return access(self.spec, *addresses)

    @property
    def classes(self) -> sp.Expr | None:
        """What bounds labels from above, if it was declared."""
        name = self.spec.name
        if self.spec.integer and self.spec.role == "intermediate":  # the places of an axis read nothing
            name = next(getattr(e.body, "name", "") for e in self.own_trace.equations if e.target == name)
        declared = self.own_trace.declared.get(name)
        return declared.classes if declared is not None else self.spec.classes

    @property
    def shape(self) -> tuple[sp.Expr, ...]:
        return self.spec.shape

    @property
    def ndim(self) -> int:
        return self.spec.rank


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace:
    """The trace of the model file that is being read; outside of one, a trace of this process."""
    trace = _current.get()
    if trace is None:
        trace = Trace()
        _current.set(trace)
    return trace


@contextmanager
def recording(trace: Trace) -> Iterator[Trace]:
    """Make a trace the current one."""
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def mistake(code: str, message: str, *help: str) -> SymnetError:
    """A mistake that ends the run of the file, at the person's expression."""
    source = current().here()
    return SymnetError(Problem(code, message, (Note(source),) if source else (), help=help))
