"""Modules of torch as model files: whole networks beside this file, and one line for each kind of layer.

A model file of ``modules`` has ``build()``, the module, and ``loss_of(net, *data)``, which runs on both sides.
"""

from __future__ import annotations

from pathlib import Path

NETWORKS = sorted(Path(__file__).with_name("modules").glob("*.py"))
HEAD = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\nimport symnet as sn\n\n"
MASK = "torch.cat([torch.zeros_like(m[:, :1]), m[:, 1:]], 1).bool()"
LATER = "torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)"
CAUSAL = "nn.Transformer.generate_square_subsequent_mask(3, dtype=x.dtype)"
X, M = "x = sn.data(N, 3, 4)", "m = sn.data(N, 3, mask=True)"
ACTIVATIONS = (
    *("nn.ReLU()", "nn.ReLU6()", "nn.LeakyReLU(0.2)", "nn.PReLU()", "nn.ELU(0.7)", "nn.SELU()", "nn.CELU(1.5)"),
    *("nn.GELU()", "nn.GELU('tanh')", "nn.SiLU()", "nn.Mish()", "nn.Sigmoid()", "nn.Tanh()", "nn.Softplus(2)"),
    *("nn.Softsign()", "nn.LogSigmoid()", "nn.Hardtanh()", "nn.Hardsigmoid()", "nn.Hardswish()", "nn.Softshrink()"),
    *("nn.Hardshrink()", "nn.Tanhshrink()", "nn.Threshold(0.1, 2)", "nn.Softmax(-1)", "nn.LogSoftmax(-1)"),
    *("nn.Softmin(1)", "nn.GLU()", "nn.Identity()", "nn.Dropout(0.5).eval()"),
)


def text_of(module: str, call: str, *data: str) -> str:
    """A model file of one module, called on data; the loss weighs every entry of what comes back differently."""
    names = ", ".join(line.split(" = ")[0] for line in data)
    lines = [
        f"def build():\n    return {module}\n",
        f"def loss_of(net, {names}):\n    y = {call}",
        "    parts = [part for part in (y if isinstance(y, tuple) else (y,)) if part is not None]",
        "    return sum((torch.cos(part) * part).sum() for part in parts)\n",
        'N = sn.dims(N="batch")',
        *data,
        f"net = sn.from_torch(build())\nloss = loss_of(net, {names})\n",
    ]
    return HEAD + "\n".join(lines)


def layers(*modules: str) -> str:
    """Modules that stand beside each other and read the same input."""
    return f"nn.ModuleList([{', '.join(modules)}])"


