"""What ``sn.train`` was told, in agreement with the model: final names of parameters, what there is to monitor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from string import Formatter
from typing import Any

from symnet.declare.optim.training import train
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Trace
from symnet.errors import Note, Problem
from symnet.model import Group, Training


def training_of(
    trace: Trace,
    namespace: Mapping[str, Any],
    names: Mapping[str, str],
    paths: Mapping[str, tuple[str, ...]],
    classifies: bool,
) -> Training:
    """How the file says that a script trains, in agreement with the model."""
    said = namespace.get("train")
    if said is not None and not isinstance(said, Training | Tensor):
        help = ("train = sn.train(lr=0.1, epochs=10)", "or call it otherwise: train says how a script trains")
        trace.problems.add(Problem("SN108", f"train is {said!r:.40}, not how to train", help=help))
    elif trace.train_call is not None and not isinstance(said, Training):
        message, place = "sn.train(...) is not called train, and no script would train by it", Note(trace.train_call)
        trace.problems.add(Problem("SN108", message, (place,), help=("train = sn.train(...)",)))
    first = {key: ways[0] for key, ways in paths.items()}
    training = settled_training(trace, said if isinstance(said, Training) else train(), names, first)
    check_monitors(trace, training, classifies)
    return training


def settled_training(trace: Trace, training: Training, names: Mapping[str, str], paths: Mapping[str, str]) -> Training:
    """The training with final names in its groups and its report; what does not fit the model is noted as a mistake."""
    training = replace(training, groups=_final_groups(trace, training.groups, names, paths))
    report = training.report
    if report is None:
        return training
    for key, name in names.items():
        while (start := report.find(f"\x02{key}|")) >= 0:
            end = report.index("\x03", start)
            place = report[start:end].split("|")[1].replace(",", ", ")
            entry = f"[{place}]" if place else ""
            report = f"{report[:start]}{{{name}{entry}}}{report[end + 1 :]}"
    _check_report(trace, report, {names[k] for k, s in trace.specs.items() if s.role == "parameter"})
    return replace(training, report=report)


def check_monitors(trace: Trace, training: Training, classifies: bool) -> None:
    """Whether what early stopping and the schedule monitor is something that the script measures."""
    stopping, schedule = training.early_stopping, training.schedule
    monitored: list[str | None] = [stopping.monitor] if stopping is not None else []
    monitored += [schedule.options.get("monitor")] if schedule is not None else []
    if "accuracy" in monitored and not classifies:
        _note(trace, "the accuracy is monitored, and this model has none: it does not classify", 'monitor="loss"')


#: What a number may be formatted by: sign, width, digits, kind.
_PLAIN_SPEC = re.compile(r"[-+ ]?#?0?\d*[,_]?(\.\d+)?[eEfFgG%]?")


def _check_report(trace: Trace, report: str, known: set[str]) -> None:
    try:
        fields = [(f, spec, conversion) for _, f, spec, conversion in Formatter().parse(report) if f is not None]
    except ValueError as error:
        _note(trace, f"the report cannot be read: {error}", "write {name} for a number, {{ and }} for braces")
        return
    for field, spec, conversion in fields:
        name, bracket, place = field.partition("[")
        indices = place.removesuffix("]").split(",")
        numbered = not bracket or (place.endswith("]") and all(i.strip().isdigit() for i in indices))
        if name not in known or not numbered:
            help = f"write {{name}} or {{name[0]}} of a parameter: {', '.join(sorted(known))}"
            _note(trace, f"the report shows {{{field}}}, which is no number of a parameter", help)
        elif conversion or not _PLAIN_SPEC.fullmatch(spec or ""):
            told = f"!{conversion}" if conversion else repr(spec)
            help = f"write digits and a kind: {{{field}:.3f}}, {{{field}:+.2e}}, {{{field}:8.4g}}"
            _note(trace, f"the report formats {{{field}}} by {told}, which is no format of a number", help)


def _final_groups(
    trace: Trace, groups: Iterable[Group], names: Mapping[str, str], paths: Mapping[str, str]
) -> tuple[Group, ...]:
    """The groups with paths for private names and patterns.

    A pattern is compared with the path of a parameter and with its name.  A pattern that fits nothing, and a parameter
    in two groups, are noted as mistakes.
    """
    keys = [key for key, spec in trace.specs.items() if spec.role == "parameter"]
    final = {key: paths.get(key, names[key]) for key in keys}
    found: list[Group] = []
    taken: set[str] = set()
    for group in groups:
        chosen: list[str] = []
        for wanted in group.paths:
            fits = [final[k] for k in keys if wanted == k or any(fnmatchcase(n, wanted) for n in (final[k], names[k]))]
            if not fits:
                _note(trace, f"no parameter is called {wanted!r}", f"the parameters are {', '.join(final.values())}")
            chosen += [path for path in fits if path not in chosen]
        twice = sorted(taken & set(chosen))
        if twice:
            _note(trace, f"{', '.join(twice)} is in two groups", "name each parameter once; the rest needs no group")
        taken |= set(chosen)
        found.append(Group(tuple(chosen), group.options))
    return tuple(found)


def _note(trace: Trace, message: str, help: str) -> None:
    place = (Note(trace.train_call),) if trace.train_call is not None else ()
    trace.problems.add(Problem("SN108", message, place, help=(help,)))
