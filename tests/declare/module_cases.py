"""Cases of modules: ours with torch's numbers in place of its own parameters, called on the same input."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import torch

import symnet as sn
from tests.declare.words_in_text import ARRAYS, Case, written


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
            setattr(reduce(_part, owners, module), leaf, sn.data(*value.shape, values=value.detach().numpy()))
        return called(module, x)

    called = call or (lambda module, x: module(x))
    return Case(ours, lambda x: called(theirs, x), (ARRAYS[array],))


def _part(module: Any, name: str) -> Any:
    return module[int(name)] if name.isdigit() else getattr(module, name)


def embeddings() -> list[Case]:
    """Both modules with labels that name the padding too; its row is not zero, as after --start."""
    picked = np.array([[1, 2, 3], [2, 0, 1]])
    cases = []
    for name, kwargs in (("Embedding", {}), ("EmbeddingBag", {"mode": "sum"}), ("EmbeddingBag", {"mode": "mean"})):
        theirs = getattr(torch.nn, name)(4, 3, padding_idx=2, **kwargs).double()

        def ours(w: Any, name: str = name, kwargs: Any = kwargs) -> Any:
            module = getattr(sn, name)(4, 3, padding_idx=2, **kwargs)
            assert [(k, tuple(map(int, v.shape))) for k, v in module.named_parameters()] == [("weight", (4, 3))]
            module.weight = w
            return module(sn.labels(2, 3, classes=4, values=picked))

        def other(w: Any, theirs: Any = theirs) -> Any:
            return torch.func.functional_call(theirs, {"weight": w}, (torch.tensor(picked),))

        cases.append(Case(ours, other, (ARRAYS["X"],)))
    return cases


#: How modules that apply a word are made, and the arrays that they are called with; torch's line is the same.
APPLIED = """
CELU(0.5)  K
ELU(alpha=2.0)  K
GELU("tanh")  K
GLU()  A
Hardshrink(0.7)  K
Hardsigmoid()  L
Hardswish(inplace=False)  L
Hardtanh(-0.5, 1.0)  K
LeakyReLU(0.3, False)  K
LogSigmoid()  K
LogSoftmax(0)  X
Mish()  K
ReLU(inplace=False)  K
ReLU(True)  K*1
ReLU6()  L
SELU()  K
SiLU()  K
Sigmoid()  K
Softmax(1)  X
Softmax2d()  A
Softmin(dim=0)  X
Softplus(2.0, 1.0)  K
Softshrink(0.5)  K
Softsign()  K
Tanh()  K
Tanhshrink()  K
Threshold(0.5, 2.0)  K
CosineSimilarity(dim=0)  X Y
PairwiseDistance(1.0, keepdim=True)  X Y
BCELoss(torch.tensor([1.0, 0.5, 2.0]))  U U
BCEWithLogitsLoss(pos_weight=torch.tensor([1.0, 0.5, 2.0]), reduction="sum")  X U
CosineEmbeddingLoss(0.1)  X Y torch.tensor([1, -1, 1, -1])
CTCLoss(blank=1)  X.log_softmax(1) torch.tensor([2, 0]) torch.tensor(4) torch.tensor(2)
CrossEntropyLoss(torch.tensor([1.0, 0.5, 2.0]).double(), None, 1)  X torch.tensor([2, 0, 1, 1])
GaussianNLLLoss(full=True)  X Y P
HingeEmbeddingLoss(0.5)  X torch.sign(torch.ones(4, 3))
HuberLoss("sum", 0.5)  X Y
KLDivLoss(reduction="batchmean", log_target=True)  X Y
L1Loss(reduction="sum")  X Y
MSELoss(None, None, "sum")  X Y
MarginRankingLoss(0.2)  X Y torch.ones(4, 3)
MultiLabelMarginLoss()  X torch.tensor([[2, 0, -1], [0, -1, 1], [1, 2, 0], [-1, 0, 1]])
MultiLabelSoftMarginLoss(torch.tensor([1.0, 0.5, 2.0]))  X U
MultiMarginLoss(2, 0.5)  X torch.tensor([2, 0, 1, 1])
NLLLoss(ignore_index=2, reduction="sum")  X torch.tensor([2, 0, 1, 1])
PoissonNLLLoss(False, True)  P U
SmoothL1Loss(beta=0.5)  X Y
SoftMarginLoss()  X torch.ones(4, 3)
TripletMarginLoss(2.0, swap=True)  X Y Z
TripletMarginWithDistanceLoss(distance_function=lambda a, b: (a - b).abs().sum(1))  X Y Z
Flatten()  A
Flatten(0, 1)  A
Unflatten(1, (3, 1))  X
ChannelShuffle(2)  IMAGES
PixelShuffle(2)  IMAGES
PixelUnshuffle(2)  IMAGES[:, :, :4, :4]
Fold((2, 2), (1, 1))  A
Unfold((2, 1), padding=1)  IMAGES
Upsample(scale_factor=2, mode="nearest")  IMAGES
UpsamplingBilinear2d((3, 4))  IMAGES
UpsamplingNearest2d(scale_factor=2)  IMAGES
LocalResponseNorm(2)  IMAGES
AvgPool1d(2, 1)  SEQUENCE
AvgPool2d((2, 3), None, 1, False, False)  IMAGES
AvgPool3d(2, divisor_override=3)  VOLUME
MaxPool1d(2)  SEQUENCE
MaxPool2d(3, 2, 1, 1, False, True)  IMAGES
MaxPool3d(2, stride=1)  VOLUME
MaxUnpool1d(2)  *F.max_pool1d(SEQUENCE, 2, return_indices=True), output_size=SEQUENCE.shape
MaxUnpool2d(2)  *F.max_pool2d(IMAGES, 2, return_indices=True), output_size=IMAGES.shape
MaxUnpool3d((1, 2, 1))  *F.max_pool3d(VOLUME, (1, 2, 1), return_indices=True), output_size=VOLUME.shape
LPPool1d(2.0, 2)  SEQUENCE+5
LPPool2d(2.0, 2, 1)  IMAGES+5
LPPool3d(2.0, 2)  VOLUME+5
AdaptiveAvgPool1d(3)  SEQUENCE
AdaptiveAvgPool2d((1, 1))  IMAGES
AdaptiveAvgPool3d(1)  VOLUME
AdaptiveMaxPool1d(3)  SEQUENCE
AdaptiveMaxPool2d((2, 1))  IMAGES
AdaptiveMaxPool3d((2, 3, 1))  VOLUME
Identity(3, key=1)  X
ConstantPad1d(2, 0.5)  SEQUENCE
ConstantPad2d((1, 0, 2, 1), 3.0)  IMAGES
ConstantPad3d(1, 0.0)  VOLUME
ZeroPad1d(1)  SEQUENCE
ZeroPad2d((1, 2, 0, 1))  IMAGES
ZeroPad3d(1)  VOLUME
ReflectionPad1d(2)  SEQUENCE
ReflectionPad2d((1, 2, 0, 1))  IMAGES
ReflectionPad3d(1)  VOLUME
ReplicationPad1d(2)  SEQUENCE
ReplicationPad2d((1, 2, 0, 1))  IMAGES
ReplicationPad3d(1)  VOLUME
CircularPad1d(2)  SEQUENCE
CircularPad2d((1, 2, 0, 1))  IMAGES
CircularPad3d(1)  VOLUME
"""


def applied() -> dict[str, list[Case]]:
    """The cases of ``APPLIED`` by the module's name."""
    found: dict[str, list[Case]] = {}
    for line in APPLIED.strip().splitlines():
        made, _, called = line.partition("  ")
        operands = ", ".join(re.split(r" (?=[A-Z]|torch)", called))
        text = f"{made}({operands})"
        found.setdefault(made.partition("(")[0], []).append(written(f"sn.nn.{text}", f"torch.nn.{text}"))
    return found


