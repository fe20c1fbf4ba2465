"""The words for running sums and products, differences, and statistics made of them; torch's names and signatures."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Index, indices_for
from symnet.declare.functions.joining import cat
from symnet.declare.functions.linear_algebra import applied
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.functions.reductions import axes_of, corrected, kept, mean, sum
from symnet.declare.functions.shapes import axis_of, flatten, known_size, movedim, transpose, unsqueeze
from symnet.declare.functions.slices import select, sliced
from symnet.declare.tracing.constants import constant_values, flat, numbers_of
from symnet.declare.tracing.primitives import number
from symnet.declare.tracing.tensor import Dim, Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word

FEW = 4  #: Entries whose product is written out.


def _running(x: Tensor, dim: int, rule: Callable[[sp.Expr], sp.Expr]) -> Tensor:
    at = axis_of(x, dim, x.ndim)
    if not x.ndim:
        return mapped("a running sum", rule, x)
    left, earlier = indices_for(x.shape), Index("k", x.shape[at])
    spec = x.own_trace.new_spec(x.shape, "intermediate")
    body = rule(x.read((*left[:at], earlier, *left[at + 1 :])))
    x.own_trace.define(spec, Term(left, body, (earlier,), guard=(left[at] - earlier,)))
    return x.made(spec, "s")


@word()
def cumsum(input: Tensor, dim: int) -> Tensor:
    """y[i] = Σ_k x[k] over k <= i"""
    return _running(input, dim, lambda a: a)


@word()
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """y[i] = log Σ_k exp(x[k]) over k <= i, by doubling: l[i] = log(exp(l[i-s]) + exp(l[i])) for s = 1, 2, 4, ..."""
    return _doubled(input, dim, lambda a, b: b + scalars.softplus(a - b), "logcumsumexp")


@word()
def cumprod(input: Tensor, dim: int) -> Tensor:
    """y[i] = Π_k x[k] over k <= i, by doubling: p[i] = p[i] p[i-s] for s = 1, 2, 4, ..."""
    return _doubled(input, dim, lambda a, b: a * b, "cumprod")


def _doubled(x: Tensor, dim: int, rule: Callable[[sp.Expr, sp.Expr], sp.Expr], word: str) -> Tensor:
    """A scan by an associative rule of an entry and one before it; each step is exact, so nothing overflows between."""
    at, trace, shift = axis_of(x, dim, x.ndim), x.own_trace, 1
    while x.ndim and shift < known_size(x, at, word):
        spec = trace.new_spec(x.shape, "intermediate")
        left, alone = indices_for(x.shape), indices_for(x.shape)
        before = (*left[:at], left[at] - shift, *left[at + 1 :])
        trace.define(
            spec,
            Term(left, rule(x.read(left), x.read(before)), guard=(left[at] - shift,)),
            Term(alone, x.read(alone), guard=(shift - 1 - alone[at],)),
        )
        x = x.made(spec, "p")
        shift *= 2
    return x


@word(numpy="prod")
def prod(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """y[i] = Π_k x[i,k]; nothing is divided by an entry, so that one that is 0 has its true derivative"""
    axes = axes_of(input, dim)
    if not axes:
        return input
    result = flatten(input) if dim is None else input
    for at in sorted(axes if dim is not None else [0], reverse=True):
        result = _product(result, at)
    return kept(result, axes, input.ndim) if keepdim else result


def _product(x: Tensor, at: int) -> Tensor:
    """A product of few entries is written out, one of many is a function of the rows."""
    if x.shape[at].is_Integer and x.shape[at] <= FEW:
        result: Tensor = reduce(operator.mul, (select(x, at, k) for k in range(int(x.shape[at]))))
        return result
    if x.ndim == 1:
        return select(applied("prod", unsqueeze(x, 0)), 0, 0)
    return applied("prod", x if at == x.ndim - 1 else movedim(x, at, -1))


@word(numpy="diff")
def diff(input: Tensor, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """y[i] = x[i+1] - x[i], n times over"""
    at = axis_of(input, dim, input.ndim)
    parts = [p for p in (prepend, input, append) if p is not None]
    x = cat(parts, at) if len(parts) > 1 else input
    for _ in range(n):
        known = known_size(x, at, "diff")
        x = sliced(x, at, slice(1, known)) - sliced(x, at, slice(0, known - 1))
    return x


@word(torch="trapz", numpy=("trapezoid", "trapz"), method=False)
def trapezoid(y: Tensor, x: Any = None, dx: float | None = None, dim: int = -1) -> Tensor:
    """z = Σ_i (x[i+1] - x[i]) (y[i] + y[i+1]) / 2, or with equal steps dx"""
    at = axis_of(y, dim, y.ndim)
    if y.shape[at] == 1:  # one point, no trapezium
        return sum(y * 0, at)
    return sum(_trapezia(y, x, dx, dim), at)


def _trapezia(y: Tensor, x: Any, dx: float | None, dim: int) -> Tensor:
    at = axis_of(y, dim, y.ndim)
    known = known_size(y, at, "trapezoid")
    middle = (sliced(y, at, slice(0, known - 1)) + sliced(y, at, slice(1, known))) / 2
    if x is None:
        return mapped("trapezoid", lambda a: a * as_exact(1 if dx is None else dx), middle)
    steps = diff(x, 1, -1 if x.ndim == 1 else dim)
    if x.ndim == 1:
        for _ in range(y.ndim - 1 - at):
            steps = unsqueeze(steps, -1)
    return mapped("mul", lambda a, b: a * b, middle, steps)


@word(method=False)
def cumulative_trapezoid(y: Tensor, x: Any = None, dx: float | None = None, dim: int = -1) -> Tensor:
    """z[i] = Σ_k (x[k+1] - x[k]) (y[k] + y[k+1]) / 2 over k <= i, or with equal steps dx"""
    return cumsum(_trapezia(y, x, dx, dim), axis_of(y, dim, y.ndim))


@word(numpy="cov")
def cov(input: Tensor, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Tensor:
    """C[i,j] = Σ_n (x[i,n] - m[i]) (x[j,n] - m[j]) / (N - correction), m the mean of each row; with weights w = f a
    means and sums are weighed by w[n], and Σ_n w[n] - correction Σ_n w[n] a[n] / Σ_n w[n] divides"""
    if number(correction) is None:
        raise mistake("SN107", f"cov: the correction is {type(correction).__name__}", "cov(x, correction=0)")
    if fweights is not None or aweights is not None:
        return _weighed_cov(input if input.ndim > 1 else unsqueeze(input, 0), correction, fweights, aweights)
    if input.ndim == 1:
        return cov(unsqueeze(input, 0), correction)
    if input.shape[0] == 1:  # as torch, which gives one number for one variable
        only = input[0] - mean(input[0])
        products: Tensor = sum(only * only)
    else:
        centred = input - mean(input, 1, True)
        products = centred @ transpose(centred, 0, 1)
    covariance: Tensor = products / _divisor(input, correction)
    return covariance


def _real(weights: Tensor) -> Tensor:
    """Given integers as real numbers, as which they are multiplied and summed."""
    values = constant_values(weights)
    return weights if values is None else numbers_of(weights.own_trace, [float(v) for v in flat(values)])


def _weighed_cov(x: Tensor, correction: int, fweights: Any, aweights: Any) -> Tensor:
    both = [_real(w) for w in (fweights, aweights) if w is not None]
    w: Tensor = both[0] if len(both) == 1 else mapped("mul", lambda f, a: f * a, *both)
    total = sum(mapped("mul", lambda a: 1 * a, w))
    centred = x - unsqueeze(sum(mapped("mul", lambda a, b: a * b, x, w[None, :]), 1) / total, 1)
    divisor = total if aweights is None else sum(mapped("mul", lambda a, b: a * b, w, aweights)) / total
    divisor = total - correction * divisor if aweights is not None else total - correction
    products: Tensor = mapped("mul", lambda a, b: a * b, centred, w[None, :]) @ transpose(centred, 0, 1) / divisor
    return products[0, 0] if x.shape[0] == 1 else products


def _divisor(input: Tensor, correction: int) -> sp.Expr:
    divisor = corrected(input, input.shape[1], correction)
    if divisor == 0:
        raise mistake("SN105", "the covariance of one sample with a correction of 1 is 0/0", "correction=0")
    return divisor


@word(numpy="corrcoef")
def corrcoef(input: Tensor) -> Tensor:
    """R[i,j] = C[i,j] / sqrt(C[i,i] C[j,j]) of the covariance C"""
    c = cov(input)
    if not c.ndim:
        return c / c
    i = Index("i", input.shape[0])
    spec = input.own_trace.new_spec((input.shape[0],), "intermediate")
    input.own_trace.define(spec, Term((i,), c.read((i, i))))
    spread = mapped("sqrt", sp.sqrt, input.made(spec, "v"))
    return c / spread[:, None] / spread[None, :]
