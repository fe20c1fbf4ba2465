"""Buffers: state of a model that no gradient reaches, renewed after every training step by an equation of its own.

    running ← (1 - momentum) running + momentum statistic of the batch

A script keeps buffers beside the parameters, in its checkpoints too; what is computed in evaluation reads them.
"""

from __future__ import annotations

from typing import Any

from symnet.declare.functions.pointwise import mapped
from symnet.declare.inputs import Size, initial_values
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import current
from symnet.declare.tracing.words import mistake


def buffer(*shape: Size, init: Any = "zeros", name: str | None = None) -> Tensor:
    """A tensor that is kept from step to step and is not trained; ``init`` as of a parameter, zeros by default."""
    return initial_values(shape, "buffer", init, name)


def update(buffer: Tensor, value: Tensor) -> None:
    """Declare what a buffer becomes after every training step; the value is computed before the parameters change."""
    trace = current()
    if not isinstance(buffer, Tensor) or not isinstance(value, Tensor):
        raise mistake("SN107", "update takes a buffer and its new value", "sn.update(running, 0.9 * running + 0.1 * m)")
    if buffer.broken or value.broken:
        return
    if buffer.spec.role != "buffer":
        help = "declare it: running = sn.buffer(H)"
        raise mistake("SN107", f"{trace.text_of(buffer.spec)} is no buffer, so it has no update", help)
    if not trace.same_shape(value.shape, buffer.shape):
        named = trace.text_of(buffer.spec)
        raise mistake("SN103", f"the update of {named} is {show(value.shape)}, the buffer is {show(buffer.shape)}")
    if trace.begun:
        raise mistake("SN107", "a buffer updated inside a step of scan would change within one step", "update it after")
    kept = mapped("update", lambda a: a, value)
    trace.kept.add(kept.spec.name)
    trace.updates[buffer.spec.name] = kept


def latest(buffer: Tensor) -> Tensor:
    """What a buffer is to become by the updates declared so far, else what it is."""
    found = buffer.own_trace.updates.get(buffer.spec.name, buffer)
    assert isinstance(found, Tensor)
    return found
