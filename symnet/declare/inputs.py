"""The declaring words: sizes, data, labels, parameters, and where their numbers come from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.calculus.ir import Role
from symnet.declare.init import Initial
from symnet.declare.tracing.makers import let_makers_ask
from symnet.declare.tracing.primitives import number, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Declared, current
from symnet.declare.tracing.words import mistake
from symnet.model import Distribution, Given
from symnet.naming import CALLED_NAMES, why_not_a_name

Size = Any  # a SymPy size or a positive int; SymPy carries no types


#: More numbers than this are out of reach of the 48 bits by which a machine tells the places of its memory.
LARGEST = 2**45


def dims(**sizes: int | str) -> Any:
    """Named sizes in the order written: ``N, D = sn.dims(N="batch", D=2)``; "batch" means that the data bring it."""
    trace = current()
    made = []
    for name, value in sizes.items():
        reason = why_not_a_name(name) or (f"scripts call {name!r} themselves" if name in CALLED_NAMES else None)
        if reason:
            trace.fail("SN109", f"a size cannot have this name: {reason}", help=("choose another name",))
            name = "N"
        if value != "batch" and not (isinstance(value, int) and not isinstance(value, bool) and value > 0):
            trace.fail("SN108", f"the size {name} is {value!r}", help=('a positive integer, or "batch"',))
            value = 1
        made.append(trace.new_size(name, None if value == "batch" else int(value)))
    let_makers_ask(made)
    return made[0] if len(made) == 1 else tuple(made)


def normal(mean: float = 0.0, std: float = 1.0) -> Distribution:
    """Independent normal numbers."""
    return Distribution("normal", (float(mean), float(std)))


def uniform(low: float = 0.0, high: float = 1.0) -> Distribution:
    """Independent numbers, uniform in low..high."""
    return Distribution("uniform", (float(low), float(high)))


def linspace(start: float, end: float) -> Distribution:
    """Equally spaced numbers along the first axis, both ends included."""
    return Distribution("linspace", (float(start), float(end)))


def constant(value: float) -> Distribution:
    """One number everywhere."""
    return Distribution("constant", (float(value),))


def data(
    *shape: Size,
    values: Any = None,
    name: str | None = None,
    one_hot: bool = False,
    simplex: bool = False,
    mask: bool = False,
    symmetric: bool = False,
    positive: bool = False,
) -> Tensor:
    """A real data tensor.

    ``values`` says where a generated script takes its numbers when it is given no file: numbers, a distribution such as
    ``sn.linspace(-math.pi, math.pi)``, or an expression in other data, ``values=sn.sin(x)``.  The facts may be
    used by the derivation and are checked against the data: each row has one 1 and 0 elsewhere (one_hot), each row sums
    to 1 (simplex), every entry is 0 or 1 (mask), A[i, j] = A[j, i] (symmetric), every entry is positive.
    """
    facts = _facts(shape, one_hot=one_hot, simplex=simplex, mask=mask, symmetric=symmetric, positive=positive)
    kind = next((f for f in ("one_hot", "simplex", "mask", "positive", "symmetric") if f in facts), "normal")
    if {"symmetric"} < facts:
        kind = f"symmetric_{kind}"
    drawn = Distribution(kind, () if facts else (0.0, 1.0))
    return _declare(shape, "data", values, drawn, name, facts)


def labels(*shape: Size, classes: Size | None = None, values: Any = None, name: str | None = None) -> Tensor:
    """Class labels, integers in 0..classes-1."""
    if classes is None:
        sizes = [*map(str, shape[:-1] or shape), f"classes={shape[-1] if len(shape) > 1 else 'C'}"]
        raise mistake("SN104", "labels without their number of classes", f"sn.labels({', '.join(sizes)})")
    bound = checked_size(classes)
    tensor = _declare(shape, "label", values, Distribution("integers", ()), name, frozenset(), bound)
    trace = current()
    known = trace.size_value(bound)
    trace.declared[tensor.spec.name] = Declared(trace.declared[tensor.spec.name].values, bound)
    given = trace.declared[tensor.spec.name].values
    if isinstance(given, Given) and known is not None:
        whole = [v for v in flat(given.values) if not isinstance(v, int)]
        if whole:
            trace.fail("SN202", f"label {whole[0]!r} is not an integer", help=("write labels as integers",))
        bad = [v for v in flat(given.values) if isinstance(v, int) and not 0 <= v < known]
        if bad:
            trace.fail(
                "SN202",
                f"label {bad[0]} is out of range: labels are integers in 0..{known - 1}",
                help=(f"classes={known} gives the labels 0 to {known - 1}",),
            )
    return tensor


def param(*shape: Size, init: Any = None, name: str | None = None) -> Tensor:
    """A trainable tensor.  It has no facts: training would break them.

    ``init`` is a distribution, numbers, a word of ``sn.init``, or one of "zeros", "ones", "normal", "he", "xavier",
    "torch" (uniform in ±1/sqrt(fan_in), torch.nn.Linear's own).  These take the last axis for fan_out, the others for
    fan_in, as in ``X @ W``.  The default is normal for numbers and vectors, "torch" otherwise.
    """
    chosen = init if init is not None else ("normal" if len(shape) < 2 else "torch")
    return initial_values(shape, "parameter", chosen, name)


def initial_values(shape: Sequence[Size], role: Role, init: Any, name: str | None) -> Tensor:
    """A tensor that a script keeps, a parameter or a buffer, with its first values."""
    sizes = tuple(map(checked_size, shape))
    return _declare(shape, role, None, _initial(init, sizes, sizes[:-1], sizes[-1:]), name, frozenset())


def params(count: int, *shape: Size, init: Any = None, name: Sequence[str] | None = None) -> tuple[Tensor, ...]:
    """Several parameters of one shape: ``a, b, c, d = sn.params(4)``."""
    made = tuple(param(*shape, init=init, name=name[k] if name is not None else None) for k in range(count))
    for position, tensor in enumerate(made):
        current().positions[tensor.spec.name] = position
    return made


def weight(shape: Sequence[sp.Expr], fan_in: sp.Expr) -> Tensor:
    """A parameter of a layer of torch.nn, uniform in ±1/sqrt(fan_in)."""
    return _declare(shape, "parameter", None, _initial("torch", tuple(shape), (fan_in,), ()), None, frozenset())


def _facts(shape: Sequence[Size], **declared: bool) -> frozenset[str]:
    """The declared facts with those that follow; what cannot hold, or means nothing for the shape, is noted."""
    facts = {fact for fact, holds in declared.items() if holds}
    square = len(shape) == 2 and shape[0] == shape[1]
    rows = facts & {"one_hot", "simplex"}
    if "symmetric" in facts and not square:
        current().fail("SN108", f"symmetric is a fact of square matrices, not of shape {show(tuple(shape))}")
    if rows and not shape:
        current().fail("SN108", f"{min(rows)} is a fact of rows, and a number has none")
    if (facts & {"symmetric", "positive"} and rows) or {"mask", "positive"} <= facts:
        current().fail("SN108", f"{' and '.join(sorted(facts))} are not taken together", help=("declare one of them",))
    if "one_hot" in facts:
        facts |= {"simplex", "mask"}
    return frozenset(facts)


def checked_size(value: Size) -> sp.Expr:
    """A size as a SymPy integer or symbol; anything else is noted as a mistake."""
    size = number(value)
    known = current().size_value(size) if size is not None and size.free_symbols else None
    if size is None or not size.is_integer or not (size.is_positive or (known is not None and known > 0)):
        apart = ", ".join(map(str, value)) if isinstance(value, list | tuple) else ""
        help = f"write the sizes apart: sn.param({apart})" if apart else "sn.dims(...)"
        current().fail("SN108", f"a size is a positive integer or a named size, not {value!r}", help=(help,))
        return sp.S.One
    return size


def _declare(
    shape: Sequence[Size],
    role: Any,
    values: Any,
    drawn: Distribution | Given,
    name: str | None,
    facts: frozenset[str],
    classes: sp.Expr | None = None,
) -> Tensor:
    trace = current()
    spec = trace.new_spec(map(checked_size, shape), role, classes, facts)
    count = trace.size_value(sp.Mul(*spec.shape))
    if count is not None and count > LARGEST:
        what = f"{count} numbers are more than the memory of any machine has places for"
        trace.fail("SN108", what, help=("a smaller size",))
    chosen: Any = drawn
    if isinstance(values, Distribution | Tensor):
        chosen = values
    elif values is not None:
        chosen = _given(values, spec.shape)
    trace.declared[spec.name] = Declared(chosen)
    if name is not None:
        trace.chosen_names[spec.name] = name
    return Tensor(trace, spec)


def _initial(
    init: Any, shape: tuple[sp.Expr, ...], fan_in: tuple[sp.Expr, ...], fan_out: tuple[sp.Expr, ...]
) -> Distribution | Given:
    if isinstance(init, Distribution):
        return init
    if isinstance(init, Initial):
        return init.of(shape)
    if not isinstance(init, str):
        return _given(init, shape)
    plain = {"zeros": constant(0.0), "ones": constant(1.0), "normal": normal()}
    if init in plain:
        return plain[init]
    trace = current()
    into, out = (trace.size_value(sp.Mul(*sizes)) for sizes in (fan_in, fan_out))
    scaled = {
        "he": lambda: normal(0.0, math.sqrt(2 / (into or 1))),
        "xavier": lambda: normal(0.0, math.sqrt(2 / ((into or 1) + (out or 1)))),
        "torch": lambda: uniform(-1 / math.sqrt(into or 1), 1 / math.sqrt(into or 1)),
    }
    if init not in scaled:
        trace.fail("SN108", f"unknown init {init!r}", help=(", ".join((*plain, *scaled)),))
        return normal()
    return scaled[init]()


def _given(values: Any, shape: tuple[sp.Expr, ...]) -> Given:
    trace = current()
    nested = _nested(values.tolist() if hasattr(values, "tolist") else values)
    actual = _shape(nested)
    expected = [trace.size_value(s) for s in shape]
    fits = len(actual) == len(expected) and all(e in (None, a) for a, e in zip(actual, expected, strict=True))
    if not fits:
        trace.fail("SN103", f"the numbers given have shape {list(actual)}, the tensor is {show(shape)}")
    if any(not isinstance(v, int | float) or not math.isfinite(v) for v in flat(nested)):
        trace.fail("SN105", "the numbers given are not all finite numbers", help=("write finite numbers",))
    return Given(nested)


def _nested(values: Any) -> Any:
    if isinstance(values, list | tuple):
        return tuple(map(_nested, values))
    return values.item() if hasattr(values, "item") and getattr(values, "shape", None) == () else values


def _shape(nested: Any) -> tuple[int, ...]:
    if not isinstance(nested, tuple):
        return ()
    inner = {_shape(n) for n in nested}
    return (len(nested), *inner.pop()) if len(inner) == 1 else (-1,)


def flat(nested: Any) -> list[Any]:
    """The numbers of nested tuples in row-major order."""
    return [v for part in nested for v in flat(part)] if isinstance(nested, tuple) else [nested]
