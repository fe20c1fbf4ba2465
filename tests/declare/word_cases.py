"""Every word of a model file with its cases: what is called on tensors of a model, and the same of torch.

Most cases are lines of words.txt; here are those that need more than a line.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy
import torch
import torch.nn.functional as F

import symnet as sn
from symnet.declare.tracing.tensor import Tensor
from tests.codegen.test_optimizers import OPTIONS as OPTIMIZERS
from tests.codegen.test_schedules import CASES as SCHEDULES
from tests.declare.module_cases import MODULES, applied
from tests.declare.recurrences_of_torch import PAIRS
from tests.declare.words_in_text import KINKS, TEXTS, Case, X, Y, drawn

POSITIVE, UNIT = np.abs(drawn(4, 3)) + 0.1, np.full((4, 3), 0.3)
LABELS = np.array([2, 0, 1, 1])
V = drawn(4)


def both(name: str, inputs: tuple[Any, ...] = (KINKS,), space: Any = F) -> list[Case]:
    """A word whose name and arguments are torch's."""
    return [Case(getattr(sn, name), getattr(space, name), inputs)]


def reduced(name: str) -> list[Case]:
    """A reduction over all axes, one, a negative one, and with keepdim."""
    ours, theirs = getattr(sn, name), getattr(torch, name)
    return [
        Case(lambda x: ours(x), lambda x: theirs(x), (X,)),
        Case(lambda x: ours(x, 0), lambda x: theirs(x, dim=0), (X,)),
        Case(lambda x: ours(x, dim=-1, keepdim=True), lambda x: theirs(x, dim=-1, keepdim=True), (X,)),
        Case(lambda x: ours(x, (0, 2)), lambda x: theirs(x, dim=(0, 2)), (drawn(2, 3, 4),)),
    ]


def losses(name: str, target: Any = Y, first: Any = X) -> list[Case]:
    ours, theirs = getattr(sn, name), getattr(F, name)
    return [
        Case(
            lambda x, r=r: ours(x, target_of(target), reduction=r),
            lambda x, r=r: theirs(x, torch.tensor(target), reduction=r),
            (first,),
        )
        for r in ("mean", "sum", "none")
    ]


def target_of(values: Any) -> Tensor:
    """The target as declared data or labels."""
    if values.dtype.kind == "i":
        return sn.labels(*values.shape, classes=3, values=values)
    return sn.data(*values.shape, values=values)


def linear_layers() -> list[Case]:
    def ours(x: Tensor) -> Tensor:
        layer = sn.Linear(3, 2)
        layer.weight = sn.data(2, 3, values=drawn(2, 3, seed=5))
        layer.bias = sn.data(2, values=drawn(2, seed=6))
        return sn.Sequential(layer, sn.Tanh())(x)

    def theirs(x: torch.Tensor) -> torch.Tensor:
        return torch.tanh(F.linear(x, torch.tensor(drawn(2, 3, seed=5)), torch.tensor(drawn(2, seed=6))))

    return [Case(ours, theirs, (X,))]


