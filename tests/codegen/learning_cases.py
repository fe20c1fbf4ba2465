"""Ways of training a model, in symnet's words and in torch's, and the loop that a person writes in torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import optim
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.optim import lr_scheduler as of_torch

MODEL = """
    N, D, H, C = sn.dims(N="batch", D=3, H=5, C=3)
    X = sn.data(N, D)
    t = sn.labels(N, classes=C)
    W1, b1 = sn.param(D, H, init="he"), sn.param(H, init="normal")
    W2, b2 = sn.param(H, C, init="he"), sn.param(C, init="zeros")
    Z = sn.tanh(X @ W1 + b1) @ W2 + b2
    loss = sn.cross_entropy(Z, t)
    train = sn.train({train}, batch=16, samples=60, holdout=0.2)
"""


@dataclass(frozen=True)
class Way:
    """One way of training: the words, torch's optimiser and scheduler, and how gradients are clipped."""

    words: str
    optimizer: Callable[[dict[str, Any]], Any]
    scheduler: Callable[[Any], Any] | None = None
    every: str = "batch"
    clip: Callable[[Any], Any] = lambda parameters: None


def _decays(p: dict[str, Any]) -> Any:
    rest = {"params": [p["W1"]]}
    groups = [rest, {"params": [p["b1"], p["b2"]], "weight_decay": 0.0}, {"params": [p["W2"]], "lr": 0.01}]
    return optim.AdamW(groups, lr=0.05, weight_decay=0.1)


def _warm_cosine(o: Any) -> Any:
    return of_torch.SequentialLR(
        o, [of_torch.LinearLR(o, 0.1, total_iters=4), of_torch.CosineAnnealingLR(o, 12, eta_min=1e-3)], [4]
    )


