"""Every word of a model file against torch: value and gradient, at ordinary points and at kinks and ties.

The table is checked against the package's own list of words, so a word without a case fails.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sympy
import torch
import torch.nn.functional as F

import symnet as sn
from symnet.calculus.derive import derive
from symnet.calculus.evaluate import evaluate
from symnet.calculus.ir import Program
from symnet.calculus.verify import verify
from symnet.declare.drawn import both_modes
from symnet.declare.infinite import without_infinities
from symnet.declare.names import renamed
from symnet.declare.protocols import torch_name
from symnet.declare.tensor import Tensor
from symnet.declare.trace import Trace, recording
from symnet.declare.words import NUMPY, TORCH
from symnet.declare.words import WORDS as TABLE
from symnet.errors import SymnetError
from tests.codegen.running import LANGUAGES, as_arrays, derivation_of, functions_of
from tests.codegen.test_optimizers import OPTIONS as OPTIMIZERS
from tests.codegen.test_schedules import CASES as SCHEDULES
from tests.declare.module_cases import MODULES, applied
from tests.declare.recurrences_of_torch import PAIRS
from tests.declare.words_in_text import KINKS, NUMPYS, TEXTS, Case, X, Y, drawn, refusals, written

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
DECLARING = {
    "constant",
    "data",
    "dims",
    "labels",
    "linspace",
    "normal",
    "param",
    "params",
    "uniform",
    "train",
    "Module",
}
DECLARING |= {"from_torch", "save_state", "load_state"}  # tested with modules of torch
#: Tested with both modes, in test_modes.py.
DECLARING |= {"drawn", "training", "buffer", "update", "randn", "rand", "randn_like", "rand_like", "bernoulli"}
DECLARING |= {"Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"}
DECLARING |= {"dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"}
DECLARING |= {*OPTIMIZERS, *(kind for kind, _ in SCHEDULES), "LambdaLR", "SequentialLR", "ReduceLROnPlateau"}
DECLARING |= {"MultiplicativeLR", "ChainedScheduler"}
DECLARING |= {"clip_grad_norm_", "clip_grad_value_", "EarlyStopping", "init"}  # tested with the scripts
DECLARING |= {"nn", "optim", "linalg", "special"}  # torch's namespaces


for known, cases in MODULES.items():
    WORDS.setdefault(known, []).extend(cases())
for known, found in applied().items():
    WORDS.setdefault(known, []).extend(found)
for known, texts in TEXTS.items():
    WORDS.setdefault(known, []).extend(texts)
for known, layers in PAIRS.items():
    WORDS[known] = [Case(*layer) for layer in layers]


#: Where torch itself is less exact: its trigamma has 9 digits, its hardsigmoid multiplies by a 1/6 of single precision.
ROUGH = {"digamma": 1e4, "polygamma": 1e4, "hardsigmoid": 1e6, "Hardsigmoid": 1e6}


def test_every_word_has_a_case() -> None:
    words = {TABLE[w].name if w in TABLE else w for w in sn.__all__ if not w.startswith("_")}
    assert words == {name for name in WORDS if not name.startswith(("np_", "matrix_norm", "autograd_"))} | DECLARING


def test_every_word_of_numpy_has_a_case() -> None:
    assert {entry.name for entry in NUMPY.values()} <= NUMPYS


@pytest.mark.parametrize("text", refusals())
def test_refused(text: str) -> None:
    case, trace = written(text), Trace()
    with recording(trace), pytest.raises(SymnetError) as caught:
        case.ours(*(sn.param(*a.shape) for a in case.inputs))
        trace.problems.raise_if_any()
    assert refusals()[text] in str(caught.value) and caught.value.exit_code == 2


def test_the_names_of_the_table_are_torchs_and_numpys() -> None:
    """Each name stands for a function that there is, and that torch itself hands over under this name."""
    spaces = (torch, F, torch.special, torch.linalg, torch.autograd, torch.Tensor, torch._C._nn)
    for name in TORCH:
        space, _, last = name.rpartition(".")
        found = [getattr(s, last) for s in spaces if hasattr(s, last) and (not space or s.__name__.endswith(space))]
        assert found or name in ("log_sigmoid",), f"torch has no {name}"
    for name in NUMPY:
        last = np.linalg if name.startswith("linalg.") else np
        assert hasattr(last, name.rpartition(".")[2]) or name == "trapz", f"NumPy has no {name}"


def test_every_function_of_torch_that_is_covered_arrives_under_its_name() -> None:
    for space in (torch, F, torch.special, torch.linalg):
        for name in dir(space):
            function = getattr(space, name)
            plain = f"{space.__name__.removeprefix('torch').removeprefix('.')}.{name}"
            known = TORCH.get(name) if space in (torch, F) else TORCH.get(plain)
            if known is not None and callable(function) and not isinstance(function, type):
                assert TORCH.get(torch_name(function)) is known, f"{space.__name__}.{name} is {torch_name(function)}"


def test_the_namespaces_hold_what_torch_has_there() -> None:
    """The same objects under torch's full names, and no name that torch does not have there."""
    assert sn.nn.functional.relu is sn.relu and sn.nn.Linear is sn.Linear and sn.nn.ELU is sn.ELU
    assert sn.linalg.cond is sn.cond and sn.special.expit is sn.sigmoid and sn.nn.init is sn.init
    assert sn.optim.Adam is sn.Adam and sn.optim.lr_scheduler.StepLR is sn.StepLR
    assert sn.nn.utils.clip_grad_norm_ is sn.clip_grad_norm_
    spaces = {"linalg": torch.linalg, "special": torch.special, "nn": torch.nn, "optim": torch.optim}
    for name, space in spaces.items():
        held = dir(getattr(sn, name))
        assert len(held) > 10 and [w for w in held if not hasattr(space, w)] == []
    schedules = dir(sn.optim.lr_scheduler)
    assert len(schedules) > 10 and [w for w in schedules if not hasattr(torch.optim.lr_scheduler, w)] == []


