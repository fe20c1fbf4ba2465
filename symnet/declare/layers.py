"""Look 2: modules with torch.nn's names and parameter layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from symnet.declare import activations, class_losses, losses, pointwise, reductions, shapes
from symnet.declare.drawn import training_mode
from symnet.declare.inputs import Size, checked_size, weight
from symnet.declare.tensor import Tensor


class Module:
    """A part of a model: its parameters are the tensors and modules that are its attributes.

    Subclasses set attributes in ``__init__`` and define ``forward``; calling the module calls ``forward``.
    """

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.forward(*args, **options)

    def forward(self, *args: Any, **options: Any) -> Any:
        """What the module computes; every subclass writes its own."""
        raise AttributeError(f"{type(self).__name__} has no forward method")

    def children(self) -> Iterator[tuple[str, Any]]:
        """Attributes that hold parameters: tensors, modules, and lists or tuples of these, by name."""
        for name, value in vars(self).items():
            if isinstance(value, Tensor | Module):
                yield name, value
            elif isinstance(value, list | tuple):
                yield from ((f"{name}.{k}", v) for k, v in enumerate(value) if isinstance(v, Tensor | Module))

    @property
    def training(self) -> Tensor:
        """``sn.training``: whether the model trains or is evaluated, a condition for ``sn.where`` and an argument."""
        return training_mode()

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Every parameter with its path, as torch's: ``fc1.weight``."""
        return ((path, tensor) for path, tensor in self._owned(prefix) if tensor.spec.role == "parameter")

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
        """Every buffer with its path, as torch's: ``bn1.running_mean``."""
        return ((path, tensor) for path, tensor in self._owned(prefix) if tensor.spec.role == "buffer")

    def _owned(self, prefix: str) -> Iterator[tuple[str, Tensor]]:
        for name, value in self.children():
            if isinstance(value, Module):
                yield from value._owned(f"{prefix}{name}.")
            else:
                yield prefix + name, value


class Linear(Module):
    """y[n,o] = Σ_i x[n,i] weight[o,i] + bias[o]; weight [out,in] and bias [out] as torch.nn.Linear, uniform in
    ±1/sqrt(in)."""

    def __init__(self, in_features: Size, out_features: Size, bias: bool = True) -> None:
        into, out = checked_size(in_features), checked_size(out_features)
        self.in_features, self.out_features = into, out
        self.weight = weight((out, into), into)
        self.bias = weight((out,), into) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        y = x @ self.weight.T
        return y + self.bias if self.bias is not None else y


class Sequential(Module):
    """Modules one after the other."""

    def __init__(self, *modules: Module) -> None:
        self.modules = modules

    def children(self) -> Iterator[tuple[str, Any]]:
        yield from ((str(k), m) for k, m in enumerate(self.modules))

    def __getitem__(self, k: int) -> Module:
        return self.modules[k]

    def __len__(self) -> int:
        return len(self.modules)

    def forward(self, x: Any) -> Any:
        for module in self.modules:
            x = module(x)
        return x


class Function(Module):
    """A module without parameters that applies one function."""

    def __init__(self, function: Callable[..., Tensor], **options: Any) -> None:
        self._apply = (function, options)

    def forward(self, *args: Tensor) -> Tensor:
        function, options = self._apply
        return function(*args, **options)


def _layer(name: str, function: Callable[..., Tensor]) -> Callable[..., Function]:
    def made(**options: Any) -> Function:
        return Function(function, **options)

    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"A module that applies ``{function.__name__}``; options are the function's."
    return made


Sigmoid = _layer("Sigmoid", pointwise.sigmoid)
Tanh = _layer("Tanh", pointwise.tanh)
ReLU = _layer("ReLU", activations.relu)
Softplus = _layer("Softplus", activations.softplus)
SiLU = _layer("SiLU", activations.silu)
MSELoss = _layer("MSELoss", losses.mse_loss)
L1Loss = _layer("L1Loss", losses.l1_loss)
BCELoss = _layer("BCELoss", losses.binary_cross_entropy)
BCEWithLogitsLoss = _layer("BCEWithLogitsLoss", losses.binary_cross_entropy_with_logits)
CrossEntropyLoss = _layer("CrossEntropyLoss", class_losses.cross_entropy)
NLLLoss = _layer("NLLLoss", class_losses.nll_loss)


def LeakyReLU(negative_slope: float = 0.01) -> Function:
    """A module that applies ``leaky_relu``."""
    return Function(activations.leaky_relu, negative_slope=negative_slope)


def GELU(approximate: str = "none") -> Function:
    """A module that applies ``gelu``."""
    return Function(activations.gelu, approximate=approximate)


def Softmax(dim: int | None = None) -> Function:
    """A module that applies ``softmax``."""
    return Function(reductions.softmax, dim=dim)


def LogSoftmax(dim: int | None = None) -> Function:
    """A module that applies ``log_softmax``."""
    return Function(reductions.log_softmax, dim=dim)


def HuberLoss(reduction: str = "mean", delta: float = 1.0) -> Function:
    """A module that applies ``huber_loss``."""
    return Function(losses.huber_loss, reduction=reduction, delta=delta)


def Flatten(start_dim: int = 1, end_dim: int = -1) -> Function:
    """A module that merges axes, all but the first unless told otherwise."""
    return Function(shapes.flatten, start_dim=start_dim, end_dim=end_dim)
