"""Attention and the encoder layer made of it, with torch.nn's names, parameter layout and defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symnet.declare.functions.activations import gelu, relu
from symnet.declare.functions.attention import multi_head_attention_forward
from symnet.declare.functions.dropout import dropout as dropped
from symnet.declare.functions.shapes import transpose
from symnet.declare.inputs import Size, checked_size, initial_values, uniform
from symnet.declare.modules.layers import Linear, Module
from symnet.declare.modules.norm_layers import LayerNorm
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import current
from symnet.declare.tracing.words import mistake


class MultiheadAttention(Module):
    """multi_head_attention_forward with in_proj_weight [3E,E] and in_proj_bias [3E], or q_, k_ and v_proj_weight where
    kdim or vdim differ, and out_proj; x[L,N,E], [N,L,E] with batch_first, or [L,E]; gives (output, weights or None)."""

    def __init__(
        self,
        embed_dim: Size,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: Size | None = None,
        vdim: Size | None = None,
        batch_first: bool = False,
    ) -> None:
        if add_bias_kv or add_zero_attn:
            raise mistake("SN110", "keys and values added to attention are not covered", "no add_bias_kv")
        into = [checked_size(embed_dim if size is None else size) for size in (embed_dim, kdim, vdim)]
        width = self.embed_dim = into[0]
        self.num_heads, self.dropout, self.batch_first = num_heads, dropout, batch_first
        self.together = into == [width] * 3
        if self.together:
            self.in_proj_weight = _xavier(3 * width, width)
        else:
            self.q_proj_weight, self.k_proj_weight, self.v_proj_weight = (_xavier(width, size) for size in into)
        self.in_proj_bias = initial_values((3 * width,), "parameter", "zeros", None) if bias else None
        self.out_proj = Linear(width, width, bias=False)
        if bias:
            self.out_proj.bias = initial_values((width,), "parameter", "zeros", None)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        turned = self.batch_first and query.ndim == 3
        query, key, value = (transpose(x, 0, 1) if turned else x for x in (query, key, value))
        own = vars(self)
        output, told = multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            own.get("in_proj_weight"),
            self.in_proj_bias,
            bias_k=None,
            bias_v=None,
            add_zero_attn=False,
            dropout_p=self.dropout,
            out_proj_weight=self.out_proj.weight,
            out_proj_bias=self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self.together,
            q_proj_weight=own.get("q_proj_weight"),
            k_proj_weight=own.get("k_proj_weight"),
            v_proj_weight=own.get("v_proj_weight"),
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (transpose(output, 0, 1) if turned else output), told


def _xavier(rows: Any, columns: Any) -> Tensor:
    """Uniform in ±sqrt(6/(rows + columns))."""
    count = current().size_value(rows + columns)
    bound = (6 / count) ** 0.5 if count else 1.0
    return initial_values((rows, columns), "parameter", uniform(-bound, bound), None)


class TransformerEncoderLayer(Module):
    """y = norm1(x + attention(x)), norm2(y + linear2(f(linear1(y)))), f relu or gelu; with norm_first y = x +
    attention(norm1(x)), y + linear2(f(linear1(norm2(y)))); parameters as torch.nn.TransformerEncoderLayer."""

    def __init__(
        self,
        d_model: Size,
        nhead: int,
        dim_feedforward: Size = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Tensor], Tensor] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
    ) -> None:
        known: dict[Any, Callable[[Tensor], Tensor]] = {"relu": relu, "gelu": gelu}
        if not callable(activation) and activation not in known:
            raise mistake("SN108", f"unknown activation {activation!r}", "relu, gelu, or a function")
        self.dropout, self.norm_first = dropout, norm_first
        self.activation = activation if callable(activation) else known[activation]
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first)
        self.linear1 = Linear(d_model, dim_feedforward, bias)
        self.linear2 = Linear(dim_feedforward, d_model, bias)
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias)

    def forward(
        self, src: Tensor, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Tensor:
        def attended(x: Tensor) -> Tensor:
            found = self.self_attn(x, x, x, src_key_padding_mask, False, src_mask, is_causal=is_causal)
            return self._dropped(found[0])

        if self.norm_first:
            src = src + attended(self.norm1(src))
            return src + self._fed(self.norm2(src))
        src = self.norm1(src + attended(src))
        result: Tensor = self.norm2(src + self._fed(src))
        return result

    def _fed(self, x: Tensor) -> Tensor:
        return self._dropped(self.linear2(self._dropped(self.activation(self.linear1(x)))))

    def _dropped(self, x: Tensor) -> Tensor:
        return dropped(x, self.dropout, self.training) if self.dropout else x
