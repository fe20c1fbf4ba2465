"""What a model file declares, and what is derived from it: the two objects that the later stages read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

import sympy as sp

from symnet.calculus.ir import Program, TensorSpec
from symnet.simplify.facts import Fact
from symnet.simplify.rewrites import Rewrite


@dataclass(frozen=True)
class Given:
    """Numbers given in the model file, nested tuples in row-major order."""

    values: Any


@dataclass(frozen=True)
class Distribution:
    """Numbers drawn or laid out by a named recipe.

    normal(mean, std), uniform(low, high), constant(value), linspace(start, end) along the first axis; integers()
    below the number of classes; and, for data declared with a fact, one_hot(), simplex(), mask(), symmetric(),
    positive(), symmetric_mask(), symmetric_positive(); and for parameters eye(), dirac(groups), orthogonal(gain),
    sparse(zeros in a column, std), truncated(mean, std, low, high), truncated_tail(the same).
    """

    kind: str
    arguments: tuple[float, ...] = ()


@dataclass(frozen=True)
class Computed:
    """Data that are a function of other data, e.g. y = sin(x): the program's loss field names the tensor."""

    program: Program


Values = Given | Distribution | Computed


@dataclass(frozen=True)
class Parameter:
    """A trainable tensor; ``path`` is its name in a Module, such as ``fc1.weight``, else its own name.

    ``others`` are its further names in the Module, where it is tied.
    """

    spec: TensorSpec
    init: Values
    path: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Buffer:
    """State that no gradient reaches; after a training step it becomes ``update``, a tensor of the model's updates."""

    spec: TensorSpec
    init: Values
    path: str
    others: tuple[str, ...] = ()
    update: str | None = None


@dataclass(frozen=True)
class Input:
    """A data or label tensor; ``classes`` bounds labels from above, ``values`` says how a script makes its own."""

    spec: TensorSpec
    values: Values
    classes: sp.Expr | None = None
    axis: int | None = 0  # the batch axis, or None where the tensor is not split into batches
    constant: bool = False  # an array in the model's code, which no file of data holds


@dataclass(frozen=True)
class Optimizer:
    """An optimiser of torch.optim with its option names and defaults filled in; of pairs such as ``betas`` each half is
    an option of its own, ``beta1`` and ``beta2``."""

    kind: str
    options: Mapping[str, float | bool]


@dataclass(frozen=True)
class Group:
    """Parameters, by path, that have a learning rate (``lr``) or a ``weight_decay`` of their own."""

    paths: tuple[str, ...]
    options: Mapping[str, float]


@dataclass(frozen=True)
class Schedule:
    """The learning rate as a function of the number t of epochs or of steps that are done (``every``).

    ``kind`` and ``options`` are those of torch.optim.lr_scheduler; SequentialLR has ``parts``, LambdaLR a ``program``
    whose loss is the factor, in terms of a number ``t``.
    """

    kind: str
    options: Mapping[str, Any]
    every: Literal["epoch", "batch"] = "epoch"
    parts: tuple[Schedule, ...] = ()
    program: Program | None = None


@dataclass(frozen=True)
class Clip:
    """Gradients clipped as torch.nn.utils does: to a largest norm, of order ``p`` over all parameters, or value."""

    kind: Literal["norm", "value"]
    limit: float
    p: float = 2.0


@dataclass(frozen=True)
class EarlyStopping:
    """Training ends when the monitored number was not better by ``min_delta`` for ``patience`` epochs."""

    patience: int
    min_delta: float
    monitor: Literal["loss", "accuracy"]
    restore_best: bool


@dataclass(frozen=True)
class Training:
    """How a generated script trains by default; every number is also a flag of the script."""

    optimizer: Optimizer
    epochs: int | None = None  # passes over shuffled mini-batches of ``batch``
    steps: int | None = None  # or this many steps on the whole data (batch None) or on successive mini-batches
    batch: int | None = None
    samples: int = 100  # how many samples the script makes when it is given no data file
    holdout: float = 0.0  # the fraction of the samples kept for evaluation
    data: str | PurePath | None = None  # a .npz beside the model file, relative to it
    start: str | PurePath | None = None  # a .npz of first parameters beside the model file
    seed: int = 0
    log_every: int = 1
    report: str | None = None  # a line printed at the end, with {name} and {name[0, 1]} for parameters' numbers
    new_inputs: int = 0  # after training, predict for this many freshly drawn inputs
    groups: tuple[Group, ...] = ()  # parameters with other options than the rest
    schedule: Schedule | None = None
    clips: tuple[Clip, ...] = ()  # in the order in which they are applied
    early_stopping: EarlyStopping | None = None


