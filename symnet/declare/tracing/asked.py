"""What modules of torch ask a tensor for: its sizes, to make others like it, and what tells kernels apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp

from symnet.calculus.ir import Access
from symnet.declare.tracing.overwriting import require_derivative, require_unchanged
from symnet.declare.tracing.places import asked_by_us
from symnet.declare.tracing.trace import Traced
from symnet.declare.tracing.words import METHODS


class Asked(Traced):
    """A tensor of a trace whose sizes are numbers for code of torch, and that is read only while it has its value."""

    __slots__ = ()

    def read(self, addresses: Sequence[sp.Expr]) -> Access:
        """The access at the addresses; raises SymnetError for what was changed in place, or in a backward."""
        require_unchanged(self)
        require_derivative(self)
        return super().read(addresses)

    @property
    def shape(self) -> tuple[Any, ...]:
        """The sizes; for code of torch, which calls no function of SymPy, whole numbers are Python's."""
        return self.spec.shape if not self.trace.adopted or asked_by_us() else self._plain_shape()

    def _plain_shape(self) -> tuple[Any, ...]:
        known = ((size, self.trace.size_value(size)) for size in self.spec.shape)
        return tuple(size if number is None else number for size, number in known)

    def size(self, dim: int | None = None) -> Any:
        """The sizes or one of them, as torch's."""
        sizes = self._plain_shape() if self.trace.adopted else self.spec.shape
        return sizes if dim is None else sizes[dim]

    def dim(self) -> int:
        """How many axes there are."""
        return self.spec.rank


def _dtype(torch: Any, x: Asked) -> Any:
    if x.spec.integer:
        return torch.int64
    return torch.get_default_dtype() if METHODS["is_floating_point"](x) else torch.bool


#: Attributes of torch's tensors, by what torch and the tensor say.
ASKED: Mapping[str, Callable[[Any, Asked], Any]] = {
    "dtype": _dtype,
    "device": lambda torch, x: torch.device("cpu"),
    "is_cuda": lambda torch, x: False,
    "is_nested": lambda torch, x: False,
    "is_sparse": lambda torch, x: False,
}
