"""The words for normalising layers and attention; torch's names and signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Index, indices_for
from symnet.declare.functions.dropout import dropout
from symnet.declare.functions.joining import pad
from symnet.declare.functions.masks import is_mask, where
from symnet.declare.functions.pointwise import as_exact, mapped
from symnet.declare.functions.reductions import mean, reduced, softmax
from symnet.declare.functions.shapes import known_size, reshape, transpose
from symnet.declare.functions.statistics import Running, by_running, normalised
from symnet.declare.tracing.primitives import number, show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Term
from symnet.declare.tracing.words import mistake, word


def _standardised(x: Tensor, axes: Sequence[int], eps: float) -> Tensor:
    """(x - m) / sqrt(v + eps) with mean and variance over the axes."""
    centred = x - mean(x, axes, True)
    count = sp.Mul(*(x.shape[a] for a in axes))
    variance = reduced(centred, list(axes), True, lambda a: a**2 / count, hint="v")
    return _divided(centred, variance, eps)


def _divided(x: Tensor, square: Tensor, eps: float) -> Tensor:
    return mapped("normalisation", lambda a, v, e: a / sp.sqrt(v + e), x, square, eps)


def _last_axes(x: Tensor, shape: Any, word: str) -> list[int]:
    sizes = list(shape) if isinstance(shape, list | tuple) else [shape]
    own = x.shape[x.ndim - len(sizes) :]
    known = [x.own_trace.size_value(s) for s in own]
    wanted = [x.own_trace.size_value(s) for s in map(number, sizes) if s is not None]
    if len(own) != len(sizes) or (list(own) != list(map(number, sizes)) and known != wanted):
        raise mistake("SN103", f"{word} over {list(sizes)} of a tensor {show(x.shape)}", "the last sizes of the tensor")
    return list(range(x.ndim - len(sizes), x.ndim))


def _along_channels(x: Tensor, weights: Tensor) -> Tensor:
    """A tensor with one entry for each place of axis 1, with axes of size 1 after it."""
    return weights[(slice(None), *(None,) * (x.ndim - 2))] if x.ndim > 2 else weights


def _affine(
    x: Tensor, weight: Tensor | None, bias: Tensor | None, channels: bool, shape: Sequence[sp.Expr] | None = None
) -> Tensor:
    if weight is not None or bias is not None:  # what was normalised stays a tensor: the derivatives are short in it
        x.own_trace.kept.add(x.spec.name)
        x.own_trace.hints[x.spec.name] = "xh"
    x = x if shape is None else reshape(x, list(shape))
    if weight is not None:
        x = x * (_along_channels(x, weight) if channels else weight)
    return x if bias is None else x + (_along_channels(x, bias) if channels else bias)


@word(method=False)
def layer_norm(input: Tensor, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Tensor:
    """y[n,d] = w[d] (x[n,d] - m[n]) / sqrt(v[n] + eps) + b[d], m and v over the last axes"""
    axes = _last_axes(input, normalized_shape, "layer_norm")
    return _affine(_standardised(input, axes, eps), weight, bias, channels=False)


@word(method=False)
def rms_norm(input: Tensor, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Tensor:
    """y[n,d] = w[d] x[n,d] / sqrt(mean of x[n]² + eps), over the last axes"""
    axes = _last_axes(input, normalized_shape, "rms_norm")
    eps = 2.0**-52 if eps is None else eps  # float64's, as torch takes it; scripts count in float64
    count = sp.Mul(*(input.shape[a] for a in axes))
    square = reduced(input, axes, True, lambda a: a**2 / count, hint="v")
    return _affine(_divided(input, square, eps), weight, None, channels=False)


@word(method=False)
def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """y[n,c] = x[n,c] / (k + alpha / size Σ_m x[n,m]²) ** beta, m the channels within size / 2 of c"""
    known = known_size(input, 1, "local_response_norm")
    flat = reshape(input, [input.shape[0], known, -1]) if input.ndim > 2 else input[(..., None)]
    wide = pad(flat, (0, 0, size // 2, (size - 1) // 2))
    near = Index("k", size)
    left = indices_for(flat.shape)
    spec = input.own_trace.new_spec(flat.shape, "intermediate")
    n, c, i = left
    input.own_trace.define(spec, Term(left, wide.read((n, c + near, i)) ** 2 / size, (near,)))
    total = reshape(input.made(spec, "v"), list(input.shape))
    scale, power = as_exact(alpha), as_exact(beta)
    return mapped("local_response_norm", lambda x, s: x / (as_exact(k) + scale * s) ** power, input, total)


@word(method=False)
def batch_norm(
    input: Tensor,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: Any = False,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """y[n,c] = w[c] (x[n,c] - m[c]) / sqrt(v[c] + eps) + b[c]; m and v of the batch in training, else given; given
    buffers become (1 - momentum) m' + momentum m, and the same of v N/(N-1), after every step"""
    running = _running(running_mean, running_var, momentum)
    if training is False:
        if running is None:
            raise mistake("SN108", "batch_norm without training needs running_mean and running_var", "training=True")
        centred, variance = by_running(input, running)
    else:
        axes = [0, *range(2, input.ndim)]
        centred, variance = normalised(input, axes, training, running, "batch_norm")
    return _affine(_divided(centred, variance, eps), weight, bias, channels=True)


