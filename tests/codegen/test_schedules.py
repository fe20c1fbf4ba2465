"""Every schedule's closed form beside torch.optim.lr_scheduler, step by step."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest

import symnet as sn
from symnet.codegen.languages.numpy_target import NUMPY
from symnet.codegen.lowering.emit import computed_input
from symnet.codegen.training.schedules import _RATES, Rate, rate_of
from symnet.declare.optim import schedules
from symnet.model import Schedule

torch = pytest.importorskip("torch")
of_torch = torch.optim.lr_scheduler

#: Name, positional and named options; the same words make symnet's schedule and torch's.
CASES: list[tuple[str, dict[str, Any]]] = [
    ("StepLR", {"step_size": 7}),
    ("StepLR", {"step_size": 1, "gamma": 0.97}),
    ("MultiStepLR", {"milestones": [3, 3, 20, 50], "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [30, 10]}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.25, "total_iters": 40}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.01, "end_factor": 0.8, "total_iters": 33}),
    ("LinearLR", {"start_factor": 1.0, "end_factor": 0.1, "total_iters": 90}),
    ("ExponentialLR", {"gamma": 0.93}),
    ("PolynomialLR", {}),
    ("PolynomialLR", {"total_iters": 60, "power": 2.5}),
    ("CosineAnnealingLR", {"T_max": 10}),
    ("CosineAnnealingLR", {"T_max": 75, "eta_min": 0.002}),
    ("CosineAnnealingWarmRestarts", {"T_0": 10}),
    ("CosineAnnealingWarmRestarts", {"T_0": 1, "T_mult": 1, "eta_min": 0.01}),
    ("CosineAnnealingWarmRestarts", {"T_0": 5, "T_mult": 2, "eta_min": 0.001}),
    ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 3}),
    ("CyclicLR", {"base_lr": 0.001, "max_lr": 0.1, "step_size_up": 9}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.1, "step_size_up": 4, "step_size_down": 11, "mode": "triangular2"}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 7, "mode": "exp_range", "gamma": 0.97,
                  "base_momentum": 0.5, "max_momentum": 0.95}),
    ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.3, "step_size_up": 7, "cycle_momentum": False}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 120}),
    ("OneCycleLR", {"max_lr": 0.1, "epochs": 10, "steps_per_epoch": 12, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 120, "three_phase": True, "pct_start": 0.4}),
    ("OneCycleLR", {"max_lr": 0.2, "total_steps": 120, "three_phase": True, "anneal_strategy": "linear"}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 120, "pct_start": 0.0, "div_factor": 3.0, "final_div_factor": 7.0}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 121, "base_momentum": 0.7, "max_momentum": 0.8, "pct_start": 0.15}),
    ("OneCycleLR", {"max_lr": 0.1, "total_steps": 130, "cycle_momentum": False}),
]  # fmt: skip
STEPS = 120


def function(lines: tuple[str, ...], arguments: str) -> Any:
    names: dict[str, Any] = {"math": math, "np": np, "require": require}
    exec("\n".join([f"def made({arguments}):", *(f"    {line}" for line in lines)]), names)
    return names["made"]


def require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


def of(schedule: Schedule) -> Rate:
    return rate_of(schedule, lambda program: computed_input(program, NUMPY))


def written(schedule: Schedule, lr: float) -> list[float]:
    """The rates of the generated function."""
    rate = function(of(schedule).lines, "lr, t")
    return [rate(lr, t) for t in range(STEPS)]


def run(make: Any, lr: float, momentum: float = 0.9) -> tuple[list[float], list[float]]:
    """Rates and momenta of torch's scheduler, called after each step as its documentation says."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=lr, momentum=momentum)
    rates, masses = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd total_steps and deprecations are torch's own affair
        scheduler = make(optimizer)
        for _ in range(STEPS):
            rates.append(optimizer.param_groups[0]["lr"])
            masses.append(optimizer.param_groups[0]["momentum"])
            optimizer.step()
            scheduler.step()
    return rates, masses


