"""The few ways in which a tensor is made from others: pointwise with broadcasting, reduction, product, re-addressing.

Each returns a new tensor, or the broken tensor after noting what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar, cast

import sympy as sp

from symnet.calculus.ir import Index, Operation, TensorSpec, Ties
from symnet.calculus.scalars import without_sympy_kinks
from symnet.declare.tracing.constants import refitted, require_constant
from symnet.declare.tracing.decimals import meant
from symnet.declare.tracing.trace import Term, Trace, Traced, current
from symnet.errors import Note

T = TypeVar("T", bound=Traced)
Rule = Callable[..., sp.Expr]


def number(value: object) -> sp.Expr | None:
    """A Python or SymPy number, or a size, as an exact SymPy number; None for anything else.

    A decimal such as 0.1 is taken as written, 1/10, and ``2**0.5`` as √2 (``decimals``).
    One that is not finite is noted as a mistake.
    """
    if isinstance(value, sp.Expr) and not value.free_symbols - set(current().sizes):
        return _as_written(value) if value.is_finite is not False else _not_finite(value)
    if isinstance(value, (bool, int)):
        return sp.Integer(int(value))
    if isinstance(value, Traced):
        return None
    if hasattr(value, "item") and hasattr(value, "dtype") and tuple(getattr(value, "shape", (1,))) == ():
        require_constant(value)
        value = value.item()  # a number of NumPy or torch
    if isinstance(value, (int, float)):
        return meant(float(value)) if math.isfinite(value) else _not_finite(value)
    return None


def _as_written(value: sp.Expr) -> sp.Expr:
    """The number with decimals exact: 0.1/C is 1/(10 C); sizes that are fixed are their numbers."""
    trace = current()
    fixed = {s: sp.Integer(trace.sizes[s]) for s in value.free_symbols & trace.fixed}
    return value.xreplace({**fixed, **{f: meant(float(f)) for f in value.atoms(sp.Float)}})


def _not_finite(value: object) -> sp.Expr:
    current().fail("SN105", f"the constant {value} is not finite", help=("write a finite number",))
    return sp.S.One


def pointwise(trace: Trace, rule: Rule, *operands: T | sp.Expr, hint: str = "") -> T:
    """``y[i] += rule(a[i], b[i], ...)`` with NumPy's broadcasting, except that two operands of different rank never
    stretch each other ([N,1] with [N] to [N,N]) unless the person added the axis of size 1 in the expression itself,
    ``x[:, None] - y``, or calls a library's own word, ``torch.sub(x, y)``."""
    operands = _fitted(trace, operands)
    tensors: list[T] = [o for o in operands if not isinstance(o, sp.Expr)]
    if any(t.broken for t in tensors):
        return tensors[0].as_broken()
    shape = broadcast_shape(trace, tensors)
    if shape is None:
        return tensors[0].as_broken()
    left = tuple(Index("i", size) for size in shape)
    body = rule(*(o if isinstance(o, sp.Expr) else o.read(aligned(left, o.spec)) for o in operands))
    spec = trace.new_spec(shape, "intermediate")
    if sp.S.One in shape and any(t.spec.name in trace.outer for t in tensors):
        trace.outer.add(spec.name)
    trace.define(spec, Term(left, without_sympy_kinks(body)))
    return tensors[0].made(spec, hint)


def _fitted(trace: Trace, operands: tuple[T | sp.Expr, ...]) -> tuple[T | sp.Expr, ...]:
    """The operands, constants among them with the named sizes of what they meet."""
    tensors = [o for o in operands if isinstance(o, Traced)]
    named: dict[int, sp.Expr] = {}
    for tensor in tensors:
        for place, size in enumerate(reversed(tensor.shape)):
            if not size.is_Integer and trace.size_value(size) is not None:
                named.setdefault(place, size)
    return tuple(o if isinstance(o, sp.Expr) else _named_sizes(trace, o, named) for o in operands)


def _named_sizes(trace: Trace, tensor: T, named: Mapping[int, sp.Expr]) -> T:
    """``named`` maps places, counted from the last axis, to sizes."""
    places = range(tensor.ndim - 1, -1, -1)
    sizes = [
        named[p] if p in named and trace.size_value(named[p]) == size else size
        for p, size in zip(places, tensor.shape, strict=True)
    ]
    return cast(T, refitted(tensor, sizes))


