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
    "elu_by_name": "elu(z[n], Rational(1,2))",
    "selu": "Rational(10507,10000)*where(greater(z[n], 0), z[n], Rational(16733,10000)*(exp(z[n]) - 1))",
    "tanh": "tanh(z[n])",
    "tanh_written_out": "(exp(z[n]) - exp(-z[n]))/(exp(z[n]) + exp(-z[n]))",
    "sigmoid": "sigmoid(z[n])",
    "log_sigmoid": "log(sigmoid(z[n]))",
    "sigmoid_by_tanh": "(1 + tanh(z[n]/2))/2",
}


BCE = "parameter z[N] data y[N] p[N] loss"
BCE_OF = "loss += -(y[n]*log({0}) + (1 - y[n])*log(1 - {0}))/N"
FOCAL_OF = "loss += -(y[n]*(1 - p[n])**2*log(p[n]) + (1 - y[n])*p[n]**2*log(1 - p[n]))"
MATRIX = "parameter Z[N,C] data Y[N,C] data g[N] label t[N] s[N] l[N] P[N,C] L[N,C] E[N,C] loss"
PAIR = "parameter Z[N,C] parameter Y[N,C] s[N] r[N] P[N,C] Q[N,C] loss"
GAUSS = "parameter z[N] parameter m[N] v[N] l[N] loss"
SQUARE = "parameter Z[N,N] s[N] loss"
HEAT = "parameter Z[N,C] parameter T label t[N] s[N] loss"
MASKED = "parameter Z[N,C] data Y[N,C] s[N] P[N,C] loss"
SUM = "s[n] += exp(Z[n,k])\n"
SOFTMAX = SUM + "P[n,k] += exp(Z[n,k])/s[n]\n"
TWO_SOFTMAXES = SOFTMAX + "r[n] += exp(Y[n,k])\nQ[n,k] += exp(Y[n,k])/r[n]\n"
KL_BY_WORDS = (
    f"{SUM}r[n] += exp(Y[n,k])\nQ[n,k] += Y[n,k] - log(r[n])\n"
    "loss += xlogy(exp(Z[n,k])/s[n], exp(Z[n,k])/s[n]) - exp(Z[n,k])/s[n]*Q[n,k]"
)
LOG_SOFTMAX = SUM + "L[n,k] += Z[n,k] - log(s[n])\n"
NAMED = "E[n,k] += exp(Z[n,k])\ns[n] += E[n,k]\nP[n,k] += E[n,k]/s[n]\n"
SMOOTH = "loss += -Rational(9,10)*L[n,t[n]]/N\nloss += -Rational(1,10)*L[n,k]/(N*C)"
CAUSAL = "s[n] += exp(Z[n,k]) if k <= n\nP[n,k] += exp(Z[n,k])/s[n] if k <= n\nloss += Y[n,k]*P[n,k]"
CHOSEN = (
    "s[n] += where(greater(Y[n,k], 0), exp(Z[n,k]), 0)\n"
    "P[n,k] += greater(Y[n,k], 0)*exp(Z[n,k])/s[n]\nloss += Y[n,k]*P[n,k]**2"
)
BOTH = "parameter Z[N,N] data Y[N,N] s[N] r[N] u[N] P[N,N] Q[N,N] E[N,N] loss"
BOTH_SUMS = "s[k] += exp(Z[n,k])\nr[n] += exp(Z[n,k])\n"
BOTH_SHARES = BOTH_SUMS + "P[n,k] += exp(Z[n,k])/s[k]\nQ[n,k] += exp(Z[n,k])/r[n]\n"
BOTH_NAMED = "E[n,k] += exp(Z[n,k])\ns[k] += E[n,k]\nr[n] += E[n,k]\nP[n,k] += E[n,k]/s[k]\nQ[n,k] += E[n,k]/r[n]\n"
CASES = {
    **{name: Extreme(ONE, f"loss += g[n]*({body})") for name, body in POINTWISE.items()},
    **{
        f"{name}_named": Extreme(ONE, f"l[n] += {body}\nloss += g[n]*l[n]", terms=name in ("sigmoid", "tanh"))
        for name, body in POINTWISE.items()
    },
    # Row 1
    "bce": Extreme(BCE, "p[n] += sigmoid(z[n])\n" + BCE_OF.format("p[n]"), "y", 1),
    "bce_in_one": Extreme(BCE, BCE_OF.format("sigmoid(z[n])"), "y", 1),
    "bce_written_out": Extreme(BCE, "p[n] += 1/(1 + exp(-z[n]))\n" + BCE_OF.format("p[n]"), "y", 1),
    "bce_with_logits": Extreme(BCE, "loss += (softplus(z[n]) - y[n]*z[n])/N", "y", 1),
    "bce_of_signs": Extreme(BCE, "loss += log(1 + exp(-(2*y[n] - 1)*z[n]))", "sign"),
    # Rows 2 and 3
    "labels": Extreme(MATRIX, SUM + "loss += (log(s[n]) - Z[n,t[n]])/N", "labels", 1),
    "labels_by_softmax": Extreme(MATRIX, SOFTMAX + "loss += -log(P[n,t[n]])/N", "labels", 1),
    "labels_by_log_softmax": Extreme(MATRIX, LOG_SOFTMAX + "loss += -L[n,t[n]]/N", "labels", 1),
    "rows": Extreme(MATRIX, SUM + "loss += Y[n,k]*(log(s[n]) - Z[n,k])/N", "rows", 1),
    "rows_by_softmax": Extreme(MATRIX, SOFTMAX + "loss += -Y[n,k]*log(P[n,k])/N", "rows", 1),
    "rows_of_named_exponentials": Extreme(MATRIX, NAMED + "loss += -Y[n,k]*log(P[n,k])", "rows", 1),
    # Row 4
    "softmax": Extreme(MATRIX, SOFTMAX + "loss += Y[n,k]*P[n,k]", "cotangent", 1),
    "softmax_squared": Extreme(MATRIX, SOFTMAX + "loss += (P[n,k] - Y[n,k])**2", "cotangent", 1),
    "log_softmax": Extreme(MATRIX, LOG_SOFTMAX + "loss += Y[n,k]*L[n,k]", "cotangent", 1),
    "logsumexp": Extreme(MATRIX, SUM + "l[n] += log(s[n])\nloss += g[n]*l[n]", "cotangent", 1),
    # Row 7: what is masked may be as large as it likes
    "causal_softmax": Extreme(MASKED, CAUSAL, "square", 1),
    "chosen_softmax": Extreme(MASKED, CHOSEN, "chosen", 1),
    # Row 11
    "gaussian_kl": Extreme(GAUSS, "loss += (exp(z[n]) + m[n]**2 - 1 - z[n])/2", "gauss"),
    "gaussian_kl_named": Extreme(GAUSS, "v[n] += exp(z[n])\nloss += -(1 + z[n] - m[n]**2 - v[n])/2", "gauss"),
    "entropy": Extreme(MATRIX, SOFTMAX + "loss += -P[n,k]*log(P[n,k])", "cotangent", 1),
    "entropy_by_logs": Extreme(MATRIX, LOG_SOFTMAX + "loss += -exp(L[n,k])*L[n,k]", "cotangent", 1),
    "kl": Extreme(PAIR, TWO_SOFTMAXES + "loss += P[n,k]*(log(P[n,k]) - log(Q[n,k]))", "pair", 1),
    "kl_of_quotient": Extreme(PAIR, TWO_SOFTMAXES + "loss += P[n,k]*log(P[n,k]/Q[n,k])", "pair", 1),
    "kl_by_words": Extreme(PAIR, KL_BY_WORDS, "pair", 1),
    "info_nce": Extreme(SQUARE, "s[n] += exp(10*Z[n,k])\nloss += (log(s[n]) - 10*Z[n,n])/N", "square", 10),
    "label_smoothing": Extreme(MATRIX, LOG_SOFTMAX + SMOOTH, "labels", 1),
    "focal": Extreme(MATRIX, SOFTMAX + "loss += -(1 - P[n,t[n]])**2*log(P[n,t[n]])/N", "labels", 1),
    "focal_binary": Extreme(BCE, "p[n] += sigmoid(z[n])\n" + FOCAL_OF, "y"),
    "both_logs": Extreme(BOTH, BOTH_SUMS + "loss += log(s[n]) + log(r[n]) - 2*Z[n,n]", "square", 2),
    "both_shares": Extreme(BOTH, BOTH_SHARES + "loss += Y[n,k]*P[n,k]*Q[n,k]", "square", 1),
    "both_shares_of_named_exponentials": Extreme(BOTH, BOTH_NAMED + "loss += Y[n,k]*P[n,k]*Q[n,k]", "square", 1),
    "dual_softmax": Extreme(
        BOTH, BOTH_SUMS + "P[n,k] += exp(2*Z[n,k])/(s[k]*r[n])\nloss += (P[n,k] - Y[n,k])**2", "square", 1
    ),
    "a_share_and_a_logarithm": Extreme(
        BOTH, BOTH_SHARES + "loss += log(r[n])\nloss += -Y[n,k]*log(P[n,k])", "square", 4
    ),
    "a_mean_and_a_logarithm": Extreme(
        BOTH, BOTH_SUMS + "u[k] += exp(Z[n,k])*Y[n,k]\nloss += u[k]/s[k] + log(r[n])", "square", 1
    ),
    "temperature": Extreme(HEAT, "s[n] += exp(Z[n,k]/T)\nloss += (log(s[n]) - Z[n,t[n]]/T)/N", "temperature", 1),
}

