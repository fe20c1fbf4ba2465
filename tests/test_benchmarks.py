"""The benchmark refuses to compare what is not equal, and prints what it measured.  No time is asserted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks.equality import Unequal, require_equal
from benchmarks.steps import BY_HAND, REFERENCE, load_and_compare, started, timed
from benchmarks.table import duration, render, row, to_json

REAL = {"loss": np.array(3.0), "grad a": np.array([1.0, -2.0])}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"loss": np.array(3.0 + 1e-9)}, r"loss differs by 1.0e-09, allowed 1e-10 of 3.0e\+00"),
        ({"grad a": np.array([1.0, 2.0])}, r"grad a differs by 4.0e\+00, allowed"),
        ({"grad a": np.array([1.0, np.nan])}, "grad a differs by nan"),
        ({"grad a": np.array([1.0, -2.0], np.float32)}, "grad a came out as float32, not float64"),
        ({"grad a": np.array([[1.0, -2.0]])}, r"grad a has the shape \(1, 2\), should have \(2,\)"),
        ({"grad b": np.array(0.0)}, "has \\['grad a', 'grad b', 'loss'\\]"),
    ],
)
def test_unequal_sides_are_refused(changed, message):
    require_equal(REAL, {name: value + 1e-12 for name, value in REAL.items()}, "me", "float64")
    with pytest.raises(Unequal, match=f"me: {message}"):
        require_equal(REAL, {**REAL, **changed}, "me", "float64")


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    """Parameters and data of the cubic, as the benchmark writes them."""
    rng = np.random.default_rng(0)
    x = np.linspace(-3, 3, 50)
    found = {f"params/{name}": np.array(rng.normal()) for name in "abcd"} | {"data/x": x, "data/y": np.sin(x)}
    np.savez(tmp_path / "arrays.npz", **found)
    return tmp_path / "arrays.npz"


def test_candidates_written_by_hand_agree(arrays):
    files = {REFERENCE: (BY_HAND / "cubic_numpy.py", "numpy"), "tuned": (BY_HAND / "cubic_numpy_tuned.py", "numpy")}
    with started(files, threads=1) as workers:
        load_and_compare(workers, arrays, "float64")
        load_and_compare(workers, arrays, "float32")
        seconds = timed(workers, rounds=2)
    assert list(seconds) == [REFERENCE, "tuned"]
    assert all(len(series) == 2 and min(series) > 0 for series in seconds.values())


@pytest.mark.parametrize(
    ("right", "wrong"), [('"c": r @ x2', '"c": -(r @ x2)'), ("loss = r @ r", "loss = 1.01 * (r @ r)")]
)
def test_a_corrupted_candidate_stops_the_benchmark(arrays, tmp_path, right, wrong):
    text = (BY_HAND / "cubic_numpy_tuned.py").read_text(encoding="utf-8")
    assert right in text
    corrupted = tmp_path / "corrupted.py"
    corrupted.write_text(text.replace(right, wrong), encoding="utf-8")
    files = {REFERENCE: (BY_HAND / "cubic_numpy.py", "numpy"), "corrupted": (corrupted, "numpy")}
    with started(files, threads=1) as workers, pytest.raises(Unequal, match=r"corrupted: .* differs"):
        load_and_compare(workers, arrays, "float64")


def test_ratios_are_medians_over_rounds():
    one = row("steps", ("ours", [1.0, 4.0, 3.0]), ("theirs", [2.0, 2.0, 2.0]), 1.0)
    assert (one.seconds, one.against_seconds, one.ratio, one.low, one.high) == (3.0, 2.0, 1.5, 0.5, 2.0)
    assert one.verdict == "NO"
    with pytest.raises(ValueError, match="nothing was measured for ours"):
        row("steps", ("ours", []), ("theirs", []))


def test_the_table_renders():
    rows = [
        row("whole processes", ("ours", [0.3, 0.3]), ("theirs", [0.2, 0.1]), 2.0),
        row("one step", ("ours", [2e-5]), ("theirs", [1e-3])),
    ]
    assert render(rows).splitlines() == [
        "        time  beside  its time  ratio    min..max  target  met",
        "",
        "whole processes",
        "ours  300 ms  theirs    150 ms   2.25  1.50..3.00    <= 2   NO",
        "",
        "one step",
        "ours   20 us  theirs      1 ms   0.02  0.02..0.02",
    ]
    read = json.loads(to_json(rows, {"cpu": "one"}))
    assert read["machine"] == {"cpu": "one"}
    assert [r["verdict"] for r in read["rows"]] == ["NO", ""]


@pytest.mark.parametrize(
    ("seconds", "text"), [(2.0, "2 s"), (0.0123, "12.3 ms"), (4.56e-5, "45.6 us"), (1e-8, "0.01 us")]
)
def test_durations_have_units(seconds, text):
    assert duration(seconds) == text


def test_the_command_fails_loudly(monkeypatch, capsys):
    def unequal(rounds: int, threads: int, systems: object = ()) -> list[object]:
        raise Unequal("generated NumPy: loss differs")

    monkeypatch.setattr(command, "step_rows", unequal)
    assert command.main(["--quick", "--only", "steps"]) == 1
    assert (
        "error: not the same results, so nothing is compared: generated NumPy: loss differs" in capsys.readouterr().err
    )
    assert command.main(["--only", "nothing"]) == 2
    sections = "derive, closed_forms, depth, steps, generate, cubic, mlp, conv, lstm, attention"
    assert capsys.readouterr().err == f"error: there is no section nothing: choose among {sections}\n"
