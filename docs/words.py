"""Writes docs/words.md: the table of words with their equations and what torch and NumPy call them.

Run: python docs/words.py.  It is the package's own table, so nothing can be missing; a test compares the file with it.
"""

from __future__ import annotations

import inspect
from pathlib import Path

from symnet.declare.function_layers import described
from symnet.declare.vocabulary import FAMILIES
from symnet.declare.words import WORDS, Word

PAGE = Path(__file__).resolve().parent / "words.md"
HEAD = """# Words

Every function of tensors. The name is torch's, and so is the signature; each may be written as `sn.name(x)`, with the
names of torch and NumPy that stand beside it, and, where a dot says so, as a method `x.name()`. What is not here is
refused by name. Each is tested against torch, value and gradient, at ordinary points and at its corners, with the
generated NumPy and PyTorch code (`tests/declare/words_in_text.py`).
"""


def page() -> str:
    """The Markdown text."""
    text = HEAD
    for family in FAMILIES:
        words = sorted({id(w): w for w in WORDS.values() if w.__module__ == family.__name__}.values(), key=_name)
        about = (inspect.getdoc(family) or "").splitlines()[0].removeprefix("The words for ").rstrip(".;")
        text += f"\n## {about[0].upper()}{about[1:].split('; torch')[0]}\n\n"
        text += "| word | arguments | equation | torch | NumPy |\n|---|---|---|---|---|\n"
        text += "".join(map(_row, words))
    return text + _modules()


def _modules() -> str:
    """The modules that apply one of these words."""
    text = "\n## Modules of torch.nn that apply one of these words\n\n| module | arguments | word |\n|---|---|---|\n"
    return text + "".join(f"| `{m}` | `{a}` | `{w}` |\n" for m, (a, w) in sorted(described().items()))


def _name(word: Word) -> str:
    return word.name


def _row(word: Word) -> str:
    equation = " ".join(word.equation.split("\n\n")[0].split()).replace("|", "\\|")
    name = f"`.{word.name}`" if word.method else f"`{word.name}`"
    arguments = f"`{word.signature_text[1:-1]}`".replace("|", "\\|")
    torch, numpy = (" ".join(f"`{n}`" for n in names) for names in (word.torch, word.numpy))
    return f"| {name} | {arguments} | {equation} | {torch} | {numpy} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
