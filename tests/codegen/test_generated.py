"""Everything in ``generated/``: run in clean processes with warnings as errors, compared over the targets, resumed, and
given bad input."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from symnet.codegen.header import is_edited, read_header
from symnet.codegen.targets import TARGETS
from tests.codegen import script_checks as checks

ROOT = Path(__file__).parents[2]
MODELS = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))
RUN = """
import runpy, sys
for path, data in zip(sys.argv[1::2], sys.argv[2::2]):
    main = runpy.run_path(path, run_name="script")["main"]
    for flags in (["--check-grad", *data.split()], ["--steps", "2", "--dtype", "float32"]):
        code = main(flags)
        assert code == 0, (path, flags, code)
assert ("torch" in sys.modules) == ("torch" in sys.argv[1])
"""


def scripts(model: str) -> dict[str, Path]:
    return {target: ROOT / "generated" / f"{model}_{target.replace('-', '_')}.py" for target in TARGETS}


def test_every_example_has_its_scripts_and_nothing_else_is_there():
    expected = {path.name for model in MODELS for path in scripts(model).values()}
    assert MODELS and {path.name for path in (ROOT / "generated").glob("*.py")} == expected


@pytest.mark.parametrize("library", ["np", "torch"])
def test_every_script_runs_with_warnings_as_errors(library, tmp_path):
    """Differences of a few samples: each of the entries of all parameters needs two losses."""
    targets = [name for name, target in TARGETS.items() if target.library == library]
    files = [(found[target], found["numpy"]) for found in map(scripts, MODELS) for target in targets]
    given = [word for path, data in files for word in (str(path), few(data, tmp_path))]
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-W", "error", "-c", RUN, *given]
    done = subprocess.run(command, cwd=tmp_path / "empty", capture_output=True, text=True, timeout=900, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    tables = [line for line in done.stdout.splitlines() if line.endswith("  ok")]
    assert len(tables) >= len(files) > 20 and "DIFFERENT" not in done.stdout
    assert list((tmp_path / "empty").iterdir()) == []


def few(path: Path, folder: Path) -> str:
    """The flags that bring the first three samples of a script's data file, where it has one."""
    module, file = checks.load_script(path), folder / f"{path.stem}.npz"
    if hasattr(module, "make_data"):
        return ""
    data = module.select(module.check_data(module.read_data(module.DATA), ""), slice(3))
    with file.open("wb") as stream:
        np.savez(stream, **dict(zip(module.INPUTS, data, strict=True)))
    return f"--data {file} --holdout 0"


@pytest.mark.parametrize("model", MODELS)
def test_ten_losses_are_equal_over_the_targets(model, tmp_path):
    checks.check_ten_losses(scripts(model).values(), tmp_path)


@pytest.mark.parametrize("model", MODELS)
def test_a_resumed_run_is_bit_equal(model, tmp_path):
    for path in scripts(model).values():
        checks.check_resume(path, tmp_path, first=2, last=4)


def unlike(model: str, *functions: str) -> dict[str, Path]:
    """A script for each text that these functions have: most are the same for all targets."""
    found: dict[tuple[str, ...], tuple[str, Path]] = {}
    for target, path in scripts(model).items():
        module = checks.load_script(path)
        found.setdefault(tuple(inspect.getsource(getattr(module, f)) for f in functions), (target, path))
    return dict(found.values())


@pytest.mark.parametrize("model", MODELS)
def test_bad_input_is_refused(model, tmp_path, capsys):
    for target, path in unlike(model, "main", "work", "read_data", "check_data").items():
        folder = tmp_path / target
        folder.mkdir()
        checks.check_bad_data(path, folder, capsys)
        checks.check_bad_files(path, folder, capsys)


@pytest.mark.parametrize("model", MODELS)
def test_damaged_checkpoints_are_refused(model, tmp_path, capsys):
    found = unlike(model, "work", "fit", "load_checkpoint", "save_checkpoint", "require_same", "write_file")
    assert {"numpy", "torch", "torch-module"} <= set(found)
    for target, path in found.items():
        folder = tmp_path / target
        folder.mkdir()
        checks.check_damaged_checkpoints(path, folder, capsys, "another 01234567")


@pytest.mark.parametrize("model", MODELS)
def test_headers_are_whole(model):
    for target, path in scripts(model).items():
        text = path.read_text(encoding="utf-8")
        header = read_header(text)
        assert header is not None and not is_edited(text)
        assert header.source == f"examples/{model}.py"
        assert header.command == f"symnet generate examples/{model}.py --target {target} -o generated/{path.name}"
