"""The files of parameters from which a script starts: their other names, constants, and the one of the model file."""

from __future__ import annotations

from typing import Any

from symnet.codegen.wrapping import bracketed, quoted
from symnet.model import Model


def start_fields(model: Model) -> dict[str, Any]:
    """The fields of the context that speak of these files."""
    drawn = model.training.start is None
    return {
        "tied": _tied(model),
        "fixed_lines": _FIXED * any(told is not None for told in model.constants.values()),
        "start_help": quoted("parameters to start from, by name" + (" (default: drawn here)" if drawn else "")),
        "start_default": () if drawn else ("if not args.resume and args.start is None:", "    args.start = START"),
    }


def _tied(model: Model) -> str:
    """The names in a file of parameters that are none of a parameter's own."""
    names = [(other, quoted(p.path)) for p in model.owned for other in p.others]
    names += [(path, str(told)) for path, told in model.constants.items()]
    return bracketed("TIED = ", "{", (f"{quoted(name)}: {own}" for name, own in names), "}")


_FIXED = (
    "for name, own in TIED.items():",
    "    if isinstance(own, int) and name in found:",
    '        require(found[name].dtype.kind in "biuf", f"{path}: {name} must hold numbers")',
    '        with np.errstate(over="ignore"):',
    '            numbers = found[name].astype("<f4") + 0.0  # for -0.0',
    "        told = zlib.crc32(numbers.tobytes(), zlib.crc32(str(list(numbers.shape)).encode()))",
    '        require(told == own, f"{path}: {name} is a constant of the model, and holds other numbers there")',
)