WAYS = {
    "warm_cosine": Way(
        """epochs=5, optimizer=sn.AdamW(lr=0.05, weight_decay=0.1),
        groups=[{"params": "b*", "weight_decay": 0.0}, {"params": [W2], "lr": 0.01}], clip=sn.clip_grad_norm_(0.3),
        schedule=sn.SequentialLR([sn.LinearLR(0.1, total_iters=4), sn.CosineAnnealingLR(12, eta_min=1e-3)], [4],
                                 step="batch")""",
        _decays,
        _warm_cosine,
        clip=lambda p: clip_grad_norm_(p, 0.3),
    ),
    "one_cycle": Way(
        """steps=12, optimizer=sn.SGD(momentum=0.9, nesterov=True), clip=sn.clip_grad_value_(0.05),
        schedule=sn.OneCycleLR(max_lr=0.4, total_steps=20)""",
        lambda p: optim.SGD(p.values(), lr=0.1, momentum=0.9, nesterov=True),
        lambda o: of_torch.OneCycleLR(o, max_lr=0.4, total_steps=20),
        clip=lambda p: clip_grad_value_(p, 0.05),
    ),
    "cycles_of_beta": Way(
        """steps=12, optimizer=sn.Adam(), clip=sn.clip_grad_norm_(0.1, norm_type="inf"),
        schedule=sn.CyclicLR(base_lr=0.01, max_lr=0.2, step_size_up=3, mode="triangular2")""",
        lambda p: optim.Adam(p.values()),
        lambda o: of_torch.CyclicLR(o, base_lr=0.01, max_lr=0.2, step_size_up=3, mode="triangular2"),
        clip=lambda p: clip_grad_norm_(p, 0.1, norm_type=float("inf")),
    ),
    "plateau": Way(
        """epochs=4, optimizer=sn.RMSprop(lr=0.2, weight_decay=0.01), early_stopping=sn.EarlyStopping(patience=50),
        groups=[{"params": "W2", "lr": 0.1, "weight_decay": 0.0}], clip=sn.clip_grad_norm_(0.5, norm_type=1),
        schedule=sn.ReduceLROnPlateau(factor=0.5, patience=0, cooldown=1, threshold=0.02, min_lr=0.06)""",
        lambda p: optim.RMSprop(
            [{"params": [p["W1"], p["b1"], p["b2"]]}, {"params": [p["W2"]], "lr": 0.1, "weight_decay": 0.0}],
            lr=0.2,
            weight_decay=0.01,
        ),
        lambda o: of_torch.ReduceLROnPlateau(o, factor=0.5, patience=0, cooldown=1, threshold=0.02, min_lr=0.06),
        "epoch",
        lambda p: clip_grad_norm_(p, 0.5, norm_type=1),
    ),
    "a_function_of_t": Way(
        """steps=12, optimizer=sn.NAdam(lr=0.05, weight_decay=0.1), schedule=sn.LambdaLR(lambda t: 1 / sn.sqrt(t + 1)),
        clip=[sn.clip_grad_norm_(0.4, norm_type=3), sn.clip_grad_value_(0.1)]""",
        lambda p: optim.NAdam(p.values(), lr=0.05, weight_decay=0.1),
        lambda o: of_torch.LambdaLR(o, lambda t: (t + 1) ** -0.5),
        "epoch",
        lambda p: (clip_grad_norm_(p, 0.4, norm_type=3), clip_grad_value_(p, 0.1)),
    ),
    "rates_of_groups": Way(
        """steps=12, optimizer=sn.Adagrad(lr=0.1, lr_decay=0.1),
        groups=[{"params": [b1, "b2"], "lr": 0.3, "weight_decay": 0.2}, {"params": W1, "lr": 0.0}]""",
        lambda p: optim.Adagrad(
            [
                {"params": [p["W2"]]},
                {"params": [p["b1"], p["b2"]], "lr": 0.3, "weight_decay": 0.2},
                {"params": [p["W1"]], "lr": 0.0},
            ],
            lr=0.1,
            lr_decay=0.1,
        ),
    ),
    "factors_in_a_chain": Way(
        """epochs=6, optimizer=sn.ASGD(lr=0.3, lambd=0.05, alpha=1.5, t0=4, weight_decay=0.1),
        schedule=sn.ChainedScheduler([sn.LinearLR(0.5, total_iters=3), sn.MultiplicativeLR(lambda t: t / (t + 1))])""",
        lambda p: optim.ASGD(p.values(), lr=0.3, lambd=0.05, alpha=1.5, t0=4, weight_decay=0.1),
        lambda o: of_torch.ChainedScheduler(
            [of_torch.LinearLR(o, 0.5, total_iters=3), of_torch.MultiplicativeLR(o, lambda t: t / (t + 1))]
        ),
        "epoch",
    ),
    "upwards": Way(
        """epochs=6, optimizer=sn.Adam(lr=0.01, weight_decay=0.1, maximize=True), clip=sn.clip_grad_norm_(0.5)""",
        lambda p: optim.Adam(p.values(), lr=0.01, weight_decay=0.1, maximize=True),
        clip=lambda p: clip_grad_norm_(p, 0.5),
    ),
    "steps_of_signs": Way(
        """epochs=6, optimizer=sn.Rprop(lr=0.03), schedule=sn.StepLR(2, gamma=0.5)""",
        lambda p: optim.Rprop(p.values(), lr=0.03),
        lambda o: of_torch.StepLR(o, 2, gamma=0.5),
        "epoch",
    ),
}


def losses_and_rates(way: Way, script: Any, steps: int) -> tuple[list[float], list[float]]:
    """The losses and learning rates of a loop in torch, on the data and from the parameters of a script."""
    args = script.parse([])
    data = script.check_data(script.make_data(script.np.random.default_rng([0, 1]), 60), "")
    data, held = (script.convert(part, args) for part in script.split(data, 0.2, 0))
    leaves = {name: value.detach().clone().requires_grad_() for name, value in script.init_params(0).items()}
    optimizer = way.optimizer(leaves)
    scheduler = way.scheduler(optimizer) if way.scheduler else None
    per_epoch = 3  # 48 samples in batches of 16
    losses, rates = [], []
    for step, rows in enumerate(script.batches(48, 16, 0, 0, steps), 1):
        loss = script.compute_loss(leaves, *script.select(data, rows))
        optimizer.zero_grad()
        loss.backward()
        way.clip(list(leaves.values()))
        losses.append(loss.item())
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if isinstance(scheduler, of_torch.ReduceLROnPlateau) and step % per_epoch == 0:
            with torch.no_grad():
                scheduler.step(script.compute_loss(leaves, *held))
        elif scheduler is not None and (way.every == "batch" or step % per_epoch == 0):
            scheduler.step()
    return losses, rates
