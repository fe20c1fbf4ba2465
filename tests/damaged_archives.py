"""Files that look like .npz archives and cannot be read as such, each in another way."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

DAMAGED = "cannot be read: it is damaged or holds Python objects"

#: What is no archive at all.
NO_ARCHIVES = {
    "nothing": b"",
    "text": b"hello",
    "one array": b"\x93NUMPY",
    "no table of contents": b"PK\x03\x04 and no more",
}


def _archive(array: str, shape: str, flags: int = 0, method: int = 0) -> bytes:
    """An archive of one array that has a header with this shape and no numbers; flags and method of compression are
    written over those of the archive, in both places."""
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{array}.npy", b"\x93NUMPY\x01\x00\x76\x00" + text.encode())
    raw = bytearray(file.getvalue())
    for start, place in ((raw.find(b"PK\x03\x04"), 6), (raw.find(b"PK\x01\x02"), 8)):
        raw[start + place] |= flags
        raw[start + place + 2] = method
    return bytes(raw)


#: An archive of one array of this name.
ARCHIVES: dict[str, Callable[[str], bytes]] = {
    "encrypted": lambda array: _archive(array, "(12, 3)", flags=1),
    "an unknown compression": lambda array: _archive(array, "(12, 3)", method=99),
    "half a header": lambda array: _archive(array, "(12, ("),
    "a number that is none": lambda array: _archive(array, "(012, 3)"),
    "larger than memory": lambda array: _archive(array, "(99999999999999, 3)"),
    "cut short": lambda array: _archive(array, "(12, 3)"),
}
