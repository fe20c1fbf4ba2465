"""Options of the test run, and the comparison with golden files."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

# One thread for each process of the tests: two that wait for each other in products of small matrices cost four times
# the time of one.  Set here, before NumPy and torch are loaded; scripts that a test starts inherit it.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")


# Tests make millions of small objects and few cycles: searched for as often as Python does it by itself, garbage costs
# a twentieth of the run, most of it in going through what torch, SymPy and ten thousand tests are made of.
gc.set_threshold(10_000, 20, 50)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew", action="store_true", help="write golden files instead of comparing with them")


def pytest_itemcollected(item: pytest.Item) -> None:
    """A name with an address in it differs in every process, and the processes of a run could not share the tests."""
    if re.search(r" at 0x[0-9a-f]+", item.nodeid):
        raise pytest.UsageError(f"{item.nodeid}: give this case an id of its own")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a file to the letter; ``--renew`` writes the file."""

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--renew"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing; renew it with --renew"
        assert text == path.read_text(encoding="utf-8")

    return compare
