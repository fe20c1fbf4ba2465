"""How a script trains, in torch's words, for the text above it: optimiser, groups, clipping, schedule, stopping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symnet.codegen.wrapping import docstring_lines
from symnet.model import Clip, Model, Schedule

Lines = tuple[str, ...]


def training_lines(model: Model) -> Lines:
    """The lines of the docstring; the flags of the script may say otherwise of numbers that are flags."""
    training = model.training
    optimizer = training.optimizer
    used = {name: value for name, value in optimizer.options.items() if value or name in ("lr", "beta1", "beta2")}
    lines = [_call(optimizer.kind, used)]
    lines += [f"    {', '.join(group.paths)}: {_options(group.options)}" for group in training.groups]
    lines += [_clip(clip) for clip in training.clips]
    if training.schedule is not None:
        lines.append(f"{_schedule(training.schedule)}, step={training.schedule.every!r}")
    length = f"{training.epochs} epochs" if training.epochs is not None else f"{training.steps} steps"
    parts = [length, f"batches of {training.batch}" if training.batch else "all samples at once"]
    parts += [f"{training.holdout:g} of the samples held out"] * bool(training.holdout)
    lines.append(", ".join(parts))
    stopping = training.early_stopping
    if stopping is not None:
        given = {"patience": stopping.patience, "min_delta": stopping.min_delta, "monitor": stopping.monitor}
        lines.append(_call("EarlyStopping", {**given, "restore_best": stopping.restore_best}))
    return docstring_lines(f"    {line}" for line in lines)


def _call(word: str, options: Mapping[str, Any]) -> str:
    return f"{word}({_options(options)})"


def _options(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in options.items())


def _clip(clip: Clip) -> str:
    if clip.kind == "value":
        return _call("clip_grad_value_", {"clip_value": clip.limit})
    return _call("clip_grad_norm_", {"max_norm": clip.limit} | ({} if clip.p == 2 else {"norm_type": clip.p}))


def _schedule(schedule: Schedule) -> str:
    """The schedule with its parts; one that is a function of t is told by the function of the script."""
    parts = ", ".join(map(_schedule, schedule.parts))
    inside = [f"[{parts}]"] * bool(parts) + [_options(schedule.options)] * bool(schedule.options)
    return f"{schedule.kind}({', '.join(inside) or '...'})"
