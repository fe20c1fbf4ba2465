"""Scripts of model files of every shape: no data, data that are not split, every recipe, hostile text, long numbers."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from symnet import pipeline
from symnet.codegen.languages.numpy_target import NUMPY
from symnet.codegen.lowering.emit import bodies, computed_input
from symnet.codegen.render import render_script
from symnet.codegen.targets import TARGETS
from symnet.errors import SymnetError
from symnet.verify.report import Options
from tests.codegen import script_checks as checks
from tests.codegen.model_files import MODELS, generate, generate_file

EXAMPLES = Path(__file__).parents[2] / "examples"
RUFF = shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))
CONFIG = ("--no-cache", "--config", str(EXAMPLES.parent / "pyproject.toml"))


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Path]]:
    """The scripts of a model, generated when they are first asked for."""
    folder = tmp_path_factory.mktemp("scripts")
    return cache(lambda name: generate(folder, name, MODELS[name]))


@pytest.mark.parametrize("name", MODELS)
def test_all_targets_are_right_and_agree(scripts, name, tmp_path, capsys):
    paths = scripts(name)
    for path in paths.values():
        checks.run_in_process(path, "--check-grad")
    checks.check_ten_losses(paths.values(), tmp_path)
    outputs = set()
    for path in paths.values():
        checks.check_resume(path, tmp_path)
        capsys.readouterr()
        checks.run_in_process(path)
        outputs.add(re.sub(r"  [\d.]+s(  \[cpu\])?\n", "\n", capsys.readouterr().out))
    assert len(outputs) == 1


@pytest.mark.parametrize("name", MODELS)
def test_every_script_refuses_bad_data(scripts, name, tmp_path, capsys):
    checks.check_bad_data(scripts(name)["numpy"], tmp_path, capsys)


def test_scripts_are_formatted_and_lint_clean_as_they_come(scripts):
    paths = [str(path) for name in MODELS for path in scripts(name).values()]
    assert len({*paths}) == len(MODELS) * len(TARGETS)
    for command in (["format", "--diff"], ["check", "--output-format=concise"]):
        done = subprocess.run([RUFF, *command, *CONFIG, *paths], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_facts_of_the_data_are_checked(scripts, tmp_path, capsys, target):
    module = checks.load_script(scripts("facts")[target])
    good, file = checks.valid_data(module), tmp_path / "d.npz"
    wrong = {
        "Y": (
            np.eye(3)[[0] * 11 + [1]] * np.r_[np.ones(11), 2][:, None],
            "one 1 in each row, and 0 elsewhere (one_hot)",
        ),
        "Q": (
            np.r_[np.full((3, 3), 1 / 3), [[2.0, -1.0, 0.0]] * 9],
            "rows of numbers from 0 up with the sum 1 (simplex)",
        ),
        "M": (np.full((12, 3), 0.5), "hold 0 and 1 only (mask)"),
        "p": (np.zeros(12), "be positive (positive)"),
        "S": (np.array([[1.0, 2.0], [3.0, 4.0]]), "be symmetric (symmetric)"),
    }
    rows = {
        "Y": "have {}: row [11] is [0.0, 2.0, 0.0]",
        "Q": "have {}: row [3] is [2.0, -1.0, 0.0]",
        "M": "{}: entry [0, 0] is 0.5",
        "p": "{}: entry [0] is 0.0",
        "S": "{}: row [0] is [1.0, 2.0]",
    }
    for name, (value, message) in wrong.items():
        with file.open("wb") as stream:
            np.savez(stream, **{**good, name: value})
        expected = f"error: {file}: {name} must {rows[name].format(message)}\n"
        assert checks.refusal(module, capsys, "--data", str(file)) == expected
        assert checks.refusal(module, capsys, "--data", str(file), "--check-grad") == expected
    with file.open("wb") as stream:
        np.savez(stream, **good)
    assert module.main(["--data", str(file), "--steps", "1"]) == 0


def test_arrays_that_are_not_split_stay_whole(scripts):
    module = checks.load_script(scripts("weights_that_are_not_split")["numpy"])
    X, y, c = (np.arange(12.0).reshape(4, 3), np.arange(4.0), np.arange(3.0))
    some = module.select((X, y, c), np.array([2, 0]))
    np.testing.assert_array_equal(some[0], X[[2, 0]])
    np.testing.assert_array_equal(some[1], [2, 0])
    assert some[2] is c


def test_samples_may_lie_along_the_second_axis(scripts):
    module = checks.load_script(scripts("samples_in_columns")["numpy"])
    X, y = np.arange(12.0).reshape(3, 4), np.arange(4.0)
    assert module.samples_in((X, y)) == 4
    np.testing.assert_array_equal(module.select((X, y), np.array([3, 1]))[0], X[:, [3, 1]])


HOSTILE = '"; import os; \\ {braces} % \x07\n\u2028 {0!r} """ \'\'\' '