def aligned(left: Sequence[Index], spec: TensorSpec) -> tuple[sp.Expr, ...]:
    """The addresses of a tensor inside a broadcast result: right-aligned, 0 on an axis of size 1 that is stretched."""
    own = left[len(left) - spec.rank :]
    return tuple(sp.S.Zero if size == 1 != i.size else i for i, size in zip(own, spec.shape, strict=True))


def broadcast_shape(trace: Trace, tensors: Sequence[Traced]) -> tuple[sp.Expr, ...] | None:
    """The common shape, or None after noting the mistake."""
    shape: tuple[sp.Expr, ...] = ()
    for tensor in tensors:
        merged = merged_shape(trace, shape, tensor.spec.shape)
        if merged is None:
            trace.fail(
                "SN103",
                f"shapes {_many(tensors)} do not fit together",
                table=shape_table(trace, tensors),
                because=_made_at(trace, tensors),
                help=("sizes must be equal or 1, counted from the last axis",),
            )
            return None
        silent = len(shape) != tensor.spec.rank and _is_squared(trace, max(shape, tensor.spec.shape, key=len), merged)
        meant = trace.free or any(t.spec.name in trace.outer and not trace.person_name(t.spec) for t in tensors)
        if shape and tensor.spec.rank and silent and not meant:
            trace.fail(
                "SN102",
                f"this would broadcast {show(shape)} with {show(tensor.spec.shape)} to {show(merged)}",
                table=shape_table(trace, tensors),
                caret="NumPy and PyTorch do this silently",
                help=("give both the same rank: x[:, 0] drops an axis of size 1, x[:, None] adds one",),
            )
            return None
        shape = merged
    return shape


def _is_squared(trace: Trace, shape: Sequence[sp.Expr], merged: Sequence[sp.Expr]) -> bool:
    """Whether an axis of size 1 gets as long as another one, as where [N,1] meets [N]: that is hardly ever meant."""
    stretched = [k for k, size in enumerate(shape) if size == 1 != merged[k]]
    return any(trace.same_size(merged[k], size) for k in stretched for size in shape if size != 1)


def merged_shape(trace: Trace, a: tuple[sp.Expr, ...], b: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...] | None:
    """Two shapes broadcast against each other, or None where they do not fit."""
    rank = max(len(a), len(b))
    merged = []
    for p, q in zip((sp.S.One,) * (rank - len(a)) + a, (sp.S.One,) * (rank - len(b)) + b, strict=True):
        if 1 not in (p, q) and not trace.same_size(p, q):
            return None
        merged.append(q if p == 1 else p)
    return tuple(merged)


def reduction(tensor: T, rule: Rule, axes: Sequence[int], op: str = "+", hint: str = "") -> T:
    """``y[i] op= rule(x[i, k])`` over the given axes, which are gone from the result; op is "+", "max" or "first"."""
    trace = tensor.own_trace
    indices = tuple(Index("i", size) for size in tensor.spec.shape)
    reduced = tuple(indices[a] for a in axes)
    left = tuple(index for k, index in enumerate(indices) if k not in axes)
    spec = trace.new_spec((i.size for i in left), "intermediate")
    operation: Operation = "+" if op == "+" else "max"
    ties: Ties = "first" if op == "first" else "share"
    trace.define(spec, Term(left, rule(tensor.read(indices)), reduced, operation, ties=ties))
    return tensor.made(spec, hint)


