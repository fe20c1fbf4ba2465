"""Forward programs of the simplifier's tests, written directly as equations."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, Program, TensorSpec, access, size_symbol
from symnet.calculus.scalars import relu, sigmoid

N, C, D, H = (size_symbol(letter) for letter in "NCDH")
n, k, d, h = Index("n", N), Index("k", C), Index("d", D), Index("h", H)
Read = Callable[..., Access]


class Forward:
    """Collects tensors and equations; every method returns how to read the tensor."""

    def __init__(self) -> None:
        self.tensors: dict[str, TensorSpec] = {}
        self.equations: list[Equation] = []

    def leaf(
        self, name: str, *shape: sp.Expr | int, role: str = "data", integer: bool = False, facts: Iterable[str] = ()
    ) -> Read:
        shapes = tuple(map(sp.sympify, shape))
        self.tensors[name] = TensorSpec(name, shapes, role, integer, frozenset(facts))  # type: ignore[arg-type]
        return lambda *a: access(self.tensors[name], *a)

    def parameter(self, name: str, *shape: sp.Expr | int, facts: Iterable[str] = ()) -> Read:
        return self.leaf(name, *shape, role="parameter", facts=facts)

    def labels(self, name: str, *shape: sp.Expr | int) -> Read:
        return self.leaf(name, *shape, role="label", integer=True)

    def put(
        self,
        name: str,
        left: Iterable[Index],
        body: sp.Expr | int,
        over: Iterable[Index] = (),
        given: bool = True,
        op: str = "+",
    ) -> Read:
        left = tuple(left)
        if name not in self.tensors:
            self.tensors[name] = TensorSpec(name, tuple(i.size for i in left), "intermediate", given=given)
        self.equations.append(Equation(name, left, sp.sympify(body), tuple(over), op=op).fresh())
        return lambda *a: access(self.tensors[name], *a)

    def program(self) -> Program:
        return Program(self.tensors, tuple(self.equations), "loss")


def mean_named() -> Program:
    f = Forward()
    i = Index("i", sp.Integer(3))
    x = f.parameter("x", 3)
    y = f.put("y", [i], x(i) + 2)
    z = f.put("z", [i], 3 * y(i) ** 2)
    f.put("loss", [], z(i) / 3, [i])
    return f.program()


def mean_in_one_line() -> Program:
    f = Forward()
    i = Index("i", sp.Integer(3))
    x = f.parameter("x", 3)
    f.put("loss", [], 3 * (x(i) + 2) ** 2 / 3, [i])
    return f.program()


def textbook_bce(named: bool, mean: bool = True) -> Program:
    f = Forward()
    y, z = f.leaf("y", N), f.parameter("z", N)
    p = f.put("p", [n], sigmoid(z(n))) if named else (lambda i: sigmoid(z(i)))
    e = -(y(n) * sp.log(p(n)) + (1 - y(n)) * sp.log(1 - p(n)))
    f.put("loss", [], e / N if mean else e, [n])
    return f.program()


def integer_cross_entropy() -> Program:
    f = Forward()
    X, t = f.leaf("X", N, D), f.labels("t", N)
    W, b = f.parameter("W", D, C), f.parameter("b", C)
    f.put("Z", [n, k], X(n, d) * W(d, k), [d])
    Z = f.put("Z", [n, k], b(k))
    s = f.put("s", [n], sp.exp(Z(n, k)), [k], given=False)
    e = f.put("e", [n], sp.log(s(n)) - Z(n, t(n)), given=False)
    f.put("loss", [], e(n) / N, [n])
    return f.program()


def row_cross_entropy(*facts: str) -> Program:
    f = Forward()
    Z, Y = f.parameter("Z", N, C), f.leaf("Y", N, C, facts=facts)
    s = f.put("s", [n], sp.exp(Z(n, k)), [k], given=False)
    P = f.put("P", [n, k], sp.exp(Z(n, k)) / s(n))
    e = f.put("e", [n], -Y(n, k) * sp.log(P(n, k)), [k])
    f.put("loss", [], e(n) / N, [n])
    return f.program()


def masked(*facts: str) -> Program:
    """Σ (W z)² + (1 - W)⁴ z + √W V z: powers of a factor that may be a mask."""
    f = Forward()
    z, W, V = f.parameter("z", N), f.leaf("W", N, facts=facts or ["nonnegative"]), f.leaf("V", N)
    f.put("q", [n], (W(n) * z(n)) ** 2 / 2 + sp.sqrt(W(n)) * V(n) * z(n) + z(n) * (1 - W(n)) ** 4)
    f.put("loss", [], Access("q", n), [n])
    return f.program()


def softmax_with_cotangent() -> Program:
    f = Forward()
    Z, G = f.parameter("Z", N, C), f.leaf("G", N, C)
    s = f.put("s", [n], sp.exp(Z(n, k)), [k], given=False)
    P = f.put("P", [n, k], sp.exp(Z(n, k)) / s(n))
    f.put("loss", [], P(n, k) * G(n, k), [n, k])
    return f.program()


def tanh_network() -> Program:
    f = Forward()
    X, y = f.leaf("X", N, D), f.leaf("y", N)
    W1, w2 = f.parameter("W1", D, H), f.parameter("w2", H)
    a = f.put("a", [n, h], X(n, d) * W1(d, h), [d])
    out = f.put("h", [n, h], sp.tanh(a(n, h)))
    yhat = f.put("yhat", [n], out(n, h) * w2(h), [h])
    f.put("loss", [], (yhat(n) - y(n)) ** 2 / N, [n])
    return f.program()


def slope_of_a_network() -> Program:
    """Σ_n |dX[n]|², the slope of a tanh network with one output by its input."""
    f = Forward()
    X, W1, w2 = f.leaf("X", N, D), f.parameter("W1", D, H), f.leaf("w2", H)
    u = f.put("u", [n, h], X(n, d) * W1(d, h), [d])
    a = f.put("a", [n, h], sp.tanh(u(n, h)))
    s = f.put("s", [n, h], w2(h) * (1 - a(n, h) ** 2))
    g = f.put("g", [n, d], s(n, h) * W1(d, h), [h])
    f.put("loss", [], g(n, d) ** 2, [n, d])
    return f.program()


def sigmoid_layers() -> Program:
    f = Forward()
    X, y = f.leaf("X", N, D), f.leaf("y", N, C)
    W1, W2 = f.parameter("W1", D, H), f.parameter("W2", H, C)
    a1 = f.put("a1", [n, h], X(n, d) * W1(d, h), [d])
    h1 = f.put("h1", [n, h], sigmoid(a1(n, h)))
    a2 = f.put("a2", [n, k], h1(n, h) * W2(h, k), [h])
    h2 = f.put("h2", [n, k], sigmoid(a2(n, k)))
    f.put("loss", [], (h2(n, k) - y(n, k)) ** 2, [n, k])
    return f.program()


def cubic() -> Program:
    f = Forward()
    x, y = f.leaf("x", N), f.leaf("y", N)
    a, b, c, e = (f.parameter(letter) for letter in "abcd")
    yhat = f.put("yhat", [n], a() + b() * x(n) + c() * x(n) ** 2 + e() * x(n) ** 3)
    f.put("loss", [], (yhat(n) - y(n)) ** 2, [n])
    return f.program()


def mlp() -> Program:
    f = Forward()
    X, t = f.leaf("X", N, D), f.labels("t", N)
    W1, b1, W2, b2 = f.parameter("W1", D, H), f.parameter("b1", H), f.parameter("W2", H, C), f.parameter("b2", C)
    f.put("Z1", [n, h], X(n, d) * W1(d, h), [d])
    Z1 = f.put("Z1", [n, h], b1(h))
    A = f.put("A", [n, h], relu(Z1(n, h)))
    f.put("Z2", [n, k], A(n, h) * W2(h, k), [h])
    Z2 = f.put("Z2", [n, k], b2(k))
    s = f.put("s", [n], sp.exp(Z2(n, k)), [k], given=False)
    e = f.put("e", [n], sp.log(s(n)) - Z2(n, t(n)))
    f.put("loss", [], e(n) / N, [n])
    return f.program()


def batch_norm() -> Program:
    f = Forward()
    x, G = f.parameter("x", N, D), f.leaf("G", N, D)
    gamma, beta = f.parameter("gamma", D), f.parameter("beta", D)
    mu = f.put("mu", [d], x(n, d) / N, [n])
    c = f.put("c", [n, d], x(n, d) - mu(d))
    v = f.put("v", [d], c(n, d) ** 2 / N, [n])
    r = f.put("r", [d], (v(d) + sp.Rational(1, 1000)) ** sp.Rational(-1, 2))
    xh = f.put("xh", [n, d], c(n, d) * r(d))
    y = f.put("y", [n, d], gamma(d) * xh(n, d) + beta(d))
    f.put("loss", [], y(n, d) * G(n, d), [n, d])
    return f.program()


def deep_mlp(layers: int) -> Program:
    f = Forward()
    A, y = f.leaf("X", N, D), f.leaf("y", N, D)
    j = Index("j", D)
    for layer in range(1, layers + 1):
        W, b = f.parameter(f"W{layer}", D, D), f.parameter(f"b{layer}", D)
        f.put(f"Z{layer}", [n, j], A(n, d) * W(d, j), [d])
        Z = f.put(f"Z{layer}", [n, j], b(j))
        A = f.put(f"A{layer}", [n, j], sp.tanh(Z(n, j)))
    f.put("loss", [], (A(n, d) - y(n, d)) ** 2 / N, [n, d])
    return f.program()
