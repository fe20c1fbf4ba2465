"""The words for activations; torch's names, arguments and slopes at the corners."""

from __future__ import annotations

import sympy as sp

from symnet.calculus import scalars, specials
from symnet.declare.functions.pointwise import mapped
from symnet.declare.tracing.primitives import number, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake, word

_ONE = sp.S.One
#: Klambauer et al., Self-Normalizing Neural Networks, arXiv:1706.02515: alpha and scale, the digits that torch uses.
_SELU_ALPHA = sp.Rational("1.6732632423543772848170429916717")
_SELU_SCALE = sp.Rational("1.0507009873554804934193349852946")


def _exact(value: float) -> sp.Expr:
    found = number(value)
    if found is None:
        raise mistake("SN107", f"an activation takes numbers as options, not {type(value).__name__}", "a number")
    return found


def _above(x: sp.Expr, bound: sp.Expr) -> sp.Expr:
    return scalars.greater(x, bound)


def _pieces(
    x: sp.Expr, low: sp.Expr, high: sp.Expr, below: sp.Expr, inside: sp.Expr, above: sp.Expr, strictly: bool = False
) -> sp.Expr:
    """Three pieces; the bounds themselves belong to the outer ones, or to the inner one (``strictly`` outside)."""
    if strictly:
        return scalars.where(_above(x, high), above, scalars.where(_above(low, x), below, inside))
    return scalars.where(_above(x, low), scalars.where(_above(high, x), inside, above), below)


@word()
def relu(input: Tensor) -> Tensor:
    """y[i] = max(x[i], 0); the derivative at 0 is 0"""
    return mapped("relu", scalars.relu, input)


@word(method=False)
def relu6(input: Tensor) -> Tensor:
    """y[i] = min(max(x[i], 0), 6); the derivative at 0 and 6 is 0"""
    return hardtanh(input, 0.0, 6.0)


@word(method=False)
def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """y[i] = x[i] where positive, else negative_slope x[i]; the derivative at 0 is the slope"""
    return mapped("leaky_relu", scalars.leaky_relu, input, negative_slope)


@word()
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """y[n,c] = x[n,c] where positive, else w[c] x[n,c]; w has one entry, or one for each place of axis 1"""
    if weight.shape == (1,):
        slope = weight[0]
    elif weight.ndim == 0 or input.ndim == 1:
        slope = weight
    else:
        slope = weight[(slice(None), *(None,) * (input.ndim - 2))]
        if not input.own_trace.same_size(input.shape[1], weight.shape[0]):
            raise mistake("SN103", f"prelu of {show(input.shape)} with weights {show(weight.shape)}", "one, or axis 1")
    return mapped("prelu", scalars.leaky_relu, input, slope)


@word(method=False)
def elu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """y[i] = x[i] where positive, else α (exp(x[i]) - 1); the derivative at 0 is α"""
    return mapped("elu", specials.elu, input, alpha)


@word(method=False)
def selu(input: Tensor) -> Tensor:
    """y[i] = scale elu(x[i], α) with the fixed numbers of arXiv:1706.02515"""
    return mapped("selu", lambda x: _SELU_SCALE * specials.elu(x, _SELU_ALPHA), input)


@word(method=False)
def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """y[i] = x[i] where positive, else α (exp(x[i]/α) - 1)"""
    return mapped("celu", lambda x, a: a * specials.elu(x / a, _ONE), input, alpha)


@word(method=False)
def silu(input: Tensor) -> Tensor:
    """y[i] = x[i] sigmoid(x[i])"""
    return mapped("silu", lambda a: a * scalars.sigmoid(a), input)


@word(method=False)
def mish(input: Tensor) -> Tensor:
    """y[i] = x[i] tanh(log(1 + exp(x[i])))"""
    return mapped("mish", lambda a: a * sp.tanh(scalars.softplus(a)), input)


