"""The programs that generated code is compared on: those of ``tests.programs`` and more."""

from __future__ import annotations

from tests.programs import CASES, Case, program_of


def _case(name: str, declarations: str, lines: str, sizes: str, **more: dict[str, int]) -> tuple[str, Case]:
    numbers = {k: int(v) for k, v in (pair.split("=") for pair in sizes.split())}
    return name, Case(name, program_of(declarations, lines, " ".join(numbers)), numbers, **more)  # type: ignore[arg-type]


_VECTOR_LAYER = "parameter W[H,D] data a[D] parameter b[H] data g[H] z[H] u[H] loss"
_ACTIVATIONS = {
    "sigmoid": "sigmoid(z[i])",
    "tanh": "tanh(z[i])",
    "relu": "relu(z[i])",
    "leaky_relu": "leaky_relu(z[i], Rational(1,100))",
    "softplus": "softplus(z[i])",
    "gelu": "z[i]*normal_cdf(z[i])",
    "silu": "z[i]*sigmoid(z[i])",
    "erf": "erf(z[i])",
    "sine": "sin(z[i])*cos(z[i])",
    "own_softplus": "log(1 + exp(z[i]))",
    "own_sigmoid": "1/(1 + exp(-z[i]))",
    "clip": "clip(z[i], -1, 1)**2",
}

