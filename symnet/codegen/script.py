"""A model, its function bodies and a target become the context of the target's template."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from symnet.codegen.contexts import AutogradContext, HandContext, Lines, ModuleContext, NumpyContext, ScriptContext
from symnet.codegen.lowering.emit import Bodies
from symnet.codegen.targets import MODULE_NAMES, Target
from symnet.codegen.training import recipes
from symnet.codegen.training.draws import functions_for
from symnet.codegen.training.endings import failure_lines, finish_lines, has_metric, right_predictions
from symnet.codegen.training.learning import (
    clip_fields,
    default_dtype_lines,
    learning_of,
    model_update,
    optimizer_lines,
)
from symnet.codegen.training.modes import autograd_fields, buffer_lines, buffer_names, modes_of
from symnet.codegen.training.starting import start_fields
from symnet.codegen.training.told import training_lines
from symnet.codegen.training.watching import (
    best_in_checkpoints,
    best_lines,
    restore_lines,
    run_arguments,
    watched_facts,
)
from symnet.codegen.wrapping import bracketed, docstring_lines, number, quoted
from symnet.model import Distribution, Input, Model
from symnet.naming import Namer


def context_of(
    model: Model,
    bodies: Bodies,
    target: Target,
    computed: recipes.ComputedInput,
    formulas: Iterable[str],
    output: Path,
) -> ScriptContext:
    """The context of the target's template: that of NumPy, of formulas, autograd or a module."""
    shared = asdict(_shared(model, bodies, target, computed, formulas, output))
    if target.folder == "torch_module":
        names = _attributes(model)
        return ModuleContext(
            **shared,
            **autograd_fields(model, bodies),
            **_difference(bodies),
            module_parameters=_attribute_lines(model, names),
            module_names=bracketed("return ", "{", (f"{quoted(p)}: self.{a}" for p, a in names), "}", indent=8)[7:],
            optimizer_lines=optimizer_lines(model, dict(names), run_arguments(model, target)),
            start_lines=default_dtype_lines(model),
            **best_in_checkpoints(model),
        )
    shared = _with_update(shared, model, target) | {"step_results": "loss, grads" + ", buffers" * bool(bodies.buffers)}
    if target.gradient_word == "autograd":
        marked = "name not in BUFFERS" if model.buffers else ""
        return AutogradContext(**shared, **autograd_fields(model, bodies), **_difference(bodies), marked=marked)
    hand: dict[str, Any] = {
        "gradient_lines": bodies.loss_and_grads,
        "gradients": bracketed(
            "grads = ", "{", (f"{quoted(path)}: {g}" for path, g in bodies.gradients), "}", indent=4
        ),
        "gradient_loss": bodies.loss,
        "gradient_buffers": buffer_lines(bodies),
    }
    if target.oracle == "autograd":
        return HandContext(**shared, **hand)
    return NumpyContext(**shared, **hand, **_difference(bodies))


def _difference(bodies: Bodies) -> dict[str, Any]:
    """The fields for central differences; what is detached keeps the numbers that it has where nothing is moved."""
    moved = "{**params, name: moved(params[name], entry, d)}"
    if not bodies.held_loss:
        return {"held_lines": (), "moved_loss": f"compute_loss({moved}, *data)"}
    return {"held_lines": (*bodies.held_loss, "", ""), "moved_loss": f"held_loss({moved}, params, *data)"}


def _with_update(shared: dict[str, Any], model: Model, target: Target) -> dict[str, Any]:
    """The fields with those of a script that updates its parameters itself."""
    update, constants = model_update(model, target.library)
    return shared | {
        "state": "{" + ", ".join(f"{quoted(name)}: {number(start)}" for name, start in update.slots) + "}",
        "update_title": f"Take one step in place.  {update.title}.",
        "update_arguments": ", ".join(update.arguments),
        "update_lines": update.body(),
        "state_lines": best_lines(model, target),
        "run_arguments": run_arguments(model, target),
        **clip_fields(model, target),
        "constants": (*shared["constants"], *constants),
    }


