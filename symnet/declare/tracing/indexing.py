"""Subscripts: integers, slices with steps, None, Ellipsis, labels, and given integers and booleans."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sympy as sp

from symnet.calculus.ir import Index, IntegerAccess
from symnet.declare.tracing.constants import (
    constant_of,
    constant_values,
    flat,
    is_array,
    is_integer_number,
    labels_of,
)
from symnet.declare.tracing.counting import arange
from symnet.declare.tracing.picking import Picking
from symnet.declare.tracing.primitives import aligned, merged_shape, number, readdressed, show
from symnet.declare.tracing.trace import Trace, Traced, mistake

T = TypeVar("T", bound=Traced)


def subscript(tensor: T, key: Any) -> T:
    """``y[...] += x[...]`` for a subscript as in NumPy and torch; labels read one entry each."""
    if tensor.broken:
        return tensor
    keys = _integers_of_masks(tensor, list(key) if isinstance(key, tuple) else [key])
    if keys is None:
        return tensor.as_broken()
    consuming = sum(k is not None and k is not Ellipsis for k in keys)
    if consuming > tensor.ndim:
        tensor.own_trace.fail("SN103", f"{consuming} subscripts for a tensor {show(tensor.shape)}")
        return tensor.as_broken()
    filler = [slice(None)] * (tensor.ndim - consuming)
    if any(k is Ellipsis for k in keys):
        at = next(n for n, k in enumerate(keys) if k is Ellipsis)
        keys[at : at + 1] = filler
    else:
        keys += filler
    computed = [n for n, k in enumerate(keys) if isinstance(k, Picking)]
    if computed and _together(tensor, keys):
        return _picked(tensor, keys, computed[0])
    shared = _shared(tensor, keys) if _together(tensor, keys) else None
    if shared is None:
        return tensor.as_broken()
    left: list[Index] = []
    addresses: list[sp.Expr] = []
    for k in keys:
        address = _address(tensor, k, left, shared, tensor.shape[len(addresses)] if k is not None else sp.S.One)
        if address is None:
            return tensor.as_broken()
        if k is not None:
            addresses.append(address)
    return readdressed(tensor, tuple(left), addresses)


def _picked(tensor: T, keys: list[Any], at: int) -> T:
    """A subscript with computed places: the others first."""
    beside = [n for n, k in enumerate(keys) if n != at and isinstance(k, arange | Traced)]
    if beside == [at - 1] and keys[at].tensor().ndim == len(keys[at - 1].shape) == 1:
        return _picked_by_row(tensor, keys, at)
    if beside:
        raise mistake("SN107", "labels beside computed places in one subscript", "take_along_dim(x, places, dim)")
    rest = subscript(tensor, (*keys[:at], slice(None), *keys[at + 1 :]))
    found: T = keys[at].picked(rest, sum(k is None or isinstance(k, slice) for k in keys[:at]))
    return found


def _picked_by_row(tensor: T, keys: list[Any], at: int) -> T:
    """``x[rows, places]``: one computed place of each row."""
    rest = subscript(tensor, (*keys[: at - 1], slice(None), slice(None), *keys[at + 1 :]))
    places, axis = keys[at].tensor(), sum(k is None or isinstance(k, slice) for k in keys[: at - 1])
    row = Index("n", places.shape[0])
    if not tensor.own_trace.same_size(row.size, keys[at - 1].shape[0]):
        raise mistake(
            "SN103", f"labels {show(keys[at - 1].shape)} beside places {show(places.shape)}", "one place a row"
        )
    address = _address(rest, keys[at - 1], [], (row,), rest.shape[axis])
    found: T = tensor.as_broken() if address is None else places.picked_by_row(rest, axis, row, address)
    return found


def _integers_of_masks(tensor: Traced, keys: list[Any]) -> list[Any] | None:
    """Arrays as constant labels, arrays of booleans as the labels of the places where they are true."""
    result: list[Any] = []
    for key in keys:
        key = list(key) if isinstance(key, range) else key
        if isinstance(key, list):
            result.append(labels_of(tensor.own_trace, key, (len(key),)) if all(map(is_integer_number, key)) else key)
        elif is_array(key) and "bool" in str(key.dtype):
            axes = len([k for k in result if k is not None])
            masked = tensor.shape[axes : axes + len(key.shape)]
            if [tensor.own_trace.size_value(s) for s in masked] != list(key.shape):
                tensor.own_trace.fail("SN103", f"a mask of shape {list(key.shape)} for axes {show(masked)}")
                return None
            result += true_places(tensor.own_trace, key.tolist(), key.shape, masked)
        else:
            result.append(constant_of(tensor.own_trace, key) if is_array(key) else key)
    return result


def true_places(trace: Trace, mask: Any, mask_shape: Sequence[Any], shape: Sequence[sp.Expr]) -> list[Traced]:
    """For each axis the labels of the places where a mask, given as nested numbers, is true, in row-major order."""
    sizes = [trace.size_value(s) for s in shape]
    lengths = [trace.size_value(sp.sympify(n)) for n in mask_shape]
    if None in sizes:
        raise mistake("SN104", f"a mask on an axis of unknown size in {show(shape)}", "name the size")
    places = []
    for place in itertools.product(*(range(n) for n in sizes if n is not None)):
        value = mask
        for i, n in zip(place[len(place) - len(lengths) :], lengths, strict=True):
            value = value[i if n != 1 else 0]
        if value:
            places.append(place)
    if not places:
        raise mistake("SN103", "the mask is false everywhere, so nothing is left")
    return [labels_of(trace, axis, (len(places),)) for axis in zip(*places, strict=True)]


def _shared(tensor: Traced, keys: list[Any]) -> tuple[Index, ...] | None:
    """The indices of the axes that labels, broadcast against each other, give the result."""
    shape: tuple[sp.Expr, ...] = ()
    for k in keys:
        own = k.shape if isinstance(k, arange) else k.shape if isinstance(k, Traced) and k.spec.integer else ()
        merged = merged_shape(tensor.own_trace, shape, own)
        if merged is None:
            trace = tensor.own_trace
            trace.fail("SN103", f"labels of shape {show(shape)} and {show(own)} in one subscript")
            return None
        shape = merged
    return tuple(Index("n", s) for s in shape)


def _address(tensor: Traced, key: Any, left: list[Index], shared: tuple[Index, ...], size: sp.Expr) -> sp.Expr | None:
    trace = tensor.own_trace
    if key is None:
        left.append(Index("i", sp.S.One))
        return sp.S.Zero
    whole = None if isinstance(key, bool | slice | arange | Traced) else number(key)
    if whole is not None and whole.is_integer:
        return _place(trace, whole, size)
    if isinstance(key, slice):
        return _slice(tensor, key, left, size)
    if isinstance(key, arange | Traced) and not set(shared) & set(left):
        left.extend(shared)
    if isinstance(key, Traced) and key.spec.integer:
        return _of_labels(trace, key, shared, size)
    if isinstance(key, arange):
        if key.count != size or shared[-1].size != size:
            trace.fail("SN103", f"arange({key.count}) on an axis of size {size}", help=(f"write sn.arange({size})",))
            return None
        return shared[-1]
    if isinstance(key, Traced):
        made = (e.body for e in trace.equations if e.target == key.spec.name)
        if any(body.is_Add and body.has(IntegerAccess) for body in made):
            help = ("labels are read as they are; for x[t + 1] write  x[1:][t]",)
            trace.fail("SN107", "a sum of labels and numbers is a real number, no label", help=help)
            return None
        help = ("keep the shape and put 0 elsewhere: sn.where(mask, x, 0)",)
        trace.fail("SN107", "how many entries a computed mask picks is not known before the data come", help=help)
        return None
    kind = type(key).__name__
    trace.fail("SN107", f"a tensor cannot be subscripted with {kind}", help=("integers, slices, None, labels",))
    return None


def _place(trace: Trace, key: sp.Expr, size: sp.Expr) -> sp.Expr | None:
    known, value = trace.size_value(size), trace.size_value(key)
    if value is None:
        return key
    if known is not None and not -known <= value < known:
        trace.fail("SN104", f"index {value} is outside an axis of size {known}")
        return None
    if value not in (0, -1) and not size.is_Integer and trace.fixed_size(size) is None:
        help = (f"index 0 and -1 are there for every {size}",)
        trace.fail("SN104", f"index {value} of an axis whose size {size} the data bring", help=help)
        return None
    return sp.Integer(value) if value >= 0 else size + value


def _together(tensor: Traced, keys: list[Any]) -> bool:
    """Refuses integers and labels with a slice between them: NumPy moves the labels' axes to the front there."""
    advanced = [n for n, k in enumerate(keys) if k is not None and not isinstance(k, slice)]
    labelled = any(isinstance(keys[n], arange | Traced) for n in advanced)
    if not labelled or advanced == list(range(advanced[0], advanced[-1] + 1)):
        return True
    tensor.own_trace.fail(
        "SN107",
        "labels and integers in a subscript with a slice between them",
        help=("take the integers first: x[0][:, t]",),
    )
    return False