_MORE = [
    *(
        _case(
            f"layer_{name}",
            _VECTOR_LAYER,
            f"z[i] += W[i,k]*a[k]\nz[i] += b[i]\nu[i] += {text}\nloss += g[i]*u[i]",
            "H=4 D=3",
        )
        for name, text in _ACTIVATIONS.items()
    ),
    _case(
        "layer_softmax",
        "parameter W[H,D] data a[D] parameter b[H] data g[H] z[H] s P[H] loss",
        "z[i] += W[i,k]*a[k]\nz[i] += b[i]\ns += exp(z[i])\nP[i] += exp(z[i])/s\nloss += g[i]*P[i]**2",
        "H=4 D=3",
    ),
    _case(
        "component_layer",
        "parameter w data a[N] parameter b data g[N] u[N] loss",
        "u[n] += sigmoid(w*a[n] + b)\nloss += g[n]*u[n]",
        "N=5",
    ),
    _case("cube_plus_bias", "parameter x parameter b z loss", "z += x**3 + b\nloss += z", ""),
    _case(
        "cotangent",
        "parameter x[N,D] parameter y[N,D] data G[N,D] z[N,D] loss",
        "z[i,j] += x[i,j]**2 + y[i,j]*x[i,j] + y[i,j]**2\nloss += G[i,j]*z[i,j]",
        "N=2 D=2",
    ),
    _case(
        "shifted",
        "parameter x[N,D] parameter b[N,D] t[N,D] loss",
        "t[i,j] += x[i,j] + b[i,j]\nloss += t[i,j]",
        "N=3 D=4",
    ),
    _case(
        "torch_linear",
        "data x[N,D] parameter W[H,D] parameter b[H] data y[N,H] z[N,H] loss",
        "z[n,j] += x[n,k]*W[j,k]\nz[n,j] += b[j]\nloss += (z[n,j] - y[n,j])**2/(N*H)",
        "N=4 D=3 H=2",
    ),
    _case(
        "row_vectors",
        "data x[1,D] parameter W[D,H] parameter b[1,H] data y[1,H] z[1,H] loss",
        "z[n,j] += x[n,k]*W[k,j]\nz[n,j] += b[0,j]\nloss += (z[n,j] - y[n,j])**2",
        "D=3 H=2",
    ),
    _case(
        "batched",
        "parameter X[N,S,D] parameter W[D,H] data g[N,S,H] Z[N,S,H] loss",
        "Z[n,r,j] += X[n,r,k]*W[k,j]\nloss += g[n,r,j]*tanh(Z[n,r,j])",
        "N=2 S=3 D=4 H=2",
    ),
    _case(
        "batched_products",
        "parameter A[N,S,D] parameter B[N,D,H] parameter v[N,H] data g[N,S] Z[N,S,H] y[N,S] loss",
        "Z[n,r,j] += A[n,r,k]*B[n,k,j]\ny[n,r] += Z[n,r,j]*v[n,j]\nloss += g[n,r]*y[n,r]**2",
        "N=2 S=3 D=4 H=2",
    ),
    _case(
        "bilinear",
        "parameter x[D] parameter A[D,H] parameter B[H,C] parameter y[C] loss",
        "loss += x[i]*A[i,j]*B[j,k]*y[k]",
        "D=3 H=4 C=2",
    ),
    _case(
        "flatten",
        "data x[N,H,W] parameter V[H*W,C] data g[N,C] f[N,H*W] z[N,C] loss",
        "f[n,k] += x[n,k//W,k%W]\nz[n,j] += f[n,k]*V[k,j]\nloss += g[n,j]*z[n,j]**2",
        "N=2 H=3 W=2 C=2",
    ),
    _case(
        "unflatten",
        "parameter x[N,H*W] data g[N,H,W] f[N,H,W] loss",
        "f[n,i,j] += x[n,i*W+j]\nloss += g[n,i,j]*f[n,i,j]**2",
        "N=2 H=3 W=2",
    ),
    _case(
        "l1",
        "data X[N,D] parameter w[D] data y[N] z[N] loss",
        "z[n] += X[n,i]*w[i]\nloss += absolute(z[n] - y[n])/N",
        "N=4 D=3",
    ),
    _case(
        "huber",
        "data X[N,D] parameter w[D] data y[N] z[N] loss",
        "z[n] += X[n,i]*w[i]\nloss += huber(z[n] - y[n], 1)/N",
        "N=4 D=3",
    ),
    _case(
        "nll",
        "parameter Z[N,C] label t[N] s[N] P[N,C] loss",
        "s[n] += exp(Z[n,k])\nP[n,k] += exp(Z[n,k])/s[n]\nloss += -log(P[n,t[n]])/N",
        "N=4 C=3",
        classes={"t": 3},
    ),
    _case(
        "soft_labels",
        "parameter Z[N,C] data Y[N,C] s[N] P[N,C] loss",
        "s[n] += exp(Z[n,k])\nP[n,k] += exp(Z[n,k])/s[n]\nloss += -Y[n,k]*log(P[n,k])/N",
        "N=4 C=3",
    ),
    _case(
        "named_exponentials",
        "parameter Z[N,C] data Y[N,C] E[N,C] s[N] P[N,C] loss",
        "E[n,k] += exp(Z[n,k])\ns[n] += E[n,k]\nP[n,k] += E[n,k]/s[n]\nloss += Y[n,k]*P[n,k]**2",
        "N=4 C=3",
    ),
    _case(
        "tempered",
        "parameter Z[N,C] data Y[N,C] s[N] loss",
        "s[n] += exp(2*Z[n,k])\nloss += Y[n,k]*exp(2*Z[n,k])/s[n] + log(s[n])",
        "N=4 C=3",
    ),
    _case(
        "exponent_of_two_reads",
        "parameter x[N,C] v[N,C] s[N,C] loss",
        "v[n,k] += x[n,k]**2\ns[n,k] += exp((v[m,k] - 1)*v[n,k])\nloss += log(s[n,k])",
        "N=3 C=2",
    ),
    _case(
        "diagonal",
        "parameter p[D] data g[D,D] Y[D,D] loss",
        "Y[i,j] += p[i]*p[j]\nloss += g[i,j]*Y[i,j] + Y[i,i]**2",
        "D=3",
    ),
    _case(
        "label_pairs",
        "parameter E[V,D] label t[N,S] parameter W[D] data g[N,S] loss",
        "loss += g[n,r]*E[t[n,r],i]*W[i]",
        "V=3 D=2 N=2 S=3",
        classes={"t": 3},
    ),
    _case(
        "column_gather",
        "parameter E[D,V] label t[N] data g[D,N] loss",
        "loss += g[i,n]*E[i,t[n]]**2",
        "V=3 D=2 N=5",
        classes={"t": 3},
    ),
    _case("strided", "parameter x[2*N] data g[N] loss", "loss += g[n]*x[2*n+1]*x[2*n]", "N=3"),
    _case("flipped", "parameter x[N] data g[N] y[N] loss", "y[i] += x[N-1-i]**2\nloss += g[i]*y[i]", "N=4"),
    _case("counter", "parameter x[N] loss", "loss += n*x[n]**2/N", "N=4"),
    _case("high_powers", "parameter x[N] loss", "loss += x[n]**5 - 2*x[n]**4 + x[n]**3", "N=3"),
    _case("variance", "parameter x[N] m v loss", "m += x[n]/N\nv += (x[n] - m)**2/N\nloss += log(v + 1)", "N=5"),
]

ALL: dict[str, Case] = {**CASES, **dict(_MORE)}
