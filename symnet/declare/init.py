"""First values of parameters, with the names, options and formulas of torch.nn.init.

Each word takes a parameter, as torch's does, or none, for ``init=``:

    sn.init.xavier_uniform_(net.fc1.weight)
    W = sn.param(H, D, init=sn.init.kaiming_normal_(nonlinearity="relu"))

As in torch, fan_in is the size of axis 1 times the taps, and fan_out that of axis 0: a weight is [out, in].  For one on
the right of ``X @ W``, which is [in, out], ``mode="fan_out"`` counts the inputs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from symnet.declare.tracing.numbers import choice, real, refused, whole
from symnet.declare.tracing.tensor import Tensor
from symnet.declare.tracing.trace import Declared, current
from symnet.model import Distribution

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Initial:
    """A way of drawing first values that still waits for the shape."""

    word: str
    drawn: Callable[[Shape], Distribution]

    def of(self, shape: tuple[Any, ...]) -> Distribution:
        """The distribution for a parameter of this shape.  Raises SymnetError where a size is not known."""
        sizes = [current().size_value(size) for size in shape]
        known = tuple(size for size in sizes if size is not None)
        if len(known) != len(sizes):
            raise refused(f"{self.word} needs every size of the parameter", "give the sizes numbers in sn.dims")
        return self.drawn(known)


def uniform_(tensor: Tensor | None = None, a: float = 0.0, b: float = 1.0) -> Any:
    """Uniform in a..b"""
    low, high = _number("a", a), _number("b", b)
    return _given("uniform_", tensor, lambda shape: Distribution("uniform", (low, high)))


def normal_(tensor: Tensor | None = None, mean: float = 0.0, std: float = 1.0) -> Any:
    """Normal with this mean and standard deviation"""
    centre, width = _number("mean", mean), real("std", std)
    return _given("normal_", tensor, lambda shape: Distribution("normal", (centre, width)))


def trunc_normal_(
    tensor: Tensor | None = None, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
) -> Any:
    """Normal numbers, those outside of a..b drawn again"""
    centre, width, low, high = _number("mean", mean), real("std", std, above=0), _number("a", a), _number("b", b)
    if not low < high:
        raise refused(f"trunc_normal_ is cut to {low:g}..{high:g}", "write the smaller bound first")
    inside = math.erf((high - centre) / width / math.sqrt(2)) - math.erf((low - centre) / width / math.sqrt(2))
    kind = "truncated" if inside / 2 > 0.3 else "truncated_tail"  # torch changes its method there
    return _given("trunc_normal_", tensor, lambda shape: Distribution(kind, (centre, width, low, high)))


def constant_(tensor: Tensor | None = None, val: float = 0.0) -> Any:
    """One number everywhere"""
    value = _number("val", val)
    return _given("constant_", tensor, lambda shape: Distribution("constant", (value,)))


def ones_(tensor: Tensor | None = None) -> Any:
    """1 everywhere"""
    return _given("ones_", tensor, lambda shape: Distribution("constant", (1.0,)))


def zeros_(tensor: Tensor | None = None) -> Any:
    """0 everywhere"""
    return _given("zeros_", tensor, lambda shape: Distribution("constant", (0.0,)))


def eye_(tensor: Tensor | None = None) -> Any:
    """The identity matrix, as much of it as fits"""
    return _given("eye_", tensor, lambda shape: Distribution("eye", _of_rank("eye_", shape, (2,), ())))


def dirac_(tensor: Tensor | None = None, groups: int = 1) -> Any:
    """The kernel of a convolution that keeps its channels, in each group: 1 at the middle tap of [k, k]"""
    count = whole("groups", groups)

    def drawn(shape: Shape) -> Distribution:
        arguments = _of_rank("dirac_", shape, (3, 4, 5), (float(count),))
        if shape[0] % count:
            raise refused(f"dirac_: {shape[0]} channels are not divided by {count} groups", "take a divisor")
        return Distribution("dirac", arguments)

    return _given("dirac_", tensor, drawn)


def xavier_uniform_(tensor: Tensor | None = None, gain: float = 1.0) -> Any:
    """Uniform in ±gain √(6 / (fan_in + fan_out)) (Glorot & Bengio 2010)"""
    scale = real("gain", gain)
    return _given("xavier_uniform_", tensor, lambda shape: _uniform(scale * math.sqrt(2 / sum(_fans(shape)))))


def xavier_normal_(tensor: Tensor | None = None, gain: float = 1.0) -> Any:
    """Normal with standard deviation gain √(2 / (fan_in + fan_out)) (Glorot & Bengio 2010)"""
    scale = real("gain", gain)
    return _given("xavier_normal_", tensor, lambda shape: _normal(scale * math.sqrt(2 / sum(_fans(shape)))))


def kaiming_uniform_(
    tensor: Tensor | None = None, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Any:
    """Uniform in ±gain √(3 / fan), gain = calculate_gain(nonlinearity, a) (He et al., arXiv 1502.01852)"""
    std = _kaiming(a, mode, nonlinearity)
    return _given("kaiming_uniform_", tensor, lambda shape: _uniform(std(shape)))


def kaiming_normal_(
    tensor: Tensor | None = None, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Any:
    """Normal with deviation gain / √fan, gain = calculate_gain(nonlinearity, a) (He et al., arXiv 1502.01852)"""
    std = _kaiming(a, mode, nonlinearity)
    return _given("kaiming_normal_", tensor, lambda shape: _normal(std(shape)))


def orthogonal_(tensor: Tensor | None = None, gain: float = 1.0) -> Any:
    """Orthonormal rows or columns, times gain; axes after the first count as one (Saxe et al., arXiv 1312.6120)"""
    scale = real("gain", gain)

    def drawn(shape: Shape) -> Distribution:
        return Distribution("orthogonal", _of_rank("orthogonal_", shape, None, (scale,)))

    return _given("orthogonal_", tensor, drawn)


def sparse_(tensor: Tensor | None = None, sparsity: float = 0.1, std: float = 0.01) -> Any:
    """Normal numbers, in each column the fraction ``sparsity`` of them 0 (Martens 2010)"""
    part, width = real("sparsity", sparsity, high=1), real("std", std)

    def drawn(shape: Shape) -> Distribution:
        _of_rank("sparse_", shape, (2,), ())
        return Distribution("sparse", (float(math.ceil(part * shape[0])), width))

    return _given("sparse_", tensor, drawn)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity makes its input smaller, as torch.nn.init.calculate_gain"""
    plain = ("linear", "sigmoid", *(f"conv{t}{d}d" for t in ("", "_transpose") for d in (1, 2, 3)))
    chosen = choice("nonlinearity", nonlinearity, (*plain, "tanh", "relu", "leaky_relu", "selu"))
    if chosen == "leaky_relu":
        slope = 0.01 if param is None else _number("the slope of leaky_relu", param)
        return math.sqrt(2 / (1 + slope**2))
    return {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}.get(chosen, 1.0)


