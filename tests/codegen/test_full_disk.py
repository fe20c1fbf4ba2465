"""A disk that is full: a script says which file it cannot write, and what was there before stays."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.codegen.model_files import generate
from tests.models import TARGETS

MODEL = """
    N = sn.dims(N="batch")
    X, y = sn.data(N, 40), sn.data(N)
    w = sn.param(40)
    loss = sn.mse_loss(X @ w, y)
    train = sn.train(steps=2, optimizer="adam")
"""
LIMIT = 300  # bytes of a file, fewer than it needs


def run(path: Path, *flags: str, limit: int | None = None) -> subprocess.CompletedProcess[str]:
    def full() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    words = [sys.executable, "-B", "-W", "error", str(path), *flags]
    return subprocess.run(words, cwd=path.parent, capture_output=True, text=True, preexec_fn=full)


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_there_stays(target: str, tmp_path: Path) -> None:
    path = generate(tmp_path, "line", MODEL, (target,))[target]
    assert run(path, "--save", "run", "--export", "net.npz").returncode == 0
    before = {name: (tmp_path / name).read_bytes() for name in ("run", "net.npz")}
    assert min(map(len, before.values())) > LIMIT
    for flag, name in (("--save", "run"), ("--export", "net.npz")):
        done = run(path, flag, name, "--steps", "3", limit=LIMIT)
        assert (done.returncode, done.stderr) == (2, f"error: {name} cannot be written: File too large\n")
        assert (tmp_path / name).read_bytes() == before[name]
    assert not list(tmp_path.glob("*.tmp"))
