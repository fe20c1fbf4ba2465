"""Names of tensors, from whatever a person keeps them in; what is read from them is data, never code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import symnet as sn
from symnet import pipeline
from symnet.codegen.languages.numpy_target import NUMPY
from symnet.codegen.languages.spelling import Language
from symnet.codegen.languages.torch_target import TORCH
from symnet.declare.tracing.trace import current
from symnet.naming import CALLED_NAMES
from tests.cases.running import model_of


def test_keys_of_a_dict_are_parts_of_names(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text(
        "import symnet as sn\n\n"
        "x, table = sn.param(3), {}\n"
        "table[0, 1], table['a b'], table[\"'); import os\"] = x**2, sn.exp(x), sn.sin(x)\n"
        "loss = sn.sum(sn.cumsum(table[0, 1] * table['a b'], 0) * table[\"'); import os\"])\n"
    )
    derivation = pipeline.derive_model(pipeline.load(path)[0])
    assert {"table_0_1", "table_a_b", "table__import_os"} <= derivation.model.program.tensors.keys()
    assert not any("import os'" in text for text in pipeline.scripts(derivation, ("numpy",), tmp_path).values())


@pytest.mark.parametrize("size", ["N", "H", "P", "dz", "z_minus_y", "dW"])
def test_no_tensor_takes_the_name_of_a_size(size: str) -> None:
    """Formulas and scripts call sizes by their names: a tensor of the same name would be read in a size's place."""

    def loss(x: Any, y: Any, W: Any, K: Any, called: Any) -> Any:
        z = called(x @ W)
        rows = torch.softmax(z, 1) * torch.tanh(z) - y
        return (rows**2).mean() / K + F.mse_loss(z, y)

    def declared() -> Any:
        B, K = sn.dims(**({size: "batch", "D": 2} if size == "N" else {"M": "batch", size: 2}))
        trace = current()
        x, y, W = sn.data(B, 3, name="x"), sn.data(B, K, name="y"), sn.param(3, K, name="W")

        def called(z: Any) -> Any:
            trace.chosen_names[z.spec.name] = size
            return z

        return loss(x, y, W, K, called)

    model, rng = model_of(declared), np.random.default_rng(0)
    x, y, W = rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), rng.normal(size=(3, 2))
    weight = torch.tensor(W, requires_grad=True)
    wanted = loss(torch.tensor(x), torch.tensor(y), weight, 2, lambda z: z)
    wanted.backward()
    for path, text in pipeline.scripts(pipeline.derive_model(model, ("W",)), ("numpy", "torch"), Path("n")).items():
        module: dict[str, Any] = {"__name__": "generated", "__file__": str(path)}
        exec(compile(text, str(path), "exec", dont_inherit=True), module)
        made = torch.tensor if "torch" in path.name else np.array
        value, gradients, *_ = module["loss_and_grads"]({"W": made(W)}, made(x), made(y))
        np.testing.assert_allclose(float(value), wanted.item(), rtol=1e-12)
        np.testing.assert_allclose(np.asarray(gradients["W"]), weight.grad, rtol=1e-11)


@pytest.mark.parametrize("language", [NUMPY, TORCH], ids=["numpy", "torch"])
def test_no_tensor_and_no_size_takes_the_name_of_a_function_that_scripts_bring(language: Language) -> None:
    lines = [line for code in language.helpers.values() for line in code]
    assert {line[4:].split("(")[0] for line in lines if line.startswith("def ")} <= CALLED_NAMES
