"""The numbers at which gradients are compared: those of the generated scripts, and random ones at any sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import GIVEN, TensorSpec, size_symbol
from symnet.codegen.training.draws import FUNCTIONS, functions_for
from symnet.model import Buffer, Computed, Distribution, Given, Input, Model, Parameter
from symnet.verify.data_file import arrays_in

Array = Any  # numpy.ndarray
Arrays = dict[str, Array]


@dataclass(frozen=True)
class Point:
    """Where gradients are compared: the number of every named size, and the value of every parameter and input."""

    sizes: Mapping[str, int]
    inputs: Mapping[str, Array]


def own_point(model: Model, seed: int, samples: int) -> Point:
    """The numbers of the generated scripts: parameters of ``init_params(seed)``, data of ``make_data`` or of the file.

    Of a data file the first ``samples`` rows are taken.  Raises SymnetError if the file cannot be read.
    """
    sizes = {name: samples if size is None else size for name, size in model.sizes.items()}
    inputs = initial_parameters(model, seed, samples)
    inputs |= _file_rows(model, samples) if model.training.data else own_data(model, seed, samples)
    actual = _actual_sizes(model, sizes, inputs)
    return Point(actual, inputs | drawn_for_a_step(model, seed, actual))


def initial_parameters(model: Model, seed: int, samples: int = 1) -> Arrays:
    """The parameters as a script draws them: one generator, in the order declared."""
    rng, sizes = np.random.default_rng(seed), {n: samples if s is None else s for n, s in model.sizes.items()}
    return {p.spec.name: np.array(_recipe(p.init, p.spec, sizes, None, rng), dtype=float) for p in model.owned}


def own_data(model: Model, seed: int, samples: int) -> Arrays:
    """The inputs as a script makes them: one generator, in the order declared, then those that are computed."""
    rng = np.random.default_rng([seed, 1])
    sizes = {name: samples if size is None else size for name, size in model.sizes.items()}
    drawn = [item for item in model.inputs if not isinstance(item.values, Computed)]
    return _with_computed(model, {i.spec.name: _recipe(i.values, i.spec, sizes, classes(i, sizes), rng) for i in drawn})


def drawn_for_a_step(model: Model, seed: int, sizes: Mapping[str, int], step: int = 0) -> Arrays:
    """What a script draws for one step, in the order declared."""
    rng = np.random.default_rng([seed, 5, step])
    return {i.spec.name: np.asarray(_recipe(i.values, i.spec, sizes, None, rng), dtype=float) for i in model.drawn}


def random_point(model: Model, sizes: Mapping[str, int], rng: np.random.Generator) -> Point:
    """Other numbers of the same kind, at any sizes: recipes drawn anew, given and constant numbers moved a little.

    Signs and declared facts stay, so the functions of the model keep their domains.
    """
    inputs: Arrays = {}
    for item in given(model):
        values = item.values if isinstance(item, Input) else item.init
        if not isinstance(values, Computed):
            bound = classes(item, sizes) if isinstance(item, Input) else None
            inputs[item.spec.name] = _moved(values, item.spec, sizes, bound, rng)
    return Point(dict(sizes), _with_computed(model, inputs))


def rational_point(model: Model, sizes: Mapping[str, int], rng: np.random.Generator) -> Point:
    """A random point whose real numbers are fractions; computed data are drawn like any other."""
    inputs: Arrays = {}
    for name, spec in _given_specs(model).items():
        values = random_point(model, sizes, rng).inputs[name]
        inputs[name] = values if spec.integer else _fractions(values, spec)
    return Point(dict(sizes), inputs)


def given(model: Model) -> tuple[Parameter | Buffer | Input, ...]:
    """Everything that has numbers of its own: what the model owns, then what its loss takes."""
    return (*model.owned, *model.arguments)


def classes(item: Input, sizes: Mapping[str, int]) -> int | None:
    """The number of classes of labels, None for real data."""
    return None if item.classes is None else _number(sp.sympify(item.classes), sizes)


def shape_of(spec: TensorSpec, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape in numbers."""
    return tuple(_number(size, sizes) for size in spec.shape)


def _number(size: sp.Expr, sizes: Mapping[str, int]) -> int:
    return int(size.xreplace({size_symbol(name): sp.Integer(value) for name, value in sizes.items()}))


def _given_specs(model: Model) -> dict[str, TensorSpec]:
    return {item.spec.name: item.spec for item in given(model)}


def _actual_sizes(model: Model, sizes: Mapping[str, int], inputs: Mapping[str, Array]) -> dict[str, int]:
    """The sizes that the arrays really have: given numbers and files bring their own batch."""
    found = dict(sizes)
    for name, value in inputs.items():
        for size, actual in zip(_given_specs(model)[name].shape, np.shape(value), strict=True):
            if isinstance(size, sp.Symbol):
                found[size.name] = int(actual)
    return found


def _with_computed(model: Model, inputs: Arrays) -> Arrays:
    for item in model.inputs:
        if isinstance(item.values, Computed):
            program = item.values.program
            needed = {n: inputs[n] for n, t in program.tensors.items() if t.role in GIVEN}
            inputs[item.spec.name] = np.array(evaluate(program, needed)[program.loss], dtype=float)
    return inputs


