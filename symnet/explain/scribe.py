"""Equations of one derivation as formulas: names, letters and left sides stay the same throughout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from symnet.calculus.ir import Access, Delta, Equation, Index, IntegerAccess, Program, atoms
from symnet.calculus.products import substitute
from symnet.explain.compose import Composer, Words, right_side
from symnet.explain.formula import At, Chain, Formula, Letter, Name, Number, Partial
from symnet.explain.letters import Letters, letters_for
from symnet.explain.options import Layout
from symnet.model import Derivation
from symnet.simplify.matrix_facts import symmetric_tensors
from symnet.simplify.rewrites import Total


@dataclass(frozen=True)
class Scribe:
    """Writes equations, accesses and sizes of one derivation as formulas."""

    derivation: Derivation
    words: Words
    letters: Letters
    tensors: Mapping[str, str]  # first-order adjoint -> its tensor
    layout: Layout = "shape"
    shapes: Mapping[str, tuple[sp.Expr, ...]] = field(default_factory=dict)  # where another shape is to be told
    written: dict[tuple[Equation, ...], Formula] = field(default_factory=dict)  # right sides written so far

    def composer(self, equation: Equation, more: Mapping[Index, str] | None = None) -> Composer:
        """The composer of one equation, its letters assigned left side first."""
        summed = [i for part in sp.preorder_traversal(equation.body) if isinstance(part, Total) for i in part.indices]
        letters = self.letters.assign([*equation.indices, *summed], more)
        return Composer(self.words, letters, equation.left, bool(equation.reduced))

    def contribution(self, equation: Equation) -> Formula:
        """The right side of one equation; the derivative of the loss by itself is 1."""
        return self.composer(equation).contribution(equation, self.without_seed(equation.body))

    def right_side(self, equations: Sequence[Equation]) -> Formula:
        """The right side of a tensor that several equations make."""
        known = tuple(equations)
        if known not in self.written:
            self.written[known] = self._right_side(known)
        return self.written[known]

    def _right_side(self, equations: tuple[Equation, ...]) -> Formula:
        plain = [replace(e, body=self.without_seed(e.body)) for e in equations]
        composers = [self.composer(e) for e in plain]
        if not plain:
            return Number("0")
        letters = {i: letter for c in composers for i, letter in c.letters.items()}
        composer = Composer(self.words, letters, plain[0].left, any(e.reduced for e in plain))
        return right_side(composer, plain)

    def left_side(self, equation: Equation) -> Formula:
        """∂L/∂T at the left indices for a first-order adjoint, else the tensor's own name."""
        letters = self.letters.assign(equation.left)
        places = [letters[i] for i in equation.left]
        tensor = self.tensors.get(equation.target)
        if tensor is None:
            return self.entry(equation.target, places)
        return Partial(Name(self.words.name(self.derivation.raw.loss)), self.entry(tensor, places))

    def equation(self, equations: Sequence[Equation]) -> Chain:
        """``T = right side`` with the tensor's own name on the left."""
        first = equations[0]
        letters = self.letters.assign(first.left)
        return Chain(self.entry(first.target, [letters[i] for i in first.left]), (self.right_side(equations),))

    def entry(self, tensor: str, letters: Sequence[str]) -> Formula:
        """T[letters]."""
        name = self.words.name(tensor)
        return At(name, tuple(map(Letter, letters))) if letters else Name(name)

    def shape(self, tensor: str, program: Program) -> tuple[Formula, ...]:
        """The sizes of a tensor."""
        return tuple(map(self.size, self.shapes.get(tensor, program.tensors[tensor].shape)))

    def size(self, size: sp.Expr) -> Formula:
        """A size as a formula."""
        return Composer(self.words, {}).of(size)

    def without_seed(self, body: sp.Expr) -> sp.Expr:
        """The body with 1 for the derivative of the loss by itself."""
        seed = self.derivation.raw.adjoints.get(self.derivation.raw.loss)
        return substitute(body, {Access(seed): sp.S.One}) if seed is not None and body.has(Access) else body


def scribe_for(derivation: Derivation) -> Scribe:
    """The scribe of a derivation; names of tensors and sizes are fixed here once."""
    raw, program = derivation.raw, derivation.program
    names = dict.fromkeys([*raw.tensors, *program.tensors])
    inner = [p for i in derivation.model.inner for p in (i.raw, i.program)]
    every = {*names, *(n for p in inner for n in p.tensors)}
    sizes = {s.name for spec in raw.tensors.values() for size in spec.shape for s in size.free_symbols}
    shown = {"loss": "L"} if raw.loss == "loss" and "L" not in every | sizes else {}
    tensors = {adjoint: tensor for tensor, adjoint in raw.adjoints.items() if tensor in raw.tensors}
    one_hot = _one_hot_names((raw, program, *inner), every | sizes)
    order = {name: place for place, name in enumerate(names)}
    adjoints = frozenset(n for n in names if n in raw.tensors and raw.tensors[n].role == "adjoint")
    taken = {*every, *sizes, *shown.values(), *one_hot.values()}
    declared = frozenset(n for n, t in raw.tensors.items() if "symmetric" in t.facts and t.rank == 2)
    symmetric = symmetric_tensors(raw, declared)
    words = Words(order, shown, one_hot, adjoints, "I" if "I" not in taken else None, symmetric)
    letters = letters_for(raw, _batch(derivation), every)
    return Scribe(derivation, words, letters, tensors)


def _batch(derivation: Derivation) -> sp.Expr | None:
    """The size that the data bring."""
    for spec in derivation.raw.tensors.values():
        for size in spec.shape:
            if size.is_Symbol and size.name in derivation.model.sizes and derivation.model.sizes[size.name] is None:
                return size
    return None


def _one_hot_names(programs: tuple[Program, ...], taken: set[str]) -> dict[str, str]:
    """A name for the one-hot rows of each label tensor that meets an index in a delta."""
    labels = {
        address.name
        for program in programs
        for equation in program.equations
        for delta in atoms(equation.body, Delta)
        for address in delta.args
        if isinstance(address, IntegerAccess)
    }
    names: dict[str, str] = {}
    for label in sorted(labels):
        wish = "Y" if not names and "Y" not in taken else f"onehot_{label}"
        names[label] = wish
    return names
