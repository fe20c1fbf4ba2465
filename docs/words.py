"""Writes docs/words.md: the table of words with their equations, what torch and NumPy call them, and their tests.

Run: PYTHONPATH=. python docs/words.py.  It is the package's own table, so nothing can be missing; a test compares the
file with it.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

import symnet
from symnet.declare import buffers, init, inputs
from symnet.declare.functions import recurrent
from symnet.declare.functions.vocabulary import FAMILIES, UNSEEN
from symnet.declare.modules import (
    adaptive_softmax,
    attention_layers,
    layers,
    norm_layers,
    rnn,
    torch_modules,
    window_layers,
)
from symnet.declare.modules.function_layers import LAYERS, described
from symnet.declare.optim import optimizers, schedules, training
from symnet.declare.tracing import indexing, states
from symnet.declare.tracing.namespaces import Namespace
from symnet.declare.tracing.signatures import signature_text
from symnet.declare.tracing.words import METHODS, NUMPY, TORCH, WORDS, Word
from tests.declare.word_cases import ELSEWHERE
from tests.declare.word_cases import WORDS as CASES

PAGE = Path(__file__).resolve().parent / "words.md"
#: Words that are no functions of tensors: parts of models, what declares, and what trains.
PARTS = (layers, window_layers, norm_layers, attention_layers, adaptive_softmax, rnn, recurrent)
TRAINING = (optimizers, schedules, training, states, torch_modules)
SPACES = {
    "nn": torch.nn,
    "optim": torch.optim,
    "optim.lr_scheduler": torch.optim.lr_scheduler,
    "nn.init": torch.nn.init,
    "nn.utils": torch.nn.utils,
}
HEAD = """# Words

Every word of a model file. A function's name is torch's, and so is the signature; each may be written as `sn.name(x)`,
with the names of torch and NumPy that stand beside it, and, where a dot says so, as a method `x.name()`. A name that
begins with torch or np is reached through that library only. What is not here is refused by name.

The last column counts the cases that test a word against torch, value and gradient, at ordinary points and at its
corners, with the generated NumPy and PyTorch code. Most of them are lines of
[`tests/declare/words.txt`](../tests/declare/words.txt). Those of `exp` are run by

    pytest tests/declare/test_words.py -k "test_word[exp-"

Words that declare, draw or train name the file of their tests in [`tests`](../tests). Functions of each family are run
on an empty batch too ([`test_empty_batches`](../tests/declare/test_empty_batches.py)): a sum over nothing is 0; those
with kinks or ties once more at zeros, equal entries and ties ([`test_corners`](../tests/declare/test_corners.py)).
"""
COLUMNS = "| word | arguments | equation | torch | NumPy | tests |\n|---|---|---|---|---|---|\n"


@dataclass(frozen=True)
class Row:
    """One word: how it is written, its arguments, its equation, and what the libraries call it."""

    name: str
    written: str
    arguments: str
    equation: str
    torch: tuple[str, ...]
    numpy: tuple[str, ...]

    @property
    def tests(self) -> str:
        """How many cases, or the file where the word is tested.  Raises KeyError for a word without a test."""
        if self.name in CASES:
            return str(len(CASES[self.name]))
        file = ELSEWHERE[self.name.partition(".")[0]]
        return f"[`{Path(file).stem}`](../tests/{file})"

    def __str__(self) -> str:
        names = (" ".join(f"`{n}`" for n in names) for names in (self.torch, self.numpy))
        cells = (
            f"`{self.written}`",
            f"`{self.arguments}`" if self.arguments else "",
            self.equation,
            *names,
            self.tests,
        )
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def page() -> str:
    """The Markdown text."""
    rows = {**_functions(), **_others()}
    text = HEAD
    for family in dict.fromkeys((inputs, *FAMILIES, *UNSEEN, indexing, buffers, *PARTS, init, *TRAINING)):
        own = [row for (module, _), row in rows.items() if module == family.__name__]
        if own:
            text += _titled(family) + "".join(str(row) for row in sorted(own, key=_name))
    return text + "\n## Modules of torch.nn that apply one of these words\n\n" + COLUMNS + "".join(map(str, _modules()))


def _titled(family: ModuleType) -> str:
    about = " ".join((inspect.getdoc(family) or "").split("\n\n")[0].split())
    about = about.removeprefix("The words for ").removeprefix("Look 2: ").split("; torch")[0].rstrip(".;")
    return f"\n## {about[0].upper()}{about[1:]}\n\n{COLUMNS}"


def _name(row: Row) -> str:
    return row.name


def _functions() -> dict[tuple[str, str], Row]:
    """The functions of tensors, each entered in the table of words where it is defined."""
    found = {id(w): w for table in (WORDS, TORCH, NUMPY, METHODS) for w in table.values()}
    return {(w.__module__, w.name): _function(w) for w in found.values()}


def _function(word: Word) -> Row:
    if WORDS.get(word.name) is word:
        written = f".{word.name}" if word.method else word.name
    else:
        written = f"torch.{word.torch[0]}" if word.torch else f"np.{word.numpy[0]}"
    return Row(word.name, written, signature_text(word.signature)[1:-1], _equation(word), word.torch, word.numpy)


def _others() -> dict[tuple[str, str], Row]:
    """Parts of models, and what declares and trains."""
    names = [n for n in symnet.__all__ if n not in WORDS and n not in LAYERS and not n.startswith("_")]
    words = {n: getattr(symnet, n) for n in names if n != "training"}
    words |= {f"init.{n}": w for n, w in vars(init).items() if _is_first_value(n, w)}
    plain = {n: w for n, w in words.items() if inspect.isroutine(w) or inspect.isclass(w)}
    assert all(isinstance(w, Namespace | ModuleType) for n, w in words.items() if n not in plain)
    return {(w.__module__, n): _other(n, w) for n, w in plain.items()}


def _is_first_value(name: str, value: Any) -> bool:
    return inspect.isfunction(value) and value.__module__ == init.__name__ and hasattr(torch.nn.init, name)


def _other(name: str, word: Any) -> Row:
    signature = inspect.signature(word)
    plain = [p.replace(annotation=p.empty) for p in signature.parameters.values()]
    arguments = str(signature.replace(parameters=plain, return_annotation=signature.empty))[1:-1]
    last = name.rpartition(".")[2]
    theirs = tuple(f"{space}.{last}" for space, held in SPACES.items() if hasattr(held, last))
    return Row(name, name, arguments, _equation(word), theirs[:1], ())


def _equation(word: Any) -> str:
    """The first paragraph of what is written about a word.  Raises ValueError where nothing is."""
    about = word.equation if isinstance(word, Word) else inspect.getdoc(word)
    if not about:
        raise ValueError(f"{word} has no equation")
    return " ".join(about.split("\n\n")[0].split())


def _modules() -> Iterator[Row]:
    """The modules that apply one of these words."""
    for name, (arguments, word) in sorted(described().items()):
        yield Row(name, name, arguments, f"applies `{word}`", (f"nn.{name}",), ())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
