"""PyTorch's spellings; every tensor that is made stands on the device of one that is given."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from symnet.codegen.languages.place_helpers import ADD_WINDOWS, at_first_lines
from symnet.codegen.languages.spelling import (
    COMPARE,
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
)
from symnet.codegen.lowering.listed import within_axis
from symnet.codegen.lowering.statements import Add, Array, Zeros


def _call(array: Array, parts: tuple[Text, ...]) -> Text:
    function = str(array.attribute)
    if function in ("maximum", "minimum"):
        parts = _as_tensors(array, parts)
    return CALLS[function](*parts)


def _as_tensors(array: Array, parts: tuple[Text, ...]) -> tuple[Text, ...]:
    """torch.maximum takes no Python numbers; clamp would give the whole derivative to one side of a tie."""
    other = next(p for p, a in zip(parts, array.arguments, strict=True) if a.dtype != "number")
    return tuple(
        Text(f"torch.full_like({other.text}, {p.text})") if a.dtype == "number" else p
        for p, a in zip(parts, array.arguments, strict=True)
    )


def _transpose(array: Array, parts: tuple[Text, ...]) -> Text:
    order = array.attribute
    assert isinstance(order, tuple)
    source = parts[0].within(0)
    if order == (1, 0):
        return Text(f"{source}.T")
    if order == (*range(len(order) - 2), len(order) - 1, len(order) - 2):
        return Text(f"{source}.mT")
    return Text(f"{source}.permute({', '.join(map(str, order))})")


def _reshape(array: Array, parts: tuple[Text, ...]) -> Text:
    return Text(f"{parts[0].within(0)}.reshape({shape_text(array.attribute)[1:-1].rstrip(',')})")


def _reduce(array: Array, parts: tuple[Text, ...]) -> Text:
    assert isinstance(array.attribute, tuple)
    op, axes, _ = array.attribute
    if op == "first":  # from the last axis to the first one, so the first in row-major order gets the derivative
        return Text(parts[0].within(0) + "".join(f".max(dim={axis}).values" for axis in sorted(axes, reverse=True)))
    axis = "" if array.rank == 0 else f"dim={axes_text(axes)}"
    return Text(f"{parts[0].within(0)}.{'sum' if op == '+' else 'amax'}({axis})")


def _count(array: Array, parts: tuple[Text, ...]) -> Text:
    axis = "" if array.rank == 0 else f"dim={axes_text(array.attribute)}, "
    return Text(f"{parts[0].within(0)}.sum({axis}dtype={parts[1].text}.dtype)")


def _full(array: Array, parts: tuple[Text, ...]) -> Text:
    value, like = parts
    shape = shape_text(array.attribute)
    inside = shape[1:-1].rstrip(",")
    if array.arguments[0].kind == "number" and array.arguments[0].attribute == 0:
        return Text(f"{like.text}.new_zeros({shape})")
    if array.arguments[0].kind == "number" and array.arguments[0].attribute == 1:
        return Text(f"{like.text}.new_ones({shape})")
    if array.arguments[0].dtype == "number":
        return Text(f"{like.text}.new_full({shape}, {value.text})")
    return Text(f"{value.within(0)}.expand({inside}).clone()")


def _flip(array: Array, parts: tuple[Text, ...]) -> Text:
    assert isinstance(array.attribute, tuple)
    return Text(f"{parts[0].within(0)}.flip({', '.join(map(str, array.attribute))})")


def _arange(array: Array, parts: tuple[Text, ...]) -> Text:
    return Text(f"torch.arange({number_text(array.attribute).text}, device={parts[0].text}.device)")


def _add(statement: Add, keys: tuple[str | None, ...], sign: str, value: str) -> str:
    places, simple = places_text(statement, keys)
    if simple or statement.unique:
        return f"{places} {sign}= {value}"
    base = places_text(statement, ())[0]
    return _accumulated(statement, base, keys, _negated(value) if sign == "-" else value)


def _negated(value: str) -> str:
    return f"-{value}" if value.isidentifier() else f"-({value})"


def _accumulated(statement: Add, target: str, keys: tuple[str | None, ...], value: str) -> str:
    """index_put_ takes no whole axes before a key, so the keyed axes of target and value come first."""
    given = [n for n, k in enumerate(keys) if k is not None]
    order = (*given, *(n for n, k in enumerate(keys) if k is None))
    texts = [str(keys[n]) for n in given]
    if order != tuple(range(len(keys))):
        target = f"{target}.permute({', '.join(map(str, order))})"
        rank = max(k.rank for k in statement.keys if k is not None)
        before = given[0]
        if given == list(range(before, before + len(given))) and statement.value.rank:
            places = (*range(before, before + rank), *range(before), *range(before + rank, statement.value.rank))
            value = value if value.isidentifier() else f"({value})"
            value = f"{value}.permute({', '.join(map(str, places))})"
    return f"{target}.index_put_(({', '.join(texts)}{',' if len(texts) == 1 else ''}), {value}, accumulate=True)"


def _into(array: Array, parts: tuple[Text, ...]) -> Text:
    raise TypeError("tensors of PyTorch are not written over")


def _within(array: Array, parts: tuple[Text, ...]) -> Text:
    """A new tensor with some places of one axis exchanged, which automatic differentiation can follow."""
    axis, key = within_axis(array)
    whole, value = parts
    if not isinstance(key, tuple):
        return Text(f"torch.select_scatter({whole.text}, {value.text}, {axis}, {number_text(sp.sympify(key)).text})")
    start, stop, step = key
    end = "None" if stop is None else number_text(stop).text
    steps = f", {step}" if step != 1 else ""
    places = f"{axis}, {number_text(start).text}, {end}{steps}"
    return Text(f"torch.slice_scatter({whole.text}, {value.text}, {places})")


def _zeros(statement: Zeros, like: str) -> str:
    made = "torch.empty_like" if statement.unset else "torch.zeros_like"
    return f"{made}({like})" if statement.like.kind == "name" else like


def _solve(array: Array, parts: tuple[Text, ...]) -> Text:
    """A triangular system is solved in its own way, for which a vector is a column."""
    if array.attribute == "general":
        return call("torch.linalg.solve")(*parts)
    a, b = parts
    upper = array.attribute == "upper"
    if array.rank > 1:
        return Text(f"torch.linalg.solve_triangular({a.text}, {b.text}, upper={upper})")
    return Text(f"torch.linalg.solve_triangular({a.text}, {b.within(0)}[:, None], upper={upper})[:, 0]")


CALLS: dict[str, Callable[..., Text]] = {
    "exp": call("torch.exp"),
    "log": call("torch.log"),
    "tanh": call("torch.tanh"),
    "sin": call("torch.sin"),
    "cos": call("torch.cos"),
    "tan": call("torch.tan"),
    "sinh": call("torch.sinh"),
    "cosh": call("torch.cosh"),
    "atan": call("torch.atan"),
    **{name: call(f"torch.{name}") for name in ("asin", "acos", "asinh", "acosh", "atanh", "atan2", "erfc", "erfinv")},
    **{name: call(f"torch.{name}") for name in ("lgamma", "digamma", "polygamma", "xlogy", "sinc")},
    **{n: call(f"torch.special.{n}") for n in ("entr", "erfcx", "log_ndtr", "ndtri", "i0", "i0e", "i1", "i1e")},
    "elu": call("torch.nn.functional.elu"),
    "is_number": lambda x: Text(f"{x.within(0)} == {x.within(0)}", COMPARE),
    "is_finite": call("torch.isfinite"),
    "round_down": call("torch.floor"),
    "round_even": call("torch.round"),
    "sqrt": call("torch.sqrt"),
    "log1p": call("torch.log1p"),
    "expm1": call("torch.expm1"),
    "log_cosh": call("log_cosh"),
    "erf": call("torch.erf"),
    "normal_cdf": call("torch.special.ndtr"),
    "sigmoid": call("torch.sigmoid"),
    "softplus": lambda x: Text(f"torch.logaddexp({x.text}, torch.zeros_like({x.text}))"),
    "relu": call("torch.relu"),
    "leaky_relu": lambda x, s: Text(f"torch.where({x.within(0)} > 0, {x.text}, {s.within(UNARY)} * {x.within(0)})"),
    "absolute": call("torch.abs"),
    "sign": call("torch.sign"),
    "clip": call("torch.clamp"),
    "huber": lambda r, delta: huber_text("torch", r, delta),
    "maximum": call("torch.maximum"),
    "minimum": call("torch.minimum"),
    "floor": lambda x: Text(f"torch.floor({x.text}).long()"),
    "floor_divide": lambda a, b: Text(f"{a.within(UNARY)} // {b.within(UNARY)}", TIMES),
    "Mod": lambda a, b: Text(f"{a.within(UNARY)} % {b.within(UNARY)}", TIMES),
}

MATRICES: dict[str, Callable[..., Text]] = {
    **{n: call(f"torch.linalg.{n}") for n in ("inv", "det", "cholesky", "eigvalsh", "pinv", "svdvals", "matrix_exp")},
    "logdet": call("torch.logdet"),
    "logabsdet": lambda a: Text(f"torch.linalg.slogdet({a.text}).logabsdet"),
    "signdet": lambda a: Text(f"torch.linalg.slogdet({a.text}).sign"),
    "eigenvectors": lambda a: Text(f"torch.linalg.eigh({a.text}).eigenvectors"),
    "left_singular": lambda a: Text(f"torch.linalg.svd({a.text}, full_matrices=False).U"),
    "right_singular": lambda a: Text(f"torch.linalg.svd({a.text}, full_matrices=False).Vh.mT"),
    "prod": lambda a: Text(f"{a.within(0)}.prod(-1)"),
    "prod_of_others": call("prod_of_others"),
}

KINDS: dict[str, Speller] = {
    **SHARED,
    "call": _call,
    "matrix": lambda array, parts: MATRICES[str(array.attribute)](*parts),
    "solve": _solve,
    "select": lambda array, parts: call("torch.where")(*parts),
    "cast": lambda array, parts: Text(f"{parts[0].within(0)}.to({parts[1].text}.dtype)"),
    "transpose": _transpose,
    "reshape": _reshape,
    "flip": _flip,
    "arange": _arange,
    "reduce": _reduce,
    "count": _count,
    "outer": lambda array, parts: call("torch.outer")(*parts),
    "einsum": lambda array, parts: Text(f'torch.einsum("{array.attribute}", {", ".join(p.text for p in parts)})'),
    "full": _full,
    "empty": lambda array, parts: Text(f"{parts[0].text}.new_empty({shape_text(array.attribute)})"),
    "copy": lambda array, parts: Text(f"{parts[0].within(0)}.clone()"),
    "list": lambda array, parts: call("list")(*parts),
    "stack": lambda array, parts: call("torch.stack")(*parts),
    "within": _within,
    "detach": lambda array, parts: Text(f"{parts[0].within(0)}.detach()"),
    "into": _into,
}

#: Functions that PyTorch lacks.
HELPERS: dict[str, tuple[str, ...]] = {
    "prod_of_others": (
        "def prod_of_others(a):",
        '    """The product of the other entries of its row, for each entry: of those before it and those after it."""',
        "    one = torch.ones_like(a[..., :1])",
        "    before = torch.cat((one, a[..., :-1]), -1).cumprod(-1)",
        "    after = torch.cat((one, a.flip(-1)[..., :-1]), -1).cumprod(-1).flip(-1)",
        "    return before * after",
    ),
    "windows": (
        "def windows(x, taps, axes, strides=(1, 1, 1), dilations=(1, 1, 1)):",
        '    """A view of x[.., stride * i + dilation * p, ..] as [.., i, .., p]; the taps p stand at the end."""',
        "    for axis, tap, stride, dilation in zip(axes, taps, strides, dilations, strict=False):",
        "        x = x.unfold(axis, dilation * (tap - 1) + 1, stride)[..., ::dilation]",
        "    return x",
    ),
    "add_windows": ADD_WINDOWS,
    "at_first": at_first_lines("torch", "torch.bool", "a.movedim(axes, tuple(range(len(axes))))"),
    "log_cosh": log_cosh_lines("torch"),
}

TORCH = Language("torch", KINDS, CALLS, HELPERS, _add, _zeros)
