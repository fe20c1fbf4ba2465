"""The tensor of a model file: an object with torch's operators and methods that records equations."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import sympy as sp

from symnet.calculus import scalars
from symnet.calculus.ir import Access
from symnet.declare.tracing import primitives, protocols
from symnet.declare.tracing.asked import ASKED, Asked
from symnet.declare.tracing.assigning import assign, changed, names_places
from symnet.declare.tracing.constants import constant_of, is_array
from symnet.declare.tracing.counting import arange
from symnet.declare.tracing.indexing import subscript
from symnet.declare.tracing.picking import Picking
from symnet.declare.tracing.placeholder import Placeholder
from symnet.declare.tracing.primitives import number, pointwise, show
from symnet.declare.tracing.suggest import UnknownWord, unknown_word
from symnet.declare.tracing.trace import Trace, current
from symnet.declare.tracing.words import METHODS
from symnet.errors import Note, Problem, SymnetError

Dim = int | Sequence[int] | None


def _spelled(word: str, swapped: bool = False) -> Callable[..., Tensor]:
    """An operator that is a word."""
    return lambda self, *others: METHODS[word](*((*others, self) if swapped else (self, *others)))


def _in_place(operator: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda self, other: changed(self, operator(self, other))


def _both(first: Callable[..., Tensor], second: Callable[..., Tensor]) -> Callable[..., tuple[Tensor, Tensor]]:
    return lambda self, other: (first(self, other), second(self, other))


class Tensor(Asked):
    """A symbolic tensor: real numbers (or class labels) of a known shape with named sizes."""

    __slots__ = ()

    # ---- torch's and NumPy's functions on tensors of a model --------------------------------------------------------
    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return protocols.call_torch(function, args, kwargs or {})

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return protocols.call_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return protocols.call_numpy(function, args, kwargs)

    def __array__(self, *_: Any, **__: Any) -> Any:
        help = "write the function of NumPy or torch on the tensor itself: np.exp(x)"
        raise _refuse(self, "SN106", "a tensor of a model file has no numbers yet, so it is no array", help)

    def __repr__(self) -> str:
        return f"{self.own_trace.text_of(self.spec)}: tensor {show(self.shape)}"

    # ---- arithmetic -------------------------------------------------------------------------------------------------
    def _with(self, other: object, rule: Any, swapped: bool = False) -> Tensor:
        operand = as_operand(self.own_trace, other)
        if operand is None:
            return self.as_broken()
        pair = (operand, self) if swapped else (self, operand)
        result: Tensor = pointwise(self.own_trace, rule, *pair)
        return result

    def __add__(self, other: object) -> Tensor:
        return self._with(other, lambda a, b: a + b)

    def __radd__(self, other: object) -> Tensor:
        return self._with(other, lambda a, b: a + b, swapped=True)

    def __sub__(self, other: object) -> Tensor:
        return self._with(other, lambda a, b: a - b)

    def __rsub__(self, other: object) -> Tensor:
        return self._with(other, lambda a, b: a - b, swapped=True)

    def __mul__(self, other: object) -> Tensor:
        return self._with(other, lambda a, b: a * b)

    def __rmul__(self, other: object) -> Tensor:
        return self._with(other, lambda a, b: a * b, swapped=True)

    def __truediv__(self, other: object) -> Tensor:
        if number(other) == 0:
            self.own_trace.fail("SN105", "division by zero", help=("divide by a number other than 0",))
            return self.as_broken()
        return self._with(other, lambda a, b: a / b)

    def __rtruediv__(self, other: object) -> Tensor:
        return self._with(other, lambda a, b: a / b, swapped=True)

    def __pow__(self, other: object) -> Tensor:
        return self._with(other, lambda a, b: a**b)

    def __rpow__(self, other: object) -> Tensor:
        base = number(other)
        if base is not None and not base.is_positive:
            self.own_trace.fail(
                "SN105", f"{other} to the power of a tensor is no real number", help=("the base must be > 0",)
            )
            return self.as_broken()
        return self._with(other, lambda a, b: a**b, swapped=True)

    __rdiv__ = __rtruediv__  # torch's name of old
    __mod__, __rmod__ = _spelled("remainder"), _spelled("remainder", swapped=True)
    __floordiv__, __rfloordiv__ = _spelled("floor_divide"), _spelled("floor_divide", swapped=True)
    __divmod__, __rdivmod__ = _both(__floordiv__, __mod__), _both(__rfloordiv__, __rmod__)
    __iadd__, __isub__, __imul__ = _in_place(__add__), _in_place(__sub__), _in_place(__mul__)
    __itruediv__, __ipow__ = _in_place(__truediv__), _in_place(__pow__)
    __imod__, __ifloordiv__ = _in_place(__mod__), _in_place(__floordiv__)

    def __neg__(self) -> Tensor:
        return pointwise(self.own_trace, lambda a: -a, self)

    __pos__, __abs__ = _spelled("positive"), _spelled("abs")

    def __matmul__(self, other: object) -> Tensor:
        operand = as_operand(self.own_trace, other)
        if isinstance(operand, Tensor):
            return primitives.product(self, operand)
        if operand is not None:
            self.own_trace.fail("SN103", "@ takes tensors, not a number", help=("write * to multiply by a number",))
        return self.as_broken()

    def __rmatmul__(self, other: object) -> Tensor:
        operand = as_operand(self.own_trace, other)
        return operand @ self if isinstance(operand, Tensor) else self.__matmul__(other)

    # ---- comparisons give masks of 0 and 1 --------------------------------------------------------------------------
    def __gt__(self, other: object) -> Tensor:
        return self._with(other, scalars.greater)

    def __lt__(self, other: object) -> Tensor:
        return self._with(other, scalars.greater, swapped=True)

    def __ge__(self, other: object) -> Tensor:
        return self._with(other, scalars.greater_equal)

    def __le__(self, other: object) -> Tensor:
        return self._with(other, scalars.greater_equal, swapped=True)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]  # a mask, as in NumPy and torch
        return self._with(other, scalars.equal)

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]
        return self._with(other, lambda a, b: 1 - scalars.equal(a, b))

    __hash__ = object.__hash__

    __and__ = __rand__ = _spelled("logical_and")
    __or__ = __ror__ = _spelled("logical_or")
    __xor__ = __rxor__ = _spelled("logical_xor")
    __invert__ = _spelled("logical_not")
    __iand__, __ior__, __ixor__ = _in_place(__and__), _in_place(__or__), _in_place(__xor__)

    def __bool__(self) -> bool:
        raise _refuse(
            self,
            "SN106",
            "a tensor of a model file has no truth value, it stands for all data at once",
            "write sn.where(condition, a, b) instead of if",
        )

    def __len__(self) -> int:
        known = self.own_trace.size_value(self.shape[0]) if self.ndim else None
        if known is None:
            raise _refuse(self, "SN106", "the length of a tensor is a named size, not a number", "use the size itself")
        return known

    def __iter__(self) -> Any:
        if self.broken:
            self.own_trace.problems.raise_if_any()
        if not self.ndim or self.own_trace.size_value(self.shape[0]) is None:
            what = "a number" if not self.ndim else f"an axis of unknown size {self.shape[0]}"
            help = "write the sum or product over the axis, x.sum(0)"
            raise _refuse(self, "SN106", f"{what} cannot be looped over", help)
        return (self[k] for k in range(len(self)))

    def _sympy_(self) -> sp.Expr:
        """Called for ``N * x`` with a size on the left: SymPy is to leave it to ``__rmul__``."""
        raise sp.SympifyError("a tensor")

    def __float__(self) -> float:
        raise _refuse(
            self, "SN106", "a tensor of a model file has no numbers yet", "use symnet's functions: sn.exp, sn.log"
        )

    # ---- torch's methods --------------------------------------------------------------------------------------------
    def _call(self, word: str, *args: Any, **options: Any) -> Tensor:
        result: Tensor = METHODS[word](self, *args, **options)
        return result

    def __getattr__(self, word: str) -> Any:
        if word in METHODS:
            return lambda *args, **options: self._call(word, *args, **options)
        if word[-1] == "_" and word[:-1] in METHODS:
            return lambda *args, **options: changed(self, self._call(word[:-1], *args, **options))
        if word in ASKED and "torch" in sys.modules:
            return ASKED[word](sys.modules["torch"], self)
        if word.startswith("__"):
            raise AttributeError(word)
        raise UnknownWord(unknown_word(word, METHODS, "a tensor", self.own_trace.here()))

    @property
    def T(self) -> Tensor:
        return self._call("transpose", 0, 1) if self.ndim == 2 else self._call("permute", *reversed(range(self.ndim)))

    @property
    def mT(self) -> Tensor:
        return self._call("transpose", -2, -1)

    H, mH = T, mT  # real numbers are their own conjugates

    @property
    def data(self) -> Tensor:
        return self._call("detach")

    def __getitem__(self, key: Any) -> Tensor:
        result = subscript(self, key)
        if key is None or (isinstance(key, tuple) and any(k is None for k in key)):
            self.own_trace.outer.add(result.spec.name)  # the person asks for an axis to stretch
        self.own_trace.writes.parts[result.spec.name] = (self.spec.name, key)
        if any(map(names_places, key if isinstance(key, tuple) else (key,))):
            self.own_trace.writes.copies.add(result.spec.name)
        return result

    def __setitem__(self, key: Any, value: Any) -> None:
        assign(self, key, value)

    def item(self) -> Placeholder:
        """Stands for the trained number in a report, ``f"y = {self.a.item()}"``; for a parameter or one entry of it."""
        if all(size == 1 for size in self.shape):
            if self.spec.role == "parameter":
                return Placeholder(self.spec.name, (0,) * self.ndim)
            for equation in self.own_trace.equations:
                read = equation.body.xreplace(dict.fromkeys(equation.left, sp.S.Zero))
                if equation.target == self.spec.name and isinstance(read, Access):
                    source = self.own_trace.specs[read.name]
                    if source.role == "parameter" and all(a.is_Integer for a in read.addresses):
                        return Placeholder(read.name, tuple(map(int, read.addresses)))
        kind = show(self.shape) if self.ndim else "computed"
        what = f"item() of {self.own_trace.text_of(self.spec)}, which is {kind}"
        raise _refuse(self, "SN106", what, "take one number of a parameter: w[0, 1].item()")

    def backward(self, gradient: Tensor | None = None) -> None:
        """Declare this tensor the one to differentiate; a tensor that is not one number needs a cotangent."""
        if gradient is None:
            self.own_trace.objective = self
            return
        if gradient.ndim != self.ndim or not all(map(self.own_trace.same_size, gradient.shape, self.shape)):
            self.own_trace.fail(
                "SN103",
                f"the cotangent is {show(gradient.shape)}, the output is {show(self.shape)}",
                help=("gradient= needs one weight for each entry of the output",),
            )
            return
        self.own_trace.objective = (self * gradient)._call("sum") if self.ndim else self * gradient


def as_operand(trace: Trace, value: object) -> Tensor | sp.Expr | None:
    """A tensor or an exact number; None after noting anything else as a mistake."""
    value = value.tensor() if isinstance(value, Picking | arange) else value
    if isinstance(value, Tensor):
        return value
    if is_array(value):
        constant_tensor = constant_of(trace, value)
        assert isinstance(constant_tensor, Tensor)
        return constant_tensor
    constant = number(value)
    if constant is None:
        kind = type(value).__name__
        hint = "declare it: sn.data(..., values=...)" if kind in ("list", "tuple") else "use numbers and tensors"
        trace.fail("SN107", f"a tensor cannot be combined with a {kind}", help=(hint,))
    return constant


def require_tensor(value: object, word: str) -> Tensor:
    """The value if it is a tensor; raises SymnetError in the word's name otherwise."""
    if isinstance(value, Tensor):
        return value
    source = current().here()
    message = f"{word} takes a tensor, not {type(value).__name__}"
    raise SymnetError(
        Problem("SN107", message, (Note(source),) if source else (), help=("use math for plain numbers",))
    )


def _refuse(tensor: Tensor, code: str, message: str, help: str) -> SymnetError:
    source = tensor.own_trace.here()
    return SymnetError(Problem(code, message, (Note(source),) if source else (), help=(help,)))
