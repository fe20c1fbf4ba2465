"""Where the numbers of a script come from: initial values of parameters and the script's own data, as lines of code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp

from symnet.calculus.ir import Program, TensorSpec, size_symbol
from symnet.codegen.training.draws import FUNCTIONS
from symnet.codegen.wrapping import array_call, bracketed, number, quoted
from symnet.errors import Note, Problem, SymnetError
from symnet.model import Computed, Distribution, Given, Input, Model, Values

Lines = tuple[str, ...]
ComputedInput = Callable[[Program], tuple[Lines, str]]


def concrete_shape(spec: TensorSpec, sizes: Mapping[str, int | None]) -> tuple[sp.Expr, ...]:
    """The shape with every known size put in."""
    known = {size_symbol(name): sp.Integer(size) for name, size in sizes.items() if size is not None}
    return tuple(sp.sympify(size).xreplace(known) for size in spec.shape)


def declared_shape(spec: TensorSpec, sizes: Mapping[str, int | None]) -> str:
    """The shape as an entry of INPUTS: numbers, and the names of sizes that the data bring."""
    parts = [str(s) if s.is_Integer else quoted(str(s)) for s in concrete_shape(spec, sizes)]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def initial_values(model: Model) -> Lines:
    """The entries ``"W1": rng.normal(...),`` of the dict of parameters, in the order declared."""
    return tuple(
        _assigned(f"{quoted(p.path)}: ", p.init, p.spec, concrete_shape(p.spec, model.sizes), None, ",", 8)
        for p in model.owned
    )


def require_known_sizes(model: Model) -> None:
    """Raises SymnetError where a size of a parameter is no number: a script draws them before it sees data."""
    for spec in (p.spec for p in model.owned if isinstance(p.init, Distribution)):
        free = sorted({str(s) for size in concrete_shape(spec, model.sizes) for s in size.free_symbols})
        if free:
            message = f"the size of the parameter {spec.name} depends on {', '.join(free)}, which the data bring"
            help = ("a script draws its parameters before it sees data: give the size a number in sn.dims",)
            raise SymnetError(Problem("SN607", message, (Note(spec.source),) if spec.source else (), help=help))


def own_data(model: Model, samples: str, computed: ComputedInput) -> Lines:
    """The lines that draw every input in the order declared, then those that are functions of others."""
    lines: list[str] = []
    count = {size_symbol(name): sp.Symbol(samples) for name, size in model.sizes.items() if size is None}
    for item in model.inputs:
        if item.constant:
            lines.append(f"{item.spec.name} = OWN[{quoted(item.spec.name)}]")
        elif not isinstance(item.values, Computed):
            shape = tuple(s.xreplace(count) for s in concrete_shape(item.spec, model.sizes))
            lines.append(_assigned(f"{item.spec.name} = ", item.values, item.spec, shape, _classes(item, model), "", 4))
    for item in model.inputs:
        if isinstance(item.values, Computed):
            before, expression = computed(item.values.program)
            lines += [*before, f"{item.spec.name} = {expression}"]
    return tuple(lines)


def own_constants(model: Model) -> Lines:
    """The lines of the arrays in the model's code, none where there are none."""
    own = [(i.spec, i.values) for i in model.inputs if i.constant]
    arrays = [_assigned(f"{quoted(spec.name)}: ", values, spec, (), None, "", 4) for spec, values in own]
    title = "# Constants of the model, which no file of data holds."
    return (title, bracketed("OWN = ", "{", arrays, "}")) if arrays else ()


def drawn_values(model: Model) -> Lines:
    """The lines that draw what a step needs beside its data, in the order declared."""
    return tuple(
        _assigned(f"{item.spec.name} = ", item.values, item.spec, concrete_shape(item.spec, model.sizes), None, "", 4)
        for item in model.drawn
    )


def fact_checks(inputs: Sequence[Input]) -> Lines:
    """The lines that check the declared facts, on which the gradients may rest, against the data."""
    lines: list[str] = []
    for item in inputs:
        value = f"data[{quoted(item.spec.name)}]"
        for fact in sorted(item.spec.facts & set(_FACTS)):
            if fact in ("simplex", "mask") and "one_hot" in item.spec.facts:
                continue
            test, words = _FACTS[fact]
            message = f'f"{{source}}: {item.spec.name} {words}"'
            lines.append(bracketed("require_fact", "(", (value, test.format(value), message), ")", indent=4))
    return tuple(lines)


def class_count(item: Input, sizes: Mapping[str, int | None]) -> int | None:
    """The number of classes of labels; None for real data."""
    if item.classes is None:
        return None
    known = {size_symbol(name): sp.Integer(size) for name, size in sizes.items() if size is not None}
    classes = sp.sympify(item.classes).xreplace(known)
    if not classes.is_Integer:
        raise SymnetError(
            Problem("SN601", f"the number of classes of {item.spec.name} is {classes}, a script needs it as a number")
        )
    return int(classes)


_FACTS = {
    "one_hot": (
        "np.isin({0}, (0, 1)).all(-1) & ({0}.sum(-1) == 1)",
        "must have one 1 in each row, and 0 elsewhere (one_hot)",
    ),
    "simplex": (
        "np.isclose({0}.sum(-1), 1) & ({0} >= 0).all(-1)",
        "must have rows of numbers from 0 up with the sum 1 (simplex)",
    ),
    "mask": ("np.isin({0}, (0, 1))", "must hold 0 and 1 only (mask)"),
    "symmetric": ("np.isclose({0}, {0}.T).all(-1)", "must be symmetric (symmetric)"),
    "positive": ("{0} > 0", "must be positive (positive)"),
    "nonnegative": ("{0} >= 0", "must not be negative (nonnegative)"),
}


