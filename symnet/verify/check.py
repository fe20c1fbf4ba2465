"""The whole check of a derivation: generated gradients against autograd, central differences and exact arithmetic."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from symnet.calculus.evaluate import NotExact, evaluate
from symnet.errors import Note, Problem
from symnet.model import Derivation, Parameter
from symnet.verify.diagnose import differs, first_wrong_step, reasons
from symnet.verify.differences import NEAR, Kink, Slope, agree, moved_by, nearest_kinks, slope_program, slopes
from symnet.verify.facts import broken_facts
from symnet.verify.hand import Hand, hand_of, torch_hand_of
from symnet.verify.oracle import oracle_on
from symnet.verify.rational import Exact, check_exactly
from symnet.verify.report import Method, Options, Report, Row
from symnet.verify.sharp import sharp_loss, sharp_slope
from symnet.verify.trials import Oracle, Trial, as_computed, points_of, rounding_floors, trial_at

Array = Any

_WORDS: Mapping[Method, str] = {
    "autograd": "torch.autograd",
    "fd": "central differences",
    "exact": "the exact check",
}
_DIFFERENCE_TRIALS = 2


@dataclass
class _Findings:
    """What the methods have found so far; a report is made of it at the end."""

    rows: dict[str, Row] = field(default_factory=dict)
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)

    def mark(self, name: str, method: Method, notes: Iterable[str] = ()) -> None:
        """Note that one parameter is wrong by one method."""
        row = self.rows[name]
        if method not in row.wrong:
            self.rows[name] = replace(row, wrong=(*row.wrong, method))
        self.notes[name] = tuple(dict.fromkeys((*self.notes.get(name, ()), *notes)))

    def report(
        self,
        derivation: Derivation,
        hand: Hand,
        options: Options,
        own: Trial,
        trials: int,
        sizes: Mapping[str, list[int]],
        exact: Exact | None,
    ) -> Report:
        """All that was found, frozen."""
        return Report(
            derivation.model.path.as_posix(),
            hand.origin,
            options,
            trials,
            {name: (min(values), max(values)) for name, values in sizes.items()},
            own.loss,
            tuple(self.rows.values()),
            exact.sentence if exact is not None else None,
            tuple(self.problems),
            tuple(dict.fromkeys(self.warnings)),
            tuple(self.undecided),
        )


def check(
    derivation: Derivation, options: Options | None = None, script: str | None = None, torch_script: str | None = None
) -> Report:
    """The gradients of a generated NumPy script compared with every method of the options; see ``Report``.

    ``script`` is the text of the script; without it the simplified equations are evaluated in its place.  Where torch
    runs, the gradients of ``torch_script`` are compared with them too, on the device of the options.  A method that is
    asked for by name and cannot run leaves the report undecided (exit code 3).
    """
    options, derivation = options or Options(), as_computed(derivation)
    hand, found = hand_of(derivation, script), _Findings()
    oracle = _oracle(derivation, options, found)
    trials = [trial_at(derivation, p, hand, oracle) for p in points_of(derivation.model, options.trials, options.seed)]
    own, finite = trials[0], [t for t in trials if t.finite]
    found.problems += broken_facts(derivation.model, own.point)
    _tell_what_is_not_finite(trials, found)
    if own.loss_is_finite and not own.finite:
        found.undecided.append("a gradient is not finite at the model's own numbers")
    elif not finite:
        found.undecided.append("the loss is finite at no point that was tried")
    for name in derivation.wrt:
        found.rows[name] = _row(derivation, name, (finite or trials)[0])
    if oracle is not None:
        _compare_with_autograd(derivation, finite, options, found)
        if torch_script is not None:
            other = torch_hand_of(derivation, torch_script, options.device)
            _compare_torch_code(derivation, other, finite, options, found)
    if "fd" in options.methods:
        _compare_with_differences(derivation, finite[:_DIFFERENCE_TRIALS], options, found)
    exact = _compare_exactly(derivation, options, found) if "exact" in options.methods else None
    found.problems += [_problem(derivation, found, n) for n in derivation.wrt if found.rows[n].wrong]
    sizes = {n: [t.point.sizes[n] for t in trials] for n in own.point.sizes}
    return found.report(derivation, hand, options, own, len(finite), sizes, exact)


def _tell_what_is_not_finite(trials: Sequence[Trial], found: _Findings) -> None:
    """Points that cannot be compared.  A loss that the equations have and the code has not is a difference."""
    lost = [t for t in trials if not t.loss_is_finite]
    by_code = [t for t in lost if t.other_loss is not None and math.isfinite(t.other_loss)]
    by_torch = sum(math.isfinite(t.loss) for t in lost)
    by_both, poles = len(lost) - len(by_code) - by_torch, sum(t.loss_is_finite and not t.finite for t in trials)
    found.problems += [_loss_differs(t) for t in by_code[:1]]
    of = f"of {len(trials)} points"
    if by_torch:
        said = "the code has a loss, and torch, which computes the equations as they are written, has none"
        found.warnings.append(f"at {by_torch} {of} {said}: not compared")
    found.warnings += [f"the loss is not finite at {by_both} {of}"] if by_both else []
    found.warnings += [f"a gradient is not finite at {poles} {of}"] if poles else []


def _loss_differs(trial: Trial) -> Problem:
    message = f"the loss of the code is {trial.loss:.12g}, that of the equations {trial.other_loss:.12g}"
    return Problem("SN404", message)


def _oracle(derivation: Derivation, options: Options, found: _Findings) -> Oracle | None:
    """Autograd on the device of the options, or None with the reason noted."""
    if "autograd" not in options.methods:
        return None
    oracle, reason = oracle_on(options.device, derivation.model.inner)
    if oracle is None:
        optional = options.against is None and options.device == "cpu"
        (found.warnings if optional else found.undecided).append(f"autograd was not compared: {reason}")
    return oracle


def _row(derivation: Derivation, name: str, trial: Trial) -> Row:
    spec = derivation.model.program.tensors[name]
    value = np.asarray(trial.hand[name])
    return Row(
        _parameter(derivation, name).path, tuple(map(str, spec.shape)), value.shape, float(np.linalg.norm(value))
    )


def _parameter(derivation: Derivation, name: str) -> Parameter:
    return next(p for p in derivation.model.parameters if p.spec.name == name)


def _compare_with_autograd(derivation: Derivation, trials: list[Trial], options: Options, found: _Findings) -> None:
    for trial in trials:
        assert trial.autograd is not None and trial.other_loss is not None
        if not found.problems and not _same_loss(derivation, trial, options):
            found.problems.append(_loss_differs(trial))
        for name in derivation.wrt:
            hand, other = trial.hand[name], trial.autograd[name]
            row, error = found.rows[name], _relative_error(hand, other)
            norm = row.autograd_norm if row.autograd_norm is not None else float(np.linalg.norm(other))
            found.rows[name] = replace(row, autograd_norm=norm, autograd_error=max(error, row.autograd_error or 0.0))
            if name in found.notes or not differs(hand, other, options.rtol, 0.0):
                continue
            floors = rounding_floors(derivation, trial.point)
            if differs(hand, other, options.rtol, floors[name]):
                steps = first_wrong_step(derivation, trial.point, trial.autograd, options.rtol, floors, "autograd")
                found.mark(name, "autograd", (*reasons(hand, other, trial.point.sizes), *steps))
            elif not np.any(other) or error > options.rtol:
                found.rows[name] = replace(found.rows[name], autograd_error=row.autograd_error or 0.0)


def _same_loss(derivation: Derivation, trial: Trial, options: Options) -> bool:
    """Whether the code computes the loss of the equations; where float64 leaves it open, many digits decide."""
    assert trial.other_loss is not None

    def close(loss: float) -> bool:
        return abs(trial.loss - loss) <= options.rtol * max(abs(loss), 1e-3)

    if close(trial.other_loss):
        return True
    sharp = sharp_loss(derivation.model.program, trial.point.inputs)
    return sharp is not None and close(sharp)


def _compare_torch_code(
    derivation: Derivation, torch_hand: Hand, trials: list[Trial], options: Options, found: _Findings
) -> None:
    """One problem SN405 with every parameter for which the two generated codes differ at some point."""
    wrong: dict[str, tuple[str, ...]] = {}
    for trial in trials:
        _, gradients = torch_hand.at(trial.point)
        for name in derivation.wrt:
            theirs, ours = gradients[name], trial.hand[name]
            if name not in wrong and differs(theirs, ours, options.rtol, 0.0):
                floor = rounding_floors(derivation, trial.point)[name]
                if differs(theirs, ours, options.rtol, floor):
                    wrong[name] = reasons(theirs, ours, trial.point.sizes, "NumPy")
    if wrong:
        paths = [_parameter(derivation, n).path for n in wrong]
        notes = tuple(
            f"{p}: {r.replace('hand', 'PyTorch')}" for p, n in zip(paths, wrong, strict=True) for r in wrong[n]
        )
        message = f"{torch_hand.origin} differs from that in NumPy: the gradient of {', '.join(paths)}"
        found.problems.append(Problem("SN405", message, notes=notes))


def _relative_error(hand: Array, other: Array) -> float:
    if np.shape(hand) != np.shape(other):
        return float("inf")
    error, scale = float(np.max(np.abs(hand - other), initial=0.0)), float(np.max(np.abs(other), initial=0.0))
    return error / scale if scale else (0.0 if error == 0 else float("inf"))


def _compare_with_differences(derivation: Derivation, trials: list[Trial], options: Options, found: _Findings) -> None:
    (program, with_held), rng = slope_program(derivation.model), np.random.default_rng([options.seed, 6])
    for number, trial in enumerate(trials):
        inputs = with_held(trial.point.inputs)
        values = evaluate(program, inputs)
        near = [k for k in nearest_kinks(program, inputs) if k.distance < NEAR]
        if number == 0:
            found.warnings += [f"{k.sentence}; a central difference could cross it" for k in near]
        for name in derivation.wrt:
            gradient = np.asarray(trial.hand[name])
            if gradient.shape != np.shape(trial.point.inputs[name]):
                found.mark(name, "fd", reasons(gradient, trial.point.inputs[name], trial.point.sizes)[:1])
                continue
            moved, given = moved_by(program, name, values)
            for direction in _directions(gradient.shape, rng, 3 if number == 0 else 1):
                along, size = float(np.sum(gradient * direction)), float(np.sum(np.abs(gradient * direction)))
                good, error = agree(along, size, slopes(moved, given, name, direction))
                if not good and (sharp := sharp_slope(program, inputs, name, direction)) is not None:
                    good, error = agree(along, size, (Slope(sharp, 1e-14 * abs(trial.loss), 0.0),))
                _note_difference(found, name, good, error / size if size else 0.0, near, options)


def _directions(shape: tuple[int, ...], rng: np.random.Generator, count: int) -> Iterable[Array]:
    """A random direction of length 1 over all entries, then single entries."""
    size = int(np.prod(shape))
    yield rng.choice([-1.0, 1.0], shape) / np.sqrt(size)
    for entry in rng.permutation(size)[: count - 1] if size > 1 else ():
        single = np.zeros(size)
        single[entry] = 1.0
        yield single.reshape(shape)


def _note_difference(found: _Findings, name: str, good: bool, error: float, near: list[Kink], options: Options) -> None:
    row = found.rows[name]
    if good:
        found.rows[name] = replace(row, difference_error=max(error, row.difference_error or 0.0))
    elif not near:
        found.rows[name] = replace(row, difference_error=max(error, row.difference_error or 0.0))
        found.mark(name, "fd")
    elif row.autograd_error is None:
        found.undecided.append(f"the central difference for {row.parameter} crosses a corner: {near[0].sentence}")
    else:
        found.warnings.append(f"a central difference for {row.parameter} crossed a corner and was not counted")


def _compare_exactly(derivation: Derivation, options: Options, found: _Findings) -> Exact | None:
    try:
        exact = check_exactly(derivation, options.seed)
    except NotExact as error:
        note = f"the exact check was not made: {error}"
        (found.warnings if options.against is None else found.undecided).append(note)
        return None
    wrong = dict(exact.wrong)
    for name in derivation.wrt:
        found.rows[name] = replace(found.rows[name], exact=name not in wrong)
        if name in wrong:
            found.mark(name, "exact", (wrong[name],))
    return exact


def _problem(derivation: Derivation, found: _Findings, name: str) -> Problem:
    row, spec = found.rows[name], derivation.model.program.tensors[name]
    against = ", ".join(_WORDS[m] for m in row.wrong)
    return Problem(
        "SN401",
        f"the gradient of {row.parameter} does not agree with {against}",
        (Note(spec.source),) if spec.source is not None else (),
        table(row),
        notes=found.notes.get(name, ()),
    )


def table(row: Row) -> tuple[str, str]:
    """The two lines of numbers of one parameter."""
    heads = ("param", "shape", "|hand|", "|autograd|", "max rel err")
    other = "-" if row.autograd_norm is None else f"{row.autograd_norm:.6g}"
    errors = [e for e in (row.autograd_error, row.difference_error) if e is not None]
    worst = f"{max(errors):.1e}" if errors else "-"
    cells = (row.parameter, f"[{','.join(row.shape)}]", f"{row.hand_norm:.6g}", other, worst)
    widths = [max(len(h), len(c)) for h, c in zip(heads, cells, strict=True)]
    lines = ("  ".join(f"{t:<{w}}" for t, w in zip(line, widths, strict=True)).rstrip() for line in (heads, cells))
    first, second = lines
    return first, second
