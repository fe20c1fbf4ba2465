"""The groups of parameters that ``sn.train`` was given, by the final paths of the parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from symnet.declare.trace import Trace
from symnet.errors import Note, Problem
from symnet.model import Group


def final_groups(
    trace: Trace, groups: Iterable[Group], names: Mapping[str, str], paths: Mapping[str, str]
) -> tuple[Group, ...]:
    """The groups with paths for private names and patterns.

    A pattern is compared with the path of a parameter and with its name.  A pattern that fits nothing, and a parameter
    in two groups, are noted as mistakes.
    """
    keys = [key for key, spec in trace.specs.items() if spec.role == "parameter"]
    final = {key: paths.get(key, names[key]) for key in keys}
    found: list[Group] = []
    taken: set[str] = set()
    for group in groups:
        chosen: list[str] = []
        for wanted in group.paths:
            fits = [final[k] for k in keys if wanted == k or any(fnmatchcase(n, wanted) for n in (final[k], names[k]))]
            if not fits:
                _note(trace, f"no parameter is called {wanted!r}", f"the parameters are {', '.join(final.values())}")
            chosen += [path for path in fits if path not in chosen]
        twice = sorted(taken & set(chosen))
        if twice:
            _note(trace, f"{', '.join(twice)} is in two groups", "name each parameter once; the rest needs no group")
        taken |= set(chosen)
        found.append(Group(tuple(chosen), group.options))
    return tuple(found)


def _note(trace: Trace, message: str, help: str) -> None:
    place = (Note(trace.train_call),) if trace.train_call is not None else ()
    trace.problems.add(Problem("SN108", message, place, help=(help,)))
