"""What reading a damaged .npz archive may raise: each of these means that the file cannot be used."""

from __future__ import annotations

import tokenize
import zipfile
import zlib

_LIBRARIES = (tokenize.TokenError, zipfile.BadZipFile, zlib.error)
_BUILT_IN = (EOFError, LookupError, MemoryError, OSError, RuntimeError, SyntaxError, TypeError, ValueError)
UNREADABLE: tuple[type[Exception], ...] = (*_BUILT_IN, *_LIBRARIES)
