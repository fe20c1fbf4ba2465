"""Stacks of equal layers: a transformer as people write it, and layers drawn from a few kinds of parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp

from symnet.calculus.ir import Index, Program
from symnet.calculus.scalars import normal_cdf, relu, sigmoid
from tests.calculus.forward import C, D, Forward, H, Read, k
from tests.calculus.forward_wide import EPS, T

t, u = Index("t", T), Index("u", T)
i, j = Index("i", D), Index("j", D)
h = Index("h", H)

Part = Callable[[Forward, Read, str], Read]


def layer_norm(f: Forward, x: Read, tag: str) -> Read:
    gamma, beta = f.parameter(f"gamma{tag}", D), f.parameter(f"beta{tag}", D)
    mu = f.put(f"mu{tag}", [t], x(t, i) / D, [i])
    c = f.put(f"c{tag}", [t, i], x(t, i) - mu(t))
    v = f.put(f"v{tag}", [t], c(t, i) ** 2 / D, [i])
    sd = f.put(f"sd{tag}", [t], sp.sqrt(v(t) + EPS))
    xh = f.put(f"xh{tag}", [t, i], c(t, i) / sd(t))
    return f.put(f"Y{tag}", [t, i], gamma(i) * xh(t, i) + beta(i))


def linear(f: Forward, x: Read, tag: str, name: str = "Z") -> Read:
    W, b = f.parameter(f"W{name}{tag}", D, D), f.parameter(f"b{name}{tag}", D)
    f.put(f"{name}{tag}", [t, j], x(t, i) * W(i, j), [i])
    return f.put(f"{name}{tag}", [t, j], b(j))


def attention(f: Forward, x: Read, tag: str) -> Read:
    Q, K, V = (linear(f, x, tag, name) for name in "QKV")
    S = f.put(f"S{tag}", [t, u], Q(t, i) * K(u, i) / sp.sqrt(D), [i])
    s = f.put(f"s{tag}", [t], sp.exp(S(t, u)), [u], given=False)
    P = f.put(f"P{tag}", [t, u], sp.exp(S(t, u)) / s(t))
    return f.put(f"O{tag}", [t, i], P(t, u) * V(u, i), [u])


def mlp(f: Forward, x: Read, tag: str) -> Read:
    W, b, U, c = (f.parameter(n + tag, *shape) for n, shape in (("W", (D, H)), ("b", (H,)), ("U", (H, D)), ("e", (D,))))
    f.put(f"z{tag}", [t, h], x(t, i) * W(i, h), [i])
    z = f.put(f"z{tag}", [t, h], b(h))
    m = f.put(f"m{tag}", [t, h], z(t, h) * normal_cdf(z(t, h)))
    f.put(f"F{tag}", [t, i], m(t, h) * U(h, i), [h])
    return f.put(f"F{tag}", [t, i], c(i))


def pointwise(function: Callable[[sp.Expr], sp.Expr]) -> Part:
    def part(f: Forward, x: Read, tag: str) -> Read:
        return f.put(f"h{tag}", [t, i], function(x(t, i)))

    return part


def residual(part: Part) -> Part:
    def whole(f: Forward, x: Read, tag: str) -> Read:
        y = part(f, x, tag)
        return f.put(f"r{tag}", [t, i], x(t, i) + y(t, i))

    return whole


def gated(f: Forward, x: Read, tag: str) -> Read:
    """Times a tensor of data that every layer shares, and a sum over rows."""
    g = f.parameter(f"g{tag}", D)
    m = f.leaf("M", T, D)
    q = f.put(f"q{tag}", [t], m(t, i) * x(t, i), [i])
    return f.put(f"y{tag}", [t, i], sigmoid(q(t)) * m(t, i) * g(i) * x(t, i))


PARTS: tuple[Part, ...] = (
    layer_norm,
    linear,
    attention,
    gated,
    pointwise(sp.tanh),
    pointwise(relu),
    pointwise(lambda v: v * sigmoid(v)),
    pointwise(lambda v: v**2 / 2 - 1),
    residual(linear),
    residual(pointwise(sp.exp)),
)


def stack(parts: Sequence[Part], layers: int) -> Program:
    """The parts one after the other, so many times, and then a square loss."""
    f = Forward()
    x = f.leaf("X", T, D)
    for layer in range(1, layers + 1):
        for number, part in enumerate(parts):
            x = part(f, x, f"{'abc'[number]}{layer}")
    G = f.leaf("G", T, D)
    f.put("loss", [], G(t, i) * x(t, i) ** 2, [t, i])
    return f.program()


def transformer(layers: int) -> Program:
    """Norm, attention, residual, norm, MLP, residual; then a linear layer and cross-entropy."""
    f = Forward()
    x, labels = f.leaf("X", T, D), f.labels("y", T)
    for layer in range(1, layers + 1):
        O = attention(f, layer_norm(f, x, f"a{layer}"), str(layer))
        Wo = f.parameter(f"Wo{layer}", D, D)
        f.put(f"A{layer}", [t, j], O(t, i) * Wo(i, j), [i])
        A = f.put(f"A{layer}", [t, i], x(t, i))
        F = mlp(f, layer_norm(f, A, f"b{layer}"), str(layer))
        x = f.put(f"x{layer}", [t, i], A(t, i) + F(t, i))
    W, b = f.parameter("W", D, C), f.parameter("b", C)
    f.put("Z", [t, k], x(t, i) * W(i, k), [i])
    Z = f.put("Z", [t, k], b(k))
    s = f.put("s", [t], sp.exp(Z(t, k)), [k], given=False)
    f.put("loss", [], (sp.log(s(t)) - Z(t, labels(t))) / T, [t])
    return f.program()
