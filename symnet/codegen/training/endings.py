"""What a script measures while it trains and prints at the end: accuracy, the report, predictions for new inputs."""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter

from symnet.calculus.matrices import MATRIX_FUNCTIONS
from symnet.calculus.matrix_rules import argument_of, is_matrix_function
from symnet.codegen.training.modes import drawn_again
from symnet.codegen.wrapping import LINE, escaped, number, quoted
from symnet.errors import Problem, SymnetError
from symnet.model import Model

Lines = tuple[str, ...]


def has_metric(model: Model) -> bool:
    """Whether the model classifies, so that a script can count right predictions."""
    return model.labels is not None


def right_predictions(model: Model, predict_inputs: tuple[str, ...]) -> str:
    """The expression, over ``params`` and ``data``, of which predictions are right."""
    if model.labels is None:
        return ""
    scores = f"predict({', '.join(('params', *_positions(model, predict_inputs)))})"
    labels = _positions(model, (model.labels,))[0]
    if model.decision is not None:
        above, yes = map(number, model.decision)
        return f"({scores} > {above}) == ({labels} > {yes})"
    return f"{scores}.argmax(-1) == {labels}"


def finish_lines(model: Model, predict_inputs: tuple[str, ...]) -> Lines:
    """The lines that end a finished training: the report, then predictions for new inputs."""
    lines: list[str] = []
    if model.training.report is not None:
        lines += ["params = run.params", *_report(model, model.training.report)]
    if model.training.new_inputs:
        lines += _predictions(model, predict_inputs)
    return tuple(lines)


def failure_lines(model: Model, library: str) -> Lines:
    """What answers a matrix that has no inverse or no factor: which matrices the model needs to have one."""
    functions = [e for e in model.program.equations if is_matrix_function(e) and MATRIX_FUNCTIONS[e.op].condition]
    needs = {argument_of(e).name: MATRIX_FUNCTIONS[e.op].condition for e in functions}
    if not needs:
        return ()
    text = "; ".join(f"{name} has to be {condition}" for name, condition in needs.items())
    return (
        f"except {library}.linalg.LinAlgError as error:",
        f"    needs = {quoted(text)}",
        """    print(f"error: {str(error).rstrip('.')}: {needs}", file=sys.stderr)""",
        "    return 1",
    )


def _report(model: Model, report: str) -> Lines:
    """``print`` of the report with the numbers put in; the person's text stays a string literal."""
    known = {p.spec.name: p for p in model.parameters} | {p.path: p for p in model.parameters}
    parts: list[tuple[str, str, str]] = []
    for text, field, spec, _ in Formatter().parse(report):
        name, _, place = (field or "").partition("[")
        if field is None:
            parts.append((text, "", ""))
            continue
        indices = [index.strip() for index in place.removesuffix("]").split(",") if index.strip()]
        if name not in known or len(indices) != known[name].spec.rank:
            help = (f"{p.path} has {p.spec.rank} indices" for p in model.parameters)
            raise SymnetError(
                Problem("SN604", f"the report shows {{{field}}}, which is no number of a parameter", help=tuple(help))
            )
        entry = f"[{', '.join(indices)}]" if indices else ""
        parts.append((text, f"params[{quoted(known[name].path)}]{entry}", spec or ".6g"))
    line = f"print({_string(parts)})"
    if len(line) + 4 <= LINE:
        return (line,)
    return ("print(", *(f"    {_string([part])}" for part in parts), ")")


def _string(parts: Sequence[tuple[str, str, str]]) -> str:
    """A string literal, or an f-string: each part is a text, an entry of ``params`` or none, and its format."""
    text = "".join(text for text, _, _ in parts)
    literal = quoted(text)
    if not any(entry for _, entry, _ in parts):
        return literal
    quote = literal[0]
    other = "'" if quote == '"' else '"'
    inside = ""
    for words, entry, spec in parts:
        inside += escaped(words, quote).replace("{", "{{").replace("}", "}}")
        shown = entry.replace('"', other)
        inside += f"{{{shown}.item():{spec}}}" if entry else ""
    return f"f{quote}{inside}{quote}"


def _predictions(model: Model, predict_inputs: tuple[str, ...]) -> Lines:
    count, training = model.training.new_inputs, model.training
    if training.data is None:
        draw = f'check_data(make_data(np.random.default_rng([args.seed, 4]), {count}), "the new inputs")'
        lines, words = [f"data = convert({draw}, args)"], f"{count} new inputs"
    else:
        lines, words = [f"data = select(held or data, slice({count}))"], f"{count} samples"
    call = f"predict({', '.join(('run.params', *_positions(model, predict_inputs)))})"
    scored = has_metric(model) and model.decision is None
    kind, chosen = ("classes", f"{call}.argmax(-1)") if scored else ("values", call)
    return (*lines, *drawn_again(model, predict_inputs), f'print("{kind} predicted for {words}:", {chosen}.tolist())')


def _positions(model: Model, names: tuple[str, ...]) -> tuple[str, ...]:
    order = [item.spec.name for item in model.arguments]
    return tuple(f"data[{order.index(name)}]" for name in names)
