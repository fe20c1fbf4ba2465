"""The words for functions of each entry; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.core.function import Application

from symnet.calculus import scalars
from symnet.calculus.ir import Access
from symnet.declare.primitives import pointwise
from symnet.declare.tensor import Tensor, as_operand, require_tensor
from symnet.declare.trace import Trace, current
from symnet.declare.words import word
from symnet.errors import Note, Problem, SymnetError


def mapped(word: str, rule: Callable[..., sp.Expr], *operands: object) -> Tensor:
    """``y[i] += rule(a[i], b[i], ...)``; the operands are tensors, arrays and numbers, a tensor among them."""
    first = require_tensor(next((o for o in operands if isinstance(o, Tensor)), operands[0]), word)
    converted = [as_operand(first.trace, o) for o in operands]
    if any(o is None for o in converted):
        return first.as_broken()
    result: Tensor = pointwise(first.trace, rule, *converted)
    return result


@word(numpy="exp")
def exp(x: Tensor) -> Tensor:
    """y[i] = exp(x[i])"""
    return mapped("exp", sp.exp, x)


@word(numpy="log")
def log(x: Tensor) -> Tensor:
    """y[i] = log(x[i])"""
    return mapped("log", sp.log, x)


@word(torch="special.log1p", numpy="log1p")
def log1p(x: Tensor) -> Tensor:
    """y[i] = log(1 + x[i])"""
    return mapped("log1p", lambda a: sp.log(1 + a), x)


@word(numpy="sqrt")
def sqrt(x: Tensor) -> Tensor:
    """y[i] = sqrt(x[i])"""
    return mapped("sqrt", sp.sqrt, x)


@word(numpy="square")
def square(x: Tensor) -> Tensor:
    """y[i] = x[i]²"""
    return mapped("square", lambda a: a**2, x)


@word(torch="float_power", numpy=("power", "float_power", "pow"))
def pow(x: Tensor, exponent: Tensor | float) -> Tensor:
    """y[i] = x[i] ** exponent[i]"""
    return mapped("pow", lambda a, b: a**b, x, exponent)


@word(numpy="sin")
def sin(x: Tensor) -> Tensor:
    """y[i] = sin(x[i])"""
    return mapped("sin", sp.sin, x)


@word(numpy="cos")
def cos(x: Tensor) -> Tensor:
    """y[i] = cos(x[i])"""
    return mapped("cos", sp.cos, x)


@word(numpy="tanh")
def tanh(x: Tensor) -> Tensor:
    """y[i] = tanh(x[i])"""
    return mapped("tanh", sp.tanh, x)


@word(numpy="sinh")
def sinh(x: Tensor) -> Tensor:
    """y[i] = sinh(x[i])"""
    return mapped("sinh", sp.sinh, x)


@word(numpy="cosh")
def cosh(x: Tensor) -> Tensor:
    """y[i] = cosh(x[i])"""
    return mapped("cosh", sp.cosh, x)


@word(torch="special.expit")
def sigmoid(x: Tensor) -> Tensor:
    """y[i] = 1 / (1 + exp(-x[i]))"""
    return mapped("sigmoid", scalars.sigmoid, x)


@word()
def relu(x: Tensor) -> Tensor:
    """y[i] = max(x[i], 0); the derivative at 0 is 0"""
    return mapped("relu", scalars.relu, x)


@word(method=False)
def leaky_relu(x: Tensor, negative_slope: float = 0.01) -> Tensor:
    """y[i] = x[i] where positive, else negative_slope x[i]; the derivative at 0 is the slope"""
    return mapped("leaky_relu", scalars.leaky_relu, x, negative_slope)


@word(method=False)
def softplus(x: Tensor) -> Tensor:
    """y[i] = log(1 + exp(x[i]))"""
    return mapped("softplus", scalars.softplus, x)


@word(method=False)
def silu(x: Tensor) -> Tensor:
    """y[i] = x[i] sigmoid(x[i])"""
    return mapped("silu", lambda a: a * scalars.sigmoid(a), x)


@word(method=False)
def gelu(x: Tensor, approximate: str = "none") -> Tensor:
    """y[i] = x[i] Φ(x[i]); with approximate="tanh", Φ by Hendrycks & Gimpel, arXiv:1606.08415"""
    if approximate not in ("none", "tanh"):
        current().fail("SN108", f"gelu has no approximate={approximate!r}", help=('"none" or "tanh"',))
        return x.as_broken()
    if approximate == "none":
        return mapped("gelu", lambda a: a * scalars.normal_cdf(a), x)
    cubic = sp.Rational("0.044715")
    return mapped("gelu", lambda a: a / 2 * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (a + cubic * a**3))), x)


@word(torch="absolute", numpy=("absolute", "fabs", "abs"))
def abs(x: Tensor) -> Tensor:
    """y[i] = |x[i]|; the derivative at 0 is 0"""
    return mapped("abs", scalars.absolute, x)


@word(numpy="sign")
def sign(x: Tensor) -> Tensor:
    """y[i] = -1, 0 or 1"""
    return mapped("sign", scalars.sign, x)


@word(numpy="maximum")
def maximum(a: Tensor | float, b: Tensor | float) -> Tensor:
    """y[i] = the larger of a[i], b[i]; at a tie each gets half of the derivative"""
    return mapped("maximum", scalars.maximum, a, b)


@word(numpy="minimum")
def minimum(a: Tensor | float, b: Tensor | float) -> Tensor:
    """y[i] = the smaller of a[i], b[i]; at a tie each gets half of the derivative"""
    return mapped("minimum", scalars.minimum, a, b)


@word(torch="clip", numpy="clip")
def clamp(x: Tensor, min: float, max: float) -> Tensor:
    """y[i] = x[i] limited to min..max; the derivative at the bounds is 1"""
    return mapped("clamp", scalars.clip, x, min, max)


@word(numpy="where", method=False)
def where(condition: Tensor, a: Tensor | float, b: Tensor | float) -> Tensor:
    """y[i] = a[i] where the condition holds, else b[i]; the condition is made of comparisons"""
    trace = require_tensor(condition, "where").trace
    if not condition.broken and not is_mask(trace, condition.spec.name):
        help = (f"compare it: {trace.text_of(condition.spec)} != 0",)
        trace.fail("SN108", "the condition of where is not a mask of 0 and 1", help=help)
        return condition.as_broken()
    return mapped("where", scalars.where, condition, a, b)


def is_mask(trace: Trace, name: str) -> bool:
    """Whether every value of a tensor is 0 or 1 by its definition: comparisons, their products and complements."""
    bodies = [e.body for e in trace.equations if e.target == name and not e.reduced]
    return len(bodies) == 1 and _is_mask(trace, bodies[0])


def _is_mask(trace: Trace, body: sp.Expr) -> bool:
    if isinstance(body, scalars.Indicator) or body in (0, 1):
        return True
    if isinstance(body, Access):
        return is_mask(trace, body.name)
    if body.is_Mul:
        return all(_is_mask(trace, factor) for factor in body.args)
    one, rest = body.as_coeff_Add()
    return bool(one == 1) and _is_mask(trace, -rest)


def elementwise(name: str, rule: Callable[..., sp.Expr]) -> Callable[..., Tensor]:
    """A scalar rule written in SymPy as a function of tensors; ``name`` is only for messages.

    The rule may use numbers, + - * / **, exp, log, sqrt, sin, cos, tan, sinh, cosh, tanh, erf, Abs and symnet's
    own scalar functions.  All else is refused, Max and Heaviside included: at the
    corner their derivative is not PyTorch's.
    """

    def applied(*operands: Tensor) -> Tensor:
        return mapped(name, lambda *bodies: _checked(name, rule(*bodies)), *operands)

    return applied


_ALLOWED = (sp.exp, sp.log, sp.sin, sp.cos, sp.tan, sp.sinh, sp.cosh, sp.tanh, sp.erf, sp.Abs, sp.atan, scalars.Scalar)


def _checked(name: str, body: Any) -> sp.Expr:
    body = sp.sympify(body)
    bad = sorted({type(f).__name__ for f in body.atoms(Application) if not isinstance(f, _ALLOWED)})
    if bad or body.has(sp.Derivative, sp.Integral, sp.Piecewise, sp.zoo, sp.nan, sp.oo, sp.I):
        source = current().here()
        what = bad[0] if bad else "that"
        message = f"the rule of {name!r} uses {what}, which has no derivative here"
        raise SymnetError(
            Problem("SN108", message, (Note(source),) if source else (), help=("use sn.where, sn.relu, sn.maximum",))
        )
    return body
