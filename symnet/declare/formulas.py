"""Gradients written by hand in a model file, in its own words, as a program like a derived one.

    def expert():
        return {"z": sn.sigmoid(z) - y}

gives a program whose ``adjoints`` map z to the tensor that the function computed for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from symnet.calculus.ir import Index, Program
from symnet.calculus.verify import verify
from symnet.declare.build import Built
from symnet.declare.drawn import both_modes
from symnet.declare.equal import each_once
from symnet.declare.inline import inline_unnamed
from symnet.declare.names import renamed
from symnet.declare.tracing.primitives import number, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term, Trace, Traced
from symnet.errors import Problem, SymnetError
from symnet.naming import SCRIPT_NAMES, Namer


def build_formulas(trace: Trace, built: Built, function: Callable[[], Mapping[str, Any]]) -> Program:
    """The equations of what ``function`` returns: parameter -> its gradient, a tensor or a number for all entries.

    The function runs in the trace of the model, so it may use every tensor of the file; what it computes a second time
    is there once.  Raises SymnetError for a name that is no parameter, or a value of another shape.
    """
    returned = {name: _output(trace, built, name, value) for name, value in function().items()}
    trace.problems.raise_if_any()
    loss = next(k for k, name in built.names.items() if name == built.model.program.loss)
    recorded, same = each_once(both_modes(trace, loss)[0])
    outputs = {name: same.get(tensor.spec.name, tensor.spec.name) for name, tensor in returned.items()}
    named = {k for k, s in trace.specs.items() if s.role != "intermediate" or trace.person_name(s) is not None}
    flat = inline_unnamed(recorded, named | set(built.names) | set(outputs.values()))
    flat = flat.restricted_to([loss, *outputs.values()])
    wishes = {k: f"d{n}" for n, k in outputs.items()}
    names, namer = dict(built.names), Namer({*SCRIPT_NAMES, *built.names.values()})
    for key in flat.tensors:
        if key not in names:
            names[key] = namer.take(wishes.get(key) or trace.person_name(trace.specs[key]) or trace.hints.get(key, "q"))
    tensors = {names[k]: replace(s, name=names[k]) for k, s in flat.tensors.items()}
    equations = tuple(renamed(e, names) for e in flat.equations)
    return verify(Program(tensors, equations, names[loss], {n: names[k] for n, k in outputs.items()}))


def _output(trace: Trace, built: Built, name: str, value: object) -> Traced:
    shape = next((p.spec.shape for p in built.model.parameters if p.spec.name == name), None)
    if shape is None:
        raise SymnetError(Problem("SN206", f"{name} is no parameter of the model"))
    constant = number(value)
    if constant is not None:
        spec = trace.new_spec(shape, "intermediate")
        trace.define(spec, Term(tuple(Index("i", size) for size in shape), constant))
        return Tensor(trace, spec)
    if not isinstance(value, Tensor) or not trace.same_shape(value.shape, shape):
        found = show(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise SymnetError(Problem("SN206", f"the gradient of {name} is {found}, it must be {show(shape)}"))
    return value
