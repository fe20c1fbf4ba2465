"""Hand-built programs for the tests, written in the notation of the equations themselves.

``program_of`` reads lines such as ``Z[n,j] += X[n,k]*W[k,j]``, ``y[i] += x[k] if k <= i`` or
``m[i] max= x[2*i+p] over p=3``; sizes of indices are taken from the shapes where they stand plainly.
``CASES`` holds the programs with their sizes; ``Case.draw`` gives ordinary inputs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp

from symnet.calculus import scalars, specials
from symnet.calculus.ir import Access, Delta, Equation, Index, IntegerAccess, Program, TensorSpec, size_symbol
from symnet.calculus.quotients import Mod, floor
from symnet.calculus.verify import verify

_SYMPY = ("exp", "log", "tanh", "sin", "cos", "sqrt", "erf", "floor", "Rational", "pi")
FUNCTIONS = {name: getattr(sp, name) for name in _SYMPY} | {
    name: value for name, value in vars(scalars).items() if isinstance(value, type) and issubclass(value, sp.Function)
}
FUNCTIONS |= {"Delta": Delta, "elu": specials.elu, "xlogy": specials.xlogy}
_EQUATION = re.compile(r"(\w+)(?:\[([\w,]*)\])? (\+|max)= (.*?)(?: if (.*?))?(?: over (.*))?\Z")


class _Reader:
    """Stands for a tensor in a body: ``X[n, k]`` becomes an access, and plain indices learn their sizes."""

    def __init__(self, spec: TensorSpec, sizes: dict[str, sp.Expr]) -> None:
        self.spec, self.sizes = spec, sizes

    def __getitem__(self, addresses: Any) -> Access:
        places = addresses if isinstance(addresses, tuple) else (addresses,)
        for place, size in zip(places, self.spec.shape, strict=True):
            if isinstance(place, sp.Symbol):
                self.sizes.setdefault(place.name, size)
        return (IntegerAccess if self.spec.integer else Access)(self.spec.name, *places)


def tensors_of(declarations: str, symbols: Mapping[str, sp.Expr]) -> dict[str, TensorSpec]:
    """Declarations such as ``data X[N,D] label t[N] parameter W[D,H] Z[N,H] loss``; no role means intermediate."""
    tensors: dict[str, TensorSpec] = {}
    role: Any = "intermediate"
    for word in declarations.split():
        if word in ("data", "label", "parameter"):
            role = word
            continue
        name, _, rest = word.partition("[")
        shape = tuple(sp.sympify(eval(part, {}, dict(symbols))) for part in rest.rstrip("]").split(",") if part)
        tensors[name] = TensorSpec(name, shape, role, integer=role == "label")
        role = "intermediate"
    return tensors


def equation_of(line: str, tensors: Mapping[str, TensorSpec], symbols: Mapping[str, sp.Expr], ties: Any) -> Equation:
    """One equation from its text."""
    match = _EQUATION.match(line.strip())
    assert match is not None, line
    target, left, op, text, conditions, extra = match.groups()
    names = left.split(",") if left else []
    found = dict(zip(names, tensors[target].shape, strict=True))
    found |= {n: sp.sympify(eval(v, {}, dict(symbols))) for n, v in (e.split("=") for e in (extra or "").split())}
    words = dict.fromkeys(re.findall(r"[A-Za-z_]\w*", " ".join([*names, text, conditions or ""])))
    known = {"and", *tensors, *symbols, *FUNCTIONS}
    plain = {w: sp.Symbol(w, integer=True, nonnegative=True) for w in words if w not in known}
    readers = {n: _Reader(t, found) if t.shape else Access(n) for n, t in tensors.items()}
    scope = {**FUNCTIONS, **symbols, **plain, **readers}
    body = sp.sympify(eval(text, {}, scope)).replace(sp.floor, floor).replace(sp.Mod, Mod)
    guard = [
        eval(part, {}, scope)
        for condition in (conditions or "").split(" and ")
        if condition
        for part in _differences(condition)
    ]
    indices = {name: Index(name, found[name]) for name in plain}
    exchange = {plain[name]: index for name, index in indices.items()}
    return Equation(
        target,
        tuple(indices[n] for n in names),
        body.xreplace(exchange),
        tuple(indices[n] for n in indices if n not in names),
        op,
        frozenset(sp.sympify(g).xreplace(exchange) for g in guard),
        ties,
    )


def _differences(condition: str) -> list[str]:
    parts = re.split(r"(<=|<)", condition)
    pairs = zip(parts[:-2:2], parts[1::2], parts[2::2], strict=True)
    return [f"({b})-({a})" + ("-1" if sign == "<" else "") for a, sign, b in pairs]


def program_of(declarations: str, lines: str, sizes: str = "N D H C", ties: Any = "share") -> Program:
    """A verified program with loss ``loss`` from declarations and one equation a line."""
    symbols = {name: size_symbol(name) for name in sizes.split()}
    tensors = tensors_of(declarations, symbols)
    equations = tuple(equation_of(line, tensors, symbols, ties) for line in lines.strip().splitlines())
    return verify(Program(tensors, equations, "loss"))


@dataclass(frozen=True)
class Case:
    """A program with the numbers of its sizes; ``classes`` bounds the labels, ``low`` the values of named inputs."""

    name: str
    program: Program
    sizes: Mapping[str, int]
    classes: Mapping[str, int] = field(default_factory=dict)
    low: Mapping[str, float] = field(default_factory=dict)

    @property
    def wrt(self) -> tuple[str, ...]:
        return tuple(n for n, t in self.program.tensors.items() if t.role == "parameter")

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        numbers = {size_symbol(n): v for n, v in self.sizes.items()}
        given = [t for t in self.program.tensors.values() if t.role in ("parameter", "data", "label")]
        return {t.name: tuple(int(s.xreplace(numbers)) for s in t.shape) for t in given}

    def draw(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Ordinary inputs: normal numbers, positive where ``low`` says so, labels below their bound."""
        values: dict[str, np.ndarray] = {}
        for name, shape in self.shapes.items():
            if name in self.classes:
                values[name] = rng.integers(0, self.classes[name], shape)
            elif name in self.low:
                values[name] = self.low[name] + 0.1 + 0.8 * rng.random(shape)
            else:
                values[name] = rng.standard_normal(shape)
        return values


