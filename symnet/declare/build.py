"""From the trace of a model file to a Model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sympy as sp

from symnet.calculus.ir import Program, TensorSpec
from symnet.calculus.loops import sorted_by_need
from symnet.calculus.verify import verify
from symnet.declare.agreement import check_monitors, settled_training
from symnet.declare.constants import name_constants
from symnet.declare.infinite import settled_away, without_infinities
from symnet.declare.inline import inline_unnamed, with_constants_written
from symnet.declare.names import final_names, module_paths, renamed, variables
from symnet.declare.primitives import show
from symnet.declare.sizes import settle
from symnet.declare.tensor import Tensor
from symnet.declare.trace import Trace, Traced
from symnet.declare.training import train
from symnet.errors import Note, Problem
from symnet.model import Computed, Input, Metric, Model, Parameter, Training, Values


@dataclass(frozen=True)
class Built:
    """A model, and the final name of each tensor of its program by the private one."""

    model: Model
    names: Mapping[str, str]


def build_model(trace: Trace, namespace: Mapping[str, Any], path: Path, lines: tuple[str, ...]) -> Built | None:
    """The model that the file declared; None after noting what is missing."""
    name_constants(trace, namespace)
    settle(trace)
    objective = _objective(trace, namespace)
    if objective is None:
        return None
    recorded = sorted_by_need(Program(trace.specs, tuple(trace.equations), objective.spec.name))
    paths = module_paths(trace, namespace)
    prediction = _prediction(trace, namespace, recorded, objective)
    for key, variable in variables(namespace).items():
        if trace.person_name(trace.specs[key]) is None and key not in paths:
            trace.chosen_names[key] = variable
    named = {k for k, s in trace.specs.items() if s.role != "intermediate" or trace.person_name(s) is not None}
    named |= {objective.spec.name} | ({prediction} if prediction else set())
    sources = {k: d.values.spec.name for k, d in trace.declared.items() if isinstance(d.values, Traced)}
    roots = [objective.spec.name, *([prediction] if prediction else [])]
    real = without_infinities(trace, with_constants_written(recorded, {*roots, *sources.values()}))
    flat = inline_unnamed(real, named | trace.kept | set(sources.values()))
    forward = flat.restricted_to(roots)
    extra = flat.restricted_to([*roots, *sources.values()])
    _check_values(trace, flat, sources)
    _check_numbers(trace, extra)
    names = final_names(trace, paths, objective, frozenset(extra.tensors))
    if any(not p.warning for p in trace.problems.found):
        return None
    finish = _Finisher(trace, names, named)
    program = verify(finish.program(forward, objective.spec.name))
    training = _training(trace, namespace, names, paths)
    inputs = tuple(finish.input(key, flat, sources) for key, s in trace.specs.items() if s.role in ("data", "label"))
    parameters = tuple(finish.parameter(key, paths) for key, s in trace.specs.items() if s.role == "parameter")
    declared = tuple(i for i in inputs if i.spec.name not in {names[key] for key in trace.given})
    _warn_unused(trace, forward, objective)
    scored = bool(trace.predictions) or isinstance(namespace.get("prediction"), Tensor)
    metric: Metric = "accuracy" if scored and _classifies(trace, declared, prediction) else "none"
    check_monitors(trace, training, metric)
    sizes = {str(symbol): value for symbol, value in trace.sizes.items() if symbol not in trace.fixed}
    predicted = names[prediction] if prediction else None
    return Built(Model(path, lines, program, sizes, parameters, inputs, predicted, training, metric), names)


class _Finisher:
    """Gives final names to specs, equations and programs."""

    def __init__(self, trace: Trace, names: Mapping[str, str], named: set[str]) -> None:
        self.trace, self.names, self.named = trace, names, named

    def spec(self, key: str) -> TensorSpec:
        return replace(self.trace.specs[key], name=self.names[key], given=key in self.named)

    def program(self, recorded: Program, output: str) -> Program:
        specs = {self.names[k]: self.spec(k) for k in recorded.tensors}
        equations = tuple(renamed(e, self.names) for e in recorded.equations)
        numbers = {str(size): number for size, number in self.trace.sizes.items() if number is not None}
        return Program(specs, equations, self.names[output], numbers=MappingProxyType(numbers))

    def parameter(self, key: str, paths: Mapping[str, tuple[str, ...]]) -> Parameter:
        path, *others = paths.get(key, (self.names[key],))
        return Parameter(self.spec(key), _drawn(self.trace, key), path, tuple(others))

    def input(self, key: str, flat: Program, sources: Mapping[str, str]) -> Input:
        declared = self.trace.declared[key]
        values: Values
        if key in sources:
            recipe = flat.restricted_to([sources[key]])
            read = {a.name for e in recipe.equations for a in e.accesses} | {e.target for e in recipe.equations}
            recipe = replace(recipe, tensors={k: t for k, t in recipe.tensors.items() if k in read})
            values = Computed(self.program(recipe, sources[key]))
        else:
            values = _drawn(self.trace, key)
        spec = self.spec(key)
        axis = next((k for k, size in enumerate(spec.shape) if self.trace.size_value(size) is None), None)
        return Input(spec, values, declared.classes, axis)


def _check_values(trace: Trace, flat: Program, sources: Mapping[str, str]) -> None:
    """Data may be computed from data only."""
    for key, source in sources.items():
        recipe = flat.restricted_to([source])
        read = {a.name for e in recipe.equations for a in e.accesses} | {source}
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


def _drawn(trace: Trace, key: str) -> Values:
    values = trace.declared[key].values
    assert not isinstance(values, Traced)
    return values


def _objective(trace: Trace, namespace: Mapping[str, Any]) -> Traced | None:
    loss = namespace.get("loss", trace.objective)
    if not isinstance(loss, Traced):
        if loss is None and trace.problems.found:
            return None  # what went wrong before may be the reason
        found = "there is no loss" if loss is None else f"loss is a {type(loss).__name__}, not a tensor"
        trace.problems.add(
            Problem("SN203", found, help=("assign it at the top level of the file:  loss = sn.mean(...)",))
        )
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


def _prediction(trace: Trace, namespace: Mapping[str, Any], program: Program, objective: Traced) -> str | None:
    """What ``predict`` returns: ``prediction`` if the file says so; else the input of a loss; else the last tensor that
    depends on parameters but not on all the data that the loss needs."""
    said = namespace.get("prediction")
    if isinstance(said, Tensor) and not said.broken:
        return said.spec.name
    if trace.predictions and not trace.predictions[-1].broken:
        return trace.predictions[-1].spec.name
    needed = _ancestors(program)
    parameters = {n for n, s in trace.specs.items() if s.role == "parameter"}
    data = {n for n, s in trace.specs.items() if s.role in ("data", "label")}
    on_path = [
        t
        for t in program.targets()
        if t in needed[objective.spec.name] and needed[t] & parameters and trace.person_name(trace.specs[t]) is not None
    ]
    strict = [t for t in on_path if needed[t] & data < needed[objective.spec.name] & data]
    return (strict or on_path or [objective.spec.name])[-1]


def _ancestors(program: Program) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set(program.reads(name)) for name in program.targets()}
    grown = True
    while grown:  # once more for a recurrence
        grown = False
        for own in found.values():
            size = len(own)
            own |= set[str]().union(*(found.get(read, set()) for read in own))
            grown |= len(own) > size
    return found


def _classifies(trace: Trace, inputs: tuple[Input, ...], prediction: str | None) -> bool:
    """Whether the prediction, which the file or a loss names, has a score for each class of the only labels."""
    labels = [i for i in inputs if i.spec.integer]
    if prediction is None or len(labels) != 1 or not trace.specs[prediction].rank:
        return False
    return bool(labels[0].classes == trace.specs[prediction].shape[-1])


def _warn_unused(trace: Trace, forward: Program, objective: Traced) -> None:
    reached = forward.restricted_to([objective.spec.name])
    read = {a.name for e in reached.equations for a in e.accesses}
    for key, spec in trace.specs.items():
        if spec.role == "parameter" and key not in read and key != objective.spec.name:
            place = (Note(spec.source),) if spec.source else ()
            message = f"the loss does not depend on {trace.text_of(spec)}: its gradient is zero"
            trace.problems.add(Problem("SN302", message, place, warning=True))


def _training(
    trace: Trace, namespace: Mapping[str, Any], names: Mapping[str, str], paths: Mapping[str, tuple[str, ...]]
) -> Training:
    said = namespace.get("train")
    if said is not None and not isinstance(said, Training | Tensor):
        help = ("train = sn.train(lr=0.1, epochs=10)", "or call it otherwise: train says how a script trains")
        trace.problems.add(Problem("SN108", f"train is {said!r:.40}, not how to train", help=help))
    return settled_training(
        trace, said if isinstance(said, Training) else train(), names, {key: ways[0] for key, ways in paths.items()}
    )
