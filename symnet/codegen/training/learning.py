"""What a training does beside the plain step, as lines of code: schedule, clipping, groups, early stopping.

Only what the model uses is written; without any of it the lines are those of the plain step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from symnet.codegen.targets import Target
from symnet.codegen.training.optimizers import Update, torch_call, update_of
from symnet.codegen.training.schedules import Factor, Lines, counted, rate_of
from symnet.codegen.training.watching import watching
from symnet.codegen.wrapping import LINE, bracketed, docstring_lines, number, quoted
from symnet.model import Clip, Group, Model


@dataclass(frozen=True)
class LearningContext:
    """What the templates say about how the parameters move."""

    has_schedule: bool
    schedule_title: str
    schedule_formula: Lines
    schedule_lines: Lines
    has_momentum: bool
    momentum_lines: Lines
    run_fields: Lines
    begin_lines: Lines
    step_lines: Lines
    record_lines: Lines
    has_watch: bool
    watch_start: str
    watch_title: str
    watch_lines: Lines
    has_stopping: bool
    stopping_title: str
    patience: int
    last: str
    after_lines: Lines
    fit_lines: Lines
    saved_numbers: str
    load_lines: Lines


def learning_of(model: Model, target: Target, factor: Factor) -> LearningContext:
    """The fields for a model and a target; ``factor`` writes a function of t in NumPy."""
    training = model.training
    parts: dict[str, Any] = {
        "has_schedule": False,
        "schedule_title": "",
        "schedule_formula": (),
        "schedule_lines": (),
        "has_momentum": False,
        "momentum_lines": (),
    }
    if training.schedule is not None:
        rate = rate_of(training.schedule, factor)
        parts |= {
            "has_schedule": True,
            "schedule_title": f"Return the learning rate when {counted(training.schedule)}.",
            "schedule_formula": docstring_lines(rate.formulas),
            "schedule_lines": rate.lines,
            "has_momentum": bool(rate.momentum),
            "momentum_lines": rate.momentum,
        }
    scheduled = training.schedule is not None
    module = target.folder == "torch_module"
    begin: Lines = ()
    if "per_epoch" in _clock(model):
        begin = ("per_epoch = -(-samples_in(data) // (batch or samples_in(data)))",)
    elif module and not scheduled:
        begin = ("for group in run.optimizer.param_groups:", f'    group["lr"] = {_base(model)}')
    watched = watching(model, target)
    return LearningContext(
        **parts,
        begin_lines=begin,
        step_lines=_module_steps(model) if module else _steps(model),
        record_lines=('record["lr"] = run.lr',) if scheduled else (),
        run_fields=(*(("lr: float = 0.0  # of the last step",) if scheduled else ()), *watched.pop("fields")),
        **watched,
    )


def clip_fields(model: Model, target: Target) -> dict[str, Any]:
    """The fields of the function that clips gradients."""
    clips = model.training.clips
    return {
        "has_clip": bool(clips),
        "clip_formulas": tuple(map(_clip_formula, clips)),
        "clip_lines": _clip_lines(clips, target.library),
    }


def _clock(model: Model) -> str:
    """The expression of t."""
    schedule = model.training.schedule
    if schedule is None:
        return ""
    if schedule.kind == "ReduceLROnPlateau":
        return 'run.watch["reductions"]'
    return "run.step // per_epoch" if schedule.every == "epoch" else "run.step"


def _rate(model: Model, lr: str) -> str:
    """The expression of the learning rate of this step for the rate ``lr`` of the whole training."""
    return lr if model.training.schedule is None else f"learning_rate({lr}, {_clock(model)})"


def own_rates(model: Model) -> dict[str, float]:
    """Path -> learning rate of the parameters that have one of their own."""
    return {path: g.options["lr"] for g in model.training.groups if "lr" in g.options for path in g.paths}


def own_decays(model: Model) -> dict[str, float]:
    """Path -> weight decay of every parameter, or nothing where all have the same."""
    general = model.training.optimizer.options.get("weight_decay", 0.0)
    found = {p.path: general for p in model.parameters}
    found |= {
        path: g.options["weight_decay"]
        for g in model.training.groups
        if "weight_decay" in g.options
        for path in g.paths
    }
    return found if len(set(found.values())) > 1 else {}


def _steps(model: Model) -> Lines:
    """The lines of a step after the gradients, where the script updates the parameters itself."""
    lines = ["grads = clipped(grads)"] if model.training.clips else []
    rate = "lr"
    if model.training.schedule is not None:
        lines.append(f"run.lr = {_rate(model, 'lr')}")
        rate = "run.lr"
    if own_rates(model):
        lines.append(f"rates = {{name: {_rate(model, 'GROUP_LR.get(name, lr)')} for name in grads}}")
        rate = "rates"
    more = f", momentum_at({_clock(model)})" if _cycled(model) else ""
    return (*lines, f"update(run.params, grads, run.state, {rate}, run.step{more})")


def _module_steps(model: Model) -> Lines:
    """The lines between ``loss.backward()`` and ``optimizer.step()``."""
    lines: list[str] = []
    for clip in model.training.clips:
        order = "" if clip.kind == "value" or clip.p == 2 else f", norm_type={_order(clip.p)}"
        limit = number(clip.limit)
        lines.append(f"nn.utils.clip_grad_{clip.kind}_(run.model.parameters(), {limit}{order})")
    if model.training.schedule is not None:
        lines.append(f"run.lr = {_rate(model, 'lr')}")
        rate = _rate(model, _base(model)) if own_rates(model) else "run.lr"
        lines += ["for group in run.optimizer.param_groups:", f'    group["lr"] = {rate}']
        cycled = _cycled(model)
        if cycled:
            mass = f"momentum_at({_clock(model)})"
            betas = f'    group["betas"] = ({mass}, group["betas"][1])'
            lines.append(betas if cycled == "BETA1" else f'    group["momentum"] = {mass}')
    return tuple(lines)


def _base(model: Model) -> str:
    return 'group.get("initial_lr", lr)' if own_rates(model) else "lr"


def _cycled(model: Model) -> str:
    """The constant that the schedule cycles, MOMENTUM or BETA1, or nothing."""
    schedule = model.training.schedule
    if schedule is None or not schedule.options.get("cycle_momentum"):
        return ""
    return "BETA1" if "beta1" in model.training.optimizer.options else "MOMENTUM"


def model_update(model: Model, library: str) -> tuple[Update, Lines]:
    """The update of the model's optimiser, and the lines of its constants."""
    optimizer, decays = model.training.optimizer, own_decays(model)
    if decays:
        optimizer = replace(optimizer, options={**optimizer.options, "weight_decay": max(decays.values())})
    update = update_of(optimizer, library)
    tables: list[tuple[str, dict[str, float]]] = []
    if own_rates(model):
        update = update.with_own_rates()
        tables.append(("GROUP_LR", own_rates(model)))
    if decays:
        update = update.with_own_decays()
        tables.append(("WEIGHT_DECAY", decays))
    if _cycled(model):
        update = update.with_given(_cycled(model))
    lines = [f"{name} = {number(value)}" for name, value in update.constants]
    for name, table in tables:
        entries = (f"{quoted(path)}: {number(value)}" for path, value in table.items())
        lines.append(bracketed(f"{name} = ", "{", entries, "}"))
    return update, tuple(lines)


