"""Modules of torch that compute something else in evaluation: they are run in both modes.

A module asks ``self.training`` in plain Python, so one run can tell one mode only.  What differs in evaluation is run
a second time with ``training`` False everywhere, and the two results become one under ``sn.training``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from symnet.declare.drawn import by_mode, training_mode
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Trace
from symnet.declare.tracing.words import mistake


def in_both_modes(trace: Trace, module: Any, forward: Callable[..., Any]) -> Callable[..., Any]:
    """The forward that gives the result of training while a script trains, and of evaluation where it evaluates."""

    def called(*args: Any, **options: Any) -> Any:
        parts = list(module.modules())
        flags = [part.training for part in parts]
        if not any(flags) or trace.modes_told:
            return forward(*args, **options)
        trace.modes_told = True
        before, held, moved = trace.writes.stale, next(trace.counter), len(trace.writes.moved)
        try:
            trained = forward(*args, **options)
            _require_updates(trace, parts)
            changed, trace.writes.stale = trace.writes.stale, before
            _require_buffers(trace, changed.keys() - before.keys())
            _require_whole(trace.writes.moved[moved:], held)
            for part in parts:
                part.training = False
            evaluated = forward(*args, **options)
            _require_whole(trace.writes.moved[moved:], held)
            trace.writes.stale = {**changed, **trace.writes.stale}
        finally:
            trace.modes_told = False
            for part, flag in zip(parts, flags, strict=True):
                part.training = flag
        return _either(trained, evaluated)

    return called


def _require_whole(moved: Sequence[str], held: int) -> None:
    """Refuses a part that was assigned in a tensor from outside: the caller would hold what one mode made of it."""
    if any(int(name[1:]) < held for name in moved):
        what = "a module that trains and evaluates differently assigns a part of a tensor that it was given"
        raise mistake("SN106", what, "copy it first: x = x.clone()")


def _require_buffers(trace: Trace, changed: Iterable[str]) -> None:
    """Refuses a buffer that forward changed in place: the next step, and evaluation, would find it as it was."""
    if any(trace.specs[name].role == "buffer" for name in changed):
        what = "a module changes its buffer in place, and it would not be kept from step to step"
        raise mistake("SN110", what, "torch's own BatchNorm keeps statistics; sn.buffer and sn.update keep others")


def _require_updates(trace: Trace, parts: list[Any]) -> None:
    """Refuses running statistics that the run in training did not renew."""
    for part in parts:
        mean = getattr(part, "running_mean", None)
        if part.training and isinstance(mean, Tensor) and mean.spec.name not in trace.updates:
            what = f"the running statistics of {type(part).__name__}"
            raise mistake("SN110", f"{what} are not renewed in training", "track_running_stats=False, or eval()")


def _either(trained: Any, evaluated: Any) -> Any:
    """Two results of one structure as one."""
    if isinstance(trained, Tensor) and isinstance(evaluated, Tensor) and trained.shape == evaluated.shape:
        return by_mode(training_mode(), trained, evaluated, "forward")
    if isinstance(trained, dict) and isinstance(evaluated, dict) and trained.keys() == evaluated.keys():
        return {key: _either(trained[key], evaluated[key]) for key in trained}
    if isinstance(trained, list | tuple) and isinstance(evaluated, list | tuple) and len(trained) == len(evaluated):
        return type(trained)([_either(a, b) for a, b in zip(trained, evaluated, strict=True)])
    if not isinstance(trained, Tensor) and not isinstance(evaluated, Tensor) and trained == evaluated:
        return trained
    raise mistake("SN110", "the module gives something else in evaluation", "call eval() on it, or train one result")


def differs(module: Any) -> bool:
    """Whether a module or a part of it may compute something else in evaluation."""
    return any(part.training and (_draws(part) or _keeps(part) or _asks(part)) for part in module.modules())


def _draws(part: Any) -> bool:
    """Dropout, and layers that hold a probability of it."""
    chance = getattr(part, "p", None) if "Dropout" in type(part).__name__ else getattr(part, "dropout", None)
    return isinstance(chance, int | float) and chance > 0


def _keeps(part: Any) -> bool:
    """Statistics of the data so far."""
    return getattr(part, "running_mean", None) is not None or type(part).__name__ == "_SpectralNorm"


def _asks(part: Any) -> bool:
    """Whether code of the person's own reads ``training``."""
    own = (kind for kind in type(part).__mro__ if not kind.__module__.startswith("torch."))
    functions = (f for kind in own for f in vars(kind).values() if hasattr(f, "__code__"))
    return any("training" in f.__code__.co_names for f in functions)
