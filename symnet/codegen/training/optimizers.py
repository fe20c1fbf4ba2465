"""The update of each optimiser as lines of code, in torch.optim's formulas; only what the chosen options need.

Sources: torch.optim's documentation; Adam and Adamax (Kingma & Ba, arXiv 1412.6980), AdamW (Loshchilov & Hutter, arXiv
1711.05101), NAdam (Dozat 2016), RAdam (Liu et al., arXiv 1908.03265), Adadelta (Zeiler, arXiv 1212.5701), Rprop
(Riedmiller & Braun 1993).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from symnet.codegen.wrapping import bracketed
from symnet.model import Optimizer

Options = Mapping[str, float | bool]


@dataclass(frozen=True)
class Update:
    """One optimiser in code: constants (name, value), arrays kept for each parameter (name, first value), the update's
    lines for one parameter ``p`` with gradient ``g``, what is computed once a step before them, and a title."""

    title: str
    constants: tuple[tuple[str, float], ...]
    slots: tuple[tuple[str, float], ...]
    lines: tuple[str, ...]
    before: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ("params", "grads", "state", "lr", "step")

    def body(self) -> tuple[str, ...]:
        """The body of ``update``, a function of the arguments."""
        arrays = ["params[name]", *(f'state["{slot}"][name]' for slot, _ in self.slots)]
        names = ", ".join(("p", *(slot for slot, _ in self.slots)))
        loop = (f"{names} = {', '.join(arrays)}", *self.lines)
        return (*self.before, "for name, g in grads.items():", *(f"    {line}" for line in loop))

    def with_own_rates(self) -> Update:
        """The update where the argument ``rates`` holds a learning rate for each parameter."""
        arguments = tuple("rates" if a == "lr" else a for a in self.arguments)
        lines = ("lr = rates[name]", *self.before, *self.lines)
        return replace(self, lines=lines, before=(), arguments=arguments)

    def with_own_decays(self) -> Update:
        """The update where the constant WEIGHT_DECAY, which the caller defines, holds a number for each parameter."""
        lines = tuple(line.replace("WEIGHT_DECAY", "WEIGHT_DECAY[name]") for line in self.lines)
        return replace(self, lines=lines, constants=tuple(c for c in self.constants if c[0] != "WEIGHT_DECAY"))

    def with_given(self, constant: str) -> Update:
        """The update with one of its constants as an argument: BETA1 becomes ``beta1``."""

        def exchanged(lines: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(re.sub(rf"\b{constant}\b", constant.lower(), line) for line in lines)

        constants = tuple(c for c in self.constants if c[0] != constant)
        arguments = (*self.arguments, constant.lower())
        lines, before = exchanged(self.lines), exchanged(self.before)
        return replace(self, lines=lines, before=before, constants=constants, arguments=arguments)


def update_of(optimizer: Optimizer, library: str) -> Update:
    """The update of an optimiser; ``library`` is the module that has sqrt and maximum, np or torch."""
    update = _UPDATES[optimizer.kind](optimizer.options, library)
    return update if not optimizer.options.get("maximize") else replace(update, lines=("g = -g", *update.lines))


def torch_call(optimizer: Optimizer, parameters: str, indent: int = 0, head: str = "") -> str:
    """``head`` and the call of torch.optim that makes the same optimiser, with the learning rate of the script."""
    options: dict[str, object] = {name: value for name, value in optimizer.options.items() if name != "lr"}
    for pair, (first, second) in _PAIRS.items():
        if first in options:
            options[pair] = (options.pop(first), options.pop(second))
    usual = {"maximize": False, **_TORCH_DEFAULTS[optimizer.kind]}
    given = [f"{name}={value!r}" for name, value in options.items() if value != usual.get(name)]
    return bracketed(f"{head}torch.optim.{optimizer.kind}", "(", (parameters, "lr=LR", *given), ")", indent=indent)


_PAIRS = {
    "betas": ("beta1", "beta2"),
    "etas": ("etaminus", "etaplus"),
    "step_sizes": ("step_size_min", "step_size_max"),
}
_ADAM = {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0, "amsgrad": False}
_TORCH_DEFAULTS: Mapping[str, Mapping[str, object]] = {
    "SGD": {"momentum": 0.0, "dampening": 0.0, "weight_decay": 0.0, "nesterov": False},
    "RMSprop": {"alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0, "momentum": 0.0, "centered": False},
    "Adagrad": {"lr_decay": 0.0, "weight_decay": 0.0, "initial_accumulator_value": 0.0, "eps": 1e-10},
    "Adam": _ADAM,
    "AdamW": {**_ADAM, "weight_decay": 1e-2},
    "Adamax": {"betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    "NAdam": {**_ADAM, "momentum_decay": 4e-3, "decoupled_weight_decay": False},
    "RAdam": {**_ADAM, "decoupled_weight_decay": False},
    "Adadelta": {"rho": 0.9, "eps": 1e-6, "weight_decay": 0.0},
    "ASGD": {"lambd": 1e-4, "alpha": 0.75, "t0": 1e6, "weight_decay": 0.0},
    "Rprop": {"etas": (0.5, 1.2), "step_sizes": (1e-6, 50.0)},
}


def _constants(options: Options, *names: str) -> tuple[tuple[str, float], ...]:
    return tuple((name.upper(), float(options[name])) for name in names)


def _decay(options: Options, decoupled: bool = False) -> tuple[str, tuple[str, ...]]:
    """The gradient's name with the coupled weight decay in it, and the line that adds the decay; or the line of a
    decoupled one, which shrinks the parameter itself."""
    if not options["weight_decay"]:
        return "g", ()
    if decoupled:
        return "g", ("p *= 1 - lr * WEIGHT_DECAY",)
    return "d", ("d = g + WEIGHT_DECAY * p",)


def _used(options: Options, *names: str) -> tuple[tuple[str, float], ...]:
    return _constants(options, *(name for name in names if options[name]))


def _sgd(options: Options, library: str) -> Update:
    g, lines = _decay(options)
    if not options["momentum"]:
        return Update("SGD: p <- p - lr g", _used(options, "weight_decay"), (), (*lines, f"p -= lr * {g}"))
    if options["dampening"]:
        mixed = (f"v += (1 - DAMPENING if step else 1) * {g}  # the first step is not dampened",)
    else:
        mixed = (f"v += {g}",)
    move = f"p -= lr * ({g} + MOMENTUM * v)" if options["nesterov"] else "p -= lr * v"
    title = "SGD with momentum: v <- m v + g; p <- p - lr v"
    if options["nesterov"]:
        title = "SGD with Nesterov's momentum: v <- m v + g; p <- p - lr (g + m v)"
    constants = _used(options, "momentum", "dampening", "weight_decay")
    return Update(title, constants, (("v", 0.0),), (*lines, "v *= MOMENTUM", *mixed, move))


def _rmsprop(options: Options, library: str) -> Update:
    g, lines = _decay(options)
    slots = [("s", 0.0)]
    square, title = "s", "RMSprop: s <- a s + (1 - a) g²; p <- p - lr g / (√s + eps)"
    lines = (*lines, "s *= ALPHA", f"s += (1 - ALPHA) * {g} * {g}")
    if options["centered"]:
        slots.append(("mean", 0.0))
        lines = (*lines, f"mean += (1 - ALPHA) * ({g} - mean)")
        square, title = "s - mean * mean", title.replace("√s", "√(s - mean²)")
    step = f"{g} / ({library}.sqrt({square}) + EPS)"
    if options["momentum"]:
        slots.append(("v", 0.0))
        lines = (*lines, "v *= MOMENTUM", f"v += {step}", "p -= lr * v")
        title = title.replace("p <- p - lr g", "v <- m v + g") + "; p <- p - lr v"
    else:
        lines = (*lines, f"p -= lr * {step}")
    constants = _constants(options, "alpha", "eps") + _used(options, "momentum", "weight_decay")
    return Update(title, constants, tuple(slots), lines)


def _adagrad(options: Options, library: str) -> Update:
    g, lines = _decay(options)
    rate, before = "lr", tuple[str, ...]()
    if options["lr_decay"]:
        rate, before = "rate", ("rate = lr / (1 + step * LR_DECAY)",)
    lines = (*lines, f"s += {g} * {g}", f"p -= {rate} * {g} / ({library}.sqrt(s) + EPS)")
    slots = (("s", float(options["initial_accumulator_value"])),)
    constants = _constants(options, "eps") + _used(options, "lr_decay", "weight_decay")
    return Update("Adagrad: s <- s + g²; p <- p - lr g / (√s + eps)", constants, slots, lines, before)


def _moments(g: str) -> tuple[str, ...]:
    """The running means of the gradient and of its square."""
    return (f"m += (1 - BETA1) * ({g} - m)", "v *= BETA2", f"v += (1 - BETA2) * {g} * {g}")


def _adam(options: Options, library: str, decoupled: bool = False) -> Update:
    g, lines = _decay(options, decoupled)
    lines = (*lines, *_moments(g))
    slots, largest = [("m", 0.0), ("v", 0.0)], "v"
    if options["amsgrad"]:
        slots.append(("largest", 0.0))
        lines, largest = (*lines, f"largest[...] = {library}.maximum(largest, v)"), "largest"
    lines = (*lines, f"p -= lr / c1 * m / ({library}.sqrt({largest}) / math.sqrt(c2) + EPS)")
    before = ("c1, c2 = 1 - BETA1 ** (step + 1), 1 - BETA2 ** (step + 1)",)
    name = "AdamW" if decoupled else "Adam"
    title = f"{name}: m and v are running means of g and g²; p <- p - lr m̂ / (√v̂ + eps)"
    constants = _constants(options, "beta1", "beta2", "eps") + _used(options, "weight_decay")
    return Update(title, constants, tuple(slots), lines, before)


def _adamw(options: Options, library: str) -> Update:
    return _adam(options, library, decoupled=True)


def _adamax(options: Options, library: str) -> Update:
    g, lines = _decay(options)
    lines = (
        *lines,
        f"m += (1 - BETA1) * ({g} - m)",
        f"u[...] = {library}.maximum(BETA2 * u, abs({g}) + EPS)",
        "p -= lr / (1 - BETA1 ** (step + 1)) * m / u",
    )
    constants = _constants(options, "beta1", "beta2", "eps") + _used(options, "weight_decay")
    title = "Adamax: m is a running mean of g; u <- max(b₂ u, |g| + eps); p <- p - lr m̂ / u"
    return Update(title, constants, (("m", 0.0), ("u", 0.0)), lines)


def _nadam(options: Options, library: str) -> Update:
    g, lines = _decay(options, bool(options["decoupled_weight_decay"]))
    lines = (
        *lines,
        *_moments(g),
        "product *= mu",  # an array of equal entries, so that a checkpoint keeps it with the others
        f"root = {library}.sqrt(v / c2) + EPS",
        f"p -= lr * (1 - mu) / (1 - product) * {g} / root",
        "p -= lr * after / (1 - product * after) * m / root",
    )
    before = (
        "c2 = 1 - BETA2 ** (step + 1)",
        "mu, after = (BETA1 * (1 - 0.5 * 0.96 ** (k * MOMENTUM_DECAY)) for k in (step + 1, step + 2))",
    )
    constants = _constants(options, "beta1", "beta2", "eps", "momentum_decay") + _used(options, "weight_decay")
    title = "NAdam: Adam with Nesterov's momentum mu_k = b₁ (1 - 0.96^(k d) / 2) of step k"
    return Update(title, constants, (("m", 0.0), ("v", 0.0), ("product", 1.0)), lines, before)


def _radam(options: Options, library: str) -> Update:
    g, lines = _decay(options, bool(options["decoupled_weight_decay"]))
    before = (
        "c1, c2 = 1 - BETA1 ** (step + 1), 1 - BETA2 ** (step + 1)",
        "most = 2 / (1 - BETA2) - 1",
        "rho = most - 2 * (step + 1) * BETA2 ** (step + 1) / c2",
        "rectified = rho > 5",
        "scale = math.sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho)) if rectified else 1.0",
    )
    lines = (
        *lines,
        *_moments(g),
        f"p -= lr / c1 * scale * m * (math.sqrt(c2) / ({library}.sqrt(v) + EPS) if rectified else 1.0)",
    )
    constants = _constants(options, "beta1", "beta2", "eps") + _used(options, "weight_decay")
    title = "RAdam: Adam whose step is scaled by r(rho), and by no √v̂ while rho <= 5"
    return Update(title, constants, (("m", 0.0), ("v", 0.0)), lines, before)


def _adadelta(options: Options, library: str) -> Update:
    g, lines = _decay(options)
    lines = (
        *lines,
        "s *= RHO",
        f"s += (1 - RHO) * {g} * {g}",
        f"move = {library}.sqrt(x + EPS) / {library}.sqrt(s + EPS) * {g}",
        "x *= RHO",
        "x += (1 - RHO) * move * move",
        "p -= lr * move",
    )
    constants = _constants(options, "rho", "eps") + _used(options, "weight_decay")
    title = "Adadelta: s, x are means of g², Δ²; Δ = √(x + eps) / √(s + eps) g; p <- p - lr Δ"
    return Update(title, constants, (("s", 0.0), ("x", 0.0)), lines)


def _asgd(options: Options, library: str) -> Update:
    g, lines = _decay(options)
    lines = (
        "if step == 0:",
        "    eta[...] = lr",
        *lines,
        "p *= 1 - LAMBD * eta",
        f"p -= eta * {g}",
        "average += (p - average) / max(1, step - T0)",
        "eta[...] = lr / (1 + LAMBD * lr * (step + 1)) ** ALPHA",
    )
    constants = _constants(options, "lambd", "alpha", "t0") + _used(options, "weight_decay")
    title = "ASGD: p <- (1 - l eta) p - eta g, eta = lr / (1 + l lr step)^a; average: of p"
    return Update(title, constants, (("average", 0.0), ("eta", 0.0)), lines)


def _rprop(options: Options, library: str) -> Update:
    clip = {"np": "np.clip", "torch": "torch.clamp"}[library]
    lines = (
        "if step == 0:",
        "    size[...] = lr",
        "turn = g * before",
        f"factor = {library}.where(turn < 0, ETAMINUS, {library}.where(turn > 0, ETAPLUS, 1.0))",
        f"size[...] = {clip}(size * factor, STEP_SIZE_MIN, STEP_SIZE_MAX)",
        f"before[...] = {library}.where(turn < 0, 0.0, g)",
        f"p -= {library}.sign(before) * size",
    )
    constants = _constants(options, "etaminus", "etaplus", "step_size_min", "step_size_max")
    title = "Rprop: an entry's step grows while its gradient keeps its sign, else it shrinks"
    return Update(title, constants, (("before", 0.0), ("size", 0.0)), lines)


_UPDATES = {
    "SGD": _sgd,
    "RMSprop": _rmsprop,
    "Adagrad": _adagrad,
    "Adam": _adam,
    "AdamW": _adamw,
    "Adamax": _adamax,
    "NAdam": _nadam,
    "RAdam": _radam,
    "Adadelta": _adadelta,
    "ASGD": _asgd,
    "Rprop": _rprop,
}
