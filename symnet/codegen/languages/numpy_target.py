"""NumPy's spellings."""

from __future__ import annotations

from collections.abc import Callable

from symnet.codegen.languages.normal_helpers import NORMAL_HELPERS
from symnet.codegen.languages.numpy_helpers import MORE_HELPERS
from symnet.codegen.languages.place_helpers import ADD_WINDOWS, at_first_lines
from symnet.codegen.languages.spelling import (
    COMPARE,
    PLUS,
    SHARED,
    TIMES,
    UNARY,
    Language,
    Speller,
    Text,
    axes_text,
    call,
    huber_text,
    log_cosh_lines,
    number_text,
    places_text,
    shape_text,
    subscript,
)
from symnet.codegen.lowering.statements import Add, Array, Zeros


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
    op, axes, short = array.attribute
    axis = "" if array.rank == 0 else f"axis={axes_text(axes)}"
    if short and array.rank:
        return Text(
            f"largest({parts[0].text}, {axis.replace('axis', 'axes') if len(axes) > 1 else f'axes=({axes[0]},)'})"
        )
    return Text(f"{parts[0].within(0)}.{'sum' if op == '+' else 'max'}({axis})")


def _count(array: Array, parts: tuple[Text, ...]) -> Text:
    axis = "" if array.rank == 0 else f"axis={axes_text(array.attribute)}, "
    return Text(f"{parts[0].within(0)}.sum({axis}dtype={parts[1].text}.dtype)")


def _full(array: Array, parts: tuple[Text, ...]) -> Text:
    value, like = parts
    shape = shape_text(array.attribute)
    if array.arguments[0].kind == "number" and array.arguments[0].attribute == 0:
        return Text(f"np.zeros({shape}, dtype={like.text}.dtype)")
    if array.arguments[0].kind == "number" and array.arguments[0].attribute == 1:
        return Text(f"np.ones({shape}, dtype={like.text}.dtype)")
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
    places, simple = places_text(statement, keys)
    if simple or statement.unique:
        return f"{places} {sign}= {value}"
    base = places_text(statement, ())[0]
    given = [k for k in keys if k is not None]
    inner = places[len(base) + 1 : -1]
    leading = keys[: len(given)] == tuple(given)
    if leading and len(given) == 1 < len(keys):
        return f"add_rows({base}, {inner}, {value})" if sign == "+" else f"add_rows({base}, {inner}, -({value}))"
    key = f"np.s_[{inner}]" if not leading else inner if len(given) == 1 else f"({inner})"
    return f"np.{'add' if sign == '+' else 'subtract'}.at({base}, {key}, {value})"


def _within(array: Array, parts: tuple[Text, ...]) -> Text:
    raise TypeError("arrays of NumPy are written in place")


def _zeros(statement: Zeros, like: str) -> str:
    made = "np.empty_like" if statement.unset else "np.zeros_like"
    return f"{made}({like})" if statement.like.kind == "name" else like


def _huber(r: Text, delta: Text) -> Text:
    return huber_text("np", r, delta)


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
    "asin": call("np.arcsin"),
    "acos": call("np.arccos"),
    "asinh": call("np.arcsinh"),
    "acosh": call("np.arccosh"),
    "atanh": call("np.arctanh"),
    "atan2": call("np.arctan2"),
    "erfc": call("erfc"),
    **{name: call(name) for name in ("erfcx", "log_ndtr", "ndtri")},
    **{f"i{n}": lambda x, n=n: Text(f"np.exp(np.abs({x.text})) * scaled_bessel({n}, {x.text})", TIMES) for n in (0, 1)},
    **{f"i{n}e": lambda x, n=n: Text(f"scaled_bessel({n}, {x.text})") for n in (0, 1)},
    "erfinv": call("erfinv"),
    "lgamma": call("lgamma"),
    "digamma": call("digamma"),
    "polygamma": call("polygamma"),
    "xlogy": call("xlogy"),
    "entr": lambda x: Text(f"-xlogy({x.text}, {x.text})", UNARY),
    "sinc": call("np.sinc"),
    "elu": lambda x, a: Text(
        f"np.where({x.within(0)} > 0, {x.text}, {a.within(UNARY)} * np.expm1(np.minimum({x.text}, 0)))"
    ),
    "is_number": lambda x: Text(f"{x.within(0)} == {x.within(0)}", COMPARE),
    "is_finite": call("np.isfinite"),
    "round_down": call("np.floor"),
    "round_even": call("np.rint"),
    "sqrt": call("np.sqrt"),
    "log1p": call("np.log1p"),
    "expm1": call("np.expm1"),
    "log_cosh": call("log_cosh"),
    "erf": lambda x: Text(f"1 - erfc({x.text})", PLUS),
    "normal_cdf": lambda x: Text(f"0.5 * erfc(-{x.within(0)} / 2**0.5)", TIMES),
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
    "fmin": call("np.fmin"),
    "floor": lambda x: Text(f"np.floor({x.text}).astype(np.int64)"),
    "floor_divide": lambda a, b: Text(f"{a.within(UNARY)} // {b.within(UNARY)}", TIMES),
    "Mod": lambda a, b: Text(f"{a.within(UNARY)} % {b.within(UNARY)}", TIMES),
}

