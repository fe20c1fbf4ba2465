"""One candidate in a process of its own: NumPy's and torch's threads fight when they share one.

Run as ``python -m benchmarks.worker FILE.py KIND``; it reads one JSON command a line and answers with one line.
The file has ``loss_and_grads(params, *data)``, as the generated scripts have.  KIND is numpy, torch or autograd.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SLICES = 12  # the fastest of so many: one in which another process took the core says nothing


def load_module(path: Path) -> Any:
    """A file as a module."""
    spec = importlib.util.spec_from_file_location("candidate", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module")
    module = importlib.util.module_from_spec(spec)
    sys.modules["candidate"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


class Candidate:
    """A function and the arrays that it is called with."""

    def __init__(self, path: Path, kind: str) -> None:
        self.kind = kind
        # A process of one thread works as long as it has the core; what others do meanwhile does not count.
        self.clock = time.process_time if os.environ.get("OMP_NUM_THREADS") == "1" else time.perf_counter
        self.function: Callable[..., Any] = load_module(path).loss_and_grads
        self.params: dict[str, Any] = {}
        self.data: list[Any] = []
        self.calls = 1

    def load(self, arrays: str, dtype: str) -> None:
        """Take parameters and data from a .npz file; real numbers in ``dtype``, labels as they are."""
        self.params, self.data = {}, []
        with np.load(arrays) as archive:
            for group, name in (key.split("/", 1) for key in archive.files):
                value = archive[f"{group}/{name}"]
                self._take(group, name, value if value.dtype.kind == "i" else value.astype(dtype))
        self.calls = 1
        while self._slice() < 0.005:
            self.calls *= 2

    def _take(self, group: str, name: str, value: Any) -> None:
        if self.kind != "numpy":
            import torch  # a NumPy candidate runs without it

            value = torch.from_numpy(value)
            if group == "params" and self.kind == "autograd":
                value.requires_grad_()
        if group == "params":
            self.params[name] = value
        else:
            self.data.append(value)

    def evaluate(self, to: str) -> None:
        """Write the loss and the gradients to a .npz file."""
        loss, grads = self.function(self.params, *self.data)
        found = {"loss": loss, **{f"grad {name}": grad for name, grad in grads.items()}}
        plain: dict[str, Any] = {
            name: value.detach() if hasattr(value, "detach") else value for name, value in found.items()
        }
        np.savez(to, **plain)

    def _slice(self) -> float:
        start = self.clock()
        for _ in range(self.calls):
            self.function(self.params, *self.data)
        return self.clock() - start

    def seconds(self) -> float:
        """Seconds of one step: the fastest of a few slices."""
        return min(self._slice() for _ in range(SLICES)) / self.calls


def main(path: str, kind: str) -> None:
    """Serve commands until the input ends."""
    candidate = Candidate(Path(path), kind)
    for line in sys.stdin:
        command = json.loads(line)
        action: dict[str, Callable[..., Any]] = {
            "load": candidate.load,
            "evaluate": candidate.evaluate,
            "seconds": candidate.seconds,
        }
        print(json.dumps(action[command.pop("do")](**command)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
