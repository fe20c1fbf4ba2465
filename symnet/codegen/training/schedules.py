"""Learning-rate schedules as the lines of ``learning_rate(lr, t)``, in the closed forms of torch.optim.lr_scheduler.

Where torch goes from one rate to the next by a recursion, the line is what the recursion comes to; the tests compare
the two step by step.  Cyclical rates: Smith, arXiv 1506.01186 and 1708.07120; restarts: Loshchilov & Hutter, arXiv
1608.03983.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from symnet.calculus.ir import Program
from symnet.codegen.wrapping import number
from symnet.model import Schedule

Lines = tuple[str, ...]
Options = Mapping[str, Any]
Factor = Callable[[Program], tuple[Lines, str]]


@dataclass(frozen=True)
class Rate:
    """The body of ``learning_rate(lr, t)``, its formula in words, one line for each part of a sequence, and the body of
    ``momentum_at(t)`` if that is cycled."""

    formulas: Lines
    lines: Lines
    momentum: Lines = ()


def rate_of(schedule: Schedule, factor: Factor) -> Rate:
    """The learning rate of a schedule; ``factor`` writes the program of LambdaLR in NumPy."""
    if schedule.kind == "SequentialLR":
        return _sequential(schedule, factor)
    if schedule.kind == "ChainedScheduler":
        return _chained(schedule, factor)
    if schedule.program is not None:
        return _of_function(schedule.kind, *factor(schedule.program))
    rate = _RATES[schedule.kind](schedule.options)
    return replace(rate, formulas=tuple(f"{schedule.kind}: {formula}" for formula in rate.formulas))


def _of_function(kind: str, before: Lines, expression: str) -> Rate:
    """LambdaLR's factor of t, or the product of MultiplicativeLR's factors up to t."""
    told = 'f"the factor of the learning rate is {factor} at t = {t}"'
    checked = (*before, f"factor = float({expression})", f"require(0 <= factor < math.inf, {told})")
    if kind == "LambdaLR":
        return _rate("LambdaLR: lr f(t)", ("t = np.float64(t)", *checked, "return lr * factor"))
    step = ("t = np.float64(finished)", *checked, "lr *= factor")
    lines = ("for finished in range(1, t + 1):", *(f"    {line}" for line in step), "return lr")
    return _rate("MultiplicativeLR: lr f(1) f(2) ... f(t)", lines)


def _chained(schedule: Schedule, factor: Factor) -> Rate:
    """Each part takes the rate of the one before it."""
    rates = [rate_of(part, factor) for part in schedule.parts]
    lines = [line.replace("return ", "lr = ", 1) for rate in rates for line in rate.lines if line != "return lr"]
    return Rate(tuple(f for rate in rates for f in rate.formulas), (*lines, "return lr"))


def counted(schedule: Schedule) -> str:
    """What t counts, in words."""
    if schedule.kind == "ReduceLROnPlateau":
        return "it was reduced t times"
    return {"epoch": "t epochs are done", "batch": "t steps are done"}[schedule.every]


def _rate(formula: str, lines: Lines, momentum: Lines = ()) -> Rate:
    return Rate((formula,), lines, momentum)


def _step(o: Options) -> Rate:
    return _rate(
        f"lr {o['gamma']:g}^floor(t / {o['step_size']})",
        (f"return lr * {number(o['gamma'])} ** (t // {o['step_size']})",),
    )


def _multi_step(o: Options) -> Rate:
    places = ", ".join(map(str, sorted(o["milestones"])))
    return _rate(
        f"lr {o['gamma']:g}^(how many of {places} are <= t)",
        (f"return lr * {number(o['gamma'])} ** sum(t >= milestone for milestone in [{places}])",),
    )


def _constant(o: Options) -> Rate:
    return _rate(
        f"lr {o['factor']:g} while t < {o['total_iters']}, then lr",
        (f"return lr * {number(o['factor'])} if t < {o['total_iters']} else lr",),
    )


def _linear(o: Options) -> Rate:
    start, end, total = o["start_factor"], o["end_factor"], o["total_iters"]
    return _rate(
        f"lr times a factor from {start:g} to {end:g}, linear in t up to {total}",
        (f"return lr * ({number(start)} + ({number(end)} - {number(start)}) * min(t, {total}) / {total})",),
    )


def _exponential(o: Options) -> Rate:
    return _rate(f"lr {o['gamma']:g}^t", (f"return lr * {number(o['gamma'])}**t",))


def _polynomial(o: Options) -> Rate:
    total, power = o["total_iters"], o["power"]
    base = f"(1 - min(t, {total}) / {total})"
    return _rate(
        f"lr (1 - min(t, {total}) / {total})^{power:g}",
        (f"return lr * {base}" + ("" if power == 1 else f" ** {number(power)}"),),
    )


def _annealed(least: float, length: str) -> tuple[str, str]:
    """The half wave of the cosine from lr down to ``least``: its formula and its code."""
    wave = f"(1 + cos(pi t / {length})) / 2"
    code = f"(1 + math.cos(math.pi * t / {length})) / 2"
    if not least:
        return f"lr {wave}", f"return lr * {code}"
    return f"{least:g} + (lr - {least:g}) {wave}", f"return {number(least)} + (lr - {number(least)}) * {code}"


def _cosine(o: Options) -> Rate:
    formula, code = _annealed(o["eta_min"], str(o["T_max"]))
    return _rate(formula, (code,))


def _restarts(o: Options) -> Rate:
    formula, code = _annealed(o["eta_min"], "length")
    if o["T_mult"] == 1:
        formula, code = _annealed(o["eta_min"], str(o["T_0"]))
        return _rate(f"{formula}, from t = 0 again every {o['T_0']}", (f"t %= {o['T_0']}", code))
    lines = (
        f"length = {o['T_0']}",
        "while t >= length:",
        f"    t, length = t - length, length * {o['T_mult']}",
        code,
    )
    return _rate(f"{formula}, from t = 0 again after length = {o['T_0']}, times {o['T_mult']} each time", lines)


def _cyclic(o: Options) -> Rate:
    up, down = o["step_size_up"], o["step_size_down"]
    total = up + down
    scale = {"triangular": "", "triangular2": f" / 2 ** (t // {total})", "exp_range": f" * {number(o['gamma'])}**t"}
    height = f"x / {up} if x <= {up} else ({total} - x) / {down}"
    height = f"({height}){scale[o['mode']]}" if scale[o["mode"]] else height
    place = (f"x = t % {total}", f"height = {height}")
    smaller = {
        "triangular": "",
        "triangular2": ", half as high each time",
        "exp_range": f", times {o['gamma']:g}^t",
    }[o["mode"]]
    momentum: Lines = ()
    if o["cycle_momentum"]:
        top, foot = number(o["max_momentum"]), number(o["base_momentum"])
        momentum = (*place, f"return {top} - ({top} - {foot}) * height")
    return _rate(
        f"from lr to {o['max_lr']:g} in {up} and back in {down}{smaller}",
        (*place, f"return lr + ({number(o['max_lr'])} - lr) * height"),
        momentum,
    )


def _one_cycle(o: Options) -> Rate:
    total, rise = o["total_steps"], o["pct_start"] * o["total_steps"] - 1
    first = f"lr / {number(o['div_factor'])}"
    last = f"{first} / {number(o['final_div_factor'])}"
    low, high = number(o["base_momentum"]), number(o["max_momentum"])
    if o["three_phase"]:
        fall = 2 * rise
        phases = [(rise, first, "lr", high, low), (fall, "lr", first, low, high), (total - 1, first, last, high, high)]
    else:
        phases = [(rise, first, "lr", high, low), (total - 1, "lr", last, low, high)]
    if rise < 0:  # there is no rise: t begins within the fall, as torch has it
        phases = phases[1:]
    checked = f'require(t < {total}, "the one cycle of the learning rate ends after {total} steps")'
    blend = {
        "cos": "return end + (start - end) * (1 + math.cos(math.pi * x)) / 2",
        "linear": "return start + (end - start) * x",
    }[o["anneal_strategy"]]
    rates = _phases([(end, a, b) for end, a, b, _, _ in phases], rise if rise < 0 else 0.0)
    masses = _phases([(end, a, b) for end, _, _, a, b in phases], rise if rise < 0 else 0.0)
    momentum = (*masses, blend) if o["cycle_momentum"] else ()
    shape = {"cos": "half a cosine", "linear": "a line"}[o["anneal_strategy"]]
    steps = "; ".join(f"to {b} at t = {end:g}" for end, _, b, _, _ in phases)
    return _rate(f"from {phases[0][1]} {steps}, each by {shape}", (checked, *rates, blend), momentum)


def _phases(phases: list[tuple[float, str, str]], begin: float) -> Lines:
    """The lines that find start, end and the place x in 0..1 of the phase of t; each is given by its end."""
    lines: list[str] = []
    for k, (end, a, b) in enumerate(phases):
        place = "t" if begin == 0 else f"(t - {number(begin)})" if begin > 0 else f"(t + {number(-begin)})"
        found = f"start, end, x = {a}, {b}, {place} / {number(end - begin)}"
        if len(phases) == 1:
            return (found,)
        head = "else:" if k == len(phases) - 1 else f"{'elif' if k else 'if'} t <= {number(end)}:"
        lines += [head, f"    {found}"]
        begin = end
    return tuple(lines)


def _plateau(o: Options) -> Rate:
    least = number(o["min_lr"])
    lines = (
        "for _ in range(t):",
        f"    lower = max(lr * {number(o['factor'])}, {least})",
        f"    lr = lower if lr - lower > {number(o['eps'])} else lr",
        "return lr",
    )
    return _rate(f"lr {o['factor']:g}^t" + (f", not below {o['min_lr']:g}" if o["min_lr"] else ""), lines)


def _sequential(schedule: Schedule, factor: Factor) -> Rate:
    """Each part in its own branch, its t counted from the milestone before it."""
    lines: list[str] = []
    words: list[str] = []
    begin = 0
    for part, end in zip(schedule.parts, (*schedule.options["milestones"], None), strict=True):
        rate = rate_of(part, factor)
        words += (f"{line}, t from {begin} on" if begin else line for line in rate.formulas)
        if end is None:
            lines += rate.lines
        else:
            lines += [f"if t < {end - begin}:", *(f"    {line}" for line in rate.lines), f"t -= {end - begin}"]
            begin = end
    return Rate(tuple(words), tuple(lines))


_RATES: Mapping[str, Callable[[Options], Rate]] = {
    "StepLR": _step,
    "MultiStepLR": _multi_step,
    "ConstantLR": _constant,
    "LinearLR": _linear,
    "ExponentialLR": _exponential,
    "PolynomialLR": _polynomial,
    "CosineAnnealingLR": _cosine,
    "CosineAnnealingWarmRestarts": _restarts,
    "CyclicLR": _cyclic,
    "OneCycleLR": _one_cycle,
    "ReduceLROnPlateau": _plateau,
}