PAIR = (X, np.where(np.arange(12).reshape(4, 3) % 2, X, Y))  # with ties
# an entry that stays in each row and column
MASKED = np.array([[0.1, 0.9, -1.0], [-0.3, 0.2, 0.7], [1.5, -2.0, 0.4], [0.0, 2.0, -0.6]])
MASKED_READERS: list[Callable[..., Any]] = [
    lambda space, x, dim: space.softmax(x, dim=dim),
    lambda space, x, dim: space.logsumexp(x, dim=dim),
    lambda space, x, dim: space.amax(x, dim=dim),
    lambda space, x, dim: space.exp(space.log_softmax(x, dim=dim)),
]
WORDS: dict[str, list[Case]] = {
    "abs": both("abs", space=torch),
    "amax": [
        *reduced("amax"),
        Case(lambda x: sn.amax(x, 0), lambda x: torch.amax(x, 0), (np.array([[1.0, 2.0], [1.0, 0.0], [0.5, 2.0]]),)),
    ],
    "broadcast": [Case(lambda x: sn.broadcast(x, 4, 3), lambda x: x.expand(4, 3), (drawn(3),))],
    "clamp": [Case(lambda x: sn.clamp(x, -0.5, 1.0), lambda x: torch.clamp(x, -0.5, 1.0))],
    "cos": both("cos", space=torch),
    "cosh": both("cosh", space=torch),
    "elementwise": [
        Case(lambda x: sn.elementwise("f", lambda z: sympy.log(1 + sympy.exp(z)))(x), F.softplus),
        Case(lambda x: sn.elementwise("f", sympy.Abs)(x), torch.abs),
    ],
    "exp": both("exp", space=torch),
    "flatten": [
        Case(lambda x: sn.flatten(x), torch.flatten, (drawn(2, 3, 4),)),
        Case(lambda x: x.flatten(1), lambda x: x.flatten(1), (drawn(2, 3, 4),)),
        Case(lambda x: x.flatten(0, 1), lambda x: x.flatten(0, 1), (drawn(2, 1),)),
    ],
    "gelu": [*both("gelu"), Case(lambda x: sn.gelu(x, approximate="tanh"), lambda x: F.gelu(x, approximate="tanh"))],
    "leaky_relu": [*both("leaky_relu"), Case(lambda x: sn.leaky_relu(x, 0.2), lambda x: F.leaky_relu(x, 0.2))],
    "log": both("log", (POSITIVE,), torch),
    "log1p": both("log1p", (POSITIVE,), torch),
    "log_softmax": [Case(lambda x: sn.log_softmax(x, 1), lambda x: F.log_softmax(x, 1), (X,))],
    "logsumexp": [
        Case(lambda x: sn.logsumexp(x, 0, keepdim=True), lambda x: torch.logsumexp(x, 0, keepdim=True), (X,))
    ],
    "matmul": [
        Case(lambda a, b: a @ b, lambda a, b: a @ b, shapes)
        for shapes in (
            (X, drawn(3, 2)),
            (X, drawn(3)),
            (V, X),
            (drawn(2, 4, 3), drawn(3, 5)),
            (drawn(2, 4, 3), drawn(2, 3, 5)),
        )
    ]
    + both("mm", (X, drawn(3, 2)), torch)
    + both("mv", (X, drawn(3)), torch)
    + both("dot", (V, drawn(4, seed=2)), torch),
    "maximum": both("maximum", PAIR, torch),
    "mean": reduced("mean"),
    "minimum": both("minimum", PAIR, torch),
    "outer": both("outer", (V, drawn(3)), torch),
    "permute": [Case(lambda x: x.permute(2, 0, 1), lambda x: x.permute(2, 0, 1), (drawn(2, 3, 4),))],
    "pow": [
        Case(lambda x: sn.pow(x, 3), lambda x: x**3),
        Case(lambda x: 2.0**x, lambda x: 2.0**x),
        *both("pow", (POSITIVE, Y), torch),
    ],
    "relu": both("relu"),
    "reshape": [
        Case(lambda x: x.reshape(2, -1), lambda x: x.reshape(2, -1), (X,)),
        Case(lambda x: x.reshape(3, 4), lambda x: x.reshape(3, 4), (X,)),
    ],
    "sigmoid": both("sigmoid", space=torch),
    "sign": both("sign", space=torch),
    "silu": both("silu"),
    "sin": both("sin", space=torch),
    "sinh": both("sinh", space=torch),
    "softmax": [
        Case(lambda x: sn.softmax(x, dim=1), lambda x: F.softmax(x, 1), (X,)),
        Case(lambda x: x.softmax(0), lambda x: x.softmax(0), (X,)),
        Case(lambda x: sn.softmax(x), lambda x: F.softmax(x, 0), (V,)),
    ],
    "softplus": both("softplus"),
    "sqrt": both("sqrt", (POSITIVE,), torch),
    "square": both("square", space=torch),
    "squeeze": [Case(lambda x: x.squeeze(1), lambda x: x.squeeze(1), (drawn(3, 1, 2),))],
    "stack": [
        Case(lambda a, b, d=d: sn.stack([a, b], dim=d), lambda a, b, d=d: torch.stack([a, b], dim=d), (X, Y))
        for d in (0, 1, 2)
    ],
    "sum": reduced("sum"),
    "tanh": both("tanh", space=torch),
    "transpose": [
        Case(lambda x: x.transpose(0, 1), lambda x: x.T, (X,)),
        Case(lambda x: x.T @ x, lambda x: x.T @ x, (X,)),
    ],
    "unsqueeze": [Case(lambda x: x.unsqueeze(-1), lambda x: x.unsqueeze(-1), (X,))],
    "eye": [
        Case(lambda x: sn.eye(4) @ x, lambda x: torch.eye(4, dtype=x.dtype) @ x, (X,)),
        Case(lambda x: sn.eye(4, 3) * x, lambda x: torch.eye(4, 3) * x, (X,)),
    ],
    "one_hot": [
        Case(
            lambda x: sn.one_hot(target_of(LABELS), 3) * x,
            lambda x: F.one_hot(torch.tensor(LABELS), 3) * x,
            (X,),
        ),
        Case(
            lambda x: x @ sn.one_hot(target_of(LABELS), 3),
            lambda x: x @ F.one_hot(torch.tensor(LABELS), 3).to(x.dtype),
            (drawn(2, 4),),
        ),
    ],
    "full": [Case(lambda x: x * sn.full((4, 3), 2.5), lambda x: x * torch.full((4, 3), 2.5), (X,))],
    "masked_fill": [
        Case(lambda a, b: a.masked_fill(a > b, 3.0), lambda a, b: a.masked_fill(a > b, 3.0), PAIR),
        *(
            Case(
                lambda x, word=word, options=options: word(sn, sn.masked_fill(x, x > 0.5, -math.inf), **options),
                lambda x, word=word, options=options: word(torch, x.masked_fill(x > 0.5, -math.inf), **options),
                (MASKED,),
            )
            for options in ({"dim": 0}, {"dim": 1})
            for word in MASKED_READERS
        ),
    ],
    "ones": [Case(lambda x: x + sn.ones(4, 3), lambda x: x + torch.ones(4, 3), (X,))],
    "tril": [
        *(
            Case(lambda x, k=k: x.tril(diagonal=k), lambda x, k=k: x.tril(diagonal=k), (drawn(2, 4, 3),))
            for k in (-1, 0, 1)
        ),
        Case(
            lambda x: sn.exp(x.masked_fill(sn.tril(sn.ones(4, 3)) == 0, -math.inf)),
            lambda x: torch.exp(x.masked_fill(torch.tril(torch.ones(4, 3)) == 0, -math.inf)),
            (X,),
        ),
    ],
    "triu": [
        Case(lambda x, k=k: sn.triu(x, diagonal=k), lambda x, k=k: torch.triu(x, diagonal=k), (drawn(4, 3),))
        for k in (-2, 0, 1)
    ],
    "zeros": [Case(lambda x: x * sn.zeros(4, 3) + x, lambda x: x, (X,))],
    "where": [Case(lambda a, b: sn.where(a > b, a, 2 * b), lambda a, b: torch.where(a > b, a, 2 * b), PAIR)],
    "binary_cross_entropy": losses("binary_cross_entropy", UNIT, 1 / (1 + np.exp(-X))),
    "binary_cross_entropy_with_logits": losses("binary_cross_entropy_with_logits", UNIT),
    "cross_entropy": [*losses("cross_entropy", LABELS), *losses("cross_entropy", POSITIVE)],
    "huber_loss": [*losses("huber_loss"), *losses("huber_loss", first=Y + 1.0)],
    "l1_loss": [*losses("l1_loss"), *losses("l1_loss", first=Y)],
    "mse_loss": losses("mse_loss"),
    "nll_loss": losses("nll_loss", LABELS),
    "Linear": linear_layers(),
    "Sequential": linear_layers(),
    "Tensor": [
        Case(lambda a, b: 2 - a / b + 3 / b - -a, lambda a, b: 2 - a / b + 3 / b + a, (X, POSITIVE)),
        Case(lambda a, b: (a >= b) * a + (a < b) * b, lambda a, b: torch.where(a >= b, a, b), (X, Y)),
        Case(lambda a, b: (a == b) * a + (a != b) * 3 * b, lambda a, b: torch.where(a == b, a, 3 * b), PAIR),
        Case(lambda a: sn.abs(sn.relu(a * 0) - 2) * a + sn.sign(a - a - 1) * a, lambda a: 2 * a - a, (X,)),
        Case(lambda a: a[1:3, ::2] * a[None, 0, 0], lambda a: a[1:3, ::2] * a[None, 0, 0], (X,)),
        Case(lambda a: a[..., -1], lambda a: a[..., -1], (drawn(2, 3, 4),)),
        Case(lambda a, b: a + b, lambda a, b: a + b, (X, drawn(3))),
        Case(lambda a, b: a * b, lambda a, b: a * b, (X, drawn(4, 1))),
    ],
    "arange": [
        Case(
            lambda x: x[sn.arange(4), sn.labels(4, classes=3, values=LABELS)],
            lambda x: x[torch.arange(4), torch.tensor(LABELS)],
            (X,),
        ),
        *(
            Case(
                lambda x, o=options: sn.cross_entropy(x[:3], sn.arange(3), **o),
                lambda x, o=options: F.cross_entropy(x[:3], torch.arange(3), **o),
                (X,),
            )
            for options in ({}, {"ignore_index": 1}, {"reduction": "sum", "label_smoothing": 0.1})
        ),
        Case(lambda x: sn.nll_loss(x[:3], sn.arange(3)), lambda x: F.nll_loss(x[:3], torch.arange(3)), (X,)),
    ],
}
#: Words that no case can show, because they declare, draw or train; the tests that hold them, by the word.
ELSEWHERE: dict[str, str] = {
    **dict.fromkeys(("constant", "linspace", "normal", "uniform", "init"), "declare/test_init.py"),
    **dict.fromkeys(("data", "dims", "labels", "param", "params"), "declare/test_refusals.py"),
    **dict.fromkeys(("from_torch", "save_state", "load_state", "Module"), "declare/test_torch_modules.py"),
    **dict.fromkeys(("drawn", "training", "randn", "rand", "randn_like", "rand_like"), "declare/test_modes.py"),
    **dict.fromkeys(("bernoulli", "buffer", "update"), "declare/test_modes.py"),
    **dict.fromkeys((f"Dropout{n}" for n in ("", "1d", "2d", "3d")), "declare/test_modes.py"),
    **dict.fromkeys((f"dropout{n}d" for n in (1, 2, 3)), "declare/test_modes.py"),
    **dict.fromkeys(("AlphaDropout", "FeatureAlphaDropout"), "declare/test_modes.py"),
    **dict.fromkeys(("alpha_dropout", "feature_alpha_dropout"), "declare/test_modes.py"),
    **dict.fromkeys(("train", "clip_grad_norm_", "clip_grad_value_", "EarlyStopping"), "codegen/test_learning.py"),
    **dict.fromkeys(("gumbel_softmax", "RReLU"), "declare/test_modes.py"),
    "no_grad": "declare/test_detached.py",
    "normal_numbers": "declare/test_modes.py",
    **dict.fromkeys(("nn", "optim", "linalg", "special"), "declare/test_words.py"),
    **dict.fromkeys(OPTIMIZERS, "codegen/test_optimizers.py"),
    **dict.fromkeys((kind for kind, _ in SCHEDULES), "codegen/test_schedules.py"),
    **dict.fromkeys(("LambdaLR", "MultiplicativeLR", "SequentialLR", "ChainedScheduler"), "codegen/test_schedules.py"),
    "ReduceLROnPlateau": "codegen/test_learning.py",
}


for known, cases in MODULES.items():
    WORDS.setdefault(known, []).extend(cases())
for known, found in applied().items():
    WORDS.setdefault(known, []).extend(found)
for known, texts in TEXTS.items():
    WORDS.setdefault(known, []).extend(texts)
for known, layers in PAIRS.items():
    WORDS[known] = [Case(*layer) for layer in layers]
