"""The closed forms in numbers: operations by the cost model, statements of traced backward passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp
import torch
from torch.fx import Graph, Node
from torch.fx.experimental.proxy_tensor import make_fx

from benchmarks.torch_words import run_file
from symnet import pipeline
from symnet.calculus.ir import Program
from symnet.model import Derivation
from symnet.simplify.operations import operations
from symnet.verify.draw import Point, random_point

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "closed_forms"
REPRESENTATIVE = 32  # for a size that only the data bring
TRACED = 4  # the same for tracing; the number of statements is the same for every size


@dataclass(frozen=True)
class Operations:
    """The operations of the gradients, forward tensors given, as polynomials in the sizes."""

    raw: sp.Expr
    simplified: sp.Expr
    expert: sp.Expr

    def at(self, sizes: Mapping[str, int | None]) -> tuple[int, int, int]:
        """The three in numbers; a size that the data bring counts as ``REPRESENTATIVE``."""
        counts = (self.raw, self.simplified, self.expert)
        numbers = {s: sizes[s.name] or REPRESENTATIVE for count in counts for s in count.free_symbols}
        raw, simplified, expert = (int(count.xreplace(numbers)) for count in counts)
        return raw, simplified, expert


def operations_of(derivation: Derivation, expert: Program) -> Operations:
    """The operations of one closed form as the one rule, the simplifier and the expert have it."""
    given = derivation.model.program.targets()
    programs = (derivation.raw, derivation.program, expert)
    counts = (operations(p, [p.adjoints[name] for name in derivation.wrt], given) for p in programs)
    return Operations(*counts)


def statements_of(path: Path, derivation: Derivation) -> tuple[int, int]:
    """How many statements the gradients need beyond the loss: torch's autograd, and the generated code.

    Both are traced to aten operations by make_fx; what the loss needs is not counted, nor is a detach, which computes
    nothing.
    """
    sizes = {name: TRACED if size is None else size for name, size in derivation.model.sizes.items()}
    point = random_point(derivation.model, sizes, np.random.default_rng(0))
    return _traced(_autograd(path, derivation, point), point), _traced(_generated(derivation), point)


Traceable = Callable[[Mapping[str, Any]], tuple[Any, ...]]


def _autograd(path: Path, derivation: Derivation, point: Point) -> Traceable:
    def joint(tensors: Mapping[str, Any]) -> tuple[Any, ...]:
        parameters = {p.spec.name: tensors[p.spec.name].requires_grad_() for p in derivation.model.parameters}
        inputs = {i.spec.name: tensors[i.spec.name] for i in derivation.model.inputs}
        loss = run_file(path, point.sizes, inputs, parameters)["loss"]
        wanted = list(parameters.values())
        return (loss, *torch.autograd.grad(loss, wanted, allow_unused=True, materialize_grads=True))

    return joint


def _generated(derivation: Derivation) -> Traceable:
    (script,) = pipeline.scripts(derivation, ("torch",), Path("script.py")).values()
    namespace: dict[str, Any] = {"__name__": "generated", "__file__": "script.py"}
    exec(compile(script, "script.py", "exec", dont_inherit=True), namespace)

    def joint(tensors: Mapping[str, Any]) -> tuple[Any, ...]:
        parameters = {p.path: tensors[p.spec.name] for p in derivation.model.parameters}
        inputs = (tensors[i.spec.name] for i in derivation.model.inputs)
        loss, grads = namespace["loss_and_grads"](parameters, *inputs)
        return (loss, *grads.values())

    return joint


def _traced(joint: Traceable, point: Point) -> int:
    tensors = {name: torch.as_tensor(np.array(value)) for name, value in point.inputs.items()}
    graph: Graph = make_fx(joint)(tensors).graph
    graph.eliminate_dead_code()
    (output,) = (node for node in graph.nodes if node.op == "output")
    loss, *gradients = (value for value in output.args[0])
    return len(_needed(gradients) - _needed([loss]))


def _needed(wanted: list[Any]) -> set[Node]:
    """The computing statements that the wanted values rest on."""
    found: set[Node] = set()
    left = [node for node in wanted if isinstance(node, Node)]
    while left:
        node = left.pop()
        if node not in found:
            found.add(node)
            left += node.all_input_nodes
    return {n for n in found if n.op == "call_function" and "detach" not in str(n.target)}
