"""Every optimiser with every option, step by step beside torch.optim."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from symnet.codegen.training.optimizers import Update, torch_call, update_of
from symnet.declare.optim import optimizers

torch = pytest.importorskip("torch")

KINDS = {make.__name__: make for make in optimizers._ALL}
OPTIONS: dict[str, dict[str, tuple[Any, ...]]] = {
    "SGD": {"momentum": (0.0, 0.9), "dampening": (0.0, 0.3), "weight_decay": (0.0, 0.1), "nesterov": (False, True)},
    "RMSprop": {"alpha": (0.99, 0.5), "eps": (1e-8, 1e-3), "weight_decay": (0.0, 0.1), "momentum": (0.0, 0.9),
                "centered": (False, True)},
    "Adagrad": {"lr_decay": (0.0, 0.2), "weight_decay": (0.0, 0.1), "initial_accumulator_value": (0.0, 0.5),
                "eps": (1e-10, 1e-3)},
    "Adam": {"betas": ((0.9, 0.999), (0.5, 0.9)), "eps": (1e-8, 1e-3), "weight_decay": (0.0, 0.1),
             "amsgrad": (False, True)},
    "AdamW": {"betas": ((0.9, 0.999), (0.5, 0.9)), "eps": (1e-8, 1e-3), "weight_decay": (0.0, 0.01, 0.1),
              "amsgrad": (False, True)},
    "Adamax": {"betas": ((0.9, 0.999), (0.5, 0.9)), "eps": (1e-8, 1e-3), "weight_decay": (0.0, 0.1)},
    "NAdam": {"betas": ((0.9, 0.999), (0.5, 0.9)), "eps": (1e-8, 1e-3), "weight_decay": (0.0, 0.1),
              "momentum_decay": (4e-3, 0.3), "decoupled_weight_decay": (False, True)},
    "RAdam": {"betas": ((0.9, 0.999), (0.5, 0.9)), "eps": (1e-8, 1e-3), "weight_decay": (0.0, 0.1),
              "decoupled_weight_decay": (False, True)},
    "Adadelta": {"rho": (0.9, 0.5), "eps": (1e-6, 1e-3), "weight_decay": (0.0, 0.1)},
    "ASGD": {"lambd": (1e-4, 0.3), "alpha": (0.75, 1.5), "t0": (1e6, 3), "weight_decay": (0.0, 0.1)},
    "Rprop": {"etas": ((0.5, 1.2), (0.3, 2.0)), "step_sizes": ((1e-6, 50), (0.04, 0.08))},
}  # fmt: skip
for _options in OPTIONS.values():
    _options["maximize"] = (False, True)


def combinations() -> list[tuple[str, dict[str, Any]]]:
    found = []
    for kind, table in OPTIONS.items():
        for values in itertools.product(*table.values()):
            options = dict(zip(table, values, strict=True))
            if not (options.get("nesterov") and (options["momentum"] == 0 or options["dampening"])):
                found.append((kind, options))
    return found


def compiled(update: Update) -> Any:
    """The function ``update`` as the scripts have it."""
    lines = [f"{name} = {value!r}" for name, value in update.constants]
    lines += ["def update(params, grads, state, lr, step):", *(f"    {line}" for line in update.body())]
    names: dict[str, Any] = {"np": np, "torch": torch, "math": math}
    exec("\n".join(lines), names)
    return names["update"]


def gradients(step: int) -> dict[str, np.ndarray]:
    """Gradients that change sign and size, with a zero among them."""
    rng = np.random.default_rng(step)
    return {"W": rng.normal(size=(3, 2)) * 10.0 ** rng.integers(-3, 2), "b": np.array(math.sin(step)), "z": np.zeros(1)}


def largest_error(update: Update, library: str, kind: str, options: dict[str, Any]) -> float:
    """The largest difference, over fifteen steps, from torch's own parameters, beside their size."""
    start = {"W": np.arange(6.0).reshape(3, 2) - 2, "b": np.array(0.5), "z": np.ones(1)}
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in start.items()}
    reference = getattr(torch.optim, kind)(leaves.values(), lr=0.05, **options)
    make, full = (np.array, np.full_like) if library == "np" else (torch.tensor, torch.full_like)
    params = {name: make(value) for name, value in start.items()}
    state = {slot: {name: full(value, first) for name, value in params.items()} for slot, first in update.slots}
    take, worst = compiled(update), 0.0
    for step in range(15):
        grads = gradients(step)
        for name, leaf in leaves.items():
            leaf.grad = torch.tensor(grads[name])
        reference.step()
        take(params, {name: make(value) for name, value in grads.items()}, state, 0.05, step)
        for name, leaf in leaves.items():
            expected = leaf.detach().numpy()
            worst = max(worst, float(np.max(np.abs(np.asarray(params[name]) - expected) / (1 + np.abs(expected)))))
    return worst


