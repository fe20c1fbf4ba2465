"""What every generated script must do, as functions of the script's file: used for the hand-written models of these
tests and for everything in ``generated/``."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import itertools
import json
import math
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.damaged_archives import ARCHIVES, DAMAGED


def load_script(path: Path) -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location(f"script_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run_in_process(path: Path, *flags: str, expect: int = 0) -> ModuleType:
    """Run ``main`` with these flags and compare the exit code."""
    module = load_script(path)
    assert module.main([*flags]) == expect
    return module


def run_within(folder: Path, path: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """What a process in the folder would say and return, run in this one; every warning is an error in both."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = load_script(path).main([*flags])
    return subprocess.CompletedProcess([str(path), *flags], code, out.getvalue(), err.getvalue())


def run_clean(path: Path, *flags: str, expect: int = 0) -> str:
    """Run the script in a process of its own with every warning an error, from another folder; its output."""
    command = [sys.executable, "-W", "error", str(path.resolve()), *flags]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == expect, done.stdout + done.stderr
    assert done.stderr == ("" if expect == 0 else done.stderr)
    return done.stdout if expect == 0 else done.stderr


def losses(path: Path, folder: Path, *flags: str) -> list[float]:
    """The losses of the metrics file of one run."""
    metrics = folder / f"{path.stem}.jsonl"
    run_in_process(path, *flags, "--metrics", str(metrics))
    return [json.loads(line)["loss"] for line in metrics.read_text(encoding="utf-8").splitlines()]


def check_ten_losses(paths: Iterable[Path], folder: Path) -> None:
    """Ten steps of every script of one model give the same losses to 1e-12 in float64."""
    found = {path.stem: losses(path, folder, "--steps", "10", "--log-every", "1") for path in paths}
    first, *others = found.values()
    assert len(first) == 10 and all(map(math.isfinite, first))
    for other in others:
        np.testing.assert_allclose(other, first, rtol=1e-12, atol=0, err_msg=str(found))


