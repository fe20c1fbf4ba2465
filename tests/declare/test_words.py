"""Every word of a model file against torch: value and gradient, at ordinary points and at kinks and ties.

The table is checked against the package's own list of words, so a word without a case fails.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import symnet as sn
from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.calculus.norms import with_flat_norms
from symnet.calculus.verify import verify
from symnet.declare.drawn import both_modes
from symnet.declare.names import renamed
from symnet.declare.tracing.infinite import without_infinities
from symnet.declare.tracing.protocols import torch_name
from symnet.declare.tracing.trace import Trace, recording
from symnet.declare.tracing.words import METHODS, NUMPY, TORCH
from symnet.declare.tracing.words import WORDS as TABLE
from symnet.errors import SymnetError
from tests.codegen.running import LANGUAGES, as_arrays, derivation_of, functions_of, loss_and_gradients
from tests.declare.word_cases import ELSEWHERE, WORDS
from tests.declare.words_in_text import NUMPYS, ROWS, refusals, written

#: Where torch itself is less exact: its trigamma has 9 digits, its hardsigmoid multiplies by a 1/6 of single precision.
ROUGH = {"digamma": 1e4, "polygamma": 1e4, "hardsigmoid": 1e6, "Hardsigmoid": 1e6}


def test_every_word_has_a_case() -> None:
    entered = {w.name for table in (TABLE, TORCH, NUMPY, METHODS) for w in table.values()}
    others = {w for w in sn.__all__ if w not in TABLE and not w.startswith("_")}
    assert entered | others == WORDS.keys() | ELSEWHERE.keys()


def test_every_word_of_numpy_has_a_case() -> None:
    assert {entry.name for entry in NUMPY.values()} <= NUMPYS


@pytest.mark.parametrize("text", refusals())
def test_refused(text: str) -> None:
    case, trace = written(text), Trace()
    with recording(trace), pytest.raises(SymnetError) as caught:
        case.ours(*(sn.param(*a.shape) for a in case.inputs))
        trace.problems.raise_if_any()
    assert refusals()[text] in str(caught.value) and caught.value.exit_code == 2


def test_the_names_of_the_table_are_torchs_and_numpys() -> None:
    """Each name stands for a function that there is, and that torch itself hands over under this name."""
    spaces = (torch, F, torch.special, torch.linalg, torch.fft, torch.autograd, torch.Tensor, torch._C._nn)
    for name in TORCH:
        space, _, last = name.rpartition(".")
        found = [getattr(s, last) for s in spaces if hasattr(s, last) and (not space or s.__name__.endswith(space))]
        assert found or name in ("log_sigmoid",), f"torch has no {name}"
    for name in NUMPY:
        space = getattr(np, name.rpartition(".")[0]) if "." in name else np
        assert hasattr(space, name.rpartition(".")[2]) or name == "trapz", f"NumPy has no {name}"


def test_every_function_of_torch_that_is_covered_arrives_under_its_name() -> None:
    for space in (torch, F, torch.special, torch.linalg):
        for name in dir(space):
            function = getattr(space, name)
            plain = f"{space.__name__.removeprefix('torch').removeprefix('.')}.{name}"
            known = TORCH.get(name) if space in (torch, F) else TORCH.get(plain)
            if known is not None and callable(function) and not isinstance(function, type):
                assert TORCH.get(torch_name(function)) is known, f"{space.__name__}.{name} is {torch_name(function)}"


def test_the_namespaces_hold_what_torch_has_there() -> None:
    """The same objects under torch's full names, and no name that torch does not have there."""
    assert sn.nn.functional.relu is sn.relu and sn.nn.Linear is sn.Linear and sn.nn.ELU is sn.ELU
    assert sn.linalg.cond is sn.cond and sn.special.expit is sn.sigmoid and sn.nn.init is sn.init
    assert sn.optim.Adam is sn.Adam and sn.optim.lr_scheduler.StepLR is sn.StepLR
    assert sn.nn.utils.clip_grad_norm_ is sn.clip_grad_norm_
    spaces = {"linalg": torch.linalg, "special": torch.special, "nn": torch.nn, "optim": torch.optim}
    for name, space in spaces.items():
        held = dir(getattr(sn, name))
        assert len(held) > 10 and [w for w in held if not hasattr(space, w)] == []
    schedules = dir(sn.optim.lr_scheduler)
    assert len(schedules) > 10 and [w for w in schedules if not hasattr(torch.optim.lr_scheduler, w)] == []