@dataclass(frozen=True)
class Inner:
    """A derivative that is part of the model: ``sn.grad(u.sum(), x)`` in a loss.

    ``forward`` makes the outputs; ``raw`` are the equations between inputs and outputs followed by those of the one
    rule, ``program`` the simplified ones, which the model holds.  ``adjoints`` of both map tensors to adjoints, or for
    a ``tangent`` to their tangents.  ``outputs`` are differentiated, each with the tensor that weighs its entries
    (None: 1 each), by ``inputs``; ``tangents`` are those of the inputs.  ``results`` maps an input, or for a tangent an
    output, to the tensor of the model that holds its result.
    """

    kind: Literal["gradient", "jacobian", "tangent"]
    outputs: tuple[tuple[str, str | None], ...]
    inputs: tuple[str, ...]
    results: Mapping[str, str]
    forward: Program
    raw: Program
    program: Program
    tangents: Mapping[str, str] = field(default_factory=dict)
    rewrites: tuple[Rewrite, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Model:
    """One model file, read.

    ``program`` holds the forward equations, with the loss; ``sizes`` maps the name of each size to its number, or to
    None for one that the data bring (the batch).  ``prediction`` names the tensor that ``predict`` returns.
    """

    path: Path
    lines: tuple[str, ...]
    program: Program
    sizes: Mapping[str, int | None]
    parameters: tuple[Parameter, ...]
    inputs: tuple[Input, ...]
    prediction: str | None
    training: Training
    labels: str | None = None  # the input that tells which predictions are right, where the model classifies
    evaluation: Program | None = None  # the forward equations in evaluation, where they are others
    drawn: tuple[Input, ...] = ()  # what a script draws anew for every step
    buffers: tuple[Buffer, ...] = ()
    updates: Program | None = None  # the equations of what the buffers become, with what these need
    least: Mapping[str, int] = field(default_factory=dict)  # sizes that data bring and that have a least number
    inner: tuple[Inner, ...] = ()  # derivatives that the program holds, in its order
    decision: tuple[float, float] | None = None  # of two classes: the numbers above which prediction and label say yes
    constants: Mapping[str, int | None] = field(default_factory=dict)  # what else a state_dict holds, with checksums

    @property
    def evaluated(self) -> Program:
        """The forward equations with which predictions are made and losses are told."""
        return self.evaluation or self.program

    @property
    def owned(self) -> tuple[Parameter | Buffer, ...]:
        """What a script keeps by its path: parameters, then buffers."""
        return (*self.parameters, *self.buffers)

    @property
    def arguments(self) -> tuple[Input, ...]:
        """What the loss takes beside them: inputs, then what is drawn."""
        return (*self.inputs, *self.drawn)


@dataclass(frozen=True)
class Derivation:
    """Everything later stages print or generate comes from this one object.

    ``raw`` is the program after the one rule, ``program`` the simplified one (same inputs, same gradients, fewer
    operations); both map ``tensor -> adjoint`` in ``adjoints``; ``wrt`` are the parameters asked for.
    """

    model: Model
    raw: Program
    program: Program
    wrt: tuple[str, ...]
    rewrites: tuple[Rewrite, ...] = ()
    facts: tuple[Fact, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> tuple[str, ...]:
        """The adjoints in the order in which they are computed; step k of every print and comment is entry k - 1."""
        adjoints = (n for n in self.program.targets() if self.program.tensors[n].role == "adjoint")
        seed = None if self.program.loss in self.wrt else self.program.adjoints.get(self.program.loss)
        return tuple(n for n in adjoints if n != seed)

    @property
    def facts_used(self) -> tuple[str, ...]:
        """The facts that the simplified program rests on, in words."""
        return tuple(map(str, self.facts))

    @property
    def gradients(self) -> Mapping[str, str]:
        """Parameter asked for -> the tensor that holds its gradient."""
        return {p: self.program.adjoints[p] for p in self.wrt}
