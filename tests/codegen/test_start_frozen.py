"""What is not trained: frozen parameters and buffers come from the file that a script starts with, or are compared."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import symnet as sn
from symnet import pipeline
from tests.codegen import script_checks as checks
from tests.codegen.test_start import plain
from tests.models import TARGETS

FILE = Path(__file__).parents[1] / "declare" / "modules" / "partly_frozen.py"
FLAGS = ("--steps", "10", "--log-every", "1", "--metrics", "m.jsonl", "--export", "end.npz")


def run(folder: Path, target: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """The script of a target on the data of the folder."""
    script = next(folder.glob(f"*_{target.replace('-', '_')}.py"))
    return checks.run_within(folder, script, *flags)


def write_scripts(file: Path, folder: Path, targets: tuple[str, ...] = TARGETS) -> None:
    model, _ = pipeline.load(file)
    for path, text in pipeline.scripts(pipeline.derive_model(model), targets, folder).items():
        path.write_text(text, encoding="utf-8")


def losses(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "m.jsonl").read_text(encoding="utf-8").splitlines()]


def train_in_torch(net: torch.nn.Module, loss_of: Any, data: tuple[torch.Tensor, ...]) -> list[float]:
    trained = [p for p in net.parameters() if p.requires_grad]
    optimizer, found = torch.optim.SGD(trained, lr=0.3, momentum=0.9), []
    for _ in range(10):
        optimizer.zero_grad()
        loss = loss_of(net, *data)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scripts of all targets, and a state with other numbers of everything that is no constant."""
    folder = tmp_path_factory.mktemp("frozen")
    write_scripts(FILE, folder)
    own, rng = plain(FILE)["build"](), np.random.default_rng(4)
    with torch.no_grad():
        for name, value in own.state_dict().items():
            if name not in ("mask", "order", "scale"):
                value.copy_(torch.tensor(rng.uniform(0.2, 1.0, tuple(value.shape))))
    sn.save_state(own, folder / "net.npz")
    np.savez(folder / "data.npz", i=rng.integers(0, 6, (12, 3)), t=rng.integers(0, 3, 12))
    return folder


@pytest.mark.parametrize("target", TARGETS)
def test_frozen_parameters_and_buffers_come_from_the_file_and_stay(folder: Path, target: str) -> None:
    done = run(folder, target, "--data", "data.npz", "--batch", "0", "--start", "net.npz", *FLAGS)
    assert done.returncode == 0, done.stderr
    found = plain(FILE)
    own = sn.load_state(found["build"](), folder / "net.npz").double()
    before = {name: value.clone() for name, value in own.state_dict().items()}
    with np.load(folder / "data.npz") as data:
        wanted = train_in_torch(own, found["loss_of"], (torch.tensor(data["i"]), torch.tensor(data["t"])))
    np.testing.assert_allclose(losses(folder), wanted, rtol=1e-12)
    with np.load(folder / "end.npz") as end:
        assert set(end) == set(before) - {"mask", "order", "scale"}
        for name in end:
            np.testing.assert_allclose(end[name], own.state_dict()[name], rtol=1e-11)
            assert name == "out.weight" or np.array_equal(end[name], before[name])


CONSTANTS = {"mask": np.ones((3, 3)), "order": np.array([0, 1, 2]), "scale": np.array(0.25)}


@pytest.mark.parametrize("name", CONSTANTS)
def test_other_numbers_of_a_constant_are_refused(folder: Path, name: str) -> None:
    with np.load(folder / "net.npz") as archive:
        np.savez(folder / "other.npz", **{**archive, name: CONSTANTS[name]})
    done = run(folder, "numpy", "--start", "other.npz", "--steps", "1")
    message = f"error: other.npz: {name} is a constant of the model, and holds other numbers there\n"
    assert (done.returncode, done.stderr) == (2, message)


@pytest.mark.parametrize("target", ["numpy", "torch-module"])
def test_the_row_of_the_padding_is_that_of_the_file(tmp_path: Path, target: str) -> None:
    """It need not be zero; what is looked up has no gradient there, and the tied head trains it."""
    file = FILE.with_name("padded.py")
    write_scripts(file, tmp_path, (target,))
    found, rng = plain(file), np.random.default_rng(6)
    own = found["build"]()
    torch.nn.init.normal_(own.words.weight, generator=torch.Generator().manual_seed(2))
    sn.save_state(own, tmp_path / "net.npz")
    i, t = rng.integers(0, 7, (9, 4)), rng.integers(0, 7, 9)
    np.savez(tmp_path / "data.npz", i=i, t=t)
    done = run(tmp_path, target, "--data", "data.npz", "--start", "net.npz", *FLAGS)
    assert done.returncode == 0, done.stderr
    wanted = train_in_torch(own.double(), found["loss_of"], (torch.tensor(i), torch.tensor(t)))
    np.testing.assert_allclose(losses(tmp_path), wanted, rtol=1e-12)


