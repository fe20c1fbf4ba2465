"""torch's and NumPy's functions on tensors of a model: found in the table of words by what the library calls them.

Neither library is imported; a function is known by its module and name.
"""

from __future__ import annotations

import difflib
import operator
import sys
from collections.abc import Callable, Iterable, Mapping
from types import FrameType
from typing import Any

from symnet.calculus.sizes import Size
from symnet.declare.tracing.assigning import changed
from symnet.declare.tracing.constants import constant_of, is_array
from symnet.declare.tracing.counting import arange
from symnet.declare.tracing.suggest import INITIAL, of_initialiser
from symnet.declare.tracing.trace import Trace, Traced, current
from symnet.declare.tracing.words import NUMPY, TORCH, Word, mistake
from symnet.errors import SymnetError

#: Operators by the names under which the libraries pass them on.
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "__and__": operator.and_,
    "__or__": operator.or_,
    "__xor__": operator.xor,
    "__rsub__": lambda a, b: b - a,
    "__rpow__": lambda a, b: b**a,
    "__rdiv__": lambda a, b: b / a,
    "__rtruediv__": lambda a, b: b / a,
    "__rmatmul__": lambda a, b: b @ a,
    "__radd__": operator.add,
    "__rmul__": operator.mul,
    "__getitem__": lambda a, b: a[b],
}


def call_torch(function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """What a function of torch gives on tensors of a model.  Raises SymnetError with the nearest covered words."""
    name, in_place = torch_name(function), bool(options.get("inplace"))
    if name == "__setitem__":
        help = "make it one of the model: x.new_zeros(2, 3), torch.zeros_like(x); or collect the parts and torch.stack"
        raise mistake("SN106", "a part of a tensor of torch cannot become one of the model", help)
    if getattr(function, "__module__", "") == INITIAL:
        raise mistake("SN110", *of_initialiser(name))
    if in_place or (name[-1:] == "_" != name[-2:-1] and _torch_word(function, name) is None):
        if not isinstance(args[0], Traced):
            help = "write it without the in-place form: m = 0.9 * m + 0.1 * mean"
            raise mistake("SN106", "a tensor of torch cannot become one of the model in place", help)
        plain = {k: v for k, v in options.items() if k != "inplace"}
        return changed(args[0], _called(function, name if in_place else name[:-1], args, plain))
    return _called(function, name, args, options)


def _called(function: Callable[..., Any], name: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    if name in OPERATORS and len(args) == 2 and not options:
        return OPERATORS[name](*map(_tensor, args))
    word = _torch_word(function, name)
    if word is None:
        raise _not_covered(f"torch's {name}", name, TORCH)
    return _applied(word, args, {**options, **_not_passed_on(function, args, options)})


def _not_passed_on(function: Any, args: tuple[Any, ...], options: Mapping[str, Any]) -> dict[str, Any]:
    """Tensors that the person gave to a function of torch which it left out when it asked us: l1_loss's weight.

    A function of torch written in Python waits in its own frame, and its arguments can be read there.
    """
    code = getattr(function, "__code__", None)
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    if code is None or frame is None:
        return {}
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    own = {n: frame.f_locals[n] for n in names if n in frame.f_locals}
    passed = [
        p for given in (*args, *options.values()) for p in ((given, *given) if type(given) is tuple else (given,))
    ]
    lost = {n: v for n, v in own.items() if isinstance(v, Traced) or is_array(v)}
    return {n: v for n, v in lost.items() if not any(v is p for p in passed)}


def torch_name(function: Callable[..., Any]) -> str:
    """``exp``, ``linalg.norm``, ``special.entr``: the name under which torch's documentation has the function."""
    name = str(getattr(function, "__name__", function))
    if getattr(function, "__module__", None) == "torch.autograd":
        return f"autograd.{name}"
    for space in ("linalg", "special", "fft"):
        if name.startswith(f"{space}_"):
            return f"{space}.{name.removeprefix(f'{space}_')}"
    return name


def _torch_word(function: Callable[..., Any], name: str) -> Word | None:
    method = str(getattr(function, "__qualname__", "")).startswith(("TensorBase.", "Tensor."))
    return (TORCH.get(f"Tensor.{name}") if method else None) or TORCH.get(name)


def call_numpy(function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """What a function of NumPy gives on tensors of a model.  Raises SymnetError with the nearest covered words."""
    space = str(getattr(function, "__module__", "")).removeprefix("numpy").removeprefix(".")
    name = f"{space}.{function.__name__}" if space in ("linalg", "fft", "random") else function.__name__
    word = NUMPY.get(name)
    if word is None:
        raise _not_covered(f"numpy.{name}", name, NUMPY)
    return _applied(word, args, options)


def call_ufunc(ufunc: Any, method: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """A universal function of NumPy on tensors of a model; only its plain call is covered."""
    if method != "__call__":
        help = "write the reduction: np.sum(x, axis=0)" if method == "reduce" else "call the function itself"
        raise mistake("SN110", f"numpy.{ufunc.__name__}.{method} is not covered", help)
    return call_numpy(ufunc, args, options)


def _applied(word: Word, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """A library's own words broadcast as the library does; the operators of a model file are stricter."""
    trace = current()
    with trace.broadcasting_freely():
        return word(*args, **options)


def _tensor(value: Any) -> Any:
    return constant_of(_trace(value), value) if is_array(value) else value


def _trace(value: Any) -> Trace:
    return value.own_trace if isinstance(value, Traced) else current()


def _not_covered(spoken: str, name: str, known: Iterable[str]) -> SymnetError:
    words = sorted({w.removeprefix("Tensor.") for w in known})
    bare = name.rsplit(".", 1)[-1]
    near = difflib.get_close_matches(name, words, n=3, cutoff=0.5) or difflib.get_close_matches(
        bare, words, n=3, cutoff=0.5
    )
    help = f"the nearest covered words: {', '.join(near)}" if near else "the README says where every word is listed"
    if bare.startswith(("rand", "normal", "bernoulli", "multinomial", "poisson")):
        help = "declare random numbers as data: eps = sn.data(N, 2)"
    return mistake("SN110", f"{spoken} is not covered", help)


def _asked_of_a_size(function: Callable[..., Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """What a function of torch gives on named sizes: places, what it makes of tensors, or numbers of its own."""
    name = torch_name(function)
    if name == "arange" and len(args) == 1:
        return arange(args[0])
    if name in _NUMBERED:
        return function(*map(_as_number, args), **{k: _as_number(v) for k, v in options.items()})
    return call_torch(function, args, options)


#: Functions of torch that make numbers of sizes that have one.
_NUMBERED = ("arange", "linspace", "logspace", "hann_window", "hamming_window", "blackman_window", "bartlett_window")


def _as_number(value: Any) -> Any:
    return int(value) if isinstance(value, Size) else value


Size.answer = staticmethod(_asked_of_a_size)
Size.number_of = staticmethod(lambda size: current().fixed_size(size))
