"""How a generated script trains: optimisers with torch.optim's names and defaults, and ``sn.train``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symnet.declare.trace import current
from symnet.errors import Note, Problem, SymnetError
from symnet.model import Optimizer, Training


def SGD(
    lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0, weight_decay: float = 0.0, nesterov: bool = False
) -> Optimizer:
    """Stochastic gradient descent with torch.optim.SGD's options."""
    if nesterov and (momentum <= 0 or dampening != 0):
        raise _wrong("nesterov needs momentum > 0 and dampening = 0", "write momentum=0.9, nesterov=True")
    return _made("SGD", lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov)


def RMSprop(
    lr: float = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
) -> Optimizer:
    """RMSprop with torch.optim.RMSprop's options."""
    return _made(
        "RMSprop", lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered
    )


def Adagrad(
    lr: float = 1e-2,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
) -> Optimizer:
    """Adagrad with torch.optim.Adagrad's options."""
    return _made(
        "Adagrad",
        lr=lr,
        lr_decay=lr_decay,
        weight_decay=weight_decay,
        initial_accumulator_value=initial_accumulator_value,
        eps=eps,
    )


def Adam(
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    amsgrad: bool = False,
) -> Optimizer:
    """Adam with torch.optim.Adam's options."""
    return _made("Adam", lr=lr, **_betas(betas), eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)


def AdamW(
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    amsgrad: bool = False,
) -> Optimizer:
    """AdamW with torch.optim.AdamW's options."""
    return _made("AdamW", lr=lr, **_betas(betas), eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)


def _betas(betas: object) -> dict[str, Any]:
    if isinstance(betas, tuple | list) and len(betas) == 2:
        return {"beta1": betas[0], "beta2": betas[1]}
    raise _wrong(f"betas is {betas!r}", "write two numbers: betas=(0.9, 0.999)")


def _made(kind: str, **options: Any) -> Optimizer:
    for name, value in options.items():
        if isinstance(value, bool):
            continue
        if name in ("beta1", "beta2", "alpha") and isinstance(value, int | float) and not 0 <= value < 1:
            raise _wrong(f"{kind}: {name} is {value!r}", "write a number from 0 up to, not including, 1")
        if not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise _wrong(f"{kind}: {name} is {value!r}", "write a finite number that is not negative")
    return Optimizer(kind, {name: v if isinstance(v, bool) else float(v) for name, v in options.items()})


_OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamw": AdamW,
}


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
    chosen = _chosen(optimizer, lr)
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


def _chosen(optimizer: Optimizer | str, lr: float | None) -> Optimizer:
    if isinstance(optimizer, Optimizer):
        if lr is not None:
            raise _wrong("lr is given twice, in train and in the optimizer", "give it to the optimizer only")
        return optimizer
    if not isinstance(optimizer, str) or optimizer.lower() not in _OPTIMIZERS:
        raise _wrong(f"unknown optimizer {optimizer!r}", ", ".join(_OPTIMIZERS))
    return _OPTIMIZERS[optimizer.lower()](**({} if lr is None else {"lr": lr}))


def _wrong(message: str, help: str) -> SymnetError:
    source = current().here()
    return SymnetError(Problem("SN108", message, (Note(source),) if source else (), help=(help,)))
