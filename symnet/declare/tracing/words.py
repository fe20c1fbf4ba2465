"""The table of words: what symnet, torch and NumPy call each function, filled by the decorator where it is defined.

Every call of a word, whether written ``sn.exp(x)``, ``x.exp()``, ``torch.exp(x)`` or ``np.exp(x)``, comes through
``Word.__call__``: arrays become constant tensors, NumPy's spellings of arguments become torch's, and a call that does
not fit the signature is a mistake of the person's, with their line.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, update_wrapper
from typing import Any, TypeVar, cast

from symnet.calculus.ir import indices_for
from symnet.declare.tracing.constants import constant_of, is_array
from symnet.declare.tracing.picking import Picking
from symnet.declare.tracing.signatures import signature_text
from symnet.declare.tracing.trace import Term, Trace, Traced, current, mistake
from symnet.declare.tracing.untracked import is_untracked
from symnet.errors import SymnetError

Function = TypeVar("Function", bound=Callable[..., Any])
Names = str | tuple[str, ...]

__all__ = ["METHODS", "NUMPY", "TORCH", "WORDS", "Names", "Word", "mistake", "word"]

WORDS: dict[str, Word] = {}  # what a model file calls sn.NAME
METHODS: dict[str, Word] = {}  # what is a method of a tensor
TORCH: dict[str, Word] = {}  # by torch's name: "exp", "linalg.norm", "special.entr", "Tensor.where"
NUMPY: dict[str, Word] = {}  # by NumPy's name: "exp", "linalg.norm"

#: NumPy's names of arguments, and those of torch that stand first or second in a signature.
_RENAMED = {"axis": "dim", "axes": "dim", "keepdims": "keepdim", "dim": "axis", "keepdim": "keepdims"}
_FIRST, _SECOND = ("input", "self", "x", "a", "x1", "tensors", "arrays"), ("other", "x2", "b")
#: Arguments that say where or how a number is stored, which a formula does not know, and what they may be.
_STORAGE: Mapping[str, Callable[[Any], bool]] = {
    "out": lambda v: v is None,
    "inplace": lambda v: not v,
    "size_average": lambda v: v is None,
    "reduce": lambda v: v is None,
    "_stacklevel": lambda v: True,
    "dtype": lambda v: v is None or "float" in str(v) or "double" in str(v),
    "where": lambda v: v is True,
    "device": lambda v: True,
    "layout": lambda v: v is None or "strided" in str(v),
    "memory_format": lambda v: True,
    "non_blocking": lambda v: True,
    "pin_memory": lambda v: True,
    "requires_grad": lambda v: not v,
}


@dataclass(eq=False)
class Word:
    """One function of the vocabulary.  Its docstring is its equation."""

    name: str
    function: Callable[..., Any]
    torch: tuple[str, ...] = ()
    numpy: tuple[str, ...] = ()
    method: bool = False
    passes_on: bool = False  # whether torch gives the tensor itself where it is the result, and its gradient with it

    @cached_property
    def signature(self) -> inspect.Signature:
        """The parameters of the function."""
        return inspect.signature(self.function)

    @property
    def equation(self) -> str:
        """What the word computes, in index form."""
        return inspect.getdoc(self.function) or ""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The word applied.

        A mistake is noted and answered with a broken tensor, so that one run lists them all; so is a broken argument.
        """
        tensors = list(_tensors((*args, *options.values())))
        broken = next((t for t in tensors if t.broken), None)
        if broken is not None:
            return broken
        trace = tensors[0].own_trace if tensors else current()
        trace.depth += 1
        newest = next(trace.counter) if is_untracked() and trace.depth == 1 else None
        try:
            result = self._applied(args, options)
            if newest is not None and not self.passes_on:
                result = without_gradient(result, newest)
            if trace.depth == 1:
                _note_places(trace, result)
            if not self.passes_on and any(result is tensor for tensor in tensors):
                trace.writes.twice.add(result.spec.name)
            return result
        except SymnetError as error:
            if trace.depth > 1 or not tensors:
                raise
            for problem in error.problems:
                trace.problems.add(problem)
            return tensors[0].as_broken()
        finally:
            trace.depth -= 1

    def _applied(self, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        given = [_converted(a) for a in args]
        named = {k: _converted(v) for k, v in self._options(options).items()}
        self._require_tensor(given, named)
        for place, parameter in enumerate(self.signature.parameters.values()):
            if parameter.kind is parameter.VAR_POSITIONAL and len(given) == place and parameter.name in named:
                given.append(named.pop(parameter.name))  # torch.flip(x, dims=(0, 1)), torch.zeros(size=(N, 4))
        try:
            bound = self.signature.bind(*given, **named)
        except TypeError as error:
            raise mistake("SN108", f"{self.name}: {error}", f"{self.name}{signature_text(self.signature)}") from None
        for name, value in bound.arguments.items():
            if self.signature.parameters[name].annotation == "int":
                bound.arguments[name] = current().counted(value)  # torch.diag(x, N)
        return self.function(*bound.args, **bound.kwargs)

    def _require_tensor(self, given: list[Any], named: Mapping[str, Any]) -> None:
        """Raises SymnetError where a list or nothing stands for the tensor that the word begins with."""
        first = next(iter(self.signature.parameters.values()), None)
        if first is None or first.annotation != "Tensor":
            return
        value = given[0] if given else named.get(first.name, 0)
        if isinstance(value, list | tuple | dict | str | None):
            what = "a function without return gives None" if value is None else "sn.stack and sn.cat join tensors"
            raise mistake("SN107", f"{self.name} takes a tensor, not {type(value).__name__}", what)

    def _options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        known = list(self.signature.parameters)
        result: dict[str, Any] = {}
        for key, value in options.items():
            if key in known:
                result[key] = value
            elif _RENAMED.get(key) in known:
                result[_RENAMED[key]] = value
            elif key in _FIRST and known:
                result[known[0]] = value
            elif key in _SECOND and len(known) > 1:
                result[known[1]] = value
            elif key not in _STORAGE or not _STORAGE[key](value):
                result[key] = value  # the signature refuses it
        return result


def word(
    *,
    torch: Names = (),
    numpy: Names = (),
    method: bool = True,
    of_torch: bool = True,
    offered: bool = True,
    passes_on: bool = False,
) -> Callable[[Function], Function]:
    """The decorated function as a word.

    ``torch`` are torch's other names for it ("clip", "special.expit"), which stand beside its own unless it is not
    ``of_torch``; ``numpy`` are NumPy's names.  A ``method`` is one of a tensor too.  What is not ``offered`` is reached
    through torch and NumPy only.  One that ``passes_on`` gives its argument itself where it changes nothing, no view.
    """

    def entered(function: Function) -> Function:
        own, aliases = function.__name__, (torch,) if isinstance(torch, str) else torch
        spelled = (numpy,) if isinstance(numpy, str) else numpy
        theirs = (*((own,) if of_torch else ()), *aliases)
        entry = Word(own, function, theirs, spelled, method, passes_on)
        update_wrapper(cast(Any, entry), function, updated=())
        bare = tuple(n for n in aliases if "." not in n and n[0] != "_")
        plain = (own, *bare) if offered else ()
        methods = (*((own,) if offered else bare), *bare, *(n[7:] for n in aliases if n.startswith("Tensor.")))
        tables = (
            (TORCH, theirs),
            (NUMPY, spelled),
            (WORDS, plain),
            (METHODS, dict.fromkeys(methods if method else ())),
        )
        for table, names in tables:
            for name in names:
                assert name not in table, f"two words are called {name}"
                table[name] = entry
        return cast(Function, entry)

    return entered


def _note_places(trace: Trace, result: object) -> None:
    """Note the place of each tensor that the person's call made for a tuple: ``i, f, g, o = Z.chunk(4, 1)``."""
    parts = result if isinstance(result, tuple) else ()
    if len(parts) < 2 or not all(isinstance(p, Traced) for p in parts):
        return
    event = trace.call_of_person()
    for place, part in enumerate(parts):
        if trace.events.get(part.spec.name) == event:
            trace.positions.setdefault(part.spec.name, place)


def without_gradient(result: Any, newest: int) -> Any:
    """What a word gives where no gradient flows: a tensor that was there before, as copies of it."""
    if isinstance(result, list | tuple):
        parts = (without_gradient(r, newest) for r in result)
        return result._make(parts) if hasattr(result, "_make") else type(result)(parts)
    if not isinstance(result, Traced) or result.broken or result.spec.integer or int(result.spec.name[1:]) > newest:
        return result
    spec, left = result.own_trace.new_spec(result.spec.shape, "intermediate"), indices_for(result.spec.shape)
    result.own_trace.define(spec, Term(left, result.read(left)))
    return result.made(spec)


def _tensors(values: Iterable[Any]) -> Iterator[Traced]:
    for value in values:
        if isinstance(value, Traced):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _converted(value: Any) -> Any:
    """Arrays of NumPy and torch as constant tensors, also inside lists and tuples."""
    if isinstance(value, Picking):
        return value.tensor()
    if is_array(value):
        return constant_of(current(), value)
    if isinstance(value, list | tuple) and any(is_array(v) for v in value):
        return [_converted(v) for v in value]
    return value
