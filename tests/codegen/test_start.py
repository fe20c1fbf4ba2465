"""Scripts that start from the numbers of a module of torch, train as torch.optim does, and give them back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import symnet as sn
from symnet import pipeline
from symnet.errors import SymnetError
from tests.codegen import script_checks as checks
from tests.models import TARGETS

FILE = Path(__file__).parents[1] / "declare" / "modules" / "tied.py"


def plain(file: Path) -> dict[str, Any]:
    """What a model file defines when plain Python runs it."""
    namespace: dict[str, Any] = {"__name__": "plain"}
    exec(compile(file.read_text(encoding="utf-8"), "plain", "exec"), namespace)
    return namespace


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scripts of all targets, the state of a module, data, and ten losses of torch.optim on that module."""
    folder = tmp_path_factory.mktemp("start")
    model, _ = pipeline.load(FILE)
    for path, text in pipeline.scripts(pipeline.derive_model(model), TARGETS, folder).items():
        path.write_text(text, encoding="utf-8")
    namespace = plain(FILE)
    torch.manual_seed(3)
    own, rng = namespace["build"](), np.random.default_rng(4)
    sn.save_state(own, folder / "net.npz")
    x, y = rng.integers(0, 6, (12, 3)), rng.integers(0, 6, (12, 3))
    np.savez(folder / "data.npz", i=x, t=y)
    own.double()
    optimizer, losses = torch.optim.SGD(own.parameters(), lr=0.3, momentum=0.9), []
    for _ in range(10):
        optimizer.zero_grad()
        loss = namespace["loss_of"](own, torch.tensor(x), torch.tensor(y))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    (folder / "losses.json").write_text(json.dumps(losses))
    torch.save(own.state_dict(), folder / "end.pt")
    return folder


def run(folder: Path, target: str, *flags: str) -> subprocess.CompletedProcess[str]:
    script = folder / f"tied_{target.replace('-', '_')}.py"
    return checks.run_within(folder, script, "--data", "data.npz", "--batch", "0", *flags)


@pytest.mark.parametrize("target", TARGETS)
def test_ten_losses_are_those_of_torch_optim(folder: Path, target: str) -> None:
    flags = ("--start", "net.npz", "--steps", "10", "--log-every", "1", "--metrics", "m.jsonl", "--export", "end.npz")
    done = run(folder, target, *flags)
    assert done.returncode == 0, done.stderr
    losses = [json.loads(line)["loss"] for line in (folder / "m.jsonl").read_text().splitlines()]
    np.testing.assert_allclose(losses, json.loads((folder / "losses.json").read_text()), rtol=1e-12)
    end = torch.load(folder / "end.pt")
    back = sn.load_state(plain(FILE)["build"]().double(), folder / "end.npz").state_dict()
    assert set(back) == set(end)
    for name in end:
        np.testing.assert_allclose(back[name], end[name], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("target", ["numpy", "torch-module"])
def test_running_statistics_are_torchs_and_used_in_evaluation(tmp_path: Path, target: str) -> None:
    file = FILE.with_name("normed.py")
    model, _ = pipeline.load(file)
    (path, text), *_ = pipeline.scripts(pipeline.derive_model(model), (target,), tmp_path).items()
    path.write_text(text, encoding="utf-8")
    own, rng = plain(file)["build"](), np.random.default_rng(6)
    sn.save_state(own, tmp_path / "net.npz")
    own.double()
    x, y = rng.normal(size=(8, 2, 4)), rng.normal(size=(8, 1))
    np.savez(tmp_path / "data.npz", x=x, y=y)
    optimizer = torch.optim.SGD(own.parameters(), lr=0.1)
    for _ in range(4):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(own(torch.tensor(x)), torch.tensor(y)).backward()
        optimizer.step()
    flags = ("--start", "net.npz", "--steps", "4", "--lr", "0.1", "--export", "end.npz")
    done = checks.run_within(tmp_path, path, "--data", "data.npz", "--batch", "0", *flags)
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "end.npz") as end:
        for name, value in own.state_dict().items():
            if name != "1.num_batches_tracked":
                np.testing.assert_allclose(end[name], value, rtol=1e-10, err_msg=name)
        module: dict[str, Any] = {"__name__": "script", "__file__": str(path)}
        sys.modules["script"] = type(sys)("script")  # dataclasses look their module up
        exec(compile(text, str(path), "exec"), module)
        tensor = torch.tensor if target != "numpy" else np.asarray
        found = module["predict"]({n: tensor(end[n]) for n in end if n not in module["TIED"]}, tensor(x))
    np.testing.assert_allclose(np.asarray(found), own.eval()(torch.tensor(x)).detach(), rtol=1e-10)


