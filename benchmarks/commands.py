"""``symnet derive`` and ``symnet generate`` beside ``import sympy`` alone, which every run of symnet pays."""

from __future__ import annotations

import tempfile

from benchmarks.processes import ROOT, SYMNET, SYMPY, in_turns
from benchmarks.table import Row, row

DERIVE = "symnet derive beside import sympy: whole processes"
GENERATE = "symnet generate beside import sympy: whole processes"
TWICE = 2.0  # 0.5 s where sympy takes 0.25 s


def examples() -> list[str]:
    """The model files of examples/, relative to the root."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").glob("*.py"))


def derive_rows(rounds: int) -> list[Row]:
    """One row an example: the text of its derivation, from the command line."""
    rows: list[Row] = []
    for path in examples():
        seconds = in_turns({"sympy": SYMPY, "derive": (*SYMNET, "derive", path)}, rounds)
        rows.append(row(DERIVE, (path, seconds["derive"]), ("import sympy", seconds["sympy"]), TWICE))
    return rows


def generate_rows(rounds: int) -> list[Row]:
    """One row for the four scripts of one model, one for all scripts of all examples."""
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "sympy": SYMPY,
            "four scripts of examples/mlp.py": (*SYMNET, "generate", "examples/mlp.py", "-o", folder),
            f"{4 * len(examples())} scripts of all examples": (*SYMNET, "generate", *examples(), "-o", folder),
        }
        seconds = in_turns(commands, rounds)
    base = ("import sympy", seconds.pop("sympy"))
    return [row(GENERATE, (name, series), base) for name, series in seconds.items()]
