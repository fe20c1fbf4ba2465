"""Cheaper on paper is not enough: in float64 the derived gradients have as many right digits as the raw ones.

The truth has 50 digits and more.  The data are normal numbers, and such of mean 1000 and deviation 1, where squares and
their means agree in six digits: whatever multiplies a square of differences out shows it there.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symnet.calculus.derive import derive
from symnet.calculus.evaluate import FLOAT, evaluate, multidigit
from symnet.calculus.ir import Index, Program, size_symbol
from symnet.pipeline import derive_model, load
from symnet.simplify import collapse
from symnet.simplify.simplify import simplify
from tests import closed_forms
from tests.calculus import forward
from tests.calculus.exactly import parameters
from tests.calculus.forward import D, Forward, N, d, n
from tests.simplify import hand_built

MEAN = 1000.0
TOLERANCE = 1e-12
M = size_symbol("M")
m = Index("m", M)

MORE: dict[str, Program] = {
    "tanh network": forward.tanh_network(),
    "cubic": forward.cubic(),
    "BCE": forward.textbook_bce(named=True),
}


def numbers(program: Program, shifted: frozenset[str], mean: float) -> dict[str, Any]:
    """Normal numbers that keep the declared facts; the tensors in ``shifted`` have the mean."""
    rng = np.random.default_rng(0)
    sizes: dict[sp.Symbol, int] = {}
    found: dict[str, Any] = {}
    for spec in program.tensors.values():
        if spec.role not in ("parameter", "data", "label"):
            continue
        for symbol in sorted({s for size in spec.shape for s in size.free_symbols}, key=str):
            sizes.setdefault(symbol, 5 + len(sizes) % 3)
        shape = tuple(int(size.xreplace(sizes)) for size in spec.shape)
        values = rng.normal(size=shape) + mean * (spec.name in shifted)
        if spec.integer:
            values = rng.integers(0, 2, size=shape)
        elif "one_hot" in spec.facts:
            values = np.eye(shape[-1])[rng.integers(0, shape[-1], size=shape[:-1])]
        elif "simplex" in spec.facts:
            values = np.abs(values) / np.abs(values).sum(-1, keepdims=True)
        elif "mask" in spec.facts:
            values = (values > 0).astype(float)
        elif "symmetric" in spec.facts:
            values = (values + values.T) / 2
        elif spec.facts & {"positive", "nonnegative"}:
            values = np.abs(values) + 0.1
        found[spec.name] = values
    return found


def points(program: Program, mean: float = MEAN) -> Iterator[tuple[str, dict[str, Any]]]:
    """Normal numbers; then the mean in every tensor without a fact, and in one after the other."""
    free = [
        t.name for t in program.tensors.values() if t.role in ("parameter", "data") and not t.integer and not t.facts
    ]
    yield "normal", numbers(program, frozenset(), mean)
    yield f"all of mean {mean:g}", numbers(program, frozenset(free), mean)
    yield from ((f"{n} of mean {mean:g}", numbers(program, frozenset({n}), mean)) for n in free if len(free) > 1)


def truth(program: Program, inputs: dict[str, Any]) -> dict[str, Any]:
    """Every tensor to more digits than are compared; saturated ones, such as 1 - σ(1000), need hundreds."""
    try:
        return evaluate(program, inputs, multidigit(60))
    except ZeroDivisionError:
        return evaluate(program, inputs, multidigit(3000))


def error(found: Any, right: Any) -> float:
    """The largest error beside the largest entry; infinite where no number came out."""
    found, right = np.ravel(found), np.ravel(right)
    if not np.isfinite(found).all():
        return float("inf")
    size = max(map(abs, right), default=0)
    wrong = max((abs(r - f) for f, r in zip(found.tolist(), right, strict=True)), default=0)
    return float(wrong / size if size else wrong)


def errors(raw: Program, others: dict[str, Program], inputs: dict[str, Any]) -> Iterator[tuple[str, dict[str, float]]]:
    """Gradient by gradient the error of the raw program and of the others."""
    right = truth(raw, inputs)
    found = {name: (p, evaluate(p, inputs, FLOAT)) for name, p in {"raw": raw, **others}.items()}
    for tensor in (t for t in raw.adjoints if t in raw.tensors and raw.tensors[t].role == "parameter"):
        reference = right[raw.adjoints[tensor]]
        yield tensor, {name: error(values[p.adjoints[tensor]], reference) for name, (p, values) in found.items()}


def worse(raw: Program, others: dict[str, Program], mean: float = MEAN) -> list[tuple[str, str, dict[str, float]]]:
    """Where the derived gradient has an error above 1e-12 and ten times that of the raw one.

    Beside an expert's formula, which a person must see, twice its error is allowed: the same terms in another order.
    """
    return [
        (where, tensor, sizes)
        for where, inputs in points(raw, mean)
        for tensor, sizes in errors(raw, others, inputs)
        if not sizes["derived"] <= max(TOLERANCE, 10 * sizes["raw"], 2 * sizes.get("expert", 0.0))
    ]


@pytest.mark.parametrize("name", hand_built.PROGRAMS)
def test_a_derived_gradient_has_the_digits_of_the_raw_one(name: str) -> None:
    assert worse(hand_built.raw(name), {"derived": hand_built.short(name).program}) == []


@pytest.mark.parametrize("name", MORE)
def test_so_it_has_in_networks(name: str) -> None:
    raw = derive(MORE[name], parameters(MORE[name]))
    assert worse(raw, {"derived": simplify(raw, {}).program}) == []


@pytest.mark.parametrize("form", closed_forms.FORMS)
def test_a_closed_form_has_the_digits_of_the_raw_or_the_experts(form: str) -> None:
    """Only dW after batch norm needs the expert: the textbook's dZ adds up to 0 less exactly than the raw one."""
    derivation = closed_forms.derived(form)
    assert worse(derivation.raw, {"derived": derivation.program, "expert": closed_forms.expert(form)}) == []


