"""Writes docs/closed-forms.md: every closed form derived, with its operations.  Run: python docs/closed_forms.py

The page is made from the derivations themselves and from benchmarks/counts.py; nothing on it is typed in but the
words between.  A test compares it with the file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import sympy as sp
import torch

from benchmarks.counts import FOLDER, REPRESENTATIVE, Operations, operations_of, statements_of
from symnet import pipeline
from symnet.declare.loader import load_formulas
from symnet.explain.compose import Composer, Words
from symnet.explain.document import Outline
from symnet.explain.formula import Chain, Formula
from symnet.explain.options import Options
from symnet.explain.outline import outline
from symnet.explain.spellings import Unicode
from symnet.explain.unnamed import names_in, spreads
from symnet.model import Derivation
from symnet.simplify.cost import FUNCTION

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "closed-forms.md"
TORCH = torch.__version__.split("+")[0]


@dataclass(frozen=True)
class Row:
    """One family of forms: files with a section each, and other spellings of the first that end in the same print."""

    title: str
    words: str
    forms: tuple[str, ...]
    spellings: tuple[tuple[str, tuple[str, ...]], ...] = ()


LABELS = tuple(f"cross_entropy_labels_{s}" for s in ("log_softmax", "logsumexp", "nll", "word", "one_hot"))
ROWS_OF_Y = tuple(f"cross_entropy_one_hot_{s}" for s in ("log_softmax", "logsumexp", "word"))
ROWS = (
    Row(
        "Binary cross-entropy",
        "The factors of the sigmoid's derivative cancel the denominators of both logarithms.",
        ("binary_cross_entropy", "binary_cross_entropy_named"),
    ),
    Row(
        "Cross-entropy",
        "Labels, one-hot rows and rows declared to sum to 1 end in the same difference. It needs the fact: the"
        " derivation says where it was used, and the next family is what comes out without it.",
        ("cross_entropy_labels", "cross_entropy_one_hot", "cross_entropy_one_hot_exp", "cross_entropy_simplex"),
        (("cross_entropy_labels", LABELS), ("cross_entropy_one_hot", ROWS_OF_Y)),
    ),
    Row(
        "Cross-entropy with weights of which nothing is declared",
        "`P - Y` would be wrong here wherever a row of Y does not sum to 1.",
        ("cross_entropy_soft",),
    ),
    Row("Softmax, log-softmax, logsumexp", "", ("softmax", "log_softmax", "logsumexp")),
    Row(
        "Batch norm",
        "Three paths lead from X to the loss: through x̂, through the variance and through the mean. The last adds"
        " nothing, because deviations from a mean sum to 0, and the two sums that are left are the gradients of γ"
        " and β, which are there already.",
        (
            *("batch_norm", "batch_norm_bessel", "batch_norm_mean_and_xhat", "batch_norm_unnamed", "batch_norm_bias"),
            "batch_norm_convolution",
        ),
    ),
    Row("Layer, RMS, group and instance norm", "", ("layer_norm", "rms_norm", "group_norm", "instance_norm")),
    Row(
        "Attention",
        "The row term of the softmax is rowsum(dP ⊙ P) in most books. It equals rowsum(dO ⊙ O), which sums over d"
        " places instead of T.",
        ("attention", "attention_causal", "attention_key_bias"),
    ),
    Row(
        "Least squares and quadratic forms",
        "",
        ("ridge", "elastic_net", "quadratic_form", "quadratic_form_symmetric"),
    ),
    Row(
        "Scalar functions",
        "",
        (
            *("log_cosh", "softplus", "huber", "huber_word", "silu", "gelu", "gelu_tanh", "mish", "softsign", "elu"),
            "selu",
        ),
    ),
    Row("Statistics of vectors", "", ("variance", "standardised", "unit_vector", "cosine_similarity")),
    Row(
        "Losses on distributions",
        "",
        (
            *("kl_normal", "softmax_entropy", "kl_softmax", "info_nce", "label_smoothing"),
            *("focal_loss", "focal_loss_binary"),
            "temperature",
        ),
    ),
    Row(
        "Matrices",
        "",
        (
            *("matrix_factorisation", "matrix_factorisation_masked", "trace_product", "trace_quadratic"),
            "two_layer_tanh",
        ),
    ),
)

INTRODUCTION = f"""# Closed forms

