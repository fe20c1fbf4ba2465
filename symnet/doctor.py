"""What a report of a defect needs to say about the machine."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import shutil
import sys
from collections.abc import Iterator

from symnet.version import __version__


def findings() -> Iterator[tuple[str, str]]:
    """Name and value of everything worth knowing; packages that are absent are said to be."""
    yield "symnet", __version__
    yield "python", f"{platform.python_version()} on {platform.platform()}"
    for package in ("sympy", "numpy", "torch", "jinja2", "click", "rich", "matplotlib"):
        try:
            yield package, importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            yield package, "not installed"
    yield "devices", ", ".join(_devices())
    yield "encoding", f"stdout {sys.stdout.encoding}, files {sys.getfilesystemencoding()}"
    yield (
        "terminal",
        f"{shutil.get_terminal_size().columns} columns, {'a terminal' if sys.stdout.isatty() else 'not a terminal'}",
    )


def _devices() -> Iterator[str]:
    yield "cpu"
    if importlib.util.find_spec("torch") is None:
        return
    import torch  # a second to import, only here

    if torch.cuda.is_available():
        yield f"cuda ({torch.cuda.get_device_name()})"
    if torch.backends.mps.is_available():
        yield "mps"
