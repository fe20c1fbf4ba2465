"""What may be read: nothing that was changed in place, nothing under torch.no_grad() that parameters decide.

The result of an operation in place is a new tensor; the old one, with all that shares its memory, would have other
numbers in torch and NumPy than here, so it may not be read again.
"""

from __future__ import annotations

import sys
from typing import TypeVar

from symnet.calculus.ir import Access
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.trace import Trace, Traced
from symnet.errors import Note, Problem, SymnetError

T = TypeVar("T", bound=Traced)


def overwritten(old: Traced, new: T) -> T:
    """The new tensor, which stands in the place of the old one from here on."""
    trace = old.trace
    if new.shape != old.shape and not (new.broken or old.broken):
        trace.fail("SN103", f"a tensor {show(old.shape)} cannot become {show(new.shape)} in place", help=("write =",))
        return new
    for name in _sharing(trace, old.spec.name) - {new.spec.name}:
        trace.overwritten[name] = trace.here()
    return new


def _sharing(trace: Trace, name: str) -> set[str]:
    """The tensors that are the same numbers in another order or a part of them: torch keeps them in one memory."""
    linked: dict[str, set[str]] = {}
    for equation in trace.equations:
        if isinstance(equation.body, Access) and not equation.reduced:
            linked.setdefault(equation.target, set()).add(equation.body.name)
            linked.setdefault(equation.body.name, set()).add(equation.target)
    found, waiting = {name}, [name]
    while waiting:
        new = linked.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def require_unchanged(tensor: Traced) -> None:
    """Refuses to read what was changed in place."""
    if tensor.spec.name in tensor.trace.overwritten:
        trace = tensor.trace
        places = ((trace.here(), "it is read here"), (trace.overwritten[tensor.spec.name], "and was changed here"))
        message = f"{trace.text_of(tensor.spec)} is read after it was changed in place"
        help = "write the operation without its in-place form: y = x + d for x += d, no inplace=True"
        notes = tuple(Note(source, words) for source, words in places if source is not None)
        raise SymnetError(Problem("SN106", message, notes, help=(help,)))


def require_tracked(tensor: Traced) -> None:
    """Refuses to read a function of parameters under torch.no_grad(): no equation stops a derivative."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "is_grad_enabled") or torch.is_grad_enabled():
        return
    trace = tensor.trace
    made = {e.target: e for e in trace.equations}
    waiting, seen = [tensor.spec.name], set[str]()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if trace.specs[name].role == "parameter":
            source = trace.here()
            message = "a function of parameters under torch.no_grad() is not covered: no equation stops a derivative"
            help = "take it out of no_grad, or declare its values as sn.data"
            raise SymnetError(Problem("SN110", message, (Note(source),) if source else (), help=(help,)))
        if name in made:
            waiting += [a.name for a in made[name].accesses]
