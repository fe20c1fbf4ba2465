"""What each template is given: one frozen dataclass a target, every field finished text or a plain number."""

from __future__ import annotations

from dataclasses import dataclass

from symnet.codegen.training.learning import LearningContext
from symnet.codegen.training.modes import ModeContext

Lines = tuple[str, ...]


@dataclass(frozen=True)
class ScriptContext(LearningContext, ModeContext):
    """What every script is made of, in the order in which it appears."""

    title: str
    formulas: Lines
    training_words: Lines
    usage: Lines
    model_identity: str
    inputs: str
    tied: str
    fixed_lines: Lines
    constants: Lines
    setup: Lines
    draws: Lines
    initial: Lines
    predict_arguments: str
    prediction_name: str
    predict_lines: Lines
    prediction: str
    loss_arguments: str
    loss_lines: Lines
    loss: str
    has_metric: bool
    right: str
    metrics: str
    makes_data: bool
    samples_name: str
    make_data_lines: Lines
    made_data: str
    own_lines: Lines
    fact_checks: Lines
    sample_count: str
    select_arguments: str
    select_lines: Lines
    decorators: Lines
    device_note: str
    gradient_word: str
    oracle: str
    description: str
    data_default: str
    data_help: str
    start_help: str
    start_default: Lines
    batch: int
    seed: int
    holdout: str
    log_every: int
    length: str
    length_default: int
    data_lines: Lines
    finish_lines: Lines
    failure_lines: Lines


@dataclass(frozen=True)
class UpdateContext(ScriptContext):
    """A script that updates the parameters itself."""

    step_results: str
    state: str
    update_title: str
    update_arguments: str
    update_lines: Lines
    state_lines: Lines
    run_arguments: str
    has_clip: bool
    clip_formulas: Lines
    clip_lines: Lines


@dataclass(frozen=True)
class DifferenceContext:
    """A script that compares its gradients with central differences of ``moved_loss``."""

    held_lines: Lines
    moved_loss: str


@dataclass(frozen=True)
class HandContext(UpdateContext):
    """A script whose gradients are the closed forms."""

    gradient_lines: Lines
    gradients: str
    gradient_loss: str
    gradient_buffers: Lines


@dataclass(frozen=True)
class NumpyContext(HandContext, DifferenceContext):
    """One in NumPy, which has no autograd to compare with."""


@dataclass(frozen=True)
class AutogradContext(UpdateContext, DifferenceContext):
    """A script whose gradients autograd finds; ``marked`` is what requires_grad_ takes, where it is not true of all."""

    needs_gradient: str
    loss_results: str
    marked: str


@dataclass(frozen=True)
class ModuleContext(ScriptContext, DifferenceContext):
    """A script of a torch.nn.Module and an optimiser of torch.optim."""

    needs_gradient: str
    loss_results: str

    module_parameters: Lines
    module_names: str
    optimizer_lines: Lines
    start_lines: Lines
    save_lines: Lines
    loaded_pairs: Lines
