"""Whole processes, timed in turns so that a change in the machine's load meets all of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SYMNET = ("-c", "from symnet.cli import main; main()")
SYMPY = ("-c", "import sympy")


def environment(threads: int) -> dict[str, str]:
    """The environment of every timed process: this checkout, byte code as an installed package has it, its threads."""
    keep = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME")}
    count = {f"{library}_NUM_THREADS": str(threads) for library in ("OMP", "OPENBLAS", "MKL")}
    return {**keep, **count, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Python with these arguments in the root of the repository.  Raises RuntimeError with stderr if it fails."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment(1), capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode:
        raise RuntimeError(f"python {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")
    return done


def cpu_seconds(arguments: Sequence[str]) -> float:
    """CPU seconds of one line of code, ``("-c", line)``, in a process of its own whose start does not count."""
    ticks = "import time; start = time.process_time(); {}; print(time.process_time() - start)"
    return float(run(("-c", ticks.format(arguments[-1]))).stdout)


def in_turns(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[float]]:
    """Wall seconds of each command, by its name: A B C, A B C, ..., after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, arguments in commands.items():
            start = time.perf_counter()
            run(arguments)
            if number:
                seconds[name].append(time.perf_counter() - start)
    return seconds
