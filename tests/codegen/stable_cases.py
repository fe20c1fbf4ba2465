"""Programs for the contract of stabilise: rows 1-4, 9 and 11 of the closed forms, and norms, with their extreme inputs.

A case is one program and a list of inputs, each a batch of its own, so that a large entry cannot hide a small one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

LOGITS = (-800.0, -40.0, -1e-8, 0.0, 1e-8, 40.0, 800.0)
SMALL_LOGITS = (-80.0, -40.0, -1e-8, 0.0, 1e-8, 40.0, 80.0)

Inputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Extreme:
    """``terms``: the size of the terms whose difference an entry is, where the contract bounds the error by them."""

    declared: str
    lines: str
    kind: str = "one"
    terms: float = 0.0


ONE = "parameter z[N] data g[N] h[N] p[N] l[N] loss"
POINTWISE = {
    "log_cosh": "log((exp(z[n]) + exp(-z[n]))/2)",
    "softplus": "softplus(z[n])",
    "softplus_written_out": "log(1 + exp(z[n]))",
    "huber": "huber(z[n], Rational(3,2))",
    "silu": "z[n]*sigmoid(z[n])",
    "silu_written_out": "z[n]/(1 + exp(-z[n]))",
    "gelu": "z[n]*normal_cdf(z[n])",
    "gelu_by_erf": "z[n]/2*(1 + erf(z[n]/sqrt(2)))",
    "gelu_tanh": "z[n]/2*(1 + tanh(sqrt(2/pi)*(z[n] + Rational(44715,1000000)*z[n]**3)))",
    "mish": "z[n]*tanh(softplus(z[n]))",
    "mish_written_out": "z[n]*tanh(log(1 + exp(z[n])))",
    "softsign": "z[n]/(1 + absolute(z[n]))",
    "elu": "where(greater(z[n], 0), z[n], exp(z[n]) - 1)",
    "selu": "Rational(10507,10000)*where(greater(z[n], 0), z[n], Rational(16733,10000)*(exp(z[n]) - 1))",
    "tanh": "tanh(z[n])",
    "tanh_written_out": "(exp(z[n]) - exp(-z[n]))/(exp(z[n]) + exp(-z[n]))",
    "sigmoid": "sigmoid(z[n])",
    "log_sigmoid": "log(sigmoid(z[n]))",
    "sigmoid_by_tanh": "(1 + tanh(z[n]/2))/2",
}


def _cases() -> Iterator[tuple[str, Extreme]]:
    for name, body in POINTWISE.items():
        yield name, Extreme(ONE, f"loss += g[n]*({body})")
        yield f"{name}_named", Extreme(ONE, f"l[n] += {body}\nloss += g[n]*l[n]")
    # Row 1
    yield "bce", Extreme(BCE, "p[n] += sigmoid(z[n])\nloss += -(y[n]*log(p[n]) + (1 - y[n])*log(1 - p[n]))/N", "y", 1)
    yield "bce_in_one", Extreme(BCE, f"loss += -({ENTROPY})/N".replace("P", "sigmoid(z[n])"), "y", 1)
    yield "bce_written_out", Extreme(BCE, f"p[n] += 1/(1 + exp(-z[n]))\nloss += -({ENTROPY})/N".replace("P", "p[n]"), "y", 1)
    yield "bce_with_logits", Extreme(BCE, "loss += (softplus(z[n]) - y[n]*z[n])/N", "y", 1)
    yield "bce_of_signs", Extreme(BCE, "loss += log(1 + exp(-(2*y[n] - 1)*z[n]))", "sign")
    # Rows 2, 3
    for name, loss in CROSS_ENTROPIES.items():
        kind = "labels" if "t[n]" in loss else "rows"
        yield f"cross_entropy_{name}", Extreme(MATRIX, loss, kind, 1)
    # Row 4
    yield "softmax", Extreme(MATRIX, f"{SOFTMAX}loss += Y[n,k]*P[n,k]", "cotangent", 1)
    yield "softmax_squared", Extreme(MATRIX, f"{SOFTMAX}loss += (P[n,k] - Y[n,k])**2", "cotangent", 1)
    yield "log_softmax", Extreme(MATRIX, "s[n] += exp(Z[n,k])\nL[n,k] += Z[n,k] - log(s[n])\nloss += Y[n,k]*L[n,k]", "cotangent", 1)
    yield "logsumexp", Extreme(MATRIX, "s[n] += exp(Z[n,k])\nl[n] += log(s[n])\nloss += g[n]*l[n]", "cotangent")
    # Row 11
    yield "gaussian_kl", Extreme("parameter z[N] parameter m[N] loss", "loss += (exp(z[n]) + m[n]**2 - 1 - z[n])/2", "gauss")
    yield "gaussian_kl_scaled", Extreme("parameter z[N] parameter m[N] v[N] l[N] loss", "v[n] += exp(z[n])\nl[n] += -(1 + z[n] - m[n]**2 - v[n])/2\nloss += l[n]/N", "gauss")
    yield "entropy", Extreme(MATRIX, f"{SOFTMAX}loss += -P[n,k]*log(P[n,k])", "cotangent", 1)
    yield "entropy_by_logs", Extreme(MATRIX, "s[n] += exp(Z[n,k])\nL[n,k] += Z[n,k] - log(s[n])\nloss += -exp(L[n,k])*L[n,k]", "cotangent", 1)
    yield "kl", Extreme(PAIR, f"{SOFTMAX}r[n] += exp(Y[n,k])\nQ[n,k] += exp(Y[n,k])/r[n]\nloss += P[n,k]*(log(P[n,k]) - log(Q[n,k]))", "pair", 1)
    yield "kl_of_quotient", Extreme(PAIR, f"{SOFTMAX}r[n] += exp(Y[n,k])\nQ[n,k] += exp(Y[n,k])/r[n]\nloss += P[n,k]*log(P[n,k]/Q[n,k])", "pair", 1)
    yield "info_nce", Extreme("parameter Z[N,N] s[N] loss", "s[n] += exp(10*Z[n,k])\nloss += (log(s[n]) - 10*Z[n,n])/N", "square", 10)
    yield "label_smoothing", Extreme(MATRIX, "s[n] += exp(Z[n,k])\nL[n,k] += Z[n,k] - log(s[n])\nloss += -Rational(9,10)*L[n,t[n]]/N\nloss += -Rational(1,10)*L[n,k]/(N*C)", "labels", 1)
    yield "focal", Extreme(MATRIX, f"{SOFTMAX}loss += -(1 - P[n,t[n]])**2*log(P[n,t[n]])/N", "labels", 1)
    yield "focal_binary", Extreme(BCE, "p[n] += sigmoid(z[n])\nloss += -(y[n]*(1 - p[n])**2*log(p[n]) + (1 - y[n])*p[n]**2*log(1 - p[n]))", "y")
    yield "temperature", Extreme("parameter Z[N,C] parameter T label t[N] s[N] loss", "s[n] += exp(Z[n,k]/T)\nloss += (log(s[n]) - Z[n,t[n]]/T)/N", "temperature", 1)


BCE = "parameter z[N] data y[N] p[N] loss"
ENTROPY = "y[n]*log(P) + (1 - y[n])*log(1 - P)"
MATRIX = "parameter Z[N,C] data Y[N,C] data g[N] label t[N] s[N] l[N] P[N,C] L[N,C] E[N,C] loss"
PAIR = "parameter Z[N,C] parameter Y[N,C] s[N] r[N] P[N,C] Q[N,C] loss"
SOFTMAX = "s[n] += exp(Z[n,k])\nP[n,k] += exp(Z[n,k])/s[n]\n"
CROSS_ENTROPIES = {
    "labels": "s[n] += exp(Z[n,k])\nloss += (log(s[n]) - Z[n,t[n]])/N",
    "labels_by_softmax": f"{SOFTMAX}loss += -log(P[n,t[n]])/N",
    "labels_by_log_softmax": "s[n] += exp(Z[n,k])\nL[n,k] += Z[n,k] - log(s[n])\nloss += -L[n,t[n]]/N",
    "rows": "s[n] += exp(Z[n,k])\nloss += Y[n,k]*(log(s[n]) - Z[n,k])/N",
    "rows_by_softmax": f"{SOFTMAX}loss += -Y[n,k]*log(P[n,k])/N",
    "rows_named_exponentials": "E[n,k] += exp(Z[n,k])\ns[n] += E[n,k]\nP[n,k] += E[n,k]/s[n]\nloss += -Y[n,k]*log(P[n,k])",
}
CASES = dict(_cases())


def inputs_of(case: Extreme, logits: tuple[float, ...]) -> Iterator[Inputs]:
    """Every batch of a case: each logit or pair of logits alone, then all of them."""
    pairs = np.array([*product(logits, logits)])
    three = np.array([[a, b, c] for (a, b), c in zip(pairs, np.roll(np.repeat(logits, len(logits)), 3), strict=True)])
    match case.kind:
        case "one":
            z = np.array(logits)
            rows = {"z": z, "g": np.linspace(0.5, 1.5, z.size)}
        case "y":
            z, y = np.array([*product(logits, (0.0, 1.0, 0.3))]).T
            rows = {"z": z, "y": y}
        case "sign":
            z, y = np.array([*product(logits, (0.0, 1.0))]).T
            rows = {"z": z, "y": y}
        case "gauss":
            z = np.array([x for x in logits if x < 710])
            rows = {"z": z, "m": np.linspace(-2, 2, z.size)}
        case "pair":
            rows = {"Z": three, "Y": np.roll(three, 5, axis=0)[:, ::-1].copy()}
        case "square":
            whole = {"Z": np.array(logits * 7).reshape(7, 7)[:, [3, 0, 2, 1, 6, 4, 5]] / 10}
            yield whole
            yield {"Z": whole["Z"].T.copy()}
            return
        case _:
            count = np.arange(len(three))
            rows = {"Z": three, "t": count % 3, "g": np.linspace(0.5, 1.5, len(three))}
            rows["Y"] = np.eye(3)[(count + 1) % 3] if case.kind == "rows" else np.cos(count[:, None] + np.arange(3))
            if case.kind == "rows":
                rows["Y"][::2] = (0.25, 0.5, 0.25)
    fixed = {"T": np.array(0.5)} if case.kind == "temperature" else {}
    for k in range(len(next(iter(rows.values())))):
        yield {n: v[k : k + 1] for n, v in rows.items()} | fixed
    yield rows | fixed
