"""Two models with function bodies written by hand, so that scripts are tested apart from the writer of the bodies."""

from __future__ import annotations

import math
from pathlib import Path

import sympy as sp

from symnet.calculus.ir import Access, Equation, Index, IntegerAccess, Program, TensorSpec, size_symbol
from symnet.calculus.scalars import relu
from symnet.codegen.lowering.emit import Bodies
from symnet.model import Computed, Distribution, Input, Model, Optimizer, Parameter, Training

SGD = {"lr": 1e-6, "momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False}
N, D, H, C = map(size_symbol, "NDHC")


def sine() -> Program:
    """y[n] = sin(x[n])"""
    n = Index("n", N)
    tensors = {"x": TensorSpec("x", (N,), "data"), "y": TensorSpec("y", (N,), "intermediate")}
    return Program(tensors, (Equation("y", (n,), sp.sin(Access("x", n))),), "y")


def cubic(**training: object) -> Model:
    """yhat = a + b x + c x² + d x³, the loss is the sum of the squares of yhat - y, with y = sin(x)."""
    n, m = Index("n", N), Index("n", N)
    names = "abcd"
    tensors = {name: TensorSpec(name, (), "parameter") for name in names}
    tensors |= {name: TensorSpec(name, (N,), "data") for name in "xy"}
    tensors |= {"yhat": TensorSpec("yhat", (N,), "intermediate"), "loss": TensorSpec("loss", (), "intermediate")}
    body = sum(Access(name) * Access("x", n) ** k for k, name in enumerate(names))
    equations = (
        Equation("yhat", (n,), body),
        Equation("loss", (), (Access("yhat", m) - Access("y", m)) ** 2, (m,)),
    )
    defaults: dict[str, object] = {
        "optimizer": Optimizer("SGD", SGD),
        "steps": 2000,
        "samples": 2000,
        "log_every": 200,
        "report": "Result: y = {a} + {b} x + {c} x^2 + {d} x^3",
    }
    return Model(
        Path("examples/cubic.py"),
        (),
        Program(tensors, equations, "loss"),
        {"N": None},
        tuple(Parameter(tensors[name], Distribution("normal", (0.0, 1.0)), name) for name in names),
        (
            Input(tensors["x"], Distribution("linspace", (-math.pi, math.pi))),
            Input(tensors["y"], Computed(sine())),
        ),
        "yhat",
        Training(**{**defaults, **training}),  # type: ignore[arg-type]
    )


def mlp(**training: object) -> Model:
    """Z1 = X W1 + b1, A = relu(Z1), Z2 = A W2 + b2, the loss is the mean cross-entropy of Z2 and the labels t."""
    shapes = {"W1": (D, H), "b1": (H,), "W2": (H, C), "b2": (C,)}
    tensors = {name: TensorSpec(name, shape, "parameter") for name, shape in shapes.items()}
    tensors |= {"X": TensorSpec("X", (N, D), "data"), "t": TensorSpec("t", (N,), "label", integer=True)}
    inner = {"Z1": (N, H), "A": (N, H), "Z2": (N, C), "s": (N,), "loss": ()}
    tensors |= {name: TensorSpec(name, shape, "intermediate") for name, shape in inner.items()}
    defaults: dict[str, object] = {
        "optimizer": Optimizer("SGD", SGD | {"lr": 0.5}),
        "epochs": 20,
        "batch": 32,
        "samples": 100,
        "holdout": 0.1,
        "new_inputs": 5,
    }
    init = {"W1": Distribution("normal", (0.0, 1.0)), "W2": Distribution("normal", (0.0, 0.25))}
    return Model(
        Path("examples/mlp.py"),
        (),
        Program(tensors, _mlp_equations(), "loss"),
        {"N": None, "D": 2, "H": 16, "C": 3},
        tuple(Parameter(tensors[name], init.get(name, Distribution("constant", (0.0,))), name) for name in shapes),
        (
            Input(tensors["X"], Distribution("normal", (0.0, 1.0))),
            Input(tensors["t"], Distribution("integers"), classes=C),
        ),
        "Z2",
        Training(**{**defaults, **training}),  # type: ignore[arg-type]
        "t",
    )


def _mlp_equations() -> tuple[Equation, ...]:
    def indices(*sizes: sp.Expr) -> tuple[Index, ...]:
        return tuple(Index("ijkl"[k], size) for k, size in enumerate(sizes))

    (n, k, j), (n2, k2) = indices(N, H, D), indices(N, H)
    (n3, j3), (n4, k4, j4), (n5, j5), (n6, j6), (n7,) = (
        indices(N, H), indices(N, C, H), indices(N, C), indices(N, C), indices(N)
    )  # fmt: skip
    return (
        Equation("Z1", (n, k), Access("X", n, j) * Access("W1", j, k), (j,)),
        Equation("Z1", (n2, k2), Access("b1", k2)),
        Equation("A", (n3, j3), relu(Access("Z1", n3, j3))),
        Equation("Z2", (n4, k4), Access("A", n4, j4) * Access("W2", j4, k4), (j4,)),
        Equation("Z2", (n5, j5), Access("b2", j5)),
        Equation("s", (n6,), sp.exp(Access("Z2", n6, j6)), (j6,)),
        Equation("loss", (), (sp.log(Access("s", n7)) - Access("Z2", n7, IntegerAccess("t", n7))) / N, (n7,)),
    )


def sine_lines(program: Program) -> tuple[tuple[str, ...], str]:
    """What the code generator makes of ``sine``."""
    return (), "np.sin(x)"


_CUBIC_FORWARD = (
    *(f'{name} = params["{name}"]' for name in "abcd"),
    "yhat = a + b * x + c * x**2 + d * x**3  # (1) [N]",
)


def cubic_bodies(library: str) -> Bodies:
    """The cubic in NumPy or torch, as a person would write it."""
    return Bodies(
        predict=_CUBIC_FORWARD,
        compute_loss=(*_CUBIC_FORWARD, "r = yhat - y", "loss = (r * r).sum()  # (2) []"),
        loss_and_grads=(
            *_CUBIC_FORWARD,
            "r = yhat - y",
            "loss = (r * r).sum()  # (2) []",
            "dyhat = 2 * r  # step 1: [N]",
            "x2 = x * x",
        ),
        prediction="yhat",
        loss="loss",
        gradients=(
            ("a", "dyhat.sum()"),
            ("b", "(dyhat * x).sum()"),
            ("c", "(dyhat * x2).sum()"),
            ("d", "(dyhat * x2 * x).sum()"),
        ),
        predict_inputs=("x",),
        setup=(),
    )


def mlp_bodies(library: str) -> Bodies:
    """The perceptron in NumPy ("np") or torch ("torch")."""
    relu_z1 = {"np": "np.maximum(Z1, 0)", "torch": "torch.relu(Z1)"}[library]
    top = {"np": "Z2.max(1, keepdims=True)", "torch": "Z2.amax(1, keepdim=True)"}[library]
    rows = {"np": "np.arange(N)", "torch": "torch.arange(N, device=t.device)"}[library]
    forward = (
        *(f'{name} = params["{name}"]' for name in ("W1", "b1", "W2", "b2")),
        "Z1 = X @ W1 + b1  # (1) [N,H]",
        f"A = {relu_z1}  # (2) [N,H]",
        "Z2 = A @ W2 + b2  # (3) [N,C]",
    )
    loss = (
        "N = X.shape[0]",
        *forward,
        f"m = {top}",
        f"E = {library}.exp(Z2 - m)",
        "s = E.sum(1)",
        f"rows = {rows}",
        f"loss = (m[:, 0] + {library}.log(s) - Z2[rows, t]).mean()  # (4) []",
    )
    return Bodies(
        predict=forward,
        compute_loss=loss,
        loss_and_grads=(
            *loss,
            "dZ2 = E / s[:, None]  # step 1: dZ2 = (P - Y)/N   [N,C]",
            "dZ2[rows, t] -= 1",
            "dZ2 /= N",
            "dZ1 = (dZ2 @ W2.T) * (Z1 > 0)  # step 2: [N,H]",
        ),
        prediction="Z2",
        loss="loss",
        gradients=(
            ("W1", "X.T @ dZ1"),
            ("b1", "dZ1.sum(0)"),
            ("W2", "A.T @ dZ2"),
            ("b2", "dZ2.sum(0)"),
        ),
        predict_inputs=("X",),
        setup=(),
    )
