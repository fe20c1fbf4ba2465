"""What generated NumPy does to memory: products, copies, zeros, page faults, counted; values are tested elsewhere."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sympy as sp

from symnet import pipeline
from symnet.calculus.ir import size_symbol
from symnet.codegen.lowering.filled import filled
from symnet.codegen.lowering.memory import add_in_place, in_order
from symnet.codegen.lowering.products import plain_reshapes
from symnet.codegen.lowering.statements import Add, Array, Assign, name
from symnet.reading.nodes import Iteration, Span, Store, Tensor
from tests.codegen.running import LANGUAGES, derivation_of, functions_of
from tests.codegen.speed_models import CONVOLUTION, HEADS, LSTM, calls, derivation_of_text, gradient_lines
from tests.programs import program_of

T = sp.Dummy("t", integer=True, nonnegative=True)
LOOP = Iteration(T, size_symbol("T"), False)
H = size_symbol("H")


def test_an_lstm_multiplies_all_times_at_once_outside_of_its_loops(tmp_path: Path) -> None:
    lines = gradient_lines(derivation_of_text(tmp_path, LSTM))
    inside = tuple(line.strip() for line in lines if line.startswith("    "))
    outside = tuple(line for line in lines if not line.startswith("    ") and not line.endswith(":"))
    assert calls(inside)["@"] == 2  # h[t] @ W forward, dz[t] @ W backward
    assert calls(outside)["@"] == 3
    assert any(line.startswith("z = (x.reshape(N * T, D) @ ") for line in outside)
    assert "z += bias_ih_l0 + bias_hh_l0" in outside  # both biases in one pass
    assert calls(outside)["empty"] + calls(outside)["empty_like"] == 5  # i and f, g, o, tanh_c, dz: set at every place
    assert "sigmoid_z[t] = sigmoid(z[t, :, : 2 * H])" in inside and calls(inside)["sigmoid"] == 2
    assert any(line.startswith("f = sigmoid_z[:, :, H:]") for line in outside)


def test_attention_reshapes_no_matrix_to_its_own_shape(tmp_path: Path) -> None:
    lines = gradient_lines(derivation_of_text(tmp_path, HEADS))
    text = "\n".join(lines)
    assert "Q = (x.reshape(6 * N, 4) @ Wq).reshape(N, 6, 2, 2)" in text
    assert re.search(r"reshape\([^()]*\)\.reshape", text) is None
    # each of 4 projections has one adjoint product, one of them two; in the heads 2 products have two each
    assert calls(lines)["@"] == 4 + 4 + 1 + 2 + 4


def test_loops_set_every_place_only_where_their_spans_stand_side_by_side() -> None:
    def stores(*keys: object) -> list[Store]:
        node = Tensor("x", ())
        return [Store("z", node, (0,), k == 0, key, True, LOOP, True) for k, key in enumerate(keys)]  # type: ignore[arg-type]

    low, high = Span(sp.S.Zero, 1, H), Span(H, 1, H)
    shape = (size_symbol("T"), 2 * H)
    assert filled(stores((T, None)), shape)
    assert filled(stores((T, high), (T, low)), shape)
    assert not filled(stores((T, low)), shape)  # the upper half is left
    assert not filled(stores((T, low), (T, low)), shape)
    assert not filled(stores((T + 1, None)), (size_symbol("T") + 1, 2 * H))  # the first time is left
    assert not filled(stores((T, Span(sp.S.Zero, 2, H)), (T, Span(sp.S.One, 2, H))), shape)
    assert not filled([replace(s, sets=False) for s in stores((T, None))], shape)
    assert not filled([], shape)


def test_a_sum_is_added_in_place_only_to_the_view_of_a_product() -> None:
    a, b, c = name("a", 2), name("b", 2), name("c", 1)
    product = Array("matmul", (a, b), None, 2, "float")
    seen = Array("reshape", (product,), (sp.Integer(2), sp.Integer(3), sp.Integer(4)), 3, "float")

    def added(first: Array, signs: tuple[int, ...] = (1, 1)) -> tuple[object, ...]:
        return add_in_place([Assign("z", Array("add", (first, c), signs, first.rank, "float"))])

    assert added(seen) == (Assign("z", seen), Add("z", (), (), c, True, 3))
    assert len(added(product)) == len(added(name("x", 3))) == len(added(seen, (1, -1))) == 1
    of_a_given = Array("reshape", (a,), (sp.Integer(2), sp.Integer(3), sp.Integer(4)), 3, "float")
    assert len(added(of_a_given)) == 1  # nothing that is given is written


def test_reshapes_that_change_nothing_go() -> None:
    program = program_of("parameter W[2,3] loss", "loss += W[i,j]", "")
    flat = Array("reshape", (name("W", 2),), (sp.Integer(6),), 1, "float")
    back = Array("reshape", (flat,), (sp.Integer(2), sp.Integer(3)), 2, "float")
    other = Array("reshape", (flat,), (sp.Integer(3), sp.Integer(2)), 2, "float")
    statements = plain_reshapes([Assign("a", back), Assign("b", other), Assign("c", flat)], program)
    once = Array("reshape", (name("W", 2),), (sp.Integer(3), sp.Integer(2)), 2, "float")
    assert [s.value for s in statements if isinstance(s, Assign)] == [name("W", 2), once, flat]
    assert in_order(flat) and not in_order(Array("transpose", (name("W", 2),), (1, 0), 2, "float"))


def test_terms_of_few_axes_meet_before_they_meet_a_wide_one() -> None:
    lines = "z[n,j] += X[n,k]*W[k,j]\nz[n,j] += b[j]\nz[n,j] += c[j]\nz[n,j] += -d[j]\nloss += z[n,j]**2"
    program = program_of("data X[N,D] parameter W[D,H] parameter b[H] parameter c[H] parameter d[H] z[N,H] loss", lines)
    functions = functions_of(derivation_of(program, ("W",), "raw"), LANGUAGES["numpy"])
    assert "z = X @ W + (b + c) - d" in "\n".join(functions.bodies.loss_and_grads)


FAULTS = """
import resource, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
import model_numpy as m
params = m.init_params(0)
data = m.make_data(np.random.default_rng(0), 256).values()
for _ in range(5):
    m.loss_and_grads(params, *data)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    m.loss_and_grads(params, *data)
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / 10)
"""


@pytest.mark.parametrize("keeps", [True, False])
def test_a_step_fetches_no_fresh_memory(keeps: bool, tmp_path: Path) -> None:
    """Where glibc is told its thresholds, it learns none from the script: then the pages are seen to be counted."""
    derivation = derivation_of_text(tmp_path, CONVOLUTION)
    ((path, text),) = pipeline.scripts(derivation, ("numpy",), tmp_path).items()
    assert text.count("np.empty(31 * 2**20, np.uint8)\n") == 1
    path.write_text(text, encoding="utf-8")
    told = {} if keeps else {"MALLOC_TRIM_THRESHOLD_": "65536", "MALLOC_MMAP_THRESHOLD_": "131072"}
    run = [sys.executable, "-c", FAULTS, str(tmp_path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True, env={**os.environ, **told})
    if platform.libc_ver()[0] == "glibc":
        assert float(done.stdout) < 100 if keeps else float(done.stdout) > 1000