def optimizer_lines(model: Model, attributes: dict[str, str], run_arguments: str) -> Lines:
    """The end of ``new_run``: the optimiser of torch.optim for ``model``, the module, and the run that is returned.

    ``attributes`` are those of the module's parameters by path.
    """
    groups, optimizer = model.training.groups, model.training.optimizer
    short = f"return Run(model, {torch_call(optimizer, 'model.parameters()')}{run_arguments})"
    if not groups and "\n" not in short and len(short) <= LINE - 4:
        return (short,)
    lines: list[str] = []
    if groups:
        grouped = {path for g in groups for path in g.paths}
        rest = Group(tuple(p.path for p in model.parameters if p.path not in grouped), {})
        parts = [_group(g, attributes) for g in (rest, *groups) if g.paths]
        lines.append(bracketed("groups = ", "[", parts, "]", indent=4))
    lines.append(torch_call(optimizer, "groups" if groups else "model.parameters()", 4, "optimizer = "))
    return (*lines, f"return Run(model, optimizer{run_arguments})")


def _group(group: Group, attributes: dict[str, str]) -> str:
    """A group as torch.optim takes it; ``initial_lr`` stays when a schedule changes ``lr``."""
    options = dict(group.options)
    if "lr" in options:
        options["initial_lr"] = options["lr"]
    names = ", ".join(f"model.{attributes[path]}" for path in group.paths)
    items = [f'"params": [{names}]', *(f"{quoted(name)}: {number(value)}" for name, value in options.items())]
    return bracketed("", "{", items, "}", indent=8)


def default_dtype_lines(model: Model) -> Lines:
    """The line that lets torch.optim.NAdam keep the product of its momenta in the dtype of the run."""
    if model.training.optimizer.kind != "NAdam":
        return ()
    return ("torch.set_default_dtype(DTYPES[args.dtype])  # in which NAdam keeps the product of its momenta",)


def _clip_formula(clip: Clip) -> str:
    if clip.kind == "value":
        return f"Every entry: g <- min(max(g, -{clip.limit:g}), {clip.limit:g})"
    order = "" if clip.p == 2 else f" of order {clip.p:g}"
    return f"The norm{order} of all of them: g <- g min(1, {clip.limit:g} / (|g| + 1e-6))"


def _clip_lines(clips: tuple[Clip, ...], library: str) -> Lines:
    lines: list[str] = []
    for k, clip in enumerate(clips, 1):
        head = "return" if k == len(clips) else "grads ="
        limit = number(clip.limit)
        if clip.kind == "value":
            word = {"np": "np.clip", "torch": "torch.clamp"}[library]
            lines.append(f"{head} {{name: {word}(g, -{limit}, {limit}) for name, g in grads.items()}}")
            continue
        bound = f"{limit} / (norm + 1e-6)"
        scale = {"np": f"np.minimum(1.0, {bound})", "torch": f"torch.clamp({bound}, max=1.0)"}[library]
        lines += [f"norm = {_norm(clip.p, library)}", f"scale = {scale}"]
        lines.append(f"{head} {{name: scale * g for name, g in grads.items()}}")
    return tuple(lines)


def _norm(p: float, library: str) -> str:
    if p == 2:
        return f"{library}.sqrt(sum((g * g).sum() for g in grads.values()))"
    if p == 1:
        return "sum(abs(g).sum() for g in grads.values())"
    if p == math.inf:
        largest = "abs(g).max() for g in grads.values()"
        return f"np.max([{largest}])" if library == "np" else f"torch.stack([{largest}]).max()"
    return f"sum((abs(g) ** {number(p)}).sum() for g in grads.values()) ** (1 / {number(p)})"


def _order(p: float) -> str:
    return 'float("inf")' if p == math.inf else number(p)
