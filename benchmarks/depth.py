"""A deep network: how long reading, deriving, simplifying and printing take, and whether the time grows linearly."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from benchmarks.processes import SYMPY, in_turns, run
from benchmarks.table import Row, row

DEPTH = "an MLP of many layers (width 64), in one process"
LAYERS = (25, 50, 100)
LIMIT = 12.0  # 3 s where sympy takes 0.25 s
LINEAR = 1.5  # time per layer may grow by this factor at most

MODEL = """import symnet as sn

N, D = sn.dims(N="batch", D=64)
X = sn.data(N, D)
Y = sn.data(N, D)

Z = X
for _ in range({layers}):
    W, b = sn.param(D, D), sn.param(D)
    Z = sn.relu(Z @ W + b)
loss = sn.mse_loss(Z, Y)
"""


def stages(layers: int) -> dict[str, float]:
    """Seconds of each stage for one network, measured in this process."""
    from symnet import pipeline  # the parent process never imports symnet
    from symnet.explain.options import Options

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deep.py"
        path.write_text(MODEL.format(layers=layers), encoding="utf-8")
        marks = [time.perf_counter()]
        model, _ = pipeline.load(path)
        marks.append(time.perf_counter())
        derivation = pipeline.derive_model(model)
        marks.append(time.perf_counter())
        pipeline.explain(derivation, Options(), "text")
        marks.append(time.perf_counter())
    load, derive, text = (after - before for before, after in pairwise(marks))
    return {"load": load, "derive": derive, "text": text}


def depth_rows(rounds: int) -> list[Row]:
    """Rows against import sympy at 100 layers, and time per layer at 50 and 100 against 25."""
    sympy: list[float] = []
    found: dict[int, list[dict[str, float]]] = {layers: [] for layers in LAYERS}
    for _ in range(rounds):
        sympy += in_turns({"sympy": SYMPY}, 1)["sympy"]
        for layers in LAYERS:
            found[layers].append(json.loads(run(("-m", "benchmarks.depth", str(layers))).stdout))
    last = LAYERS[-1]
    derived = {layers: [s["load"] + s["derive"] for s in series] for layers, series in found.items()}
    printed = {layers: [s["text"] for s in series] for layers, series in found.items()}
    base = ("import sympy", sympy)
    rows = [row(DEPTH, (f"{last} layers: load, derive, simplify", derived[last]), base, LIMIT)]
    rows.append(row(DEPTH, (f"{last} layers: load alone", [s["load"] for s in found[last]]), base))
    rows.append(row(DEPTH, (f"{last} layers: the text", printed[last]), base))
    for name, series in (("load, derive, simplify", derived), ("the text", printed)):
        per_layer = {layers: [s / layers for s in seconds] for layers, seconds in series.items()}
        first = (f"the same at {LAYERS[0]}", per_layer[LAYERS[0]])
        for layers in LAYERS[1:]:
            rows.append(row(DEPTH, (f"per layer at {layers}: {name}", per_layer[layers]), first, LINEAR))
    return rows


if __name__ == "__main__":
    print(json.dumps(stages(int(sys.argv[1]))))
