"""The command line: every command a few lines, and one place that turns errors into text and exit codes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import IO, Any, Literal

import click

from symnet.diagnostics import render_problems
from symnet.errors import Problem, SymnetError
from symnet.version import __version__

MODEL = click.argument("model", type=click.Path(path_type=Path))
FORMATS = ("text", "ascii", "markdown", "latex", "json")
TARGETS = ("numpy", "torch", "torch-autograd", "torch-module")


def _guarded(command: Callable[..., int | None]) -> Callable[..., None]:
    """Problems to stderr with the person's lines; a closed pipe and Ctrl-C end quietly."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            code = command(*args, **options) or 0
            sys.stdout.flush()
        except SymnetError as error:
            _say(error.problems)
            code = error.exit_code
            if _flags().verbose and error.__context__ is not None:
                traceback.print_exception(error.__context__)
        except RecursionError:
            message = "a formula of the model is nested too deeply: Python ends after some hundred levels"
            _say((Problem("SN207", message, help=("terms of one kind are a sum over an axis: (x ** k).sum()",)),))
            code = 2
        except MemoryError as error:
            message = " ".join(("there is not enough memory:", *str(error).split()))
            _say((Problem("SN207", message.rstrip(":"), help=("declare smaller sizes",)),))
            code = 2
        except KeyboardInterrupt:
            code = 130
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush finds a place
            code = 141
        sys.exit(code)

    return run


@dataclass(frozen=True)
class Flags:
    """What stands before the command."""

    quiet: bool = False
    verbose: bool = False
    color: Literal["auto", "always", "never"] = "auto"
    language: Literal["en", "zh"] = "en"


def _flags() -> Flags:
    flags: Flags = click.get_current_context().obj
    return flags


def _say(problems: tuple[Problem, ...]) -> None:
    """Problems to stderr; warnings not under --quiet."""
    shown = tuple(p for p in problems if not (p.warning and _flags().quiet))
    if shown:
        encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
        text = render_problems(shown).encode(encoding, errors="backslashreplace").decode(encoding)
        _print(text, sys.stderr)


def _print(text: str, file: IO[str]) -> None:
    """In colour where somebody looks at it; a pipe gets plain text, and rich is not even imported."""
    color = _flags().color
    if color == "always" or (color == "auto" and file.isatty()):
        from symnet.terminal import console

        console(file, color).print(text, end="", markup=False, emoji=False)
    else:
        click.echo(text, file=file, nl=False)


def _deliver(text: str, output: Path | None) -> None:
    if output is None:
        _refuse_unprintable(text, sys.stdout.encoding or "utf-8")
        _print(text, sys.stdout)
        return
    from symnet.files import write_all  # only needed with -o

    write_all({output: text})


def _refuse_model_as_output(output: Path | None, models: tuple[Path, ...]) -> None:
    """A derivation or a script in the place of the model would be the end of it."""
    if output is not None and any(output.resolve() == model.resolve() for model in models):
        raise click.UsageError(f"{output} is the model itself: give -o another file")


def _refuse_unprintable(text: str, encoding: str) -> None:
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        lacking = f"the output is in {encoding}, which has no {text[error.start]!r}"
        raise click.UsageError(f"{lacking}: give -o FILE, or set PYTHONIOENCODING=utf-8") from None


def _format_of(wanted: str | None, output: Path | None) -> str:
    """The format asked for, else text, or ascii where the output needs it and the language has it."""
    from symnet.explain.formats import format_for

    chinese = _flags().language == "zh"
    if chinese and wanted == "ascii":
        raise click.UsageError("--lang zh cannot be written in --format ascii: take text, markdown, latex or json")
    return wanted or ("text" if chinese or output is not None else format_for(sys.stdout.encoding))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="symnet")
@click.option("-q", "--quiet", is_flag=True, help="No warnings, no list of files written.")
@click.option("-v", "--verbose", is_flag=True, help="The whole traceback when a model file raises.")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Of derivations.")
@click.pass_context
def main(context: click.Context, quiet: bool, verbose: bool, color: Any, lang: Any) -> None:
    """Closed-form gradients: derive them, generate training scripts from them, check them."""
    context.obj = Flags(quiet, verbose, color, lang)


