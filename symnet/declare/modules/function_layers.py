"""Modules without parameters of their own, with torch.nn's names and arguments: each applies one word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any

from symnet.declare.functions.vocabulary import TORCH
from symnet.declare.modules.layers import Function
from symnet.declare.tracing.words import Word, mistake

_LOSS = "size_average reduce reduction"
_WEIGHED = f"weight {_LOSS}"
_POOL = "kernel_size stride padding"
#: What a module is called, torch's name of the word, and the module's arguments in torch's order.
_ROWS: dict[str, tuple[str, str]] = {
    "CELU": ("celu", "alpha inplace"),
    "ELU": ("elu", "alpha inplace"),
    "GELU": ("gelu", "approximate"),
    "GLU": ("glu", "dim"),
    "Hardshrink": ("hardshrink", "lambd"),
    "Hardsigmoid": ("hardsigmoid", "inplace"),
    "Hardswish": ("hardswish", "inplace"),
    "Hardtanh": ("hardtanh", "min_val max_val inplace"),
    "LeakyReLU": ("leaky_relu", "negative_slope inplace"),
    "LogSigmoid": ("logsigmoid", ""),
    "LogSoftmax": ("log_softmax", "dim"),
    "Mish": ("mish", "inplace"),
    "ReLU": ("relu", "inplace"),
    "RReLU": ("rrelu", "lower upper inplace"),
    "ReLU6": ("relu6", "inplace"),
    "SELU": ("selu", "inplace"),
    "SiLU": ("silu", "inplace"),
    "Sigmoid": ("sigmoid", ""),
    "Softmax": ("softmax", "dim"),
    "Softmax2d": ("softmax", ""),
    "Softmin": ("softmin", "dim"),
    "Softplus": ("softplus", "beta threshold"),
    "Softshrink": ("softshrink", "lambd"),
    "Softsign": ("softsign", ""),
    "Tanh": ("tanh", ""),
    "Tanhshrink": ("tanhshrink", ""),
    "Threshold": ("threshold", "threshold value inplace"),
    "CosineSimilarity": ("cosine_similarity", "dim eps"),
    "PairwiseDistance": ("pairwise_distance", "p eps keepdim"),
    "BCELoss": ("binary_cross_entropy", _WEIGHED),
    "BCEWithLogitsLoss": ("binary_cross_entropy_with_logits", f"{_WEIGHED} pos_weight"),
    "CTCLoss": ("ctc_loss", "blank reduction zero_infinity"),
    "CosineEmbeddingLoss": ("cosine_embedding_loss", f"margin {_LOSS}"),
    "CrossEntropyLoss": ("cross_entropy", "weight size_average ignore_index reduce reduction label_smoothing"),
    "GaussianNLLLoss": ("gaussian_nll_loss", "full eps reduction"),
    "HingeEmbeddingLoss": ("hinge_embedding_loss", f"margin {_LOSS}"),
    "HuberLoss": ("huber_loss", "reduction delta"),
    "KLDivLoss": ("kl_div", f"{_LOSS} log_target"),
    "L1Loss": ("l1_loss", _LOSS),
    "MSELoss": ("mse_loss", _LOSS),
    "MarginRankingLoss": ("margin_ranking_loss", f"margin {_LOSS}"),
    "MultiLabelMarginLoss": ("multilabel_margin_loss", _LOSS),
    "MultiLabelSoftMarginLoss": ("multilabel_soft_margin_loss", _WEIGHED),
    "MultiMarginLoss": ("multi_margin_loss", f"p margin {_WEIGHED}"),
    "NLLLoss": ("nll_loss", "weight size_average ignore_index reduce reduction"),
    "PoissonNLLLoss": ("poisson_nll_loss", "log_input full size_average eps reduce reduction"),
    "SmoothL1Loss": ("smooth_l1_loss", f"{_LOSS} beta"),
    "SoftMarginLoss": ("soft_margin_loss", _LOSS),
    "TripletMarginLoss": ("triplet_margin_loss", f"margin p eps swap {_LOSS}"),
    "TripletMarginWithDistanceLoss": ("triplet_margin_with_distance_loss", "distance_function margin swap reduction"),
    "Flatten": ("flatten", "start_dim end_dim"),
    "Unflatten": ("unflatten", "dim sizes"),
    "ChannelShuffle": ("channel_shuffle", "groups"),
    "PixelShuffle": ("pixel_shuffle", "upscale_factor"),
    "PixelUnshuffle": ("pixel_unshuffle", "downscale_factor"),
    "Fold": ("fold", "output_size kernel_size dilation padding stride"),
    "Unfold": ("unfold", "kernel_size dilation padding stride"),
    "Upsample": ("interpolate", "size scale_factor mode align_corners recompute_scale_factor"),
    "UpsamplingBilinear2d": ("interpolate", "size scale_factor"),
    "UpsamplingNearest2d": ("interpolate", "size scale_factor"),
    "LocalResponseNorm": ("local_response_norm", "size alpha beta k"),
    "AvgPool1d": ("avg_pool1d", f"{_POOL} ceil_mode count_include_pad"),
    **{f"AvgPool{n}d": (f"avg_pool{n}d", f"{_POOL} ceil_mode count_include_pad divisor_override") for n in (2, 3)},
    **{f"MaxPool{n}d": (f"max_pool{n}d", f"{_POOL} dilation return_indices ceil_mode") for n in (1, 2, 3)},
    **{f"MaxUnpool{n}d": (f"max_unpool{n}d", _POOL) for n in (1, 2, 3)},
    **{f"LPPool{n}d": (f"lp_pool{n}d", "norm_type kernel_size stride ceil_mode") for n in (1, 2, 3)},
    **{f"AdaptiveAvgPool{n}d": (f"adaptive_avg_pool{n}d", "output_size") for n in (1, 2, 3)},
    **{f"AdaptiveMaxPool{n}d": (f"adaptive_max_pool{n}d", "output_size return_indices") for n in (1, 2, 3)},
    **{f"Dropout{n}": (f"dropout{n.lower()}", "p inplace") for n in ("", "1d", "2d", "3d")},
    "AlphaDropout": ("alpha_dropout", "p inplace"),
    "FeatureAlphaDropout": ("feature_alpha_dropout", "p inplace"),
}
#: Where a module's argument is not what the word says without it.
_OWN: dict[str, dict[str, Any]] = {
    "Flatten": {"start_dim": 1},
    "RReLU": {"training": None},  # as the script trains or evaluates
    "Softmax2d": {"dim": -3},
    "UpsamplingBilinear2d": {"mode": "bilinear", "align_corners": True},
}


def _layer(name: str, word: Word, arguments: tuple[str, ...], own: Mapping[str, Any]) -> Callable[..., Function]:
    """The module as a class would be called; what it does not know is refused as a word refuses it."""
    takes = word.signature.parameters
    needed = [a for a in arguments if a in takes and takes[a].default is Parameter.empty and a not in own]

    def made(*args: Any, **options: Any) -> Function:
        given = dict(zip(arguments, args, strict=False)) | options
        wrong = len(args) > len(arguments) or set(options) - set(arguments[len(args) :]) or set(needed) - set(given)
        if wrong:
            raise mistake("SN108", f"{name} takes ({', '.join(arguments)})", "the arguments of torch.nn's module")
        return Function(word, **{**own, **given})

    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"A module that applies ``{word.name}``."
    return made


def _border(rank: int, mode: str) -> Callable[..., Function]:
    """A module that pads the last axes, by one number on all sides or by one for each side, the last axis first."""

    def made(padding: Any, value: float = 0.0) -> Function:
        sides = [padding] * (2 * rank) if isinstance(padding, int) else list(padding)
        if len(sides) != 2 * rank:
            raise mistake("SN108", f"padding={padding!r} for {rank} axes", f"a number, or {2 * rank} numbers")
        return Function(TORCH["pad"], pad=sides, mode=mode, value=value if mode == "constant" else None)

    made.__doc__ = "A module that applies ``pad``."
    return made


_MODES = {"ConstantPad": "constant", "ZeroPad": "constant", "ReflectionPad": "reflect", "ReplicationPad": "replicate"}
_MODES["CircularPad"] = "circular"
LAYERS: dict[str, Callable[..., Function]] = {
    **{name: _layer(name, TORCH[word], tuple(a.split()), _OWN.get(name, {})) for name, (word, a) in _ROWS.items()},
    **{f"{name}{n}d": _border(n, mode) for name, mode in _MODES.items() for n in (1, 2, 3)},
}


def described() -> dict[str, tuple[str, str]]:
    """For the page of words: the arguments of each module, and the word that it applies."""
    rows = {name: (_said(arguments), word) for name, (word, arguments) in _ROWS.items()}
    borders = {name: ("padding, value" if "Constant" in name else "padding", "pad") for name in LAYERS}
    return {**borders, **rows}


def _said(arguments: str) -> str:
    return ", ".join(a for a in arguments.split() if a not in ("inplace", "size_average", "reduce"))
