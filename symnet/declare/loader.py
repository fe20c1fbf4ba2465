"""Read a model file: run it once under a trace, and return its Model or every mistake in it."""

from __future__ import annotations

import ast
import contextlib
import re
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symnet.calculus.ir import Program
from symnet.declare.build import Built, build_model
from symnet.declare.formulas import build_formulas
from symnet.declare.imports import own_modules_beside
from symnet.declare.names import assigned_names, picked_names
from symnet.declare.tracing.comparing import with_sizes_compared
from symnet.declare.tracing.makers import PythonsOwn, makers_of_the_run, python_of_the_run
from symnet.declare.tracing.rearranging import offer_to_einops
from symnet.declare.tracing.signatures import signature_of_call
from symnet.declare.tracing.trace import Trace, recording
from symnet.errors import Note, Problem, Source, SymnetError
from symnet.model import Model


def load_model(path: Path) -> tuple[Model, tuple[Problem, ...]]:
    """The model of a file, and the warnings about it.

    Raises SymnetError with all mistakes found in one run.  The file is ordinary Python and is executed.
    """
    run = _run(path)
    return run.built.model, tuple(p for p in run.trace.problems.found if p.warning)


def load_formulas(path: Path, function: str) -> Program:
    """The gradients that a function of the model file returns, a program whose ``adjoints`` name them.

    Raises SymnetError where there is no such function, or it returns what is no gradient of a parameter.
    """
    run = _run(path)
    written = run.namespace.get(function)
    if not callable(written):
        raise SymnetError(Problem("SN206", f"{path} has no function {function}()"))
    with recording(run.trace), _beside(path), contextlib.redirect_stdout(sys.stderr):
        return build_formulas(run.trace, run.built, written)


@dataclass(frozen=True)
class _Run:
    """What one run of a model file left behind."""

    trace: Trace
    namespace: Mapping[str, Any]
    built: Built