@main.command()
@MODEL
@click.option("--wrt", default="", help="Only these parameters, separated by commas.")
@click.option("--order", type=click.IntRange(1, 2), default=1, show_default=True, help="2 adds second derivatives.")
@click.option("--form", type=click.Choice(["both", "index", "matrix"]), default="both", show_default=True)
@click.option("--layout", type=click.Choice(["shape", "numerator"]), default="shape", show_default=True)
@click.option("--detail", type=click.Choice(["brief", "normal", "full"]), default="normal", show_default=True)
@click.option("--step", type=click.IntRange(min=1), help="Only this step of the backward pass, in full.")
@click.option("--hint", is_flag=True, help="Only the names of the rules, to try it yourself first.")
@click.option("--numbers", is_flag=True, help="Evaluate, and compare with autograd and central differences.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="For --numbers.")
@click.option(
    "--format", "format_", type=click.Choice(FORMATS), help="Default: text, or ascii if the terminal needs it."
)
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write to a file.")
@_guarded
def derive(
    model: Path,
    wrt: str,
    order: int,
    form: Any,
    layout: Any,
    detail: Any,
    step: int | None,
    hint: bool,
    numbers: bool,
    seed: int,
    format_: str | None,
    output: Path | None,
) -> None:
    """Print how the gradients of MODEL are derived."""
    from symnet import pipeline
    from symnet.explain.options import Options

    format_name = _format_of(format_, output)
    _refuse_model_as_output(output, (model,))
    loaded, warnings = pipeline.load(model)
    _say(warnings)
    derivation = pipeline.derive_model(loaded, [n.strip() for n in wrt.split(",") if n.strip()], order)
    values = pipeline.numbers(derivation, seed) if numbers else None
    wanted = Options(form, detail, step, hint, values, _flags().language, layout)
    _deliver(pipeline.explain(derivation, wanted, format_name), output)


@main.command()
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--target", "targets", multiple=True, type=click.Choice(TARGETS), help="Default: all four.")
@click.option(
    "-o",
    "output",
    type=click.Path(path_type=Path),
    default=Path("generated"),
    show_default=True,
    help="A folder, or a .py file for one model and one target.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is missing, stale or edited.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand.")
@click.option("--stdout", is_flag=True, help="Print the script instead of writing it.")
@_guarded
def generate(
    models: tuple[Path, ...], targets: tuple[str, ...], output: Path, check: bool, diff: bool, force: bool, stdout: bool
) -> int:
    """Generate standalone training scripts from each of MODELS."""
    from symnet import pipeline
    from symnet.codegen.compare import compare, refuse_edited
    from symnet.files import write_all

    wanted = targets or TARGETS
    if output.suffix == ".py" and len(models) * len(wanted) > 1:
        raise click.UsageError("-o FILE.py takes one model and one --target; give a folder for more")
    _refuse_model_as_output(output, models)
    texts: dict[Path, str] = {}
    for model in models:
        loaded, warnings = pipeline.load(model)
        _say(warnings)
        pipeline.require_known_sizes(loaded)
        made = pipeline.scripts(pipeline.derive_model(loaded), wanted, output)
        if texts.keys() & made.keys():
            raise click.UsageError(
                f"{model} would be written where another model is: {min(texts.keys() & made.keys())}"
            )
        texts |= made
    if stdout:
        click.echo("".join(texts.values()), nl=False)
        return 0
    if check or diff:
        report, problems = compare(texts)
        click.echo(report, nl=False)
        _say(problems)
        return 1 if check and problems else 0
    if not force:
        refuse_edited(texts)
    write_all(texts)
    for path in texts if not _flags().quiet else ():
        click.echo(f"wrote {path}", err=True)
    return 0


@main.command()
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--against", default="", help="Of autograd, fd, exact; separated by commas.  Default: all there are.")
@click.option("--trials", type=click.IntRange(min=1), default=20, show_default=True, help="Random points.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option(
    "--rtol",
    default=1e-9,
    show_default=True,
    type=click.FloatRange(0),
    help="Largest relative difference from autograd.",
)
@click.option("--device", default="cpu", show_default=True, help="Where autograd runs.")
@click.option("--format", "format_", type=click.Choice(["text", "json", "junit"]), default="text", show_default=True)
@_guarded
def check(
    models: tuple[Path, ...], against: str, trials: int, seed: int, rtol: float, device: str, format_: str
) -> int:
    """Compare the generated gradients of MODELS with autograd, central differences and exact fractions."""
    from symnet import pipeline
    from symnet.verify.formats import FORMATS as REPORTS
    from symnet.verify.report import METHODS, Options

    methods = tuple(m for m in METHODS if m in against.split(","))
    unknown = sorted({m.strip() for m in against.split(",") if m.strip()} - set(METHODS))
    if unknown:
        raise click.UsageError(f"--against takes {', '.join(METHODS)}, not {', '.join(unknown)}")
    options = Options(methods or None, trials, seed, rtol, device)
    reports = []
    for model in models:
        loaded, warnings = pipeline.load(model)
        _say(warnings)
        reports.append(pipeline.check(pipeline.derive_model(loaded), options))
    _print(REPORTS[format_](reports), sys.stdout)
    for report in reports:
        _say(report.problems)
    return max((report.exit_code for report in reports), key=(0, 3, 1).index)


@main.command()
@_guarded
def doctor() -> None:
    """Versions, devices, encoding, width: what to paste into a report of a defect."""
    from symnet.doctor import findings

    for name, value in findings():
        click.echo(f"{name:<12}{value}")