@pytest.fixture(autouse=True)
def numbers_of_torch_in_float64():
    """NAdam of torch keeps the product of its momenta in the default dtype, whatever the parameters are."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize("library", ["np", "torch"])
@pytest.mark.parametrize(("kind", "options"), combinations(), ids=str)
def test_fifteen_steps_are_those_of_torch(kind, options, library):
    update = update_of(KINDS[kind](lr=0.05, **options), library)
    assert largest_error(update, library, kind, options) < 1e-14


@pytest.mark.parametrize(("kind", "options"), combinations(), ids=str)
def test_the_call_of_torch_makes_the_same_optimiser(kind, options):
    parameters = [torch.zeros(2)]
    names = {"torch": torch, "parameters": parameters, "LR": 0.05}
    made = eval(torch_call(KINDS[kind](lr=0.05, **options), "parameters"), names)
    expected = getattr(torch.optim, kind)(parameters, lr=0.05, **options)
    assert made.defaults == expected.defaults


@pytest.mark.parametrize(("kind", "options"), combinations(), ids=str)
def test_the_lines_fit(kind, options):
    update = update_of(KINDS[kind](lr=0.05, **options), "torch")
    assert len(f'    """Take one step in place.  {update.title}."""') <= 120
    assert max(len(f"    {line}") for line in update.body()) <= 120


def test_a_plain_optimiser_keeps_nothing_and_names_nothing():
    update = update_of(optimizers.SGD(lr=0.1), "np")
    assert (update.constants, update.slots) == ((), ())
    assert update.body() == ("for name, g in grads.items():", "    p = params[name]", "    p -= lr * g")
    assert torch_call(optimizers.SGD(lr=0.1), "p") == "torch.optim.SGD(p, lr=LR)"
    assert torch_call(optimizers.Adam(betas=(0.5, 0.9)), "p") == "torch.optim.Adam(p, lr=LR, betas=(0.5, 0.9))"


@pytest.mark.parametrize(
    ("kind", "options", "right", "wrong"),
    [
        ("SGD", {"momentum": 0.9, "dampening": 0.3}, "if step else 1", "if step else 0"),
        ("RMSprop", {"centered": True}, "s - mean * mean", "s"),
        ("Adagrad", {"lr_decay": 0.2}, "1 + step", "2 + step"),
        ("Adam", {}, "BETA2 ** (step + 1)", "BETA2 ** step if step else 1"),
        ("AdamW", {"weight_decay": 0.1}, "p *= 1 - lr * WEIGHT_DECAY", "p *= 1 - WEIGHT_DECAY"),
        ("Adamax", {}, "(BETA2 * u,", "(BETA1 * u,"),
        ("NAdam", {}, "1 - product * after", "1 - product"),
        ("RAdam", {}, "rho > 5", "rho > 4"),
        ("Adadelta", {}, "np.sqrt(x + EPS)", "(np.sqrt(x) + EPS)"),
        ("Rprop", {}, "turn < 0, 0.0, g", "turn < 0, g, g"),
    ],
)
def test_the_comparison_sees_a_wrong_formula(kind, options, right, wrong):
    update = update_of(KINDS[kind](lr=0.05, **options), "np")
    spoilt = replace(
        update,
        lines=tuple(line.replace(right, wrong) for line in update.lines),
        before=tuple(line.replace(right, wrong) for line in update.before),
    )
    assert spoilt != update and largest_error(spoilt, "np", kind, options) > 1e-6