MATRICES: dict[str, Callable[..., Text]] = {
    **{name: call(f"np.linalg.{name}") for name in ("inv", "det", "cholesky", "eigvalsh", "pinv")},
    "logdet": call("logdet_of"),
    "logabsdet": lambda a: Text(f"np.linalg.slogdet({a.text})[1]"),
    "signdet": lambda a: Text(f"np.linalg.slogdet({a.text})[0]"),
    "eigenvectors": lambda a: Text(f"np.linalg.eigh({a.text})[1]"),
    "svdvals": lambda a: Text(f"np.linalg.svd({a.text}, compute_uv=False)"),
    "left_singular": lambda a: Text(f"np.linalg.svd({a.text}, full_matrices=False)[0]"),
    "right_singular": lambda a: Text(f"np.linalg.svd({a.text}, full_matrices=False)[2].swapaxes(-1, -2)"),
    "matrix_exp": call("expm_of"),
    "prod": lambda a: Text(f"{a.within(0)}.prod(axis=-1)"),
    "prod_of_others": call("prod_of_others"),
}

KINDS: dict[str, Speller] = {
    **SHARED,
    "call": _call,
    "matrix": lambda array, parts: MATRICES[str(array.attribute)](*parts),
    "solve": lambda array, parts: call("np.linalg.solve")(*parts),
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
    "empty": lambda array, parts: Text(f"np.empty({shape_text(array.attribute)}, dtype={parts[0].text}.dtype)"),
    "copy": lambda array, parts: Text(f"{parts[0].within(0)}.copy()"),
    "list": lambda array, parts: call("list")(*parts),
    "stack": lambda array, parts: call("np.stack")(*parts),
    "within": _within,
    "detach": lambda array, parts: parts[0],
    "into": lambda array, parts: call(str(array.attribute))(*parts[:-1], Text(f"out={parts[-1].text}")),
}

HELPERS: dict[str, tuple[str, ...]] = {
    "windows": (
        "def windows(x, taps, axes, strides=(1, 1, 1), dilations=(1, 1, 1)):",
        '    """A view of x[.., stride * i + dilation * p, ..] as [.., i, .., p]; the taps p stand at the end."""',
        "    spans = tuple(d * (t - 1) + 1 for t, d in zip(taps, dilations, strict=False))",
        "    view = np.lib.stride_tricks.sliding_window_view(x, spans, axis=axes)",
        "    keys = [slice(None)] * view.ndim",
        "    for k, axis in enumerate(axes):",
        "        keys[axis], keys[x.ndim + k] = slice(None, None, strides[k]), slice(None, None, dilations[k])",
        "    return view[tuple(keys)]",
    ),
    "add_windows": ADD_WINDOWS,
    "largest": (
        "def largest(x, axes):",
        '    """x.max(axes) for axes of few places, place by place: faster where they are the last ones."""',
        "    x = np.moveaxis(x, axes, range(len(axes)))",
        "    first, *others = np.ndindex(x.shape[: len(axes)])",
        "    result = x[first].copy()",
        "    for place in others:",
        "        np.maximum(result, x[place], out=result)",
        "    return result",
    ),
    "at_first": at_first_lines("np", "bool", "np.moveaxis(a, axes, range(len(axes)))"),
    "erfc": NORMAL_HELPERS["erfc"],
    "sigmoid": (
        '@np.errstate(over="ignore")  # where exp(-x) is infinite, 1 / (1 + exp(-x)) is 0, as it should be',
        "def sigmoid(x):",
        '    """1 / (1 + exp(-x))."""',
        "    return 1 / (1 + np.exp(-x))",
    ),
    **NORMAL_HELPERS,
    **MORE_HELPERS,
    "log_cosh": log_cosh_lines("np"),
}

NUMPY = Language("numpy", KINDS, CALLS, HELPERS, _add, _zeros)
