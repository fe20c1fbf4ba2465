"""The words for pointwise functions, reductions, shapes and products; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Delta, Index
from symnet.declare.primitives import number, pointwise, readdressed, reduction, show
from symnet.declare.tensor import Dim, Tensor, as_operand
from symnet.declare.trace import Term, current
from symnet.declare.words import method
from symnet.errors import Note, Problem, SymnetError


def _tensor(value: object, word: str) -> Tensor:
    if isinstance(value, Tensor):
        return value
    source = current().here()
    message = f"{word} takes a tensor, not {type(value).__name__}"
    raise SymnetError(
        Problem("SN107", message, (Note(source),) if source else (), help=("use math for plain numbers",))
    )


def _map(word: str, rule: Callable[..., sp.Expr], *operands: object) -> Tensor:
    first = _tensor(next((o for o in operands if isinstance(o, Tensor)), operands[0]), word)
    converted = [as_operand(first.trace, o) for o in operands]
    if any(o is None for o in converted):
        return first.as_broken()
    return pointwise(first.trace, rule, *converted)


# ---- pointwise ------------------------------------------------------------------------------------------------------
@method
def exp(x: Tensor) -> Tensor:
    """y[i] = exp(x[i])"""
    return _map("exp", sp.exp, x)


@method
def log(x: Tensor) -> Tensor:
    """y[i] = log(x[i])"""
    return _map("log", sp.log, x)


@method
def log1p(x: Tensor) -> Tensor:
    """y[i] = log(1 + x[i])"""
    return _map("log1p", lambda a: sp.log(1 + a), x)


@method
def sqrt(x: Tensor) -> Tensor:
    """y[i] = sqrt(x[i])"""
    return _map("sqrt", sp.sqrt, x)


@method
def square(x: Tensor) -> Tensor:
    """y[i] = x[i]²"""
    return _map("square", lambda a: a**2, x)


@method
def pow(x: Tensor, exponent: Tensor | float) -> Tensor:
    """y[i] = x[i] ** exponent[i]"""
    return _map("pow", lambda a, b: a**b, x, exponent)


@method
def sin(x: Tensor) -> Tensor:
    """y[i] = sin(x[i])"""
    return _map("sin", sp.sin, x)


@method
def cos(x: Tensor) -> Tensor:
    """y[i] = cos(x[i])"""
    return _map("cos", sp.cos, x)


@method
def tanh(x: Tensor) -> Tensor:
    """y[i] = tanh(x[i])"""
    return _map("tanh", sp.tanh, x)


@method
def sinh(x: Tensor) -> Tensor:
    """y[i] = sinh(x[i])"""
    return _map("sinh", sp.sinh, x)


@method
def cosh(x: Tensor) -> Tensor:
    """y[i] = cosh(x[i])"""
    return _map("cosh", sp.cosh, x)


@method
def sigmoid(x: Tensor) -> Tensor:
    """y[i] = 1 / (1 + exp(-x[i]))"""
    return _map("sigmoid", scalars.sigmoid, x)


@method
def relu(x: Tensor) -> Tensor:
    """y[i] = max(x[i], 0); the derivative at 0 is 0"""
    return _map("relu", scalars.relu, x)


def leaky_relu(x: Tensor, negative_slope: float = 0.01) -> Tensor:
    """y[i] = x[i] where positive, else negative_slope x[i]; the derivative at 0 is the slope"""
    return _map("leaky_relu", scalars.leaky_relu, x, negative_slope)


def softplus(x: Tensor) -> Tensor:
    """y[i] = log(1 + exp(x[i]))"""
    return _map("softplus", scalars.softplus, x)


def silu(x: Tensor) -> Tensor:
    """y[i] = x[i] sigmoid(x[i])"""
    return _map("silu", lambda a: a * scalars.sigmoid(a), x)


def gelu(x: Tensor, approximate: str = "none") -> Tensor:
    """y[i] = x[i] Φ(x[i]); with approximate="tanh", Φ by Hendrycks & Gimpel, arXiv:1606.08415"""
    if approximate not in ("none", "tanh"):
        current().fail("SN108", f"gelu has no approximate={approximate!r}", help=('"none" or "tanh"',))
        return x.as_broken()
    if approximate == "none":
        return _map("gelu", lambda a: a * scalars.normal_cdf(a), x)
    cubic = sp.Rational("0.044715")
    return _map("gelu", lambda a: a / 2 * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (a + cubic * a**3))), x)


@method
def abs(x: Tensor) -> Tensor:
    """y[i] = |x[i]|; the derivative at 0 is 0"""
    return _map("abs", scalars.absolute, x)


@method
def sign(x: Tensor) -> Tensor:
    """y[i] = -1, 0 or 1"""
    return _map("sign", scalars.sign, x)


def maximum(a: Tensor | float, b: Tensor | float) -> Tensor:
    """y[i] = the larger of a[i], b[i]; at a tie each gets half of the derivative"""
    return _map("maximum", scalars.maximum, a, b)


def minimum(a: Tensor | float, b: Tensor | float) -> Tensor:
    """y[i] = the smaller of a[i], b[i]; at a tie each gets half of the derivative"""
    return _map("minimum", scalars.minimum, a, b)


@method
def clamp(x: Tensor, min: float, max: float) -> Tensor:
    """y[i] = x[i] limited to min..max; the derivative at the bounds is 1"""
    return _map("clamp", scalars.clip, x, min, max)


def where(condition: Tensor, a: Tensor | float, b: Tensor | float) -> Tensor:
    """y[i] = a[i] where the condition holds, else b[i]"""
    return _map("where", scalars.where, condition, a, b)


def elementwise(name: str, rule: Callable[..., sp.Expr]) -> Callable[..., Tensor]:
    """A scalar rule written in SymPy as a function of tensors; ``name`` is only for messages.

    The rule may use numbers, + - * / **, exp, log, sqrt, sin, cos, tan, sinh, cosh, tanh, erf, Abs and symnet's own scalar
    functions.  Everything else is refused, Max and Heaviside included: their derivative at the corner is not PyTorch's.
    """

    def applied(*operands: Tensor) -> Tensor:
        return _map(name, lambda *bodies: _checked(name, rule(*bodies)), *operands)

    return applied


_ALLOWED = (sp.exp, sp.log, sp.sin, sp.cos, sp.tan, sp.sinh, sp.cosh, sp.tanh, sp.erf, sp.Abs, sp.atan, scalars.Scalar)


def _checked(name: str, body: Any) -> sp.Expr:
    body = sp.sympify(body)
    bad = sorted({type(f).__name__ for f in body.atoms(sp.Function) if not isinstance(f, _ALLOWED)})
    if bad or body.has(sp.Derivative, sp.Integral, sp.Piecewise, sp.zoo, sp.nan, sp.oo, sp.I):
        source = current().here()
        what = bad[0] if bad else "that"
        message = f"the rule of {name!r} uses {what}, which has no derivative here"
        raise SymnetError(
            Problem("SN108", message, (Note(source),) if source else (), help=("use sn.where, sn.relu, sn.maximum",))
        )
    return body


# ---- reductions -----------------------------------------------------------------------------------------------------
def axes_of(x: Tensor, dim: Dim) -> list[int] | None:
    """The axes that ``dim`` names, not negative; None after noting a mistake."""
    wanted = range(x.ndim) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    for d in wanted:
        if not -x.ndim <= d < x.ndim:
            x.trace.fail("SN104", f"dim {d} does not exist in {show(x.shape)}", help=(f"{-x.ndim} to {x.ndim - 1}",))
            return None
    return sorted({d % x.ndim for d in wanted})


def _reduce(
    x: Tensor, dim: Dim, keepdim: bool, rule: Callable[[sp.Expr], sp.Expr], op: str = "+", hint: str = "s"
) -> Tensor:
    axes = axes_of(x, dim)
    if x.broken or axes is None:
        return x.as_broken()
    return reduction(x, rule, axes, keepdim, op, hint)


@method
def sum(x: Tensor, dim: Dim = None, keepdim: bool = False, axis: Dim = None) -> Tensor:
    """y[i] = Σ_k x[i,k]"""
    return _reduce(_tensor(x, "sum"), axis if dim is None else dim, keepdim, lambda a: a)


@method
def mean(x: Tensor, dim: Dim = None, keepdim: bool = False, axis: Dim = None) -> Tensor:
    """y[i] = (1/K) Σ_k x[i,k]"""
    dim = axis if dim is None else dim
    axes = axes_of(_tensor(x, "mean"), dim)
    if axes is None or x.broken:
        return x.as_broken()
    count = sp.Mul(*(x.shape[a] for a in axes))
    return _reduce(x, dim, keepdim, lambda a: a / count, hint="m")


@method
def amax(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = max_k x[i,k]; ties share the derivative"""
    return _reduce(_tensor(x, "amax"), dim, keepdim, lambda a: a, op="max", hint="m")


