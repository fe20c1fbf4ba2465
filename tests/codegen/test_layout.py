"""Beside windows the samples stand last: values stay, convolutions are plain products, what is given keeps its axes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from symnet.calculus.evaluate import evaluate
from symnet.calculus.loops import loops_of
from symnet.codegen.lowering.layout import samples_last
from tests.codegen.running import as_arrays
from tests.codegen.speed_models import CONVOLUTION, calls, derivation_of_text, generated, gradient_lines
from tests.programs import program_of
from tests.recurrences import CASES as RECURRENCES

SHAPES = {"K": (4, 2, 3, 3), "b": (4,), "K2": (5, 4, 3, 3), "W": (80, 3)}


def drawn(samples: int) -> dict[str, np.ndarray]:
    """Inputs of the convolutional model; images of few numbers, so that windows have ties."""
    rng = np.random.default_rng(samples)
    values = {name: rng.normal(size=shape) for name, shape in SHAPES.items()}
    return values | {"X": rng.integers(-1, 2, (samples, 2, 16, 16)).astype(float), "t": rng.integers(0, 3, samples)}


@pytest.mark.parametrize("samples", [1, 2, 7])
@pytest.mark.parametrize("language", ["numpy", "torch"])
def test_convolutions_compute_what_torch_computes(language: str, samples: int, tmp_path: Path) -> None:
    values = drawn(samples)
    functions = generated(derivation_of_text(tmp_path, CONVOLUTION), language)
    loss, grads = functions.run(as_arrays(values, language))
    leaves = {n: torch.tensor(v, requires_grad=n in SHAPES) for n, v in values.items()}
    h = F.max_pool2d(torch.relu(F.conv2d(leaves["X"], leaves["K"], leaves["b"], padding=1)), 2)
    g = torch.relu(F.conv2d(h, leaves["K2"], stride=2, padding=1))
    expected = F.cross_entropy(g.flatten(1) @ leaves["W"], leaves["t"])
    expected.backward()
    np.testing.assert_allclose(np.asarray(loss), expected.detach().numpy(), rtol=1e-12)
    for name in SHAPES:
        np.testing.assert_allclose(np.asarray(grads[name]), leaves[name].grad.numpy(), rtol=1e-10, atol=1e-13)


def test_convolutions_and_their_adjoints_are_plain_products(tmp_path: Path) -> None:
    lines = gradient_lines(derivation_of_text(tmp_path, CONVOLUTION))
    found = calls(lines)
    assert found["@"] == 8  # two layers and the last one, each with its adjoints, less that of the data
    assert found["windows"] == 2  # the columns of each layer are made once: the adjoints read them
    assert found["einsum"] == found["swapaxes"] == 0
    shapes = re.findall(r"^(?:dz|z|h|dh|g|dg)(?:_2)? = .*# .*\[(.*)\]$", "\n".join(lines), re.MULTILINE)
    assert len(shapes) >= 6 and all(shape.endswith(",N") for shape in shapes)


def test_values_do_not_depend_on_the_places_of_axes() -> None:
    rng = np.random.default_rng(0)
    values = {"K": rng.normal(size=(2, 2, 3, 3)), "x": rng.normal(size=(3, 2, 5, 5)), "b": rng.normal(size=2)}
    program = program_of(
        "parameter K[O,C,3,3] data x[N,C,5,5] parameter b[O] z[N,O,3,3] y[N,O,3,3] loss",
        "z[n,o,i,j] += K[o,c,p,q]*x[n,c,i+p,j+q]\nz[n,o,i,j] += b[o]\ny[n,o,i,j] += tanh(z[n,o,i,j])\n"
        "loss += y[n,o,i,j]**2",
        "N O C",
    )
    turned = samples_last(program, frozenset({"loss"}))
    one, two = evaluate(program, values), evaluate(turned, values)
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-13)
    for name in ("y", "z"):
        np.testing.assert_allclose(two[name], np.moveaxis(one[name], 0, -1), rtol=1e-13)


def test_what_has_no_samples_in_front_stays() -> None:
    image = program_of(
        "parameter K[O,C,3,3] data x[C,8,8] z[O,6,6] loss",
        "z[o,i,j] += K[o,c,p,q]*x[c,i+p,j+q]\nloss += z[o,i,j]**2",
        "O C",
    )
    batch = program_of(
        "parameter W[D,H] data x[N,T,D] z[N,T,H] loss", "z[n,t,h] += x[n,t,d]*W[d,h]\nloss += z[n,t,h]**2", "N T D H"
    )
    for program in (image, batch, RECURRENCES["rnn"].program):
        assert samples_last(program, frozenset({"loss"})).tensors == program.tensors
    assert loops_of(RECURRENCES["rnn"].program)


def test_outputs_and_inputs_keep_their_axes() -> None:
    program = program_of(
        "parameter K[O,C,3,3] data x[N,C,8,8] z[N,O,6,6] y[N,O,6,6] loss",
        "z[n,o,i,j] += K[o,c,p,q]*x[n,c,i+p,j+q]\ny[n,o,i,j] += tanh(z[n,o,i,j])\nloss += y[n,o,i,j]",
        "N O C",
    )
    turned = samples_last(program, frozenset({"loss", "y"}))
    shapes = {name: tuple(map(str, spec.shape)) for name, spec in turned.tensors.items()}
    assert shapes["x"] == ("N", "C", "8", "8")
    assert shapes["y"] == ("N", "O", "6", "6")
    assert shapes["z"] == ("O", "6", "6", "N")