def _of_labels(trace: Trace, key: Traced, shared: tuple[Index, ...], size: sp.Expr) -> sp.Expr | None:
    values = constant_values(key)
    if values is not None:
        return _of_constant(trace, key, values, shared, size)
    beyond = labels_beyond(trace, key.classes, size)
    if beyond is not None:
        message, axis = beyond
        trace.fail("SN202", message, help=(f"declare them with classes={axis}",))
        return None
    return key.read(aligned(shared, key.spec))


def labels_beyond(trace: Trace, bound: sp.Expr | None, size: sp.Expr) -> tuple[str, Any] | None:
    """What is wrong with labels that are declared to run on where an axis has ended, and the axis; None if they fit."""
    most, known = (None if s is None else trace.size_value(s) for s in (bound, size))
    if bound is None or bound == size or (most is not None and (known is None or most <= known)):
        return None
    to, axis = bound if most is None else most, size if known is None else known
    return f"the labels run to {to}, the axis has {axis}", axis


def _of_constant(trace: Trace, key: Traced, values: Any, shared: tuple[Index, ...], size: sp.Expr) -> sp.Expr | None:
    """Given integers: each is checked, and one below 0 counts from the end."""
    known, numbers = trace.size_value(size), list(flat(values))
    if known is None:
        trace.fail("SN104", f"given integers on an axis of unknown size {size}", help=("name the size",))
        return None
    outside = [n for n in numbers if not -known <= n < known]
    if outside:
        trace.fail("SN104", f"index {outside[0]} is outside an axis of size {known}")
        return None
    if min(numbers) < 0:
        key = labels_of(trace, mapped_numbers(values, lambda n: n % known), tuple(int(s) for s in key.shape))
    return key.read(aligned(shared, key.spec))


