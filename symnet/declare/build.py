"""From the trace of a model file to a Model."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sympy as sp

from symnet.calculus.detached import changing, reached, without_needless
from symnet.calculus.ir import Access, Program
from symnet.calculus.verify import verify
from symnet.declare.drawn import both_modes
from symnet.declare.equal import each_once
from symnet.declare.finish import Finisher
from symnet.declare.formed import inner_derivatives
from symnet.declare.inline import inline_unnamed, with_constants_written
from symnet.declare.names import final_names, module_paths, variables
from symnet.declare.normalised import normalised_apart
from symnet.declare.optim.agreement import training_of
from symnet.declare.sizes import settle
from symnet.declare.tracing.constants import name_constants
from symnet.declare.tracing.infinite import settled_away, without_infinities
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Trace, Traced
from symnet.errors import Note, Problem, Source
from symnet.model import Input, Model


@dataclass(frozen=True)
class Built:
    """A model, and the final name of each tensor of its program by the private one."""

    model: Model
    names: Mapping[str, str]


def build_model(trace: Trace, namespace: Mapping[str, Any], path: Path, lines: tuple[str, ...]) -> Built | None:
    """The model that the file declared; None after noting what is missing."""
    name_constants(trace, namespace)
    settle(trace)
    if (objective := _objective(trace, namespace)) is None:
        return None
    recorded, other = both_modes(trace, objective.spec.name)
    paths, constants = module_paths(trace, namespace)
    prediction = _prediction(trace, namespace, recorded, objective)
    _name_by_variables(trace, namespace, paths)
    roots = list(dict.fromkeys((objective.spec.name, prediction or objective.spec.name)))
    named = {*roots, *(k for k, s in recorded.tensors.items() if s.role != "intermediate" or trace.person_name(s))}
    sources = {k: d.values.spec.name for k, d in trace.declared.items() if isinstance(d.values, Traced)}
    more = {*sources.values(), *(new.spec.name for new in trace.updates.values())}
    flat = _flat(trace, recorded, named, {*roots, *more})
    evaluated = _flat(trace, other, named, set(roots)).restricted_to(roots) if other else None
    _check(trace, flat, sources, extra := flat.restricted_to([*roots, *more]))
    _name_shares(trace, flat)
    names = final_names(trace, paths, objective, frozenset((*extra.tensors, *(evaluated.tensors if evaluated else ()))))
    if any(not p.warning for p in trace.problems.found):
        return None
    finish, forward = Finisher(trace, names, named, paths), flat.restricted_to(roots)
    _warn_unused(trace, forward, objective)
    inputs, drawn = finish.inputs(flat, sources)
    labels, decision = _classes(finish, namespace, flat, inputs, prediction)
    model = Model(
        *(path, lines, verify(finish.program(forward, objective.spec.name))),
        *(finish.sizes(), finish.parameters(), inputs),
        names[prediction] if prediction else None,
        training_of(trace, namespace, names, paths, labels is not None),
        *(labels, finish.evaluation(forward, evaluated), drawn),
        finish.buffers(),
        finish.updates(flat),
        finish.least(),
        inner=tuple(inner_derivatives(trace, names, forward)),
        constants=constants,
        decision=decision,
    )
    return Built(model, names)


def _name_by_variables(trace: Trace, namespace: Mapping[str, Any], paths: Mapping[str, tuple[str, ...]]) -> None:
    """Tensors without a name of their own are called as the variables that hold them."""
    for key, variable in variables(namespace).items():
        if trace.person_name(trace.specs[key]) is None and key not in paths:
            trace.chosen_names[key] = variable


def _name_shares(trace: Trace, program: Program) -> None:
    """A softmax that a person wrote out is called P, as by the word."""
    for equation in program.equations:
        factors = sp.Mul.make_args(equation.body)
        divided = any(isinstance(f, sp.Pow) and isinstance(f.base, Access) and f.exp == -1 for f in factors)
        if divided and any(isinstance(f, sp.exp) for f in factors):
            trace.hints.setdefault(equation.target, "P")


def _flat(trace: Trace, recorded: Program, named: set[str], roots: set[str]) -> Program:
    """The recorded program as a person would write it: constants, infinities and unnamed tensors are written out."""
    staying = named | trace.kept | roots
    recorded, _ = each_once(recorded, staying)
    real = without_infinities(trace, with_constants_written(recorded, {*roots, *trace.kept}))
    flat = normalised_apart(trace, inline_unnamed(real, staying))
    return without_needless(flat, trace.cut) if trace.cut else flat


def _check(trace: Trace, flat: Program, sources: Mapping[str, str], extra: Program) -> None:
    _check_values(trace, flat, sources)
    _check_numbers(trace, extra)


def _check_values(trace: Trace, flat: Program, sources: Mapping[str, str]) -> None:
    """Data may be computed from data only."""
    for key, source in sources.items():
        recipe = flat.restricted_to([source])
        read = {a.name for e in recipe.equations for a in e.read} | {source}
        if any(trace.specs[name].role == "parameter" for name in read):
            place = trace.specs[key].source
            message = f"the values of {trace.text_of(trace.specs[key])} depend on a parameter"
            help = ("data are fixed while parameters are trained: write it as an expression of its own",)
            trace.problems.add(Problem("SN108", message, (Note(place),) if place else (), help=help))


def _check_numbers(trace: Trace, program: Program) -> None:
    """Constants that SymPy folded to something that is no finite real number, such as 1/(x - x)."""
    for equation in program.equations:
        numbers = equation.body.atoms(sp.Number)
        large = any(n.is_Rational and abs(n) > sys.float_info.max for n in numbers)
        if large or settled_away(equation.body).has(sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I):
            place = (Note(equation.source),) if equation.source else ()
            problem = Problem(
                "SN105", "a constant here is not a finite real number", place, help=("check what cancels",)
            )
            trace.problems.add(problem)


def _objective(trace: Trace, namespace: Mapping[str, Any]) -> Traced | None:
    loss = namespace.get("loss", trace.objective)
    if not isinstance(loss, Traced):
        if loss is None and trace.problems.found:
            return None  # what went wrong before may be the reason
        found = "there is no loss" if loss is None else f"loss is a {type(loss).__name__}, not a tensor"
        one = [
            n for n, v in namespace.items() if isinstance(v, Traced) and v.spec.role == "intermediate" and not v.ndim
        ]
        help = f"assign it at the top level of the file:  loss = {one[-1] if one else 'sn.mean(...)'}"
        place = _assigned(trace, "loss") or _end(trace)
        trace.problems.add(Problem("SN203", found, place, help=(help,)))
        return None
    if loss.broken:
        return None
    if loss.ndim:
        place = (Note(loss.spec.source, "one value for each entry"),) if loss.spec.source else ()
        helps = (
            "loss = sn.mean(...) or sn.sum(...) of it",
            f"or give a cotangent:  {trace.text_of(loss.spec)}.backward(gradient=G)",
        )
        trace.problems.add(
            Problem("SN201", f"the loss is {show(loss.shape)}, it must be one number", place, help=helps)
        )
        return None
    return loss


def _assigned(trace: Trace, name: str) -> tuple[Note, ...]:
    """The line of the file that gave a name its value last."""
    found = [k for k, line in enumerate(trace.lines, 1) if re.match(rf"{name}\s*[:=]", line)]
    return tuple(Note(Source(trace.path, k, k, 0, len(trace.lines[k - 1]))) for k in found[-1:])


def _end(trace: Trace) -> tuple[Note, ...]:
    """The last line of the file that holds something."""
    last = max((k for k, line in enumerate(trace.lines, 1) if line.strip()), default=None)
    return () if last is None else (Note(Source(trace.path, last, last, 0, len(trace.lines[last - 1]))),)


def _prediction(trace: Trace, namespace: Mapping[str, Any], program: Program, objective: Traced) -> str | None:
    """What ``predict`` returns: ``prediction`` if the file says so; else the input of a loss; else the last tensor that
    depends on parameters but not on all the data that the loss needs."""
    said = namespace.get("prediction")
    if isinstance(said, Tensor) and not said.broken:
        return said.spec.name
    if trace.predictions and not trace.predictions[-1].tensor.broken:
        return trace.predictions[-1].tensor.spec.name
    loss = objective.spec.name
    trained = changing(program, {n for n, s in trace.specs.items() if s.role == "parameter"})
    between = program.ancestors(loss) & trained
    on_path = [t for t in program.targets() if t in between and trace.person_name(trace.specs[t]) is not None]
    data = (n for n, s in trace.specs.items() if s.role in ("data", "label"))
    needed = [moved for n in data if loss in (moved := changing(program, {n}))]
    strict = [t for t in on_path if any(t not in moved for moved in needed)]
    return (strict or on_path or [loss])[-1]


def _classes(
    finish: Finisher, namespace: Mapping[str, Any], program: Program, inputs: tuple[Input, ...], prediction: str | None
) -> tuple[str | None, tuple[float, float] | None]:
    """The input that tells which predictions are right, and of two classes the bounds of yes."""
    decided = _decided(finish, program, inputs, prediction) if prediction else None
    return decided or (_labels(finish, namespace, program, inputs, prediction), None)


def _labels(
    finish: Finisher, namespace: Mapping[str, Any], program: Program, inputs: tuple[Input, ...], prediction: str | None
) -> str | None:
    """The one declared label tensor, if it counts the classes of the prediction and does not help to make it."""
    trace = finish.trace
    given = {finish.names[key] for key in trace.given}
    labels = [i for i in inputs if i.spec.integer and i.spec.name not in given]
    scored = bool(trace.predictions) or isinstance(namespace.get("prediction"), Tensor)
    if prediction is None or len(labels) != 1 or not trace.specs[prediction].rank or not scored:
        return None
    (label,) = labels
    read = {finish.names[key] for key in program.ancestors(prediction) if key in finish.names}
    shape = trace.specs[prediction].shape
    by_axis_1 = len(shape) > 2 and any(p.tensor.spec.name == prediction for p in trace.predictions)  # as torch's losses
    counted = label.classes == shape[-1] and len(label.spec.shape) == len(shape) - 1 and not by_axis_1
    return label.spec.name if counted and label.spec.name not in read else None


def _decided(
    finish: Finisher, program: Program, inputs: tuple[Input, ...], prediction: str
) -> tuple[str, tuple[float, float]] | None:
    """The declared data that say yes or no beside the prediction of a loss of two classes, and the bounds of yes."""
    told = [p for p in finish.trace.predictions if p.tensor.spec.name == prediction and p.target is not None]
    known = {i.spec.name for i in inputs if not i.constant}
    for tensor, target, bounds in told:
        assert target is not None
        name = finish.names.get(target.spec.name)
        if name in known and target.spec.name not in program.ancestors(tensor.spec.name):
            return name, bounds
    return None


def _warn_unused(trace: Trace, forward: Program, objective: Traced) -> None:
    needed = forward.restricted_to([objective.spec.name])
    read, flowing = {a.name for e in needed.equations for a in e.read}, reached(needed)
    for key, spec in trace.specs.items():
        if spec.role == "parameter" and key not in flowing and key != objective.spec.name:
            place = (Note(spec.source),) if spec.source else ()
            how = "depends on {} only where it is detached" if key in read else "does not depend on {}"
            message = f"the loss {how.format(trace.text_of(spec))}: its gradient is zero"
            trace.problems.add(Problem("SN302", message, place, warning=True))
