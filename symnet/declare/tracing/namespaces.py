"""torch's namespaces, for those who write its full names: ``sn.linalg.cond``, ``sn.nn.functional.relu``.

Each holds the words that torch has there, and the same objects that symnet offers under their short names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symnet.declare.tracing.suggest import UnknownWord, unknown_word
from symnet.declare.tracing.trace import current
from symnet.declare.tracing.words import TORCH

#: Where torch has what a family of symnet's defines.
_FAMILIES = {
    "nn": (
        "modules.layers",
        "modules.function_layers",
        "modules.window_layers",
        "modules.norm_layers",
        "modules.rnn",
        "modules.adaptive_softmax",
        "modules.attention_layers",
        "functions.embeddings",
    ),
    "optim": ("optim.optimizers",),
    "optim.lr_scheduler": ("optim.schedules",),
    "nn.utils": ("optim.training",),
}


class Namespace:
    """The words of one of torch's namespaces; what it does not have is refused with the nearest words."""

    def __init__(self, name: str, words: Mapping[str, Any]) -> None:
        self._name, self._words = name, dict(words)

    def __getattr__(self, word: str) -> Any:
        if word.startswith("__"):
            raise AttributeError(word)
        if word in self._words:
            return self._words[word]
        raise UnknownWord(unknown_word(word, self._words, f"symnet.{self._name}", current().here()))

    def __dir__(self) -> list[str]:
        return sorted(self._words)


def namespaces(offered: Mapping[str, Any]) -> dict[str, Namespace]:
    """``linalg``, ``special``, ``nn`` and ``optim``; ``offered`` are the objects of a model file by name."""

    def of(space: str, **more: Any) -> Namespace:
        prefix, modules = f"{space}.", [f"symnet.declare.{m}" for m in _FAMILIES.get(space, ())]
        words = {n.removeprefix(prefix): w for n, w in TORCH.items() if n.startswith(prefix)}
        own = {n: v for n, v in offered.items() if getattr(v, "__module__", None) in modules}
        return Namespace(space, {**words, **own, **more})

    functional = Namespace("nn.functional", {n: w for n, w in TORCH.items() if "." not in n and n[0] != "_"})
    nn = of("nn", functional=functional, init=offered["init"], utils=of("nn.utils"))
    optim = of("optim", lr_scheduler=of("optim.lr_scheduler"))
    return {"linalg": of("linalg"), "special": of("special"), "nn": nn, "optim": optim}