def mapped_numbers(nested: Any, function: Callable[[int], int]) -> Any:
    """Nested integers with a function applied to each."""
    return tuple(mapped_numbers(n, function) for n in nested) if isinstance(nested, tuple) else function(nested)


def _slice(tensor: Traced, key: slice, left: list[Index], size: sp.Expr) -> sp.Expr | None:
    if key == slice(None):
        index = Index("i", size)
        left.append(index)
        return index
    known = tensor.own_trace.fixed_size(size)
    if known is None:
        tensor.own_trace.fail(
            "SN104", f"a slice of an axis of unknown size {size}", help=("take the whole axis, or name its size",)
        )
        return None
    parts = [_bound(tensor.own_trace, part) for part in (key.start, key.stop, key.step)]
    if any(isinstance(part, str) for part in parts):
        tensor.own_trace.fail("SN107", "a slice takes integers")
        return None
    places = range(known)[slice(*parts)]
    if not places:
        tensor.own_trace.fail("SN104", f"the slice of an axis of size {known} is empty")
        return None
    index = Index("i", len(places))
    left.append(index)
    return places.start + places.step * index


def _bound(trace: Trace, part: Any) -> Any:
    """An end of a slice as an int or None; text for anything else."""
    if part is None:
        return None
    value = None if isinstance(part, bool | float) else number(part)
    known = trace.size_value(value) if value is not None else None
    return "no integer" if known is None else known