def reference(kind: str, options: dict[str, Any]) -> float:
    """What the script's --lr stands for: the peak of one cycle, the foot of many, else the optimiser's rate."""
    return options.get("base_lr", options.get("max_lr", 0.05))


@pytest.mark.parametrize(("kind", "options"), CASES, ids=str)
def test_the_rates_are_those_of_torch(kind, options):
    schedule, lr = getattr(schedules, kind)(**options), reference(kind, options)
    expected, masses = run(lambda optimizer: getattr(of_torch, kind)(optimizer, **options), lr)
    np.testing.assert_allclose(written(schedule, lr), expected, rtol=1e-12, atol=1e-12 * lr)
    lines = of(schedule).momentum
    assert bool(lines) == bool(schedule.options.get("cycle_momentum"))
    if lines:
        mass = function(lines, "t")
        np.testing.assert_allclose([mass(t) for t in range(STEPS)], masses, rtol=1e-12)


def test_every_schedule_has_a_case():
    assert {kind for kind, _ in CASES} == set(_RATES) - {"ReduceLROnPlateau"}


LAMBDAS = [
    (lambda t: 0.95**t, lambda t: 0.95**t),
    (lambda t: 1 / (1 + t / 10), lambda t: 1 / (1 + t / 10)),
    (lambda t: 0.5 ** sn.floor(t / 30), lambda t: 0.5 ** (t // 30)),
    (lambda t: sn.sqrt(t + 1) * sn.exp(-t / 50), lambda t: math.sqrt(t + 1) * math.exp(-t / 50)),
    (lambda t: sn.minimum((t + 1) ** -0.5, (t + 1) * 20**-1.5),
     lambda t: min((t + 1) ** -0.5, (t + 1) * 20**-1.5)),
    (lambda t: 1, lambda t: 1),
    (lambda t: t, lambda t: t),
]  # fmt: skip


@pytest.mark.parametrize("k", range(len(LAMBDAS)))
def test_a_function_of_t_is_written_out(k):
    mine, theirs = LAMBDAS[k]
    expected, _ = run(lambda optimizer: of_torch.LambdaLR(optimizer, theirs), 0.05)
    np.testing.assert_allclose(written(schedules.LambdaLR(mine), 0.05), expected, rtol=1e-12, atol=0)


def test_a_factor_that_is_no_number_ends_the_run():
    rate = function(of(schedules.LambdaLR(lambda t: 1 / t)).lines, "lr, t")
    with (
        np.errstate(divide="ignore"),
        pytest.raises(ValueError, match="learning rate is inf at t = 0"),
    ):
        rate(0.1, 0)
    assert rate(0.1, 4) == 0.025


@pytest.mark.parametrize(("mine", "theirs"), [
    (lambda t: 0.95, lambda t: 0.95), (lambda t: (t + 1) / (t + 2), lambda t: (t + 1) / (t + 2)),
    (lambda t: sn.exp(-t / 900), lambda t: math.exp(-t / 900)),
])  # fmt: skip
def test_factors_of_a_function_are_multiplied(mine, theirs):
    expected, _ = run(lambda optimizer: of_torch.MultiplicativeLR(optimizer, theirs), 0.05)
    np.testing.assert_allclose(written(schedules.MultiplicativeLR(mine), 0.05), expected, rtol=1e-12, atol=0)


CHAINS: list[list[tuple[str, dict[str, Any]]]] = [
    [("ConstantLR", {"factor": 0.1, "total_iters": 20}), ("ExponentialLR", {"gamma": 0.98})],
    [("LinearLR", {"total_iters": 9}), ("StepLR", {"step_size": 7}), ("PolynomialLR", {"total_iters": 90})],
    [("MultiStepLR", {"milestones": [3, 3, 50]}), ("MultiplicativeLR", {"lr_lambda": lambda t: (t + 1) / (t + 1.5)}),
     ("LinearLR", {"start_factor": 0.5, "end_factor": 0.25, "total_iters": 30})],
    [("StepLR", {"step_size": 3})],
]  # fmt: skip


@pytest.mark.parametrize("parts", CHAINS, ids=lambda parts: "-".join(kind for kind, _ in parts))
def test_chained_schedules_are_those_of_torch(parts):
    def chained(optimizer: Any) -> Any:
        return of_torch.ChainedScheduler([getattr(of_torch, kind)(optimizer, **options) for kind, options in parts])

    mine = schedules.ChainedScheduler([getattr(schedules, kind)(**options) for kind, options in parts])
    expected, _ = run(chained, 0.05)
    np.testing.assert_allclose(written(mine, 0.05), expected, rtol=1e-12, atol=1e-15)


PARTS: list[tuple[list[tuple[str, dict[str, Any]]], list[int]]] = [
    ([("LinearLR", {"start_factor": 0.1, "total_iters": 10}), ("CosineAnnealingLR", {"T_max": 90})], [10]),
    ([("ConstantLR", {"factor": 0.1, "total_iters": 30}), ("ExponentialLR", {"gamma": 0.9})], [20]),
    ([("LinearLR", {"total_iters": 4}), ("CosineAnnealingWarmRestarts", {"T_0": 6, "T_mult": 2, "eta_min": 1e-3}),
      ("StepLR", {"step_size": 4, "gamma": 0.5}), ("PolynomialLR", {"total_iters": 9, "power": 2.0})], [5, 60, 81]),
    ([("LinearLR", {"total_iters": 7}), ("MultiStepLR", {"milestones": [3, 9]}), ("LambdaLR", None)], [7, 30]),
]  # fmt: skip


@pytest.mark.parametrize("k", range(len(PARTS)))
def test_schedules_follow_each_other_as_in_torch(k):
    parts, milestones = PARTS[k]

    def made(namespace: Any, first: tuple[Any, ...], kind: str, options: dict[str, Any] | None) -> Any:
        return getattr(namespace, kind)(*first, **(options or {"lr_lambda": lambda t: 0.8**t}))

    mine = schedules.SequentialLR([made(schedules, (), *part) for part in parts], milestones)
    expected, _ = run(
        lambda o: of_torch.SequentialLR(o, [made(of_torch, (o,), *part) for part in parts], milestones), 0.05
    )
    np.testing.assert_allclose(written(mine, 0.05), expected, rtol=1e-12, atol=1e-14)


def test_one_cycle_ends():
    rate = function(of(schedules.OneCycleLR(0.1, 20)).lines, "lr, t")
    with pytest.raises(ValueError, match="ends after 20 steps"):
        rate(0.1, 20)


@pytest.mark.parametrize(
    ("factor", "least", "eps"), [(0.1, 0.0, 1e-8), (0.5, 0.02, 1e-8), (0.5, 0.0, 0.01), (0.3, 0.2, 0.0)]
)
def test_reductions_are_those_of_torch(factor, least, eps):
    schedule = schedules.ReduceLROnPlateau(factor=factor, patience=0, min_lr=least, eps=eps)
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    scheduler = of_torch.ReduceLROnPlateau(optimizer, factor=factor, patience=0, min_lr=least, eps=eps)
    rate = function(of(schedule).lines, "lr, t")
    scheduler.step(1.0)
    for t in range(12):
        assert rate(0.1, t) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-14)
        scheduler.step(2.0)


@pytest.mark.parametrize(("kind", "right", "wrong"), [
    ("StepLR", "t // 7", "(t + 1) // 7"), ("LinearLR", "min(t, 5)", "t"),
    ("CosineAnnealingLR", "math.pi * t", "3.14 * t"),
    ("OneCycleLR", "t <= 35", "t < 34"), ("CyclicLR", "x <= 9", "x <= 10"),
])  # fmt: skip
def test_the_comparison_sees_a_wrong_line(kind, right, wrong):
    options = next(o for k, o in CASES if k == kind)
    lines = of(getattr(schedules, kind)(**options)).lines
    spoilt = tuple(line.replace(right, wrong) for line in lines)
    assert spoilt != lines
    rate, lr = function(spoilt, "lr, t"), reference(kind, options)
    expected, _ = run(lambda optimizer: getattr(of_torch, kind)(optimizer, **options), lr)
    assert not np.allclose([rate(lr, t) for t in range(STEPS)], expected, rtol=1e-6)
