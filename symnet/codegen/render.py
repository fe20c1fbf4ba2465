"""A derivation becomes the whole text of a standalone training script."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from symnet.codegen.header import with_header
from symnet.codegen.lowering.emit import Bodies
from symnet.codegen.script import context_of
from symnet.codegen.targets import TARGETS
from symnet.codegen.templates import fill
from symnet.codegen.training.recipes import ComputedInput
from symnet.errors import Problem, SymnetError
from symnet.model import Model


def render_script(
    model: Model,
    bodies: Bodies,
    computed: ComputedInput,
    target: str,
    command: str,
    source: str,
    output: Path,
    formulas: Iterable[str] = (),
) -> str:
    """The text of the script, header included.

    ``bodies`` are the function bodies in the target's language, ``computed`` makes an input that is a function of
    others (always in NumPy), ``command`` is what the header says to run, ``source`` the model file as it is named
    there, ``output`` where the script will lie (a default data file is found from there), and ``formulas`` the
    docstring's lines.  Raises SymnetError where the gradient of a parameter was not asked for.
    """
    missing = [p.path for p in model.parameters if p.path not in dict(bodies.gradients)]
    if missing:
        message = f"a training script needs the gradients of all parameters, {', '.join(missing)} included"
        raise SymnetError(Problem("SN605", message, help=("leave --wrt out",)))
    row = TARGETS[target]
    context = context_of(model, bodies, row, computed, formulas, output)
    return with_header(fill(row.template, context), source, command)
