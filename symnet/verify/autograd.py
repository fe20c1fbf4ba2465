"""The forward equations evaluated by PyTorch, and what its autograd says of every tensor.

Written against the meaning of the equations alone (index grids, gather, sum), it shares no line with the one rule, the
simplifier or the code generator.  Dense, as the evaluator is: for comparing, not for training.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add, mul
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy as sp
import torch

from symnet.calculus.evaluate import sizes_of
from symnet.calculus.ir import GIVEN, Access, Delta, Equation, Index, Program
from symnet.calculus.loops import Loop, loops_of
from symnet.calculus.matrix_rules import argument_of, is_matrix_function
from symnet.calculus.norms import with_flat_roots
from symnet.model import Inner

Array = Any
Values = dict[str, Any]


def autograd_of(
    program: Program, inputs: Mapping[str, Array], device: str = "cpu", inner: Sequence[Inner] = ()
) -> tuple[Values, dict[str, Array]]:
    """(values, gradients): every tensor of the forward equations, and ∂loss/∂tensor by autograd, as float64 arrays.

    A tensor that the loss does not depend on has the gradient 0.  ``program`` holds forward equations only; those of a
    derivative inside the model are left aside, and autograd forms it from the equations of what is differentiated.
    """
    values: Values = {}
    for name, spec in program.tensors.items():
        if spec.role in GIVEN:
            tensor = torch.as_tensor(np.array(inputs[name]), device=device)
            values[name] = tensor if spec.integer else tensor.to(torch.float64).requires_grad_()
    sizes = sizes_of(program, {n: tuple(v.shape) for n, v in values.items()})
    _compute(program, _Scope(values, sizes, device), {r: i for i in inner for r in i.results.values()})
    wanted = {n: v for n, v in values.items() if v.requires_grad}
    loss = values[program.loss]
    if not loss.requires_grad:  # it depends on no real tensor
        loss = loss + sum(torch.zeros_like(v).sum() * 0 for v in wanted.values()).requires_grad_()
    found = torch.autograd.grad(loss, list(wanted.values()), allow_unused=True, materialize_grads=True)
    gradients = {n: g.detach().cpu().numpy() for n, g in zip(wanted, found, strict=True)}
    return {n: v.detach().cpu().numpy() for n, v in values.items()}, gradients


def _compute(program: Program, scope: _Scope, inner: Mapping[str, Inner]) -> None:
    """Every tensor of the program that the scope does not have yet."""
    program, values = with_flat_roots(program), scope.values
    loops = {name: loop for loop in loops_of(program) for name in loop.tensors}
    for name in program.targets():
        if name in inner and name not in values:
            values.update(_derivatives(inner[name], scope, inner))
        elif name in loops and name not in values:
            _run(program, loops[name], scope)
        elif name not in values:
            values[name] = _complete(program, program.defining(name), scope)


def _derivatives(asked: Inner, scope: _Scope, inner: Mapping[str, Inner]) -> Values:
    """A derivative inside the model by autograd, in a graph of its own that is differentiated again."""
    given = {n for n, t in asked.forward.tensors.items() if t.role != "intermediate"} | {*asked.inputs}
    own = _Scope({n: v for n, v in scope.values.items() if n in given}, scope.sizes, scope.device)
    others = {name: i for name, i in inner.items() if name not in asked.results.values()}
    _compute(asked.forward, own, others)
    ys, xs = [own.values[o] for o, _ in asked.outputs], [own.values[x] for x in asked.inputs]
    if asked.kind == "tangent":
        found = _pushed(ys, xs, [own.values[asked.tangents[x]] for x in asked.inputs])
        return dict(zip((asked.results[o] for o, _ in asked.outputs), found, strict=True))
    weights = [torch.ones_like(own.values[o]) if w is None else own.values[w] for o, w in asked.outputs]
    if asked.kind == "gradient":
        found = _pulled(ys, xs, weights)
    else:
        rows = [_pulled(ys, xs, [row.reshape(ys[0].shape)]) for row in torch.eye(ys[0].numel(), dtype=torch.float64)]
        found = [torch.stack(part).reshape(*ys[0].shape, *part[0].shape) for part in zip(*rows, strict=True)]
    return dict(zip((asked.results[x] for x in asked.inputs), found, strict=True))


def _pulled(ys: list[Any], xs: list[Any], weights: list[Any]) -> list[Any]:
    """Σ weight · ∂y/∂x."""
    found = torch.autograd.grad(ys, xs, weights, create_graph=True, allow_unused=True, materialize_grads=True)
    return list(found)


def _pushed(ys: list[Any], xs: list[Any], ways: list[Any]) -> list[Any]:
    """∂y/∂x · way, as the derivative of the pulled weights by the weights."""
    weights = [torch.zeros_like(y, requires_grad=True) for y in ys]
    pulled = (g if g.requires_grad else g + 0 * weights[0].sum() for g in _pulled(ys, xs, weights))
    return _pulled(list(pulled), weights, ways)


class _Scope:
    """What an expression is evaluated in: tensors, sizes, and the place of every index."""

    def __init__(self, values: Values, sizes: Mapping[sp.Symbol, int], device: str) -> None:
        self.values, self.sizes, self.device = values, sizes, device
        self.grids: dict[Index, Any] = {}

    def at(self, grids: Mapping[Index, Any]) -> _Scope:
        inner = _Scope(self.values, self.sizes, self.device)
        inner.grids = dict(grids)
        return inner

    def extent(self, size: sp.Expr) -> int:
        return int(size.xreplace(dict(self.sizes)))


def _run(program: Program, loop: Loop, scope: _Scope) -> None:
    """All tensors of a recurrence: what each step adds is added to a new tensor, so that autograd sees every state."""
    times = list(range(scope.extent(loop.size)))
    work: list[tuple[Equation, Mapping[Index, int]]] = [(e, {}) for e in loop.before]
    work += [(s.equation, s.at(t)) for t in (reversed(times) if loop.backward else times) for s in loop.steps]
    for name in loop.tensors:
        shape = [scope.extent(s) for s in program.tensors[name].shape]
        empty = 0.0 if program.defining(name)[0].op == "+" else -math.inf
        scope.values[name] = torch.full(shape, empty, dtype=torch.float64, device=scope.device)
    for equation, fixed in work:
        whole = scope.values[equation.target]
        part = _complete_part(equation, scope, fixed)
        for axis, index in enumerate(equation.left):
            if index in fixed:  # one place of this axis: nothing is added elsewhere
                at = torch.arange(whole.shape[axis], device=scope.device) == fixed[index]
                view = at.reshape([-1 if k == axis else 1 for k in range(whole.ndim)])
                part = torch.where(view, part, 0.0 if equation.op == "+" else -math.inf)
        scope.values[equation.target] = whole + part if equation.op == "+" else torch.maximum(whole, part)


def _complete_part(equation: Equation, scope: _Scope, fixed: Mapping[Index, int]) -> Any:
    """What one equation gives, reduced; an index that is fixed has one place."""
    terms = _terms(equation, scope, fixed)
    over = tuple(range(len(equation.left), terms.ndim))
    if not over:
        return terms
    if equation.op == "+":
        return terms.sum(over)
    if equation.ties == "share":
        return terms.amax(over)
    return terms.reshape(*terms.shape[: len(equation.left)], -1).max(-1).values


def _complete(program: Program, equations: tuple[Equation, ...], scope: _Scope) -> Any:
    """One tensor from all of its equations."""
    if is_matrix_function(equations[0]):
        return _matrix(equations[0], scope)
    shape = [scope.extent(s) for s in program.tensors[equations[0].target].shape]
    parts = [_terms(e, scope).reshape(*shape, -1) for e in equations]
    if equations[0].op == "+":
        return reduce(add, (p.sum(-1) for p in parts))
    candidates = torch.cat(parts, -1)
    return candidates.amax(-1) if equations[0].ties == "share" else candidates.max(-1).values


def _terms(equation: Equation, scope: _Scope, fixed: Mapping[Index, int] = MappingProxyType({})) -> Any:
    """The body at every value of the indices, 0 or -inf where the guard excludes it."""
    extents = [1 if i in fixed else scope.extent(i.size) for i in equation.indices]
    starts = [fixed.get(i, 0) for i in equation.indices]
    axes = [torch.arange(s, s + n, device=scope.device) for s, n in zip(starts, extents, strict=True)]
    grids = dict(zip(equation.indices, torch.meshgrid(*axes, indexing="ij") if axes else (), strict=True))
    empty = 0.0 if equation.op == "+" else -math.inf
    if not equation.guard:
        # Broadcast views instead of full grids keep an elementwise body as large as its own indices.
        views = {i: axes[k].reshape([-1 if j == k else 1 for j in range(len(axes))]) for k, i in enumerate(grids)}
        return _value(equation.body, scope.at(views)).to(torch.float64).expand(extents)
    guards = [_integer(g, scope.at(grids)) >= 0 for g in equation.guard]
    allowed = reduce(torch.logical_and, guards).expand(extents)
    inside = scope.at({i: grid[allowed] for i, grid in grids.items()})
    full = torch.full(extents, empty, dtype=torch.float64, device=scope.device)
    value = _value(equation.body, inside).to(torch.float64).expand(int(allowed.sum()))
    return full.masked_scatter(allowed, value)


def _integer(expression: sp.Expr, scope: _Scope) -> Any:
    if isinstance(expression, Index):
        return scope.grids[expression]
    if isinstance(expression, Access):
        return _read(expression, scope)
    if isinstance(expression, sp.Symbol):
        return torch.tensor(scope.sizes[expression], device=scope.device)
    if expression.is_Integer:
        return torch.tensor(int(expression), device=scope.device)
    if isinstance(expression, sp.floor):
        top, bottom = (_integer(e, scope) for e in expression.args[0].as_numer_denom())
        return torch.div(top, bottom, rounding_mode="floor")
    parts = [_integer(a, scope) for a in expression.args]
    if isinstance(expression, sp.Mod):
        return torch.remainder(*parts)
    if expression.is_Pow:
        return parts[0] ** parts[1]
    return reduce(add if expression.is_Add else mul, parts)


def _read(access: Access, scope: _Scope) -> Any:
    tensor = scope.values[access.name]
    return tensor[tuple(_integer(a, scope) for a in access.addresses)] if access.addresses else tensor


def _value(expression: sp.Expr, scope: _Scope) -> Any:
    if isinstance(expression, Access):
        return _read(expression, scope)
    if isinstance(expression, Index) or (isinstance(expression, sp.Symbol) and expression in scope.sizes):
        return _integer(expression, scope).to(torch.float64)
    if expression.is_Number or expression.is_NumberSymbol:
        return torch.tensor(float(expression), dtype=torch.float64, device=scope.device)
    if isinstance(expression, Delta):
        return (_integer(expression.args[0], scope) == _integer(expression.args[1], scope)).to(torch.float64)
    if expression.is_Pow:
        return _power(expression, scope)
    parts = [_value(a, scope) for a in expression.args]
    if expression.is_Add or expression.is_Mul:
        return reduce(add if expression.is_Add else mul, parts)
    return _FUNCTIONS[type(expression).__name__](*parts)


def _power(expression: sp.Expr, scope: _Scope) -> Any:
    base = _value(expression.base, scope)
    if expression.exp == sp.Rational(1, 2):
        return torch.sqrt(base)
    if expression.exp.is_Number:
        return base ** float(expression.exp)
    return base ** _value(expression.exp, scope)


def _indicator(test: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *parts: test(*parts).to(torch.float64)


_SAME_NAME = ("exp", "log", "tanh", "sin", "cos", "tan", "sinh", "cosh", "atan", "erf", "sigmoid", "relu", "sign")
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(torch, name) for name in _SAME_NAME},
    **{name: getattr(torch, name) for name in ("asin", "acos", "asinh", "acosh", "atanh", "atan2")},
    **{name: getattr(torch, name) for name in ("erfc", "erfinv", "lgamma", "digamma", "xlogy", "sinc")},
    "polygamma": lambda n, x: torch.polygamma(int(n), x),
    **{name: getattr(torch.special, name) for name in ("entr", "erfcx", "log_ndtr", "ndtri", "i0", "i0e", "i1", "i1e")},
    "elu": lambda x, alpha: torch.where(x > 0, x, alpha * torch.expm1(torch.clamp(x, max=0.0))),
    "is_number": _indicator(lambda x: x == x),
    "is_finite": _indicator(torch.isfinite),
    "round_down": torch.floor,
    "round_even": torch.round,
    "stop_gradient": lambda x: x.detach(),
    "absolute": torch.abs,
    "Abs": torch.abs,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "normal_cdf": torch.special.ndtr,
    "normal_pdf": lambda x: torch.exp(-(x**2) / 2) / (2 * math.pi) ** 0.5,
    "leaky_relu": lambda x, slope: torch.where(x > 0, x, slope * x),
    "clip": lambda x, lower, upper: torch.clamp(x, lower, upper),
    "huber": lambda r, d: torch.where(r.abs() <= d, r * r / 2, d * (r.abs() - d / 2)),
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "where": lambda condition, a, b: torch.where(condition != 0, a, b),
    "greater": _indicator(lambda a, b: a > b),
    "greater_equal": _indicator(lambda a, b: a >= b),
    "equal": _indicator(lambda a, b: a == b),
    "within": _indicator(lambda x, lower, upper: (x >= lower) & (x <= upper)),
}


def _matrix(equation: Equation, scope: _Scope) -> Any:
    """A function of whole matrices; NaN where a matrix has no such value."""
    matrices = scope.values[argument_of(equation).name]
    try:
        return _MATRICES[equation.op](matrices)
    except torch.linalg.LinAlgError:
        shape = [scope.extent(i.size) for i in equation.left]
        return torch.full(shape, math.nan, dtype=torch.float64, device=scope.device) + 0 * matrices.sum()


_MATRICES: Mapping[str, Callable[..., Any]] = {
    **{name: getattr(torch.linalg, name) for name in ("inv", "det", "cholesky", "eigvalsh", "svdvals", "matrix_exp")},
    "logdet": torch.logdet,
    "logabsdet": lambda a: torch.linalg.slogdet(a).logabsdet,
    "signdet": lambda a: torch.linalg.slogdet(a).sign,
    "pinv": torch.linalg.pinv,
    "prod": lambda a: a.prod(-1),
}


def why_not_on(device: str) -> str | None:
    """Why float64 numbers cannot be computed on a device, or None if they can."""
    try:
        torch.zeros(1, dtype=torch.float64, device=device).sum().item()
    except (RuntimeError, AssertionError, TypeError, NotImplementedError) as error:
        return str(error).splitlines()[0]
    return None
