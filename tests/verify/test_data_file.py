"""A data file that a model names is checked before its numbers are: every kind of unusable one is a message."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symnet import pipeline
from symnet.cli import main
from symnet.errors import SymnetError
from symnet.verify.draw import own_point
from tests.damaged_archives import ARCHIVES, DAMAGED, NO_ARCHIVES

MODEL = """\
import symnet as sn
N = sn.dims(N="batch")
X = sn.data(N, 3)
t = sn.labels(N, classes=2)
W = sn.param(3, 2)
loss = sn.cross_entropy(X @ W, t)
train = sn.train(data="data.npz", epochs=1, batch=4)
"""
X = np.linspace(-1, 1, 36).reshape(12, 3)
T = np.arange(12) % 2


def model_in(folder: Path) -> Path:
    path = folder / "model.py"
    path.write_text(MODEL, encoding="utf-8")
    return path


def refusal(folder: Path) -> str:
    """What is said about the data.npz in the folder."""
    with pytest.raises(SymnetError) as caught:
        own_point(pipeline.load(model_in(folder))[0], 0, 6)
    (problem,) = caught.value.problems
    prefix = f"the data of the model cannot be used: {folder / 'data.npz'}: "
    assert problem.message.startswith(prefix)
    return problem.message[len(prefix) :]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"t": None}, "the array t is missing"),
        ({"X": X[:, :2]}, "X has shape [12, 2], it must be [N, 3]"),
        ({"X": X[0]}, "X has shape [3], it must be [N, 3]"),
        ({"X": np.float64(3)}, "X has shape [], it must be [N, 3]"),
        ({"t": T[:5]}, "t has shape [5], it must be [12]"),
        ({"X": X.astype(str)}, "X must hold numbers, it holds <U32"),
        ({"X": X + 1j}, "X must hold numbers, it holds complex128"),
        ({"X": X.astype(object)}, f"the array X {DAMAGED}"),
        ({"X": np.where(X > 0, np.nan, X)}, "X holds a number that is not finite"),
        ({"X": np.where(X > 0, np.inf, X)}, "X holds a number that is not finite"),
        ({"t": T + 0.5}, "t must hold integers, it holds float64"),
        ({"t": T.astype(bool)}, "t must hold integers, it holds bool"),
        ({"t": T + 1}, "t holds 2, labels go from 0 to 1"),
        ({"t": -T}, "t holds -1, labels go from 0 to 1"),
        ({"X": X[:0], "t": T[:0]}, "X is empty"),
    ],
)
def test_arrays_that_the_model_does_not_take(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    arrays = {k: v for k, v in ({"X": X, "t": T} | changed).items() if v is not None}
    np.savez(tmp_path / "data.npz", **arrays)
    assert refusal(tmp_path) == message


@pytest.mark.parametrize("case", NO_ARCHIVES)
def test_files_that_are_no_archives(tmp_path: Path, case: str) -> None:
    (tmp_path / "data.npz").write_bytes(NO_ARCHIVES[case])
    assert refusal(tmp_path) == "it is not a .npz file"


@pytest.mark.parametrize("case", ARCHIVES)
def test_archives_that_cannot_be_read(tmp_path: Path, case: str) -> None:
    (tmp_path / "data.npz").write_bytes(ARCHIVES[case]("X"))
    assert refusal(tmp_path) == f"the array X {DAMAGED}"


@pytest.mark.parametrize("kind", ["folder", "ring", "pipe", "nothing"])
def test_what_is_no_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data.npz"
    if kind == "folder":
        path.mkdir()
    elif kind == "ring":
        path.symlink_to(path)
    elif kind == "pipe":
        os.mkfifo(path)
    assert refusal(tmp_path) == "there is no such file"


def test_the_command_ends_with_2_and_names_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data.npz").symlink_to(tmp_path / "data.npz")
    with pytest.raises(SystemExit) as ended:
        main(["check", str(model_in(tmp_path))])
    assert ended.value.code == 2
    assert "data.npz: there is no such file" in capsys.readouterr().err


def test_a_check_from_the_root_finds_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / "data.npz", X=X, t=T)
    path = model_in(tmp_path)
    monkeypatch.chdir("/")  # no folder lies above it, and the path of the data goes up
    with pytest.raises(SystemExit) as ended:
        main(["check", str(path)])
    assert ended.value.code == 0