def _shared(
    model: Model, bodies: Bodies, target: Target, computed: recipes.ComputedInput, formulas: Iterable[str], output: Path
) -> ScriptContext:
    inputs, initial = tuple(item.spec.name for item in model.inputs), recipes.initial_values(model)
    arguments = tuple(item.spec.name for item in model.arguments)
    joint = bodies.loss_and_buffers if target.gradient_word == "autograd" and bodies.buffers else bodies.compute_loss
    parts: dict[str, Any] = {
        "title": " ".join(docstring_lines([f"Train the model of {model.path.name} {target.title}"])),
        "formulas": docstring_lines(formulas),
        "training_words": training_lines(model),
        "usage": docstring_lines(_usage(output.name, target)),
        "model_identity": quoted(identity(model)),
        "inputs": _input_table(model),
        "constants": _constants(model, output),
        "setup": (*bodies.setup, *_drawing(model)),
        "draws": ("rng = np.random.default_rng(seed)",) if any(re.search(r"\brng\b", line) for line in initial) else (),
        "initial": initial,
        "predict_arguments": _arguments("predict", bodies.predict_inputs),
        "prediction_name": model.prediction or "the loss",
        "predict_lines": bodies.predict,
        "prediction": bodies.prediction,
        "loss_arguments": _arguments("loss_and_grads", arguments),
        "loss_lines": joint,
        "loss": bodies.loss,
        "has_metric": has_metric(model),
        "right": right_predictions(model, bodies.predict_inputs),
        "metrics": '{"accuracy": accuracy}' if has_metric(model) else "{}",
        "decorators": target.decorators,
        "device_note": target.device_note,
        "gradient_word": target.gradient_word,
        "oracle": target.oracle,
        "finish_lines": (*restore_lines(model, target), *finish_lines(model, bodies.predict_inputs)),
        "failure_lines": failure_lines(model, target.library),
    }
    learning = asdict(learning_of(model, target, computed)) | asdict(modes_of(model, bodies, target))
    return ScriptContext(**learning, **parts, **_data_part(model, inputs, computed), **_flag_part(model))


def _drawing(model: Model) -> Lines:
    """The functions that draw the first values of parameters where NumPy has none."""
    return functions_for(p.init.kind for p in model.owned if isinstance(p.init, Distribution))


_OWN = ("if name in OWN:", "    data[name] = OWN[name]", "    continue")


def _data_part(model: Model, inputs: tuple[str, ...], computed: recipes.ComputedInput) -> dict[str, Any]:
    """The fields of where the data come from, how they are checked and how they are divided."""
    namer = Namer({*inputs, *model.program.tensors})
    samples, rows, data = namer.take("samples"), namer.take("rows"), namer.take("data")
    makes_data = model.training.data is None
    return {
        "makes_data": makes_data,
        "samples_name": samples,
        "make_data_lines": recipes.own_data(model, samples, computed) if makes_data else (),
        "made_data": bracketed("return ", "{", (f"{quoted(name)}: {name}" for name in inputs), "}", indent=4),
        "own_lines": _OWN * any(item.constant for item in model.inputs),
        "fact_checks": recipes.fact_checks(model.inputs),
        "sample_count": _sample_count(model.inputs),
        "select_arguments": f"{data}, {rows}",
        "select_lines": _select_lines(model.inputs, data, rows),
        "data_lines": _data_lines(model),
    }


def _flag_part(model: Model) -> dict[str, Any]:
    """The fields of the flags' defaults."""
    training = model.training
    by_steps, own = training.epochs is None, training.data is None
    return {
        **start_fields(model),
        "description": quoted(f"Train the model of {model.path.name}."),
        "data_default": "None" if own else "DATA",
        "data_help": quoted("the arrays of INPUTS" + (" (default: made here)" if own else "")),
        "batch": training.batch or 0,
        "seed": training.seed,
        "holdout": number(training.holdout),
        "log_every": training.log_every,
        "length": "steps" if by_steps else "epochs",
        "length_default": training.steps if by_steps else training.epochs,
    }


def identity(model: Model) -> str:
    """The name of the model and eight digits that change with its equations, its sizes or its optimiser."""
    sizes = dict(model.sizes)
    facts = [
        *map(str, model.program.equations),
        *(map(str, (*model.evaluation.equations, "evaluation")) if model.evaluation else ()),
        *(map(str, model.updates.equations) if model.updates else ()),
        *(f"{i.spec.name} {i.values}" for i in model.drawn),
        *(f"{p.path} {recipes.declared_shape(p.spec, sizes)}" for p in model.owned),
        model.training.optimizer.kind,
        *(name for name, value in sorted(model.training.optimizer.options.items()) if value and name != "lr"),
        *watched_facts(model),
    ]
    digest = sha256("\n".join(facts).encode()).hexdigest()
    return f"{model.path.stem} {digest[:8]}"


