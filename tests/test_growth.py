"""What a derivation and its scripts cost, counted in calls and lines: never in seconds."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import pytest

from symnet import pipeline
from symnet.codegen.stable.shift import shift_sums
from symnet.explain.options import Options
from symnet.model import Derivation
from tests.growth import calls

GIOU = """
X, gt = sn.data(64, 16), sn.data(64, 4)
W, b = sn.param(16, 4), sn.param(4)
raw = X @ W + b
x1, y1 = raw[:, 0], raw[:, 1]
x2, y2 = x1 + sn.softplus(raw[:, 2]), y1 + sn.softplus(raw[:, 3])
g1, g2 = gt[:, 0], gt[:, 1]
g3, g4 = g1 + gt[:, 2].exp(), g2 + gt[:, 3].exp()
inter = sn.relu(sn.minimum(x2, g3) - sn.maximum(x1, g1)) * sn.relu(sn.minimum(y2, g4) - sn.maximum(y1, g2))
area = (x2 - x1) * (y2 - y1)
union = area + (g3 - g1) * (g4 - g2) - inter
iou = inter / union
hull = (sn.maximum(x2, g3) - sn.minimum(x1, g1)) * (sn.maximum(y2, g4) - sn.minimum(y1, g2))
giou = iou - (hull - union) / hull
loss = (1 - giou).mean()
"""

RUNGE_KUTTA = """
y, target = sn.data(2), sn.data({steps}, 2)
W1, b1, W2 = sn.param(2, 8), sn.param(8), sn.param(8, 2)
loss = 0
for t in range({steps}):
    k1 = sn.tanh(y @ W1 + b1) @ W2
    k2 = sn.tanh((y + 0.05 * k1) @ W1 + b1) @ W2
    y = y + 0.1 * k2
    loss = loss + ((y - target[t]) ** 2).sum()
"""

WARPED = """
x, y = sn.param({steps}), sn.data({steps})
cost, table = (x[:, None] - y[None, :]) ** 2, {{}}
for i in range({steps}):
    for j in range({steps}):
        before = [table[p] for p in ((i - 1, j), (i, j - 1), (i - 1, j - 1)) if p in table]
        table[i, j] = cost[i, j] - (sn.logsumexp(sn.stack([-2 * b for b in before]), 0) / 2 if before else 0)
loss = table[{steps} - 1, {steps} - 1]
"""

QUOTIENTS = """
w, u, k, v = sn.param(3), sn.param(3), sn.param(5, 3), sn.param(5, 3)
a, b, loss = sn.exp(k[0]) * v[0], sn.exp(k[0]), 0
for t in range(1, 5):
    e = sn.exp(u + k[t])
    loss = loss + sn.sum(((a + e * v[t]) / (b + e)) ** 2)
    a, b = sn.exp(-sn.exp(w)) * a + sn.exp(k[t]) * v[t], sn.exp(-sn.exp(w)) * b + sn.exp(k[t])
"""

#: Windows of an image as the batch, channels as heads, and back: what vision transformers write with einops.
WINDOWS = """
x, w = sn.data(2, 4, 8, 8), sn.param(4, 8)
for _ in range(3):
    windows = x.reshape(2, 4, 4, 2, 4, 2).permute(0, 2, 4, 1, 3, 5).reshape(32, 4, 2, 2)
    heads = windows.reshape(32, 2, 2, 4).permute(0, 1, 3, 2).reshape(64, 4, 2)
    inner = heads.reshape(2, 4, 4, 2, 2, 2, 2).permute(0, 3, 6, 1, 4, 2, 5).reshape(2, 4, 8, 8)
    x = inner * w[:, 0].reshape(4, 1, 1)
loss = (x**2).sum()
"""

SOFTMAXES = """
x = sn.data(3, 4)
for _ in range(3):
    x = sn.softmax(x @ sn.param(4, 4), 1) @ sn.param(4, 4)