def product(a: T, b: T) -> T:
    """The matrix product with torch's rules: vectors lose their axis, leading axes broadcast.

    ``y[b, i, j] += a[b, i, k] * b[b, k, j]``
    """
    trace = a.own_trace
    if a.broken or b.broken:
        return a.as_broken()
    if not a.spec.rank or not b.spec.rank:
        trace.fail(
            "SN103",
            "@ takes vectors and matrices, not a single number",
            table=shape_table(trace, (a, b)),
            help=("write * to multiply by a number",),
        )
        return a.as_broken()
    a = _named_sizes(trace, a, {0: b.shape[0] if b.ndim == 1 else b.shape[-2]})
    b = _named_sizes(trace, b, {min(b.ndim - 1, 1): a.shape[-1]})
    inner = b.spec.shape[0] if b.spec.rank == 1 else b.spec.shape[-2]
    if not trace.same_size(a.spec.shape[-1], inner):
        return _inner_sizes_differ(a, b, inner)
    k = Index("k", inner)
    rows = (Index("i", a.spec.shape[-2]),) if a.spec.rank > 1 else ()
    columns = (Index("j", b.spec.shape[-1]),) if b.spec.rank > 1 else ()
    batch = merged_shape(trace, a.spec.shape[:-2], b.spec.shape[:-2])
    if batch is None:
        trace.fail(
            "SN103", f"the leading axes of {_many((a, b))} do not fit together", table=shape_table(trace, (a, b))
        )
        return a.as_broken()
    lead = tuple(Index("n", size) for size in batch)
    left = lead + rows + columns
    first = a.read((*_stretched(lead, a.spec.shape[:-2]), *rows, k))
    second = b.read((*_stretched(lead, b.spec.shape[:-2]), k, *columns))
    spec = trace.new_spec((i.size for i in left), "intermediate")
    trace.define(spec, Term(left, first * second, (k,)))
    return a.made(spec, "z")


def _stretched(lead: Sequence[Index], shape: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
    own = lead[len(lead) - len(shape) :]
    return tuple(sp.S.Zero if size == 1 != i.size else i for i, size in zip(own, shape, strict=True))


def _inner_sizes_differ(a: T, b: T, inner: sp.Expr) -> T:
    trace = a.own_trace
    hints = []
    if b.spec.rank == 2 and b.spec.shape[-1] == a.spec.shape[-1]:
        hints.append(
            f"write  {label(trace, a)} @ {label(trace, b)}.T   (torch.nn.Linear stores its weight as [out,in])"
        )
    table = shape_table(trace, (a, b))
    trace.fail(
        "SN101",
        f"the inner sizes of @ differ: {_many((a, b))}",
        table=(*table[:-1], f"{table[-1]}   {a.spec.shape[-1]} would have to meet {inner}"),
        because=_made_at(trace, (a, b)),
        help=tuple(hints) or (f"the last axis of {label(trace, a)} has to be the first of {label(trace, b)}",),
    )
    return a.as_broken()


def readdressed(tensor: T, left: tuple[Index, ...], addresses: Sequence[sp.Expr]) -> T:
    """``y[left] += x[addresses]``: transposes, slices, new axes, reshapes."""
    spec = tensor.own_trace.new_spec((i.size for i in left), "intermediate", tensor.spec.classes)
    tensor.own_trace.define(spec, Term(left, tensor.read(addresses)))
    return tensor.made(spec, "v")


def label(trace: Trace, tensor: Traced) -> str:
    """What a message calls a tensor: the text of the person's expression."""
    return trace.text_of(tensor.spec)


def show(shape: Sequence[sp.Expr]) -> str:
    """A shape as ``[N,D]``."""
    return "[" + ",".join(map(str, shape)) + "]"


def shape_table(trace: Trace, tensors: Sequence[Traced]) -> tuple[str, ...]:
    """One line for each tensor with its sizes and their numbers."""
    names = [label(trace, t) for t in tensors]
    width = max(map(len, names), default=0)
    lines = []
    for name, tensor in zip(names, tensors, strict=True):
        sizes = ", ".join(_with_number(trace, size) for size in tensor.spec.shape)
        lines.append(f"{name:<{width}}  [{sizes}]")
    return tuple(lines)


def _with_number(trace: Trace, size: sp.Expr) -> str:
    if size.is_Integer:
        return str(size)
    value = trace.size_value(size)
    return f"{size}={'batch' if value is None else value}"


def _many(tensors: Sequence[Traced]) -> str:
    return ", ".join(f"{label(t.own_trace, t)} is {show(t.spec.shape)}" for t in tensors)


def _made_at(trace: Trace, tensors: Sequence[Traced]) -> tuple[Note, ...]:
    """Where the operands that were declared got their shapes."""
    places = [(t.spec.source, label(trace, t)) for t in tensors if t.spec.role != "intermediate"]
    return tuple(Note(source, f"{name} gets its shape here") for source, name in places if source is not None)
