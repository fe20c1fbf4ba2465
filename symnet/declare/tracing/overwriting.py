"""What may be read: nothing that was changed in place, and nothing in a backward that is no derivative.

The result of an operation in place is a new tensor; the old one, with all that shares its memory, would have other
numbers in torch and NumPy than here, so it may not be read again.
"""

from __future__ import annotations

from typing import TypeVar

from symnet.calculus.closure import closure
from symnet.calculus.detached import is_detached, plain, stop_gradient
from symnet.calculus.ir import Access
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.trace import Trace, Traced, mistake
from symnet.declare.tracing.untracked import in_own_function, is_untracked
from symnet.declare.tracing.writes import Change
from symnet.errors import Note, Problem, SymnetError

T = TypeVar("T", bound=Traced)


def overwritten(old: Traced, new: T) -> T:
    """The new tensor, which stands in the place of the old one from here on."""
    trace = old.own_trace
    if not trace.same_shape(new.shape, old.shape) and not (new.broken or old.broken):
        trace.fail("SN103", f"a tensor {show(old.shape)} cannot become {show(new.shape)} in place", help=("write =",))
        return new
    if is_untracked() and not _is_detached(trace, old.spec.name):
        message = "a change in place without gradients is not covered: torch keeps the gradient of what was there"
        raise mistake("SN110", message, "make a new tensor: y = x + d")
    stale = _sharing(trace, old.spec.name) - {new.spec.name}
    trace.writes.changes[new.spec.name] = Change(old.spec.name, stale - trace.writes.stale.keys())
    trace.writes.stale = {**trace.writes.stale, **dict.fromkeys(stale, trace.here())}
    return new


def _is_detached(trace: Trace, name: str) -> bool:
    """Whether no gradient flows through a tensor."""
    made = [e for e in trace.equations if e.target == name]
    return bool(made) and all(is_detached(e.body) for e in made)


def _sharing(trace: Trace, name: str) -> frozenset[str]:
    """The tensors that are the same numbers in another order or a part of them: torch keeps them in one memory."""
    linked: dict[str, set[str]] = {}
    for equation in trace.equations:
        if not isinstance(equation.body, Access | stop_gradient):
            continue
        body = plain(equation.body)  # a detached copy shares its memory, too
        if isinstance(body, Access) and not equation.reduced and equation.target not in trace.writes.copies:
            linked.setdefault(equation.target, set()).add(body.name)
            linked.setdefault(body.name, set()).add(equation.target)
    return closure([name], lambda other: linked.get(other, ()))


def require_unchanged(tensor: Traced) -> None:
    """Refuses to read what was changed in place."""
    if tensor.spec.name in tensor.own_trace.writes.stale:
        trace = tensor.own_trace
        places = ((trace.here(), "it is read here"), (trace.writes.stale[tensor.spec.name], "and was changed here"))
        message = f"{trace.text_of(tensor.spec)} is read after it was changed in place"
        help = "write the operation without its in-place form: y = x + d for x += d, no inplace=True"
        notes = tuple(Note(source, words) for source, words in places if source is not None)
        raise SymnetError(Problem("SN106", message, notes, help=(help,)))


def require_derivative(tensor: Traced) -> None:
    """Refuses to read a tensor in a person's own autograd.Function, whose backward is no derivative."""
    if is_untracked() and in_own_function():
        source = tensor.own_trace.here()
        message = "an autograd.Function of your own is not covered: its backward need not be the derivative"
        help = "write what backward means as a forward: y + (q - y).detach() has the value of q and the gradient of y"
        raise SymnetError(Problem("SN110", message, (Note(source),) if source else (), help=(help,)))