def arrays_of(checkpoint: Path) -> dict[str, np.ndarray]:
    """Every number of a checkpoint by name."""
    if checkpoint.suffix == ".npz":
        with np.load(checkpoint) as archive:
            return dict(archive)
    import torch

    found: dict[str, np.ndarray] = {}

    def walk(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, part in value.items():
                walk(f"{name}/{key}", part)
        else:
            found[name] = value.detach().numpy() if isinstance(value, torch.Tensor) else np.array(str(value))

    walk("", torch.load(checkpoint, weights_only=True))
    return found


def check_resume(path: Path, folder: Path, *flags: str, first: int = 5, last: int = 11) -> None:
    """Five steps, a checkpoint and six more steps give, bit for bit, what eleven steps give."""
    suffix = ".npz" if "numpy" in path.stem else ".pt"
    whole, half, joined = (folder / f"{path.stem}_{part}{suffix}" for part in ("whole", "half", "joined"))
    run_in_process(path, *flags, "--steps", str(last), "--save", str(whole))
    run_in_process(path, *flags, "--steps", str(first), "--save", str(half))
    run_in_process(path, *flags, "--steps", str(last), "--resume", str(half), "--save", str(joined))
    expected, found = arrays_of(whole), arrays_of(joined)
    assert expected.keys() == found.keys() and len(expected) > 1
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    assert not list(folder.glob("*.tmp"))


def check_damaged_checkpoints(path: Path, folder: Path, capsys: pytest.CaptureFixture[str], other: str) -> None:
    """A checkpoint that is no checkpoint, cut short, of another model or seed is refused; nothing is written."""
    suffix = ".npz" if "numpy" in path.stem else ".pt"
    good, bad, out = folder / f"good{suffix}", folder / f"bad{suffix}", folder / f"out{suffix}"
    module = run_in_process(path, "--steps", "2", "--save", str(good))
    damaged = f"error: {bad} is damaged, or no checkpoint of this script\n"
    contents = good.read_bytes()
    for text in (b"", b"not a checkpoint", contents[: len(contents) // 2], *_flipped(good)):
        bad.write_bytes(text)
        assert refusal(module, capsys, "--resume", str(bad), "--save", str(out)) == damaged
    with bad.open("wb") as file:
        np.savez(file, x=np.zeros(3))
    assert refusal(module, capsys, "--resume", str(bad), "--save", str(out)) == damaged
    message = refusal(module, capsys, "--resume", str(good), "--seed", "7", "--save", str(out))
    assert message == f"error: {good} was saved with seed 0, this run has seed 7\n"
    absent = folder / "absent"
    assert refusal(module, capsys, "--resume", str(absent)) == f"error: {absent}: no such file\n"
    mine, module.MODEL = module.MODEL, other
    message = refusal(module, capsys, "--resume", str(good), "--save", str(out))
    assert message == f"error: {good} was saved with model {mine}, this run has model {other}\n"
    assert not out.exists()


def _flipped(file: Path) -> list[bytes]:
    """The same zip file with one bit changed in the contents of one member: the first and last two of every folder."""
    found, contents = [], file.read_bytes()
    folders: dict[str, list[zipfile.ZipInfo]] = {}
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            folders.setdefault(member.filename.rpartition("/")[0], []).append(member)
    for members in folders.values():
        for member in {m.filename: m for m in (*members[:2], *members[-2:])}.values():
            name, extra = (int.from_bytes(contents[member.header_offset + k :][:2], "little") for k in (26, 28))
            place = member.header_offset + 30 + name + extra + member.compress_size // 2
            found.append(contents[:place] + bytes([contents[place] ^ 1]) + contents[place + 1 :])
    return found


def refusal(module: ModuleType, capsys: pytest.CaptureFixture[str], *flags: str) -> str:
    """What the script says when it refuses to start."""
    capsys.readouterr()
    assert module.main([*flags]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def valid_data(module: ModuleType, samples: int = 12) -> dict[str, np.ndarray]:
    """Arrays that the script takes."""
    if hasattr(module, "make_data"):
        return dict(module.make_data(np.random.default_rng(1), samples))
    rng = np.random.default_rng(1)
    sizes = {name: [samples if isinstance(n, str) else n for n in shape] for name, (shape, _) in module.INPUTS.items()}
    return {
        name: rng.integers(0, classes, sizes[name]) if classes else rng.normal(size=sizes[name])
        for name, (_, classes) in module.INPUTS.items()
    }


def check_bad_data(path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of unusable data file is refused with a message that names the array; nothing is written."""
    module, file, out = load_script(path), folder / "data.npz", folder / "out"
    good = valid_data(module)

    def message(**changed: Any) -> str:
        with file.open("wb") as stream:
            np.savez(stream, **{name: value for name, value in {**good, **changed}.items() if value is not None})
        written = refusal(module, capsys, "--data", str(file), "--save", str(out), "--metrics", str(out))
        assert not out.exists()
        prefix = f"error: {file}: "
        assert written.startswith(prefix) and written.endswith("\n")
        return written[len(prefix) : -1]

    for first, archive in itertools.product(list(module.INPUTS)[:1], ARCHIVES.values()):
        file.write_bytes(archive(first))
        written = refusal(module, capsys, "--data", str(file), "--save", str(out))
        assert written == f"error: {file}: the array {first} {DAMAGED}\n"
    for name, (shape, classes) in module.INPUTS.items():
        value, kind = good[name], "integers" if classes else "numbers"
        unreadable = f"the array {name} {DAMAGED}"
        assert message(**{name: None}) == f"the array {name} is missing"
        assert message(**{name: value.astype(object)}) == unreadable
        text = value.astype(str)
        assert message(**{name: text}) == f"{name} must hold {kind}, it holds {text.dtype}"
        assert message(**{name: value.astype(complex)}) == f"{name} must hold {kind}, it holds complex128"
        wrong = value[None]
        assert message(**{name: wrong}).startswith(f"{name} has shape {list(wrong.shape)}, it must be [")
        if classes:
            _check_labels(message, name, value, classes)
        else:
            for number in (math.nan, math.inf, -math.inf):
                spoilt = np.array(value)
                spoilt.reshape(-1)[-1] = number
                assert message(**{name: spoilt}) == f"{name} holds a number that is not finite"
        if shape and isinstance(shape[0], str):
            assert message(**{name: value[:0]}).startswith(f"{name} ")


def _check_labels(message: Any, name: str, value: np.ndarray, classes: int) -> None:
    assert message(**{name: value.astype(float)}) == f"{name} must hold integers, it holds float64"
    for label in (-1, classes, 2**40):
        spoilt = value.copy()
        spoilt.reshape(-1)[1] = label
        assert message(**{name: spoilt}) == f"{name} holds [{label}], labels go from 0 to {classes - 1}"


def check_bad_files(path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A data file that is absent or no .npz file, and an output without a folder, are refused."""
    module, file = load_script(path), folder / "other.npz"
    assert refusal(module, capsys, "--data", str(file)) == f"error: {file}: no such file\n"
    file.write_text("x = 1")
    assert refusal(module, capsys, "--data", str(file)) == f"error: {file} is not a .npz file\n"
    for flag in ("--save", "--export"):
        assert refusal(module, capsys, flag, str(folder)) == f"error: {folder} is there, and no file\n"
    for flag in ("--save", "--metrics", "--plot"):
        target = folder / "absent" / "file"
        assert refusal(module, capsys, flag, str(target)) == f"error: {target}: no such folder\n"
