"""Subscripts: integers, slices with steps, None, Ellipsis, and one tensor of labels."""

from __future__ import annotations

from typing import Any, TypeVar

import sympy as sp

from symnet.calculus.ir import Index
from symnet.declare.primitives import readdressed, show
from symnet.declare.trace import Traced

T = TypeVar("T", bound=Traced)


def subscript(tensor: T, key: Any) -> T:
    """``y[...] += x[...]`` for a subscript as in NumPy and torch; labels read one entry each."""
    if tensor.broken:
        return tensor
    keys = list(key) if isinstance(key, tuple) else [key]
    consuming = sum(k is not None and k is not Ellipsis for k in keys)
    if consuming > tensor.ndim:
        tensor.trace.fail("SN103", f"{consuming} subscripts for a tensor {show(tensor.shape)}")
        return tensor.as_broken()
    filler = [slice(None)] * (tensor.ndim - consuming)
    if any(k is Ellipsis for k in keys):
        at = next(n for n, k in enumerate(keys) if k is Ellipsis)
        keys[at : at + 1] = filler
    else:
        keys += filler
    if not _together(tensor, keys):
        return tensor.as_broken()
    left: list[Index] = []
    addresses: list[sp.Expr] = []
    shared: list[Index] = []  # the indices of label tensors, which run together
    for k in keys:
        address = _address(tensor, k, left, shared, tensor.shape[len(addresses)] if k is not None else sp.S.One)
        if address is None:
            return tensor.as_broken()
        if k is not None:
            addresses.append(address)
    return readdressed(tensor, tuple(left), addresses)


def _address(tensor: Traced, key: Any, left: list[Index], shared: list[Index], size: sp.Expr) -> sp.Expr | None:
    trace = tensor.trace
    if key is None:
        left.append(Index("i", sp.S.One))
        return sp.S.Zero
    if isinstance(key, bool):
        key = str(key)
    if isinstance(key, int):
        known = trace.size_value(size)
        if known is not None and not -known <= key < known:
            trace.fail("SN104", f"index {key} is outside an axis of size {known}")
            return None
        return sp.Integer(key) if key >= 0 else size + key
    if isinstance(key, slice):
        return _slice(tensor, key, left, size)
    if isinstance(key, type(tensor)) and key.spec.integer:
        if not _labels_fit(key, shared, size):
            return None
        if not shared:
            shared.extend(Index("i", s) for s in key.shape)
            left.extend(shared)
        return key.read(shared)
    if isinstance(key, arange):
        if key.size != size or (shared and [i.size for i in shared] != [key.size]):
            trace.fail("SN103", f"arange({key.size}) on an axis of size {size}", help=(f"write sn.arange({size})",))
            return None
        if not shared:
            shared.append(Index("n", key.size))
            left.extend(shared)
        return shared[0]
    trace.fail(
        "SN107", f"a tensor cannot be subscripted with {type(key).__name__}", help=("integers, slices, None, labels",)
    )
    return None


def _together(tensor: Traced, keys: list[Any]) -> bool:
    """Refuses integers and labels with a slice between them: NumPy moves the labels' axes to the front there."""
    advanced = [n for n, k in enumerate(keys) if isinstance(k, int | arange | Traced)]
    labelled = any(isinstance(keys[n], arange | Traced) for n in advanced)
    if not labelled or advanced == list(range(advanced[0], advanced[-1] + 1)):
        return True
    tensor.trace.fail(
        "SN107",
        "labels and integers in a subscript with a slice between them",
        help=("take the integers first: x[0][:, t]",),
    )
    return False


def _labels_fit(key: Traced, shared: list[Index], size: sp.Expr) -> bool:
    trace = key.trace
    if shared and [i.size for i in shared] != list(key.shape):
        trace.fail("SN103", f"labels of shape {show([i.size for i in shared])} and {show(key.shape)} in one subscript")
        return False
    declared = trace.declared.get(key.spec.name)
    classes = trace.size_value(declared.classes) if declared and declared.classes is not None else None
    known = trace.size_value(size)
    if classes is not None and known is not None and classes > known:
        trace.fail(
            "SN202", f"the labels run to {classes}, the axis has {known}", help=(f"declare them with classes={known}",)
        )
        return False
    return True


class arange:
    """``sn.arange(N)`` inside a subscript: every row once, as in ``Z[sn.arange(N), t]``."""

    def __init__(self, size: sp.Expr) -> None:
        self.size = size


def _slice(tensor: Traced, key: slice, left: list[Index], size: sp.Expr) -> sp.Expr | None:
    if key == slice(None):
        index = Index("i", size)
        left.append(index)
        return index
    known = tensor.trace.size_value(size)
    if known is None:
        tensor.trace.fail(
            "SN104", f"a slice of an axis of unknown size {size}", help=("take the whole axis, or name its size",)
        )
        return None
    if any(not isinstance(part, int | None) for part in (key.start, key.stop, key.step)):
        tensor.trace.fail("SN107", "a slice takes integers")
        return None
    places = range(known)[key]
    if not places:
        tensor.trace.fail("SN104", f"the slice of an axis of size {known} is empty")
        return None
    index = Index("i", len(places))
    left.append(index)
    return places.start + places.step * index
