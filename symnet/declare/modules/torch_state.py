"""What a module of torch holds beside its trained parameters: what a script keeps by name, and constants of the model.

A script starts from the first, keeps them and gives them back.  The others are part of the equations, as the triangle
of a causal mask, or of Python code, as a number of steps: a file that holds other ones is no start for the script.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from symnet.declare.tracing.constants import of_places
from symnet.declare.tracing.words import mistake

#: How many batches there were: torch counts them, and with a momentum nothing depends on it.
_COUNTS = "num_batches_tracked"
#: Buffers that training renews, whatever they hold; of other modules running statistics.
_RENEWED = {"_SpectralNorm": ("_u", "_v")}


def state_of(module: Any) -> Iterator[tuple[str, Any]]:
    """(path, tensor) of running statistics, parameters that need no gradient, and buffers of real numbers that are no
    function of their place; also under a second path."""
    for path, part in module.named_modules(remove_duplicate=False):
        prefix = f"{path}." if path else ""
        if getattr(part, "running_mean", None) is not None and part.training and part.momentum is None:
            raise mistake("SN110", "a cumulative average (momentum=None) is not covered", "momentum=0.1")
        for name, parameter in part._parameters.items():
            if parameter is not None and not parameter.requires_grad and _is_real(parameter):
                yield prefix + name, parameter
        for name, buffer in part._buffers.items():
            renewed = name in _RENEWED.get(type(part).__name__, ("running_mean", "running_var"))
            if buffer is not None and (renewed or (_is_saved(part, name) and _is_state(buffer))):
                yield prefix + name, buffer


def constants_of(module: Any, kept: Iterable[Iterable[str]]) -> dict[str, int | None]:
    """The paths of what else a state_dict holds, each with the checksum of its numbers; None where none matter."""
    known = {path for ways in kept for path in ways}
    return {
        path: None if path.split(".")[-1] == _COUNTS or not hasattr(value, "dtype") else checksum(value)
        for path, value in module.state_dict().items()
        if path not in known
    }


def checksum(value: Any) -> int:
    """The same number for tensors of the same shape and the same entries in float32, as ``read_params`` of a script."""
    entries = [float(v) + 0.0 for v in value.detach().cpu().float().reshape(-1).tolist()]  # -0.0 is 0.0
    shape = str([int(n) for n in value.shape]).encode()
    return zlib.crc32(struct.pack(f"<{len(entries)}f", *entries), zlib.crc32(shape))


def _is_state(buffer: Any) -> bool:
    """Whether a buffer holds numbers that stand for themselves: not equal ones, a triangle, -inf where masked."""
    if not _is_real(buffer) or not buffer.ndim or not buffer.numel() or not bool(buffer.isfinite().all()):
        return False
    return of_places([int(n) for n in buffer.shape], buffer.detach().cpu().reshape(-1).tolist()) is None


def _is_saved(part: Any, name: str) -> bool:
    return name not in part._non_persistent_buffers_set


def _is_real(tensor: Any) -> bool:
    return bool(tensor.is_floating_point())
