"""What a script measures after every epoch, for early stopping and for a learning rate that falls on a plateau."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from symnet.codegen.targets import Target
from symnet.codegen.training.modes import evaluated_data, evaluated_loss
from symnet.codegen.wrapping import bracketed, number, quoted
from symnet.model import EarlyStopping, Model, Schedule

Lines = tuple[str, ...]
Numbers = dict[str, str]


_TRAIN = "train(run, data, steps, batch, args.lr, args.seed, unit, {})"
_PLAIN: Mapping[str, Any] = {
    "fields": (),
    "has_watch": False,
    "watch_start": "",
    "watch_title": "",
    "watch_lines": (),
    "has_stopping": False,
    "stopping_title": "",
    "patience": 0,
    "last": "run.step == self.steps",
    "after_lines": (),
    "fit_lines": (_TRAIN.format("lambda run: progress(run) or interrupt.seen"),),
    "saved_numbers": "",
    "load_lines": (),
}


def watching(model: Model, target: Target) -> dict[str, Any]:
    """The fields of the context that speak of epochs: all empty where nothing is watched."""
    stopping, plateau = model.training.early_stopping, _plateau_of(model)
    if stopping is None and plateau is None:
        return dict(_PLAIN)
    kept = _kept(model, target)
    start, lines, words = _watched(stopping, plateau, kept, evaluated_loss(model, "*data"))
    read = 'name: type(first)(header["watch"][name]) for name, first in WATCH.items()'
    found: dict[str, Any] = dict(_PLAIN) | {
        "fields": ("watch: dict = None  # what is remembered of the epochs", *kept.fields),
        "has_watch": True,
        "watch_start": bracketed("WATCH = ", "{", (f"{quoted(n)}: {v}" for n, v in start.items()), "}"),
        "watch_title": f"At the end of an epoch, {words}.",
        "watch_lines": lines,
        "after_lines": _after(stopping is not None, evaluated_data(model, "held or data", "args.seed")),
        "fit_lines": (_TRAIN.format("after"),),
        "saved_numbers": ', "watch": run.watch',
        "load_lines": (f"run.watch = {{{read}}}",),
    }
    if stopping is not None:
        found |= {
            "has_stopping": True,
            "stopping_title": f"Return whether the {stopping.monitor} has not {_worse(stopping)}.",
            "patience": stopping.patience,
            "last": "run.step == self.steps or stopped(run)",
            "fit_lines": ("if not stopped(run):", f"    {_TRAIN.format('after')}"),
        }
    return found


def _plateau_of(model: Model) -> Schedule | None:
    schedule = model.training.schedule
    return schedule if schedule is not None and schedule.kind == "ReduceLROnPlateau" else None


class _Kept:
    """How the best parameters are kept in each target: among the optimiser's arrays, or by a field of the run."""

    def __init__(self, target: Target, wanted: bool) -> None:
        copy = "p.copy()" if target.library == "np" else "p.detach().clone()"
        first = f"{{name: {copy} for name, p in params.items()}}"
        own = wanted and target.folder == "torch_module"
        place = "run.best" if own else 'run.state["best"]'
        self.fields: Lines = ("best: dict = None  # the parameters of the best epoch",) if own else ()
        self.argument = f", best={first}" if own else ""
        self.state_lines: Lines = (f'state["best"] = {first}',) if wanted and not own else ()
        self.lines: Lines = (f"{place} = {{name: {copy} for name, p in run.params.items()}}",) if wanted else ()


def run_arguments(model: Model, target: Target) -> str:
    """What the run is made with beside its parameters and the optimiser."""
    if not watched_facts(model):
        return ""
    return f", watch=dict(WATCH){_kept(model, target).argument}"


def _kept(model: Model, target: Target) -> _Kept:
    stopping = model.training.early_stopping
    return _Kept(target, stopping is not None and stopping.restore_best)


def best_lines(model: Model, target: Target) -> Lines:
    """The line of ``new_run`` that makes room for the best parameters among the optimiser's arrays."""
    return _kept(model, target).state_lines


def best_in_checkpoints(model: Model) -> dict[str, Any]:
    """The fields by which checkpoints of the module's script hold the best parameters."""
    saved = '{"header": header, "params": run.params, "optimizer": run.optimizer.state_dict()'
    stopping = model.training.early_stopping
    if stopping is None or not stopping.restore_best:
        return {"save_lines": (f"torch.save({saved}}}, packed)",), "loaded_pairs": ()}
    pairs = 'pairs += [(saved["best"][name], p) for name, p in run.best.items()]'
    lines = ("torch.save(", f'    {saved}, "best": run.best}}, packed', ")")
    return {"save_lines": lines, "loaded_pairs": (pairs,)}


