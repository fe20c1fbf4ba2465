"""Learning-rate schedules, with the names, options and defaults of torch.optim.lr_scheduler.

Each takes ``step="epoch"`` or ``step="batch"``: whether t counts finished epochs or finished steps.  OneCycleLR and
CyclicLR count steps unless told otherwise, the others epochs, as torch's documentation calls them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from symnet.declare.optim.factors import factor_program
from symnet.declare.tracing.numbers import choice, flag, real, refused, whole
from symnet.model import Schedule


def StepLR(step_size: int, gamma: float = 0.1, *, step: str = "epoch") -> Schedule:
    """lr γ^⌊t / step_size⌋"""
    return _made("StepLR", step, step_size=whole("step_size", step_size), gamma=real("gamma", gamma))


def MultiStepLR(milestones: Sequence[int], gamma: float = 0.1, *, step: str = "epoch") -> Schedule:
    """lr γ^(the number of milestones <= t)"""
    return _made("MultiStepLR", step, milestones=_milestones(milestones), gamma=real("gamma", gamma))


def ConstantLR(factor: float = 1 / 3, total_iters: int = 5, *, step: str = "epoch") -> Schedule:
    """lr factor while t < total_iters, then lr"""
    part = real("factor", factor, high=1)
    return _made("ConstantLR", step, factor=part, total_iters=whole("total_iters", total_iters))


def LinearLR(
    start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int = 5, *, step: str = "epoch"
) -> Schedule:
    """lr (s + (e - s) min(t, T) / T), from s = start_factor to e = end_factor in T = total_iters"""
    start = real("start_factor", start_factor, above=0, high=1)
    end, total = real("end_factor", end_factor, high=1), whole("total_iters", total_iters)
    return _made("LinearLR", step, start_factor=start, end_factor=end, total_iters=total)


def ExponentialLR(gamma: float, *, step: str = "epoch") -> Schedule:
    """lr γ^t"""
    return _made("ExponentialLR", step, gamma=real("gamma", gamma))


def PolynomialLR(total_iters: int = 5, power: float = 1.0, *, step: str = "epoch") -> Schedule:
    """lr (1 - min(t, T) / T)^power, T = total_iters"""
    return _made("PolynomialLR", step, total_iters=whole("total_iters", total_iters), power=real("power", power))


def CosineAnnealingLR(T_max: int, eta_min: float = 0.0, *, step: str = "epoch") -> Schedule:
    """η + (lr - η) (1 + cos(π t / T_max)) / 2, η = eta_min"""
    return _made("CosineAnnealingLR", step, T_max=whole("T_max", T_max), eta_min=real("eta_min", eta_min))


def CosineAnnealingWarmRestarts(T_0: int, T_mult: int = 1, eta_min: float = 0.0, *, step: str = "epoch") -> Schedule:
    """η + (lr - η) (1 + cos(π t / T)) / 2, begun again after T = T_0, T_0 T_mult, T_0 T_mult², ..."""
    first, times, least = whole("T_0", T_0), whole("T_mult", T_mult), real("eta_min", eta_min)
    return _made("CosineAnnealingWarmRestarts", step, T_0=first, T_mult=times, eta_min=least)


def CyclicLR(
    base_lr: float,
    max_lr: float,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
    cycle_momentum: bool = True,
    base_momentum: float = 0.8,
    max_momentum: float = 0.9,
    *,
    step: str = "batch",
) -> Schedule:
    """base_lr + (max_lr - base_lr) h(t) s: up in step_size_up and down in step_size_down again and again; s is 1
    (triangular), 1/2 to the number of cycles done (triangular2), or γ^t (exp_range).  Momentum goes down and up."""
    up = whole("step_size_up", step_size_up)
    return _made(
        "CyclicLR",
        step,
        base_lr=real("base_lr", base_lr),
        max_lr=real("max_lr", max_lr),
        step_size_up=up,
        step_size_down=up if step_size_down is None else whole("step_size_down", step_size_down),
        mode=choice("mode", mode, ("triangular", "triangular2", "exp_range")),
        gamma=real("gamma", gamma),
        **_cycled(cycle_momentum, base_momentum, max_momentum),
    )


def OneCycleLR(
    max_lr: float,
    total_steps: int | None = None,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    cycle_momentum: bool = True,
    base_momentum: float = 0.85,
    max_momentum: float = 0.95,
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
    *,
    step: str = "batch",
) -> Schedule:
    """From max_lr / div_factor up to max_lr in pct_start of total_steps, then down to that first rate over
    final_div_factor; with three_phase down to the first rate before.  Momentum goes the other way."""
    total, rise = _length(total_steps, epochs, steps_per_epoch), real("pct_start", pct_start, high=1)
    three = flag("three_phase", three_phase)
    _check_phases(total, rise, three)
    return _made(
        "OneCycleLR",
        step,
        max_lr=real("max_lr", max_lr),
        total_steps=total,
        pct_start=rise,
        anneal_strategy=choice("anneal_strategy", anneal_strategy, ("cos", "linear")),
        **_cycled(cycle_momentum, base_momentum, max_momentum),
        div_factor=real("div_factor", div_factor, above=0),
        final_div_factor=real("final_div_factor", final_div_factor, above=0),
        three_phase=three,
    )


def _length(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """The steps of one cycle."""
    if total_steps is not None:
        return whole("total_steps", total_steps)
    if epochs is None or steps_per_epoch is None:
        raise refused("OneCycleLR: how long is the cycle?", "give total_steps, or epochs and steps_per_epoch")
    return whole("epochs", epochs) * whole("steps_per_epoch", steps_per_epoch)


def _check_phases(total: int, rise: float, three: bool) -> None:
    """Every phase of one cycle takes time; torch divides by its length."""
    ends = [rise * total - 1, 2 * rise * total - 2] if three else [rise * total - 1]
    begins = [0.0, *ends] if three or ends[0] >= 0 else ends  # a rise that is over before t = 0 is no phase
    if any(a >= b for a, b in itertools.pairwise([*begins, total - 1])):
        raise refused(
            f"OneCycleLR: {total} steps leave no room for the phases of pct_start={rise!r}",
            "give more steps, or another pct_start",
        )


def LambdaLR(lr_lambda: Callable[[Any], Any], *, step: str = "epoch") -> Schedule:
    """lr f(t): ``lr_lambda`` is a function of t, in operators and words of symnet, such as ``lambda t: 0.95**t``"""
    return _made("LambdaLR", step, program=factor_program(lr_lambda, "LambdaLR"))


def MultiplicativeLR(lr_lambda: Callable[[Any], Any], *, step: str = "epoch") -> Schedule:
    """lr f(1) f(2) ... f(t): ``lr_lambda`` is a function of t, as for LambdaLR"""
    return _made("MultiplicativeLR", step, program=factor_program(lr_lambda, "MultiplicativeLR"))


def ChainedScheduler(schedulers: Sequence[Schedule], *, step: str = "epoch") -> Schedule:
    """lr times the factors of several schedules at once"""
    parts = tuple(schedulers) if isinstance(schedulers, list | tuple) else (schedulers,)
    for part in parts:
        if not isinstance(part, Schedule):
            raise refused(f"ChainedScheduler is given {part!r:.40}, which is no schedule", "sn.LinearLR(...), ...")
        if part.kind not in _FACTORS:
            raise refused(
                f"{part.kind} sets the rate and gives no factor, so it cannot be chained", ", ".join(_FACTORS)
            )
    if not parts:
        raise refused("ChainedScheduler has no schedules", "sn.ChainedScheduler([sn.LinearLR(...), ...])")
    return _made("ChainedScheduler", step, parts=parts)


def ReduceLROnPlateau(
    mode: str = "min",
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: str = "rel",
    cooldown: int = 0,
    min_lr: float = 0.0,
    eps: float = 1e-8,
    *,
    monitor: str = "loss",
) -> Schedule:
    """lr factor^k after k reductions, not below min_lr: one each time that the monitored number was not better by the
    threshold for more than ``patience`` epochs.  It is that of the held-out samples if there are any."""
    if (choice("mode", mode, ("min", "max")) == "min") != (choice("monitor", monitor, _MONITORS) == "loss"):
        better = "lower" if monitor == "loss" else "higher"
        raise refused(
            f"mode is {mode!r}, but a {better} {monitor} is better", 'mode="min" for loss, "max" for accuracy'
        )
    return _made(
        "ReduceLROnPlateau",
        "epoch",
        mode=mode,
        factor=real("factor", factor, below=1),
        patience=whole("patience", patience, low=0),
        threshold=real("threshold", threshold),
        threshold_mode=choice("threshold_mode", threshold_mode, ("rel", "abs")),
        cooldown=whole("cooldown", cooldown, low=0),
        min_lr=real("min_lr", min_lr),
        eps=real("eps", eps),
        monitor=monitor,
    )


def SequentialLR(schedulers: Sequence[Schedule], milestones: Sequence[int], *, step: str = "epoch") -> Schedule:
    """One schedule after the other: from each milestone on the next one, whose t begins at 0 there"""
    parts = tuple(schedulers) if isinstance(schedulers, list | tuple) else (schedulers,)
    for part in parts:
        if not isinstance(part, Schedule):
            raise refused(f"SequentialLR is given {part!r:.40}, which is no schedule", "sn.LinearLR(...), ...")
        if part.kind in _ALONE:
            raise refused(f"{part.kind} cannot be a part of SequentialLR", "use it alone, or another schedule")
    places = _milestones(milestones)
    if len(places) != len(parts) - 1 or not parts:
        raise refused(
            f"SequentialLR has {len(parts)} schedules and {len(places)} milestones", "a milestone between each two"
        )
    if list(places) != sorted(set(places)):
        raise refused(f"the milestones {list(places)} do not increase", "write them in order")
    return _made("SequentialLR", step, parts=parts, milestones=places)


_MONITORS = ("loss", "accuracy")
#: What needs more than t, sets the rates of the optimiser itself, or goes on in torch from the rate that it finds.
_ALONE = ("ReduceLROnPlateau", "CyclicLR", "OneCycleLR", "SequentialLR", "ChainedScheduler", "MultiplicativeLR")


#: Whose rate is lr times a factor of t.
_FACTORS = ("StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR", "MultiplicativeLR")


def _made(kind: str, step: str, parts: tuple[Schedule, ...] = (), program: Any = None, **options: Any) -> Schedule:
    every: Any = choice("step", step, ("epoch", "batch"))
    return Schedule(kind, options, every, parts, program)


def _milestones(given: Any) -> tuple[int, ...]:
    if not isinstance(given, list | tuple):
        raise refused(f"milestones is {given!r}", "write integers: milestones=[30, 80]")
    return tuple(whole("a milestone", m) for m in given)


def _cycled(cycles: bool, base: float, top: float) -> dict[str, Any]:
    return {
        "cycle_momentum": flag("cycle_momentum", cycles),
        "base_momentum": real("base_momentum", base, below=1),
        "max_momentum": real("max_momentum", top, below=1),
    }
