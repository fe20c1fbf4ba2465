"""The optimisers, with torch.optim's names, options and defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symnet.declare.tracing.trace import mistake
from symnet.errors import SymnetError
from symnet.model import Optimizer


def SGD(
    lr: float = 1e-3,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    *,
    maximize: bool = False,
) -> Optimizer:
    """w ← w - lr b with b ← momentum b + (1 - dampening) g, b = g at first, and g + momentum b with nesterov;
    weight_decay adds that much of w to g, and maximize takes -g for g, here and below; torch.optim.SGD"""
    if nesterov and (momentum <= 0 or dampening != 0):
        raise _refused("nesterov needs momentum > 0 and dampening = 0", "write momentum=0.9, nesterov=True")
    return _made(
        "SGD",
        maximize=maximize,
        lr=lr,
        momentum=momentum,
        dampening=dampening,
        weight_decay=weight_decay,
        nesterov=nesterov,
    )


def RMSprop(
    lr: float = 1e-2,
    alpha: float = 0.99,
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    centered: bool = False,
    *,
    maximize: bool = False,
) -> Optimizer:
    """v ← α v + (1 - α) g²;  w ← w - lr g / (√v + eps), less the squared mean of g under the root if centered; that
    step is summed in b ← momentum b + step; torch.optim.RMSprop"""
    return _made(
        "RMSprop",
        maximize=maximize,
        lr=lr,
        alpha=alpha,
        eps=eps,
        weight_decay=weight_decay,
        momentum=momentum,
        centered=centered,
    )


def Adagrad(
    lr: float = 1e-2,
    lr_decay: float = 0.0,
    weight_decay: float = 0.0,
    initial_accumulator_value: float = 0.0,
    eps: float = 1e-10,
    *,
    maximize: bool = False,
) -> Optimizer:
    """s ← s + g²;  w ← w - lr / (1 + (t - 1) lr_decay) g / (√s + eps); torch.optim.Adagrad"""
    return _made(
        "Adagrad",
        maximize=maximize,
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
    *,
    maximize: bool = False,
) -> Optimizer:
    """m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  w ← w - lr m̂ / (√v̂ + eps), m̂ = m / (1 - β₁^t), v̂ =
    v / (1 - β₂^t), of the largest v so far with amsgrad; torch.optim.Adam"""
    return _made("Adam", maximize=maximize, lr=lr, **_betas(betas), eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)


def AdamW(
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 1e-2,
    amsgrad: bool = False,
    *,
    maximize: bool = False,
) -> Optimizer:
    """w ← w - lr weight_decay w, then as Adam; torch.optim.AdamW"""
    return _made(
        "AdamW", maximize=maximize, lr=lr, **_betas(betas), eps=eps, weight_decay=weight_decay, amsgrad=amsgrad
    )


def Adamax(
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    *,
    maximize: bool = False,
) -> Optimizer:
    """m as Adam's;  u ← the larger of β₂ u and |g| + eps;  w ← w - lr / (1 - β₁^t) m / u; torch.optim.Adamax"""
    return _made("Adamax", maximize=maximize, lr=lr, **_betas(betas), eps=eps, weight_decay=weight_decay)


def NAdam(
    lr: float = 2e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    momentum_decay: float = 4e-3,
    decoupled_weight_decay: bool = False,
    *,
    maximize: bool = False,
) -> Optimizer:
    """Adam with m̂ = μ(t+1) m / (1 - Π_k≤t+1 μ(k)) + (1 - μ(t)) g / (1 - Π_k≤t μ(k)), Nesterov's momentum μ(t) =
    β₁ (1 - 0.96^(t momentum_decay) / 2); torch.optim.NAdam"""
    return _made(
        "NAdam",
        maximize=maximize,
        lr=lr,
        **_betas(betas),
        eps=eps,
        weight_decay=weight_decay,
        momentum_decay=momentum_decay,
        decoupled_weight_decay=decoupled_weight_decay,
    )


def RAdam(
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
    decoupled_weight_decay: bool = False,
    *,
    maximize: bool = False,
) -> Optimizer:
    """Adam where the length of the average, ρ(t) = ρ∞ - 2 t β₂^t / (1 - β₂^t), ρ∞ = 2 / (1 - β₂) - 1, is above 5, its
    step times the rectification; else w ← w - lr m̂; torch.optim.RAdam"""
    options = {"weight_decay": weight_decay, "decoupled_weight_decay": decoupled_weight_decay}
    return _made("RAdam", maximize=maximize, lr=lr, **_betas(betas), eps=eps, **options)


