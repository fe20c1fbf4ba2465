"""Where the parameters of a module of torch start in a generated script, where it is given no file.

The text of a script may not change from run to run, so random numbers are not written out: they are drawn by the rule
by which the module drew them, or by one that fits them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from symnet.declare.tracing.constants import LARGEST
from symnet.declare.tracing.trace import Trace
from symnet.errors import Note, Problem
from symnet.model import Distribution, Given, Values

#: As many numbers as a script writes out, and digits of one that a person wrote.
MOST, DIGITS = 1000, 4
#: How far mean and standard deviation of numbers may be from those of a rule, in their own standard errors.
FAR = 5.0


def first_values(trace: Trace, path: str, owner: Any, parameter: Any) -> Values:
    """The numbers of a parameter of torch if they are all equal or written by a person, else what draws such ones."""
    numbers = parameter.detach().double().cpu()
    flat = numbers.reshape(-1)
    first = float(flat[0]) if len(flat) else 0.0
    if bool((flat == first).all()):
        return Distribution("constant", (_shortest(parameter, first),))
    if len(flat) <= MOST and all(_written(parameter, v) for v in flat.tolist()):
        return Given(_nested([_shortest(parameter, v) for v in flat.tolist()], list(numbers.shape)))
    padding = getattr(owner, "padding_idx", None)
    if isinstance(padding, int) and not bool(numbers[padding].any()):
        rest = numbers[[row for row in range(len(numbers)) if row != padding]].reshape(-1)
        spread = next((rule for rule in _rules(owner, parameter) if rule.kind == "normal" and _fits(rest, rule)), None)
        if spread is not None:
            return Distribution("padded", (*spread.arguments, float(padding)))
    for rule in _rules(owner, parameter):
        if _fits(flat, rule):
            return rule
    return _drawn_instead(trace, flat, f"the numbers of {path} follow no rule that symnet knows")


def _drawn_instead(trace: Trace, flat: Any, why: str) -> Distribution:
    """Normal numbers of the deviation of these, with a warning that says so."""
    source = trace.here()
    spread = float(f"{float(flat.std()):.2g}")
    message = f"{why}: scripts draw normal ones of deviation {spread}"
    help = "to start from its own:  sn.save_state(net, 'net.npz'), then  --start net.npz"
    trace.problems.add(Problem("SN303", message, (Note(source),) if source else (), help=(help,), warning=True))
    return Distribution("normal", (0.0, spread))


def own_values(trace: Trace, path: str, buffer: Any) -> Values:
    """The numbers of a buffer, or where they are too many to be written out, normal ones like them."""
    numbers = buffer.detach().double().cpu()
    if numbers.numel() > LARGEST:
        what = f"{path} has {numbers.numel()} numbers, and it is not trained"
        return _drawn_instead(trace, numbers.reshape(-1), what)
    flat = numbers.reshape(-1).tolist()
    if len(set(flat)) == 1:
        return Distribution("constant", (flat[0],))
    return Given(_nested([_shortest(buffer, v) for v in flat], list(numbers.shape)))


def _written(parameter: Any, value: float) -> bool:
    """Whether a number has few decimal digits in the precision of its tensor."""
    return _in_precision(parameter, float(f"{value:.{DIGITS}g}")) == value


def _shortest(parameter: Any, value: float) -> float:
    """The number as it was written: 0.1, where float32 holds 0.10000000149."""
    shorter = (float(f"{value:.{digits}g}") for digits in range(1, 17))
    return next((v for v in shorter if _in_precision(parameter, v) == value), value)


def _in_precision(parameter: Any, value: float) -> float:
    return float(parameter.new_tensor(value))


def _nested(values: list[float], shape: list[int]) -> Any:
    if not shape:
        return values[0]
    step = len(values) // shape[0]
    return tuple(_nested(values[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0]))


def _rules(owner: Any, parameter: Any) -> Iterator[Distribution]:
    """What a layer of torch draws by itself, then the usual rules of torch.nn.init."""
    shape = [int(n) for n in parameter.shape]
    hidden = getattr(owner, "hidden_size", None)
    weight = getattr(owner, "weight", parameter)
    own = math.prod(weight.shape[1:]) if getattr(weight, "ndim", 1) > 1 else math.prod(shape[1:])
    if type(owner).__module__.startswith("torch.nn.") and type(owner).__name__ != "Embedding":
        yield _uniform(1 / math.sqrt(hidden if isinstance(hidden, int) else max(own, 1)))
    into, out = (math.prod(shape[1:]), shape[0] * math.prod(shape[2:])) if len(shape) > 1 else (shape[0], 1)
    yield Distribution("normal", (0.0, 1.0))
    yield from (_uniform(math.sqrt(6 / n)) for n in (into + out, into, out))  # Xavier's and He's
    yield _uniform(1 / math.sqrt(into))
    yield from (Distribution("normal", (0.0, s)) for s in (0.02, 0.01, 0.1, 0.001))
    yield from (Distribution("normal", (0.0, math.sqrt(2 / n))) for n in (into, out, into + out))
    yield from (Distribution("normal", (0.0, 1 / math.sqrt(n))) for n in (into, out))
    yield Distribution("uniform", (0.0, 1.0))


def _uniform(bound: float) -> Distribution:
    return Distribution("uniform", (-bound, bound))


def _fits(flat: Any, rule: Distribution) -> bool:
    """Whether the numbers may well be drawn by the rule: support, mean and standard deviation."""
    a, b = rule.arguments
    count, mean = len(flat), float(flat.mean())
    uniform = rule.kind == "uniform"
    centre, spread = ((a + b) / 2, (b - a) / math.sqrt(12)) if uniform else (a, b)
    if uniform and not bool(((flat >= a * (1 + 1e-6)) & (flat <= b * (1 + 1e-6))).all()):
        return False
    found = math.sqrt(float(((flat - centre) ** 2).mean()))
    error = spread * math.sqrt((0.2 if uniform else 0.5) / count)
    return abs(mean - centre) <= FAR * spread / math.sqrt(count) and abs(found - spread) <= FAR * error