CALLED = "sum(layer(x * (1 + 0.1 * k)).sin().sum() for k, layer in enumerate(net))"
#: Every kind of layer, by the name of the test.
LAYERS: dict[str, str] = {
    "activations": text_of(layers(*ACTIVATIONS), CALLED, X),
    "linear": text_of(
        "nn.Sequential(nn.Flatten(), nn.Linear(12, 4, bias=False), nn.Unflatten(1, (2, 2)))", "net(x)", X
    ),
    "bilinear": text_of("nn.Bilinear(4, 4, 2)", "net(x, x)", X),
    "conv1d": text_of(
        layers("nn.Conv1d(3, 2, 2, padding=1)", "nn.ConvTranspose1d(3, 2, 2, 2)", "nn.MaxPool1d(2)", "nn.AvgPool1d(2)"),
        CALLED,
        X,
    ),
    "conv2d": text_of(
        layers("nn.Conv2d(2, 4, 3, 2, 1, groups=2)", "nn.ConvTranspose2d(2, 1, 2, bias=False)", "nn.MaxPool2d(2)"),
        CALLED,
        "x = sn.data(N, 2, 4, 4)",
    ),
    "conv3d": text_of(
        layers("nn.Conv3d(1, 2, 2)", "nn.ConvTranspose3d(1, 1, 2)", "nn.AvgPool3d(2)", "nn.AdaptiveAvgPool3d(1)"),
        CALLED,
        "x = sn.data(N, 1, 2, 3, 2)",
    ),
    "adaptive": text_of(
        layers("nn.AdaptiveAvgPool2d((1, 1))", "nn.AdaptiveMaxPool2d(2)", "nn.Conv2d(2, 1, 4)"),
        CALLED,
        "x = sn.data(N, 2, 4, 4)",
    ),
    "norms": text_of(
        layers("nn.LayerNorm(4)", "nn.LayerNorm((3, 4), bias=False)", "nn.GroupNorm(3, 3)", "nn.RMSNorm(4, eps=1e-6)"),
        CALLED,
        X,
    ),
    "batch norms": text_of(
        layers("nn.BatchNorm1d(3, track_running_stats=False)", "nn.InstanceNorm1d(3, affine=True)"), CALLED, X
    ),
    "weight norms": text_of(
        layers("P.weight_norm(nn.Linear(4, 2))", "P.weight_norm(nn.Conv1d(3, 2, 2), dim=1)"), CALLED, X
    ).replace("import symnet", "from torch.nn.utils import parametrizations as P\nimport symnet"),
    "spectral norm in evaluation": text_of("P.spectral_norm(nn.Linear(4, 3)).eval()", "net(x)", X).replace(
        "import symnet", "from torch.nn.utils import parametrizations as P\nimport symnet"
    ),
    "frozen batch norm": text_of("nn.BatchNorm1d(3).eval()", "net(x)", X),
    "embedding": text_of("nn.Embedding(5, 3)", "net(i)", "i = sn.labels(N, 2, classes=5)"),
    "attention": text_of("nn.MultiheadAttention(4, 2)", "net(x, x, x)", X),
    "attention first batch": text_of(
        "nn.MultiheadAttention(4, 2, batch_first=True, bias=False)", "net(x, x, x, need_weights=False)", X
    ),
    "attention of three": text_of(
        "nn.MultiheadAttention(4, 2, kdim=3, vdim=5)",
        "net(q, k, v, average_attn_weights=False)",
        *("q = sn.data(2, N, 4)", "k = sn.data(3, N, 3)", "v = sn.data(3, N, 5)"),
    ),
    "attention to the past": text_of(
        "nn.MultiheadAttention(4, 2, batch_first=True)",
        f"net(x, x, x, key_padding_mask={MASK}, attn_mask={LATER})",
        *(X, M),
    ),
    "attention with numbers": text_of(
        "nn.MultiheadAttention(4, 1)", f"net(x, x, x, attn_mask={CAUSAL}, is_causal=True)", "x = sn.data(3, N, 4)"
    ),
    "attention without batch": text_of("nn.MultiheadAttention(4, 2)", "net(x, x, x)", "x = sn.data(3, 4)"),
    "encoder layer": text_of(
        "nn.TransformerEncoderLayer(4, 2, 6, 0.0, batch_first=True)", f"net(x, src_key_padding_mask={MASK})", X, M
    ),
    "encoder": text_of(
        "nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 6, 0.0, 'gelu', norm_first=True), 1, None, False)",
        f"net(x, mask={CAUSAL}, is_causal=True)",
        "x = sn.data(3, N, 4)",
    ),
    "adaptive softmax": text_of(
        "nn.AdaptiveLogSoftmaxWithLoss(4, 9, [2, 5], 2.0, True)",
        "net(x[:, 0], torch.arange(9)[y]).loss + net(x[:, 1], y)[0].sum()",
        *(X, "y = sn.labels(N, classes=9)"),
    ),
    "decoder layer": text_of(
        "nn.TransformerDecoderLayer(4, 2, 6, 0.0, batch_first=True)",
        f"net(x, y, tgt_mask={CAUSAL})",
        *(X, "y = sn.data(N, 2, 4)"),
    ),
    "recurrent": text_of(
        layers("nn.RNN(4, 2, nonlinearity='relu')", "nn.GRU(4, 2, batch_first=True)", "nn.LSTM(4, 2, bias=False)"),
        "sum(layer(x)[0].sin().sum() for layer in net)",
        X,
    ),
    "two layers both ways": text_of(
        "nn.LSTM(4, 2, 2, batch_first=True, bidirectional=True)",
        "net(x, (torch.zeros(4, x.size(0), 2, dtype=x.dtype), torch.ones(4, x.size(0), 2, dtype=x.dtype)))[0]",
        X,
    ),
    "cells": text_of(
        layers("nn.RNNCell(4, 2)", "nn.GRUCell(4, 2)", "nn.LSTMCell(4, 2)"),
        "net[0](x[:, 0], h) + net[1](x[:, 1], h) + net[2](x[:, 2], (h, h))[1]",
        *(X, "h = sn.data(N, 2)"),
    ),
}
