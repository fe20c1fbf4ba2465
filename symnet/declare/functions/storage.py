"""The words about where and how numbers are stored, which a formula does not know; torch's names and signatures."""

from __future__ import annotations

from typing import Any

from symnet.calculus.detached import stop_gradient
from symnet.declare.functions.complex_numbers import Complex, complex_of
from symnet.declare.functions.pointwise import mapped
from symnet.declare.tracing.computed import Places
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.untracked import is_untracked
from symnet.declare.tracing.words import TORCH, WORDS, mistake, word

_OF_REAL_NUMBERS = ("conj", "conj_physical", "resolve_conj", "resolve_neg", "real")
_COPIES = ("view", "permute", "transpose", "t", "squeeze", "unsqueeze", "expand", "diagonal", "narrow", "unbind")


@word(
    torch=("contiguous", "cpu", "cuda", "double", "float", *_OF_REAL_NUMBERS),
    of_torch=False,
    offered=False,
    passes_on=True,
)
def kept(input: Tensor, *_: Any, **__: Any) -> Tensor:
    """y[i] = x[i]"""
    return input


@word(torch="clone", of_torch=False, offered=False)
def copied(input: Tensor, memory_format: Any = None) -> Tensor:
    """y[i] = x[i], of which parts may be assigned apart from those of x"""
    if input.spec.integer:
        return input
    copy = mapped("clone", lambda x: x, input)
    copy.own_trace.writes.copies.add(copy.spec.name)
    return copy


@word(torch=("type_as", "to", "type"), of_torch=False, offered=False, passes_on=True)
def moved(input: Tensor, *target: Any, **options: Any) -> Tensor | Complex:
    """y[i] = x[i] on another device or in another precision; as a complex number with nothing imaginary"""
    for kind in (*target, *options.values()):
        if str(kind) in ("torch.complex64", "torch.complex128"):
            return complex_of(detach(input) if is_untracked() else input)
        said = "" if isinstance(kind, Tensor) else str(kind).lower()
        whole = any(name in said for name in ("int", "long", "bool"))
        if "complex" in said or (whole and WORDS["is_floating_point"](input)):
            raise mistake("SN107", f"a tensor of a model holds real numbers, not {kind}")
    return input


@word()
def detach(input: Tensor) -> Tensor:
    """y[i] = sg(x[i]): the value of x[i], through which no gradient flows; its derivative is 0"""
    return input if input.spec.integer or isinstance(input, Places) else mapped("detach", stop_gradient, input)


WORDS["stop_gradient"] = WORDS["detach"]  # as jax.lax calls it
for _name in _COPIES:  # torch's views that own their memory are the same equations
    TORCH[f"{_name}_copy"] = TORCH[_name]
TORCH["alias_copy"], TORCH["unfold_copy"] = TORCH["clone"], TORCH["Tensor.unfold"]
