"""Programs of ``tests.programs`` as generated functions: derived, written, executed."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from symnet.calculus.derive import derive
from symnet.calculus.ir import Program
from symnet.codegen.languages.numpy_target import NUMPY
from symnet.codegen.languages.spelling import Language
from symnet.codegen.languages.torch_target import TORCH
from symnet.codegen.lowering.emit import Bodies, Writer, bodies
from symnet.model import Derivation, Given, Input, Model, Optimizer, Parameter, Training
from symnet.simplify.simplify import simplify
from tests.codegen.cases import ALL
from tests.programs import Case

LANGUAGES = {"numpy": NUMPY, "torch": TORCH}
FORMS: dict[str, Callable[[Program], Program]] = {
    "raw": lambda program: program,
    "simplified": lambda program: simplify(program, {}).program,
}
Arrays = dict[str, Any]


def derivation_of(program: Program, wrt: tuple[str, ...], form: str) -> Derivation:
    """The derivation of a bare program, raw or simplified."""
    tensors = program.tensors.values()
    model = Model(
        path=Path("model.py"),
        lines=(),
        program=program,
        sizes={str(s): None for t in tensors for size in t.shape for s in size.free_symbols},
        parameters=tuple(Parameter(t, Given(0.0), t.name) for t in tensors if t.role == "parameter"),
        inputs=tuple(Input(t, Given(0.0)) for t in tensors if t.role in ("data", "label")),
        prediction=None,
        training=Training(Optimizer("SGD", {})),
    )
    raw = derive(program, wrt)
    return Derivation(model, raw, FORMS[form](raw), wrt)


@dataclass(frozen=True)
class Functions:
    """What a script would define: ``compute_loss`` and ``loss_and_grads`` of (params, *inputs)."""

    bodies: Bodies
    inputs: tuple[str, ...]
    compute_loss: Callable[..., Any]
    loss_and_grads: Callable[..., tuple[Any, Arrays]]

    def run(self, values: Mapping[str, Any]) -> tuple[Any, Arrays]:
        """Loss and gradients at the given values."""
        return self.loss_and_grads(dict(values), *(values[n] for n in self.inputs))


def functions_of(derivation: Derivation, language: Language) -> Functions:
    """The bodies compiled as functions of a module of their own."""
    made = bodies(derivation, language)
    inputs = tuple(i.spec.name for i in derivation.model.inputs)
    head = ", ".join(("params", *inputs))
    grads = ", ".join(f'"{path}": {expression}' for path, expression in made.gradients)
    text = [*made.setup, "", f"def compute_loss({head}):"]
    text += [f"    {line}" for line in (*made.compute_loss, f"return {made.loss}")]
    text += ["", f"def loss_and_grads({head}):"]
    text += [f"    {line}" for line in (*made.loss_and_grads, f"return {made.loss}, {{{grads}}}")]
    scope: dict[str, Any] = {"np": np, "torch": torch, "itertools": itertools}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile("\n".join(text), "generated", "exec"), scope)
    return Functions(made, inputs, scope["compute_loss"], scope["loss_and_grads"])


def loss_and_gradients(derivation: Derivation, language: Language) -> Callable[[Arrays], tuple[Any, Arrays]]:
    """The loss and the gradients by path, of values by path: one function, a third of the work of a whole script's."""
    model, program, gradients = derivation.model, derivation.program, derivation.gradients
    paths = {p.spec.name: p.path for p in model.owned}
    run = compiled(program, (program.loss, *gradients.values()), language, model.sizes, paths)

    def named(values: Arrays) -> tuple[Any, Arrays]:
        found = run(values)
        return found[program.loss], {paths[p]: found[adjoint] for p, adjoint in gradients.items()}

    return named


@cache
def derived(name: str, form: str) -> Derivation:
    """The derivation of one of the cases, raw or simplified."""
    return derivation_of(ALL[name].program, ALL[name].wrt, form)


@cache
def generated(name: str, form: str, language: str) -> Functions:
    """Its functions in a language."""
    return functions_of(derived(name, form), LANGUAGES[language])


def as_arrays(values: Mapping[str, Any], language: str, dtype: str = "float64") -> Arrays:
    """The values in the language's arrays: real ones of the dtype, labels int64."""
    converted = {n: v.astype(dtype) if v.dtype.kind == "f" else v.astype(np.int64) for n, v in values.items()}
    return {n: torch.tensor(v) for n, v in converted.items()} if language == "torch" else converted


def resized(case: Case, **sizes: int) -> Case:
    """The case at other sizes."""
    return replace(case, sizes={**case.sizes, **sizes})


@cache
def helpers(language: str) -> dict[str, Any]:
    """Every function that bodies of the language may call."""
    scope: dict[str, Any] = {"np": np, "torch": torch, "itertools": itertools}
    exec("\n".join(line for code in LANGUAGES[language].helpers.values() for line in code), scope)
    return scope


def compiled(
    program: Program,
    outputs: tuple[str, ...],
    language: Language,
    sizes: Mapping[str, int | None] | None = None,
    paths: Mapping[str, str] | None = None,
) -> Callable[[Arrays], Arrays]:
    """A function from the inputs to any computed tensors of a bare program; parameters by path, if there are paths."""
    lines = Writer(language, sizes or {}, paths or {}, {}).function(program, outputs, None)
    given = [n for n, t in program.tensors.items() if t.role in ("data", "label")]
    text = [f"def run({', '.join(('params', *given))}):", *(f"    {line}" for line in lines)]
    text.append(f"    return {{{', '.join(f'{chr(34)}{n}{chr(34)}: {n}' for n in outputs)}}}")
    scope = dict(helpers(language.name))
    exec("\n".join(text), scope)
    return lambda values: scope["run"](dict(values), *(values[n] for n in given))