CROSS_ENTROPY = """
s[n] += exp(Z[n,k])
e[n] += log(s[n]) - Z[n,t[n]]
loss += e[n]/N
"""
CASES: dict[str, Case] = {}


def _case(name: str, declarations: str, lines: str, sizes: str, ties: Any = "share", **more: Any) -> None:
    numbers = {k: int(v) for k, v in (pair.split("=") for pair in sizes.split())}
    CASES[name] = Case(name, program_of(declarations, lines, " ".join(numbers), ties), numbers, **more)


_case("mean", "parameter x[N] y[N] z[N] loss", "y[i] += x[i] + 2\nz[i] += 3*y[i]**2\nloss += z[i]/N", "N=3")
_case(
    "cubic",
    "data x[N] data y[N] parameter a parameter b parameter c parameter d yhat[N] r[N] loss",
    "yhat[i] += a + b*x[i] + c*x[i]**2 + d*x[i]**3\nr[i] += yhat[i] - y[i]\nloss += r[i]**2",
    "N=5",
)
_case(
    "mlp",
    "data X[N,D] label t[N] parameter W1[D,H] parameter b1[H] parameter W2[H,C] parameter b2[C]"
    " Z1[N,H] A[N,H] Z[N,C] s[N] e[N] loss",
    "Z1[n,j] += X[n,k]*W1[k,j]\nZ1[n,j] += b1[j]\nA[n,j] += relu(Z1[n,j])\nZ[n,j] += A[n,k]*W2[k,j]\nZ[n,j] += b2[j]\n"
    + CROSS_ENTROPY.strip(),
    "N=4 D=3 H=5 C=3",
    classes={"t": 3},
)
_case(
    "one_hot",
    "data X[N,D] data Y[N,C] parameter W[D,C] Z[N,C] s[N] e[N] loss",
    "Z[n,k] += X[n,i]*W[i,k]\ns[n] += exp(Z[n,k])\ne[n] += Y[n,k]*(log(s[n]) - Z[n,k])\nloss += e[n]/N",
    "N=3 D=2 C=4",
)
_case(
    "bce",
    "data X[N,D] data y[N] parameter w[D] parameter b z[N] p[N] loss",
    "z[n] += X[n,i]*w[i]\nz[n] += b\np[n] += sigmoid(z[n])\nloss += -(y[n]*log(p[n]) + (1 - y[n])*log(1 - p[n]))/N",
    "N=4 D=3",
)
_case("logits", "parameter z[N] data y[N] loss", "loss += (softplus(z[n]) - y[n]*z[n])/N", "N=5")
_case(
    "embedding",
    "parameter E[V,D] label t[N] data g[N,D] e[N,D] loss",
    "e[n,i] += E[t[n],i]\nloss += g[n,i]*e[n,i]**2",
    "V=3 D=2 N=6",
    classes={"t": 3},
)
_case(
    "convolution",
    "data x[N,C,H,W] parameter w[O,C,3,3] parameter b[O] data g[N,O,(H-1)//2+1,(W-1)//2+1]"
    " y[N,O,(H-1)//2+1,(W-1)//2+1] loss",
    "y[n,o,i,j] += x[n,c,2*i+p-1,2*j+q-1]*w[o,c,p,q] if 0 <= 2*i+p-1 < H and 0 <= 2*j+q-1 < W\n"
    "y[n,o,i,j] += b[o]\nloss += g[n,o,i,j]*tanh(y[n,o,i,j])",
    "N=2 C=2 H=5 W=6 O=2",
)
_case(
    "valid",
    "parameter x[H,W] parameter w[2,3] y[H-1,W-2] loss",
    "y[i,j] += x[i+p,j+q]*w[p,q]\nloss += y[i,j]**2",
    "H=4 W=5",
)
for _policy in ("share", "first"):
    _case(
        f"pool_{_policy}",
        "parameter x[N,H,W] data g[N,(H-1)//2,(W-1)//2] m[N,(H-1)//2,(W-1)//2] loss",
        "m[n,i,j] max= x[n,2*i+p,2*j+q] over p=3 q=3\nloss += g[n,i,j]*m[n,i,j]",
        "N=2 H=7 W=5",
        ties=_policy,
    )
    _case(
        f"max_{_policy}",
        "parameter x[N,D] data g[N] m[N] loss",
        "m[n] max= x[n,j]\nloss += g[n]*m[n]",
        "N=3 D=4",
        _policy,
    )
