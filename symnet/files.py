"""Writing files so that a failure leaves nothing half done."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from symnet.errors import Problem, SymnetError


def write_all(texts: Mapping[Path, str]) -> None:
    """Write every file, each by a temporary file beside it and a rename; nothing is renamed until all could be written.

    Raises SymnetError where a file cannot be written, and leaves what was there.
    """
    pending: list[tuple[str, Path]] = []
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_dir():
                raise IsADirectoryError(0, "is a folder")
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            pending.append((temporary, path))
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(temporary, 0o644)
        while pending:
            temporary, path = pending[0]
            os.replace(temporary, path)
            pending.pop(0)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror or error}"
        raise SymnetError(Problem("SN004", message, help=("choose another place with -o",))) from None
    finally:
        for temporary, _ in pending:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
