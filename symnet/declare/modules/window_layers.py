"""Modules that slide windows, with torch.nn's names, parameter layout and first values."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symnet.declare.functions import convolution
from symnet.declare.functions.windows import Sizes
from symnet.declare.inputs import Size, checked_size, weight
from symnet.declare.modules.layers import Module
from symnet.declare.tracing.tensor import Tensor


class _Convolution(Module):
    """weight and bias uniform in ±1/sqrt(fan_in), fan_in = channels of one group times taps, as torch.nn.Conv2d."""

    word: Callable[..., Tensor]
    rank: int
    transposed = False

    def __init__(
        self,
        in_channels: Size,
        out_channels: Size,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        into, out = checked_size(in_channels), checked_size(out_channels)
        taps = [kernel_size] * self.rank if isinstance(kernel_size, int) else list(kernel_size)
        counts = [checked_size(t) for t in taps]
        first, second = (into, out) if self.transposed else (out, into)
        shape = (first, second / groups, *counts)
        fan_in = sp.Mul(*shape[1:])
        self.weight = weight(shape, fan_in)
        self.bias = weight((out,), fan_in) if bias else None
        self._options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}

    def forward(self, x: Tensor) -> Tensor:
        return type(self).word(x, self.weight, self.bias, **self._options)


class Conv1d(_Convolution):
    """conv1d with weight [out, in/groups, taps]"""

    word, rank = staticmethod(convolution.conv1d), 1


class Conv2d(_Convolution):
    """conv2d with weight [out, in/groups, taps, taps]"""

    word, rank = staticmethod(convolution.conv2d), 2


class Conv3d(_Convolution):
    """conv3d with weight [out, in/groups, taps, taps, taps]"""

    word, rank = staticmethod(convolution.conv3d), 3


class _Transposed(_Convolution):
    transposed = True

    def __init__(
        self,
        in_channels: Size,
        out_channels: Size,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)
        self._options["output_padding"] = output_padding


class ConvTranspose1d(_Transposed):
    """conv_transpose1d with weight [in, out/groups, taps]"""

    word, rank = staticmethod(convolution.conv_transpose1d), 1


class ConvTranspose2d(_Transposed):
    """conv_transpose2d with weight [in, out/groups, taps, taps]"""

    word, rank = staticmethod(convolution.conv_transpose2d), 2


class ConvTranspose3d(_Transposed):
    """conv_transpose3d with weight [in, out/groups, taps, taps, taps]"""

    word, rank = staticmethod(convolution.conv_transpose3d), 3