def _usage(script: str, target: Target) -> Lines:
    rows = (
        ("", "train"),
        ("--check-grad", f"compare the gradients with {target.oracle}"),
        ("--help", "list every flag"),
    )
    width = max(len(flags) for flags, _ in rows)
    return tuple(f"python {script} {flags:<{width}}  {words}" for flags, words in rows)


def _constants(model: Model, output: Path) -> Lines:
    training = model.training
    lines = [*recipes.own_constants(model), *buffer_names(model), f"LR = {number(training.optimizer.options['lr'])}"]
    if training.data is None and any(item.axis is not None for item in model.inputs):
        lines.insert(0, f"SAMPLES = {training.samples}")
    if training.start is not None:
        lines.append(f"START = {_path_from(output, model.path.parent / training.start)}")
    if training.data is not None:
        lines.insert(0, f"DATA = {_path_from(output, model.path.parent / training.data)}")
    return tuple(lines)


def _input_table(model: Model) -> str:
    entries = (
        f"{quoted(item.spec.name)}: ({recipes.declared_shape(item.spec, model.sizes)}, "
        f"{recipes.class_count(item, model.sizes)})"
        for item in model.inputs
    )
    return bracketed("INPUTS = ", "{", entries, "}")


def _arguments(function: str, inputs: Iterable[str]) -> str:
    flat = bracketed(f"def {function}", "(", ("params", *inputs), ")", ":")
    return flat[len(f"def {function}(") : -len("):")]


def _sample_count(inputs: tuple[Input, ...]) -> str:
    split = [(k, item.axis) for k, item in enumerate(inputs) if item.axis is not None]
    return "data[{}].shape[{}]".format(*split[0]) if split else "1"


def _select_lines(inputs: tuple[Input, ...], data: str, rows: str) -> Lines:
    if not inputs:
        return ("return ()",)
    names = [item.spec.name for item in inputs]
    comma = "," if len(names) == 1 else ""
    parts = [item.spec.name if item.axis is None else f"{item.spec.name}[{':, ' * item.axis}{rows}]" for item in inputs]
    unpack = f"({names[0]},) = {data}" if len(names) == 1 else f"{', '.join(names)} = {data}"
    returned = f"return ({parts[0]},)" if comma else f"return {', '.join(parts)}"
    return (unpack, returned)


def _data_lines(model: Model) -> Lines:
    if model.training.data is not None:
        return ("data = check_data(read_data(args.data), args.data)",)
    samples = "SAMPLES" if any(item.axis is not None for item in model.inputs) else "1"
    return (
        "rng = np.random.default_rng([args.seed, 1])",
        f"data = read_data(args.data) if args.data else make_data(rng, {samples})",
        'data = check_data(data, args.data or "the data of this script")',
    )


def _path_from(output: Path, file: Path) -> str:
    """The text of a path that is found from the place of the script itself.

    A script that was moved may lie nearer to the root than the path goes up: what lies above the root is the root.
    """
    path = Path(os.path.relpath(os.path.realpath(file), output.resolve().parent)).as_posix()  # of links in a ring too
    return f"Path(os.path.normpath(Path(__file__).resolve().parent / {quoted(path)}))"


def _attributes(model: Model) -> tuple[tuple[str, str], ...]:
    """(path, attribute of the generated module) of every parameter."""
    namer = Namer(MODULE_NAMES)
    return tuple((p.path, namer.take(p.spec.name)) for p in model.owned)


def _attribute_lines(model: Model, names: tuple[tuple[str, str], ...]) -> Lines:
    """The lines that make the parameters and buffers of the generated module."""
    buffers = {b.path for b in model.buffers}
    values = ((p, a, f"params[{quoted(p)}].detach().clone()") for p, a in names)
    return tuple(
        f"self.register_buffer({quoted(a)}, {v})" if p in buffers else f"self.{a} = nn.Parameter({v})"
        for p, a, v in values
    )
