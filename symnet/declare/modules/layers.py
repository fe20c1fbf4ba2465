"""Look 2: modules with torch.nn's names and parameter layout."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

from symnet.declare.drawn import training_mode
from symnet.declare.functions import activations, products
from symnet.declare.inputs import Size, checked_size, constant, initial_values, weight
from symnet.declare.tracing.assigning import changed
from symnet.declare.tracing.tensor import Tensor


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

    def parameters(self) -> Iterator[Tensor]:
        """Every parameter that is trained."""
        return (tensor for _, tensor in self.named_parameters())

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """The module itself, as torch's; with False its parameters keep their numbers, as buffers."""
        for _, tensor in tuple(self._owned("")):
            tensor.requires_grad_(requires_grad)
        return self

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

    def forward(self, *args: Tensor, **more: Any) -> Tensor:
        function, options = self._apply[0], {**self._apply[1], **more}
        if options.get("inplace"):
            plain = {name: value for name, value in options.items() if name != "inplace"}
            return changed(args[0], function(*args, **plain))
        return function(*args, **options)


class Identity(Module):
    """y = x; what it is called with is not used, as torch.nn.Identity."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def forward(self, x: Any) -> Any:
        return x


class ModuleList(Sequential):
    """Modules in a list, each called by the person's own forward."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__(*modules)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules)

    def append(self, module: Module) -> ModuleList:
        self.modules = (*self.modules, module)
        return self

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        self.modules = (*self.modules, *modules)
        return self

    def forward(self, *_: Any, **__: Any) -> Any:
        raise AttributeError("ModuleList has no forward method: call its modules")


class PReLU(Module):
    """prelu; weight [num_parameters] starts at init."""

    def __init__(self, num_parameters: Size = 1, init: float = 0.25) -> None:
        self.weight = initial_values((checked_size(num_parameters),), "parameter", constant(init), None)

    def forward(self, x: Tensor) -> Tensor:
        return activations.prelu(x, self.weight)


class Bilinear(Module):
    """bilinear; weight [out,in1,in2] and bias [out] uniform in ±1/sqrt(in1), as torch.nn.Bilinear."""

    def __init__(self, in1_features: Size, in2_features: Size, out_features: Size, bias: bool = True) -> None:
        first, second, out = map(checked_size, (in1_features, in2_features, out_features))
        self.weight = weight((out, first, second), first)
        self.bias = weight((out,), first) if bias else None

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return products.bilinear(input1, input2, self.weight, self.bias)