@pytest.mark.parametrize(("word", "number"), [(w, k) for w, cases in WORDS.items() for k in range(len(cases))])
def test_word(word: str, number: int) -> None:
    case = WORDS[word][number]
    theirs = [torch.tensor(a, requires_grad=True) for a in case.inputs]
    expected = case.theirs(*theirs)
    weights = np.cos(0.7 * np.arange(expected.numel()) + 0.3).reshape(tuple(expected.shape))
    (expected * torch.tensor(weights)).sum().backward()
    gradients = [np.zeros(t.shape) if t.grad is None else t.grad.numpy() for t in theirs]
    trace = Trace()
    with recording(trace):
        parameters = [sn.param(*a.shape) for a in case.inputs]
        result = case.ours(*parameters)
        weighed = sn.sum(result * sn.data(*weights.shape, values=weights)) if weights.ndim else result * float(weights)
    trace.problems.raise_if_any()
    names = [p.spec.name for p in parameters]
    recorded = both_modes(trace, weighed.spec.name)[0]
    program = verify(without_infinities(trace, recorded))
    derived = verify(derive(program, names))
    values: dict[str, Any] = dict(zip(names, case.inputs, strict=True))
    for key, declared in trace.declared.items():  # a replaced weight of a Linear is declared, and unused
        unused = np.zeros([int(size) for size in trace.specs[key].shape])
        values.setdefault(key, np.asarray(getattr(declared.values, "values", unused)))
    found = evaluate(derived, values)
    rough = ROUGH.get(word, 1.0)
    np.testing.assert_allclose(found[result.spec.name], expected.detach().numpy(), rtol=1e-13 * rough, atol=1e-14)
    for name, gradient in zip(names, gradients, strict=True):
        np.testing.assert_allclose(found[derived.adjoints[name]], gradient, rtol=1e-12 * rough, atol=1e-13)
    if number < 2 or case.numpy:
        check_targets(program, names, values, found[weighed.spec.name], gradients, max(rough * 1e-12, 1e-9))


def check_targets(
    program: Program, names: list[str], values: Any, loss: Any, gradients: list[Any], rtol: float
) -> None:
    """The simplified derivation as NumPy's and torch's code gives the same loss and gradients."""
    plain = plainly_named(program)
    derivation = derivation_of(plain, tuple(n.replace("%", "v") for n in names), "simplified")
    arrays = {n.replace("%", "v"): v for n, v in values.items()}
    for language, spelled in LANGUAGES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            value, found = functions_of(derivation, spelled).run(as_arrays(arrays, language))
        np.testing.assert_allclose(value, loss, rtol=rtol, atol=1e-12, err_msg=language)
        for name, gradient in zip(names, gradients, strict=True):
            np.testing.assert_allclose(
                found[name.replace("%", "v")], gradient, rtol=rtol, atol=1e-11, err_msg=f"{language} {name}"
            )


def plainly_named(program: Program) -> Program:
    """The program with names that code can hold, and without what the loss does not need."""
    names = {n: n.replace("%", "v") for n in program.tensors}
    tensors = {names[n]: replace(t, name=names[n]) for n, t in program.tensors.items()}
    equations = tuple(renamed(e, names) for e in program.equations)
    return Program(tensors, equations, names[program.loss]).restricted_to([names[program.loss]])