CLASSES = [6, 0, 3, 2]
MODULES: dict[str, Callable[[], list[Case]]] = {
    "MultiheadAttention": lambda: [
        module_case("MultiheadAttention", 4, 2, array="A", call=lambda m, x: m(x, x[:1], x[:1])[0]),
        module_case(
            "MultiheadAttention", 4, 1, 0.0, False, batch_first=True, array="A", call=lambda m, x: m(x, x, x)[1]
        ),
        module_case("MultiheadAttention", 4, 2, kdim=2, array="A", call=lambda m, x: m(x, x[..., :2], x)[0]),
    ],
    "AdaptiveLogSoftmaxWithLoss": lambda: [
        module_case(
            "AdaptiveLogSoftmaxWithLoss", 3, 7, [2, 4], 1.0, array="X", call=lambda m, x: m(x, torch.tensor(CLASSES))[0]
        ),
        module_case(
            "AdaptiveLogSoftmaxWithLoss",
            3,
            7,
            [3],
            2.0,
            True,
            array="X",
            call=lambda m, x: m(x, torch.tensor(CLASSES)).loss,
        ),
        module_case("AdaptiveLogSoftmaxWithLoss", 3, 7, [2, 4], 1.5, array="X", call=lambda m, x: m.log_prob(x)),
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
    "PReLU": lambda: [module_case("PReLU", array="K"), module_case("PReLU", 4, array="SEQUENCE")],
    "Bilinear": lambda: [
        module_case("Bilinear", 3, 4, 2, array="A", call=lambda m, x: m(x[0, :, :3], x[1])),
        module_case("Bilinear", 4, 4, 1, False, array="A", call=lambda m, x: m(x, x)),
    ],
    "ModuleList": lambda: [
        Case(
            lambda x: reduce(lambda y, f: f(y), sn.ModuleList([sn.Tanh()]).append(sn.ELU()).extend([sn.GELU()]), x),
            lambda x: torch.nn.functional.gelu(torch.nn.functional.elu(torch.tanh(x))),
        )
    ],
    "Embedding": embeddings,
    "EmbeddingBag": embeddings,
}
