"""The check finds nothing wrong in what is right, and the right thing wrong in what is broken."""

from __future__ import annotations

import builtins
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import sympy as sp

from symnet.calculus.ir import Access, Equation, size_symbol
from symnet.calculus.scalars import greater
from symnet.diagnostics import render_problems
from symnet.pipeline import derive_model, load
from symnet.verify.check import check
from symnet.verify.formats import render_json, render_junit, render_text
from symnet.verify.report import Options
from symnet.verify.trials import points_of, rounding_floors
from tests.programs import CASES
from tests.verify.derivations import corrupted, derivation_of, times

FEW = Options(trials=3)
N = size_symbol("N")


@pytest.mark.parametrize("name", CASES)
def test_what_is_right_passes(name: str) -> None:
    report = check(derivation_of(name), FEW)
    assert report.exit_code == 0, render_problems(report.problems)
    assert not report.undecided
    assert all(row.autograd_error is not None and row.autograd_error < 1e-10 for row in report.rows)
    assert all(row.exact for row in report.rows)
    assert report.exact is not None and ("as fractions" in report.exact or "to 50 digits" in report.exact)


def swap(equation: Equation) -> Equation:
    """Transpose the adjoint that is read."""
    read = next(a for a in equation.accesses if a.name.startswith("d"))
    return replace(equation, body=equation.body.xreplace({read: Access(read.name, *read.addresses[::-1])}))


def without_mask(equation: Equation) -> Equation:
    return replace(equation, body=equation.body.replace(greater, lambda *_: 1))


