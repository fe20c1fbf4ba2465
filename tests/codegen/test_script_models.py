"""Scripts of model files of every shape: no data, data that are not split, every recipe, hostile text, long numbers."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from symnet import pipeline
from symnet.codegen.emit import bodies, computed_input
from symnet.codegen.numpy_target import NUMPY
from symnet.codegen.render import render_script
from symnet.codegen.targets import TARGETS
from symnet.codegen.torch_target import TORCH
from symnet.errors import SymnetError
from tests.codegen import script_checks as checks

EXAMPLES = Path(__file__).parents[2] / "examples"
RUFF = shutil.which("ruff") or str(Path(sys.executable).with_name("ruff"))
CONFIG = ("--no-cache", "--config", str(EXAMPLES.parent / "pyproject.toml"))

MODELS = {
    "no_data": """
        x = sn.param(3, init=[1.0, 2.0, 3.0])
        out = sn.mean(3 * (x + 2) ** 2)
        out.backward()
        train = sn.train(lr=0.1, steps=3, report="x = [{x[0]}, {x[1]}, {x[2]}]")
    """,
    "weights_that_are_not_split": """
        N, D = sn.dims(N="batch", D=3)
        X, y, c = sn.data(N, D), sn.data(N), sn.data(D, values=[1.0, 0.5, 2.0])
        w = sn.param(D)
        loss = sn.mean((X @ (c * w) - y) ** 2)
        train = sn.train(optimizer="adam", epochs=3, batch=16, holdout=0.2)
    """,
    "samples_in_columns": """
        D, N = sn.dims(D=3, N="batch")
        X, y = sn.data(D, N), sn.data(N)
        w = sn.param(D)
        loss = sn.mean((w @ X - y) ** 2)
        train = sn.train(steps=4)
    """,
    "one_number": """
        g = sn.data(values=sn.constant(2.5))
        a = sn.param(init="ones")
        loss = (a * g - 1) ** 2
        train = sn.train(lr=0.01, steps=3, new_inputs=1)
    """,
    "facts": """
        N, D, C = sn.dims(N="batch", D=2, C=3)
        X = sn.data(N, D, values=sn.uniform(-1, 1))
        Y, Q = sn.data(N, C, one_hot=True), sn.data(N, C, simplex=True)
        p, S = sn.data(N, positive=True), sn.data(D, D, symmetric=True)
        W = sn.param(D, C, init="xavier")
        Z = X @ S @ W
        loss = sn.cross_entropy(Z, Y) + sn.cross_entropy(Z, Q) + sn.mean(p * sn.sum(Z, 1) ** 2)
        train = sn.train(lr=0.1, steps=4, batch=8)
    """,
    "binary": """
        N, D = sn.dims(N="batch", D=2)
        X, y = sn.data(N, D), sn.data(N, values=sn.constant(1.0))
        w, b = sn.param(D), sn.param(init="zeros")
        z = X @ w + b
        loss = sn.mean(sn.binary_cross_entropy_with_logits(z, y))
        train = sn.train(optimizer=sn.SGD(lr=0.1, momentum=0.9, nesterov=True), epochs=2, batch=10)
    """,
    "attributes": """
        N = sn.dims(N="batch")
        x, y = sn.data(N, values=sn.linspace(0, 1)), sn.data(N, 1, values=sn.linspace(0, 2))
        half, forward, apply = sn.param(init="ones"), sn.param(init="ones"), sn.param(1, 1, init=[[0.5]])
        loss = sn.sum((half * x + forward - y[:, 0] * apply[0, 0]) ** 2)
        train = sn.train(lr=1e-4, steps=3)
    """,
    "names_that_scripts_use": """
        N = sn.dims(N="batch")
        samples, rows, value = sn.data(N), sn.data(N), sn.data(N)
        p, g, run, name, step = sn.params(5)
        loss = sn.mean((p * samples + g * value + run * name * step - rows) ** 2)
        train = sn.train(lr=0.01, epochs=2, batch=16, holdout=0.1, report="p = {p}")
    """,
    "layers_with_paths": """
        N, D, H = sn.dims(N="batch", D=3, H=2)
        X, y = sn.data(N, D), sn.data(N, H)
        net = sn.Sequential(sn.Linear(D, H), sn.Tanh(), sn.Linear(H, H))
        loss = sn.mse_loss(net(X), y)
        train = sn.train(lr=0.01, steps=2, new_inputs=1)
    """,
    "many_numbers": f"""
        x = sn.data(40, values={[k / 7 for k in range(40)]})
        t = sn.data(2, 20, values={[[k * 1e-3 + j for k in range(20)] for j in range(2)]})
        a = sn.param(30, init={[1 / (k + 3) for k in range(30)]})
        loss = sn.sum((sn.sum(a) * x) ** 2) + sn.sum(t * a[0])
        train = sn.train(lr=1e-5, steps=3)
    """,
}


def generate(folder: Path, name: str, text: str, targets: tuple[str, ...] = tuple(TARGETS)) -> dict[str, Path]:
    """Write the model file and its scripts; the path of each target's script."""
    file = folder / f"{name}.py"
    file.write_text("import symnet as sn\n" + textwrap.dedent(text), encoding="utf-8")
    return generate_file(file, folder, targets)


