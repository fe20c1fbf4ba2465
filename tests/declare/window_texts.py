"""Texts of the words that slide windows, run on a model and by torch: ties, padding, strides, groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def _drawn(*shape: int, seed: int) -> Any:
    return np.random.default_rng(seed).normal(size=shape)


ARRAYS: Mapping[str, Any] = {
    "IMAGES": np.round(_drawn(2, 4, 6, 5, seed=20)),
    "SEQUENCE": np.round(_drawn(2, 4, 9, seed=21)),
    "VOLUME": _drawn(1, 2, 4, 3, 4, seed=22),
    "KERNEL": _drawn(6, 4, 3, 2, seed=23),
    "GROUPED": _drawn(6, 2, 3, 3, seed=24),
    "DEPTHWISE": _drawn(4, 1, 3, 3, seed=25),
    "DOUBLED": _drawn(8, 1, 3, 3, seed=32),
    "TAPS": _drawn(3, 4, 3, seed=26),
    "CUBE": _drawn(3, 2, 2, 2, 2, seed=27),
    "BIAS": _drawn(6, seed=28),
    "BACK": _drawn(4, 6, 3, 2, seed=29),
    "BACK1": _drawn(4, 3, 3, seed=30),
    "BACK3": _drawn(2, 3, 2, 2, 2, seed=31),
}

TEXTS: dict[str, list[str]] = {
    "conv1d": [
        "F.conv1d(SEQUENCE, TAPS)",
        "F.conv1d(SEQUENCE, TAPS, stride=2, padding=1, dilation=2)",
        "F.conv1d(SEQUENCE[0], TAPS, padding='same')",
    ],
    "conv2d": [
        "F.conv2d(IMAGES, KERNEL, BIAS)",
        "F.conv2d(IMAGES, KERNEL, BIAS, stride=2, padding=1)",
        "F.conv2d(IMAGES, KERNEL, stride=(1, 2), padding=(2, 1), dilation=(2, 1))",
        "F.conv2d(IMAGES, GROUPED, BIAS, padding='same', groups=2)",
        "F.conv2d(IMAGES, DEPTHWISE, groups=4)",
        "F.conv2d(IMAGES, DOUBLED, groups=4)",
        "F.conv2d(IMAGES, GROUPED, BIAS, groups=2)",
        "F.conv2d(IMAGES[1], KERNEL, BIAS, padding='valid')",
        "F.conv2d(IMAGES[:, :1], KERNEL[:, :1], padding=1)",
        "F.conv2d(IMAGES, KERNEL[:, :, :1, :1])",
        "F.conv2d(IMAGES[:, :, :3, :2], KERNEL, BIAS)",
    ],
    "conv3d": ["F.conv3d(VOLUME, CUBE)", "F.conv3d(VOLUME, CUBE, stride=(2, 1, 2), padding=1)"],
    "conv_transpose1d": ["F.conv_transpose1d(SEQUENCE, BACK1, stride=2, padding=1, output_padding=1)"],
    "conv_transpose2d": [
        "F.conv_transpose2d(IMAGES, BACK)",
        "F.conv_transpose2d(IMAGES, BACK, BIAS, stride=2, padding=1)",
        "F.conv_transpose2d(IMAGES, BACK, stride=(2, 1), padding=(0, 1), output_padding=(1, 0), dilation=2)",
        "F.conv_transpose2d(IMAGES, BACK[:, :3], BIAS, groups=2)",
        "F.conv_transpose2d(IMAGES[0], BACK)",
    ],
    "conv_transpose3d": ["F.conv_transpose3d(VOLUME, BACK3, stride=2)"],
    "max_pool1d": [
        "F.max_pool1d(SEQUENCE, 4, stride=2, ceil_mode=True)",
        "F.max_pool1d(SEQUENCE, 2, return_indices=True)[0]",
        "F.max_pool1d(SEQUENCE, 3)",
        "F.max_pool1d(SEQUENCE, 3, stride=2, padding=1)",
    ],
    "max_pool2d": [
        "F.max_pool2d(IMAGES, 3, stride=2, padding=1, ceil_mode=True, return_indices=True)[0]",
        "F.max_pool2d(IMAGES, (2, 3), stride=(3, 2), ceil_mode=True)",
        "F.max_pool2d(IMAGES, 2)",
        "F.max_pool2d(IMAGES, 3, stride=1)",
        "F.max_pool2d(IMAGES, (2, 3), stride=(2, 1), padding=(1, 1))",
        "F.max_pool2d(torch.relu(IMAGES), 3, stride=2, padding=1)",
        "F.max_pool2d(IMAGES, 2, dilation=2, stride=1)",
        "F.max_pool2d(IMAGES[0], 2)",
    ],
    "max_pool3d": ["F.max_pool3d(VOLUME, 3, stride=2, padding=1, ceil_mode=True)", "F.max_pool3d(VOLUME, 2, stride=1)"],
    "avg_pool1d": [
        "F.avg_pool1d(SEQUENCE, 4, stride=2, padding=1, ceil_mode=True)",
        "F.avg_pool1d(SEQUENCE, 3, stride=2, padding=1, count_include_pad=False)",
        "F.avg_pool1d(SEQUENCE, 3)",
        "F.avg_pool1d(SEQUENCE, 3, stride=2, padding=1)",
    ],
    "avg_pool2d": [
        "F.avg_pool2d(IMAGES, 3, stride=2, padding=1, ceil_mode=True, count_include_pad=False)",
        "F.avg_pool2d(IMAGES, 2, stride=(3, 2), ceil_mode=True, divisor_override=3)",
        "F.avg_pool2d(IMAGES, 3, stride=2, ceil_mode=True)",
        "F.avg_pool2d(IMAGES, 2)",
        "F.avg_pool2d(IMAGES, 3, stride=(1, 2), padding=1)",
    ],
    "avg_pool3d": [
        "F.avg_pool3d(VOLUME, 2, stride=2, padding=1, count_include_pad=False)",
        "F.avg_pool3d(VOLUME, 2, stride=1)",
    ],
    "adaptive_avg_pool1d": [
        "F.adaptive_avg_pool1d(SEQUENCE, 4)",
        "F.adaptive_avg_pool1d(SEQUENCE, 11)",
        "F.adaptive_avg_pool1d(SEQUENCE, 3)",
    ],
    "adaptive_avg_pool2d": [
        "F.adaptive_avg_pool2d(IMAGES, (4, 3))",
        "F.adaptive_avg_pool2d(IMAGES, (3, 1))",
        "F.adaptive_avg_pool2d(IMAGES, 1)",
    ],
    "adaptive_avg_pool3d": ["F.adaptive_avg_pool3d(VOLUME, (3, 2, 3))", "F.adaptive_avg_pool3d(VOLUME, (2, None, 1))"],
    "adaptive_max_pool1d": [
        "F.adaptive_max_pool1d(SEQUENCE, 4)",
        "F.adaptive_max_pool1d(SEQUENCE, 5, return_indices=True)[0]",
        "F.adaptive_max_pool1d(SEQUENCE, 3)",
    ],
    "adaptive_max_pool2d": [
        "F.adaptive_max_pool2d(IMAGES, (4, 2))",
        "F.adaptive_max_pool2d(IMAGES, 7)",
        "F.adaptive_max_pool2d(IMAGES, (2, 5))",
    ],
    "adaptive_max_pool3d": ["F.adaptive_max_pool3d(VOLUME, (3, 2, 3))", "F.adaptive_max_pool3d(VOLUME, 1)"],
    "lp_pool1d": [
        "F.lp_pool1d(SEQUENCE + 5, 3.0, 3)",
        "F.lp_pool1d(SEQUENCE + 5, 2.0, 4, stride=2, ceil_mode=True)",
        "F.lp_pool1d(R[None], 2.0, 3)",
        "F.lp_pool1d(R[None], 2.0, 2, ceil_mode=True)",
        "F.lp_pool1d(torch.abs(R[None]), 3.0, 2)",
        "F.lp_pool1d(torch.abs(R[None]), 1.5, 3)",
        "F.lp_pool1d(R[None] - 1, 1.0, 3)",
    ],
    "lp_pool2d": ["F.lp_pool2d(IMAGES + 5, 2.0, (2, 3), stride=2)"],
    "lp_pool3d": ["F.lp_pool3d(VOLUME + 5, 2.0, 2)"],
}
