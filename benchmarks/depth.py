"""Deep networks: CPU time of reading, deriving, simplifying and printing, and whether it grows linearly."""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from benchmarks.processes import SYMPY, cpu_seconds, run
from benchmarks.table import Row, row

MODELS = Path(__file__).resolve().parent / "models"
LIMIT = 12.0  # load and derive 100 layers of the MLP: 3 s where sympy takes 0.25 s
TRANSFORMER_LIMIT = 16.0  # derive 24 layers: 4 s where sympy takes 0.25 s
LINEAR = 1.5  # time per layer may grow by this factor at most


def stages(model: str, layers: int) -> dict[str, float]:
    """CPU seconds of each stage for one network, measured in this process."""
    from symnet import pipeline  # the parent process never imports symnet
    from symnet.explain.options import Options

    text = (MODELS / f"{model}.py").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deep.py"
        path.write_text(re.sub(r"^LAYERS = \d+$", f"LAYERS = {layers}", text, flags=re.M), encoding="utf-8")
        marks = [time.process_time()]
        loaded, _ = pipeline.load(path)
        marks.append(time.process_time())
        derivation = pipeline.derive_model(loaded)
        marks.append(time.process_time())
        pipeline.explain(derivation, Options(), "text")
        marks.append(time.process_time())
    load, derive, explained = (after - before for before, after in pairwise(marks))
    return {"load": load, "derive": derive, "text": explained}


def depth_rows(rounds: int) -> list[Row]:
    """Rows of both networks; every time is one of the processor, which other work on the machine disturbs less."""
    return [
        *_rows("an MLP of many layers (width 64), CPU time", "mlp", (25, 50, 100), rounds),
        *_rows("a transformer of many layers, CPU time", "transformer", (3, 6, 12, 24), rounds),
    ]


def _rows(section: str, model: str, depths: tuple[int, ...], rounds: int) -> list[Row]:
    """The deepest network beside import sympy, and the time of each stage per layer beside half as many layers."""
    sympy: list[float] = []
    found: dict[int, list[dict[str, float]]] = {layers: [] for layers in depths}
    for _ in range(rounds):
        sympy.append(cpu_seconds(SYMPY))
        for layers in depths:
            found[layers].append(json.loads(run(("-m", "benchmarks.depth", model, str(layers))).stdout))
    last, base = depths[-1], ("import sympy", sympy)
    stage = {name: {k: [s[name] for s in found[k]] for k in depths} for name in ("load", "derive", "text")}
    rows = [row(section, (f"{last} layers: load", stage["load"][last]), base)]
    if model == "mlp":
        both = [s["load"] + s["derive"] for s in found[last]]
        rows.append(row(section, (f"{last} layers: load, derive, simplify", both), base, LIMIT))
    else:
        rows.append(row(section, (f"{last} layers: derive, simplify", stage["derive"][last]), base, TRANSFORMER_LIMIT))
    rows.append(row(section, (f"{last} layers: the text", stage["text"][last]), base))
    for name, what in (("derive", "derive, simplify"), ("text", "the text")):
        each = {layers: [s / layers for s in seconds] for layers, seconds in stage[name].items()}
        for half, layers in pairwise(depths):
            beside = (f"the same at {half}", each[half])
            rows.append(row(section, (f"per layer at {layers}: {what}", each[layers]), beside, LINEAR))
    return rows


if __name__ == "__main__":
    print(json.dumps(stages(sys.argv[1], int(sys.argv[2]))))