@word(method=False)
def instance_norm(
    input: Tensor,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: Any = True,
    momentum: Any = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """y[n,c,i] = w[c] (x[n,c,i] - m[n,c]) / sqrt(v[n,c] + eps) + b[c], m and v over the places i; buffers as in
    batch_norm, with the mean over n of m and v"""
    if use_input_stats is False:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    if input.ndim < 3:
        raise mistake("SN103", f"instance_norm of {show(input.shape)} has no places to average over")
    running = _running(running_mean, running_var, momentum)
    axes = list(range(2, input.ndim))
    centred, variance = normalised(input, axes, use_input_stats, running, "instance_norm")
    return _affine(_divided(centred, variance, eps), weight, bias, channels=True)


def _running(mean: Any, variance: Any, momentum: Any) -> Running | None:
    if isinstance(mean, Tensor) and isinstance(variance, Tensor):
        return Running(mean, variance, momentum)
    if mean is not None or variance is not None:
        raise mistake("SN108", "running_mean and running_var come together", "give both or neither")
    return None


@word(method=False)
def group_norm(input: Tensor, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Tensor:
    """y[n,c] = w[c] (x[n,c] - m[n,g]) / sqrt(v[n,g] + eps) + b[c], m and v over group g and all places"""
    channels = known_size(input, 1, "group_norm")
    if channels % num_groups:
        raise mistake("SN103", f"{channels} channels do not make {num_groups} groups")
    grouped = reshape(input, [input.shape[0], num_groups, channels // num_groups, *input.shape[2:]])
    normal = _standardised(grouped, list(range(2, grouped.ndim)), eps)
    return _affine(normal, weight, bias, channels=True, shape=input.shape)


@word(method=False)
def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """y[i] = Σ_j M[i,j] softmax_j(q[i]·k[j] scale + mask) v[j]; the scale is 1/√d unless it is given; M, if dropout_p
    is not 0, is the mask of dropout, in evaluation too"""
    if enable_gqa:
        raise mistake("SN110", "attention with grouped queries is not covered", "repeat_interleave the keys")
    factor = 1 / sp.sqrt(query.shape[-1]) if scale is None else as_exact(scale)
    scores = mapped("mul", lambda a: a * factor, query @ transpose(key, -2, -1))
    scores.own_trace.hints[scores.spec.name] = "S"
    if is_causal:
        attn_mask = _not_later(scores)
    if isinstance(attn_mask, Tensor) and is_mask(scores.own_trace, attn_mask.spec.name):
        scores = where(attn_mask, scores, float("-inf"))
    elif attn_mask is not None:
        scores = scores + attn_mask
        scores.own_trace.hints[scores.spec.name] = "S"
    return dropout(softmax(scores, -1), dropout_p, True) @ value


def _not_later(scores: Tensor) -> Tensor:
    """mask[i,j] = [j <= i]"""
    left = indices_for(scores.shape[-2:])
    spec = scores.own_trace.new_spec((i.size for i in left), "intermediate")
    scores.own_trace.define(spec, Term(left, scalars.greater_equal(*left)))
    return scores.made(spec, "mask")