def test_a_layer_in_evaluation_has_the_statistics_of_the_file(tmp_path: Path) -> None:
    source = FILE.with_name("normed.py").read_text(encoding="utf-8").replace("(build())", "(build().eval())")
    (tmp_path / "fixed.py").write_text(source, encoding="utf-8")
    model, _ = pipeline.load(tmp_path / "fixed.py")
    (path, text), *_ = pipeline.scripts(pipeline.derive_model(model), ("numpy",), tmp_path).items()
    path.write_text(text, encoding="utf-8")
    own, rng = plain(FILE.with_name("normed.py"))["build"]().eval(), np.random.default_rng(7)
    own[1].running_mean.uniform_(-1, 1)
    own[1].running_var.uniform_(0.5, 2)
    sn.save_state(own, tmp_path / "net.npz")
    x, y = rng.normal(size=(8, 2, 4)), rng.normal(size=(8, 1))
    np.savez(tmp_path / "data.npz", x=x, y=y)
    wanted = torch.nn.functional.mse_loss(own.double()(torch.tensor(x)), torch.tensor(y)).item()
    flags = ("--start", "net.npz", "--steps", "1", "--log-every", "1", "--metrics", "m.jsonl", "--export", "end.npz")
    done = checks.run_within(tmp_path, path, "--data", "data.npz", "--batch", "0", *flags)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(
        json.loads((tmp_path / "m.jsonl").read_text().split("\n")[0])["loss"], wanted, rtol=1e-12
    )
    with np.load(tmp_path / "end.npz") as end:
        np.testing.assert_array_equal(end["1.running_mean"], own[1].running_mean)  # evaluation renews nothing


def changed(folder: Path, name: str, value: Any) -> Path:
    """The file of parameters with another array under a name, or without it."""
    with np.load(folder / "net.npz") as archive:
        arrays = {n: archive[n] for n in archive}
    arrays[name] = value
    np.savez(folder / "wrong.npz", **{n: a for n, a in arrays.items() if a is not None})
    return folder / "wrong.npz"


WRONG = [
    ("wte.weight", None, "the array wte.weight is missing"),
    ("wte.weight", np.zeros((2, 4)), "wte.weight has shape [2, 4], it must be [6, 4]"),
    ("wte.weight", np.zeros((6, 4)), "head.weight and wte.weight differ, in the model they are one"),
    ("fc.bias", np.full(4, np.nan), "fc.bias holds a number that is not finite"),
    ("fc.bias", np.array(list("abcd")), "fc.bias must hold numbers, it holds <U1"),
    ("fc2.bias", np.zeros(4), "the model has no parameter fc2.bias"),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG, ids=[m for *_, m in WRONG])
def test_wrong_files_are_refused(folder: Path, name: str, value: Any, message: str) -> None:
    changed(folder, name, value)
    done = run(folder, "numpy", "--start", "wrong.npz", "--steps", "1")
    assert (done.returncode, done.stderr) == (2, f"error: wrong.npz: {message}\n")


def test_flags_that_do_not_go_together(folder: Path) -> None:
    done = run(folder, "numpy", "--start", "net.npz", "--resume", "net.npz")
    assert (done.returncode, done.stderr) == (2, "error: give --start or --resume, not both\n")
    done = run(folder, "torch", "--start", "none.npz")
    assert (done.returncode, done.stderr) == (2, "error: none.npz: no such file\n")


def test_the_way_back_checks_names_and_shapes(folder: Path) -> None:
    with pytest.raises(SymnetError, match=r"wte.weight has the shape \[2, 4\], in the module \[6, 4\]"):
        sn.load_state(plain(FILE)["build"](), changed(folder, "wte.weight", np.zeros((2, 4))))
    with pytest.raises(SymnetError, match="which the module has not"):
        sn.load_state(torch.nn.Linear(2, 2), folder / "net.npz")
    with pytest.raises(SymnetError, match="a list has no state_dict"):
        sn.save_state([], folder / "none.npz")