def test_the_report_is_data(tmp_path, capsys):
    literal = HOSTILE.replace("{", "{{").replace("}", "}}")
    for ending, shown in (("", ""), ("a is {a}", "a is 1.2")):
        text = f"""
            a = sn.param(init="ones")
            loss = (a - 2) ** 2
            train = sn.train(lr=0.1, steps=1, report={literal + ending!r})
        """
        for path in generate(tmp_path, "hostile", text).values():
            checks.run_in_process(path)
            assert capsys.readouterr().out.partition("\n")[2] == HOSTILE + shown + "\n"
            source = path.read_text(encoding="utf-8")
            imported = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import)]
            assert sum(alias.name == "os" for node in imported for alias in node.names) == 1
            assert formatted(path)


def formatted(path: Path) -> bool:
    """Whether ruff's formatter leaves the file as it is."""
    done = subprocess.run([RUFF, "format", "--check", *CONFIG, str(path)], capture_output=True, check=False)
    return done.returncode == 0


def test_formulas_and_paths_are_data(tmp_path):
    formulas = (HOSTILE, "\\", '"' * 5, "x " * 200, "")
    model, _ = pipeline.load(EXAMPLES / "cubic.py")
    made = bodies(pipeline.derive_model(model), NUMPY)
    path = tmp_path / "x.py"
    text = render_script(
        replace(model, path=Path('a"""; import os\n.py')), made, lambda p: computed_input(p, NUMPY), "numpy", "c", "s",
        path, formulas,
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    shown = ast.get_docstring(ast.parse(text))
    assert 'import os; \\ {braces} % \\x07\\n\\u2028 {0!r} """' in shown and '"' * 5 in shown
    assert max(map(len, text.splitlines())) <= 120
    assert formatted(path)
    checks.run_in_process(path, "--steps", "1")


def test_a_data_file_is_found_from_the_script(tmp_path, capsys, monkeypatch):
    (tmp_path / "models" / "data").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    file = tmp_path / "models" / "line.py"
    file.write_text(
        "import symnet as sn\n"
        'N = sn.dims(N="batch")\n'
        "x, y = sn.data(N), sn.data(N)\n"
        "w = sn.param(init='zeros')\n"
        "yhat = w * x\n"
        "loss = sn.mean((yhat - y) ** 2)\n"
        "train = sn.train(lr=0.1, steps=500, data='data/line.npz', new_inputs=2, report='w = {w}')\n"
    )
    path = generate_file(file, tmp_path / "out", ("numpy",))["numpy"]
    module = checks.load_script(path)
    default = tmp_path / "models" / "data" / "line.npz"
    assert checks.refusal(module, capsys) == f"error: {default}: no such file\n"
    with default.open("wb") as stream:
        np.savez(stream, x=np.array([1.0, -1.0, 2.0]), y=np.array([3.0, -3.0, 6.0]))
    monkeypatch.chdir("/")
    assert module.main([]) == 0
    result, predicted = capsys.readouterr().out.splitlines()[-2:]
    words, _, numbers = predicted.partition(": ")
    assert (result, words) == ("w = 3", "values predicted for 2 samples")
    np.testing.assert_allclose(ast.literal_eval(numbers), [3, -3], rtol=1e-12)


def test_sizes_come_from_the_arrays(tmp_path):
    module = checks.load_script(generate_file(EXAMPLES / "mlp.py", tmp_path, ("numpy",))["numpy"])
    params = module.init_params(0)
    for samples in (1, 3, 7):
        data = module.check_data(module.make_data(np.random.default_rng(samples), samples), "")
        loss, grads = module.loss_and_grads(params, *data)
        assert np.isfinite(loss) and {g.shape for g in grads.values()} == {p.shape for p in params.values()}


def test_a_script_needs_all_gradients(tmp_path):
    file = tmp_path / "two.py"
    file.write_text("import symnet as sn\na, b = sn.params(2)\nloss = (a * b) ** 2\n")
    model, _ = pipeline.load(file)
    made = bodies(pipeline.derive_model(model, ("a",)), NUMPY)
    with pytest.raises(SymnetError, match=r"^a training script needs the gradients of all parameters, b included$"):
        render_script(model, made, lambda p: computed_input(p, NUMPY), "numpy", "", "", tmp_path / "x.py")


def test_a_report_shows_the_numbers_of_a_layer(tmp_path, capsys):
    text = """
        D = sn.dims(D=2)
        x = sn.data(D, values=[1.0, 2.0])
        class Line(sn.Module):
            def __init__(self):
                self.fc = sn.Linear(D, 1)
            def forward(self, x):
                return self.fc(x)
        line = Line()
        loss = sn.sum(line(x) ** 2)
        train = sn.train(lr=0.01, steps=1, report=f"w = {line.fc.weight[0, 1].item()} b = {line.fc.bias[0].item()}")
    """
    for path in generate(tmp_path, "line", text).values():
        module = checks.run_in_process(path, "--steps", "0")
        params = module.init_params(0)
        expected = f"w = {params['fc.weight'][0, 1].item():.6g} b = {params['fc.bias'][0].item():.6g}"
        assert capsys.readouterr().out.splitlines()[-1] == expected


def test_a_parameter_of_the_size_of_the_batch_is_refused(tmp_path):
    text = 'N = sn.dims(N="batch")\nx, w = sn.data(N), sn.param(N)\nloss = sn.sum(w * x)\n'
    message = r"^the size of the parameter w depends on N, which the data bring$"
    path = tmp_path / "wide.py"
    path.write_text("import symnet as sn\n" + text)
    model, _ = pipeline.load(path)
    with pytest.raises(SymnetError, match=message) as caught:
        pipeline.require_known_sizes(model)
    assert caught.value.problems[0].places[0].source.line == 3
    assert (
        pipeline.check(pipeline.derive_model(model), Options(trials=2)).exit_code == 0
    )  # comparing needs no script's draw


def test_a_report_of_numbers_without_their_indices_is_refused(tmp_path):
    text = 'w = sn.param(2)\nloss = sn.sum(w**2)\ntrain = sn.train(report="{w}")'
    with pytest.raises(SymnetError, match=r"^the report shows {w}, which is no number of a parameter$"):
        generate(tmp_path, "report", text, ("numpy",))


SCORED = """
import torch.nn.functional as F
import symnet as sn
N = sn.dims(N="batch")
x, W = sn.data(N, 3), sn.param(3, 4)
t = sn.labels(N, classes=4)
w = sn.data(N, positive=True)
z = {scores}
loss = (F.cross_entropy(z, t, reduction="none") * w).mean()
"""


@pytest.mark.parametrize(
    ("scores", "counted"), [("x @ W", True), ("x @ W + F.one_hot(t, 4)", False)], ids=["by_labels", "labels_read"]
)
def test_accuracy_is_counted_by_the_labels_alone(scores, counted, tmp_path):
    """Not by weights declared after them, and not at all where the prediction is made with the labels."""
    text = generate(tmp_path, "scored", SCORED.format(scores=scores), ("numpy",))["numpy"].read_text()
    assert ("predict(params, data[0]).argmax(-1) == data[1]" in text) == counted
    assert ("accuracy" in text) == counted
