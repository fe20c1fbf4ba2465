"""Every scalar function and its derivative: PyTorch's values at ordinary points, corners and saturation; 50 digits."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
import torch
from torch.nn import functional

from symnet.calculus import bessel, scalars, specials
from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate, multidigit
from symnet.calculus.ir import Access, Equation, Index, Program, TensorSpec, size_symbol

ABSTRACT = {"Scalar", "Indicator", "Rounding"}
OWN = {
    name: value
    for name, value in (*vars(scalars).items(), *vars(specials).items(), *vars(bessel).items())
    if isinstance(value, type) and issubclass(value, scalars.Scalar) and name not in ABSTRACT
}
SMALL = [-5.0, -2.0, -0.5, 0.0, 0.3, 1.0, 2.0, 5.0]
LINE = [-800.0, -40.0, -2.0, -1.0, -0.5, 0.0, 0.3, 1.0, 2.0, 40.0, 800.0]
PLANE = list(itertools.product([-800.0, -1.0, 0.0, 0.5, 1.0, 800.0], repeat=2))


def _indicator(test: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *x: test(*x).to(torch.float64)


#: name -> (the function on SymPy arguments, the same in torch, points)
TABLE: dict[str, tuple[Any, Any, Any]] = {
    "greater": (scalars.greater, _indicator(torch.gt), PLANE),
    "greater_equal": (scalars.greater_equal, _indicator(torch.ge), PLANE),
    "equal": (scalars.equal, _indicator(torch.eq), PLANE),
    "within": (lambda x: scalars.within(x, -1, 1), _indicator(lambda x: (x >= -1) & (x <= 1)), LINE),
    "sigmoid": (scalars.sigmoid, torch.sigmoid, LINE),
    "softplus": (scalars.softplus, functional.softplus, LINE),
    "relu": (scalars.relu, torch.relu, LINE),
    "leaky_relu": (lambda x: scalars.leaky_relu(x, sp.Rational(1, 5)), lambda x: functional.leaky_relu(x, 0.2), LINE),
    "absolute": (scalars.absolute, torch.abs, LINE),
    "sign": (scalars.sign, torch.sign, LINE),
    "clip": (lambda x: scalars.clip(x, -1, 2), lambda x: x.clamp(-1, 2), LINE),
    "huber": (
        lambda x: scalars.huber(x, 2),
        lambda x: functional.huber_loss(x, torch.zeros_like(x), reduction="none", delta=2.0),
        LINE,
    ),
    "maximum": (scalars.maximum, torch.maximum, PLANE),
    "minimum": (scalars.minimum, torch.minimum, PLANE),
    "where": (
        lambda x, y: scalars.where(scalars.greater(x, 0), x * y, y),
        lambda x, y: torch.where(x > 0, x * y, y),
        PLANE,
    ),
    "erfc": (specials.erfc, torch.special.erfc, SMALL),
    "erfinv": (specials.erfinv, torch.erfinv, [-0.999, -0.5, 0.0, 1e-6, 0.3, 0.99]),
    "erfcx": (specials.erfcx, torch.special.erfcx, [*SMALL, 40.0]),
    "log_ndtr": (specials.log_ndtr, torch.special.log_ndtr, [-200.0, -40.0, *SMALL, 30.0]),
    "ndtri": (specials.ndtri, torch.special.ndtri, [0.01, 0.1, 0.3, 0.5, 0.7, 0.99]),
    "i0": (bessel.i0, torch.special.i0, [*SMALL, 40.0]),
    "i1": (bessel.i1, torch.special.i1, [*SMALL, 40.0]),
    "i0e": (bessel.i0e, torch.special.i0e, LINE),
    "i1e": (bessel.i1e, torch.special.i1e, LINE),
    "lgamma": (specials.lgamma, torch.lgamma, [-1.5, -0.3, 0.2, 0.5, 1.7, 3.0, 20.0]),
    "digamma": (specials.digamma, torch.digamma, [-1.5, -0.3, 0.2, 0.5, 1.0, 3.0, 20.0]),
    "polygamma": (lambda x: specials.polygamma(2, x), lambda x: torch.polygamma(2, x), [0.2, 0.5, 1.0, 3.0, 20.0]),
    "atan2": (specials.atan2, torch.atan2, [p for p in PLANE if p != (0.0, 0.0)]),
    "xlogy": (specials.xlogy, torch.xlogy, [(0.0, 2.0), (0.5, 2.0), (1.0, 1.0), (-1.0, 0.3)]),
    "entr": (specials.entr, torch.special.entr, [0.1, 0.5, 1.0, 3.0]),
    "sinc": (specials.sinc, torch.sinc, [-2.0, -0.5, 0.0, 0.3, 1.7]),
    "elu": (lambda x: specials.elu(x, sp.Rational(3, 2)), lambda x: functional.elu(x, 1.5), LINE),
    "round_down": (specials.round_down, torch.floor, LINE),
    "round_even": (specials.round_even, torch.round, [-2.5, -0.5, 0.0, 0.5, 1.5, 2.2]),
    "is_number": (specials.is_number, _indicator(lambda x: x == x), LINE),
    "is_finite": (specials.is_finite, _indicator(torch.isfinite), LINE),
    "normal_cdf": (scalars.normal_cdf, torch.special.ndtr, LINE),
    "normal_pdf": (scalars.normal_pdf, lambda x: torch.distributions.Normal(0.0, 1.0).log_prob(x).exp(), LINE),
    "exp": (sp.exp, torch.exp, LINE[:-1]),
    "log": (sp.log, torch.log, [0.1, 1.0, 800.0]),
    "tanh": (sp.tanh, torch.tanh, LINE),
    "sin": (sp.sin, torch.sin, LINE),
    "cos": (sp.cos, torch.cos, LINE),
    "tan": (sp.tan, torch.tan, LINE[2:-2]),
    "atan": (sp.atan, torch.atan, LINE),
    "sinh": (sp.sinh, torch.sinh, LINE[1:-1]),
    "cosh": (sp.cosh, torch.cosh, LINE[1:-1]),
    "erf": (sp.erf, torch.erf, LINE),
    "sqrt": (sp.sqrt, torch.sqrt, [0.0, 0.25, 800.0]),
    "sqrt of a square": (lambda x: sp.sqrt(x**2), torch.abs, LINE),
    "reciprocal": (lambda x: 1 / x, torch.reciprocal, [-800.0, -1.0, 0.5, 800.0]),
}


def test_no_function_is_without_a_row() -> None:
    assert set(OWN) <= set(TABLE)


def program(function: Any, arity: int) -> tuple[Program, tuple[str, ...]]:
    """loss = sum of function over a line of points."""
    names, size = tuple("xy"[:arity]), size_symbol("N")
    tensors = {n: TensorSpec(n, (size,), "parameter") for n in names} | {"loss": TensorSpec("loss", (), "intermediate")}
    tensors["f"] = TensorSpec("f", (size,), "intermediate")
    i, j = Index("i", size), Index("j", size)
    body = function(*(Access(n, i) for n in names))
    return Program(tensors, (Equation("f", (i,), body), Equation("loss", (), Access("f", j), (j,))), "loss"), names


def columns(points: list[Any], arity: int) -> tuple[np.ndarray, ...]:
    return tuple(np.array(points, float).reshape(-1, arity).T)


def arity_of(points: list[Any]) -> int:
    return 2 if isinstance(points[0], tuple) else 1


@pytest.mark.parametrize("name", TABLE)
def test_value_and_derivative_are_torchs(name: str) -> None:
    function, reference, points = TABLE[name]
    forward, names = program(function, arity_of(points))
    arguments = columns(points, arity_of(points))
    derived = derive(forward, names)
    values = evaluate(derived, dict(zip(names, arguments, strict=True)))
    tensors = [torch.tensor(a, requires_grad=True) for a in arguments]
    wanted = reference(*tensors)
    np.testing.assert_allclose(values["f"], wanted.detach().numpy(), rtol=1e-13, atol=1e-15)
    if wanted.requires_grad:
        wanted.sum().backward()
    for n, tensor in zip(names, tensors, strict=True):
        slope = np.zeros_like(tensor.detach().numpy()) if tensor.grad is None else tensor.grad.numpy()
        rtol = 1e-8 if name == "digamma" else 1e-11  # torch's trigamma has 9 digits
        np.testing.assert_allclose(values[derived.adjoints[n]], slope, rtol=rtol, atol=1e-15)


@pytest.mark.parametrize("name", TABLE)
def test_floats_are_the_fifty_digits_rounded(name: str) -> None:
    function, _, points = TABLE[name]
    forward, names = program(function, arity_of(points))
    arguments = dict(zip(names, columns(points, arity_of(points)), strict=True))
    derived = derive(forward, names)
    if name == "sqrt":
        arguments["x"] = arguments["x"][1:]  # at 0 the derivative is infinite, which mpmath refuses
    floats, digits = evaluate(derived, arguments), evaluate(derived, arguments, multidigit(50))
    for tensor in ("f", *(derived.adjoints[n] for n in names)):
        np.testing.assert_allclose(floats[tensor], digits[tensor].astype(float), rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("name", sorted(OWN))
def test_derivative_in_every_argument_is_a_limit(name: str) -> None:
    """Away from corners, by a central difference of 60 digits: also in arguments torch does not differentiate."""
    function = TABLE["polygamma"][0] if name == "polygamma" else OWN[name]
    arity = {"within": 3, "clip": 3, "where": 3, "polygamma": 1}.get(name) or max(function.nargs)
    symbols = sp.symbols(f"x:{arity}", real=True)
    forward = Program(
        {s.name: TensorSpec(s.name, (), "parameter") for s in symbols}
        | {"loss": TensorSpec("loss", (), "intermediate")},
        (Equation("loss", (), function(*(Access(s.name) for s in symbols))),),
        "loss",
    )
    wrt = tuple(s.name for s in symbols)[1 if name == "where" else 0 :]  # a condition is 0 or 1: no derivative
    derived, digits = derive(forward, wrt), multidigit(60)
    step = digits.number(sp.Rational(1, 10**20))
    shrunk = 0.4 if name == "erfinv" else 1.0  # its domain is -1..1
    for point in ((0.3, -0.7, 0.9), (-1.4, 0.6, 2.5), (2.2, -1.1, 1.3), (0.9, 1.2, 1.7)):
        if name == "ndtri":
            point = (0.5 + 0.2 * point[0],)  # its domain is 0..1
        at = {s.name: np.asarray(shrunk * p) for s, p in zip(symbols, point, strict=False)}
        if name == "where":
            at["x0"] = np.asarray(float(point[0] > 0))
        values = evaluate(derived, at, digits)
        for n in wrt:
            up, down = (evaluate(forward, at | {n: at[n] + side * step}, digits)["loss"] for side in (1, -1))
            assert abs((up - down) / (2 * step) - values[derived.adjoints[n]]) < 1e-30


def test_kinks_are_the_documented_ones() -> None:
    x, slope = sp.Symbol("x", real=True), sp.Rational(1, 5)
    at_zero = {
        scalars.relu(x): 0,
        scalars.leaky_relu(x, slope): slope,
        scalars.absolute(x): 0,
        scalars.clip(x, 0, 1): 1,
        scalars.clip(x, -1, 0): 1,
        scalars.maximum(x, 0): sp.Rational(1, 2),
        scalars.minimum(x, 0): sp.Rational(1, 2),
    }
    for function, wanted in at_zero.items():
        forward = Program(
            {"x": TensorSpec("x", (), "parameter"), "loss": TensorSpec("loss", (), "intermediate")},
            (Equation("loss", (), function.xreplace({x: Access("x")})),),
            "loss",
        )
        assert evaluate(derive(forward, ("x",)), {"x": 0.0})["dx"] == float(wanted), function


def test_derivatives_are_written_in_the_functions_own_output() -> None:
    x = sp.Symbol("x", real=True)
    s = scalars.sigmoid(x)
    assert s.diff(x) == s * (1 - s)
    assert scalars.softplus(x).diff(x) == s
    y = sp.Symbol("y", real=True)
    loss = -(y * sp.log(s) + (1 - y) * sp.log(1 - s))
    assert sp.expand(sp.cancel(loss.diff(x))) == s - y


def test_indicators_of_numbers_are_numbers() -> None:
    assert scalars.greater(sp.Integer(2), sp.Integer(1)) == 1
    assert scalars.greater_equal(sp.Integer(1), sp.Integer(1)) == 1
    assert scalars.equal(sp.Integer(2), sp.Integer(1)) == 0
    assert scalars.where(sp.S.Zero, sp.Integer(3), sp.Integer(4)) == 4
