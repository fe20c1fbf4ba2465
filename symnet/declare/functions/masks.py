"""The words for constants of a shape, triangles, and choices by a mask; torch's names and signatures.

A branch of -inf (or inf) is allowed where its limit is a number: what reads it is settled in ``declare.infinite``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.detached import stop_gradient
from symnet.calculus.ir import Access, Delta, Index
from symnet.declare.tracing.primitives import number, pointwise, show
from symnet.declare.tracing.tensor import Tensor, as_operand, require_tensor
from symnet.declare.tracing.trace import Term, Trace, Traced, current
from symnet.declare.tracing.words import mistake, word


@word(method=False)
def full(size: Any, fill_value: float, dtype: Any = None) -> Tensor:
    """y[i] = fill_value"""
    if is_whole(dtype) and fill_value not in ((0, 1) if "bool" in str(dtype) else (int(fill_value),)):
        raise mistake("SN107", f"{fill_value!r} is no value of {dtype}", "a floating dtype")
    return _constant("full", (size,), lambda left: infinity(fill_value) or number(fill_value), dtype)


@word(method=False)
def zeros(*size: Any, dtype: Any = None) -> Tensor:
    """y[i] = 0"""
    return _constant("zeros", size, lambda left: sp.S.Zero, dtype)


@word(method=False)
def ones(*size: Any, dtype: Any = None) -> Tensor:
    """y[i] = 1"""
    return _constant("ones", size, lambda left: sp.S.One, dtype)


@word(method=False)
def eye(n: Any, m: Any = None, dtype: Any = None) -> Tensor:
    """y[i,j] = 1 where i = j, else 0"""
    square = m is None or m == n
    shape = (n, n if m is None else m)
    return _constant("eye", shape, lambda left: (Delta if square else scalars.equal)(*left), dtype)


def is_whole(dtype: Any) -> bool:
    """Whether a dtype of torch or NumPy holds booleans or integers; raises SymnetError for complex ones."""
    said = str(dtype)
    if "complex" in said:
        raise mistake("SN107", f"tensors of a model hold real numbers, not {said}", "a floating dtype")
    return "int" in said or "bool" in said


def _constant(name: str, shape: Any, body: Callable[[tuple[Index, ...]], sp.Expr | None], dtype: Any) -> Tensor:
    """A tensor whose entries are a function of their place alone."""
    trace = current()
    wanted = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
    sizes = [number(s) for s in wanted]
    if any(s is None or not (s.is_integer and s.is_positive) for s in sizes):
        trace.fail("SN103", f"{name} of the shape {tuple(wanted)}", help=("sizes are positive integers or named",))
        return Tensor(trace, trace.new_spec((), "intermediate"), broken=True)
    left = tuple(Index("i", s) for s in sizes if s is not None)
    value = body(left)
    if value is None:
        trace.fail("SN107", f"{name} needs one number", help=("sn.full((N, K), 0.5)",))
        value = sp.S.Zero
    spec = trace.new_spec((i.size for i in left), "intermediate")
    trace.define(spec, Term(left, value))
    trace.writes.whole |= {spec.name} if is_whole(dtype) else set()
    return Tensor(trace, spec)


@word(numpy="tril")
def tril(x: Tensor, diagonal: int = 0) -> Tensor:
    """y[i,j] = x[i,j] where j - i <= diagonal, else 0"""
    return _triangle("tril", x, diagonal, lambda i, j: scalars.greater_equal(i + diagonal, j))


@word(numpy="triu")
def triu(x: Tensor, diagonal: int = 0) -> Tensor:
    """y[i,j] = x[i,j] where j - i >= diagonal, else 0"""
    return _triangle("triu", x, diagonal, lambda i, j: scalars.greater_equal(j, i + diagonal))


def _triangle(name: str, x: Tensor, diagonal: int, kept: Callable[[Index, Index], sp.Expr]) -> Tensor:
    """A triangle of the last two axes."""
    x = require_tensor(x, name)
    if x.broken:
        return x
    if x.ndim < 2 or not isinstance(diagonal, int):
        x.own_trace.fail("SN103", f"{name} of {show(x.shape)}, diagonal={diagonal}", help=("a matrix, a whole number",))
        return x.as_broken()
    left = tuple(Index("i", size) for size in x.shape)
    spec = x.own_trace.new_spec(x.shape, "intermediate")
    x.own_trace.define(spec, Term(left, scalars.where(kept(*left[-2:]), x.read(left), sp.S.Zero)))
    return x.made(spec)


@word(numpy="where", method=False)
def where(condition: Tensor, input: Tensor | float, other: Tensor | float) -> Tensor:
    """y[i] = a[i] where the condition holds, else b[i]; the condition is made of comparisons"""
    return _chosen("where", condition, input, other)


@word(torch="Tensor.where", offered=False, of_torch=False)
def where_method(input: Tensor, condition: Tensor, other: Tensor | float) -> Tensor:
    """x.where(condition, other): y[i] = x[i] where the condition holds, else other[i]"""
    return where(condition, input, other)


@word()
def masked_fill(x: Tensor, mask: Tensor, value: Tensor | float) -> Tensor:
    """y[i] = value where the mask holds, else x[i]; the value may be -inf under exp, softmax, logsumexp and amax"""
    return _chosen("masked_fill", mask, value, require_tensor(x, "masked_fill"))


def _chosen(name: str, chosen: Any, a: object, b: object) -> Tensor:
    said = None if isinstance(chosen, bool) else number(chosen)
    if said in (0, 1):  # a single truth value of NumPy or torch
        trace = current()
        picked, other = (as_operand(trace, o) for o in ((a, b) if said == 1 else (b, a)))
        if picked is not None and other is not None:
            both: Tensor = pointwise(trace, lambda p, _: p, picked, other)
            return both
    condition = require_tensor(chosen, name)
    trace = condition.own_trace
    if not condition.broken and not is_mask(trace, condition.spec.name):
        help = (f"compare it: {trace.text_of(condition.spec)} != 0",)
        trace.fail("SN108", f"the condition of {name} is not a mask of 0 and 1", help=help)
        return condition.as_broken()
    first, second = (infinity(o) or as_operand(trace, o) for o in (a, b))
    if first is None or second is None:
        return condition.as_broken()
    result: Tensor = pointwise(trace, scalars.where, condition, first, second)
    return result


def infinity(value: object) -> sp.Expr | None:
    """inf or -inf of Python, NumPy, torch or SymPy; None for anything else."""
    single = not isinstance(value, Traced) and getattr(value, "shape", None) == ()
    if single and hasattr(value, "item") and hasattr(value, "dtype"):
        value = value.item()
    if isinstance(value, float | sp.Number) and value in (float("inf"), -float("inf")):
        return sp.oo if value > 0 else -sp.oo
    return None


def is_mask(trace: Trace, name: str) -> bool:
    """Whether every value of a tensor is 0 or 1: declared so, or by its definition from comparisons and such."""
    if trace.specs[name].facts & {"mask", "one_hot"}:
        return True
    bodies = [e.body for e in trace.equations if e.target == name and not e.reduced]
    return len(bodies) == 1 and _is_mask(trace, bodies[0])


def _is_mask(trace: Trace, body: sp.Expr) -> bool:
    if isinstance(body, scalars.Indicator | Delta) or body in (0, 1):
        return True
    if isinstance(body, Access):
        return is_mask(trace, body.name)
    if isinstance(body, stop_gradient):
        return _is_mask(trace, body.args[0])
    if isinstance(body, scalars.where):
        return all(_is_mask(trace, branch) for branch in body.args[1:])
    if body.is_Mul:
        return all(_is_mask(trace, factor) for factor in body.args)
    one, rest = body.as_coeff_Add()
    return bool(one == 1) and _is_mask(trace, -rest)
