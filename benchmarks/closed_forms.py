"""CPU time in which each model of examples/closed_forms is derived and simplified, in one process."""

from __future__ import annotations

import json
import time

from benchmarks.processes import ROOT, SYMPY, cpu_seconds, run
from benchmarks.table import Row, row

SECTION = "closed forms: derive and simplify, CPU time"
LIMIT = 4.0  # 1 s where sympy takes 0.25 s


def measured() -> dict[str, float]:
    """CPU seconds of each model file, in this process; the first is derived once before, for what is cached."""
    from symnet import pipeline  # the parent process never imports symnet

    models = {path.name: pipeline.load(path)[0] for path in sorted((ROOT / "examples/closed_forms").glob("*.py"))}
    pipeline.derive_model(next(iter(models.values())))
    seconds = {}
    for name, model in models.items():
        start = time.process_time()
        pipeline.derive_model(model)
        seconds[name] = time.process_time() - start
    return seconds


def closed_form_rows(rounds: int) -> list[Row]:
    """One row a model, the slowest first."""
    sympy: list[float] = []
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        sympy.append(cpu_seconds(SYMPY))
        for name, seconds in json.loads(run(("-m", "benchmarks.closed_forms")).stdout).items():
            found.setdefault(name, []).append(seconds)
    rows = [row(SECTION, (name, seconds), ("import sympy", sympy), LIMIT) for name, seconds in found.items()]
    return sorted(rows, key=lambda r: -r.seconds)


if __name__ == "__main__":
    print(json.dumps(measured()))
