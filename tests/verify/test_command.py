"""``symnet check`` from the command line: exit codes and formats."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from symnet.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)])


def test_agreement_is_exit_code_0() -> None:
    result = run(EXAMPLES / "cubic.py", "--trials", 2)
    assert result.exit_code == 0
    assert "all 4 gradients agree" in result.stdout
    assert result.stderr == ""


def test_an_unknown_method_is_exit_code_2() -> None:
    assert run(EXAMPLES / "cubic.py", "--against", "faith").exit_code == 2
    assert run("nowhere.py").exit_code == 2


def test_a_device_that_is_not_there_is_exit_code_3() -> None:
    result = run(EXAMPLES / "mean_square.py", "--against", "autograd", "--device", "nowhere", "--trials", 1)
    assert result.exit_code == 3
    assert "undecided: autograd was not compared: no float64 on device nowhere" in result.stdout


BROKEN_FACT = """import symnet as sn
X = sn.data(2, 2, values=[[0.5, 0.5], [0.9, 0.3]], simplex=True)
w = sn.param(2)
loss = sn.sum((X @ w) ** 2)
"""


def test_data_that_break_a_declared_fact_are_exit_code_1(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(BROKEN_FACT)
    result = run(path, "--trials", 1)
    assert result.exit_code == 1
    promised = "X must have rows of numbers from 0 up with the sum 1"
    assert f"error[SN403]: the data do not keep what the model declares: {promised}" in result.stderr
    assert f"{path}:2:" in result.stderr


@pytest.mark.parametrize("format_name", ["json", "junit"])
def test_formats_hold_every_model(format_name: str) -> None:
    models = [EXAMPLES / "mean_square.py", EXAMPLES / "cube_plus_bias.py"]
    result = run(*models, "--format", format_name, "--trials", 1)
    assert result.exit_code == 0
    if format_name == "json":
        names = [m["model"] for m in json.loads(result.stdout)["models"]]
    else:
        names = [s.get("name") for s in ElementTree.fromstring(result.stdout)]
    assert names == [m.as_posix() for m in models]
