"""The words for derivatives inside a model; torch.autograd's names, on tensors where torch.func has functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.calculus.ir import Index
from symnet.declare.functions.differentiation import Question, derivatives, reaches
from symnet.declare.functions.storage import detach
from symnet.declare.tracing.primitives import label, show
from symnet.declare.tracing.tensor import Tensor, require_tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.untracked import is_untracked
from symnet.declare.tracing.words import mistake, word

Tensors = Tensor | Sequence[Tensor]


@word(of_torch=False, method=False)
def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = True,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> Any:
    """g[i] = ∂y/∂x[i], or Σ_n G[n] ∂y[n]/∂x[i] with cotangents G; a tuple for a tuple of inputs"""
    ys, xs = _tensors(outputs, "grad"), _tensors(inputs, "grad")
    if is_grads_batched:
        raise mistake("SN110", "is_grads_batched is not covered", "sn.jacobian(y, x) has every derivative of y")
    weights = _cotangents(ys, grad_outputs)
    used = _used(ys, xs, materialize_grads or bool(allow_unused))
    chosen = [x for x in xs if x.spec.name in used]
    found = dict(zip((x.spec.name for x in chosen), _of(ys, chosen, weights), strict=True))
    none = _zeros if materialize_grads else lambda x: None
    results = [found[x.spec.name] if x.spec.name in found else none(x) for x in xs]
    fixed = not create_graph or is_untracked()
    return _like(inputs, [r if r is None or not fixed else detach(r) for r in results])


@word(torch="autograd.grad", of_torch=False, method=False, offered=False)
def autograd_grad(outputs: Tensors, inputs: Tensors, **options: Any) -> Any:
    """g[i] = ∂y/∂x[i], or Σ_n G[n] ∂y[n]/∂x[i] with cotangents G; a tuple always"""
    return grad(outputs, _tensors(inputs, "grad"), **options)


@word(of_torch=False, method=False)
def vjp(outputs: Tensors, inputs: Tensors, v: Any) -> Any:
    """g[i] = Σ_n v[n] ∂y[n]/∂x[i]"""
    return grad(outputs, inputs, v)


@word(of_torch=False, method=False)
def jvp(outputs: Tensors, inputs: Tensors, v: Any) -> Any:
    """t[n] = Σ_i ∂y[n]/∂x[i] v[i]; a tuple for a tuple of outputs"""
    ys, xs = _tensors(outputs, "jvp"), _tensors(inputs, "jvp")
    tangents = _weights(v, xs, "tangent", "input")
    _used(ys, xs, False)
    return _like(outputs, _placed(derivatives(Question("tangent", ys, xs, tangents))))


@word(of_torch=False, method=False)
def jacobian(outputs: Tensor, inputs: Tensors) -> Any:
    """J[n,i] = ∂y[n]/∂x[i], the axes of y first"""
    y, xs = require_tensor(outputs, "jacobian"), _tensors(inputs, "jacobian")
    _used((y,), xs, False)
    return _like(inputs, _of((y,), xs, (None,), "jacobian"))


@word(of_torch=False, method=False)
def hessian(outputs: Tensor, inputs: Tensors) -> Any:
    """H[i,j] = ∂²y/∂x[i]∂x[j], y one number; a tuple of rows for a tuple of inputs"""
    xs = _tensors(inputs, "hessian")
    first = grad(outputs, list(xs))
    rows = [_second(g, xs) for g in first]
    return _like(inputs, [_like(inputs, row) for row in rows])


@word(of_torch=False, method=False)
def hvp(outputs: Tensor, inputs: Tensors, v: Any) -> Any:
    """g[i] = Σ_j ∂²y/∂x[i]∂x[j] v[j], y one number"""
    xs = _tensors(inputs, "hvp")
    first = grad(outputs, list(xs))
    tangents = _weights(v, xs, "vector", "input")
    reached = reaches(xs[0].own_trace, first)
    if not any(x.spec.name in reached for x in xs):
        return _like(inputs, [_zeros(x) for x in xs])
    return _like(inputs, _placed(derivatives(Question("tangent", tuple(first), xs, tangents))))


def _tensors(value: Any, name: str) -> tuple[Tensor, ...]:
    several = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not several:
        raise mistake("SN107", f"{name} needs a tensor", f"sn.{name}(y, x)")
    for tensor in several:
        if require_tensor(tensor, name).spec.integer:
            raise mistake("SN107", f"{label(tensor.own_trace, tensor)} holds integers, which have no derivative")
    return several


def _like(asked: Any, results: list[Any]) -> Any:
    """The results as they were asked for: one, or a tuple."""
    return tuple(results) if isinstance(asked, list | tuple) else results[0]


def _placed(results: list[Tensor]) -> list[Tensor]:
    """Several results of one call, each known by its place in the tuple: ``u_x, u_y = ...`` names them."""
    for position, tensor in enumerate(results):
        tensor.own_trace.positions[tensor.spec.name] = position
    return results


def _of(
    ys: tuple[Tensor, ...], xs: Sequence[Tensor], weights: tuple[Tensor | None, ...], kind: Any = "gradient"
) -> list[Tensor]:
    return _placed(derivatives(Question(kind, ys, tuple(xs), weights))) if xs else []


def _cotangents(ys: tuple[Tensor, ...], given: Any) -> tuple[Tensor | None, ...]:
    several = (
        list(given)
        if isinstance(given, list | tuple)
        else [given] * (1 if len(ys) == 1 or given is not None else len(ys))
    )
    for y, weight in zip(ys, several, strict=False):
        if weight is None and y.shape != ():
            name = label(y.own_trace, y)
            help = (
                f"add it up first if each of its entries depends on its own inputs: sn.grad({name}.sum(), x)",
                "give a cotangent, sn.vjp(y, x, v), or ask for every derivative, sn.jacobian(y, x)",
            )
            raise mistake("SN201", f"{name} is {show(y.shape)}: grad differentiates one number", *help)
    return _weights(several, ys, "cotangent", "output")


def _weights(given: Any, tensors: tuple[Tensor, ...], what: str, of: str) -> tuple[Any, ...]:
    several = tuple(given) if isinstance(given, list | tuple) else (given,)
    if len(several) != len(tensors):
        raise mistake("SN103", f"{len(several)} {what}s for {len(tensors)} {of}s", f"one {what} for each {of}")
    for weight, tensor in zip(several, tensors, strict=True):
        same = tensor.own_trace.same_shape
        if weight is not None and not same(require_tensor(weight, f"a {what}").shape, tensor.shape):
            message = f"the {what} is {show(weight.shape)}, the {of} is {show(tensor.shape)}"
            raise mistake("SN103", message, f"one number for each entry of the {of}")
    return several


def _used(ys: Sequence[Tensor], xs: Sequence[Tensor], unused: bool) -> frozenset[str]:
    """What the outputs depend on, inputs among it.  Raises SymnetError for an input that is not, if none may be."""
    trace = xs[0].own_trace
    reached = reaches(trace, ys)
    for x in xs:
        name = label(trace, x)
        for formed in trace.derivatives:
            if x.spec.name in formed.rests_on and reached.intersection(formed.inner.results.values()):
                message = f"a derivative that was formed before rests on what {name} is made of"
                raise mistake("SN111", message, "differentiate it by data, by parameters, or by what it was taken by")
        if x.spec.name not in reached and not unused:
            help = (
                "differentiate by the tensor itself that the output was made from; a slice or a reshape is another one",
                "allow_unused=True gives None for it, materialize_grads=True zeros",
            )
            raise mistake("SN111", f"{label(trace, ys[0])} is not computed from {name}", *help)
        outside = trace.begun and int(x.spec.name[1:]) < trace.begun[-1]
        if outside and x.spec.name in reached and trace.of_one_time(reached):
            message = f"inside a step of scan no derivative by {name}, from outside of it, is known"
            raise mistake("SN111", message, "pass it to scan as an input or as a state")
    return reached


def _zeros(x: Tensor, before: tuple[sp.Expr, ...] = ()) -> Tensor:
    shape = (*before, *x.shape)
    spec = x.own_trace.new_spec(shape, "intermediate")
    x.own_trace.define(spec, Term(tuple(Index("i", size) for size in shape), sp.S.Zero))
    return x.made(spec, "zero")


def _second(g: Tensor, xs: tuple[Tensor, ...]) -> list[Tensor]:
    """The derivatives of one gradient by every input, 0 where it does not depend on one."""
    reached = reaches(g.own_trace, (g,))
    chosen = [x for x in xs if x.spec.name in reached]
    found = dict(zip((x.spec.name for x in chosen), _of((g,), chosen, (None,), "jacobian"), strict=True))
    return [found[x.spec.name] if x.spec.name in found else _zeros(x, g.shape) for x in xs]
