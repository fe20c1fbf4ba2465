"""The words about where and how numbers are stored, which a formula does not know; torch's names and signatures."""

from __future__ import annotations

from typing import Any

from symnet.declare.functions.complex_numbers import Complex, complex_of
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import TORCH, mistake, word

_OF_REAL_NUMBERS = ("conj", "conj_physical", "resolve_conj", "resolve_neg", "real")
_COPIES = ("view", "permute", "transpose", "t", "squeeze", "unsqueeze", "expand", "diagonal", "narrow", "unbind")


@word(torch=("contiguous", "cpu", "cuda", "double", "float", "clone", *_OF_REAL_NUMBERS), of_torch=False, offered=False)
def kept(input: Tensor, *_: Any, **__: Any) -> Tensor:
    """y[i] = x[i]"""
    return input


@word(torch=("type_as", "to"), of_torch=False, offered=False)
def moved(input: Tensor, *target: Any, **options: Any) -> Tensor | Complex:
    """y[i] = x[i] on another device or in another precision; as a complex number with nothing imaginary"""
    for kind in (*target, *options.values()):
        if str(kind) in ("torch.complex64", "torch.complex128"):
            return complex_of(input)
        if any(name in str(kind) for name in ("complex", "int", "bool")):
            raise mistake("SN107", f"a tensor of a model holds real numbers, not {kind}")
    return input


@word(torch="detach", of_torch=False, offered=False)
def cut(input: Tensor) -> Tensor:
    """refused: no equation says that a derivative is not to be taken"""
    raise mistake("SN110", "detach() is not covered: it is no function of numbers", "declare the values as sn.data")


for _name in _COPIES:  # torch's views that own their memory are the same equations
    TORCH[f"{_name}_copy"] = TORCH[_name]
