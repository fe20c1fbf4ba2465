"""How a generated script trains: ``sn.train``, and the words for clipping and early stopping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from symnet import model
from symnet.declare.modules.layers import Module
from symnet.declare.optim.optimizers import chosen_optimizer
from symnet.declare.tracing.numbers import choice, flag, real, refused, whole
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import current
from symnet.model import Clip, Group, Optimizer, Schedule, Training


def clip_grad_norm_(max_norm: float, norm_type: float = 2.0) -> Clip:
    """g <- g min(1, max_norm / (‖g‖ + 1e-6)), the norm of order ``norm_type`` of all gradients as one vector, as
    torch.nn.utils.clip_grad_norm_; ``norm_type`` may be "inf"."""
    order = float("inf") if norm_type in ("inf", float("inf")) else real("norm_type", norm_type, above=0)
    return Clip("norm", real("max_norm", max_norm, above=0), order)


def clip_grad_value_(clip_value: float) -> Clip:
    """g <- min(max(g, -clip_value), clip_value), as torch.nn.utils.clip_grad_value_"""
    return Clip("value", real("clip_value", clip_value, above=0))


def EarlyStopping(
    patience: int, min_delta: float = 0.0, monitor: str = "loss", restore_best: bool = True
) -> model.EarlyStopping:
    """Training ends after ``patience`` epochs in a row in which the loss did not fall, or the accuracy did not rise, by
    more than ``min_delta`` beyond its best; ``restore_best`` puts the best parameters back.

    What is monitored is that of the held-out samples if there are any, else of all samples.
    """
    watched: Any = choice("monitor", monitor, ("loss", "accuracy"))
    restores = flag("restore_best", restore_best)
    return model.EarlyStopping(whole("patience", patience), real("min_delta", min_delta), watched, restores)


def train(
    *,
    optimizer: Optimizer | str = "sgd",
    lr: float | None = None,
    groups: Sequence[Mapping[str, Any]] = (),
    schedule: Schedule | None = None,
    clip: Clip | Sequence[Clip] = (),
    early_stopping: model.EarlyStopping | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    batch: int | None = None,
    samples: int = 100,
    holdout: float = 0.0,
    data: str | PurePath | None = None,
    start: str | PurePath | None = None,
    seed: int = 0,
    log_every: int | None = None,
    report: str | None = None,
    new_inputs: int = 0,
) -> Training:
    """The defaults of a generated script; every number is a flag of the script as well.

    groups: dicts as torch.optim takes them, ``{"params": "*.bias", "weight_decay": 0.0}``: params are tensors, modules
    or patterns of names; lr and weight_decay may differ.  schedule, clip, early_stopping: words such as
    ``sn.CosineAnnealingLR(30)``, ``sn.clip_grad_norm_(1.0)``, ``sn.EarlyStopping(5)``.
    epochs: passes over shuffled mini-batches of ``batch`` samples (all of them if absent); steps: updates instead of
    epochs.  samples: how many the script makes when it has no file.  data: a .npz beside the model file; start: one
    with the first parameters by name, as of a state_dict.  holdout: the fraction of the samples kept for evaluation.
    report: a line printed at the end, with ``{name}`` for numbers.
    """
    current().train_call = current().here()
    _check_counts(epochs=epochs, steps=steps, batch=batch, samples=samples, log_every=log_every)
    whole("seed", seed, low=0)
    _check_kinds(schedule, early_stopping, data=data, start=start)
    held, length = real("holdout", holdout, below=1), 100 if epochs is None and steps is None else steps
    every = log_every or max(1, (epochs or length or 1) // 10)
    chosen = _scheduled(chosen_optimizer(optimizer, lr), schedule, lr)
    _require_falling(chosen, schedule, early_stopping)
    parts = (_groups(groups, chosen, schedule), schedule, _clips(clip), early_stopping)
    return Training(chosen, epochs, length, batch, samples, held, data, start, seed, every, report, new_inputs, *parts)


def _check_counts(**counts: int | None) -> None:
    for name, value in counts.items():
        if value is not None:
            whole(name, value)
    if counts["epochs"] is not None and counts["steps"] is not None:
        raise refused("both epochs and steps are given", "give one of them")


def _check_kinds(schedule: Any, early_stopping: Any, **paths: Any) -> None:
    if not isinstance(schedule, Schedule | None):
        raise refused(f"schedule is {schedule!r:.40}", "write a schedule: sn.CosineAnnealingLR(T_max=30)")
    if not isinstance(early_stopping, model.EarlyStopping | None):
        raise refused(f"early_stopping is {early_stopping!r:.40}", "write sn.EarlyStopping(patience=5)")
    for name, path in paths.items():
        if not isinstance(path, str | PurePath | None) or path == "":
            raise refused(f"{name} is {path!r:.40}", f'write the path of a file: {name}="{name}.npz"')


def _require_falling(optimizer: Optimizer, schedule: Schedule | None, stopping: model.EarlyStopping | None) -> None:
    """Refuses to watch for a smaller loss where the loss is to grow."""
    watched = [stopping.monitor] if stopping is not None else []
    watched += [schedule.options.get("monitor", "")] if schedule is not None else []
    if optimizer.options.get("maximize") and "loss" in watched:
        raise refused("a falling loss is monitored, and with maximize=True it is to grow", "minimize -loss instead")


def _scheduled(optimizer: Optimizer, schedule: Schedule | None, lr: float | None) -> Optimizer:
    """The optimiser with the rate and the momentum at which a cyclic schedule begins."""
    options = schedule.options if schedule is not None else {}
    if schedule is None or "max_lr" not in options:
        return optimizer
    if lr is not None:
        raise refused(f"{schedule.kind} sets the learning rate itself", "leave lr out")
    changed = {"lr": options.get("base_lr", options["max_lr"])}
    if options["cycle_momentum"]:
        name = next((n for n in ("beta1", "momentum") if n in optimizer.options), None)
        if name is None:
            raise refused(
                f"{schedule.kind} cycles the momentum, and {optimizer.kind} has none", "write cycle_momentum=False"
            )
        changed[name] = options["max_momentum"]
    return replace(optimizer, options={**optimizer.options, **changed})


def _clips(clip: Any) -> tuple[Clip, ...]:
    given = tuple(clip) if isinstance(clip, list | tuple) else (clip,)
    for one in given:
        if not isinstance(one, Clip):
            raise refused(f"clip is {one!r:.40}", "write sn.clip_grad_norm_(1.0) or sn.clip_grad_value_(0.5)")
    return given


def _groups(groups: Any, optimizer: Optimizer, schedule: Schedule | None) -> tuple[Group, ...]:
    if not isinstance(groups, list | tuple):
        raise refused(f"groups is {groups!r:.40}", 'write a list: groups=[{"params": "*.bias", "weight_decay": 0.0}]')
    return tuple(_group(group, optimizer, schedule) for group in groups)


def _group(group: Any, optimizer: Optimizer, schedule: Schedule | None) -> Group:
    """One group; tensors stand by their private names until the model has its final ones."""
    if not isinstance(group, Mapping) or "params" not in group:
        raise refused(f"a group is {group!r:.60}", 'write {"params": [...], "weight_decay": 0.0}')
    options = {name: value for name, value in group.items() if name != "params"}
    for name in options:
        if name not in ("lr", "weight_decay"):
            raise refused(f"a group has {name!r}", "the groups may differ in lr and weight_decay")
        if name not in optimizer.options:
            raise refused(f"{optimizer.kind} has no {name}", "leave it out of the groups")
    if "lr" in options and schedule is not None and "max_lr" in schedule.options:
        raise refused(f"{schedule.kind} sets the learning rate of every group", "leave lr out of the groups")
    return Group(tuple(_named(group["params"])), {name: real(name, value) for name, value in options.items()})


def _named(params: Any) -> Iterator[str]:
    if isinstance(params, str):
        yield params
    elif isinstance(params, Tensor):
        if params.spec.role != "parameter":
            raise refused(f"{params.own_trace.text_of(params.spec)} in a group is no parameter", "name parameters only")
        yield params.spec.name
    elif isinstance(params, Module):
        yield from (tensor.spec.name for _, tensor in params.named_parameters())
    elif isinstance(params, list | tuple):
        for part in params:
            yield from _named(part)
    else:
        raise refused(f"the params of a group are {params!r:.40}", 'write parameters, modules or "*.bias"')