def _given(word: str, tensor: Any, drawn: Callable[[Shape], Distribution]) -> Any:
    """What ``init=`` takes; or the parameter itself, whose first values are now these."""
    initial = Initial(word, drawn)
    if tensor is None:
        return initial
    if not isinstance(tensor, Tensor) or tensor.spec.role != "parameter":
        given = tensor.own_trace.text_of(tensor.spec) if isinstance(tensor, Tensor) else f"{tensor!r:.40}"
        raise refused(f"{word} is given {given}, which is no parameter", f"{word}(W), and other options by name")
    tensor.own_trace.declared[tensor.spec.name] = Declared(initial.of(tensor.shape))
    return tensor


def _number(name: str, value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise refused(f"{name} is {value!r:.40}", "write a finite number")


def _of_rank(word: str, shape: Shape, ranks: tuple[int, ...] | None, arguments: tuple[float, ...]) -> tuple[float, ...]:
    """The arguments, if the shape has as many axes as the word takes; None is two or more."""
    if len(shape) not in ranks if ranks is not None else len(shape) < 2:
        takes = "2 axes or more" if ranks is None else f"{' or '.join(map(str, ranks))} axes"
        raise refused(f"{word} is for parameters of {takes}, not of shape {list(shape)}", "take normal_ or uniform_")
    return arguments


def _fans(shape: Shape) -> tuple[int, int]:
    """fan_in and fan_out"""
    if len(shape) < 2:
        raise refused(f"a parameter of shape {list(shape)} has no fan_in and fan_out", "take normal_ or uniform_")
    taps = math.prod(shape[2:])
    return shape[1] * taps, shape[0] * taps


def _kaiming(a: float, mode: str, nonlinearity: str) -> Callable[[Shape], float]:
    place = ("fan_in", "fan_out").index(choice("mode", mode, ("fan_in", "fan_out")))
    gain = calculate_gain(nonlinearity, a)
    return lambda shape: gain / math.sqrt(_fans(shape)[place])


def _uniform(std: float) -> Distribution:
    bound = math.sqrt(3.0) * std
    return Distribution("uniform", (-bound, bound))


def _normal(std: float) -> Distribution:
    return Distribution("normal", (0.0, std))
