"""The words for functions of several tensors, entry by entry; torch's names and signatures."""

from __future__ import annotations

import sympy as sp

from symnet.calculus import scalars, specials
from symnet.declare.functions.pointwise import as_exact, mapped, whole_part
from symnet.declare.tracing.primitives import number
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake, word


@word(torch="special.logit")
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """y[i] = log(x[i] / (1 - x[i])), x limited to eps..1-eps if eps is given"""
    p = input if eps is None else clamp(input, eps, 1 - as_exact(eps))
    return mapped("logit", lambda x: sp.log(x / (1 - x)), p)


@word(torch="special.polygamma")
def polygamma(n: int, input: Tensor) -> Tensor:
    """y[i] = the n-th derivative of digamma at x[i]"""
    order, x = (input, n) if isinstance(n, Tensor) else (n, input)  # x.polygamma(n) too
    return mapped("polygamma", lambda a: specials.polygamma(sp.Integer(as_exact(order)), a), x)


@word(torch="float_power", numpy=("power", "float_power", "pow"))
def pow(input: Tensor | float, exponent: Tensor | float) -> Tensor:
    """y[i] = x[i] ** exponent[i]"""
    base = number(input)
    if base is not None and not base.is_positive:
        raise mistake("SN105", f"{input} to the power of a tensor is no real number", "the base must be > 0")
    return mapped("pow", lambda a, b: a**b, input, exponent)


@word(numpy="ldexp")
def ldexp(input: Tensor, other: Tensor | float) -> Tensor:
    """z[i] = x[i] 2 ** y[i]"""
    return mapped("ldexp", lambda a, b: a * sp.Integer(2) ** b, input, other)


@word(torch="special.multigammaln")
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """y[i] = p (p - 1) / 4 log π + Σ_k log Γ(x[i] - k / 2), k < p"""
    constant = sp.Rational(p * (p - 1), 4) * sp.log(sp.pi)
    return mapped(
        "mvlgamma", lambda x: constant + sp.Add(*(specials.lgamma(x - sp.Rational(k, 2)) for k in range(p))), input
    )


@word(torch="arctan2", numpy=("arctan2", "atan2"))
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """z[i] = the angle of the point (x[i], y[i]), y first"""
    return mapped("atan2", specials.atan2, input, other)


@word(numpy="hypot")
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """z[i] = sqrt(x[i]² + y[i]²)"""
    return mapped("hypot", lambda a, b: sp.sqrt(a**2 + b**2), input, other)


@word(numpy="logaddexp")
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """z[i] = log(exp(x[i]) + exp(y[i]))"""
    return mapped("logaddexp", lambda a, b: a + scalars.softplus(b - a), input, other)


@word(numpy="logaddexp2")
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """z[i] = log2(2 ** x[i] + 2 ** y[i])"""
    two = sp.log(2)
    return mapped("logaddexp2", lambda a, b: a + scalars.softplus((b - a) * two) / two, input, other)


@word(torch="special.xlogy")
def xlogy(input: Tensor | float, other: Tensor | float) -> Tensor:
    """z[i] = x[i] log y[i], and 0 where x[i] = 0"""
    return mapped("xlogy", specials.xlogy, input, other)


@word(torch="special.xlog1py", method=False)
def xlog1py(input: Tensor | float, other: Tensor | float) -> Tensor:
    """z[i] = x[i] log(1 + y[i]), and 0 where x[i] = 0"""
    return mapped("xlog1py", lambda a, b: specials.xlogy(a, 1 + b), input, other)


@word(numpy="copysign")
def copysign(input: Tensor, other: Tensor | float) -> Tensor:
    """z[i] = |x[i]| with the sign of y[i], which is + at 0"""
    sign_of = scalars.greater_equal
    return mapped("copysign", lambda a, b: scalars.absolute(a) * (2 * sign_of(b, sp.S.Zero) - 1), input, other)


@word(numpy=("remainder", "mod"))
def remainder(input: Tensor, other: Tensor | float) -> Tensor:
    """z[i] = x[i] - y[i] floor(x[i] / y[i])"""
    return mapped("remainder", lambda a, b: a - b * specials.round_down(a / b), input, other)


@word(numpy="fmod")
def fmod(input: Tensor, other: Tensor | float) -> Tensor:
    """z[i] = x[i] - y[i] trunc(x[i] / y[i])"""
    return mapped("fmod", lambda a, b: a - b * whole_part(a / b), input, other)


@word()
def lerp(input: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    """y[i] = a[i] + w[i] (b[i] - a[i])"""
    return mapped("lerp", lambda a, b, w: a + w * (b - a), input, end, weight)


@word()
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, value: float = 1) -> Tensor:
    """y[i] = x[i] + value a[i] b[i]"""
    return mapped("addcmul", lambda x, a, b, v: x + v * a * b, input, tensor1, tensor2, value)


@word()
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, value: float = 1) -> Tensor:
    """y[i] = x[i] + value a[i] / b[i]"""
    return mapped("addcdiv", lambda x, a, b, v: x + v * a / b, input, tensor1, tensor2, value)


@word(numpy="maximum")
def maximum(input: Tensor | float, other: Tensor | float) -> Tensor:
    """y[i] = the larger of a[i], b[i]; at a tie each gets half of the derivative"""
    return mapped("maximum", scalars.maximum, input, other)


@word(numpy="minimum")
def minimum(input: Tensor | float, other: Tensor | float) -> Tensor:
    """y[i] = the smaller of a[i], b[i]; at a tie each gets half of the derivative"""
    return mapped("minimum", scalars.minimum, input, other)


@word(numpy="fmax")
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """y[i] = the larger of a[i], b[i]; at a tie a gets the derivative"""
    return mapped("fmax", lambda a, b: scalars.where(scalars.greater_equal(a, b), a, b), input, other)


@word(numpy="fmin")
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """y[i] = the smaller of a[i], b[i]; at a tie a gets the derivative"""
    return mapped("fmin", lambda a, b: scalars.where(scalars.greater_equal(b, a), a, b), input, other)


@word(torch="clip", numpy="clip")
def clamp(input: Tensor, min: Tensor | float | None = None, max: Tensor | float | None = None) -> Tensor:
    """y[i] = x[i] limited to min..max; the derivative at the bounds is 1"""
    if min is not None and max is not None:
        return mapped("clamp", scalars.clip, input, min, max)
    if max is not None:
        return clamp_max(input, max)
    return input if min is None else clamp_min(input, min)


@word()
def clamp_min(input: Tensor, min: Tensor | float) -> Tensor:
    """y[i] = the larger of x[i], min; the derivative at min is 1"""
    return mapped("clamp_min", lambda a, b: scalars.where(scalars.greater_equal(a, b), a, b), input, min)


@word()
def clamp_max(input: Tensor, max: Tensor | float) -> Tensor:
    """y[i] = the smaller of x[i], max; the derivative at max is 1"""
    return mapped("clamp_max", lambda a, b: scalars.where(scalars.greater_equal(b, a), a, b), input, max)


@word(numpy="heaviside")
def heaviside(input: Tensor, values: Tensor | float) -> Tensor:
    """y[i] = 1 where x[i] > 0, 0 where x[i] < 0, else the value; derivative 0 but by the value"""
    zero = sp.S.Zero
    return mapped("heaviside", lambda x, v: scalars.greater(x, zero) + scalars.equal(x, zero) * v, input, values)
