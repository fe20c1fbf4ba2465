"""Runs cases that nobody of the project wrote: their statements in torch's words, through the protocols."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

import symnet as sn
from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
from symnet.calculus.verify import verify
from symnet.declare.build import build_model
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Trace, recording
from symnet.model import Model

FOLDER = Path(__file__).parent
WORDS = {
    "torch": torch,
    "F": F,
    "np": np,
    "det": torch.linalg.det,
    "inv": torch.linalg.inv,
    "solve": torch.linalg.solve,
}


@dataclass(frozen=True)
class Run:
    """What a case gave, beside what it must give: the loss and the gradients, by name."""

    loss: float
    gradients: Mapping[str, Any]
    wanted_loss: float
    wanted: Mapping[str, Any]

    @property
    def error(self) -> float:
        """The largest difference, measured by the largest entry of all gradients, and the loss by itself."""
        largest = max(max((float(np.abs(g).max()) for g in self.wanted.values() if g.size), default=0.0), 1e-300)
        worst = [float(np.abs(self.gradients[n] - g).max()) / largest for n, g in self.wanted.items() if g.size]
        worst.append(abs(self.loss - self.wanted_loss) / max(abs(self.wanted_loss), 1e-6))
        return float(np.max(worst))  # NaN wherever one is


def cases(group: str) -> dict[str, Any]:
    """The cases of a file by name."""
    return {c["name"]: c for c in json.loads((FOLDER / f"{group}.json").read_text(encoding="utf-8"))}


def run_declared(case: Mapping[str, Any]) -> Run:
    """A case with inputs, statements and a loss."""
    values = {i["name"]: np.array(i["values"]).reshape(i["shape"]) for i in case["inputs"]}

    def loss() -> Tensor:
        scope: dict[str, Any] = {**WORDS, **{i["name"]: _declared(i, values[i["name"]]) for i in case["inputs"]}}
        for statement in case.get("code", []):
            name, _, expression = statement.partition(" = ")
            scope[name] = eval(expression, scope)
        result: Tensor = eval(case["loss"], scope)
        return result

    answer = case["answer"]
    wanted = {n: np.array(g["data"]).reshape(g["shape"]) for n, g in answer["grads"].items()}
    return _run(loss, values, tuple(case["wrt"]), answer["value"], wanted)


def _declared(declared: Mapping[str, Any], values: Any) -> Tensor:
    if declared["role"] == "param":
        return sn.param(*values.shape, name=declared["name"])
    if declared.get("dtype") == "int64":
        return sn.labels(*values.shape, classes=int(declared["gen"].split(":")[1]), name=declared["name"])
    return sn.data(*values.shape, name=declared["name"])


def run_operator(case: Mapping[str, Any]) -> Run:
    """A sample of torch's operators; the loss weighs every real output entry by cos(0.7 i + 0.3)."""
    parameters: dict[str, Any] = {}
    read = _reader(parameters)
    args, options = [read(a) for a in case["args"]], {k: read(v) for k, v in case["kwargs"].items()}
    values = dict(parameters)

    def loss() -> Tensor:
        declared = {n: sn.param(*v.shape, name=n) for n, v in values.items()}
        given = _declare_all(args, declared)
        outputs = operator_of(case["op"])(*given, **_declare_all(options, declared))
        return weighed(outputs)

    names = sorted(values, key=lambda n: int(n[1:]))
    wanted = {n: np.array(g).reshape(values[n].shape) for n, g in zip(names, case["grads"], strict=True)}
    return _run(loss, values, tuple(names), case["value"], wanted)


@dataclass(frozen=True)
class Leaf:
    """Stands in the arguments for a tensor that the loss is differentiated by."""

    name: str


def _reader(parameters: dict[str, Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(v) for v in value]
        if not isinstance(value, dict):
            return value
        if "tensor" in value:
            tensor = value["tensor"]
            array = np.array(tensor["data"]).reshape(tensor["shape"])
            if "grad" in tensor:
                name = f"p{tensor['grad']}"
                parameters[name] = array
                return Leaf(name)
            return torch.tensor(array, dtype=getattr(torch, tensor["dtype"]))
        if "tuple" in value:
            return tuple(read(v) for v in value["tuple"])
        if "list" in value:
            return [read(v) for v in value["list"]]
        if "dtype" in value:
            return getattr(torch, value["dtype"])
        raise ValueError(f"{value} is no argument")

    return read


def _declare_all(value: Any, declared: Mapping[str, Tensor]) -> Any:
    if isinstance(value, Leaf):
        return declared[value.name]
    if isinstance(value, list | tuple):
        return type(value)(_declare_all(v, declared) for v in value)
    if isinstance(value, dict):
        return {k: _declare_all(v, declared) for k, v in value.items()}
    return value


def operator_of(name: str) -> Callable[..., Any]:
    """The operator as torch's own samples call it: a function, or a method where there is none."""
    if name == "einsum":
        return lambda operands, equation: torch.einsum(equation, *operands)
    if name == "nn.functional.embedding":
        return lambda weight, index, **options: F.embedding(index, weight, **options)
    if not hasattr(torch, name.split(".")[0]):
        return lambda x, *args, **options: getattr(x, name)(*args, **options)
    function: Callable[..., Any] = reduce(getattr, name.split("."), torch)
    return function


def weighed(outputs: Any) -> Tensor:
    """Σ cos(0.7 i + 0.3) out_i over every real output, i counting the entries of all of them."""
    total, place = None, 0
    for output in _tensors(outputs):
        shape = [int(s) for s in output.shape]
        weights = np.cos(0.7 * (place + np.arange(int(np.prod(shape)))) + 0.3).reshape(shape)
        place += int(np.prod(shape))
        part = sn.sum(output * weights) if shape else output * float(weights)
        total = part if total is None else total + part
    assert total is not None
    return total


def _tensors(outputs: Any) -> Iterator[Tensor]:
    if isinstance(outputs, Tensor):
        yield outputs
    elif isinstance(outputs, tuple | list):
        for output in outputs:
            yield from _tensors(output)


def _run(
    loss: Callable[[], Tensor], values: Mapping[str, Any], wrt: tuple[str, ...], value: float, wanted: Mapping[str, Any]
) -> Run:
    model = model_of(loss)
    derived = verify(derive(model.program, wrt))
    given = {i.spec.name: np.asarray(getattr(i.values, "values", 0.0)) for i in model.inputs}
    found = evaluate(derived, {**given, **values})
    gradients = {n: found[derived.adjoints[n]] for n in wrt}
    return Run(float(found[model.program.loss]), gradients, value, {n: wanted[n] for n in wrt})


def model_of(loss: Callable[[], Tensor]) -> Model:
    """The model whose loss a function makes.  Raises SymnetError with every refusal."""
    trace = Trace()
    with recording(trace):
        built = build_model(trace, {"loss": loss()}, Path("case.py"), ())
    trace.problems.raise_if_any()
    assert built is not None
    return built.model
