"""Arrays of NumPy and torch inside a model: constant tensors whose numbers are part of the model.

Neither library is imported: an array is known by its type's module, and read by its own ``tolist``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Delta, indices_for
from symnet.declare.decimals import meant
from symnet.declare.trace import Constant, Declared, Term, Trace, Traced
from symnet.errors import Note, Problem, SymnetError
from symnet.model import Given

#: More numbers than this are data, not a constant of the model: they would be written out in every script.
LARGEST = 10_000


def is_array(value: object) -> bool:
    """Whether a value is an array of NumPy or torch with at least one axis; a single number is a number."""
    if isinstance(value, Traced) or not hasattr(value, "tolist") or not hasattr(value, "dtype"):
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


def refitted(tensor: Traced, sizes: Sequence[sp.Expr]) -> Traced:
    """A constant tensor with named sizes in place of the equal numbers of its own shape; any other tensor as it is."""
    trace = tensor.trace
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


def constant_values(tensor: Traced) -> Any | None:
    """The nested numbers of a constant tensor, or None for any other tensor."""
    declared = tensor.trace.declared.get(tensor.spec.name)
    if tensor.spec.name not in tensor.trace.given or declared is None or not isinstance(declared.values, Given):
        return None
    return declared.values.values


def name_constants(trace: Trace, namespace: Mapping[str, Any]) -> None:
    """Data that came as arrays are called as the variables that hold them; what no equation reads is forgotten."""
    read = {a.name for e in trace.equations for a in e.accesses}
    for name in sorted(trace.given - read):
        del trace.specs[name], trace.declared[name]
    trace.given &= read
    for variable, value in namespace.items():
        for constant in trace.constants.values():
            if any(owner is value for owner in constant.owners):
                tensor = constant.tensor.spec.name
                sources = {a.name for e in trace.equations if e.target == tensor for a in e.accesses} | {tensor}
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
    if not all(isinstance(v, bool | int | float) and math.isfinite(v) for v in flat(numbers)):
        raise SymnetError(
            Problem("SN105", "a constant array holds a number that is not finite", place, help=("write finite ones",))
        )


def _made(trace: Trace, kind: str, shape: tuple[Any, ...], numbers: Any) -> Traced:
    values = list(flat(numbers))
    if kind == "int":
        return _data(trace, shape, numbers, True)
    left = indices_for(map(sp.sympify, shape))
    body = None
    if len(set(values)) == 1:
        body = meant(float(values[0]))
    elif len(shape) == 2 and shape[0] == shape[1]:
        side = len(numbers)
        outside = [v for k, v in enumerate(values) if k % (side + 1)]
        if not any(outside) and len(set(values[:: side + 1])) == 1:
            body = meant(float(values[0])) * Delta(*left)
    if body is None:
        data = _data(trace, shape, _map_floats(numbers), False)
        if kind == "real":
            return data
        body = scalars.greater(data.read(left), sp.S.Zero)
    spec = trace.new_spec(map(sp.sympify, shape), "intermediate")
    trace.define(spec, Term(left, body))
    return Traced.facing(trace, spec)


def _data(trace: Trace, shape: tuple[Any, ...], numbers: Any, integer: bool) -> Traced:
    spec = trace.new_spec(map(sp.sympify, shape), "label" if integer else "data", integer)
    trace.given.add(spec.name)
    trace.hints[spec.name] = "index" if integer else "c"
    bound = sp.Integer(max(flat(numbers)) + 1) if integer else None
    trace.declared[spec.name] = Declared(Given(numbers), bound)
    return Traced.facing(trace, spec)


def _tupled(nested: Any) -> Any:
    return tuple(map(_tupled, nested)) if isinstance(nested, list | tuple) else nested


def _map_floats(nested: Any) -> Any:
    return tuple(map(_map_floats, nested)) if isinstance(nested, tuple) else float(nested)


def flat(nested: Any) -> Iterator[Any]:
    """The numbers of nested tuples in row-major order."""
    if isinstance(nested, tuple | list):
        for part in nested:
            yield from flat(part)
    else:
        yield nested