@method
def logsumexp(x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    """y[i] = log Σ_k exp(x[i,k])"""
    return log(_reduce(_tensor(x, "logsumexp"), dim, keepdim, sp.exp))


@method
def softmax(x: Tensor, dim: int | None = None) -> Tensor:
    """y[i,k] = exp(x[i,k]) / Σ_m exp(x[i,m])"""
    dim = _last_if_clear(x, dim, "softmax")
    total = _reduce(x, dim, True, sp.exp)
    return pointwise(x.trace, lambda a, s: sp.exp(a) / s, x, total, hint="P") if not total.broken else total


@method
def log_softmax(x: Tensor, dim: int | None = None) -> Tensor:
    """y[i,k] = x[i,k] - log Σ_m exp(x[i,m])"""
    total = _reduce(x, _last_if_clear(x, dim, "log_softmax"), True, sp.exp)
    return pointwise(x.trace, lambda a, s: a - sp.log(s), x, total) if not total.broken else total


def _last_if_clear(x: Tensor, dim: int | None, word: str) -> int:
    if dim is None and _tensor(x, word).ndim > 1:
        x.trace.fail("SN108", f"{word} of {show(x.shape)} needs dim=", help=("dim=1 for one distribution in each row",))
    return -1 if dim is None else dim


# ---- shapes ---------------------------------------------------------------------------------------------------------
@method
def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """The same numbers with two axes exchanged"""
    order = list(range(x.ndim))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return permute(x, *order)


@method
def permute(x: Tensor, *dims: int) -> Tensor:
    """The same numbers with the axes in another order"""
    left = [Index("i", x.shape[d]) for d in dims]
    return readdressed(x, tuple(left), [left[list(dims).index(k)] for k in range(x.ndim)])


@method
def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """A new axis of size 1"""
    at = dim % (x.ndim + 1)
    return x[(*(slice(None),) * at, None)]


@method
def squeeze(x: Tensor, dim: int) -> Tensor:
    """Without an axis of size 1"""
    at = dim % x.ndim
    if x.shape[at] != 1:
        x.trace.fail("SN104", f"axis {dim} of {show(x.shape)} has size {x.shape[at]}, not 1")
        return x.as_broken()
    return x[(*(slice(None),) * at, 0)]


@method
def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Several axes as one, row by row: y[m] = x[m // D, m % D]"""
    if x.broken or not x.ndim:
        return x
    first, last = start_dim % x.ndim, end_dim % x.ndim
    if first == last:
        return x
    merged = sp.Mul(*x.shape[first : last + 1])
    m = Index("m", merged)
    places: list[sp.Expr] = []
    rest: sp.Expr = m
    for size in reversed(x.shape[first + 1 : last + 1]):
        places.insert(0, sp.Mod(rest, size) if size != 1 else sp.S.Zero)
        rest = sp.floor(rest / size)
    kept = [Index("i", s) for k, s in enumerate(x.shape) if not first <= k <= last]
    return readdressed(x, (*kept[:first], m, *kept[first:]), (*kept[:first], rest, *places, *kept[first:]))


@method
def reshape(x: Tensor, *shape: Any) -> Tensor:
    """The same numbers, row by row, in another shape; one size may be -1"""
    wanted = list(shape[0]) if len(shape) == 1 and isinstance(shape[0], tuple | list) else list(shape)
    total = sp.Mul(*x.shape)
    sizes = [None if s == -1 else number(s) for s in wanted]
    known = sp.Mul(*(s for s in sizes if s is not None))
    complete = [total / known if s is None else s for s in sizes]
    if sp.Mul(*complete) != total or sizes.count(None) > 1 or any(s.as_numer_denom()[1] != 1 for s in complete):
        x.trace.fail("SN103", f"{show(x.shape)} cannot be reshaped to {show([sp.sympify(w) for w in wanted])}")
        return x.as_broken()
    flat = flatten(x) if x.ndim > 1 else x
    left = tuple(Index("i", s) for s in complete)
    place: sp.Expr = sp.S.Zero
    for index in left:
        place = place * index.size + (index if index.size != 1 else 0)
    return readdressed(flat, left, [place] if flat.ndim else [])


view = reshape
method(reshape)


def stack(tensors: list[Tensor] | tuple[Tensor, ...], dim: int = 0) -> Tensor:
    """Tensors of one shape beside each other along a new axis: y[i,k] = tensors[k][i]"""
    first = _tensor(tensors[0], "stack")
    if any(t.shape != first.shape for t in tensors):
        first.trace.fail("SN103", "stack needs tensors of one shape", table=tuple(show(t.shape) for t in tensors))
        return first.as_broken()
    at = dim % (first.ndim + 1)
    spec = first.trace.new_spec((*first.shape[:at], sp.Integer(len(tensors)), *first.shape[at:]), "intermediate")
    for place, tensor in enumerate(tensors):
        left = tuple(Index("i", s) for s in spec.shape)
        rest = left[:at] + left[at + 1 :]
        first.trace.define(spec, Term(left, Delta(left[at], sp.Integer(place)) * tensor.read(rest)))
    return first.made(spec, "v")


def broadcast(x: Tensor, *shape: Any) -> Tensor:
    """The tensor repeated to a shape, said aloud where symnet refuses to do it silently"""
    left = tuple(Index("i", number(s) or sp.S.One) for s in shape)
    own = left[len(left) - x.ndim :]
    return readdressed(x, left, [i if i.size == s else sp.S.Zero for i, s in zip(own, x.shape, strict=True)])


# ---- products -------------------------------------------------------------------------------------------------------
@method
def matmul(a: Tensor, b: Tensor) -> Tensor:
    """y[i,j] = Σ_k a[i,k] b[k,j]"""
    return _tensor(a, "matmul") @ b


mm = mv = dot = matmul


def outer(a: Tensor, b: Tensor) -> Tensor:
    """y[i,j] = a[i] b[j]"""
    return a[:, None] * b[None, :]
