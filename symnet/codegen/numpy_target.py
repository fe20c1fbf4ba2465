"""NumPy's spellings."""

from __future__ import annotations

from collections.abc import Callable

from symnet.codegen.spelling import (
    SHARED,
    TIMES,
    UNARY,
    Language,
    Speller,
    Text,
    axes_text,
    call,
    number_text,
    shape_text,
    subscript,
)
from symnet.codegen.statements import Add, Array, Zeros


def _call(array: Array, parts: tuple[Text, ...]) -> Text:
    return CALLS[str(array.attribute)](*parts)


def _transpose(array: Array, parts: tuple[Text, ...]) -> Text:
    order = array.attribute
    assert isinstance(order, tuple)
    source = parts[0].within(0)
    if order == (1, 0):
        return Text(f"{source}.T")
    if order == (*range(len(order) - 2), len(order) - 1, len(order) - 2):
        return Text(f"{source}.swapaxes(-1, -2)")
    return Text(f"{source}.transpose({', '.join(map(str, order))})")


def _reshape(array: Array, parts: tuple[Text, ...]) -> Text:
    return Text(f"{parts[0].within(0)}.reshape({shape_text(array.attribute)[1:-1].rstrip(',')})")


def _reduce(array: Array, parts: tuple[Text, ...]) -> Text:
    assert isinstance(array.attribute, tuple)
    op, axes = array.attribute
    axis = "" if array.rank == 0 else f"axis={axes_text(axes)}"
    return Text(f"{parts[0].within(0)}.{'sum' if op == '+' else 'max'}({axis})")


def _count(array: Array, parts: tuple[Text, ...]) -> Text:
    axis = "" if array.rank == 0 else f"axis={axes_text(array.attribute)}, "
    return Text(f"{parts[0].within(0)}.sum({axis}dtype={parts[1].text}.dtype)")


def _full(array: Array, parts: tuple[Text, ...]) -> Text:
    value, like = parts
    shape = shape_text(array.attribute)
    if array.arguments[0].kind == "number" and array.arguments[0].attribute == 0:
        return Text(f"np.zeros({shape}, dtype={like.text}.dtype)")
    if array.arguments[0].rank == 0:
        return Text(f"np.full({shape}, {value.text}, dtype={like.text}.dtype)")
    return Text(f"np.broadcast_to({value.text}, {shape}).copy()")


def _flip(array: Array, parts: tuple[Text, ...]) -> Text:
    assert isinstance(array.attribute, tuple)
    return subscript(parts[0], ["::-1" if k in array.attribute else ":" for k in range(array.rank)])


def _arange(array: Array, parts: tuple[Text, ...]) -> Text:
    return Text(f"np.arange({number_text(array.attribute).text})")


def _cast(array: Array, parts: tuple[Text, ...]) -> Text:
    if array.arguments[0].rank == 0:
        return Text(f"np.asarray({parts[0].text}, dtype={parts[1].text}.dtype)")
    return Text(f"{parts[0].within(0)}.astype({parts[1].text}.dtype)")


def _add(statement: Add, keys: tuple[str | None, ...], sign: str, value: str) -> str:
    if statement.rank == 0:
        return f"{statement.target} {sign}= {value}"
    places = subscript(Text(statement.target), [":" if k is None else k for k in keys]).text
    if statement.unique:
        return f"{places} {sign}= {value}"
    given = [k for k in keys if k is not None]
    inner = places[len(statement.target) + 1 : -1]
    leading = keys[: len(given)] == tuple(given)
    key = f"np.s_[{inner}]" if not leading else inner if len(given) == 1 else f"({inner})"
    ufunc = "add" if sign == "+" else "subtract"
    return f"np.{ufunc}.at({statement.target}, {key}, {value})"


def _zeros(statement: Zeros, like: str) -> str:
    return f"np.zeros_like({like})" if statement.like.kind == "name" else like


def _huber(r: Text, delta: Text) -> Text:
    size = f"np.abs({r.text})"
    bound = delta.within(UNARY)
    return Text(f"np.where({size} <= {bound}, 0.5 * {r.within(0)} ** 2, {bound} * ({size} - 0.5 * {bound}))")


CALLS: dict[str, Callable[..., Text]] = {
    "exp": call("np.exp"),
    "log": call("np.log"),
    "tanh": call("np.tanh"),
    "sin": call("np.sin"),
    "cos": call("np.cos"),
    "tan": call("np.tan"),
    "sinh": call("np.sinh"),
    "cosh": call("np.cosh"),
    "atan": call("np.arctan"),
    "sqrt": call("np.sqrt"),
    "log1p": call("np.log1p"),
    "expm1": call("np.expm1"),
    "erf": call("erf"),
    "normal_cdf": call("normal_cdf"),
    "sigmoid": call("sigmoid"),
    "softplus": lambda x: Text(f"np.logaddexp(0, {x.text})"),
    "relu": lambda x: Text(f"np.maximum({x.text}, 0)"),
    "leaky_relu": lambda x, s: Text(f"np.where({x.within(0)} > 0, {x.text}, {s.within(UNARY)} * {x.within(0)})"),
    "absolute": call("np.abs"),
    "sign": call("np.sign"),
    "clip": call("np.clip"),
    "huber": _huber,
    "maximum": call("np.maximum"),
    "minimum": call("np.minimum"),
    "floor": lambda x: Text(f"np.floor({x.text}).astype(np.int64)"),
    "Mod": lambda a, b: Text(f"{a.within(UNARY)} % {b.within(UNARY)}", TIMES),
}

KINDS: dict[str, Speller] = {
    **SHARED,
    "call": _call,
    "select": lambda array, parts: call("np.where")(*parts),
    "cast": _cast,
    "transpose": _transpose,
    "reshape": _reshape,
    "flip": _flip,
    "arange": _arange,
    "reduce": _reduce,
    "count": _count,
    "outer": lambda array, parts: call("np.outer")(*parts),
    "einsum": lambda array, parts: Text(
        f'np.einsum("{array.attribute}", {", ".join(p.text for p in parts)}, optimize=True)'
    ),
    "full": _full,
    "copy": lambda array, parts: Text(f"{parts[0].within(0)}.copy()"),
    "detach": lambda array, parts: parts[0],
}

HELPERS: dict[str, tuple[str, ...]] = {
    "sigmoid": (
        "def sigmoid(x):",
        '    """1 / (1 + exp(-x)), without overflow."""',
        "    e = np.exp(-np.abs(x))",
        "    return np.where(x >= 0, 1, e) / (1 + e)",
    ),
}

NUMPY = Language("numpy", KINDS, CALLS, HELPERS, _add, _zeros)