What symnet derives from the plain definition of a loss or a layer, beside what an expert writes. Every model below is
a file in [`examples/closed_forms`](../examples/closed_forms), and `symnet derive` prints its derivation; no rule of
the simplifier names a model. Tests compare each gradient with the expert's at exact points, with torch's autograd, and
by its operations.

**How to read it.** `dV` is the gradient of the loss L by V and has the shape of V. ⊙ is the product entry by entry,
**1** a column of ones: `1 bᵀ` has the row bᵀ in every row, `1ᵀ M` is the sum of all rows. `rowsum(M)` has the sum of a
row at every place of the row.

**Operations** are those of the [cost model](../symnet/simplify/cost.py): an addition or a multiplication is 1, a
function or a root {FUNCTION:g}; tensors of the forward pass are there already and cost nothing. *Raw* is the chain
rule, equation by equation, *derived* what symnet prints, *expert* the formula that a careful person writes. The
overview counts them at the sizes of the files, with {REPRESENTATIVE} samples in a batch.

**Statements** are array operations (aten) that the gradients need beyond those of the loss: first in the backward pass
of torch's autograd, then in the PyTorch code that symnet generates, both traced by `make_fx` of torch {TORCH}. For
some words, such as softmax and cross-entropy, torch has one operation for the whole backward pass.
`python -m benchmarks --only closed_forms` measures how long each derivation takes.
"""


#: Words of file names that are written otherwise.
_SPELLED = {"rms": "RMS", "kl": "KL", "info": "Info", "nce": "NCE", "xhat": "x̂", "silu": "SiLU", "bessel": "Bessel"} | {
    word: word.upper() for word in ("elu", "selu", "gelu")
}


@dataclass(frozen=True)
class Form:
    """One file, derived; measured when the numbers are asked for."""

    path: Path
    derivation: Derivation
    document: Outline

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def operations(self) -> Operations:
        return operations_of(self.derivation, load_formulas(self.path, "expert"))

    @cached_property
    def statements(self) -> tuple[int, int]:
        return statements_of(self.path, self.derivation)


@cache
def form_of(name: str) -> Form:
    """The file of that name, derived."""
    derivation = derived(name)
    return Form(FOLDER / f"{name}.py", derivation, outline(derivation, Options()))


def derived(name: str) -> Derivation:
    """The derivation of the file of that name."""
    return pipeline.derive_model(pipeline.load(FOLDER / f"{name}.py")[0])


def page() -> str:
    """The whole page, ending in a newline."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    yield "| | form | gradients | raw | derived | expert | statements: torch → symnet |"
    yield "|---|---|---|---|---|---|---|"
    for number, family in enumerate(ROWS, 1):
        for name in family.forms:
            yield _overview(number, form_of(name))
            number = 0
    for number, family in enumerate(ROWS, 1):
        yield f"\n## {number}. {family.title}\n"
        if family.words:
            yield f"{family.words}\n"
        for name in family.forms:
            yield from _section(form_of(name))
            for main, others in family.spellings:
                if main == name:
                    yield from _spellings(form_of(name), others)


def _overview(number: int, form: Form) -> str:
    raw, derived, expert = form.operations.at(form.derivation.model.sizes)
    found = "<br>".join(f"`{line}`" for line in _gradients(form))
    link = f"[{_title(form)}](#{form.name.replace('_', '-')})"
    theirs, ours = form.statements
    return f"| {number or ''} | {link} | {found} | {raw} | {derived} | {expert} | {theirs} → {ours} |"