def restore_lines(model: Model, target: Target) -> Lines:
    """The lines at the end of a training that stopped early, or that had a best epoch."""
    stopping = model.training.early_stopping
    if stopping is None:
        return ()
    told = f"stopped early: the {{what}} has not {_worse(stopping)}"
    lines = [
        f'what = "held-out {stopping.monitor}" if held else "{stopping.monitor}"',
        "if stopped(run):",
        f'    print(f"{told}")',
    ]
    if stopping.restore_best:
        lines += [
            'best, step = run.watch["best"], run.watch["best_step"]',
            "if step:",
            '    print(f"the parameters are those of epoch {step // per_epoch}, the best by {what} ({best:.6g})")',
            *(f"    {line}" for line in _restored(target)),
        ]
    return tuple(lines)


def watched_facts(model: Model) -> Lines:
    """What a checkpoint holds beside parameters and the optimiser's arrays, for the identity of the model."""
    stopping = model.training.early_stopping
    kept = ("early stopping", *(("best",) if stopping.restore_best else ())) if stopping is not None else ()
    return (*kept, *(("plateau",) if _plateau_of(model) is not None else ()))


def _restored(target: Target) -> Lines:
    if target.folder == "torch_module":
        return ("for name, p in run.params.items():", "    p.data.copy_(run.best[name])")
    copy = "p.copy()" if target.library == "np" else "p.clone()"
    return (f'run.params = {{name: {copy} for name, p in run.state["best"].items()}}',)


def _watched(
    stopping: EarlyStopping | None, plateau: Schedule | None, kept: _Kept, loss: str
) -> tuple[Numbers, Lines, str]:
    """First values of what is remembered, the lines of ``watch``, and what it does in words."""
    start: Numbers = {}
    lines: list[str] = []
    words: list[str] = []
    measured = [stopping.monitor] if stopping is not None else []
    measured += [plateau.options["monitor"]] if plateau is not None else []
    if "loss" in measured:
        lines.append(f"loss = float({loss})")
    if "accuracy" in measured:
        lines.append("right = accuracy(run.params, data)")
    lines.append("seen = run.watch")
    if stopping is not None:
        more_start, more_lines = _stopping(stopping, kept)
        start |= more_start
        lines += more_lines
        words.append(f"count the epochs without a better {stopping.monitor}")
    if plateau is not None:
        more_start, more_lines = _plateau(plateau.options)
        start |= more_start
        lines += more_lines
        words.append("count the reductions of the learning rate")
    return start, tuple(lines), " and ".join(words)


def _stopping(stopping: EarlyStopping, kept: _Kept) -> tuple[Numbers, Lines]:
    falls = stopping.monitor == "loss"
    value, worst = ("loss", "math.inf") if falls else ("right", "-math.inf")
    beyond = f" {'-' if falls else '+'} {number(stopping.min_delta)}" if stopping.min_delta else ""
    lines = (
        f'if {value} {"<" if falls else ">"} seen["best"]{beyond}:',
        f"    seen.update(best={value}, best_step=run.step, waited=0)",
        *(f"    {line}" for line in kept.lines),
        "else:",
        '    seen["waited"] += 1',
    )
    return {"best": worst, "best_step": "0", "waited": "0"}, lines


def _plateau(o: Any) -> tuple[Numbers, Lines]:
    falls = o["mode"] == "min"
    value, worst = "loss" if o["monitor"] == "loss" else "right", "math.inf" if falls else "-math.inf"
    sign = "-" if falls else "+"
    threshold = number(o["threshold"])
    bound = f" * (1 {sign} {threshold})" if o["threshold_mode"] == "rel" else f" {sign} {threshold}"
    start = {"low": worst, "bad": "0", "reductions": "0"}
    again = 'reductions=seen["reductions"] + 1, bad=0'
    rest: tuple[str, ...] = ()
    if o["cooldown"]:
        start["cooldown"] = "0"
        rest = ('if seen["cooldown"] > 0:', '    seen.update(cooldown=seen["cooldown"] - 1, bad=0)')
        again += f", cooldown={o['cooldown']}"
    lines = (
        f'if {value} {"<" if falls else ">"} seen["low"]{bound}:',
        f"    seen.update(low={value}, bad=0)",
        "else:",
        '    seen["bad"] += 1',
        *rest,
        f'if seen["bad"] > {o["patience"]}:',
        f"    seen.update({again})",
    )
    return start, lines


def _after(stops: bool, data: str) -> Lines:
    """The function that is called after each step, indented as it stands in ``fit``."""
    ended = "interrupt.seen or stopped(run)" if stops else "interrupt.seen"
    return (
        "    per_epoch = -(-samples // batch)",
        "",
        "    def after(run):",
        "        if run.step % per_epoch == 0:",
        f"            watch(run, {data})",
        "        progress(run)",
        f"        return {ended}",
        "",
    )


def _worse(stopping: EarlyStopping) -> str:
    direction = "fallen" if stopping.monitor == "loss" else "risen"
    return f"{direction} for {stopping.patience} epoch{'s' if stopping.patience > 1 else ''}"
