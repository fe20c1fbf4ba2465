"""einops on tensors of a model: ``rearrange``, ``reduce``, ``repeat``, ``einsum``, ``pack`` and the layers.

einops asks the subclasses of its ``AbstractBackend`` whose tensor it was given; here is symnet's.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from functools import cache
from typing import Any

from symnet.declare.tracing.trace import Traced
from symnet.declare.tracing.words import WORDS

_REDUCED = {"min": "amin", "max": "amax"}


def offer_to_einops() -> None:
    """Lets einops know tensors of a model, where it is installed; a second time does nothing."""
    if "einops" not in sys.modules and importlib.util.find_spec("einops") is None:
        return
    with contextlib.suppress(ImportError):  # a damaged einops is for the person's own import to tell
        from einops._backends import AbstractBackend

        backend_on(AbstractBackend)


@cache  # einops looks its subclasses up, and nobody else holds this one
def backend_on(base: type[Any]) -> type[Any]:
    """The subclass of einops' AbstractBackend that works in symnet's words."""
    return type("Backend", (_InWords, base), {})


class _InWords:
    """What einops asks a backend for."""

    framework_name = "symnet"

    def is_appropriate_type(self, tensor: Any) -> bool:
        return isinstance(tensor, Traced)

    def shape(self, x: Any) -> tuple[Any, ...]:
        return tuple(int(size) if size.is_Integer else size for size in x.spec.shape)

    def transpose(self, x: Any, axes: Any) -> Any:
        return WORDS["permute"](x, tuple(axes))

    def reduce(self, x: Any, operation: str, axes: Any) -> Any:
        for axis in sorted(axes, reverse=True) if operation in ("prod", "any", "all") else ():
            x = WORDS[operation](x, axis)
        if operation in ("prod", "any", "all"):
            return x
        return WORDS[_REDUCED.get(operation, operation)](x, tuple(axes))

    def reshape(self, x: Any, shape: Any) -> Any:
        return WORDS["reshape"](x, tuple(shape))

    def stack_on_zeroth_dimension(self, tensors: Any) -> Any:
        return WORDS["stack"](list(tensors))

    def add_axis(self, x: Any, new_position: int) -> Any:
        return WORDS["unsqueeze"](x, new_position)

    def tile(self, x: Any, repeats: Any) -> Any:
        return WORDS["tile"](x, tuple(repeats))

    def concat(self, tensors: Any, axis: int) -> Any:
        return WORDS["cat"](list(tensors), axis)

    def is_float_type(self, x: Any) -> bool:
        return bool(WORDS["is_floating_point"](x))

    def einsum(self, pattern: str, *x: Any) -> Any:
        return WORDS["einsum"](pattern, *x)
