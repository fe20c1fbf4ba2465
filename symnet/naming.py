"""Names: which ones a person may choose, and how free ones are found."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

#: Letters that have a Unicode subscript, in the order in which indices get them.
INDEX_LETTERS = ("i", "j", "k", "l", "m", "p", "r", "s", "u", "v", "t", "n")

#: What the statements of a generated function call: libraries, and functions that scripts bring.
CALLED_NAMES = frozenset(
    (
        *("np", "torch", "math", "itertools", "add_rows"),
        *("sigmoid", "erfc", "erfinv", "lgamma", "digamma", "polygamma", "xlogy"),
        *("erfcx", "log_ndtr", "ndtri", "scaled_bessel"),
        *("logdet_of", "expm_of", "prod_of_others", "windows", "add_windows", "largest", "at_first", "log_cosh"),
    )
)

#: Names that every generated script uses itself.
SCRIPT_NAMES = CALLED_NAMES | frozenset(
    (
        *("nn", "json", "os", "sys", "time", "argparse", "pathlib", "Path", "annotations"),
        *(
            "params",
            "grads",
            "loss",
            "data",
            "args",
            "argv",
            "rng",
            "seed",
            "dtype",
            "device",
            "batch",
            "steps",
            "epochs",
        ),
        *("lr", "state", "main", "train", "predict", "compute_loss", "loss_and_grads", "init_params", "evaluate"),
        *("draw", "drawn", "buffers", "trained", "loss_and_buffers"),
    )
)

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def why_not_a_name(name: object) -> str | None:
    """Why a name may not be given to a tensor or a size, or None if it may.

    Names from a model file are data: only a plain ASCII identifier that is no keyword ever reaches a script.
    """
    if not isinstance(name, str):
        return f"a name is text, not {type(name).__name__}"
    if unicodedata.normalize("NFKC", name) != name or not _IDENTIFIER.match(name):
        return f"{name!r} is not a plain name (letters a to z, digits and _, not starting with a digit)"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return f"{name!r} is a Python keyword"
    if name.startswith("__"):
        return f"{name!r} starts with two underscores, which Python keeps for itself"
    return None


def why_reserved(name: str) -> str | None:
    """Why a valid identifier cannot be a declared tensor's name, or None."""
    return f"{name!r} is a name that generated scripts use themselves" if name in SCRIPT_NAMES else None


def sizes_in(tensors: Mapping[str, Any]) -> set[str]:
    """The names of the sizes in the shapes of tensors, whose specs are given."""
    return {str(s) for t in tensors.values() for size in t.shape for s in size.free_symbols}


class Namer:
    """Hands out names, each once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    @classmethod
    def beside(cls, tensors: Mapping[str, Any]) -> Namer:
        """Names that neither the tensors have nor the sizes in their shapes."""
        return cls((*tensors, *sizes_in(tensors)))

    def __contains__(self, name: str) -> bool:
        return name in self._taken

    def take(self, wish: str) -> str:
        """The wished name, or the wish with the first free number."""
        name, number = wish, 2
        while name in self._taken:
            name, number = f"{wish}_{number}", number + 1
        self._taken.add(name)
        return name
