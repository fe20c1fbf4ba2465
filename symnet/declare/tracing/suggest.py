"""Did you mean."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from types import FrameType

from symnet.errors import Note, Problem, Source, SymnetError

#: What a tensor of torch has that one of a model file has not, and what to write.
_INSTEAD = {
    "grad": "the scripts print gradients; sn.grad(y, x) is a derivative inside of a model",
    "numpy": "a tensor has no numbers while its model is read: write np.exp(x) on the tensor itself",
    "tolist": "a tensor has no numbers while its model is read",
}


#: The module of torch whose functions fill a tensor.
INITIAL = "torch.nn.init"


def _initialiser() -> str:
    """The function of torch.nn.init that a person called and that is running, or nothing."""
    frame: FrameType | None = sys._getframe(1)
    found = ""
    while frame is not None:
        found = frame.f_code.co_name if frame.f_globals.get("__name__") == INITIAL else found
        frame = frame.f_back
    return found


def of_initialiser(name: str) -> tuple[str, str]:
    """What to say of a function of torch.nn.init on a tensor of a model, and what to write instead."""
    return (
        f"{INITIAL}.{name} puts numbers into a tensor that has none yet",
        f"sn.init.{name}, or call it before from_torch",
    )


def unknown_word(word: str, known: Iterable[str], owner: str, source: Source | None) -> Problem:
    """An unknown function or method, with the nearest known words."""
    initialiser = _initialiser()
    if initialiser:
        message, remedy = of_initialiser(initialiser)
        return Problem("SN110", message, (Note(source),) if source else (), help=(remedy,))
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=3, cutoff=0.6)
    there = f"there is {', '.join(words)}" if len(words) <= 12 else "the README lists every word"
    help = _INSTEAD.get(word) or (f"did you mean {' or '.join(near)}?" if near else there)
    return Problem("SN110", f"{owner} has no {word!r}", (Note(source),) if source else (), help=(help,))


class UnknownWord(SymnetError, AttributeError):
    """An unknown word; also an AttributeError, so that ``hasattr`` answers as Python expects."""
