"""Modules that normalise, drop or look up, with torch.nn's names, parameter layout and first values."""

from __future__ import annotations

from typing import Any

from symnet.declare.buffers import buffer, latest, update
from symnet.declare.drawn import training_mode
from symnet.declare.functions import normalisation
from symnet.declare.functions.pointwise import mapped
from symnet.declare.inputs import Size, checked_size, initial_values
from symnet.declare.modules.layers import Module
from symnet.declare.tracing.primitives import show
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.words import mistake


def _filled(shape: tuple[Any, ...], init: str) -> Tensor:
    return initial_values(shape, "parameter", init, None)


class _Running(Module):
    """weight of ones, bias of zeros [C]; buffers running_mean 0, running_var 1 [C], num_batches_tracked."""

    ranks: tuple[int, ...]
    affine, tracked = True, True  # torch's defaults

    def __init__(
        self,
        num_features: Size,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool | None = None,
        track_running_stats: bool | None = None,
    ) -> None:
        self.num_features, self.eps, self.momentum = checked_size(num_features), eps, momentum
        shape = (self.num_features,)
        wanted = type(self).affine if affine is None else affine
        self.weight = _filled(shape, "ones") if wanted else None
        self.bias = _filled(shape, "zeros") if wanted else None
        self.running_mean: Tensor | None = None
        self.running_var: Tensor | None = None
        self.num_batches_tracked: Tensor | None = None
        if type(self).tracked if track_running_stats is None else track_running_stats:
            self.running_mean, self.running_var = buffer(*shape), buffer(*shape, init="ones")
            self.num_batches_tracked = buffer()

    def _own(self, x: Tensor) -> tuple[Any, ...]:
        """The arguments of the word after the input."""
        if x.ndim not in self.ranks:
            ranks = " or ".join(map(str, self.ranks))
            raise mistake("SN103", f"{type(self).__name__} takes {ranks} axes, the input is {show(x.shape)}")
        if not x.own_trace.same_size(x.shape[1], self.num_features):
            name = type(self).__name__
            raise mistake("SN103", f"{name} of {self.num_features} features, the input is {show(x.shape)}")
        training = training_mode() if self.running_mean is not None else True
        kept = (self.running_mean, self.running_var, self.weight, self.bias)
        return (*kept, training, self._rate(), self.eps)

    def _rate(self) -> Any:
        """How fast the running statistics follow; without a momentum they stay, as torch's instance norm."""
        return 0.0 if self.momentum is None else self.momentum


class _BatchNorm(_Running):
    def forward(self, x: Tensor) -> Tensor:
        return normalisation.batch_norm(x, *self._own(x))

    def _rate(self) -> Any:
        """Batches are counted, and without a momentum the statistics are the mean of all batches so far."""
        if self.num_batches_tracked is None:
            return super()._rate()
        count = mapped("add", lambda n: n + 1, latest(self.num_batches_tracked))
        update(self.num_batches_tracked, count)
        return mapped("div", lambda n: 1 / n, count) if self.momentum is None else self.momentum


class BatchNorm1d(_BatchNorm):
    """batch_norm of [N,C] or [N,C,L]; by the statistics of the batch in training, by the running ones in evaluation"""

    ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """batch_norm of [N,C,H,W], as BatchNorm1d"""

    ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """batch_norm of [N,C,D,H,W], as BatchNorm1d"""

    ranks = (5,)


class _InstanceNorm(_Running):
    affine, tracked = False, False

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim == self.ranks[0] - 1:  # one sample
            return normalisation.instance_norm(x[None], *self._own(x[None]))[0]
        return normalisation.instance_norm(x, *self._own(x))


class InstanceNorm1d(_InstanceNorm):
    """instance_norm of [N,C,L] or [C,L]; without weight, bias and running statistics unless asked for"""

    ranks = (3,)


class InstanceNorm2d(_InstanceNorm):
    """instance_norm of [N,C,H,W] or [C,H,W], as InstanceNorm1d"""

    ranks = (4,)


class InstanceNorm3d(_InstanceNorm):
    """instance_norm of [N,C,D,H,W] or [C,D,H,W], as InstanceNorm1d"""

    ranks = (5,)


class LayerNorm(Module):
    """layer_norm over the last axes; weight of ones and bias of zeros in their shape"""

    def __init__(
        self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True, bias: bool = True
    ) -> None:
        self.normalized_shape, self.eps = _shape(normalized_shape), eps
        self.weight = _filled(self.normalized_shape, "ones") if elementwise_affine else None
        self.bias = _filled(self.normalized_shape, "zeros") if elementwise_affine and bias else None

    def forward(self, x: Tensor) -> Tensor:
        return normalisation.layer_norm(x, list(self.normalized_shape), self.weight, self.bias, self.eps)


class RMSNorm(Module):
    """rms_norm over the last axes; weight of ones in their shape"""

    def __init__(self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True) -> None:
        self.normalized_shape, self.eps = _shape(normalized_shape), eps
        self.weight = _filled(self.normalized_shape, "ones") if elementwise_affine else None

    def forward(self, x: Tensor) -> Tensor:
        return normalisation.rms_norm(x, list(self.normalized_shape), self.weight, self.eps)


class GroupNorm(Module):
    """group_norm; weight of ones and bias of zeros [C]"""

    def __init__(self, num_groups: int, num_channels: Size, eps: float = 1e-5, affine: bool = True) -> None:
        shape = (checked_size(num_channels),)
        self.num_groups, self.eps = num_groups, eps
        self.weight = _filled(shape, "ones") if affine else None
        self.bias = _filled(shape, "zeros") if affine else None

    def forward(self, x: Tensor) -> Tensor:
        return normalisation.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


def _shape(normalized_shape: Any) -> tuple[Any, ...]:
    sizes = normalized_shape if isinstance(normalized_shape, list | tuple) else (normalized_shape,)
    return tuple(map(checked_size, sizes))