_case("amax_of_square", "parameter x[N,D] data g[N] m[N] loss", "m[n] max= x[n,j]**2\nloss += g[n]*m[n]", "N=3 D=4")
_case("cumulative", "parameter x[N] data g[N] y[N] loss", "y[i] += x[k] if k <= i\nloss += g[i]*y[i]**2", "N=5")
_case(
    "softmax",
    "parameter Z[N,C] data g[N,C] s[N] P[N,C] loss",
    "s[n] += exp(Z[n,k])\nP[n,k] += exp(Z[n,k])/s[n]\nloss += g[n,k]*P[n,k]**2",
    "N=3 C=4",
)
_case(
    "tanh_net",
    "data X[N,D] data y[N] parameter W[D,H] parameter v[H] h[N,H] yhat[N] loss",
    "h[n,j] += tanh(X[n,i]*W[i,j])\nyhat[n] += h[n,j]*v[j]\nloss += (yhat[n] - y[n])**2/N",
    "N=3 D=1 H=4",
)
_case("reshape", "parameter x[H,W] data g[H*W] y[H*W] loss", "y[k] += x[k//W,k%W]\nloss += g[k]*y[k]**3", "H=3 W=2")
_case("trace", "parameter A[D,D] parameter B[D,D] loss", "loss += A[i,j]*B[j,i]*A[i,i]", "D=3")
_case("quadratic", "parameter x[D] data A[D,D] parameter u[D] loss", "loss += x[i]*A[i,j]*x[j] + u[i]*x[j]", "D=3")
_case("copies", "parameter x[N] parameter c parameter unused[N] loss", "loss += x[n]**2 - c*c", "N=4")
_case(
    "attention",
    "parameter Q[N,D] parameter K[N,D] parameter V[N,D] data g[N,D] S[N,N] s[N] O[N,D] loss",
    "S[u,v] += Q[u,i]*K[v,i]/sqrt(D)\ns[u] += exp(S[u,v]) if v <= u\n"
    "O[u,i] += exp(S[u,v])/s[u]*V[v,i] if v <= u\nloss += g[u,i]*O[u,i]",
    "N=4 D=2",
)
_case(
    "layer_norm",
    "parameter X[N,D] parameter gain[D] data g[N,D] m[N] v[N] Y[N,D] loss",
    "m[n] += X[n,i]/D\nv[n] += (X[n,i] - m[n])**2/D\n"
    "Y[n,i] += gain[i]*(X[n,i] - m[n])/sqrt(v[n] + Rational(1,100000))\nloss += g[n,i]*Y[n,i]",
    "N=2 D=4",
)
_case(
    "piecewise",
    "parameter x[N] parameter y[N] data g[N] loss",
    "loss += g[n]*(leaky_relu(x[n], Rational(1,10)) + absolute(y[n]) + clip(x[n],-1,1)*y[n] + huber(x[n]-y[n],1)"
    " + maximum(x[n],y[n]) + 2*minimum(x[n],y[n]) + where(greater(x[n],y[n]), x[n]**2, y[n]**3))",
    "N=6",
)
_case(
    "power",
    "parameter x[N] parameter y[N] loss",
    "loss += x[n]**y[n] + sqrt(x[n])/y[n]",
    "N=4",
    low={"x": 0.2, "y": 0.5},
)
_case(
    "shift",
    "data X[N,D] parameter b[D] data g[N,D] Z[N,D] m[D] loss",
    "Z[n,i] += X[n,i] + b[i]\nm[i] += Z[n,i]/N\nloss += g[n,i]*tanh(Z[n,i] - m[i])",
    "N=4 D=2",
)
_case("corner", "parameter x[N] parameter x0[N] loss", "loss += relu(x[n] - x0[n])", "N=3")
