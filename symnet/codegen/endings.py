"""What a script measures while it trains and prints at the end: accuracy, the report, predictions for new inputs."""

from __future__ import annotations

import re

from symnet.calculus.ir import Access
from symnet.calculus.scalars import softplus
from symnet.codegen.wrapping import LINE
from symnet.errors import Problem, SymnetError
from symnet.model import Model

Lines = tuple[str, ...]
_FIELD = re.compile(r"\{([A-Za-z_][\w.]*)(?:\[(\d+(?:\s*,\s*\d+)*)\])?\}")


def has_metric(model: Model) -> bool:
    """Whether the model classifies, so that a script can count right predictions."""
    return model.metric != "none"


def right_predictions(model: Model, predict_inputs: tuple[str, ...]) -> str:
    """The expression, over ``params`` and ``data``, of which predictions are right."""
    if not has_metric(model):
        return ""
    scores = f"predict({', '.join(('params', *_positions(model, predict_inputs)))})"
    position, label = next(
        (k, i) for k, i in reversed(tuple(enumerate(model.inputs))) if i.spec.name not in predict_inputs
    )
    if model.metric == "binary_accuracy":
        return f"({scores} > {_threshold(model)}) == (data[{position}] > 0.5)"
    return f"{scores}.argmax(-1) == data[{position}]{'' if label.spec.integer else '.argmax(-1)'}"


def finish_lines(model: Model, predict_inputs: tuple[str, ...]) -> Lines:
    """The lines that end a finished training: the report, then predictions for new inputs."""
    lines: list[str] = []
    if model.training.report is not None:
        lines += ["params = run.params", *_report(model, model.training.report)]
    if model.training.new_inputs:
        lines += _predictions(model, predict_inputs)
    return tuple(lines)


def _report(model: Model, report: str) -> Lines:
    """``print`` of the report with the numbers put in; the person's text stays a string literal."""
    paths = {p.spec.name: p for p in model.parameters} | {p.path: p for p in model.parameters}
    parts, end = [], 0
    for field in _FIELD.finditer(report):
        parts.append(_literal(report[end : field.start()]))
        name, place = field.groups()
        if name not in paths:
            raise SymnetError(
                Problem("SN604", f"the report names {name}, which is no parameter", help=(", ".join(sorted(paths)),))
            )
        spec, path = paths[name].spec, paths[name].path
        indices = [int(k) for k in place.split(",")] if place else []
        if len(indices) != spec.rank:
            raise SymnetError(
                Problem("SN604", f"the report needs {spec.rank} indices for {name}, it gives {len(indices)}")
            )
        entry = f"[{', '.join(map(str, indices))}]" if indices else ""
        parts.append(f"{{params['{path}']{entry}.item():.6g}}")
        end = field.end()
    parts.append(_literal(report[end:]))
    line = f'print(f"{"".join(parts)}")' if len(parts) > 1 else f'print("{parts[0]}")'
    if len(line) + 4 <= LINE:
        return (line,)
    pairs = ["".join(parts[k : k + 2]) for k in range(0, len(parts), 2)]
    return ("print(", *(f'    f"{pair}"' for pair in pairs), ")")


def _literal(text: str) -> str:
    """The inside of an f-string in double quotes that prints this text."""
    plain = repr("'" + text)[2:-1] if '"' not in text else repr(text.replace('"', "'")).strip("\"'")
    return plain.replace("{", "{{").replace("}", "}}")


def _predictions(model: Model, predict_inputs: tuple[str, ...]) -> Lines:
    count, training = model.training.new_inputs, model.training
    if training.data is None:
        draw = f'check_data(make_data(np.random.default_rng([args.seed, 4]), {count}), "the new inputs")'
        lines, words = [f"data = convert({draw}, args)"], f"{count} new inputs"
    else:
        lines, words = [f"data = select(held or data, slice({count}))"], f"{count} samples"
    call = f"predict({', '.join(('run.params', *_positions(model, predict_inputs)))})"
    kind = "classes" if model.metric == "accuracy" else "values"
    chosen = f"{call}.argmax(-1)" if model.metric == "accuracy" else call
    return (*lines, f'print("{kind} predicted for {words}:", {chosen}.tolist())')


def _positions(model: Model, names: tuple[str, ...]) -> tuple[str, ...]:
    order = [item.spec.name for item in model.inputs]
    return tuple(f"data[{order.index(name)}]" for name in names)


def _threshold(model: Model) -> str:
    """0.5 for probabilities; 0 where the loss reads the prediction as a logit, that is inside softplus."""
    logit = any(
        isinstance(argument, Access) and argument.name == model.prediction
        for equation in model.program.equations
        for call in equation.body.atoms(softplus)
        for argument in call.atoms(Access)
    )
    return "0" if logit else "0.5"
