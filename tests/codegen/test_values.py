"""Generated functions against the evaluator and against autograd, for every program, raw and simplified."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from symnet.calculus.evaluate import evaluate
from tests.codegen.cases import ALL
from tests.codegen.running import FORMS, LANGUAGES, as_arrays, derived, generated, resized


def sizes_to_try(name: str) -> list[dict[str, int]]:
    """The case's own sizes, larger ones, and ones where they may."""
    case = ALL[name]
    sizes = dict(case.sizes)
    larger = {k: v + 2 for k, v in sizes.items()}
    small = {k: 1 for k in sizes if k in ("N", "C", "D") and name not in ("convolution",)}
    return [sizes, larger, {**sizes, **small}]


@cache
def drawn(name: str, turn: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Numbers at one of the sizes, and what the evaluator makes of them."""
    sizes = sizes_to_try(name)[turn]
    case = resized(ALL[name], **sizes)
    values = case.draw(np.random.default_rng(turn))
    if case.classes:
        values |= {n: values[n] % min(case.classes[n], *case.sizes.values()) for n in case.classes if "C" in sizes}
    return values, evaluate(derived(name, "raw").program, values)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ALL)
def test_loss_and_gradients_are_the_evaluators(name: str, form: str, language: str) -> None:
    functions, case = generated(name, form, language), ALL[name]
    for seed, sizes in enumerate(sizes_to_try(name)):
        values, expected = drawn(name, seed)
        given = as_arrays(values, language)
        loss, grads = functions.run(given)
        np.testing.assert_allclose(np.asarray(loss), expected["loss"], rtol=1e-12, atol=1e-12)
        for parameter in case.wrt:
            found, wanted = np.asarray(grads[parameter]), expected[f"d{parameter}"]
            assert found.shape == wanted.shape
            np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-12, err_msg=f"{name} d{parameter} {sizes}")
        for key, value in values.items():
            assert np.array_equal(value, np.asarray(given[key])), f"{key} was changed"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ALL)
def test_float32_stays_float32(name: str, form: str, language: str) -> None:
    case = ALL[name]
    values = case.draw(np.random.default_rng(0))
    loss, grads = generated(name, form, language).run(as_arrays(values, language, "float32"))
    wide, exact = generated(name, form, language).run(as_arrays(values, language))
    for found, precise in zip((loss, *grads.values()), (wide, *exact.values()), strict=True):
        assert np.asarray(found).dtype == np.float32
        np.testing.assert_allclose(np.asarray(found), np.asarray(precise), rtol=3e-4, atol=3e-4)


@pytest.mark.parametrize("name", ALL)
def test_autograd_of_the_generated_loss_gives_the_generated_gradients(name: str) -> None:
    case = ALL[name]
    functions = generated(name, "simplified", "torch")
    given = as_arrays(case.draw(np.random.default_rng(1)), "torch")
    _, grads = functions.run(given)
    leaves = {n: t.clone().requires_grad_(n in case.wrt) for n, t in given.items()}
    loss = functions.compute_loss(leaves, *(leaves[n] for n in functions.inputs))
    found = torch.autograd.grad(loss, [leaves[n] for n in case.wrt], allow_unused=True, materialize_grads=True)
    for parameter, autograd in zip(case.wrt, found, strict=True):
        np.testing.assert_allclose(grads[parameter].numpy(), autograd.numpy(), rtol=1e-11, atol=1e-12)


def test_no_two_results_share_memory_and_none_is_an_input() -> None:
    for name, case in ALL.items():
        values = as_arrays(case.draw(np.random.default_rng(2)), "numpy")
        _, grads = generated(name, "simplified", "numpy").run(values)
        arrays = [g for g in grads.values() if np.ndim(g)] + list(values.values())
        for k, one in enumerate(arrays):
            assert not any(np.shares_memory(one, other) for other in arrays[k + 1 :]), name
