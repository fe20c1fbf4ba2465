"""Modules with running statistics beside torch.nn's own: ten training steps, what the buffers are then, evaluation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from symnet.errors import SymnetError
from tests.codegen import script_checks as checks
from tests.codegen.model_files import generate

Layer = Callable[[], nn.Module]
MODEL = """
    N, C = sn.dims(N="batch", C=4)
    X = sn.data({shape})
    class Net(sn.Module):
        def __init__(self):
            self.norm = sn.{layer}
            self.scale = sn.param(C)
        def forward(self, x):
            return sn.tanh(self.norm(x) * self.scale{places})
    net = Net()
    prediction = net(X)
    loss = sn.mean((prediction - 0.5 * X) ** 2)
    train = sn.train(lr=0.5, steps=10, samples=6)
"""
CASES = [
    ("BatchNorm1d(C)", "N, C", ()),
    ("BatchNorm1d(C, momentum=None)", "N, C", ()),
    ("BatchNorm1d(C, momentum=0.3, affine=False)", "N, C, 5", (1,)),
    ("BatchNorm2d(C, eps=0.1)", "N, C, 3, 2", (1, 1)),
    ("BatchNorm3d(C)", "N, C, 2, 1, 2", (1, 1, 1)),
    ("BatchNorm1d(C, track_running_stats=False)", "N, C", ()),
    ("InstanceNorm1d(C, affine=True, track_running_stats=True)", "N, C, 5", (1,)),
    ("InstanceNorm2d(C, momentum=None, track_running_stats=True)", "N, C, 3, 2", (1, 1)),
    ("InstanceNorm3d(C)", "N, C, 2, 2, 2", (1, 1, 1)),
]


@pytest.mark.parametrize(("layer", "shape", "places"), CASES)
def test_training_and_evaluation_are_torchs(layer, shape, places, tmp_path):
    text = MODEL.format(layer=layer, shape=shape, places="[:, " + "None, " * len(places) + "]" if places else "")
    script = checks.load_script(generate(tmp_path, "normed", text, ("numpy",))["numpy"])
    data = script.check_data(script.make_data(np.random.default_rng(3), 6), "drawn")
    run = script.new_run(script.init_params(1))
    own = eval(f"nn.{layer}", {"nn": nn, "C": 4}).double()
    scale = torch.tensor(run.params["scale"], requires_grad=True)
    x = torch.tensor(data[0])

    def loss_of() -> torch.Tensor:
        return ((torch.tanh(own(x) * scale.reshape(-1, *places)) - 0.5 * x) ** 2).mean()

    optimizer = torch.optim.SGD([scale, *own.parameters()], lr=0.5)
    losses, theirs = [], []
    script.train(run, data, 10, lr=0.5, after=lambda r: losses.append(r.total))
    for _ in range(10):
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        optimizer.step()
        theirs.append(loss.item())
    np.testing.assert_allclose(losses, theirs, rtol=1e-12)
    state = {f"norm.{name}": value for name, value in own.state_dict().items()}
    assert {"scale", *state} == set(run.params)
    for name, value in state.items():
        np.testing.assert_allclose(run.params[name], value.numpy(), rtol=1e-12, atol=1e-14, err_msg=name)
    own.eval()
    judge = getattr(script, "evaluate", script.compute_loss)
    np.testing.assert_allclose(judge(run.params, *data), loss_of().item(), rtol=1e-12)
    np.testing.assert_allclose(
        script.predict(run.params, *data), torch.tanh(own(x) * scale.reshape(-1, *places)).detach()
    )


@pytest.mark.parametrize("target", ["numpy", "torch", "torch-autograd", "torch-module"])
def test_a_batch_of_one_is_refused(target, tmp_path, capsys):
    text = MODEL.format(layer="BatchNorm1d(C)", shape="N, C", places="")
    path = generate(tmp_path, "single", text, (target,))[target]
    checks.run_in_process(path, "--batch", "5", "--steps", "2", expect=2)
    assert capsys.readouterr().err == "error: a batch of 1 has no variance: change --batch (now 5)\n"
    checks.run_in_process(path, "--batch", "4", "--steps", "2")


@pytest.mark.parametrize("word", ["torch.var(x * w, 0)", "torch.std(x * w, 0)", "torch.cov((x * w).T)"])
@pytest.mark.parametrize("target", ["numpy", "torch-module"])
def test_a_variance_of_one_sample_is_refused(word, target, tmp_path, capsys):
    head = "import symnet as sn\nimport torch\n\nN, T = sn.dims(N='batch', T=2)\ntrain = sn.train(samples=21)\n"
    text = head + f"x, w = sn.data(N, T), sn.param(T)\nloss = torch.mean({word}) + torch.var(x * w, 1).mean()\n"
    path = generate(tmp_path, "single", text, (target,))[target]
    checks.run_in_process(path, "--batch", "5", "--steps", "2", expect=2)
    assert capsys.readouterr().err == "error: a batch of 1 has no variance: change --batch (now 5)\n"
    checks.run_in_process(path, "--batch", "4", "--steps", "2", expect=2)
    checks.run_in_process(path, "--batch", "6", "--steps", "2")


ELSEWHERE = {
    "--check-grad": "1 sample has no variance: bring more",
    "--holdout=0.2": "one held-out sample has no variance",
}


@pytest.mark.parametrize("flag", ELSEWHERE)
@pytest.mark.parametrize("target", ["numpy", "torch-module"])
def test_a_variance_of_one_sample_elsewhere_is_refused(flag, target, tmp_path, capsys):
    samples = 1 if flag == "--check-grad" else 5
    head = f"import symnet as sn\n\nN = sn.dims(N='batch')\ntrain = sn.train(samples={samples})\n"
    text = f"{head}x, w = sn.data(N), sn.param()\nloss = sn.var(x * w)\n"
    checks.run_in_process(generate(tmp_path, "single", text, (target,))[target], flag, expect=2)
    assert ELSEWHERE[flag] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MODEL.format(layer="BatchNorm2d(C)", shape="N, C", places=""), "BatchNorm2d takes 4 axes"),
        (MODEL.format(layer="BatchNorm1d(3)", shape="N, C", places=""), "BatchNorm1d of 3 features"),
        (
            "N = sn.dims(N='batch')\nw = sn.param()\nloss = sn.mean((w * sn.randn(N) - 1) ** 2)\n",
            "no data show the size N",
        ),
    ],
)
def test_what_cannot_be_is_refused(text, message, tmp_path):
    with pytest.raises(SymnetError, match=message):
        generate(tmp_path, "refused", text, ("numpy",))