def Adadelta(
    lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0.0, *, maximize: bool = False
) -> Optimizer:
    """v ← ρ v + (1 - ρ) g²;  d = √(u + eps) / √(v + eps) g;  u ← ρ u + (1 - ρ) d²;  w ← w - lr d;
    torch.optim.Adadelta"""
    return _made("Adadelta", maximize=maximize, lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)


def ASGD(
    lr: float = 1e-2,
    lambd: float = 1e-4,
    alpha: float = 0.75,
    t0: float = 1e6,
    weight_decay: float = 0.0,
    *,
    maximize: bool = False,
) -> Optimizer:
    """w ← (1 - lambd η) w - η g, η(t) = lr / (1 + lambd lr t)^alpha; the average of w from t0 on is kept beside the
    parameters; torch.optim.ASGD"""
    return _made("ASGD", maximize=maximize, lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay)


def Rprop(
    lr: float = 1e-2,
    etas: tuple[float, float] = (0.5, 1.2),
    step_sizes: tuple[float, float] = (1e-6, 50.0),
    *,
    maximize: bool = False,
) -> Optimizer:
    """w ← w - s sign(g); the step s of each entry, lr at first, grows by etas[1] where g kept its sign and shrinks by
    etas[0] where it turned, which is not followed, within step_sizes; torch.optim.Rprop"""
    smaller, larger = _pair("etas", etas, "etas=(0.5, 1.2)")
    least, most = _pair("step_sizes", step_sizes, "step_sizes=(1e-06, 50)")
    made = _made(
        "Rprop", maximize=maximize, lr=lr, etaminus=smaller, etaplus=larger, step_size_min=least, step_size_max=most
    )
    if not 0 < smaller < 1 < larger:
        raise _refused(f"Rprop: etas is {etas!r}", "write a number below 1 and one above 1: etas=(0.5, 1.2)")
    if not least <= most:
        raise _refused(f"Rprop: step_sizes is {step_sizes!r}", "write the smaller number first")
    return made


def _betas(betas: object) -> dict[str, Any]:
    first, second = _pair("betas", betas, "betas=(0.9, 0.999)")
    return {"beta1": first, "beta2": second}


def _pair(name: str, given: object, example: str) -> tuple[Any, Any]:
    if isinstance(given, tuple | list) and len(given) == 2:
        return given[0], given[1]
    raise _refused(f"{name} is {given!r}", f"write two numbers: {example}")


_FLAGS = ("maximize", "nesterov", "centered", "amsgrad", "decoupled_weight_decay")
_BELOW_ONE = ("beta1", "beta2", "alpha", "rho")  # the alpha of ASGD is a power


def _made(kind: str, **options: Any) -> Optimizer:
    for name, value in options.items():
        if (name in _FLAGS) != isinstance(value, bool):
            raise _refused(
                f"{kind}: {name} is {value!r}", "write True or False" if name in _FLAGS else "write a number"
            )
        if name in _BELOW_ONE and kind != "ASGD" and isinstance(value, int | float) and not 0 <= value < 1:
            raise _refused(f"{kind}: {name} is {value!r}", "write a number from 0 up to, not including, 1")
        if not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise _refused(f"{kind}: {name} is {value!r}", "write a finite number that is not negative")
    return Optimizer(kind, {name: v if isinstance(v, bool) else float(v) for name, v in options.items()})


_ALL: tuple[Callable[..., Optimizer], ...] = (
    SGD,
    RMSprop,
    Adagrad,
    Adam,
    AdamW,
    Adamax,
    NAdam,
    RAdam,
    Adadelta,
    ASGD,
    Rprop,
)
_BY_NAME = {make.__name__.lower(): make for make in _ALL}


def chosen_optimizer(optimizer: Optimizer | str, lr: float | None) -> Optimizer:
    """The optimiser that ``sn.train`` was given: one made by a word above, or a name with a learning rate."""
    if isinstance(optimizer, Optimizer):
        if lr is not None:
            raise _refused("lr is given twice, in train and in the optimizer", "give it to the optimizer only")
        return optimizer
    if not isinstance(optimizer, str) or optimizer.lower() not in _BY_NAME:
        raise _refused(f"unknown optimizer {optimizer!r}", ", ".join(_BY_NAME))
    return _BY_NAME[optimizer.lower()](**({} if lr is None else {"lr": lr}))


def _refused(message: str, help: str) -> SymnetError:
    return mistake("SN108", message, help)
