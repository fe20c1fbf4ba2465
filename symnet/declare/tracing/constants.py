"""Arrays of NumPy and torch inside a model: constant tensors whose numbers are part of the model.

Neither library is imported: an array is known by its type's module, and read by its own ``tolist``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Delta, Index, indices_for
from symnet.declare.tracing.decimals import meant
from symnet.declare.tracing.trace import Constant, Declared, Term, Trace, Traced, mistake
from symnet.errors import Note, Problem, SymnetError
from symnet.model import Given

#: More numbers than this are data, not a constant of the model: they would be written out in every script.
LARGEST = 10_000


def is_array(value: object) -> bool:
    """Whether a value is an array of NumPy or torch with at least one axis; a single number is a number."""
    if isinstance(value, Traced | type) or not hasattr(value, "tolist") or not hasattr(value, "dtype"):
        return False
    return type(value).__module__.split(".")[0] in ("numpy", "torch") and len(value.shape) > 0  # type: ignore[attr-defined]


def is_integer_number(value: object) -> bool:
    """Whether a value is a single integer of Python, NumPy or torch."""
    if isinstance(value, bool | Traced):
        return False
    return isinstance(value, int) or (getattr(value, "shape", None) == () and "int" in str(getattr(value, "dtype", "")))


def constant_of(trace: Trace, value: Any) -> Traced:
    """The constant tensor of an array; equal arrays are one constant.

    Equal numbers everywhere and multiples of the identity are written as what they are; other numbers become data of
    the model with given values.  An array of integers may stand in a subscript, one of booleans is a mask.
    """
    require_constant(value)
    kind = "int" if "int" in str(value.dtype) else "bool" if "bool" in str(value.dtype) else "real"
    detached = value.detach() if hasattr(value, "detach") else value
    numbers = _tupled(detached.tolist())
    shape = tuple(int(n) for n in value.shape)
    _check(trace, shape, numbers, str(value.dtype))
    key = (kind, shape, numbers)
    known = trace.constants.get(key)
    if known is None:
        known = trace.constants[key] = Constant(_made(trace, kind, shape, numbers), [])
    if all(owner is not value for owner in known.owners):
        known.owners.append(value)
    return known.tensor


def require_constant(value: Any) -> None:
    """Refuses a tensor of torch that is to be trained: as a constant it would lose its gradient."""
    if getattr(value, "requires_grad", False) is True and not isinstance(value, Traced):
        raise mistake(
            "SN107",
            "a parameter of torch meets a tensor of the model",
            "make it one of the model:  net = sn.from_torch(net)  (or requires_grad=False for a constant)",
        )


def refitted(tensor: Traced, sizes: Sequence[sp.Expr]) -> Traced:
    """A constant tensor with named sizes in place of the equal numbers of its own shape; any other tensor as it is."""
    trace = tensor.own_trace
    found = next((k for k, c in trace.constants.items() if c.tensor.spec.name == tensor.spec.name), None)
    if found is None or tuple(sizes) == tensor.shape or [trace.size_value(s) for s in sizes] != list(tensor.shape):
        return tensor
    kind, _, numbers = found
    key = (kind, tuple(sizes), numbers)
    if key not in trace.constants:
        trace.constants[key] = Constant(_made(trace, kind, tuple(sizes), numbers), trace.constants[found].owners)
    return trace.constants[key].tensor


def labels_of(trace: Trace, numbers: Any, shape: tuple[int, ...]) -> Traced:
    """A constant tensor of integers, for a subscript."""
    nested = _tupled(numbers)
    known = trace.constants.setdefault(("int", shape, nested), Constant(_data(trace, shape, nested, True), []))
    return known.tensor


def numbers_of(trace: Trace, numbers: Sequence[float]) -> Any:
    """A constant vector of real numbers."""
    key = ("real", (len(numbers),), tuple(numbers))
    return trace.constants.setdefault(key, Constant(_made(trace, *key), [])).tensor


def constant_values(tensor: Traced) -> Any | None:
    """The nested numbers of a constant tensor, or None for any other tensor."""
    declared = tensor.own_trace.declared.get(tensor.spec.name)
    if tensor.spec.name not in tensor.own_trace.given or declared is None or not isinstance(declared.values, Given):
        return None
    return declared.values.values


def name_constants(trace: Trace, namespace: Mapping[str, Any]) -> None:
    """Data that came as arrays are called as the variables that hold them; what no equation reads is forgotten."""
    read = {a.name for e in trace.equations for a in e.read}
    for name in sorted(trace.given - read):
        del trace.specs[name], trace.declared[name]
    trace.given &= read
    for variable, value in namespace.items():
        for constant in trace.constants.values():
            if any(owner is value for owner in constant.owners):
                tensor = constant.tensor.spec.name
                sources = {a.name for e in trace.equations if e.target == tensor for a in e.read} | {tensor}
                for source in sources & trace.given:
                    trace.hints[source] = variable


def _check(trace: Trace, shape: tuple[int, ...], numbers: Any, dtype: str) -> None:
    count = math.prod(shape)
    source = trace.here()
    place = (Note(source),) if source else ()
    if "complex" in dtype:
        raise SymnetError(Problem("SN107", "complex numbers: symnet knows real ones only", place))
    if count == 0:
        raise SymnetError(Problem("SN103", f"an array of shape {list(shape)} has no entry", place))
    if count > LARGEST:
        sizes = ", ".join(map(str, shape))
        help = (f"declare them as data:  x = sn.data({sizes}), and name a file in sn.train(data=...)",)
        raise SymnetError(Problem("SN107", f"an array of {count} numbers is data, not a constant", place, help=help))
    if not all(isinstance(v, bool | int | float) and (math.isfinite(v) or v == -math.inf) for v in flat(numbers)):
        raise SymnetError(
            Problem("SN105", "a constant array holds a number that is not finite", place, help=("write finite ones",))
        )


def _made(trace: Trace, kind: str, shape: tuple[Any, ...], numbers: Any) -> Traced:
    values = list(flat(numbers))
    if kind == "int":
        return _data(trace, shape, numbers, True)
    left, columns = indices_for(map(sp.sympify, shape)), _columns(numbers)
    body = _of_places(left, values, columns)
    if body is None:
        hidden = [v == -math.inf for v in values]
        data = _data(trace, shape, _filled(numbers, iter(hidden)), False)
        if kind == "real" and not any(hidden):
            return data
        body = scalars.greater(data.read(left), sp.S.Zero) if kind == "bool" else data.read(left)
        if any(hidden):
            where = _of_places(left, hidden, columns)
            if where is None:
                where = scalars.greater(_data(trace, shape, _filled(numbers, iter(hidden), True), False).read(left), 0)
            body = scalars.where(where, -sp.oo, body)
    spec = trace.new_spec(map(sp.sympify, shape), "intermediate")
    trace.define(spec, Term(left, body))
    return Traced.facing(trace, spec)


def of_places(shape: Sequence[int], values: Sequence[float]) -> sp.Expr | None:
    """The entries of an array as a function of their place alone, None where they stand for themselves."""
    return _of_places(indices_for(map(sp.Integer, shape)), values, shape[-1])


def _of_places(left: Sequence[Index], values: Sequence[Any], columns: int) -> sp.Expr | None:
    """The entries as a function of their place alone: equal ones, multiples of the identity, triangles of two numbers,
    as the masks of attention are; None where they are none of these."""
    numbers = [-sp.oo if v == -math.inf else meant(float(v)) for v in values]
    if len(set(numbers)) == 1:
        return numbers[0]
    rows = len(values) // columns
    if len(set(numbers)) > 2 or len(left) < 2 or any(i.size != 1 for i in left[:-2]):
        return None
    i, j = left[-2:]
    entry = {(r, c): numbers[r * columns + c] for r in range(rows) for c in range(columns)}
    if rows == columns and -sp.oo not in numbers and all((entry[r, c] == 0) == (r != c) for r, c in entry):
        return entry[0, 0] * Delta(i, j)
    for step in range(1 - rows, columns - 1):  # entry [r, c] is of the lower triangle where c <= r + step
        lower, upper = ({v for (r, c), v in entry.items() if (c <= r + step) is side} for side in (True, False))
        if len(lower) == len(upper) == 1:
            pair, inside = (lower.pop(), upper.pop()), scalars.greater_equal(i + step, j)
            return inside if pair == (1, 0) else scalars.where(inside, *pair)
    return None


def _data(trace: Trace, shape: tuple[Any, ...], numbers: Any, integer: bool) -> Traced:
    bound = sp.Integer(max(flat(numbers)) + 1) if integer else None
    spec = trace.new_spec(map(sp.sympify, shape), "label" if integer else "data", bound)
    trace.given.add(spec.name)
    trace.hints[spec.name] = "index" if integer else "c"
    trace.declared[spec.name] = Declared(Given(numbers), bound)
    return Traced.facing(trace, spec)


def _tupled(nested: Any) -> Any:
    return tuple(map(_tupled, nested)) if isinstance(nested, list | tuple) else nested


def _columns(nested: Any) -> int:
    """The length of the last axis."""
    return _columns(nested[0]) if isinstance(nested[0], tuple) else len(nested)


def _filled(nested: Any, hidden: Iterator[bool], shown: bool = False) -> Any:
    """The numbers as floats, 0 for what is hidden; or, ``shown``, 1 for what is hidden and 0 elsewhere."""
    if isinstance(nested, tuple):
        return tuple(_filled(part, hidden, shown) for part in nested)
    away = next(hidden)
    return float(away) if shown else 0.0 if away else float(nested)


def flat(nested: Any) -> Iterator[Any]:
    """The numbers of nested tuples in row-major order."""
    if isinstance(nested, tuple | list):
        for part in nested:
            yield from flat(part)
    else:
        yield nested