def _file_rows(model: Model, samples: int) -> Arrays:
    path = model.path.parent / str(model.training.data)
    whole = arrays_in(path, [i for i in model.inputs if not i.constant], model.sizes)
    rng, fixed = np.random.default_rng(), [i for i in model.inputs if i.constant]
    whole |= {i.spec.name: _recipe(i.values, i.spec, {}, None, rng) for i in fixed}
    rows: Arrays = {}
    for item in model.inputs:
        part = whole[item.spec.name]
        part = part if item.axis is None else np.take(part, range(min(samples, part.shape[item.axis])), item.axis)
        rows[item.spec.name] = part.astype(np.int64 if item.spec.integer else float)
    return rows


def _recipe(
    values: Given | Distribution | Computed,
    spec: TensorSpec,
    sizes: Mapping[str, int],
    bound: int | None,
    rng: np.random.Generator,
) -> Array:
    if isinstance(values, Given):
        return np.array(values.values, dtype=np.int64 if spec.integer else float)
    assert isinstance(values, Distribution)
    shape = shape_of(spec, sizes)
    if bound is not None and values.kind in ("integers", "normal"):
        return rng.integers(0, bound, shape)
    return _RECIPES[values.kind](rng, shape, *values.arguments)


def _moved(
    values: Given | Distribution | Computed,
    spec: TensorSpec,
    sizes: Mapping[str, int],
    bound: int | None,
    rng: np.random.Generator,
) -> Array:
    shape = shape_of(spec, sizes)
    if bound is not None:
        return rng.integers(0, bound, shape)
    if {"symmetric"} < spec.facts:
        return _RECIPES["symmetric_mask" if "mask" in spec.facts else "symmetric_positive"](rng, shape)
    for fact in ("one_hot", "simplex", "symmetric", "mask"):
        if fact in spec.facts:
            return _RECIPES[fact](rng, shape)
    if isinstance(values, Distribution) and values.kind in ("eye", "dirac"):
        return rng.standard_normal(shape)
    if isinstance(values, Distribution) and values.kind not in ("constant", "zeros", "linspace"):
        return _RECIPES[values.kind](rng, shape, *values.arguments)
    if isinstance(values, Distribution):
        source = _RECIPES[values.kind](rng, shape, *values.arguments)
    else:
        assert isinstance(values, Given)
        source = np.array(values.values, dtype=float)
    picked = source if source.shape == shape else rng.choice(source.reshape(-1), shape)
    noise = rng.standard_normal(shape)
    return np.where(picked == 0, 0.3 * noise, picked * np.exp(0.2 * noise))


#: A prime: on a coarse grid two numbers are equal now and then, and at a tie the slope depends on the direction.
_GRID = 999_983


def _fractions(values: Array, spec: TensorSpec) -> Array:
    """Fractions near the values, with the declared facts exact."""
    exact = np.empty(np.shape(values), dtype=object)
    exact[...] = np.frompyfunc(lambda v: Fraction(round(_GRID * v) or 1, _GRID), 1, 1)(values)
    if "mask" in spec.facts or "one_hot" in spec.facts:
        exact[...] = np.frompyfunc(Fraction, 1, 1)(np.asarray(values, dtype=int))
    elif "simplex" in spec.facts:
        exact = exact / exact.sum(-1, keepdims=True)
    return exact


def _linspace(rng: np.random.Generator, shape: tuple[int, ...], start: float, end: float) -> Array:
    if not shape:
        return np.array(start)
    line = np.linspace(start, end, shape[0])
    return line.reshape(-1, *[1] * (len(shape) - 1)) * np.ones(shape)


def _one_hot(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]


def _simplex(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1])


def _symmetric(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    square = rng.normal(0.0, 1.0, shape)
    return (square + np.swapaxes(square, -1, -2)) / 2


def _mirrored(square: Array) -> Array:
    return np.triu(square) + np.triu(square, 1).T


def _functions_of_scripts() -> dict[str, Callable[..., Array]]:
    """The functions by which scripts draw, from the scripts' own text."""
    names: dict[str, Any] = {"np": np, "math": math}
    exec("\n".join(functions_for(FUNCTIONS)), names)
    return {kind: _with_shape_last(names[kind]) for kind in FUNCTIONS}


def _with_shape_last(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda rng, shape, *arguments: function(rng, *arguments, shape)


#: The recipes of ``Distribution``, drawn exactly as the lines of the generated scripts draw them.
_RECIPES: Mapping[str, Callable[..., Array]] = {
    **_functions_of_scripts(),
    "eye": lambda rng, shape: np.eye(*shape),
    "normal": lambda rng, shape, mean, std: rng.normal(mean, std, shape),
    "uniform": lambda rng, shape, low, high: rng.uniform(low, high, shape),
    "zeros": lambda rng, shape: np.zeros(shape),
    "constant": lambda rng, shape, value: np.full(shape, value),
    "linspace": _linspace,
    "one_hot": _one_hot,
    "simplex": _simplex,
    "symmetric": _symmetric,
    "mask": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
    "padded": lambda rng, shape, mean, std, row: rng.normal(mean, std, shape) * (np.arange(shape[0]) != row)[:, None],
    "bernoulli": lambda rng, shape, p: (rng.random(shape) < p).astype(float),
    "dropout": lambda rng, shape, p: (rng.random(shape) >= p) / (1 - p),
    "positive": lambda rng, shape: rng.uniform(0.5, 1.5, shape),
    "symmetric_mask": lambda rng, shape: _mirrored(rng.integers(0, 2, shape).astype(float)),
    "symmetric_positive": lambda rng, shape: _mirrored(rng.uniform(0.5, 1.5, shape)),
}
