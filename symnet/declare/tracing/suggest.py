"""Did you mean."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from symnet.errors import Note, Problem, Source, SymnetError

#: What a tensor of torch has that one of a model file has not, and what to write.
_INSTEAD = {
    "grad": "the scripts print gradients; sn.grad(y, x) is a derivative inside of a model",
    "numpy": "a tensor has no numbers while its model is read: write np.exp(x) on the tensor itself",
    "tolist": "a tensor has no numbers while its model is read",
}


def unknown_word(word: str, known: Iterable[str], owner: str, source: Source | None) -> Problem:
    """An unknown function or method, with the nearest known words."""
    words = sorted(known)
    near = difflib.get_close_matches(word, words, n=3, cutoff=0.6)
    there = f"there is {', '.join(words)}" if len(words) <= 12 else "the README lists every word"
    help = _INSTEAD.get(word) or (f"did you mean {' or '.join(near)}?" if near else there)
    return Problem("SN110", f"{owner} has no {word!r}", (Note(source),) if source else (), help=(help,))


class UnknownWord(SymnetError, AttributeError):
    """An unknown word; also an AttributeError, so that ``hasattr`` answers as Python expects."""