def covariance() -> Program:
    """``Σ (x - mu)(y - nu)`` beside a name for Σ x y."""
    f = Forward()
    x, y, a = f.parameter("x", N), f.parameter("y", N), f.parameter("a")
    q = f.put("q", [], x(n) * y(n), [n])
    mu, nu = f.put("mu", [], x(n) / N, [n]), f.put("nu", [], y(n) / N, [n])
    f.put("loss", [], sp.sin(q()) + sp.sin(mu() * nu()))
    f.put("loss", [], a() * (x(n) - mu()) * (y(n) - nu()), [n])
    return f.program()


def variance_about_the_mean(named: bool) -> Program:
    """``Σ c x`` and ``Σ (x - mu)²``, E[x²] - E[x]² in short, beside a name for Σ x²."""
    f = Forward()
    x, a, b = f.parameter("x", N), f.parameter("a"), f.parameter("b")
    q, mu = f.put("q", [], x(n) ** 2, [n]), f.put("mu", [], x(n) / N, [n])
    f.put("loss", [], b() * q() + sp.sin(mu()))
    if named:
        c = f.put("c", [n], x(n) - mu())
        f.put("loss", [], a() * c(n) * x(n), [n])
    else:
        f.put("loss", [], a() * (x(n) - mu()) * (x(n) - mu()), [n])
    return f.program()


def distances() -> Program:
    """``Σ (x - y)²`` of every two rows beside names for the squares and the product, as fast codes have it."""
    f = Forward()
    x, y, A = f.parameter("x", N, D), f.parameter("y", M, D), f.parameter("A", N, M)
    p, r = f.put("p", [n], x(n, d) ** 2, [d]), f.put("r", [m], y(m, d) ** 2, [d])
    g = f.put("g", [n, m], x(n, d) * y(m, d), [d])
    f.put("loss", [], sp.tanh(g(n, m) * p(n) * r(m)), [n, m])
    f.put("loss", [], A(n, m) * (x(n, d) - y(m, d)) ** 2, [n, m, d])
    return f.program()