def generate_file(file: Path, folder: Path, targets: tuple[str, ...] = tuple(TARGETS)) -> dict[str, Path]:
    model, _ = pipeline.load(file)
    derivation = pipeline.derive_model(model)
    found = {}
    for target in targets:
        path = found[target] = folder / f"{file.stem}_{target.replace('-', '_')}.py"
        made = bodies(derivation, NUMPY if target == "numpy" else TORCH)
        command = f"symnet generate {file.name} --target {target}"
        text = render_script(model, made, lambda p: computed_input(p, NUMPY), target, command, file.name, path)
        path.write_text(text, encoding="utf-8")
    return found


@pytest.mark.parametrize("name", MODELS)
def test_all_targets_are_right_and_agree(name, tmp_path, capsys):
    paths = generate(tmp_path, name, MODELS[name])
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
def test_every_script_refuses_bad_data(name, tmp_path, capsys):
    path = generate(tmp_path, name, MODELS[name], ("numpy",))["numpy"]
    checks.check_bad_data(path, tmp_path, capsys)


def test_scripts_are_formatted_and_lint_clean_as_they_come(tmp_path):
    for name, text in MODELS.items():
        generate(tmp_path, name, text)
    scripts = sorted(str(path) for path in tmp_path.glob("*_[nt]*.py") if path.stem not in MODELS)
    assert len(scripts) == len(MODELS) * len(TARGETS)
    for command in (["format", "--diff"], ["check", "--output-format=concise"]):
        done = subprocess.run([RUFF, *command, *CONFIG, *scripts], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_facts_of_the_data_are_checked(tmp_path, capsys):
    module = checks.load_script(generate(tmp_path, "facts", MODELS["facts"], ("numpy",))["numpy"])
    good, file = checks.valid_data(module), tmp_path / "d.npz"
    wrong = {
        "Y": (np.full((12, 3), 1 / 3), "Y must have one 1 in each row, and 0 elsewhere"),
        "Q": (np.ones((12, 3)), "Q must have rows with the sum 1"),
        "p": (np.zeros(12), "p must be positive"),
        "S": (np.array([[1.0, 2.0], [3.0, 4.0]]), "S must be symmetric"),
    }
    for name, (value, message) in wrong.items():
        with file.open("wb") as stream:
            np.savez(stream, **{**good, name: value})
        assert checks.refusal(module, capsys, "--data", str(file)) == f"error: {file}: {message}\n"
    with file.open("wb") as stream:
        np.savez(stream, **good)
    assert module.main(["--data", str(file), "--steps", "1"]) == 0


def test_arrays_that_are_not_split_stay_whole(tmp_path):
    module = checks.load_script(generate(tmp_path, "whole", MODELS["weights_that_are_not_split"], ("numpy",))["numpy"])
    X, y, c = (np.arange(12.0).reshape(4, 3), np.arange(4.0), np.arange(3.0))
    some = module.select((X, y, c), np.array([2, 0]))
    np.testing.assert_array_equal(some[0], X[[2, 0]])
    np.testing.assert_array_equal(some[1], [2, 0])
    assert some[2] is c


def test_samples_may_lie_along_the_second_axis(tmp_path):
    module = checks.load_script(generate(tmp_path, "columns", MODELS["samples_in_columns"], ("numpy",))["numpy"])
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


def test_a_report_of_numbers_without_their_indices_is_refused(tmp_path):
    text = 'w = sn.param(2)\nloss = sn.sum(w**2)\ntrain = sn.train(report="{w}")'
    with pytest.raises(SymnetError, match=r"^the report shows {w}, which is no number of a parameter$"):
        generate(tmp_path, "report", text, ("numpy",))
