"""The stages in their order; what each takes and gives can be read off this page."""

from __future__ import annotations

import gc
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from symnet.calculus.derive import derive, derive_second
from symnet.calculus.detached import as_values, with_copies_of
from symnet.calculus.verify import verify
from symnet.declare.loader import load_model
from symnet.declare.tracing.suggest import unknown_word
from symnet.errors import Note, Problem, SymnetError
from symnet.explain.formats import render_derivation
from symnet.explain.options import Options
from symnet.explain.summary import formulas
from symnet.model import Derivation, Model
from symnet.simplify.simplify import simplify

if TYPE_CHECKING:
    from symnet.explain.numbers import Numbers
    from symnet.verify.report import Options as CheckOptions
    from symnet.verify.report import Report


def load(path: Path) -> tuple[Model, tuple[Problem, ...]]:
    """The model of a file and the warnings about it.  Raises SymnetError with every mistake found."""
    return load_model(path)


def derive_model(model: Model, wrt: Iterable[str] = (), order: int = 1) -> Derivation:
    """The derivation of the gradients (order 1) or of gradients and second derivatives (order 2).

    ``wrt`` are parameter names or paths, all of them if empty.  Simplification comes after the rule, because only the
    complete adjoint of a tensor shows what cancels; the forward equations stay as the person wrote them.  What is
    detached is read as what it is a copy of only then, where nothing is differentiated any more.
    """
    chosen = _chosen(model, tuple(wrt))
    with _nothing_collected():
        raw = verify(derive(model.program, chosen))
        if order == 2:
            raw = verify(derive_second(raw, chosen))
        simplified = simplify(as_values(raw), model.sizes)
        program = verify(with_copies_of(simplified.program, raw))
        facts = [f for inner in model.inner for f in inner.facts] + list(simplified.facts)
        used = tuple({str(f): f for f in facts}.values())  # a fact about the model may be used inside and outside
        return Derivation(model, raw, program, chosen, simplified.rewrites, used)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """No search for garbage meanwhile: nearly all expressions made here stay, and going through them takes a fifth of
    the time of a deep network.  Frozen and unfrozen they count as old, and the next search leaves them out; not where
    the caller has frozen some, which are to stay so."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected and not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        if collected:
            gc.enable()


def _chosen(model: Model, wrt: tuple[str, ...]) -> tuple[str, ...]:
    known = {key: p.spec.name for p in model.parameters for key in (p.spec.name, p.path)}
    unknown = [name for name in wrt if name not in known]
    if unknown:
        raise SymnetError(*(unknown_word(name, known, "the model", None) for name in unknown))
    if not model.parameters:
        source = model.program.defining(model.program.loss)[0].source
        place = (Note(source, "the loss depends on data alone"),) if source else ()
        help = ("declare one: sn.param(...)",)
        raise SymnetError(Problem("SN204", "the model has no parameter to differentiate by", place, help=help))
    order = [p.spec.name for p in model.parameters]
    return tuple(sorted({known[name] for name in wrt}, key=order.index)) if wrt else tuple(order)


def explain(derivation: Derivation, options: Options, format_name: str) -> str:
    """The derivation as a document in one of the formats: text, ascii, markdown, latex, json."""
    if options.step is not None and options.step > len(derivation.steps):
        message = f"there is no step {options.step}: the steps are 1 to {len(derivation.steps)}"
        raise SymnetError(Problem("SN205", message))
    with _nothing_collected():
        return render_derivation(derivation, format_name, options)


def numbers(derivation: Derivation, seed: int) -> Numbers:
    """The gradients at drawn numbers beside autograd and central differences, for ``derive --numbers``."""
    from symnet.verify.numbers import numbers_of  # NumPy, and torch if it is there

    return numbers_of(derivation, seed)


def require_known_sizes(model: Model) -> None:
    """Raises SymnetError where a script for training would not know the size of a parameter; comparing needs none."""
    from symnet.codegen.training.recipes import require_known_sizes  # generation only

    require_known_sizes(model)


def scripts(derivation: Derivation, targets: Iterable[str], output: Path) -> dict[Path, str]:
    """The text of a script for each target, by the path where it is to lie: ``output`` itself if it is a .py file, else
    ``<model>_<target>.py`` in that folder."""
    from symnet.codegen.languages.numpy_target import NUMPY
    from symnet.codegen.languages.torch_target import TORCH
    from symnet.codegen.lowering.emit import bodies, computed_input  # generation only: derive starts without it
    from symnet.codegen.render import render_script

    model = derivation.model
    lines_above = formulas(derivation)
    texts: dict[Path, str] = {}
    written = cache(lambda numpy: bodies(derivation, NUMPY if numpy else TORCH))  # three targets have the same
    for target in targets:
        path = output if output.suffix == ".py" else output / f"{model.path.stem}_{target.replace('-', '_')}.py"
        source = model.path.as_posix()
        command = f"symnet generate {shlex.quote(source)} --target {target} -o {shlex.quote(path.as_posix())}"
        lines = written(target == "numpy")
        texts[path] = render_script(
            model, lines, lambda program: computed_input(program, NUMPY), target, command, source, path, lines_above
        )
    return texts


def check(derivation: Derivation, options: CheckOptions) -> Report:
    """The gradients of the generated NumPy and PyTorch scripts compared with everything else that can tell them."""
    from symnet.verify.check import check  # NumPy, and torch if it is there

    return check(derivation, options, *scripts(derivation, ("numpy", "torch"), Path("check")).values())
