"""Cases of modules: ours with torch's numbers in place of its own parameters, called on the same input."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import torch

import symnet as sn
from tests.declare.words_in_text import ARRAYS, Case


def module_case(name: str, *args: Any, array: str, call: Callable[..., Any] | None = None, **options: Any) -> Case:
    """``sn.NAME(*args, **options)`` beside ``torch.nn.NAME``; its parameters are drawn, and given to both.

    ``call(module, x)`` says how it is called, if not with the array alone.
    """
    theirs = getattr(torch.nn, name)(*args, **options).double()
    rng = np.random.default_rng(40)
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.copy_(torch.tensor(rng.normal(size=tuple(parameter.shape))))

    def ours(x: Any) -> Any:
        module = getattr(sn, name)(*args, **options)
        values = dict(theirs.named_parameters())
        own = dict(module.named_parameters())
        assert {k: tuple(map(int, v.shape)) for k, v in own.items()} == {k: tuple(v.shape) for k, v in values.items()}
        for key, value in values.items():
            *owners, leaf = key.split(".")
            setattr(reduce(getattr, owners, module), leaf, sn.data(*value.shape, values=value.detach().numpy()))
        return called(module, x)

    called = call or (lambda module, x: module(x))
    return Case(ours, lambda x: called(theirs, x), (ARRAYS[array],))


def embeddings() -> list[Case]:
    """Both modules with labels that name the padding too; its row starts at zero."""
    table, picked = np.where(np.arange(4)[:, None] == 2, 0.0, ARRAYS["X"]), np.array([[1, 2, 3], [2, 0, 1]])
    cases = []
    for name, kwargs in (("Embedding", {}), ("EmbeddingBag", {"mode": "sum"}), ("EmbeddingBag", {"mode": "mean"})):
        theirs = getattr(torch.nn, name)(4, 3, padding_idx=2, **kwargs).double()

        def ours(w: Any, name: str = name, kwargs: Any = kwargs) -> Any:
            module = getattr(sn, name)(4, 3, padding_idx=2, **kwargs)
            assert [(k, tuple(map(int, v.shape))) for k, v in module.named_parameters()] == [("weight", (4, 3))]
            w.trace.declared[w.spec.name] = w.trace.declared[module.weight.spec.name]  # the row that is zero
            module.weight = w
            return module(sn.labels(2, 3, classes=4, values=picked))

        def other(w: Any, theirs: Any = theirs) -> Any:
            return torch.func.functional_call(theirs, {"weight": w}, (torch.tensor(picked),))

        cases.append(Case(ours, other, (table,)))
    return cases


MODULES: dict[str, Callable[[], list[Case]]] = {
    "MultiheadAttention": lambda: [
        module_case("MultiheadAttention", 4, 2, array="A", call=lambda m, x: m(x, x[:1], x[:1])[0]),
        module_case(
            "MultiheadAttention", 4, 1, 0.0, False, batch_first=True, array="A", call=lambda m, x: m(x, x, x)[1]
        ),
        module_case("MultiheadAttention", 4, 2, kdim=2, array="A", call=lambda m, x: m(x, x[..., :2], x)[0]),
    ],
    "TransformerEncoderLayer": lambda: [
        module_case("TransformerEncoderLayer", 4, 2, 3, 0.0, array="A"),
        module_case("TransformerEncoderLayer", 4, 2, 3, 0.0, "gelu", batch_first=True, norm_first=True, array="A"),
    ],
    "Conv1d": lambda: [module_case("Conv1d", 4, 6, 3, array="SEQUENCE", padding="same", bias=False)],
    "Conv2d": lambda: [
        module_case("Conv2d", 4, 6, (3, 2), array="IMAGES", stride=2, padding=1),
        module_case("Conv2d", 4, 6, 3, array="IMAGES", groups=2),
    ],
    "Conv3d": lambda: [module_case("Conv3d", 2, 3, 2, array="VOLUME", dilation=2)],
    "ConvTranspose1d": lambda: [module_case("ConvTranspose1d", 4, 3, 3, array="SEQUENCE", stride=2)],
    "ConvTranspose2d": lambda: [
        module_case("ConvTranspose2d", 4, 6, 3, array="IMAGES", stride=2, padding=1, output_padding=1, groups=2)
    ],
    "ConvTranspose3d": lambda: [module_case("ConvTranspose3d", 2, 1, 2, array="VOLUME")],
    "BatchNorm1d": lambda: [module_case("BatchNorm1d", 4, array="SEQUENCE"), module_case("BatchNorm1d", 3, array="X")],
    "BatchNorm2d": lambda: [module_case("BatchNorm2d", 4, array="IMAGES", affine=False)],
    "BatchNorm3d": lambda: [module_case("BatchNorm3d", 2, array="VOLUME", eps=0.1)],
    "InstanceNorm1d": lambda: [module_case("InstanceNorm1d", 4, array="SEQUENCE", affine=True)],
    "InstanceNorm2d": lambda: [module_case("InstanceNorm2d", 4, array="IMAGES", track_running_stats=True)],
    "InstanceNorm3d": lambda: [module_case("InstanceNorm3d", 2, array="VOLUME")],
    "LayerNorm": lambda: [
        module_case("LayerNorm", 3, array="X"),
        module_case("LayerNorm", [3, 4], array="A", bias=False),
        module_case("LayerNorm", 4, array="A", elementwise_affine=False),
    ],
    "RMSNorm": lambda: [module_case("RMSNorm", [3, 4], 1e-3, array="A")],
    "GroupNorm": lambda: [module_case("GroupNorm", 2, 4, array="IMAGES"), module_case("GroupNorm", 1, 3, array="X")],
    "LocalResponseNorm": lambda: [module_case("LocalResponseNorm", 2, array="IMAGES")],
    "Embedding": embeddings,
    "EmbeddingBag": embeddings,
    "MaxPool1d": lambda: [module_case("MaxPool1d", 2, array="SEQUENCE")],
    "MaxPool2d": lambda: [module_case("MaxPool2d", 3, 2, 1, array="IMAGES")],
    "MaxPool3d": lambda: [module_case("MaxPool3d", 2, stride=1, array="VOLUME")],
    "AvgPool1d": lambda: [module_case("AvgPool1d", 2, array="SEQUENCE")],
    "AvgPool2d": lambda: [module_case("AvgPool2d", (2, 3), padding=1, array="IMAGES")],
    "AvgPool3d": lambda: [module_case("AvgPool3d", 2, array="VOLUME")],
    "AdaptiveAvgPool1d": lambda: [module_case("AdaptiveAvgPool1d", 3, array="SEQUENCE")],
    "AdaptiveAvgPool2d": lambda: [module_case("AdaptiveAvgPool2d", (1, 1), array="IMAGES")],
    "AdaptiveAvgPool3d": lambda: [module_case("AdaptiveAvgPool3d", 1, array="VOLUME")],
    "AdaptiveMaxPool1d": lambda: [module_case("AdaptiveMaxPool1d", 3, array="SEQUENCE")],
    "AdaptiveMaxPool2d": lambda: [module_case("AdaptiveMaxPool2d", (2, 1), array="IMAGES")],
    "AdaptiveMaxPool3d": lambda: [module_case("AdaptiveMaxPool3d", (2, 3, 1), array="VOLUME")],
}