@word(method=False)
def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """y[i] = x[i] Φ(x[i]); with approximate="tanh", Φ by Hendrycks & Gimpel, arXiv:1606.08415"""
    if approximate not in ("none", "tanh"):
        input.own_trace.fail("SN108", f"gelu has no approximate={approximate!r}", help=('"none" or "tanh"',))
        return input.as_broken()
    if approximate == "none":
        return mapped("gelu", lambda a: a * scalars.normal_cdf(a), input)
    cubic = sp.Rational("0.044715")
    return mapped("gelu", lambda a: a / 2 * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (a + cubic * a**3))), input)


@word(method=False)
def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """y[i] = log(1 + exp(β x[i])) / β; x[i] where β x[i] > threshold, which at 20 is less than 1e-8 away"""
    scale, most = _exact(beta), _exact(threshold)
    smooth = mapped("softplus", lambda a: scalars.softplus(scale * a) / scale, input)
    if most >= 20:
        return smooth
    return mapped("softplus", lambda a, b: scalars.where(scalars.greater(scale * a, most), a, b), input, smooth)


@word(torch="log_sigmoid", method=False)
def logsigmoid(input: Tensor) -> Tensor:
    """y[i] = log sigmoid(x[i]) = -log(1 + exp(-x[i]))"""
    return mapped("logsigmoid", lambda a: -scalars.softplus(-a), input)


@word(method=False)
def softsign(input: Tensor) -> Tensor:
    """y[i] = x[i] / (1 + |x[i]|)"""
    return mapped("softsign", lambda a: a / (1 + scalars.absolute(a)), input)


@word(method=False)
def tanhshrink(input: Tensor) -> Tensor:
    """y[i] = x[i] - tanh(x[i])"""
    return mapped("tanhshrink", lambda a: a - sp.tanh(a), input)


@word(method=False)
def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """y[i] = x[i] - λ above λ, x[i] + λ below -λ, else 0; the derivative at ±λ is 0"""
    bound = _exact(lambd)
    where = scalars.where
    return mapped(
        "softshrink",
        lambda x: where(_above(x, bound), x - bound, where(_above(-bound, x), x + bound, sp.S.Zero)),
        input,
    )


@word(method=False)
def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """y[i] = x[i] where |x[i]| > λ, else 0"""
    bound = _exact(lambd)
    return mapped("hardshrink", lambda x: x * (_above(x, bound) + _above(-bound, x)), input)


@word(torch="_threshold", method=False)
def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """y[i] = x[i] where above the threshold, else the value"""
    low, other = _exact(threshold), _exact(value)
    return mapped("threshold", lambda x: scalars.where(_above(x, low), x, other), input)


@word(method=False)
def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """y[i] = min(max(x[i], low), high); the derivative at the bounds is 0"""
    low, high = _exact(min_val), _exact(max_val)
    return mapped("hardtanh", lambda x: _pieces(x, low, high, low, x, high), input)


@word(method=False)
def hardsigmoid(input: Tensor) -> Tensor:
    """y[i] = min(max(x[i] + 3, 0), 6) / 6; the derivative at -3 and 3 is 0"""
    three, where = sp.Integer(3), scalars.where
    return mapped(
        "hardsigmoid", lambda x: where(_above(x, -three), where(_above(three, x), (x + 3) / 6, _ONE), sp.S.Zero), input
    )


@word(method=False)
def hardswish(input: Tensor) -> Tensor:
    """y[i] = x[i] min(max(x[i] + 3, 0), 6) / 6, with torch's derivatives at the corners: 0 at -3, 1 at 3"""
    three, where = sp.Integer(3), scalars.where
    return mapped(
        "hardswish", lambda x: where(_above(x, -three), where(_above(three, x), x * (x + 3) / 6, x), sp.S.Zero), input
    )


@word(method=False)
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """y[i,j] = x[i,j] sigmoid(x[i,J+j]), the axis of size 2J cut in halves"""
    known = input.own_trace.size_value(input.shape[dim]) if input.ndim else None
    if known is None or known % 2:
        raise mistake("SN103", f"glu needs an axis of even, known size, not {show(input.shape)}", "name the size")
    place = (slice(None),) * (dim % input.ndim)
    first, second = input[(*place, slice(0, known // 2))], input[(*place, slice(known // 2, known))]
    return mapped("glu", lambda a, b: a * scalars.sigmoid(b), first, second)
