"""A model file run with torch in symnet's place: what autograd differentiates is the person's own file.

Words have torch's names and signatures, so a word is looked up in torch and torch.nn.functional; the declaring words
give the tensors handed in, in the order declared.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch.nn import functional

Tensors = Mapping[str, Any]


class TorchWords(ModuleType):
    """Answers ``import symnet as sn`` with torch's functions, and with the given sizes and tensors."""

    def __init__(self, sizes: Mapping[str, int], inputs: Tensors, parameters: Tensors) -> None:
        super().__init__("symnet")
        self._sizes, self._inputs, self._parameters = sizes, iter(inputs.values()), iter(parameters.values())

    def dims(self, **sizes: object) -> Any:
        found = tuple(self._sizes[name] for name in sizes)
        return found if len(found) > 1 else found[0]

    def data(self, *shape: int, **said: object) -> Any:
        return next(self._inputs)

    labels = data

    def param(self, *shape: int, **said: object) -> Any:
        return next(self._parameters)

    def uniform(self, *bounds: float) -> None:
        """Where numbers come from is said already."""

    normal = uniform

    def __getattr__(self, word: str) -> Any:
        if word in _OWN:
            return _OWN[word]
        return next(getattr(space, word) for space in (torch, functional, torch.special) if hasattr(space, word))


def _sqrt(x: Any) -> Any:
    return torch.sqrt(x) if isinstance(x, torch.Tensor) else x**0.5


#: Words with an argument that torch wants and symnet does not, or that take numbers as well.
_OWN: Mapping[str, Callable[..., Any]] = {
    "softmax": lambda x, dim=-1: torch.softmax(x, dim),
    "one_hot": lambda t, classes: (t.unsqueeze(-1) == torch.arange(classes)).to(torch.float64),
    "eye": lambda size: torch.eye(size, dtype=torch.float64),
    "sqrt": _sqrt,
    "where": lambda c, a, b: torch.where(c, torch.as_tensor(a).to(torch.float64), torch.as_tensor(b).to(torch.float64)),
}


def run_file(path: Path, sizes: Mapping[str, int], inputs: Tensors, parameters: Tensors) -> Mapping[str, Any]:
    """The namespace of a model file run on torch tensors; autograd can go back from its ``loss``."""
    words, known = TorchWords(sizes, inputs, parameters), sys.modules["symnet"]
    namespace: dict[str, Any] = {"__name__": "model", "__file__": str(path)}
    code = compile(path.read_text(encoding="utf-8"), str(path), "exec", dont_inherit=True)
    sys.modules["symnet"] = words
    try:
        exec(code, namespace)
    finally:
        sys.modules["symnet"] = known
    return namespace
