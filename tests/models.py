"""The examples, loaded, derived and generated once in a test process."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from symnet import pipeline
from symnet.calculus.evaluate import FLOAT, evaluate
from symnet.model import Derivation

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.py"))
TARGETS = ("numpy", "torch", "torch-autograd", "torch-module")


@cache
def derived(example: str, wrt: tuple[str, ...] = (), order: int = 1) -> Derivation:
    """The derivation of an example."""
    model, warnings = pipeline.load(ROOT / "examples" / f"{example}.py")
    assert warnings == ()
    return pipeline.derive_model(model, wrt, order)


@cache
def script(example: str, target: str) -> ModuleType:
    """The committed script of an example, imported under a name of its own."""
    path = ROOT / "generated" / f"{example}_{target.replace('-', '_')}.py"
    name = f"generated_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def gradients(derivation: Derivation, inputs: dict[str, Any], arithmetic: Any = FLOAT) -> dict[str, Any]:
    """Every tensor of the simplified program at the inputs."""
    return evaluate(derivation.program, inputs, arithmetic)