SPECTRAL = """from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

import symnet as sn


def build():
    return nn.Sequential(spectral_norm(nn.Conv1d(2, 3, 2), n_power_iterations=2), nn.ELU(), nn.Flatten(),
                         spectral_norm(nn.Linear(9, 1)))


def loss_of(net, x, y):
    return nn.functional.mse_loss(net(x), y)


N = sn.dims(N="batch")
x, y = sn.data(N, 2, 4), sn.data(N, 1)
net = sn.from_torch(build())
loss = loss_of(net, x, y)
train = sn.train(optimizer=sn.SGD(lr=0.3, momentum=0.9), steps=10, holdout=0.5)
"""


@pytest.mark.parametrize("target", TARGETS)
def test_a_spectral_norm_follows_the_power_method_and_stays_in_evaluation(tmp_path: Path, target: str) -> None:
    (tmp_path / "spectral.py").write_text(SPECTRAL, encoding="utf-8")
    write_scripts(tmp_path / "spectral.py", tmp_path, (target,))
    namespace: dict[str, Any] = {"__name__": "plain"}
    exec(SPECTRAL, namespace)
    own, rng = namespace["build"](), np.random.default_rng(8)
    sn.save_state(own, tmp_path / "net.npz")
    x, y = rng.normal(size=(8, 2, 4)), rng.normal(size=(8, 1))
    np.savez(tmp_path / "data.npz", x=x, y=y)
    flags = ("--data", "data.npz", "--start", "net.npz", *FLAGS)
    done = run(tmp_path, target, *flags, "--holdout", "0")
    assert done.returncode == 0, done.stderr
    wanted = train_in_torch(own.double(), namespace["loss_of"], (torch.tensor(x), torch.tensor(y)))
    np.testing.assert_allclose(losses(tmp_path), wanted, rtol=1e-12)
    with np.load(tmp_path / "end.npz") as end:
        assert set(end) == set(own.state_dict())
        for name, value in own.state_dict().items():
            np.testing.assert_allclose(end[name], value, rtol=1e-9, atol=1e-12, err_msg=name)
    half = run(tmp_path, target, *flags, "--metrics", "h.jsonl", "--steps", "1")
    assert half.returncode == 0, half.stderr
    order = np.random.default_rng([0, 2]).permutation(8)  # that of ``split``
    one = sn.load_state(namespace["build"]().double(), tmp_path / "end.npz").eval()
    told = json.loads((tmp_path / "h.jsonl").read_text(encoding="utf-8").splitlines()[0])["held_out_loss"]
    held = torch.tensor(x[order[:4]]), torch.tensor(y[order[:4]])
    assert told == pytest.approx(namespace["loss_of"](one, *held).item(), rel=1e-12)


NATIVE = """import symnet as sn

N = sn.dims(N="batch")
x, y = sn.data(N, 3), sn.data(N)
net = sn.Sequential(sn.Linear(3, 4).requires_grad_(False), sn.Tanh(), sn.Linear(4, 1))
s = sn.param(init="ones")
s.requires_grad = False
loss = sn.mean((s * net(x).squeeze(1) - y) ** 2)
train = sn.train(optimizer=sn.SGD(lr=0.3, momentum=0.9), steps=10)
"""


@pytest.mark.parametrize("target", TARGETS)
def test_frozen_parameters_of_symnet(tmp_path: Path, target: str) -> None:
    (tmp_path / "native.py").write_text(NATIVE, encoding="utf-8")
    write_scripts(tmp_path / "native.py", tmp_path, (target,))
    rng = np.random.default_rng(5)
    state = {"0.weight": rng.normal(size=(4, 3)), "0.bias": rng.normal(size=4), "s": np.array(1.5)}
    state |= {"2.weight": rng.normal(size=(1, 4)), "2.bias": rng.normal(size=1)}
    data = {"x": rng.normal(size=(7, 3)), "y": rng.normal(size=7)}
    np.savez(tmp_path / "net.npz", **state)
    np.savez(tmp_path / "data.npz", **data)
    done = run(tmp_path, target, "--data", "data.npz", "--start", "net.npz", *FLAGS)
    assert done.returncode == 0, done.stderr
    nn = torch.nn
    net = nn.Sequential(nn.Linear(3, 4).requires_grad_(False), nn.Tanh(), nn.Linear(4, 1)).double()
    net.load_state_dict({name: torch.tensor(value) for name, value in state.items() if name != "s"})
    wanted = train_in_torch(
        net,
        lambda net, x, y: ((1.5 * net(x).squeeze(1) - y) ** 2).mean(),
        (torch.tensor(data["x"]), torch.tensor(data["y"])),
    )
    np.testing.assert_allclose(losses(tmp_path), wanted, rtol=1e-12)
    with np.load(tmp_path / "end.npz") as end:
        assert set(end) == set(state)
        assert all(np.array_equal(end[name], state[name]) for name in ("0.weight", "0.bias", "s"))


def test_a_frozen_parameter_is_trained_again(tmp_path: Path) -> None:
    (tmp_path / "again.py").write_text(NATIVE.replace("= False", "= False; net.requires_grad_()"), encoding="utf-8")
    model, _ = pipeline.load(tmp_path / "again.py")
    assert [p.path for p in model.parameters] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert [b.path for b in model.buffers] == ["s"]