def _title(form: Form) -> str:
    words = [_SPELLED.get(word, word) for word in form.name.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def _gradients(form: Form) -> list[str]:
    """One line for each adjoint: the matrix form, or the entry where vectors are spread over matrices."""
    lines: dict[str, list[Chain]] = {}
    for line in form.document.result:
        if isinstance(line.formula, Chain):
            lines.setdefault(_tensor(line.formula.left), []).append(line.formula)
    return [
        Unicode().write(([c for c in ways if not any(map(spreads, c.right))] or ways)[0]) for ways in lines.values()
    ]


def _tensor(formula: Formula) -> str:
    return str(getattr(formula, "name", ""))


def _section(form: Form) -> Iterator[str]:
    words, definition, expert = _parts(form.path)
    text = pipeline.explain(form.derivation, Options(), "text")
    head, forward, rest = text.partition("FORWARD")
    told = ("  index letters", "  define", "    ")
    legend = "".join(line for line in head.splitlines(keepends=True) if line.startswith(told))
    steps, _, result = rest.partition("RESULT\n")
    theirs, ours = form.statements
    yield f'### <a id="{form.name.replace("_", "-")}"></a>{_title(form)}\n'
    yield f"{words}\n\n[`{form.path.name}`](../examples/closed_forms/{form.path.name})\n"
    yield f"```python\n{definition}\n```\n"
    yield f"Derived, with what it rests on:\n\n```text\n{_undented(_with_definitions(result, form))}\n```\n"
    yield f"An expert writes:\n\n```python\n{expert}\n```\n"
    yield "| operations raw | derived | expert | statements: torch → symnet |\n|---|---|---|---|"
    counts = (form.operations.raw, form.operations.simplified, form.operations.expert)
    yield f"| {' | '.join(map(_polynomial, counts))} | {theirs} → {ours} |\n"
    yield "<details><summary>The derivation in steps</summary>\n"
    yield f"```text\n{legend}\n{forward}{steps.rstrip()}\n```\n\n</details>\n"


def _with_definitions(result: str, form: Form) -> str:
    """The result and, below its formulas, what the tensors in them are that the model gives no name."""
    given = form.derivation.model.program.tensors
    chains = [line.formula for line in form.document.result if isinstance(line.formula, Chain)]
    read = set[str]().union(*(names_in(side) for chain in chains for side in chain.right))
    unnamed = [f for f in form.document.forward if f.name in read and f.name in given and not given[f.name].given]
    lines = [f"   where  {Unicode().write(f.matrix or f.index)}\n" for f in unnamed]
    formulas, gap, facts = result.partition("\n\n")
    return "\n".join([formulas.rstrip(), *map(str.rstrip, lines)]) + gap + facts


def _spellings(form: Form, others: tuple[str, ...]) -> Iterator[str]:
    """The losses of the other spellings, which print the same; raises if one does not."""
    losses = []
    for name in others:
        other = form_of(name)
        if _gradients(other) != _gradients(form):
            raise ValueError(f"{name} prints {_gradients(other)}, {form.name} {_gradients(form)}")
        losses.append(_parts(other.path)[1].splitlines()[-1])
    yield f"The same gradient, to the letter, comes from these spellings:\n\n```python\n{chr(10).join(losses)}\n```\n"


def _parts(path: Path) -> tuple[str, str, str]:
    """The docstring of a model file, its definition, and what its expert writes."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    imports = max(n.end_lineno or 0 for n in tree.body if isinstance(n, ast.Import))
    function = next(n for n in tree.body if isinstance(n, ast.FunctionDef))
    lines = text.splitlines()
    definition = "\n".join(lines[imports : function.lineno - 1]).strip()
    body = "\n".join(line.removeprefix("    ") for line in lines[function.lineno : function.end_lineno])
    return ast.get_docstring(tree) or "", definition, body


def _undented(text: str) -> str:
    return "\n".join(line.removeprefix("   ") for line in text.rstrip().splitlines())


def _polynomial(count: sp.Expr) -> str:
    return Unicode().write(Composer(Words({}), {}).of(count))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
