"""The words for attention with several heads; torch's names and signatures."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symnet.declare.functions.dropout import dropout
from symnet.declare.functions.masks import is_mask, masked_fill
from symnet.declare.functions.operators import logical_or
from symnet.declare.functions.pointwise import mapped
from symnet.declare.functions.products import linear
from symnet.declare.functions.reductions import mean, softmax
from symnet.declare.functions.shapes import permute, reshape, transpose
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake, word


@word(method=False)
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: Any,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Any,
    training: Any = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """y = concat_h(softmax(q_h k_hᵀ / √d + mask) v_h) W_oᵀ + b_o, q = x W_qᵀ + b_q and so k and v, d = E/heads"""
    _refuse_more(bias_k, bias_v, static_k, static_v, add_zero_attn or None, is_causal and attn_mask is None)
    weights = [q_proj_weight, k_proj_weight, v_proj_weight] if use_separate_proj_weight else _parts(in_proj_weight)
    biases = [None] * 3 if in_proj_bias is None else _parts(in_proj_bias)
    batched = query.ndim == 3
    inputs = [x if batched else x[:, None] for x in (query, key, value)]
    heads = [_heads(linear(*p), num_heads) for p in zip(inputs, weights, biases, strict=True)]
    shares = dropout(_shares(heads, attn_mask, key_padding_mask, batched), dropout_p, training)
    together = reshape(permute(shares @ heads[2], 2, 0, 1, 3), [*inputs[0].shape[:2], out_proj_weight.shape[1]])
    output = linear(_named(together, "O"), out_proj_weight, out_proj_bias)
    told = (mean(shares, 1) if average_attn_weights else shares) if need_weights else None
    return (output, told) if batched else (output[:, 0], None if told is None else told[0])


def _refuse_more(*added: Any) -> None:
    """What torch adds to keys and values; last whether a hint about a mask came without it."""
    if any(part is not None for part in added[:-1]):
        raise mistake("SN110", "keys and values added to attention are not covered", "no add_bias_kv, no add_zero_attn")
    if added[-1]:
        raise mistake("SN108", "is_causal is a hint about attn_mask, which is missing", "give attn_mask as well")


def _shares(heads: list[Tensor], attn_mask: Any, key_padding_mask: Any, batched: bool) -> Tensor:
    """softmax_s(q[n,h,t]·k[n,h,s] / √d + mask)"""
    q, k, _ = (_named(x, name) for x, name in zip(heads, "qkv", strict=True))
    scale = 1 / sp.sqrt(q.shape[-1])
    scores = mapped("mul", lambda a: a * scale, _named(q @ transpose(k, -2, -1), "S"))
    masks = (_attention_mask(attn_mask, scores), _padding_mask(key_padding_mask, batched))
    return _named(softmax(_masked(scores, masks), -1), "P")


def _named(tensor: Tensor, hint: str) -> Tensor:
    tensor.own_trace.hints[tensor.spec.name] = hint
    return tensor


def _parts(stacked: Tensor) -> list[Tensor]:
    """The weights or biases of query, key and value, which torch keeps in one."""
    size = stacked.shape[0] / 3
    return [stacked[number * size : (number + 1) * size] for number in range(3)]


def _heads(x: Tensor, heads: int) -> Tensor:
    """y[n,h,t,d] = x[t,n,h D + d]"""
    times, batch, width = x.shape
    if not (width / heads).is_integer:
        raise mistake("SN103", f"{width} entries do not make {heads} heads", "embed_dim is a multiple of num_heads")
    return permute(reshape(x, [times, batch, heads, width / heads]), 1, 2, 0, 3)


def _attention_mask(mask: Any, scores: Tensor) -> Tensor | None:
    """The mask of [L,S], or of [N heads,L,S], against scores [N,heads,L,S]."""
    if mask is None or mask.ndim == 2:
        return mask  # type: ignore[no-any-return]  # None or a tensor
    if mask.ndim == 3:
        return reshape(mask, list(scores.shape))
    raise mistake("SN103", f"attn_mask is {show(mask.shape)}, it must be [L,S] or [N heads,L,S]")


def _padding_mask(mask: Any, batched: bool) -> Tensor | None:
    """The mask of keys [N,S], or [S] without a batch, against scores [N,heads,L,S]."""
    if mask is None:
        return None
    rows: Tensor = mask if batched else mask[None]
    return rows[:, None, None]


def _masked(scores: Tensor, masks: tuple[Tensor | None, ...]) -> Tensor:
    """-inf where a mask of 0 and 1 holds, as torch's; a mask of other numbers is added."""
    given = [m for m in masks if m is not None]
    choices = [m for m in given if is_mask(scores.own_trace, m.spec.name)]
    for added in (m for m in given if not any(m is c for c in choices)):
        scores = mapped("add", lambda a, b: a + b, scores, added)
    if choices:
        held = choices[0] if len(choices) == 1 else logical_or(*choices)
        scores = masked_fill(scores, held, float("-inf"))
    return scores
