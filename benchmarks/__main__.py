"""The command: ``python -m benchmarks [--quick] [--json] [--only derive,closed_forms,...] [--threads N]``."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.closed_forms import closed_form_rows
from benchmarks.commands import derive_rows, generate_rows
from benchmarks.depth import depth_rows
from benchmarks.equality import Unequal
from benchmarks.steps import SYSTEMS, step_rows
from benchmarks.table import Row, render, to_json

SECTIONS = ("derive", "closed_forms", "depth", "steps", "generate")
MODELS = {system.name: system for system in SYSTEMS}  # each one a part of "steps"


def machine() -> dict[str, str]:
    """What the numbers depend on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    libraries = [name for name in ("numpy", "sympy", "torch") if importlib.util.find_spec(name)]
    versions = {name: importlib.metadata.version(name) for name in libraries}
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    cpu = names[0] if names else platform.processor() or platform.machine()
    return {"cpu": cpu, "cores": str(os.cpu_count()), "load": load, "python": platform.python_version(), **versions}


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The flags."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios of times, measured in one run.")
    parser.add_argument("--quick", action="store_true", help="few rounds: a look, not a result")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--only", default=",".join(SECTIONS), help=f"some of {','.join((*SECTIONS, *(s.name for s in SYSTEMS)))}"
    )
    parser.add_argument("--threads", type=int, default=1, help="of NumPy and of torch in the steps (default 1)")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if two sides that should compute the same do not, 2 for a section that does not exist."""
    args = parse(argv)
    rounds = 2 if args.quick else 7
    sections: dict[str, Callable[[], list[Row]]] = {
        "derive": lambda: derive_rows(rounds),
        "closed_forms": lambda: closed_form_rows(min(rounds, 3)),
        "depth": lambda: depth_rows(min(rounds, 3)),
        "steps": lambda: step_rows(3 * rounds, args.threads),
        "generate": lambda: generate_rows(min(rounds, 3)),
    }
    sections |= {name: partial(step_rows, 3 * rounds, args.threads, (system,)) for name, system in MODELS.items()}
    wanted = args.only.split(",")
    if unknown := [name for name in wanted if name not in sections]:
        print(f"error: there is no section {unknown[0]}: choose among {', '.join(sections)}", file=sys.stderr)
        return 2
    about, rows = machine(), []
    try:
        for name in wanted:
            print(f"measuring: {name}", file=sys.stderr)
            rows += sections[name]()
    except Unequal as error:
        print(f"error: not the same results, so nothing is compared: {error}", file=sys.stderr)
        return 1
    heading = ", ".join(f"{key} {value}" for key, value in about.items()) + "\n"
    print(to_json(rows, about) if args.json else heading + render(rows), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