loss = (x**2).sum()
"""


def derived(folder: Path, text: str) -> Derivation:
    path = folder / "model.py"
    path.write_text(f"import symnet as sn\n{text}\nloss.backward()\n")
    return pipeline.derive_model(pipeline.load(path)[0])


def calls_to_derive(folder: Path, text: str) -> int:
    path = folder / "model.py"
    path.write_text(f"import symnet as sn\n{text}\nloss.backward()\n")
    model, _ = pipeline.load(path)
    return calls(lambda: pipeline.derive_model(model))


@pytest.mark.parametrize("shape", ["27", "5, 5, 5", "10, 100"])
def test_a_product_of_many_is_one_step_however_many_there_are(tmp_path: Path, shape: str) -> None:
    derivation = derived(tmp_path, f"x = sn.param({shape})\nloss = sn.prod(x)")
    text = pipeline.explain(derivation, Options(), "text")
    assert "prod_of_others(" in text and len(text.splitlines()) < 30
    for script in pipeline.scripts(derivation, ("numpy", "torch"), tmp_path).values():
        body = re.findall(r"def loss_and_grads\(.*?\n((?: +.*\n)+)", script)[0]
        assert len(body.splitlines()) < 12
    assert calls_to_derive(tmp_path, f"x = sn.param({shape})\nloss = sn.prod(x)") < 200_000


def test_a_loss_of_boxes_with_many_cases(tmp_path: Path) -> None:
    assert calls_to_derive(tmp_path, GIOU) < 20_000_000


def test_steps_written_out_cost_as_many_times_as_there_are(tmp_path: Path) -> None:
    few, many = (calls_to_derive(tmp_path, RUNGE_KUTTA.format(steps=steps)) for steps in (12, 24))
    assert many < 3 * few


def test_reshapes_inside_each_other_are_resolved_without_a_search(tmp_path: Path) -> None:
    """SymPy's own floor and Mod would divide polynomials for each of them."""
    path = tmp_path / "model.py"
    path.write_text(f"import symnet as sn\n{WINDOWS}\nloss.backward()\n")
    assert calls(lambda: pipeline.load(path)) < 1_500_000


def test_a_sum_of_exponentials_changes_no_equation_that_does_not_read_it(tmp_path: Path) -> None:
    """Each of many softmaxes would write the whole program anew, and find again what each equation reads."""
    program = derived(tmp_path, SOFTMAXES).program
    shifted, shifts, _ = shift_sums(program, frozenset((program.loss, *program.adjoints.values())))
    kept = set(map(id, program.equations)) & set(map(id, shifted.equations))
    assert len(shifts) == 3
    assert len(kept) > len(program.equations) / 2


def test_deriving_searches_for_no_garbage(tmp_path: Path) -> None:
    """Neither meanwhile nor when the collector is on again: a search goes through all that was made."""
    path = tmp_path / "model.py"
    path.write_text("import symnet as sn\n" + QUOTIENTS, encoding="utf-8")
    model, _ = pipeline.load(path)
    searches: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        searches.append(phase)

    gc.collect()
    gc.callbacks.append(note)
    try:
        pipeline.derive_model(model)
    finally:
        gc.callbacks.remove(note)
    assert not searches
    assert gc.isenabled()


def test_what_the_caller_has_frozen_stays_frozen(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("import symnet as sn\nw = sn.param(3)\nloss = (w**2).sum()\n", encoding="utf-8")
    gc.freeze()
    try:
        pipeline.derive_model(pipeline.load(path)[0])
        assert gc.get_freeze_count()
    finally:
        gc.unfreeze()


def test_a_table_of_which_every_entry_is_a_step(tmp_path: Path) -> None:
    """All that follows from one entry is no formula that a person reads: it is not tried as one."""
    assert calls_to_derive(tmp_path, WARPED.format(steps=3)) < 3_000_000


def test_quotients_of_unrolled_sums_are_not_multiplied_out_in_one_another(tmp_path: Path) -> None:
    (script,) = pipeline.scripts(derived(tmp_path, QUOTIENTS), ("numpy",), tmp_path).values()
    assert script.count("exp(") < 115
