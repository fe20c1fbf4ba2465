"""What recurrences are computed for, and in which order: forward in time, and their adjoints backward."""

from __future__ import annotations

from collections.abc import Mapping

from symnet.calculus.ir import Index
from symnet.calculus.loops import Loop, loops_of
from symnet.explain.document import Prose
from symnet.explain.formula import Letter
from symnet.explain.scribe import Scribe
from symnet.explain.softmax import softmax_remarks


def remarks_on_tensors(scribe: Scribe) -> Mapping[str, Prose]:
    """What to say where a tensor is defined, or its adjoint: a softmax, or the order of time."""
    programs = (scribe.derivation.model.program, scribe.derivation.program)
    loops = {name: loop for program in programs for loop in loops_of(program) for name in loop.tensors}
    return {**{name: _order(scribe, loop) for name, loop in loops.items()}, **softmax_remarks(scribe)}


def _order(scribe: Scribe, loop: Loop) -> Prose:
    time = Index("t", loop.size)
    letter, last = Letter(scribe.letters.assign([time])[time]), scribe.size(loop.size - 1)
    if loop.backward:
        return ("back in time: for ", letter, " = ", last, ", …, 0")
    return ("step by step: for ", letter, " = 0, …, ", last)
