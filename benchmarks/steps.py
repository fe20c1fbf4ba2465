"""One training step, the loss and all gradients: the generated scripts beside what people write by hand."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.equality import require_equal
from benchmarks.processes import ROOT, SYMNET, environment, run
from benchmarks.table import Row, row
from benchmarks.worker import load_module

BY_HAND = Path(__file__).resolve().parent / "candidates"
REFERENCE = "torch autograd"
UNFUSED = "autograd, unfused"  # with the words of the model instead of torch's fused function
BY_HAND_KINDS = {"NumPy by hand": "numpy", "torch by hand": "torch", "NumPy by hand, tuned": "numpy_tuned"}
HAND_MADE = {**BY_HAND_KINDS, UNFUSED: "autograd_unfused"}


@dataclass(frozen=True)
class System:
    """A model, the number of samples in a step, the dtypes to time, and the target beside autograd.

    ``by_hand`` are the candidates beside autograd that somebody wrote.
    """

    model: str
    title: str
    samples: int
    dtypes: tuple[str, ...]
    target: float
    by_hand: tuple[str, ...] = ("NumPy by hand", "torch by hand")

    @property
    def name(self) -> str:
        """What ``--only`` calls it."""
        return Path(self.model).stem


SYSTEMS = (
    System("examples/cubic.py", "the cubic, 2000 points", 2000, ("float64", "float32"), 0.25, tuple(BY_HAND_KINDS)),
    System("examples/mlp.py", "784-256-10, batch 32", 32, ("float32",), 0.7),
    System("benchmarks/models/conv.py", "convolutions on 28x28, batch 32", 32, ("float32",), 1.5, ()),
    System("benchmarks/models/lstm.py", "LSTM of 50 steps, batch 32", 32, ("float32",), 0.6, ()),
    System("benchmarks/models/attention.py", "attention, 128 positions, batch 8", 8, ("float32",), 1.3, (UNFUSED,)),
)


class Worker:
    """A candidate under way in its own process.  ``ask`` raises RuntimeError if the process ends."""

    def __init__(self, path: Path, kind: str, threads: int) -> None:
        self.path = path
        command = [sys.executable, "-m", "benchmarks.worker", str(path), kind]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment(threads), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, do: str, **arguments: str) -> Any:
        """The answer to one command."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the process of {self.path.name} ended at: {do}")
        return json.loads(answer)

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def candidates(system: System, folder: Path) -> dict[str, tuple[Path, str]]:
    """Name -> (file, kind); the generated scripts are written to ``folder`` first."""
    run((*SYMNET, "generate", system.model, "--target", "numpy", "--target", "torch", "-o", str(folder)))
    name = Path(system.model).stem
    found = {
        "generated NumPy": (folder / f"{name}_numpy.py", "numpy"),
        "generated torch": (folder / f"{name}_torch.py", "torch"),
        REFERENCE: (BY_HAND / f"{name}_autograd.py", "autograd"),
    }
    for hand in system.by_hand:
        ending = HAND_MADE[hand]
        found[hand] = (BY_HAND / f"{name}_{ending}.py", ending.partition("_")[0])
    return found


def write_arrays(script: Path, samples: int, to: Path) -> None:
    """The parameters and data that the generated script draws itself, in float64."""
    module = load_module(script)
    params = module.init_params(0)
    data = module.make_data(np.random.default_rng(1), samples)
    arrays = {
        f"{group}/{name}": value for group, part in (("params", params), ("data", data)) for name, value in part.items()
    }
    np.savez(to, **arrays)


@contextlib.contextmanager
def started(files: Mapping[str, tuple[Path, str]], threads: int) -> Iterator[dict[str, Worker]]:
    """A worker for each candidate; all are ended at the end."""
    workers: dict[str, Worker] = {}
    try:
        for name, (path, kind) in files.items():
            workers[name] = Worker(path, kind, threads)
        yield workers
    finally:
        for worker in workers.values():
            worker.close()


def load_and_compare(workers: Mapping[str, Worker], arrays: Path, dtype: str) -> None:
    """Give every worker the arrays in ``dtype``; raise Unequal unless all compute what autograd computes."""
    results: dict[str, dict[str, Any]] = {}
    for name, worker in workers.items():
        worker.ask("load", arrays=str(arrays), dtype=dtype)
        to = arrays.with_name("result.npz")
        worker.ask("evaluate", to=str(to))
        with np.load(to) as archive:
            results[name] = {key: archive[key] for key in archive.files}
    for name, result in results.items():
        require_equal(results[REFERENCE], result, name, dtype)


def timed(workers: Mapping[str, Worker], rounds: int) -> dict[str, list[float]]:
    """Seconds of a step, by candidate; every round begins with another one."""
    names = list(workers)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            seconds[name].append(workers[name].ask("seconds"))
    return seconds


def rows_of(section: str, seconds: Mapping[str, list[float]], target: float) -> list[Row]:
    """What is promised first, then what shows where the rest of the time is."""
    pairs: list[tuple[str, str, float | None]] = [
        ("generated NumPy", REFERENCE, target),
        ("generated NumPy", "NumPy by hand", None),
        ("generated NumPy", "torch by hand", None),
        ("generated NumPy", UNFUSED, None),
        ("generated torch", REFERENCE, None),
        ("generated torch", "torch by hand", None),
        ("NumPy by hand", REFERENCE, None),
    ]
    pairs.insert(2, ("generated NumPy", "NumPy by hand, tuned", None))
    known = [(one, two, goal) for one, two, goal in pairs if one in seconds and two in seconds]
    return [row(section, (one, seconds[one]), (two, seconds[two]), goal) for one, two, goal in known]


def step_rows(rounds: int, threads: int, systems: Sequence[System] = SYSTEMS) -> list[Row]:
    """All rows of the systems.  Raises Unequal before anything is timed if two candidates disagree."""
    rows: list[Row] = []
    for system in systems:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            files = candidates(system, folder)
            arrays = folder / "arrays.npz"
            write_arrays(files["generated NumPy"][0], system.samples, arrays)
            with started(files, threads) as workers:
                load_and_compare(workers, arrays, "float64")
                for dtype in system.dtypes:
                    load_and_compare(workers, arrays, dtype)
                    section = f"one step: {system.title}, {dtype}, {threads} thread{'s' * (threads > 1)}"
                    rows += rows_of(section, timed(workers, rounds), system.target)
    return rows
