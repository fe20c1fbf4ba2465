"""A disk that is full: a script says which file it cannot write, and what was there before stays."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.codegen import script_checks as checks
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


@contextmanager
def full() -> Iterator[None]:
    """No file of this process grows beyond the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("target", TARGETS)
def test_what_was_there_stays(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = checks.load_script(generate(tmp_path, "line", MODEL, (target,))[target])
    monkeypatch.chdir(tmp_path)
    assert script.main(["--save", "run", "--export", "net.npz"]) == 0
    before = {name: (tmp_path / name).read_bytes() for name in ("run", "net.npz")}
    assert min(map(len, before.values())) > LIMIT
    for flag, name in (("--save", "run"), ("--export", "net.npz")):
        capsys.readouterr()
        with full():
            code = script.main([flag, name, "--steps", "3"])
        assert (code, capsys.readouterr().err) == (2, f"error: {name} cannot be written: File too large\n")
        assert (tmp_path / name).read_bytes() == before[name]
    assert not list(tmp_path.glob("*.tmp"))


def test_a_process_of_its_own_ends_with_the_code(tmp_path: Path) -> None:
    path = generate(tmp_path, "line", MODEL, ("numpy",))["numpy"]
    words = [sys.executable, "-B", "-W", "error", str(path), "--save", "run"]
    with full():  # a child inherits it
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "error: run cannot be written: File too large\n")
