"""The command line as a person uses it: output, exit codes, messages, and that nothing is written on an error."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner, Result

from symnet import pipeline
from symnet.cli import main

ROOT = Path(__file__).parent.parent
CUBIC = ROOT / "examples" / "cubic.py"


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(a) for a in args], catch_exceptions=False)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the cubic in an empty folder, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    path = Path("cubic.py")
    path.write_text(CUBIC.read_text(encoding="utf-8"), encoding="utf-8")
    return path


def process(*args: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import sys; from symnet.cli import main; main(sys.argv[1:])", *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **env})


def test_derive_prints_to_stdout_only(model: Path) -> None:
    result = run("derive", model)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("cubic.py")


@pytest.mark.parametrize("format_name", ["text", "ascii", "markdown", "latex", "json"])
def test_derive_formats(model: Path, format_name: str) -> None:
    result = run("derive", model, "--format", format_name)
    assert result.exit_code == 0 and ("yhat" in result.stdout or "\\hat{y}" in result.stdout)
    if format_name == "json":
        assert json.loads(result.stdout)["schema"] == 1
    if format_name == "ascii":
        assert result.stdout.isascii()


def test_derive_writes_a_file(model: Path) -> None:
    assert run("derive", model, "-o", "out/derivation.txt").exit_code == 0
    assert Path("out/derivation.txt").read_text(encoding="utf-8") == run("derive", model).stdout


def test_derive_wrt_and_step(model: Path) -> None:
    only = run("derive", model, "--wrt", "b")
    assert only.exit_code == 0 and "db" in only.stdout and "dd" not in only.stdout
    assert run("derive", model, "--step", "1").exit_code == 0


def test_unknown_parameter(model: Path) -> None:
    result = run("derive", model, "--wrt", "a,bb")
    assert result.exit_code == 2
    assert result.stderr == "error[SN110]: the model has no 'bb'\n  = help: did you mean b?\n"


def test_unknown_step(model: Path) -> None:
    result = run("derive", model, "--step", "9")
    assert result.exit_code == 2
    assert result.stderr == "error[SN205]: there is no step 9: the steps are 1 to 5\n"


def test_output_not_writable(model: Path) -> None:
    Path("file").write_text("mine")
    for command in (("derive", model, "-o", "file/x.txt"), ("generate", model, "-o", "file/sub")):
        result = run(*command)
        assert result.exit_code == 2
        assert result.stderr.startswith("error[SN004]: file/") and "cannot be written" in result.stderr
        assert "= help: choose another place with -o" in result.stderr
    assert sorted(p.name for p in Path().iterdir()) == ["cubic.py", "file"]
    assert Path("file").read_text() == "mine"


def test_mistakes_write_nothing(model: Path) -> None:
    model.write_text("import symnet as sn\nx = sn.param(3)\nloss = x\n")
    result = run("generate", model)
    assert result.exit_code == 2 and "error[SN201]" in result.stderr
    assert [p.name for p in Path().iterdir()] == ["cubic.py"]


def test_usage_errors_exit_2() -> None:
    assert run("derive").exit_code == 2
    assert run("generate", "x.py", "--target", "fortran").exit_code == 2
    assert run("nonsense").exit_code == 2


def test_generate_then_check(model: Path) -> None:
    assert run("generate", model, "--check").exit_code == 1
    made = run("generate", model)
    assert made.exit_code == 0
    names = [f"cubic_{t}.py" for t in ("numpy", "torch", "torch_autograd", "torch_module")]
    assert sorted(p.name for p in Path("generated").iterdir()) == names
    assert run("generate", model, "--check").exit_code == 0
    model.write_text(model.read_text(encoding="utf-8").replace("c * x**2 + ", ""), encoding="utf-8")
    stale = run("generate", model, "--check")
    assert stale.exit_code == 1
    assert "error[SN503]: generated/cubic_numpy.py is not what symnet generates now" in stale.stderr
    assert "-    c = params" in stale.stdout
    assert run("generate", model, "--diff").exit_code == 0


def test_edited_files_are_kept(model: Path) -> None:
    run("generate", model, "--target", "numpy")
    path = Path("generated/cubic_numpy.py")
    edited = path.read_text(encoding="utf-8").replace("yhat", "ynow")
    path.write_text(edited, encoding="utf-8")
    for command in (("generate", model, "--target", "numpy"), ("generate", model, "--target", "numpy", "--check")):
        result = run(*command)
        assert result.exit_code == 1
        assert "error[SN501]: generated/cubic_numpy.py was edited by hand after it was generated" in result.stderr
        assert path.read_text(encoding="utf-8") == edited
    assert run("generate", model, "--target", "numpy", "--force").exit_code == 0
    assert run("generate", model, "--target", "numpy", "--check").exit_code == 0


def test_foreign_files_are_kept(model: Path) -> None:
    Path("mine.py").write_text("print('mine')\n")
    result = run("generate", model, "--target", "numpy", "-o", "mine.py")
    assert result.exit_code == 2
    assert result.stderr.startswith("error[SN504]: mine.py exists and was not generated by symnet\n")
    assert Path("mine.py").read_text() == "print('mine')\n"


def test_one_file_takes_one_target(model: Path) -> None:
    assert run("generate", model, "-o", "one.py").exit_code == 2
    assert not Path("one.py").exists()


def test_stdout(model: Path) -> None:
    result = run("generate", model, "--target", "numpy", "--stdout")
    assert result.exit_code == 0 and result.stdout.startswith(
        "# Code generated by symnet from cubic.py. DO NOT EDIT.\n"
    )
    assert not Path("generated").exists()


def test_only_the_persons_frame_is_shown(model: Path) -> None:
    model.write_text("import symnet as sn\n\nx = sn.param(3)\nloss = sn.sum(x) + [][0]\n")
    result = run("derive", model)
    assert result.exit_code == 2
    assert result.stderr == (
        "error[SN003]: the model raised IndexError: list index out of range\n  --> cubic.py:4:20\n  |\n"
        "4 | loss = sn.sum(x) + [][0]\n  |                    ^^^^^\n"
    )
    assert "Traceback" not in result.output


NESTED = "error[SN207]: a formula of the model is nested too deeply"


def test_a_formula_that_python_cannot_follow_is_a_message(tmp_path: Path) -> None:
    """A polynomial of degree 299 by Horner has 298 levels."""
    terms = " + ".join(f"x**{k}" for k in range(2, 300))
    (tmp_path / "m.py").write_text(f"import symnet as sn\nx = sn.param()\nloss = {terms}\n")
    result = run("derive", tmp_path / "m.py")
    assert result.exit_code == 2 and result.stderr.startswith(NESTED)
    assert [path.name for path in tmp_path.iterdir()] == ["m.py"]


@pytest.mark.parametrize("command", ["derive", "generate", "check"])
def test_every_command_tells_what_python_cannot_follow(
    model: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nested(*_: object) -> NoReturn:
        raise RecursionError

    monkeypatch.setattr(pipeline, "derive_model", nested)
    result = run(command, model)
    assert result.exit_code == 2 and result.stderr.startswith(NESTED)
    assert [*Path().iterdir()] == [model]


def test_closed_pipe_and_plain_terminal() -> None:
    shell = (
        f"{sys.executable} -c 'from symnet.cli import main; main()' derive {CUBIC} | head -n 1; echo ${{PIPESTATUS[0]}}"
    )
    piped = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=120)
    assert piped.stderr == "" and piped.stdout.splitlines()[-1] in ("141", "0")
    plain = process("derive", str(CUBIC), env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert plain.returncode == 0 and plain.stdout.isascii() and plain.stderr == ""


def test_same_text_under_every_hash_seed() -> None:
    mlp = str(ROOT / "examples" / "mlp.py")
    texts = {process("derive", mlp, env={"PYTHONHASHSEED": str(s)}).stdout for s in range(2)}
    assert len(texts) == 1 and len(texts.pop()) > 1000


def test_color_only_where_it_is_wanted(model: Path) -> None:
    plain, colored = run("derive", model).stdout, run("--color", "always", "derive", model).stdout
    assert "\x1b[" not in plain and "\x1b[1m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain
    assert "\x1b[" in run("--color", "always", "derive", "nothing.py").stderr


def test_quiet_and_verbose(model: Path) -> None:
    model.write_text("import symnet as sn\n\nx = sn.param()\nq = sn.param()\nloss = x**2\n")
    assert "warning[SN302]" in run("derive", model).stderr
    assert run("--quiet", "derive", model).stderr == ""
    assert run("--quiet", "generate", model).stderr == ""
    model.write_text("import symnet as sn\n\nloss = [][0]\n")
    assert "Traceback" not in run("derive", model).stderr
    assert "line 3, in <module>" in run("--verbose", "derive", model).stderr


def test_doctor() -> None:
    lines = run("doctor").stdout.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["symnet", "python", "sympy", "numpy"]


def test_derive_in_chinese(model: Path) -> None:
    result = run("--lang", "zh", "derive", model)
    assert result.exit_code == 0 and "反向传播   起点：dL = 1" in result.stdout and "BACKWARD" not in result.stdout
    assert run("--lang", "zh", "derive", model, "-o", "zh.txt").exit_code == 0
    assert Path("zh.txt").read_text(encoding="utf-8") == result.stdout
    for word in ("反向传播", "结果", "法则"):
        colored = run("--lang", "zh", "--color", "always", "derive", model).stdout
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == result.stdout
        assert (f"m{word}\x1b" in colored) == (word != "法则")


def test_chinese_needs_its_characters(model: Path) -> None:
    result = run("--lang", "zh", "derive", model, "--format", "ascii")
    assert result.exit_code == 2 and result.stdout == ""
    assert "Error: --lang zh cannot be written in --format ascii" in result.stderr
    narrow = process("--lang", "zh", "derive", str(CUBIC), env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (narrow.returncode, narrow.stdout) == (2, "")
    assert "Error: the output is in ascii" in narrow.stderr and "-o FILE" in narrow.stderr


def test_paths_that_are_no_model_file(model: Path) -> None:
    Path("folder.py").mkdir()
    too_long = f"{'a' * 300}.py"
    assert run("derive", "folder.py").stderr.startswith("error[SN001]: folder.py is a folder, not a model file")
    assert run("derive", too_long).stderr == f"error[SN001]: {too_long} cannot be read: File name too long\n"


def test_a_folder_where_a_script_would_be_written(model: Path) -> None:
    Path("generated/cubic_numpy.py").mkdir(parents=True)
    result = run("generate", model, "--target", "numpy")
    assert result.exit_code == 2 and "generated/cubic_numpy.py is a folder" in result.stderr


def test_a_terminal_without_the_signs_of_a_derivation_is_told_what_to_set(model: Path) -> None:
    result = process("derive", str(model), "--format", "text", env={"PYTHONIOENCODING": "ascii"})
    assert result.returncode == 2 and "the output is in ascii, which has no " in result.stderr


def test_check_against_an_unknown_method(model: Path) -> None:
    result = run("check", model, "--against", "autograd,guess")
    assert result.exit_code == 2 and "--against takes " in result.stderr and "not guess" in result.stderr


def test_what_does_not_fit_into_memory_is_said(model: Path) -> None:
    model.write_text("import symnet as sn\n\nx, w = sn.data(3), sn.param(2**44)\nloss = (w[:3] * x).sum()\n")
    result = run("check", model)
    assert result.exit_code == 2 and "there is not enough memory" in result.stderr


def test_a_model_is_not_overwritten(model: Path) -> None:
    """A derivation was written in the place of the model that it explains."""
    before = model.read_text(encoding="utf-8")
    for wanted in (("derive", model, "-o", model), ("generate", model, "--target", "numpy", "--force", "-o", model)):
        result = run(*wanted)
        assert result.exit_code == 2 and "is the model itself" in result.stderr
        assert model.read_text(encoding="utf-8") == before


def test_two_models_of_one_name_are_not_written_over_each_other(model: Path) -> None:
    other = Path("other") / model.name
    other.parent.mkdir()
    other.write_text(model.read_text(encoding="utf-8"), encoding="utf-8")
    result = run("generate", model, other, "--target", "numpy", "-o", "scripts")
    assert result.exit_code == 2 and "would be written where another model is" in result.stderr
    assert not Path("scripts").exists()


@pytest.mark.parametrize("option", ["--seed=-1", "--rtol=-1"])
def test_numbers_below_zero_are_refused(model: Path, option: str) -> None:
    result = run("check", model, option)
    assert result.exit_code == 2 and "is not in the range x>=0" in result.stderr
