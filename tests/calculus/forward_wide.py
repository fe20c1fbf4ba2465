"""More forward programs: normalisations, attention, norms, divergences, quadratic forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy as sp

from symnet.calculus.ir import Index, Program, size_symbol
from symnet.calculus.scalars import absolute, huber, normal_cdf, sigmoid, softplus
from tests.calculus.forward import C, D, Forward, N, d, k, n

T = size_symbol("T")
i, j = Index("i", T), Index("j", T)
EPS = sp.Rational(1, 1000)
HALF = sp.Rational(1, 2)


def log_softmax(named: bool) -> Program:
    f = Forward()
    Z, G = f.parameter("Z", N, C), f.leaf("G", N, C)
    s = f.put("s", [n], sp.exp(Z(n, k)), [k], given=False)
    if named:
        lp = f.put("lp", [n, k], Z(n, k) - sp.log(s(n)))
        f.put("loss", [], lp(n, k) * G(n, k), [n, k])
    else:
        f.put("loss", [], (Z(n, k) - sp.log(s(n))) * G(n, k), [n, k])
    return f.program()


def logsumexp() -> Program:
    f = Forward()
    z = f.parameter("z", C)
    s = f.put("s", [], sp.exp(z(k)), [k], given=False)
    f.put("loss", [], sp.log(s()))
    return f.program()


def batch_norm_plain(bessel: bool, unnamed: bool, bias: bool) -> Program:
    """Only mu and xh named, or only the mean and the variance computed under names of the program."""
    f = Forward()
    x, G = f.parameter("x", N, D), f.leaf("G", N, D)
    gamma, beta = f.parameter("gamma", D), f.parameter("beta", D)
    a = x
    if bias:
        b = f.parameter("b", D)
        a = f.put("a", [n, d], x(n, d) + b(d))
    mu = f.put("mu", [d], a(n, d) / N, [n], given=not unnamed)
    v = f.put("v", [d], (a(n, d) - mu(d)) ** 2 / (N - 1 if bessel else N), [n], given=False)
    xh_body = (a(n, d) - mu(d)) * (v(d) + EPS) ** -HALF
    if unnamed:
        y = f.put("y", [n, d], gamma(d) * xh_body + beta(d))
    else:
        xh = f.put("xh", [n, d], xh_body)
        y = f.put("y", [n, d], gamma(d) * xh(n, d) + beta(d))
    f.put("loss", [], y(n, d) * G(n, d), [n, d])
    return f.program()


def layer_norm() -> Program:
    f = Forward()
    x, G = f.parameter("x", N, D), f.leaf("G", N, D)
    gamma, beta = f.parameter("gamma", D), f.parameter("beta", D)
    mu = f.put("mu", [n], x(n, d) / D, [d])
    c = f.put("c", [n, d], x(n, d) - mu(n))
    v = f.put("v", [n], c(n, d) ** 2 / D, [d])
    sd = f.put("sd", [n], sp.sqrt(v(n) + EPS))
    xh = f.put("xh", [n, d], c(n, d) / sd(n))
    y = f.put("y", [n, d], gamma(d) * xh(n, d) + beta(d))
    f.put("loss", [], y(n, d) * G(n, d), [n, d])
    return f.program()


def rms_norm() -> Program:
    f = Forward()
    x, g, G = f.parameter("x", N, D), f.parameter("g", D), f.leaf("G", N, D)
    r = f.put("r", [n], x(n, d) ** 2 / D, [d])
    u = f.put("u", [n], (r(n) + EPS) ** -HALF)
    y = f.put("y", [n, d], x(n, d) * u(n) * g(d))
    f.put("loss", [], y(n, d) * G(n, d), [n, d])
    return f.program()


def attention() -> Program:
    f = Forward()
    Q, K, V = f.parameter("Q", T, D), f.parameter("K", T, D), f.parameter("V", T, C)
    G = f.leaf("G", T, C)
    S = f.put("S", [i, j], Q(i, d) * K(j, d) / sp.sqrt(D), [d])
    s = f.put("s", [i], sp.exp(S(i, j)), [j], given=False)
    P = f.put("P", [i, j], sp.exp(S(i, j)) / s(i))
    O = f.put("O", [i, k], P(i, j) * V(j, k), [j])
    f.put("loss", [], O(i, k) ** 2 * G(i, k), [i, k])
    return f.program()


def attention_key_bias() -> Program:
    f = Forward()
    Q, X, W, b = f.parameter("Q", T, D), f.leaf("X", T, C), f.parameter("W", C, D), f.parameter("b", D)
    V, G = f.leaf("V", T, C), f.leaf("G", T, C)
    f.put("K", [j, d], X(j, k) * W(k, d), [k])
    K = f.put("K", [j, d], b(d))
    S = f.put("S", [i, j], Q(i, d) * K(j, d), [d])
    s = f.put("s", [i], sp.exp(S(i, j)), [j], given=False)
    P = f.put("P", [i, j], sp.exp(S(i, j)) / s(i))
    O = f.put("O", [i, k], P(i, j) * V(j, k), [j])
    f.put("loss", [], O(i, k) ** 2 * G(i, k), [i, k])
    return f.program()


def ridge(named: bool = True) -> Program:
    f = Forward()
    X, y, w, lam = f.leaf("X", N, D), f.leaf("y", N), f.parameter("w", D), f.leaf("lam")
    yhat = f.put("yhat", [n], X(n, d) * w(d), [d])
    f.put("loss", [], (yhat(n) - y(n)) ** 2, [n])
    f.put("loss", [], lam() * w(d) ** 2, [d])
    f.put("loss", [], 7)
    return f.program()


def elastic_net() -> Program:
    f = Forward()
    X, y, w = f.leaf("X", N, D), f.leaf("y", N), f.parameter("w", D)
    yhat = f.put("yhat", [n], X(n, d) * w(d), [d])
    f.put("loss", [], (yhat(n) - y(n)) ** 2 / N, [n])
    f.put("loss", [], w(d) ** 2 / 5 + absolute(w(d)) / 3, [d])
    return f.program()


def quadratic_form(symmetric: bool) -> Program:
    f = Forward()
    A, x = f.leaf("A", T, T, facts=["symmetric"] if symmetric else []), f.parameter("x", T)
    f.put("loss", [], x(i) * A(i, j) * x(j), [i, j])
    return f.program()


def pointwise(function: Callable[[sp.Expr], sp.Expr], named: bool = True) -> Program:
    """Σ function(r): the derivative of one function, with its value under a name."""
    f = Forward()
    r = f.parameter("r", N)
    if named:
        y, G = f.put("y", [n], function(r(n))), f.leaf("G", N)
        f.put("loss", [], y(n) * G(n), [n])
    else:
        f.put("loss", [], function(r(n)), [n])
    return f.program()


FUNCTIONS: dict[str, Callable[[sp.Expr], sp.Expr]] = {
    "log cosh": lambda u: sp.log(sp.cosh(u)),
    "softplus": lambda u: sp.log(1 + sp.exp(u)),
    "softplus function": softplus,
    "huber": lambda u: huber(u, sp.Integer(1)),
    "silu": lambda u: u * sigmoid(u),
    "gelu": lambda u: u * normal_cdf(u),
    "gelu tanh": lambda u: u / 2 * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (u + sp.Rational(44715, 10**6) * u**3))),
    "mish": lambda u: u * sp.tanh(softplus(u)),
    "softsign": lambda u: u / (1 + absolute(u)),
    "sigmoid by exp": lambda u: 1 / (1 + sp.exp(-u)),
    "bell": lambda u: sp.exp(-(u**2) / 2),
    "tanh by exp": lambda u: (sp.exp(u) - sp.exp(-u)) / (sp.exp(u) + sp.exp(-u)),
}


def variance(bessel: bool) -> Program:
    f = Forward()
    x = f.parameter("x", N)
    mu = f.put("mu", [], x(n) / N, [n])
    f.put("loss", [], (x(n) - mu()) ** 2 / (N - 1 if bessel else N), [n])
    return f.program()


def normalised() -> Program:
    f = Forward()
    x, G = f.parameter("x", N, D), f.leaf("G", N, D)
    q = f.put("q", [n], x(n, d) ** 2, [d], given=False)
    u = f.put("u", [n], sp.sqrt(q(n)))
    y = f.put("y", [n, d], x(n, d) / u(n))
    f.put("loss", [], y(n, d) * G(n, d), [n, d])
    return f.program()


def kept_axis(eps: int) -> Program:
    """x/‖x‖ with the norm kept as a column, as ``keepdim=True`` does."""
    f = Forward()
    x, G = f.parameter("x", N, D), f.leaf("G", N, D)
    one = Index("j", sp.S.One)
    q = f.put("a", [n], x(n, d) ** 2, [d], given=False)
    u = f.put("u", [n, one], sp.sqrt(q(n) + eps * EPS))
    y = f.put("y", [n, d], x(n, d) / u(n, 0))
    f.put("loss", [], y(n, d) * G(n, d), [n, d])
    return f.program()


def standardised() -> Program:
    f = Forward()
    x, G = f.parameter("x", N), f.leaf("G", N)
    mu = f.put("mu", [], x(n) / N, [n])
    v = f.put("v", [], (x(n) - mu()) ** 2 / N, [n], given=False)
    sd = f.put("sd", [], sp.sqrt(v()))
    z = f.put("z", [n], (x(n) - mu()) / sd())
    f.put("loss", [], z(n) * G(n), [n])
    return f.program()


def gaussian_kl() -> Program:
    f = Forward()
    mu, lv = f.parameter("mu", N), f.parameter("lv", N)
    f.put("loss", [], (mu(n) ** 2 + sp.exp(lv(n)) - lv(n) - 1) / 2, [n])
    return f.program()


def entropy() -> Program:
    f = Forward()
    z = f.parameter("z", C)
    s = f.put("s", [], sp.exp(z(k)), [k], given=False)
    p = f.put("p", [k], sp.exp(z(k)) / s())
    f.put("loss", [], -p(k) * sp.log(p(k)), [k])
    return f.program()


def matrix_factorisation() -> Program:
    f = Forward()
    X, Y, M = f.parameter("X", N, D), f.parameter("Y", D, C), f.leaf("M", N, C)
    R = f.put("R", [n, k], X(n, d) * Y(d, k), [d])
    f.put("R", [n, k], -M(n, k))
    f.put("loss", [], R(n, k) ** 2, [n, k])
    return f.program()


def info_nce() -> Program:
    f = Forward()
    A, B, tau = f.parameter("A", N, D), f.parameter("B", N, D), f.leaf("tau", facts=["positive"])
    m = Index("m", N)
    Z = f.put("Z", [n, m], A(n, d) * B(m, d) / tau(), [d])
    s = f.put("s", [n], sp.exp(Z(n, m)), [m], given=False)
    f.put("loss", [], (sp.log(s(n)) - Z(n, n)) / N, [n])
    return f.program()


def focal() -> Program:
    f = Forward()
    z = f.parameter("z", N)
    p = f.put("p", [n], sigmoid(z(n)))
    f.put("loss", [], -((1 - p(n)) ** 2) * sp.log(p(n)), [n])
    return f.program()


def cross_entropy(spelling: str) -> Program:
    """The same loss in the ways people write it; labels are integers or one-hot rows."""
    f = Forward()
    Z = f.parameter("Z", N, C)
    if spelling in ("-sum Y log P", "KL from Y"):
        Y = f.leaf("Y", N, C, facts=["one_hot"])
        s = f.put("s", [n], sp.exp(Z(n, k)), [k], given=False)
        P = f.put("P", [n, k], sp.exp(Z(n, k)) / s(n))
        e = f.put("e", [n], -Y(n, k) * sp.log(P(n, k)), [k], given=False)
        f.put("loss", [], e(n) / N, [n])
        return f.program()
    t = f.labels("t", N)
    if spelling == "max shifted":
        m = f.put("m", [n], Z(n, k), [k])
        f.equations[-1] = replace(f.equations[-1], op="max")
        s = f.put("s", [n], sp.exp(Z(n, k) - m(n)), [k], given=False)
        f.put("loss", [], (sp.log(s(n)) + m(n) - Z(n, t(n))) / N, [n])
        return f.program()
    s = f.put("s", [n], sp.exp(Z(n, k)), [k], given=False)
    if spelling == "log of softmax":
        P = f.put("P", [n, k], sp.exp(Z(n, k)) / s(n))
        f.put("loss", [], -sp.log(P(n, t(n))) / N, [n])
    elif spelling == "nll of log-softmax":
        lp = f.put("lp", [n, k], Z(n, k) - sp.log(s(n)))
        f.put("loss", [], -lp(n, t(n)) / N, [n])
    elif spelling == "log softmax named":
        P = f.put("P", [n, k], sp.exp(Z(n, k)) / s(n))
        lp = f.put("lp", [n, k], sp.log(P(n, k)))
        f.put("loss", [], -lp(n, t(n)) / N, [n])
    elif spelling == "logsumexp minus pick":
        lse = f.put("lse", [n], sp.log(s(n)))
        f.put("loss", [], (lse(n) - Z(n, t(n))) / N, [n])
    return f.program()


SPELLINGS = (
    "-sum Y log P",
    "log of softmax",
    "nll of log-softmax",
    "log softmax named",
    "logsumexp minus pick",
    "max shifted",
)


def temperature() -> Program:
    f = Forward()
    z, t, tau = f.parameter("z", N, C), f.labels("t", N), f.parameter("tau", facts=["positive"])
    s = f.put("s", [n], sp.exp(z(n, k) / tau()), [k], given=False)
    f.put("loss", [], sp.log(s(n)) - z(n, t(n)) / tau(), [n])
    return f.program()


def label_smoothing() -> Program:
    f = Forward()
    Z, t = f.parameter("Z", N, C), f.labels("t", N)
    s = f.put("s", [n], sp.exp(Z(n, k)), [k], given=False)
    f.put("loss", [], sp.Rational(9, 10) * (sp.log(s(n)) - Z(n, t(n))) / N, [n])
    f.put("loss", [], (sp.log(s(n)) - Z(n, k)) / (10 * N * C), [n, k])
    return f.program()


def softmax_kl() -> Program:
    f = Forward()
    z, w = f.parameter("z", C), f.parameter("w", C)
    s = f.put("s", [], sp.exp(z(k)), [k], given=False)
    r = f.put("r", [], sp.exp(w(k)), [k], given=False)
    p, q = f.put("p", [k], sp.exp(z(k)) / s()), f.put("q", [k], sp.exp(w(k)) / r())
    f.put("loss", [], p(k) * (sp.log(p(k)) - sp.log(q(k))), [k])
    return f.program()


def cosine() -> Program:
    f = Forward()
    x, y = f.parameter("x", N, D), f.parameter("y", N, D)
    a = f.put("a", [n], x(n, d) ** 2, [d], given=False)
    b = f.put("b", [n], y(n, d) ** 2, [d], given=False)
    u, v = f.put("u", [n], sp.sqrt(a(n))), f.put("v", [n], sp.sqrt(b(n)))
    g = f.put("g", [n], x(n, d) * y(n, d), [d])
    c = f.put("c", [n], g(n) / (u(n) * v(n)))
    f.put("loss", [], c(n), [n])
    return f.program()


WIDE: dict[str, Program] = {
    "log-softmax, named": log_softmax(True),
    "log-softmax": log_softmax(False),
    "logsumexp": logsumexp(),
    "BN": batch_norm_plain(False, False, False),
    "BN Bessel": batch_norm_plain(True, False, False),
    "BN unnamed": batch_norm_plain(False, True, False),
    "BN bias": batch_norm_plain(False, False, True),
    "layer norm": layer_norm(),
    "RMS norm": rms_norm(),
    "attention": attention(),
    "key bias": attention_key_bias(),
    "ridge": ridge(),
    "elastic net": elastic_net(),
    "quadratic": quadratic_form(False),
    "quadratic symmetric": quadratic_form(True),
    "variance": variance(False),
    "variance Bessel": variance(True),
    "normalised": normalised(),
    "normalised, axis kept": kept_axis(0),
    "normalised, axis kept, eps": kept_axis(1),
    "standardised": standardised(),
    "KL": gaussian_kl(),
    "entropy": entropy(),
    "factorisation": matrix_factorisation(),
    "InfoNCE": info_nce(),
    "focal": focal(),
    "temperature": temperature(),
    "label smoothing": label_smoothing(),
    "softmax KL": softmax_kl(),
    "cosine": cosine(),
    **{f"cross-entropy: {spelling}": cross_entropy(spelling) for spelling in SPELLINGS},
    **{name: pointwise(function) for name, function in FUNCTIONS.items()},
    **{f"{name}, summed": pointwise(function, named=False) for name, function in FUNCTIONS.items()},
}
