"""How a generated script trains: ``sn.train``."""

from __future__ import annotations

from symnet.declare.optimizers import chosen_optimizer
from symnet.declare.trace import current
from symnet.errors import Note, Problem, SymnetError
from symnet.model import Optimizer, Training


def train(
    *,
    optimizer: Optimizer | str = "sgd",
    lr: float | None = None,
    epochs: int | None = None,
    steps: int | None = None,
    batch: int | None = None,
    samples: int = 100,
    holdout: float = 0.0,
    data: str | None = None,
    seed: int = 0,
    log_every: int | None = None,
    report: str | None = None,
    new_inputs: int = 0,
) -> Training:
    """The defaults of a generated script; every number is a flag of the script as well.

    epochs: passes over shuffled mini-batches of ``batch`` samples (all of them if absent); steps: updates instead of
    epochs.  samples: how many the script makes when it has no file.  data: a .npz beside the model file.  holdout: the
    fraction of the samples kept for evaluation.  report: a line printed at the end, with ``{name}`` for numbers.
    """
    chosen = chosen_optimizer(optimizer, lr)
    for name, value in {
        "epochs": epochs,
        "steps": steps,
        "batch": batch,
        "samples": samples,
        "log_every": log_every,
    }.items():
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise _wrong(f"{name} is {value!r}", "write a positive integer")
    _check_seed(seed)
    if not 0 <= holdout < 1:
        raise _wrong(f"holdout is {holdout!r}", "write a fraction from 0 up to, not including, 1")
    if epochs is not None and steps is not None:
        raise _wrong("both epochs and steps are given", "give one of them")
    if epochs is None and steps is None:
        steps = 100
    every = log_every or max(1, (epochs or steps or 1) // 10)
    return Training(chosen, epochs, steps, batch, samples, float(holdout), data, seed, every, report, new_inputs)


def _check_seed(seed: object) -> None:
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise _wrong(f"seed is {seed!r}", "write an integer that is not negative")


def _wrong(message: str, help: str) -> SymnetError:
    source = current().here()
    return SymnetError(Problem("SN108", message, (Note(source),) if source else (), help=(help,)))