ROWS = "parameter Z[N,C] data Y[N,C] m[N] v[N] X[N,C] loss"
EPS = "Rational(1,100000)"
MEAN = "m[n] += Z[n,k]/C\nv[n] += (Z[n,k] - m[n])**2/C\n"
COLUMNS = "parameter Z[N,C] parameter g[C] parameter b[C] data Y[N,C] m[C] v[C] r[C] X[N,C] loss"
DOWN = f"m[k] += Z[n,k]/N\nv[k] += (Z[n,k] - m[k])**2/N\nr[k] += 1/sqrt(v[k] + {EPS})\n"
AFFINE = "loss += Y[n,k]*(g[k]*X[n,k] + b[k])"
NORMS = {
    "layer_norm": Extreme(
        ROWS, f"{MEAN}X[n,k] += (Z[n,k] - m[n])/sqrt(v[n] + {EPS})\nloss += Y[n,k]*X[n,k]", "norm", 1
    ),
    "rms_norm": Extreme(ROWS, f"v[n] += Z[n,k]**2/C\nloss += Y[n,k]*Z[n,k]/sqrt(v[n] + {EPS})", "norm", 1),
    "unit_rows": Extreme(ROWS, f"v[n] += Z[n,k]**2\nloss += Y[n,k]*Z[n,k]/sqrt(v[n] + {EPS})", "norm", 1),
    "deviation": Extreme(ROWS, f"{MEAN}loss += sqrt(v[n] + {EPS})", "norm", 1),
    "variance": Extreme(ROWS, f"{MEAN}loss += v[n]", "norm", 1),
    "standardised": Extreme(
        ROWS + " d[N]",
        f"{MEAN}d[n] += sqrt(v[n] + {EPS})\nX[n,k] += (Z[n,k] - m[n])/d[n]\nloss += Y[n,k]*X[n,k]",
        "norm",
        1,
    ),
    "norm": Extreme(ROWS, f"m[n] += sqrt(Z[n,k]**2 + {EPS})\nloss += Y[n,k]*Z[n,k]/m[n]", "norm", 1),
    "batch_norm": Extreme(COLUMNS, f"{DOWN}X[n,k] += (Z[n,k] - m[k])*r[k]\n{AFFINE}", "columns", 400),
    "batch_norm_in_one": Extreme(
        COLUMNS, f"{DOWN}X[n,k] += (Z[n,k] - m[k])/sqrt(v[k] + {EPS})\n{AFFINE}", "columns", 400
    ),
    "batch_deviation": Extreme(COLUMNS, f"{DOWN}loss += sqrt(v[k] + {EPS})", "columns", 1),
}


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
            square = np.array(logits * 7).reshape(7, 7)[:, [3, 0, 2, 1, 6, 4, 5]]
            cotangent = np.cos(np.arange(49.0)).reshape(7, 7)
            yield from ({"Z": Z, "Y": cotangent} for Z in (square / 10, square, square.T.copy()))
            return
        case "norm":
            rows = {"Z": np.repeat(np.array([[0.0], [1.0], [-3.5], [7.0], [1000.0]]), 4, axis=1)}
            rows["Y"] = np.cos(np.arange(20.0)).reshape(5, 4)
            rows["Z"][1, 2] = 1.5
        case "columns":  # whole batches of constant columns, and each row as a batch of its own
            rows = {"Z": np.repeat(np.array([[0.0, 1.0, -3.5, 7.0, 1000.0]]), 4, axis=0)}
            rows["Y"] = np.cos(np.arange(20.0)).reshape(4, 5)
            rows["Z"][2, 1] = 1.5
        case "chosen":
            chosen = np.array([[1.0, -1.0, 2.0]] * len(three))  # the entry in the middle is masked
            rows = {"Z": three, "Y": np.where(np.arange(len(three))[:, None] % 2, chosen, -chosen[:, [1, 0, 2]])}
            rows["Y"][:, 2] = 0.5
        case _:
            count = np.arange(len(three))
            rows = {"Z": three, "t": count % 3, "g": np.linspace(0.5, 1.5, len(three))}
            rows["Y"] = np.eye(3)[(count + 1) % 3] if case.kind == "rows" else np.cos(count[:, None] + np.arange(3))
            if case.kind == "rows":
                rows["Y"][::2] = (0.25, 0.5, 0.25)
    fixed = {"T": np.array(0.5)} if case.kind == "temperature" else {}
    fixed |= {"g": np.linspace(0.5, 1.5, 5), "b": np.linspace(-1, 1, 5)} if case.kind == "columns" else {}
    for k in range(len(next(iter(rows.values())))):
        yield {n: v[k : k + 1] for n, v in rows.items()} | fixed
    yield rows | fixed