def _classes(item: Input, model: Model) -> int | None:
    return class_count(item, model.sizes)


def _assigned(
    head: str, values: Values, spec: TensorSpec, shape: Sequence[sp.Expr], classes: int | None, tail: str, indent: int
) -> str:
    if isinstance(values, Given):
        return array_call(head, _reals(values.values, spec.integer), "", tail, indent)
    if isinstance(values, Distribution):
        return f"{head}{_draw(values, tuple(map(str, shape)), classes)}{tail}"
    raise SymnetError(Problem("SN602", f"{spec.name} is a parameter, its initial value cannot be computed from data"))


def _reals(values: Any, integer: bool) -> Any:
    if isinstance(values, tuple):
        return tuple(_reals(v, integer) for v in values)
    return int(values) if integer else float(values)


def _draw(recipe: Distribution, sizes: tuple[str, ...], classes: int | None) -> str:
    shape, size = f"({', '.join(sizes)})", _size(sizes)
    optional = (size,) if sizes else ()
    given = tuple(number(float(a)) for a in recipe.arguments)
    if classes is not None and recipe.kind in ("integers", "normal"):
        return f"rng.integers({', '.join(('0', str(classes), *optional))})"
    if recipe.kind in ("normal", "uniform"):
        return f"rng.{recipe.kind}({', '.join((*given, *optional))})"
    if recipe.kind in ("zeros", "constant"):
        value = given[0] if given else "0.0"
        return {"0.0": f"np.zeros({size})", "1.0": f"np.ones({size})"}.get(value, f"np.full({size}, {value})")
    if recipe.kind in FUNCTIONS:
        return f"{recipe.kind}({', '.join(('rng', *given, _tuple(sizes)))})"
    if recipe.kind in _DRAWS:
        return _DRAWS[recipe.kind](given, sizes, shape)
    raise SymnetError(Problem("SN603", f"there is no recipe {recipe.kind!r} for numbers"))


def _tuple(sizes: tuple[str, ...]) -> str:
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _size(sizes: tuple[str, ...]) -> str:
    """The size argument of NumPy's functions: a number for one axis, else a tuple."""
    return sizes[0] if len(sizes) == 1 else f"({', '.join(sizes)})"


def _linspace(given: tuple[str, ...], sizes: tuple[str, ...], shape: str) -> str:
    if not sizes:
        return given[0]
    line = f"np.linspace({', '.join(given)}, {sizes[0]})"
    if len(sizes) == 1:
        return line
    column = f"{line}.reshape(-1{', 1' * (len(sizes) - 1)})"
    return column if set(sizes[1:]) == {"1"} else f"{column} * np.ones({shape})"


def _one_hot(given: tuple[str, ...], sizes: tuple[str, ...], shape: str) -> str:
    return f"np.eye({sizes[-1]})[rng.integers(0, {sizes[-1]}, {_size(sizes[:-1])})]"


def _simplex(given: tuple[str, ...], sizes: tuple[str, ...], shape: str) -> str:
    return f"rng.dirichlet(np.ones({sizes[-1]}), {_size(sizes[:-1])})"


def _symmetric(given: tuple[str, ...], sizes: tuple[str, ...], shape: str) -> str:
    return f"(lambda a: (a + np.swapaxes(a, -1, -2)) / 2)(rng.normal(0.0, 1.0, {shape}))"


def _mask(given: tuple[str, ...], sizes: tuple[str, ...], shape: str) -> str:
    return f"rng.integers(0, 2, {_size(sizes)}).astype(float)"


def _positive(given: tuple[str, ...], sizes: tuple[str, ...], shape: str) -> str:
    return f"rng.uniform(0.5, 1.5, {_size(sizes)})"


def _mirrored(drawn: str) -> str:
    """The upper triangle and its mirror image: entries keep their facts."""
    return f"(lambda a: np.triu(a) + np.triu(a, 1).T)({drawn})"


_DRAWS: Mapping[str, Callable[[tuple[str, ...], tuple[str, ...], str], str]] = {
    "eye": lambda given, sizes, shape: f"np.eye({', '.join(sizes)})",
    "linspace": _linspace,
    "one_hot": _one_hot,
    "simplex": _simplex,
    "symmetric": _symmetric,
    "mask": _mask,
    "positive": _positive,
    "padded": lambda given, sizes, shape: (
        f"rng.normal({given[0]}, {given[1]}, {shape}) * (np.arange({sizes[0]}) != {int(float(given[2]))})[:, None]"
    ),
    "bernoulli": lambda given, sizes, shape: f"(rng.random({_size(sizes)}) < {given[0]}).astype(float)",
    "dropout": lambda given, sizes, shape: f"(rng.random({_size(sizes)}) >= {given[0]}) / (1 - {given[0]})",
    "symmetric_mask": lambda given, sizes, shape: _mirrored(_mask(given, sizes, shape)),
    "symmetric_positive": lambda given, sizes, shape: _mirrored(_positive(given, sizes, shape)),
}
