"""For the tests of a project that uses symnet: one plain function."""

from __future__ import annotations

from pathlib import Path

from symnet import pipeline
from symnet.diagnostics import render_problems
from symnet.verify.formats import render
from symnet.verify.report import Method, Options, Report


def assert_gradients(
    path: str | Path,
    *,
    against: tuple[Method, ...] | None = None,
    trials: int = 20,
    seed: int = 0,
    rtol: float = 1e-9,
    device: str = "cpu",
) -> Report:
    """The report of ``symnet check`` for one model file, if every generated gradient agrees.

    Raises AssertionError with the table and the diagnosis where one differs, or where a method that is named in
    ``against`` could not decide; SymnetError if the model file itself is wrong.
    """
    model, _ = pipeline.load(Path(path))
    report = pipeline.check(pipeline.derive_model(model), Options(against, trials, seed, rtol, device))
    if report.exit_code != 0:
        problems = render_problems(report.problems) if report.problems else ""
        raise AssertionError(f"\n{render([report], 'text')}{problems}")
    return report