@pytest.mark.parametrize(("word", "number"), [(w, k) for w, cases in WORDS.items() for k in range(len(cases))])
@pytest.mark.filterwarnings("ignore:index_reduce")  # torch: in beta
def test_word(word: str, number: int) -> None:
    case = WORDS[word][number]
    theirs = [torch.tensor(a, requires_grad=True) for a in case.inputs]
    expected = case.theirs(*theirs)
    weights = np.cos(0.7 * np.arange(expected.numel()) + 0.3).reshape(tuple(expected.shape))
    (expected * torch.tensor(weights)).sum().backward()
    gradients = [np.zeros(t.shape) if t.grad is None else t.grad.numpy() for t in theirs]
    trace = Trace()
    with recording(trace):
        parameters = [sn.param(*a.shape) for a in case.inputs]
        result = case.ours(*parameters)
        weighed = sn.sum(result * sn.data(*weights.shape, values=weights)) if weights.ndim else result * float(weights)
    trace.problems.raise_if_any()
    names = [p.spec.name for p in parameters]
    recorded = both_modes(trace, weighed.spec.name)[0]
    program = verify(without_infinities(trace, recorded))
    derived = with_flat_norms(verify(derive(program, names)))
    values: dict[str, Any] = dict(zip(names, case.inputs, strict=True))
    for key, declared in trace.declared.items():  # a replaced weight of a Linear is declared, and unused
        unused = np.zeros([int(size) for size in trace.specs[key].shape])
        values.setdefault(key, np.asarray(getattr(declared.values, "values", unused)))
    found = evaluate(derived, values)
    rough = ROUGH.get(word, 1.0)
    np.testing.assert_allclose(found[result.spec.name], expected.detach().numpy(), rtol=1e-13 * rough, atol=1e-14)
    for name, gradient in zip(names, gradients, strict=True):
        np.testing.assert_allclose(found[derived.adjoints[name]], gradient, rtol=1e-12 * rough, atol=1e-13)
    if number < 2 or case.numpy or any(a is ROWS for a in case.inputs):
        whole = number == 0
        check_targets(program, names, values, found[weighed.spec.name], gradients, max(rough * 1e-12, 1e-9), whole)


def check_targets(
    program: Program, names: list[str], values: Any, loss: Any, gradients: list[Any], rtol: float, whole: bool
) -> None:
    """The simplified derivation as NumPy's and torch's code gives the same loss and gradients.

    ``whole``: all functions of a script are written; else the one of loss and gradients alone, a third of the work.
    """
    plain = plainly_named(program)
    derivation = derivation_of(plain, tuple(n.replace("%", "v") for n in names), "simplified")
    arrays = {n.replace("%", "v"): v for n, v in values.items()}
    for language, spelled in LANGUAGES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            run = functions_of(derivation, spelled).run if whole else loss_and_gradients(derivation, spelled)
            value, found = run(as_arrays(arrays, language))
        np.testing.assert_allclose(value, loss, rtol=rtol, atol=1e-12, err_msg=language)
        for name, gradient in zip(names, gradients, strict=True):
            np.testing.assert_allclose(
                found[name.replace("%", "v")], gradient, rtol=rtol, atol=1e-11, err_msg=f"{language} {name}"
            )


def plainly_named(program: Program) -> Program:
    """The program with names that code can hold, and without what the loss does not need."""
    names = {n: n.replace("%", "v") for n in program.tensors}
    tensors = {names[n]: replace(t, name=names[n]) for n, t in program.tensors.items()}
    equations = tuple(renamed(e, names) for e in program.equations)
    return Program(tensors, equations, names[program.loss]).restricted_to([names[program.loss]])
