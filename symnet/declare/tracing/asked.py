"""What modules of torch ask a tensor for: its sizes, to make others like it, and what tells kernels apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Self

import sympy as sp

from symnet.calculus.detached import flowing
from symnet.calculus.ir import Access, Role
from symnet.declare.tracing.makers import let_makers_ask
from symnet.declare.tracing.overwriting import require_derivative, require_unchanged
from symnet.declare.tracing.picking import Picking
from symnet.declare.tracing.places import asked_by_us
from symnet.declare.tracing.trace import Traced
from symnet.declare.tracing.words import METHODS, mistake


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
        return self.spec.shape if not self.own_trace.adopted or asked_by_us() else self._plain_shape()

    def _plain_shape(self) -> tuple[Any, ...]:
        known = ((size, self.own_trace.size_value(size)) for size in self.spec.shape)
        sizes = tuple(size if number is None else number for size, number in known)
        let_makers_ask(sizes)
        return sizes

    def size(self, dim: int | None = None) -> Any:
        """The sizes or one of them, as torch's."""
        sizes = self._plain_shape() if self.own_trace.adopted else self.spec.shape
        return sizes if dim is None else sizes[dim]

    def dim(self) -> int:
        """How many axes there are."""
        return self.spec.rank

    ndimension = dim

    def is_contiguous(self, **_: Any) -> bool:
        """Whether the numbers lie row by row; a formula knows no other order."""
        return True

    def is_complex(self) -> bool:
        """Whether the numbers are complex: never."""
        return False

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to the tensor: it is trained, or computed from what is."""
        waiting, seen = [self.spec.name], {self.spec.name}
        while waiting:
            name = waiting.pop()
            if self.own_trace.specs[name].role == "parameter":
                return True
            made = (e for e in self.own_trace.equations if e.target == name)
            new = {a.name for e in made for a in flowing(e.body)} - seen
            seen |= new
            waiting += sorted(new)
        return False

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        self.requires_grad_(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """The tensor itself, as torch's; a parameter that is not trained is a buffer, which keeps its numbers."""
        if requires_grad and self.own_trace.frozen & {self.spec.name}:
            self._become("parameter")
        elif not requires_grad and self.spec.role == "parameter":
            self._become("buffer")
        elif not requires_grad and self.requires_grad:
            raise mistake("SN107", "requires_grad_(False) of what is computed from parameters", "write x.detach()")
        return self

    def _become(self, role: Role) -> None:
        name, trace = self.spec.name, self.own_trace
        trace.specs[name] = self.spec = replace(self.spec, role=role)
        trace.frozen ^= {name}


def _dtype(torch: Any, x: Asked) -> Any:
    if x.spec.integer or isinstance(x, Picking):
        return torch.int64
    return torch.get_default_dtype() if METHODS["is_floating_point"](x) else torch.bool


#: Attributes of torch's tensors, by what torch and the tensor say.
ASKED: Mapping[str, Callable[[Any, Asked], Any]] = {
    "dtype": _dtype,
    "layout": lambda torch, x: torch.strided,
    "device": lambda torch, x: torch.device("cpu"),
    "is_cuda": lambda torch, x: False,
    "is_nested": lambda torch, x: False,
    "is_sparse": lambda torch, x: False,
}