BROKEN: dict[str, tuple[str, str, Callable[[Equation], Equation], str, tuple[str, ...]]] = {
    "the 1/N of a mean": (
        "mlp",
        "dZ",
        times(N),
        "W1 b1 W2 b2",
        (
            "hand / autograd = 4.000 everywhere, which is N: the 1/N of the mean is missing",
            "first step that differs is step 2 (dZ); step 1 agrees",
        ),
    ),
    "a sign": ("mlp", "dW2", times(-1), "W2", ("hand / autograd = -1.000 everywhere: the sign is flipped",)),
    "a factor 2": ("tanh_net", "dyhat", times(0.5), "W v", ("0.500 everywhere: the factor 2 of a square is missing",)),
    "the mask of relu": ("mlp", "dZ1", without_mask, "W1 b1", ("first step that differs is step", "entries differ")),
    "a transpose": ("attention", "dK", swap, "K", ("entries differ, the first at",)),
    "nothing left": ("mean", "dx", times(0), "x", ("hand is 0 everywhere",)),
    "a mean too many": (
        "mlp",
        "db2",
        times(1 / N),
        "b2",
        ("which is 1/N: a factor N is missing, or a mean taken twice",),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found_and_named(name: str) -> None:
    case, target, change, parameters, notes = BROKEN[name]
    report = check(corrupted(derivation_of(case), target, change), FEW)
    assert report.exit_code == 1
    assert " ".join(row.parameter for row in report.rows if row.wrong) == parameters
    assert all(row.wrong == ("autograd", "fd", "exact") for row in report.rows if row.wrong)
    said = render_problems(report.problems)
    assert all(note in said for note in notes), said


def test_the_whole_message() -> None:
    report = check(corrupted(derivation_of("mlp"), "dW2", times(N)), FEW)
    (problem,) = report.problems
    row = next(r for r in report.rows if r.parameter == "W2")
    assert render_problems([problem]) == (
        "error[SN401]: the gradient of W2 does not agree with torch.autograd, central differences, the exact check\n"
        "  param  shape  |hand|   |autograd|  max rel err\n"
        f"  W2     [H,C]  {row.hand_norm:.6g}  {row.autograd_norm:.6g}     3.0e+00\n"
        "  = note: hand / autograd = 4.000 everywhere, which is N: the 1/N of the mean is missing\n"
        "  = note: first step that differs is step 5 (dW2); steps 1 to 4 agree.  Repeat with --step 5\n"
        "  = note: step 5: hand / autograd = 4.000 everywhere, which is N: the 1/N of the mean is missing\n"
        "  = note: the simplified gradient differs from that of the one rule\n"
    )


@pytest.mark.parametrize("method", ["autograd", "fd", "exact"])
def test_each_method_finds_a_mistake_by_itself(method: str) -> None:
    broken = corrupted(derivation_of("cubic"), "db", times(1.001))
    report = check(broken, replace(FEW, against=(method,)))
    assert report.exit_code == 1
    assert [row.wrong for row in report.rows] == [(), (method,), (), ()]
    assert check(derivation_of("cubic"), replace(FEW, against=(method,))).exit_code == 0


def test_a_mistake_in_the_rule_itself_is_found_by_forward_mode() -> None:
    derivation = derivation_of("cubic")
    broken = corrupted(derivation, "db", times(2))
    both = replace(broken, raw=broken.program)
    report = check(both, replace(FEW, against=("exact",)))
    assert report.exit_code == 1
    assert report.problems[0].notes == ("the gradient is not the slope of the loss along a random direction",)


def test_a_gradient_that_cancels_is_compared_with_the_size_of_its_terms() -> None:
    """Σ(a - mean a) = 0: rounding leaves 1e-17 in autograd, and a relative error of 1 would mean nothing."""
    report = check(derivation_of("shift"), FEW)
    assert report.exit_code == 0
    assert report.rows[0].autograd_norm is not None and report.rows[0].autograd_norm < 1e-12


def test_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: object) -> object:
        if name == "symnet.verify.autograd":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
        return real(name, *args)

    monkeypatch.setattr(builtins, "__import__", refuse)
    derivation = derivation_of("cubic")
    quiet, asked = check(derivation, FEW), check(derivation, replace(FEW, against=("autograd",)))
    assert (quiet.exit_code, asked.exit_code) == (0, 3)
    assert quiet.warnings == ("autograd was not compared: torch is not installed (pip install 'symnet[torch]')",)
    assert all(row.autograd_error is None and row.difference_error is not None for row in quiet.rows)
    assert "not decided" in render_text([asked])


def test_a_device_that_is_not_there() -> None:
    report = check(derivation_of("cubic"), replace(FEW, device="cuda:99", against=("autograd",)))
    assert report.exit_code == 3
    assert report.undecided[0].startswith("autograd was not compared: no float64 on device cuda:99: ")


def test_a_loss_without_a_finite_value_is_undecided() -> None:
    derivation = derivation_of("cubic")
    model = derivation.model
    equations = [replace(e, body=sp.log(-1 - e.body**2)) if e.target == "loss" else e for e in model.program.equations]
    broken = replace(derivation, model=replace(model, program=model.program.with_equations(equations)))
    report = check(broken, replace(FEW, against=("autograd",)))
    assert report.exit_code == 3
    assert report.undecided == ("the loss is finite at no point that was tried",)


def test_the_seed_decides_everything() -> None:
    derivation, options = derivation_of("mlp"), replace(FEW, against=("autograd", "fd"))
    assert check(derivation, options) == check(derivation, options)
    assert check(derivation, options).loss != check(derivation, replace(options, seed=1)).loss


def test_formats() -> None:
    good, bad = check(derivation_of("cubic"), FEW), check(corrupted(derivation_of("mlp"), "dW2", times(N)), FEW)
    text = render_text([good, bad])
    assert "cubic.py   the simplified equations at 3 points, seed 0, N = " in text
    assert "all 4 gradients agree" in text and "1 of 4 gradients differ: W2" in text
    data = json.loads(render_json([good, bad]))
    assert data["schema"] == 1
    assert [m["exit_code"] for m in data["models"]] == [0, 1]
    assert [p["wrong"] for p in data["models"][1]["parameters"]] == [[], [], ["autograd", "fd", "exact"], []]
    suites = ElementTree.fromstring(render_junit([good, bad]))
    assert [(s.get("tests"), s.get("failures")) for s in suites] == [("12", "0"), ("12", "3")]
    failed = [c.get("name") for c in suites[1] if c.find("failure") is not None]
    assert failed == ["W2 against autograd", "W2 against fd", "W2 against exact"]
    assert "the 1/N of the mean is missing" in str(suites[1][6][0].text)


def test_numbers_that_are_not_finite_are_null_in_json() -> None:
    report = check(derivation_of("cubic"), replace(FEW, trials=1))
    assert json.loads(render_json([replace(report, loss=np.inf)]))["models"][0]["loss"] is None


def test_a_gradient_that_should_cancel_and_does_not_is_found() -> None:
    """The room left for rounding hides nothing that is larger than rounding."""
    broken = corrupted(derivation_of("shift"), "db", lambda e: replace(e, body=e.body + sp.Rational(1, 10**8)))
    report = check(broken, replace(FEW, against=("autograd",)))
    assert report.exit_code == 1
    assert report.problems[0].notes[0] == "hand - autograd = 1e-08 everywhere"


SCAN = """
import torch, symnet as sn
N, T, C = sn.dims(N=2, T=3, C=4)
x, w = sn.data(T, N, C), sn.param(C, C)
keep = torch.tril(torch.ones(4, 4)) == 1
def step(x, h):
    z = (h @ w)[:, None, :] + x[:, :, None]
    h = torch.logsumexp(z.masked_fill(~keep, -torch.inf), 2)
    return h, h
h, hs = sn.scan(step, x, sn.zeros(N, C))
loss = (hs**2).mean()
"""


def test_a_filled_mask_inside_a_recurrence_is_checked(tmp_path: Path) -> None:
    """Deltas order a recurrence in time, so sizes of rounding keep them as factors."""
    path = tmp_path / "model.py"
    path.write_text(SCAN)
    derivation = derive_model(load(path)[0])
    report = check(derivation, FEW)
    assert report.exit_code == 0, render_problems(report.problems)
    (point,) = points_of(derivation.model, 1, 0)
    assert 0 < rounding_floors(derivation, point)["w"] < 1e-9
