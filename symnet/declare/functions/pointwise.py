"""The words for functions of each entry; torch's names and signatures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.core.function import Application

from symnet.calculus import bessel, scalars, specials
from symnet.declare.tracing.primitives import number, pointwise
from symnet.declare.tracing.tensor import Tensor, as_operand, require_tensor
from symnet.declare.tracing.trace import current
from symnet.declare.tracing.words import Names, mistake, word
from symnet.errors import Note, Problem, SymnetError


def mapped(word: str, rule: Callable[..., sp.Expr], *operands: object) -> Tensor:
    """``y[i] += rule(a[i], b[i], ...)``; the operands are tensors, arrays and numbers, a tensor among them.

    Of sizes alone it is a number: ``sn.sqrt(D)`` of a size D.
    """
    sizes = [number(o) for o in operands if isinstance(o, sp.Expr)]
    if len(sizes) == len(operands):
        return rule(*sizes)  # type: ignore[no-any-return]
    first = require_tensor(next((o for o in operands if isinstance(o, Tensor)), operands[0]), word)
    converted = [as_operand(first.own_trace, o) for o in operands]
    if any(o is None for o in converted):
        return first.as_broken()
    result: Tensor = pointwise(first.own_trace, rule, *converted)
    return result


def _unary(
    name: str,
    rule: Callable[[sp.Expr], sp.Expr],
    equation: str,
    torch: Names = (),
    numpy: Names = (),
    method: bool = True,
) -> Callable[..., Tensor]:
    """A word of one tensor: ``y[i] += rule(x[i])``."""

    def applied(input: Tensor) -> Tensor:
        return mapped(name, rule, input)

    applied.__name__ = applied.__qualname__ = name
    applied.__doc__ = f"y[i] = {equation}"
    return word(torch=torch, numpy=numpy, method=method)(applied)


exp = _unary("exp", sp.exp, "exp(x[i])", numpy="exp")
exp2 = _unary("exp2", lambda x: 2**x, "2 ** x[i]", "special.exp2", "exp2")
expm1 = _unary("expm1", lambda x: sp.exp(x) - 1, "exp(x[i]) - 1", "special.expm1", "expm1")
log = _unary("log", sp.log, "log(x[i])", numpy="log")
log1p = _unary("log1p", lambda x: sp.log(1 + x), "log(1 + x[i])", "special.log1p", "log1p")
log2 = _unary("log2", lambda x: sp.log(x) / sp.log(2), "log(x[i]) / log(2)", numpy="log2")
log10 = _unary("log10", lambda x: sp.log(x) / sp.log(10), "log(x[i]) / log(10)", numpy="log10")
sqrt = _unary("sqrt", sp.sqrt, "sqrt(x[i])", numpy="sqrt")
rsqrt = _unary("rsqrt", lambda x: 1 / sp.sqrt(x), "1 / sqrt(x[i])")
reciprocal = _unary("reciprocal", lambda x: 1 / x, "1 / x[i]", numpy="reciprocal")
square = _unary("square", lambda x: x**2, "x[i]²", numpy="square")
sin = _unary("sin", sp.sin, "sin(x[i])", numpy="sin")
cos = _unary("cos", sp.cos, "cos(x[i])", numpy="cos")
tan = _unary("tan", sp.tan, "tan(x[i])", numpy="tan")
asin = _unary("asin", sp.asin, "arcsin(x[i])", "arcsin", ("arcsin", "asin"))
acos = _unary("acos", sp.acos, "arccos(x[i])", "arccos", ("arccos", "acos"))
atan = _unary("atan", sp.atan, "arctan(x[i])", "arctan", ("arctan", "atan"))
sinh = _unary("sinh", sp.sinh, "sinh(x[i])", numpy="sinh")
cosh = _unary("cosh", sp.cosh, "cosh(x[i])", numpy="cosh")
tanh = _unary("tanh", sp.tanh, "tanh(x[i])", numpy="tanh")
asinh = _unary("asinh", sp.asinh, "arsinh(x[i])", "arcsinh", ("arcsinh", "asinh"))
acosh = _unary("acosh", sp.acosh, "arcosh(x[i])", "arccosh", ("arccosh", "acosh"))
atanh = _unary("atanh", sp.atanh, "artanh(x[i])", "arctanh", ("arctanh", "atanh"))
sigmoid = _unary("sigmoid", scalars.sigmoid, "1 / (1 + exp(-x[i]))", "special.expit")
erf = _unary("erf", sp.erf, "2/√π ∫ exp(-t²) dt from 0 to x[i]", "special.erf")
erfc = _unary("erfc", specials.erfc, "1 - erf(x[i])", "special.erfc")
erfinv = _unary("erfinv", specials.erfinv, "the number whose erf is x[i]", "special.erfinv")
erfcx = _unary("erfcx", specials.erfcx, "exp(x[i]²) erfc(x[i])", "special.erfcx", method=False)
log_ndtr = _unary("log_ndtr", specials.log_ndtr, "log Φ(x[i]), exact far below 0", "special.log_ndtr", method=False)
ndtri = _unary("ndtri", specials.ndtri, "the number whose Φ is x[i]", "special.ndtri", method=False)
i0 = _unary("i0", bessel.i0, "I₀(x[i]), the modified Bessel function of order 0", "special.i0", "i0")
i0e = _unary("i0e", bessel.i0e, "exp(-|x[i]|) I₀(x[i])", "special.i0e", method=False)
i1 = _unary("i1", bessel.i1, "I₁(x[i]), the modified Bessel function of order 1", "special.i1", method=False)
i1e = _unary("i1e", bessel.i1e, "exp(-|x[i]|) I₁(x[i])", "special.i1e", method=False)
lgamma = _unary("lgamma", specials.lgamma, "log |Γ(x[i])|", "special.gammaln")
digamma = _unary("digamma", specials.digamma, "Γ'(x[i]) / Γ(x[i])", ("special.digamma", "special.psi"))
ndtr = _unary("ndtr", scalars.normal_cdf, "Φ(x[i]), the normal distribution function", "special.ndtr")
entr = _unary("entr", specials.entr, "-x[i] log x[i], and 0 at 0", "special.entr")
sinc = _unary("sinc", specials.sinc, "sin(π x[i]) / (π x[i]), and 1 at 0", "special.sinc", "sinc")
abs = _unary("abs", scalars.absolute, "|x[i]|; the derivative at 0 is 0", "absolute", ("absolute", "fabs", "abs"))
sign = _unary("sign", scalars.sign, "-1, 0 or 1", "sgn", "sign")
deg2rad = _unary("deg2rad", lambda x: x * sp.pi / 180, "π x[i] / 180", numpy=("deg2rad", "radians"))
rad2deg = _unary("rad2deg", lambda x: x * 180 / sp.pi, "180 x[i] / π", numpy=("rad2deg", "degrees"))
floor = _unary("floor", specials.round_down, "the whole number not above x[i]; derivative 0", numpy="floor")
ceil = _unary("ceil", lambda x: -specials.round_down(-x), "the whole number not below x[i]; derivative 0", numpy="ceil")
trunc = _unary("trunc", lambda x: whole_part(x), "x[i] without its fraction; derivative 0", "fix", ("trunc", "fix"))
frac = _unary("frac", lambda x: x - whole_part(x), "the fraction of x[i]; derivative 1")


def whole_part(x: sp.Expr) -> sp.Expr:
    """x without its fraction, the sign kept."""
    return scalars.sign(x) * specials.round_down(scalars.absolute(x))


@word(torch="special.round", numpy=("rint", "round", "around"))
def round(input: Tensor, decimals: int = 0) -> Tensor:
    """y[i] = x[i] to a number of decimals, halves to the even digit; derivative 0"""
    power = sp.Integer(10) ** decimals
    return mapped("round", lambda x: specials.round_even(x * power) / power, input)


@word(numpy="nan_to_num")
def nan_to_num(input: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """y[i] = x[i] where it is finite, else the numbers given for NaN, ∞ and -∞, the largest of float64 by default"""
    largest = int(sys.float_info.max)
    high, low = as_exact(largest if posinf is None else posinf), as_exact(-largest if neginf is None else neginf)
    other = as_exact(0.0 if nan is None else nan)

    def rule(x: sp.Expr) -> sp.Expr:
        even = high * scalars.sign(x)  # the difference of the two largest numbers would overflow
        infinite = even if high == -low else scalars.where(scalars.greater(x, sp.S.Zero), high, low)
        strange = scalars.where(specials.is_number(x), infinite, other)
        return scalars.where(specials.is_finite(x), x, strange)

    return mapped("nan_to_num", rule, input)


def as_exact(value: object) -> sp.Expr:
    """A number as an exact SymPy number; raises SymnetError for anything else."""
    exact = number(value)
    if exact is None:
        raise mistake("SN107", f"a number is needed here, not {type(value).__name__}", "a Python number")
    return exact


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