def _run(path: Path) -> _Run:
    text = _read(path)
    name = str(path)
    try:
        tree = ast.parse(text, name)
        assigned, picked = assigned_names(tree), picked_names(tree)
        code = compile(with_sizes_compared(tree), name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise SymnetError(_syntax_problem(name, error)) from None
    lines = tuple(text.splitlines())
    trace = Trace(path=name, lines=lines, assigned=assigned, picked=picked)
    offer_to_einops()
    own = PythonsOwn()
    namespace: dict[str, Any] = {"__name__": "symnet_model", "__file__": name, "__builtins__": python_of_the_run()}
    with recording(trace), makers_of_the_run(), _beside(path), contextlib.redirect_stdout(sys.stderr):
        try:
            with own:
                exec(code, namespace)  # the model file is the person's own program
        except SymnetError as error:
            if _asks_for_functions(error):
                raise SymnetError(_raised(name, tree, error)) from None
            for problem in error.problems:
                trace.problems.add(problem)
            trace.problems.raise_if_any()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever their code raises is theirs to read, without our frames
            if _asks_for_functions(error):  # what was noted on the way follows from it
                raise SymnetError(_raised(name, tree, error)) from None
            trace.problems.add(_raised(name, tree, error, bool(trace.adopted)))
            if own.changed:
                message = f"the file changes Python's own {', '.join(own.changed)}, which symnet calls, too"
                trace.problems.add(Problem("SN003", message, help=("take a name of your own",)))
            trace.problems.raise_if_any()  # their exception stays its context
        built = build_model(trace, namespace, path, lines)
    trace.problems.raise_if_any()
    if built is None:
        raise SymnetError(Problem("SN203", "there is no loss", help=("assign it at the top level of the file",)))
    return _Run(trace, namespace, built)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = sorted(str(p) for p in path.parent.glob("*.py")) if path.parent.is_dir() else []
        help = (f"model files there: {', '.join(near[:5])}",) if near else ()
        raise SymnetError(Problem("SN001", f"there is no file {path}", help=help)) from None
    except IsADirectoryError:
        raise SymnetError(Problem("SN001", f"{path} is a folder, not a model file")) from None
    except UnicodeDecodeError:
        raise SymnetError(Problem("SN001", f"{path} is not UTF-8 text")) from None
    except OSError as error:
        raise SymnetError(Problem("SN001", f"{path} cannot be read: {error.strerror}")) from None


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[None]:
    """Modules beside the model file can be imported, as when Python runs it.

    ``torch.eye(3)[labels]`` is no subscript by a list: torch would warn of one before it asks the tensor.
    """
    with own_modules_beside(str(path.resolve().parent)), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using a non-tuple sequence for multidimensional indexing")
        yield


def _syntax_problem(name: str, error: SyntaxError | ValueError) -> Problem:
    if isinstance(error, SyntaxError):
        line = error.lineno or 1
        column = max((error.offset or 1) - 1, 0)
        place = Source(name, line, line, column, column + 1)
        return Problem("SN002", f"Python cannot read the model: {error.msg}", (Note(place),))
    return Problem("SN002", f"Python cannot read the model: {error}")


_SIZE_SAYS = {
    "^ModuleNotFoundError": "install it where symnet runs, or leave the import out: a model file needs symnet alone",
    "^EOFError": "a model file cannot ask: write the value into it, or read it from a file",
    "^AssertionError": "what the file asserts does not hold when it is read: the shapes are those that are declared",
    "^SystemExit": "a model file is read to its end: leave the exit out",
    r"the data bring the size \w+, it is no number yet": (
        "a size that the data bring has no number here: write what holds for all rows at once, X @ W + b, or sn.scan"
    ),
    r"to Tensor\.__format__|argument must be .* not 'Tensor'": (
        "a tensor has no numbers while its model is read; print its shape, the scripts print the loss"
    ),
    r"must be .*not (Mul|Add|Pow|Integer)\b": "torch wants a number here: int(N) of a size that has one, as in -int(N)",
    "truth value of Relational": "of a size with a name min and max take its number: min(int(T), 3)",
    "is a named size, no number yet": "keep its name: d**0.5 or np.sqrt(d) for its root, sn.arange(d) for its places",
}
#: What torch says about a named size or a tensor of the model, and what to write instead.
_TORCH_SAYS = {
    r"takes \d positional argument|invalid combination of arguments|must be .*ints?\b|Number, not": (
        "a size that the data bring is no int to torch: torch.zeros, ones, full and eye take it; "
        "or give the batch a number, sn.data(32, ...)"
    ),
    "optimizer can only optimize Tensors": (
        "symnet's scripts train by themselves: train = sn.train(optimizer=sn.SGD(lr=0.1))"
    ),
}


#: A text of more characters is cut.
_LONG = 300


def _raised(name: str, tree: ast.Module, error: BaseException, with_torch: bool = False) -> Problem:
    """The person's own frame, nearest to where it was raised."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == name]
    place: tuple[Note, ...] = ()
    if frames:
        frame = frames[-1]
        line = frame.lineno or 1
        place = (Note(Source(name, line, frame.end_lineno or line, frame.colno or 0, frame.end_colno or 0)),)
    if _asks_for_functions(error):
        message = "torch.func and torch.autograd.functional take functions of torch's own tensors"
        help = "write it on tensors: sn.grad(y, x), sn.vjp(y, x, v), sn.jvp(y, x, v), sn.jacobian, sn.hessian, sn.hvp"
        return Problem("SN110", message, place, help=(help,))
    said = _words_of(error)
    says = {**_SIZE_SAYS, **(_TORCH_SAYS if with_torch else {})}
    helps = tuple(words for text, words in says.items() if re.search(text, said))
    return Problem("SN003", f"the model raised {said}", place, help=helps or signature_of_call(tree, name, error))


def _words_of(error: BaseException) -> str:
    """What an exception says, in one line; a long text is cut, a mistake in a module has its place."""
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error}"
    lines = "".join(traceback.format_exception_only(error)).split("\n")
    whole = " ".join(" ".join(lines).split()).removeprefix("symnet_model.")
    return whole if len(whole) <= _LONG else whole[:_LONG] + " ..."


def _asks_for_functions(error: BaseException) -> bool:
    """Whether torch's own transformations of functions raised it, which look into no other library's tensors."""
    files = [Path(frame.filename).parts for frame in traceback.extract_tb(error.__traceback__)]
    return any("_functorch" in f or f[-3:] == ("torch", "autograd", "functional.py") for f in files)
