"""The parameters of a module of torch in a file, and back: what ``--start`` reads and ``--export`` writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from symnet.declare.tracing.trace import current
from symnet.declare.tracing.words import mistake

_WRITTEN = "a file that a script wrote with --export, or sn.save_state"


def save_state(module: Any, path: str | Path) -> None:
    """Write the ``state_dict`` of a module of torch to a .npz file, from which a generated script can start.

    Several modules are given by the names of their variables, as ``sn.save_state({"encoder": e, "decoder": d}, path)``.
    Without symnet: ``np.savez(path, **{k: v.numpy() for k, v in module.state_dict().items()})``.
    """
    import numpy  # only here: declaring a model does without

    arrays = {f"{prefix}{name}": value.detach().cpu().numpy() for prefix, name, value in _entries(module)}
    with Path(path).open("wb") as file:
        numpy.savez(file, **arrays)


def load_state(module: Any, path: str | Path) -> Any:
    """The module of torch with the parameters that a script wrote with ``--export``; others keep their numbers."""
    import torch

    found = _arrays_in(path)
    entries = {f"{prefix}{name}": value for prefix, name, value in _entries(module)}
    unknown = sorted(set(found) - set(entries))
    if unknown:
        raise mistake("SN108", f"{path} holds {unknown[0]}, which the module has not", "load it into the same module")
    with torch.no_grad():
        for name, array in found.items():
            if tuple(array.shape) != tuple(entries[name].shape):
                shapes = f"{list(array.shape)}, in the module {list(entries[name].shape)}"
                raise mistake("SN103", f"{path}: {name} has the shape {shapes}", "load it into the same module")
            if array.dtype.kind not in "biuf":
                raise mistake("SN107", f"{path}: {name} holds no numbers, its dtype is {array.dtype}", _WRITTEN)
            entries[name].copy_(torch.from_numpy(array))
    return module


def _arrays_in(path: str | Path) -> dict[str, Any]:
    """The arrays of a .npz file.  Raises SymnetError where it is none, or is damaged."""
    import zipfile  # these three only here: declaring a model does without

    import numpy

    from symnet.declare.tracing.archives import UNREADABLE

    if not Path(path).is_file():
        raise mistake("SN001", f"{path}: there is no such file", _WRITTEN)
    if not zipfile.is_zipfile(path):
        raise mistake("SN001", f"{path} is not a .npz file", _WRITTEN)
    try:
        with numpy.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive}
    except UNREADABLE:
        raise mistake("SN001", f"{path} cannot be read: it is damaged or holds Python objects", _WRITTEN) from None


def _entries(module: Any) -> list[tuple[str, str, Any]]:
    """(prefix, name, tensor) of everything in the state_dict; of a module of a model, of the one it was made from."""
    several = module if isinstance(module, Mapping) else {"": module}
    found = []
    for variable, part in several.items():
        own = next((a.own for a in current().adopted.values() if part is a.module), part)
        if not callable(getattr(own, "state_dict", None)):
            raise mistake("SN107", f"a {type(own).__name__} has no state_dict", "give a torch.nn.Module")
        prefix = f"{variable}." if variable else ""
        found += [(prefix, name, value) for name, value in own.state_dict().items()]
    return found