def slopes() -> Program:
    """``Σ (x - mu) y``, which is Σ x y - N mu nu: the slope of a fitted line."""
    f = Forward()
    x, y, a = f.parameter("x", N), f.parameter("y", N), f.parameter("a")
    q = f.put("q", [], x(n) * y(n), [n])
    mu, s = f.put("mu", [], x(n) / N, [n]), f.put("s", [], y(n), [n])
    f.put("loss", [], sp.sin(q()) + sp.sin(mu() * s()))
    f.put("loss", [], a() * (x(n) - mu()) * (y(n) - s() / N), [n])
    return f.program()


def kernel() -> Program:
    """Gaussian kernels about centres C: ``Σ (x - C) K e`` beside a name for ``Σ K e``, the gradient of the weights."""
    f = Forward()
    x, y, C, w = f.parameter("x", N, D), f.parameter("y", N), f.parameter("C", M, D), f.parameter("w", M)
    r = f.put("r", [n, m], (x(n, d) - C(m, d)) ** 2, [d])
    K = f.put("K", [n, m], sp.exp(-r(n, m) / 16))
    q = f.put("q", [n], K(n, m) * w(m), [m])
    f.put("loss", [], (q(n) - y(n)) ** 2 / N, [n])
    return f.program()


def shares() -> Program:
    """``Σ (x - C) dr`` where dr adds up to 0, as a softmax's does, so that ``Σ x dr`` is the same but for rounding."""
    f = Forward()
    x, C = f.parameter("x", N, D), f.parameter("C", M, D)
    r = f.put("r", [n, m], (x(n, d) - C(m, d)) ** 2, [d])
    s = f.put("s", [m], sp.exp(-r(n, m) / 16), [n])
    P = f.put("P", [n, m], sp.exp(-r(n, m) / 16) / s(m))
    f.put("loss", [], P(n, m) ** 2, [n, m])
    return f.program()


#: program -> the gradient that a cancelling rewrite would make cheaper
TEMPTING: dict[str, tuple[Program, str]] = {
    "covariance": (covariance(), "a"),
    "variance, centred once": (variance_about_the_mean(named=True), "a"),
    "variance": (variance_about_the_mean(named=False), "a"),
    "distances": (distances(), "A"),
    "slope": (slopes(), "a"),
    "kernel": (kernel(), "C"),
    "shares": (shares(), "C"),
}


def tempted(name: str) -> list[tuple[str, str, dict[str, float]]]:
    program, _ = TEMPTING[name]
    raw = derive(program, parameters(program))
    return worse(raw, {"derived": simplify(raw, {}).program}, mean=1e6)


@pytest.mark.parametrize("name", TEMPTING)
def test_a_rewrite_that_loses_digits_is_refused(name: str) -> None:
    assert tempted(name) == []


@pytest.mark.parametrize("name", ["covariance", "slope", "kernel", "shares"])
def test_without_the_guard_the_digits_are_lost(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collapse, "loses_digits", lambda *_: False)
    assert any(tensor == TEMPTING[name][1] for _, tensor, _ in tempted(name))


def test_a_centre_of_each_column_stays(tmp_path: Path) -> None:
    """``Σ (X - v) da`` over rows and columns, where da adds up to 0 over the rows."""
    (tmp_path / "m.py").write_text(
        "import symnet as sn\n\nN, D, M = sn.dims(N=6, D=3, M=4)\nX = sn.data(N, D)\n"
        "C, v, W = sn.param(M, D), sn.param(D), sn.param(D, M)\nA = (X - v) / (X - v).norm()\n"
        "Z = A @ W\nP = Z.softmax(0)\nS = (P[:, :, None] * (X[:, None] - C[None])).sum(0)\nloss = (S**2).sum()\n"
    )
    derivation = derive_model(load(tmp_path / "m.py")[0])
    inputs = numbers(derivation.raw, frozenset({"X", "C", "v"}), 1e6)
    for _, found in errors(derivation.raw, {"derived": derivation.program}, inputs):
        assert found["derived"] <= max(TOLERANCE, 10 * found["raw"])
