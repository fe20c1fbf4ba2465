"""Parts of a model file through which no gradient flows: ``sn.no_grad()``, and torch's own where torch is there."""

from __future__ import annotations

import sys
from contextlib import ContextDecorator
from contextvars import ContextVar
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

import sympy as sp

from symnet.calculus.detached import stop_gradient
from symnet.calculus.ir import Access, TensorSpec, indices_for
from symnet.calculus.matrices import MATRIX_FUNCTIONS

if TYPE_CHECKING:
    from symnet.declare.tracing.trace import Term, Trace

_depth: ContextVar[int] = ContextVar("no_grad", default=0)


class no_grad(ContextDecorator):
    """``with sn.no_grad():`` what is computed inside has its value and the derivative 0, as in torch; also ``@``."""

    def __enter__(self) -> None:
        _depth.set(_depth.get() + 1)

    def __exit__(self, *_: object) -> None:
        _depth.set(_depth.get() - 1)


def is_untracked() -> bool:
    """Whether what is computed now is detached, by ``sn.no_grad()`` or by torch's modes without gradients."""
    if _depth.get():
        return True
    torch = sys.modules.get("torch")
    return torch is not None and hasattr(torch, "is_grad_enabled") and not torch.is_grad_enabled()


def in_own_function() -> bool:
    """Whether the forward of a person's ``torch.autograd.Function`` is running, in which torch turns gradients off."""
    function = getattr(getattr(sys.modules.get("torch"), "autograd", None), "Function", None)
    code = getattr(getattr(function, "apply", None), "__code__", None)
    frame: FrameType | None = sys._getframe(1)
    while code is not None and frame is not None:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False


def cut(trace: Trace, spec: TensorSpec, term: Term) -> sp.Expr:
    """The body of a new tensor that is computed without gradients.

    Labels stay as they are; a function of whole matrices takes a detached copy of its argument.
    """
    if spec.integer:
        return term.body
    trace.cut.add(spec.name)
    if term.op not in MATRIX_FUNCTIONS:
        return stop_gradient(term.body)
    copy = trace.new_spec(trace.specs[term.body.name].shape, "intermediate")
    trace.kept.add(copy.name)
    trace.newest[trace.events[spec.name]] = spec.name  # the function, not its argument, is what the call returns
    left = indices_for(copy.shape)
    trace.define(copy, replace(term, left=left, body=Access(term.body.name, *left), reduced=(), op="+"))
    return Access(copy.name, *term.body.addresses)
